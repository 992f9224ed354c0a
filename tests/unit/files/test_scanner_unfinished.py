"""Who writes a file can be seen."""

import os
from pathlib import Path

import pytest

from feedpub.files.scanner import UnfinishedError, is_being_written, read_source


def test_who_writes_a_file_can_be_seen(tmp_path: Path) -> None:
    """As long as it is open for writing; nothing is known of what is no file, or not there."""
    path = tmp_path / "a.md"
    with path.open("w", encoding="utf-8"):
        assert is_being_written(path) is True

    with path.open(encoding="utf-8"):
        assert is_being_written(path) is False

    assert is_being_written(tmp_path / "none.md") is False
    assert is_being_written(tmp_path) is None


def test_half_a_file_is_not_read(tmp_path: Path) -> None:
    """Not while somebody has it open for writing, through a link either."""
    path = tmp_path / "a.md"
    path.write_text("Whole.", encoding="utf-8")
    os.link(path, tmp_path / "b.md")
    with path.open("a", encoding="utf-8"):
        for name in ("a.md", "b.md"):
            with pytest.raises(UnfinishedError):
                read_source(tmp_path, name, 1_000)

    assert b"Whole." == read_source(tmp_path, "b.md", 1_000).data
