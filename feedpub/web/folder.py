"""A path below the output folder → the open file, which stays what it was while it is sent.

A build gives a file's name to another file, and does not write into the one that has it: what
is open is whole, and one look at it tells whether it is what was sent before.
"""

import errno
import os
import stat
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Self

from feedpub.errors import FeedpubError

_ABSENT = frozenset(
    getattr(errno, name)
    for name in (
        "EACCES",
        "EINVAL",
        "ELOOP",
        "ENAMETOOLONG",
        "ENODEV",
        "ENOENT",
        "ENOTDIR",
        "ENXIO",
    )
)
_CHUNK = 1 << 20  # octets


@dataclass(frozen=True, slots=True)
class Opened:
    """A file, or a folder, that is open; to be used in a `with`."""

    handle: int
    path: str  # below the output folder
    facts: tuple[int, ...]  # what tells one state of one file from every other
    size: int  # octets
    modified: int  # nanoseconds
    is_folder: bool

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.handle)

    def read(self, first: int, end: int) -> bytes:
        """Give octets of the file, fewer where it ends before."""
        return os.pread(self.handle, end - first, first)


class Folder:
    """The output folder, as it is served: nothing of it but files and folders, nothing else."""

    def __init__(self, root: Path) -> None:
        self._root = os.fspath(root)

    def open(self, path: str) -> Opened | None:
        """Open what lies at a path; None where there is no file and no folder.

        Raises FeedpubError where this process has too many files open: that says nothing of the
        path.
        """
        try:
            # Not waiting for somebody to write into a pipe.
            handle = os.open(f"{self._root}/{path}", os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
        except OSError as error:
            if error.errno in _ABSENT:
                return None
            message = f"{path}: cannot be opened ({error.strerror})"
            raise FeedpubError(message) from error
        found = os.fstat(handle)
        is_folder = stat.S_ISDIR(found.st_mode)
        if not (is_folder or stat.S_ISREG(found.st_mode)):
            os.close(handle)
            return None
        facts = (
            *(found.st_dev, found.st_ino),
            *(found.st_size, found.st_mtime_ns, found.st_ctime_ns),
        )
        return Opened(handle, path, facts, found.st_size, found.st_mtime_ns, is_folder)

    def modified(self, path: str) -> int | None:
        """Give when a file was last written, in nanoseconds; None where there is none."""
        try:
            found = os.stat(f"{self._root}/{path}")  # noqa: PTH116 - a tenth of the time
        except OSError:
            return None
        return found.st_mtime_ns if stat.S_ISREG(found.st_mode) else None

    def digest(self, opened: Opened) -> str | None:
        """Give the SHA-256 of an open file; None where a link led out of the folder, to it."""
        real = os.path.realpath(f"{self._root}/{opened.path}")
        root = os.path.realpath(self._root)
        if not real.startswith(f"{root.rstrip('/')}/") or not _is(real, opened):
            return None
        summed = sha256()
        at = 0
        while data := opened.read(at, at + _CHUNK):
            summed.update(data)
            at += len(data)
        return summed.hexdigest()


def _is(real: str, opened: Opened) -> bool:
    """Tell whether a path is that of the open file, and has not become another's."""
    try:
        found = Path(real).stat()
    except OSError:
        return False
    return (found.st_dev, found.st_ino) == opened.facts[:2]
