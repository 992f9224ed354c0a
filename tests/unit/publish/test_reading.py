"""What is read of the content folder, and what is not read again."""

from pathlib import Path

import made
import pytest

from feedpub.files import Entry, Memory, scan
from feedpub.model import Problem
from feedpub.publish.reading import read, sort

POST = "---\ntitle: Hello\ndate: 2025-01-30\n---\nText.\n"


def quiet(_done: int, _total: int) -> None:
    """Take no notice of progress."""


@pytest.fixture
def content(tmp_path: Path) -> Path:
    """Give a content folder with one post."""
    folder = tmp_path / "content"
    folder.mkdir()
    (folder / "hello.md").write_text(POST, encoding="utf-8")
    return folder


def test_posts_are_told_from_other_files(content: Path) -> None:
    """Markdown is a post unless its name says otherwise; the rest is published as it is."""
    for name in ("_note.md", "README.md", "cat.png", "upper.MD"):
        (content / name).touch()
    found = sort(scan(content), made.config())

    assert ["hello.md", "upper.MD"] == [entry.path for entry in found.sources]
    assert ["cat.png"] == [entry.path for entry in found.others]
    assert 2 == found.ignored


def test_names_that_cannot_be_written_down_are_told(content: Path) -> None:
    """A line end in a name would break every list of files."""
    (content / "a\nb.png").touch()
    found = sort(scan(content), made.config())

    assert ("a\\nb.png",) == tuple(problem.path for problem in found.problems)


def test_a_touched_file_is_not_rendered_again(content: Path, tmp_path: Path) -> None:
    """A file whose time changed and whose bytes did not keeps its manuscript."""
    memory = Memory(tmp_path / "memory", "v1")
    config = made.config()
    first = read(config, content, scan(content), memory, quiet, keep=True)
    (content / "hello.md").write_text(POST, encoding="utf-8")

    second = read(config, content, scan(content), memory, quiet, keep=True)

    assert first[0].manuscript == second[0].manuscript
    assert first[0].manuscript is not None


def test_a_file_that_is_gone_by_the_time_it_is_read_is_left_out(
    content: Path, tmp_path: Path
) -> None:
    """What the disk refuses to give is a problem of that file, and not of the build."""
    gone = Entry("gone.md", 1, 1, 1, 1)
    memory = Memory(tmp_path / "memory", "v1")
    (reading,) = read(made.config(), content, [gone], memory, quiet, keep=True)

    assert (
        Problem("gone.md", 0, "cannot be read (No such file or directory)", left_out=True)
        == reading.problem
    )
