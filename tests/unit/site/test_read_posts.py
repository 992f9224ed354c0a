"""What is read of the content folder, and what is not read again."""

from pathlib import Path

import made
import pytest

from feedpub.files.cache import BuildCache
from feedpub.files.scanner import FileEntry, scan
from feedpub.site.read_posts import classify_files, read_posts

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
    found = classify_files(scan(content), made.config())

    assert ["hello.md", "upper.MD"] == [entry.path for entry in found.sources]
    assert ["cat.png"] == [entry.path for entry in found.assets]
    assert 2 == found.ignored_count


def test_names_that_cannot_be_written_down_are_told(content: Path) -> None:
    """A line end in a name would break every list of files."""
    (content / "a\nb.png").touch()
    found = classify_files(scan(content), made.config())

    assert ("a\\nb.png",) == tuple(problem.path for problem in found.problems)


def test_a_touched_file_is_not_rendered_again(content: Path, tmp_path: Path) -> None:
    """A file whose time changed and whose bytes did not keeps its manuscript."""
    memory = BuildCache(tmp_path / "memory", "v1")
    config = made.config()
    first = read_posts(config, content, scan(content), memory, quiet, keep=True).by_path
    (content / "hello.md").write_text(POST, encoding="utf-8")

    second = read_posts(config, content, scan(content), memory, quiet, keep=True).by_path

    assert first["hello.md"].manuscript == second["hello.md"].manuscript
    assert first["hello.md"].manuscript is not None


def test_what_a_process_knows_is_kept(content: Path, tmp_path: Path) -> None:
    """A manuscript that is handed in and still right comes back as the very same value."""
    memory = BuildCache(tmp_path / "memory", "v1")
    config = made.config()
    first = read_posts(config, content, scan(content), memory, quiet, keep=True).by_path
    (content / "hello.md").write_text(POST, encoding="utf-8")
    (content / "other.md").write_text(POST, encoding="utf-8")

    second = read_posts(config, content, scan(content), memory, quiet, first, keep=True).by_path

    assert first["hello.md"].manuscript is second["hello.md"].manuscript
    assert second == memory.load_read_results()


def test_a_file_that_is_gone_is_forgotten(content: Path, tmp_path: Path) -> None:
    """Nothing is remembered of what is no longer there, unless somebody only looks."""
    memory = BuildCache(tmp_path / "memory", "v1")
    config = made.config()
    first = read_posts(config, content, scan(content), memory, quiet, keep=True).by_path

    assert {} == read_posts(config, content, [], memory, quiet, keep=False).by_path
    assert first == memory.load_read_results()
    assert {} == read_posts(config, content, [], memory, quiet, keep=True).by_path
    assert {} == memory.load_read_results()


def test_a_file_that_is_gone_by_the_time_it_is_read_is_gone(content: Path, tmp_path: Path) -> None:
    """It vanished since the folder was listed: nobody's fault, and nothing to tell."""
    gone = FileEntry("gone.md", 1, 1, 1, 1)
    memory = BuildCache(tmp_path / "memory", "v1")
    found = read_posts(made.config(), content, [*scan(content), gone], memory, quiet, keep=True)

    assert ["hello.md"] == [*found.by_path]
    assert () == found.lost_workers


def test_a_file_that_cannot_be_read_is_left_out(content: Path, tmp_path: Path) -> None:
    """What the disk refuses to give is a problem of that file, and not of the build."""
    (content / "folder.md").mkdir()
    entry = FileEntry("folder.md", 1, 1, 1, 1)
    memory = BuildCache(tmp_path / "memory", "v1")
    found = read_posts(made.config(), content, [entry, *scan(content)], memory, quiet, keep=True)
    problem = found.by_path["folder.md"].problem

    assert problem is not None
    assert ("folder.md", True) == (problem.path, problem.left_out)
    assert "cannot be read" in problem.message
    assert found.by_path["hello.md"].manuscript is not None
