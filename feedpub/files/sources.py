"""The content folder → what lies in it, and what has changed since it was last read."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from feedpub.errors import FeedpubError
from feedpub.model import Source

RACY = 50_000_000
"""Nanoseconds within which a file may change twice and keep its time (the kernel's tick is 4 ms,
that of some network file systems more)."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of the content folder, by what the file system tells of it without reading it."""

    path: str  # below the content folder
    size: int  # octets
    modified: int  # nanoseconds
    changed: int  # nanoseconds; nobody can set this one back
    inode: int

    def settled(self, scanned: int) -> bool:
        """Tell whether another change would show, given when (in nanoseconds) it was looked at."""
        return max(self.modified, self.changed) < scanned - RACY


def scan(folder: Path) -> tuple[Entry, ...]:
    """List the files below a folder, in order of path.

    Links are followed to files inside the folder alone, so that nothing outside is published.
    Raises FeedpubError where there is no such folder.
    """
    if not folder.is_dir():
        message = f"{folder}: there is no such folder; make it, or correct content.folder"
        raise FeedpubError(message)
    try:
        return tuple(sorted(_walk(folder, "", folder.resolve()), key=lambda entry: entry.path))
    except OSError as error:  # pragma: no cover - root, as whom tests may run, can read any folder
        message = f"{error.filename or folder}: cannot be read ({error.strerror})"
        raise FeedpubError(message) from error


def _walk(folder: Path, prefix: str, root: Path) -> Iterator[Entry]:
    """List the files of one folder and those below it."""
    with os.scandir(folder / prefix) as listing:
        for item in listing:
            path = prefix + item.name
            if item.is_symlink():
                target = Path(os.path.realpath(folder / path))  # `resolve` raises in a circle
                if not (target.is_file() and target.is_relative_to(root)):
                    continue
            elif item.is_dir(follow_symlinks=False):
                if not item.name.startswith("."):
                    yield from _walk(folder, f"{path}/", root)
                continue
            facts = item.stat()
            if stat.S_ISREG(facts.st_mode):
                yield Entry(path, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns, facts.st_ino)


def stamp(entries: tuple[Entry, ...]) -> str:
    """Give a digest of what the file system tells of all files: equal where none has changed."""
    return digest(repr(entries).encode())


def read(folder: Path, path: str) -> Source:
    """Read one file of the content folder. Raises OSError where it cannot be read."""
    data = (folder / path).read_bytes()
    return Source(path, data, digest(data))


def digest(data: bytes) -> str:
    """Give the digest by which feedpub tells whether bytes have changed."""
    return blake2b(data, digest_size=16).hexdigest()
