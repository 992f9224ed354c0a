"""The program's own files."""

from pathlib import Path

import pytest

from feedpub.errors import TemplateError
from feedpub.files.packaged import compute_program_digest, find_packaged_templates, read_templates


def test_the_packaged_templates_are_found() -> None:
    """Wherever feedpub is installed, its templates come with it."""
    found = read_templates(find_packaged_templates())

    assert {"base.html", "style.css", "words/en.toml"} <= found.keys()


def test_there_may_be_no_templates_of_ones_own(tmp_path: Path) -> None:
    """A folder that is not there has no templates; hidden files are none."""
    (tmp_path / ".hidden").write_text("no", encoding="utf-8")

    assert {} == read_templates(tmp_path / "nowhere")
    assert {} == read_templates(tmp_path)


def test_templates_are_utf8(tmp_path: Path) -> None:
    """A template in another encoding is told by name."""
    (tmp_path / "404.html").write_bytes(b"caf\xe9")

    with pytest.raises(TemplateError, match=r"404.html: is not UTF-8 text; save it as UTF-8"):
        read_templates(tmp_path)


def test_the_program_is_known_by_a_digest() -> None:
    """The digest is the same as long as the program is."""
    assert compute_program_digest() == compute_program_digest()
