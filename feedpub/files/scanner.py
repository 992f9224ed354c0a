"""The content folder → what lies in it, and what has changed since it was last read.

Files that somebody is writing at this moment: half of one must not be taken for all of it.

The output folder's own list, `.feedpub`: which files are ours, and what posts were published as.

It has a line for each file, an empty one, and then a JSON array for each post. A build that knows
nothing else takes from it what must never change: who has which address and which id.
"""

import errno
import fcntl
import json
import os
import signal
import stat
from bisect import bisect
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path

from feedpub.errors import FeedpubError, PostError
from feedpub.files.safe_open import read_beneath
from feedpub.models.content import Problem, Publication, SourceFile

LIST_FILE = ".feedpub"
_HEAD = "# Files that feedpub wrote here, and may remove again."


def is_built(folder: Path) -> bool:
    """Tell whether a site was ever written into a folder."""
    return (folder / LIST_FILE).is_file()


def list_owned_paths(folder: Path) -> set[str]:
    """Return the paths that may be ours."""
    return read_list(folder)[0]


def read_list(folder: Path) -> tuple[set[str], str]:
    """Return the paths that may be ours, and the lines of publications as they stand there."""
    try:
        text = (folder / LIST_FILE).read_text(encoding="utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        return set(), ""
    paths, _, rest = text.partition("\n\n")
    return set(filter(_inside, paths.split("\n")[1:])), rest


def read_publications(folder: Path) -> dict[str, Publication]:
    """Return what posts were published as in an output folder, by the path of their source.

    A line that cannot be understood is nothing: its post is published as if it were new.
    """
    found = (_parsed(line) for line in read_list(folder)[1].split("\n") if line)
    return {each.path: each for each in found if each is not None}


def format_publications(publications: Mapping[str, Publication]) -> str:
    """Return publications as the list has them."""
    return "".join(f"{_line(publications[path])}\n" for path in sorted(publications))


def write_list(folder: Path, paths: Iterable[str], publications: str) -> None:
    """Write the list of the files that may be ours, and of what posts are published as."""
    lines = "\n".join([_HEAD, *sorted(paths), ""])
    data = f"{lines}\n{publications}".encode() if publications else lines.encode()
    target = folder / LIST_FILE
    if target.is_file() and target.read_bytes() == data:
        return
    part = folder / f"{LIST_FILE}.part"
    part.write_bytes(data)
    part.replace(target)


def _line(each: Publication) -> str:
    due = each.publish_date.astimezone(UTC).isoformat() if each.publish_date else None
    known = [each.path, each.location, each.requested, each.id, each.requested_id, due]
    return json.dumps([*known, each.fingerprint, *each.former_paths])


def _parsed(line: str) -> Publication | None:
    try:
        values = json.loads(line)
        path, address, asked, identity, asked_id = map(str, values[:5])
        due, more = values[5], values[6:]
        fingerprint, *former = map(str, more or [""])  # one of 0.1 has neither
        when = datetime.fromisoformat(due).astimezone(UTC) if due is not None else None
    except (ValueError, TypeError, LookupError, RecursionError, OverflowError):
        return None
    known = (path, address, asked, identity, asked_id)
    return Publication(*known, when, fingerprint, tuple(former))


def _inside(path: str) -> bool:
    """Tell whether a path of the list stays inside the folder, whoever wrote it there."""
    if not path or path.startswith("/"):
        return False
    return ".." not in path or ".." not in path.split("/")


class UnfinishedError(OSError):
    """A file is being written."""

    def __init__(self, path: str) -> None:
        """Say which."""
        super().__init__(errno.EAGAIN, "it is still being written", path)


def is_being_written(path: str | Path) -> bool | None:
    """Tell whether somebody has a file open for writing; None where nobody can tell.

    The kernel grants a lease for reading only where nobody does. It is given back at once.
    """
    try:
        number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False  # it is gone, or is none of ours
    try:
        # Who opens the file meanwhile waits, and we would be sent a signal: one that is ignored.
        fcntl.fcntl(number, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(number, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError as error:
        return True if error.errno == errno.EAGAIN else None
    except AttributeError:  # pragma: no cover - not Linux
        return None
    finally:
        os.close(number)
    return False


def raise_if_being_written(path: Path) -> None:
    """Raise UnfinishedError where somebody has a file open for writing."""
    if is_being_written(path):
        raise UnfinishedError(str(path))


MAX_DEPTH = 100  # in one another
MAX_PATH_BYTES = 1_000  # octets of a path below the content folder; systems allow 4,096 in all

RACY_WINDOW = 50_000_000
"""Nanoseconds within which a file may change twice and keep its time (the kernel's tick is 4 ms,
that of some network file systems more)."""
_SECOND = 1_000_000_000
_COARSE = 2 * _SECOND
"""Nanoseconds of the same on disks that tell times in whole seconds (FAT: in every second one)."""


def racy_until(modified: int, changed: int) -> int:
    """Return until when a file with these times may change again and look the same."""
    tick = _COARSE if changed % _SECOND == 0 else 0
    return max(modified, changed) + tick + RACY_WINDOW


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file of the content folder, by what the file system tells of it without reading it.

    Of a link it is what is told of the file that it leads to; where that is none, or lies
    elsewhere, all is 0: there is nothing to read, and yet there may be some day.
    """

    path: str  # below the content folder
    size: int  # octets
    modified: int  # nanoseconds
    changed: int  # nanoseconds; nobody can set this one back
    inode: int
    is_link: bool = False
    fault: str = ""  # why a file, or all that is in a folder, cannot be published

    @property
    def exists(self) -> bool:
        """Tell whether there is a file to read."""
        return not self.fault and (not self.is_link or self.inode != 0)

    def is_stable(self, scanned: int) -> bool:
        """Tell whether another change would show, given when (in nanoseconds) it was looked at."""
        return racy_until(self.modified, self.changed) < scanned


def scan(folder: Path, *, follow_links: bool = False) -> tuple[FileEntry, ...]:
    """List the files below a folder, in order of path.

    Links are followed to files inside the folder, so that nothing outside is published; with
    `follow_links` to files and folders anywhere. Others are listed with the reason why not.
    Raises FeedpubError where there is no such folder.
    """
    if not folder.is_dir():
        message = f"{folder}: there is no such folder; make it, or correct content.folder"
        raise FeedpubError(message)
    try:
        found = _Walker(folder, follow_links=follow_links).walk("")
        return tuple(sorted(found, key=lambda entry: entry.path))
    except OSError as error:  # pragma: no cover - root, as whom tests may run, can read any folder
        message = f"{error.filename or folder}: cannot be read ({error.strerror})"
        raise FeedpubError(message) from error


def rescan(
    folder: Path,
    known: tuple[FileEntry, ...],
    changed: Collection[str],
    *,
    follow_links: bool = False,
) -> tuple[FileEntry, ...]:
    """List the files as `scan` does, looking only where something may have changed.

    That is at these paths below the folder, whatever they are, and below them; "" is all of it.
    All else is as it was when it was `known`. Raises FeedpubError where there is no such folder.
    """
    led = follow_links and any(entry.is_link for entry in known)  # to where nobody watches
    if "" in changed or led or not folder.is_dir():
        return scan(folder, follow_links=follow_links)
    walker = _Walker(folder, follow_links=follow_links)
    suspect = {*changed, *(entry.path for entry in known if entry.is_link)}
    left = {entry.path: entry for entry in known}
    paths = [entry.path for entry in known]
    found: dict[str, FileEntry] = {}
    for path in suspect:
        left.pop(path, None)
        # All that lies below it stands together in the order of paths: "0" comes after "/".
        for each in paths[bisect(paths, f"{path}/") : bisect(paths, f"{path}0")]:
            left.pop(each, None)
        found.update((entry.path, entry) for entry in walker.scan_path(path))
    return tuple(sorted([*left.values(), *found.values()], key=lambda entry: entry.path))


_LEADS_OUT = (
    "it is a link that leads out of the content folder, and is not published; "
    "set content.follow_links to true, or copy here what it leads to"
)
_LEADS_NOWHERE = "it is a link that leads nowhere; remove it, or put back what it led to"
_LEADS_TO_FOLDER = (
    "it is a link to a folder of the content folder, whose files are published where they lie"
)
_LEADS_BACK = (
    "it is a link to a folder that is published already, that holds the content folder, or that "
    "feedpub writes; remove it, or name it under content.ignore"
)


class _Walker:
    """Lists what lies in one content folder."""

    def __init__(self, folder: Path, *, follow_links: bool) -> None:
        self._folder = folder
        self._root = folder.resolve()
        self._follow = follow_links
        self._followed: set[Path] = set()  # folders outside

    def scan_path(self, path: str) -> Iterator[FileEntry]:
        """List the file at a path, or the files below it, if `scan` would."""
        above = path.rpartition("/")[0]
        hidden = any(part.startswith(".") for part in above.split("/"))
        if hidden or os.path.realpath(self._root / above) != str(self._root / above):
            return
        if fault := _fault(path):
            yield FileEntry(path, 0, 0, 0, 0, fault=fault)
            return
        with suppress(FileNotFoundError, NotADirectoryError):
            facts = os.lstat(self._folder / path)
            if stat.S_ISLNK(facts.st_mode):
                yield from self._follow_link(path)
            elif stat.S_ISREG(facts.st_mode):
                yield _entry(path, facts)
            elif stat.S_ISDIR(facts.st_mode) and not path.rpartition("/")[2].startswith("."):
                yield from self.walk(f"{path}/")

    def walk(self, prefix: str, *, link: bool = False) -> Iterator[FileEntry]:
        """List the files of one folder and those below it; `link` tells that a link leads there."""
        left = [prefix]
        while left:
            prefix = left.pop()
            with os.scandir(self._folder / prefix) as listing:
                for item in listing:
                    path = prefix + item.name
                    fault = _fault(path)
                    if fault:
                        yield FileEntry(path, 0, 0, 0, 0, fault=fault)
                    elif item.is_symlink():
                        yield from self._follow_link(path)
                    elif item.is_dir(follow_symlinks=False):
                        if not item.name.startswith("."):
                            left.append(f"{path}/")
                    else:
                        with suppress(FileNotFoundError):  # it vanished while we looked
                            if stat.S_ISREG((facts := item.stat()).st_mode):
                                yield _entry(path, facts, link=link)

    def _follow_link(self, path: str) -> Iterator[FileEntry]:
        """List what a link leads to, or the reason why that is not published."""
        target = Path(os.path.realpath(self._folder / path))  # `resolve` raises in a circle
        inside = target.is_relative_to(self._root)
        if target.is_file() and (inside or self._follow):
            yield _entry(path, target.stat(), link=True)
        elif path.rpartition("/")[2].startswith("."):
            # Emacs locks a file so; nobody meant that to be published.
            yield FileEntry(path, 0, 0, 0, 0, is_link=True)
        elif target.is_dir() and self._follow and not inside:
            yield from self._walk_outside(path, target)
        else:
            yield FileEntry(path, 0, 0, 0, 0, is_link=True, fault=_reason(target, inside=inside))

    def _walk_outside(self, path: str, target: Path) -> Iterator[FileEntry]:
        """List the files of a folder elsewhere, once, and never the folder that is written."""
        taken = any(target.is_relative_to(each) for each in self._followed)
        if taken or self._root.is_relative_to(target) or is_built(target):
            yield FileEntry(path, 0, 0, 0, 0, is_link=True, fault=_LEADS_BACK)
            return
        self._followed.add(target)
        with suppress(PermissionError):
            yield from self.walk(f"{path}/", link=True)


def _reason(target: Path, *, inside: bool) -> str:
    """Say why what a link leads to is not published."""
    if not target.exists():
        return _LEADS_NOWHERE
    return _LEADS_TO_FOLDER if inside else _LEADS_OUT


def _fault(path: str) -> str:
    """Say why what lies at a path cannot be published, "" where it can."""
    if len(path) > MAX_PATH_BYTES // 4 and len(os.fsencode(path)) > MAX_PATH_BYTES:
        return f"its path has more than {MAX_PATH_BYTES:,} octets; shorten some names"
    if path.count("/") > MAX_DEPTH:
        return f"it lies in more than {MAX_DEPTH} folders in one another; move it up"
    return ""


def _entry(path: str, facts: os.stat_result, *, link: bool = False) -> FileEntry:
    times = (facts.st_mtime_ns, facts.st_ctime_ns)
    return FileEntry(path, facts.st_size, *times, facts.st_ino, link)


def read_source(folder: Path, path: str, largest: int, *, follow_links: bool = False) -> SourceFile:
    """Read one file of the content folder.

    Raises OSError where it cannot be read, UnfinishedError where somebody is writing it, and
    PostError where it has more octets than `largest`.
    """
    raise_if_being_written(folder / path)
    data = read_beneath(folder, path, largest + 1, follow_links=follow_links)
    raise_if_being_written(folder / path)  # nor has begun to while it was read
    if len(data) > largest:
        message = f"is larger than {largest:,} octets; divide it, or raise content.largest"
        raise PostError(Problem(path, 0, message, left_out=True))
    return SourceFile(path, data, compute_digest(data))


def read_head(folder: Path, size: int, path: str, *, follow_links: bool = False) -> bytes:
    """Read the first octets of a file of the content folder; none of one that cannot be read."""
    try:
        return read_beneath(folder, path, size, follow_links=follow_links)
    except OSError:
        return b""


def compute_digest(data: bytes) -> str:
    """Give the digest by which feedpub tells whether bytes have changed."""
    return blake2b(data, digest_size=16).hexdigest()
