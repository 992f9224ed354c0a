"""Opening files below a folder, while somebody exchanges them for links that lead out of it."""

import os
from contextlib import suppress
from pathlib import Path

import pytest

from feedpub.files.safe_open import open_beneath, read_beneath
from feedpub.files.scanner import read_source, scan
from feedpub.files.writer import write_outputs
from feedpub.models.content import StaticFile

OUTSIDE = b"root:x:0:0"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with files in it; beside it lies one that is not to be read."""
    (tmp_path / "folder/a/b").mkdir(parents=True)
    (tmp_path / "folder/a/b/c.txt").write_bytes(b"c")
    (tmp_path / "folder/d.txt").write_bytes(b"d")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/c.txt").write_bytes(OUTSIDE)
    return tmp_path / "folder"


def test_files_and_links_inside(folder: Path, tmp_path: Path) -> None:
    """Links may lead anywhere below the folder, and the folder itself may be one."""
    (folder / "link.txt").symlink_to("a/b/c.txt")
    (folder / "a/up.txt").symlink_to("../d.txt")
    (folder / "there").symlink_to("a/b")
    (folder / "absolute.txt").symlink_to(folder / "d.txt")
    (tmp_path / "current").symlink_to(folder)

    for root in (folder, tmp_path / "current"):
        assert b"c" == read_beneath(root, "a/b/c.txt")
        assert b"c" == read_beneath(root, "link.txt")
        assert b"d" == read_beneath(root, "a/up.txt")
        assert b"c" == read_beneath(root, "there/c.txt")
    assert b"d" == read_beneath(folder, "absolute.txt")


@pytest.mark.parametrize(
    "path",
    [
        *("out.txt", "up/outside/c.txt", "away/c.txt", "circle", "../outside/c.txt", ".."),
        *("nothing", "d.txt/x", "a", "pipe", "x" * 300, "x/" * 3000, "d.txt\0"),
    ],
)
def test_nothing_else(folder: Path, tmp_path: Path, path: str) -> None:
    """What lies outside is not opened, nor is anything but a file, and a pipe is not waited for."""
    (folder / "out.txt").symlink_to("../outside/c.txt")
    (folder / "up").symlink_to("..")
    (folder / "away").symlink_to(tmp_path / "outside")
    (folder / "circle").symlink_to("circle")
    os.mkfifo(folder / "pipe")

    with pytest.raises(OSError, match=r".+"):
        read_beneath(folder, path)


def test_folders(folder: Path) -> None:
    """A folder can be opened too, and no descriptor is left open by a failure."""
    before = len(os.listdir("/dev/fd"))  # noqa: PTH208 - the number of them alone
    descriptor = open_beneath(folder, "a/b")
    assert ["c.txt"] == os.listdir(descriptor)  # noqa: PTH208 - a descriptor is no Path
    os.close(descriptor)
    for path in ("nothing", "a/nothing/x", "d.txt/x"):
        with pytest.raises(OSError, match=r"[Nn]o"):
            open_beneath(folder, path)

    assert before == len(os.listdir("/dev/fd"))  # noqa: PTH208


@pytest.mark.parametrize("swapped", ["a/b/c.txt", "a/b", "a"])
def test_a_swap_between_scan_and_read_publishes_nothing_from_outside(
    folder: Path, tmp_path: Path, swapped: str
) -> None:
    """A file, or a folder above it, that becomes a link after the scan is not followed."""
    entries = scan(folder)
    assert "a/b/c.txt" in [each.path for each in entries]
    (folder / swapped).rename(tmp_path / "old")
    (tmp_path / "outside/b").mkdir()
    (tmp_path / "outside/b/c.txt").write_bytes(OUTSIDE)
    target = "outside/c.txt" if swapped.endswith(".txt") else "outside"
    (folder / swapped).symlink_to(tmp_path / target)

    with pytest.raises(OSError, match="points outside the folder"):
        read_source(folder, "a/b/c.txt", 1_000_000)
    public = tmp_path / "public"
    copy = StaticFile("copied.txt", cache_key="", source="a/b/c.txt")
    with suppress(OSError):  # what a build makes of it is another matter
        write_outputs([copy], public, folder, {}, lambda _done, _all: None)
    assert not any(OUTSIDE in each.read_bytes() for each in public.rglob("*") if each.is_file())
