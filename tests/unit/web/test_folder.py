"""What of the output folder can be opened."""

import os
import resource
import socket
from hashlib import sha256
from pathlib import Path

import pytest

from feedpub.errors import FeedpubError
from feedpub.web.folder import Folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Give a folder with a file, and one beside it."""
    (tmp_path / "public/a").mkdir(parents=True)
    (tmp_path / "public/a/index.html").write_bytes(b"page")
    (tmp_path / "secret").write_bytes(b"secret")
    return tmp_path / "public"


def test_files_and_folders(root: Path) -> None:
    """Both can be opened; a file can be read in parts."""
    folder = Folder(root)
    file, inner = folder.open("a/index.html"), folder.open("a")

    assert file is not None
    assert inner is not None
    with file, inner:
        assert (file.size, file.is_folder, inner.is_folder) == (4, False, True)
        assert b"ag" == file.read(1, 3)
        assert b"ge" == file.read(2, 100)
        assert sha256(b"page").hexdigest() == folder.digest(file)


def test_what_is_no_file(root: Path) -> None:
    """A pipe is not waited for, and a socket is not spoken to."""
    os.mkfifo(root / "pipe")
    listening = socket.socket(socket.AF_UNIX)
    place = Path.cwd()
    os.chdir(root)  # its name has to be short
    listening.bind("socket")
    os.chdir(place)
    (root / "circle").symlink_to("circle")
    folder = Folder(root)

    for name in ("pipe", "socket", "circle", "nothing", "a/index.html/x", "x" * 300, "x/" * 3000):
        assert folder.open(name) is None
        assert folder.modified(name) is None
    assert folder.modified("a") is None
    assert (root / "a/index.html").stat().st_mtime_ns == folder.modified("a/index.html")
    listening.close()


def test_links_inside_and_outside(root: Path) -> None:
    """A link is followed inside the folder alone, to files and through folders."""
    (root / "same").symlink_to("a/index.html")
    (root / "out").symlink_to("../secret")
    (root / "up").symlink_to("..")
    folder = Folder(root)

    for name, followed in (("same", True), ("out", False), ("up/secret", False)):
        opened = folder.open(name)
        assert opened is not None
        with opened:
            assert (folder.digest(opened) is not None) is followed


def test_a_folder_that_is_a_link(root: Path, tmp_path: Path) -> None:
    """Who publishes by setting a link anew is served what it leads to."""
    (tmp_path / "current").symlink_to(root)
    folder = Folder(tmp_path / "current")
    opened = folder.open("a/index.html")

    assert opened is not None
    with opened:
        assert folder.digest(opened) is not None


def test_a_file_that_was_replaced_meanwhile(root: Path) -> None:
    """What is open and has lost its name is not what its name says, and not told for it."""
    folder = Folder(root)
    opened = folder.open("a/index.html")

    assert opened is not None
    with opened:
        (root / "new").write_bytes(b"new")
        (root / "new").replace(root / "a/index.html")
        assert folder.digest(opened) is None

        (root / "a/index.html").unlink()
        assert folder.digest(opened) is None
        assert b"page" == opened.read(0, 4)


def test_too_many_open_files(root: Path) -> None:
    """That nothing more can be opened does not mean that there is nothing."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1, hard))
    try:
        with pytest.raises(FeedpubError, match=r"a/index.html: cannot be opened \(Too many"):
            Folder(root).open("a/index.html")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
