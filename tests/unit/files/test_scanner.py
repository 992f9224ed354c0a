"""The output folder's own list: what is ours, and what posts were published as."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from feedpub.files.scanner import (
    LIST_FILE,
    format_publications,
    is_built,
    list_owned_paths,
    read_publications,
    write_list,
)
from feedpub.models.content import Publication

WHEN = datetime(2025, 1, 30, 9, 0, 0, 1, tzinfo=UTC)
ONE = Publication("a.md", "posts/a/index.html", "posts/a/index.html a", "urn:x:1", "urn:x:1", WHEN)
TWO = Publication("\u4e00\n.md", "https://x.example/", "https://x.example/", "urn:2", "u", None)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    """Whatever it holds; and equal bytes are not written again."""
    known = {each.path: each for each in (TWO, ONE)}
    write_list(tmp_path, ["b", "a b"], format_publications(known))
    first = (tmp_path / LIST_FILE).stat()
    write_list(tmp_path, ["a b", "b"], format_publications(known))

    assert {"a b", "b"} == list_owned_paths(tmp_path)
    assert known == read_publications(tmp_path)
    assert first == (tmp_path / LIST_FILE).stat()
    assert is_built(tmp_path)


def test_a_folder_without_posts_has_the_list_that_it_always_had(tmp_path: Path) -> None:
    """One of an earlier version says nothing of posts."""
    write_list(tmp_path, ["b", "a"], "")

    assert ["a", "b", ""] == (tmp_path / LIST_FILE).read_text(encoding="utf-8").split("\n")[1:]
    assert {} == read_publications(tmp_path)


def test_where_nothing_was_built_nothing_is_listed(tmp_path: Path) -> None:
    """And no post was published."""
    assert (set(), {}) == (list_owned_paths(tmp_path), read_publications(tmp_path))
    assert not is_built(tmp_path)


@pytest.mark.parametrize(
    "line",
    [
        *("", "{", "[" * 100_000, "1", "[]", "null", '["a.md"]'),
        '["a.md", "", "", "", "", "now"]',
        '["a.md", "", "", "", "", 1]',
        '["a.md", "", "", "", "", "9999-12-31T23:59:59-23:59"]',
    ],
)
def test_a_line_that_makes_no_sense_is_nothing(tmp_path: Path, line: str) -> None:
    """The others are as good as ever."""
    write_list(tmp_path, ["a"], f"{line}\n{format_publications({ONE.path: ONE})}")

    assert {ONE.path: ONE} == read_publications(tmp_path)


@pytest.mark.parametrize("data", [b"", b"\xff\xfe\x00", b"\x00" * 999, b"a\n/etc/passwd\n../x\n"])
def test_a_damaged_list_names_nothing_outside(tmp_path: Path, data: bytes) -> None:
    """Nothing that somebody else wrote there is removed."""
    (tmp_path / LIST_FILE).write_bytes(data)

    assert (set(), {}) == (list_owned_paths(tmp_path), read_publications(tmp_path))
