"""List and read the content folder, and keep the list of files written to the output folder.

`scan` and `rescan` return FileEntry values from stat data alone; `read_source` reads a file, and
refuses one that is still being written: half a file must not be published as a whole one.

The output folder's list, `.feedpub`, names the files that feedpub wrote and may remove. It has a
line for each file, an empty line, and a JSON array for each post. A build without a cache reads
from it what must never change: the URLs and ids of posts.
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
    """Return whether a site was ever written into a folder."""
    return (folder / LIST_FILE).is_file()


def list_owned_paths(folder: Path) -> set[str]:
    """Return the paths that feedpub may have written."""
    return read_list(folder)[0]


def read_list(folder: Path) -> tuple[set[str], str]:
    """Return the paths that feedpub may have written, and the raw lines of publications."""
    try:
        text = (folder / LIST_FILE).read_text(encoding="utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        return set(), ""
    paths, _, rest = text.partition("\n\n")
    return set(filter(_inside, paths.split("\n")[1:])), rest


def read_publications(folder: Path) -> dict[str, Publication]:
    """Return an output folder's publications, by source path.

    Invalid lines are skipped: their posts are published as if new.
    """
    found = (_parsed(line) for line in read_list(folder)[1].split("\n") if line)
    return {each.path: each for each in found if each is not None}


def format_publications(publications: Mapping[str, Publication]) -> str:
    """Format publications as lines of the list."""
    return "".join(f"{_line(publications[path])}\n" for path in sorted(publications))


def write_list(folder: Path, paths: Iterable[str], publications: str) -> None:
    """Write the list of paths and publications atomically, if it has changed."""
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
        fingerprint, *former = map(str, more or [""])  # lists written by 0.1 have neither
        when = datetime.fromisoformat(due).astimezone(UTC) if due is not None else None
    except (ValueError, TypeError, LookupError, RecursionError, OverflowError):
        return None
    known = (path, address, asked, identity, asked_id)
    return Publication(*known, when, fingerprint, tuple(former))


def _inside(path: str) -> bool:
    """Return whether a listed path stays inside the folder; the list may have been edited."""
    if not path or path.startswith("/"):
        return False
    return ".." not in path or ".." not in path.split("/")


class UnfinishedError(OSError):
    """A file is still being written."""

    def __init__(self, path: str) -> None:
        """Report `path` as being written."""
        super().__init__(errno.EAGAIN, "it is still being written", path)


def is_being_written(path: str | Path) -> bool | None:
    """Return whether a process has a file open for writing; None if the system cannot tell.

    The kernel (Linux) grants a read lease only if there is no writer; it is released at once.
    """
    try:
        number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False  # gone, or not readable for us
    try:
        # A process opening the file now would wait, and we would get a signal: use an ignored one.
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
    """Raise UnfinishedError if a process has the file open for writing."""
    if is_being_written(path):
        raise UnfinishedError(str(path))


MAX_DEPTH = 100  # nested folders
MAX_PATH_BYTES = 1_000  # octets of a path below the content folder; systems allow 4,096 in all

RACY_WINDOW = 50_000_000
"""Nanoseconds within which a file may change twice with the same timestamp (the kernel's tick is
4 ms, that of some network file systems longer)."""
_SECOND = 1_000_000_000
_COARSE = 2 * _SECOND
"""The same for file systems with timestamps in whole seconds (FAT: every two seconds)."""


def racy_until(modified: int, changed: int) -> int:
    """Return until when a file with these timestamps may change again without being noticed."""
    tick = _COARSE if changed % _SECOND == 0 else 0
    return max(modified, changed) + tick + RACY_WINDOW


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file of the content folder, as described by stat without reading it.

    For a link it describes the target. If that does not exist, or is not published, all numbers
    are 0: there is nothing to read now, but there may be later.
    """

    path: str  # below the content folder
    size: int  # octets
    modified: int  # nanoseconds
    changed: int  # nanoseconds; ctime, which programs cannot set
    inode: int
    is_link: bool = False
    fault: str = ""  # why a file, or all that is in a folder, cannot be published

    @property
    def exists(self) -> bool:
        """Return whether there is a file to read."""
        return not self.fault and (not self.is_link or self.inode != 0)

    def is_stable(self, scanned: int) -> bool:
        """Return whether a change after the scan (at `scanned`, nanoseconds) would be noticed."""
        return racy_until(self.modified, self.changed) < scanned


def scan(folder: Path, *, follow_links: bool = False) -> tuple[FileEntry, ...]:
    """List the files below a folder, sorted by path.

    Links to files inside the folder are followed, so that nothing outside is published; with
    `follow_links`, links to files and folders anywhere. Other links are listed with a `fault`.
    Raises FeedpubError if the folder does not exist.
    """
    if not folder.is_dir():
        message = f"{folder}: no such folder; create it, or correct content.folder"
        raise FeedpubError(message)
    try:
        found = _Walker(folder, follow_links=follow_links).walk("")
        return tuple(sorted(found, key=lambda entry: entry.path))
    except OSError as error:  # pragma: no cover - tests may run as root, who can read any folder
        message = f"{error.filename or folder}: cannot be read ({error.strerror})"
        raise FeedpubError(message) from error


def rescan(
    folder: Path,
    known: tuple[FileEntry, ...],
    changed: Collection[str],
    *,
    follow_links: bool = False,
) -> tuple[FileEntry, ...]:
    """List the files as `scan` does, but look only at paths that may have changed.

    `changed` holds paths relative to the folder; whatever is below them is examined as well, and ""
    means everything. The rest is taken from `known`. Raises FeedpubError if the folder does not
    exist.
    """
    led = follow_links and any(entry.is_link for entry in known)  # targets are not watched
    if "" in changed or led or not folder.is_dir():
        return scan(folder, follow_links=follow_links)
    walker = _Walker(folder, follow_links=follow_links)
    suspect = {*changed, *(entry.path for entry in known if entry.is_link)}
    left = {entry.path: entry for entry in known}
    paths = [entry.path for entry in known]
    found: dict[str, FileEntry] = {}
    for path in suspect:
        left.pop(path, None)
        # Entries below a folder are contiguous in path order; "0" is the character after "/".
        for each in paths[bisect(paths, f"{path}/") : bisect(paths, f"{path}0")]:
            left.pop(each, None)
        found.update((entry.path, entry) for entry in walker.scan_path(path))
    return tuple(sorted([*left.values(), *found.values()], key=lambda entry: entry.path))


_LEADS_OUT = (
    "it is a link to outside the content folder and is not published; "
    "set content.follow_links to true, or copy its target here"
)
_LEADS_NOWHERE = "it is a broken link; remove it, or restore its target"
_LEADS_TO_FOLDER = (
    "it is a link to a folder inside the content folder; its files are published from there"
)
_LEADS_BACK = (
    "it is a link to a folder that is already published, contains the content folder, or is "
    "written by feedpub; remove it, or add it to content.ignore"
)


class _Walker:
    """Lists the files of one content folder."""

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
        """List the files in and below a folder; `link` says that it was reached by a link."""
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
                        with suppress(FileNotFoundError):  # it vanished meanwhile
                            if stat.S_ISREG((facts := item.stat()).st_mode):
                                yield _entry(path, facts, link=link)

    def _follow_link(self, path: str) -> Iterator[FileEntry]:
        """List the target of a link, or the reason why it is not published."""
        target = Path(os.path.realpath(self._folder / path))  # `resolve` raises on a loop
        inside = target.is_relative_to(self._root)
        if target.is_file() and (inside or self._follow):
            yield _entry(path, target.stat(), link=True)
        elif path.rpartition("/")[2].startswith("."):
            # An Emacs lock file, for example: not meant to be published, so no fault.
            yield FileEntry(path, 0, 0, 0, 0, is_link=True)
        elif target.is_dir() and self._follow and not inside:
            yield from self._walk_outside(path, target)
        else:
            yield FileEntry(path, 0, 0, 0, 0, is_link=True, fault=_reason(target, inside=inside))

    def _walk_outside(self, path: str, target: Path) -> Iterator[FileEntry]:
        """List an outside folder once; refuse one that holds the content, and output folders."""
        taken = any(target.is_relative_to(each) for each in self._followed)
        if taken or self._root.is_relative_to(target) or is_built(target):
            yield FileEntry(path, 0, 0, 0, 0, is_link=True, fault=_LEADS_BACK)
            return
        self._followed.add(target)
        with suppress(PermissionError):
            yield from self.walk(f"{path}/", link=True)


def _reason(target: Path, *, inside: bool) -> str:
    """Return why the target of a link is not published."""
    if not target.exists():
        return _LEADS_NOWHERE
    return _LEADS_TO_FOLDER if inside else _LEADS_OUT


def _fault(path: str) -> str:
    """Return why the file at a path cannot be published, or ""."""
    if len(path) > MAX_PATH_BYTES // 4 and len(os.fsencode(path)) > MAX_PATH_BYTES:
        return f"its path is longer than {MAX_PATH_BYTES:,} bytes; shorten some names"
    if path.count("/") > MAX_DEPTH:
        return f"it is nested more than {MAX_DEPTH} folders deep; move it up"
    return ""


def _entry(path: str, facts: os.stat_result, *, link: bool = False) -> FileEntry:
    times = (facts.st_mtime_ns, facts.st_ctime_ns)
    return FileEntry(path, facts.st_size, *times, facts.st_ino, link)


def read_source(folder: Path, path: str, largest: int, *, follow_links: bool = False) -> SourceFile:
    """Read one file of the content folder.

    Raises OSError if it cannot be read, UnfinishedError if it is being written, and PostError if it
    is longer than `largest` octets.
    """
    raise_if_being_written(folder / path)
    data = read_beneath(folder, path, largest + 1, follow_links=follow_links)
    raise_if_being_written(folder / path)  # a writer may have opened it meanwhile
    if len(data) > largest:
        message = f"is larger than {largest:,} bytes; split it, or raise content.largest"
        raise PostError(Problem(path, 0, message, left_out=True))
    return SourceFile(path, data, compute_digest(data))


def read_head(folder: Path, size: int, path: str, *, follow_links: bool = False) -> bytes:
    """Return the first `size` octets of a file of the content folder; b"" if it cannot be read."""
    try:
        return read_beneath(folder, path, size, follow_links=follow_links)
    except OSError:
        return b""


def compute_digest(data: bytes) -> str:
    """Return feedpub's content digest: BLAKE2b, 128 bits, in hexadecimal."""
    return blake2b(data, digest_size=16).hexdigest()
