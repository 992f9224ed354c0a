"""What a watcher tells, as seen from a folder."""

from pathlib import Path

import pytest

from feedpub.site.changed_paths import is_changed, select_below


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ("content/a.md", {"a.md"}),
        ("content/trip/index.md", {"trip/index.md"}),
        ("content/../content/a.md", {"a.md"}),
        ("content", {""}),
        (".", {""}),
        ("/", {""}),
        ("content.md", set()),
        ("public/a.md", set()),
    ],
)
def test_paths_are_seen_from_the_folder(tmp_path: Path, changed: str, expected: set[str]) -> None:
    """Of what lies elsewhere nothing is told; the folder itself, or one above, is all of it."""
    assert expected == select_below(tmp_path / "content", [str(tmp_path / changed)])


def test_a_folder_may_be_named_by_a_link(tmp_path: Path) -> None:
    """Whether a watcher names the link or what it leads to, the file is the same."""
    (tmp_path / "real").mkdir()
    (tmp_path / "content").symlink_to("real")
    changed = [str(tmp_path / "content/a.md"), str(tmp_path / "real/b.md")]

    assert {"a.md", "b.md"} == select_below(tmp_path / "content", changed)


@pytest.mark.parametrize(
    ("path", "changed", "expected"),
    [
        ("tags/x/rss.xml", {"tags/x/rss.xml"}, True),
        ("tags/x/rss.xml", {"tags"}, True),
        ("tags/x/rss.xml", {""}, True),
        ("tags/x/rss.xml", {"tags/x/rss", "tags/y"}, False),
        ("tags/x/rss.xml", set(), False),
    ],
)
def test_a_folder_touches_all_that_is_in_it(path: str, changed: set[str], expected: bool) -> None:
    """A folder that was moved away takes its files along, and nothing is told of them."""
    assert expected == is_changed(path, changed)
