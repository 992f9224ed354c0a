"""What one run knows → what the next need not find out again, in `.feedpub/`.

All of it is derived from the sources and may be deleted at any time: that costs a build's time
and never changes a byte. Whatever cannot be read, or was written by another version, is as good
as not there.

Parts of the cache that are damaged, or where something else stands: set aside, and told once.
"""

from __future__ import annotations

import marshal
import os
import shutil
import sqlite3
import stat
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import astuple, dataclass, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, cast

from feedpub.errors import FeedpubError
from feedpub.files.scanner import compute_digest
from feedpub.files.writer import ManifestEntry, stat_file
from feedpub.models.content import (
    Author,
    Enclosure,
    Image,
    MenuEntry,
    ParsedPost,
    Problem,
    Reference,
)
from feedpub.models.newsletter import Issue

_DAMAGED = ".damaged"
_JOURNALS = ("-journal", "-wal", "-shm")


def create_cache_folder(folder: Path) -> None:
    """Make the folder of the memory, in place of whatever else stands there."""
    if os.path.lexists(folder) and not folder.is_dir():
        folder.unlink()
    folder.mkdir(parents=True, exist_ok=True)


def pop_damaged(folder: Path) -> tuple[str, ...]:
    """Return what was damaged in the memory and is made anew, by its path, and remove it.

    So it is told once, by whoever works with the memory next.
    """
    found = sorted(folder.glob(f"*{_DAMAGED}")) if folder.is_dir() else []
    for path in found:
        remove_path(path)
    return tuple(str(path).removesuffix(_DAMAGED) for path in found)


def quarantine(path: Path) -> None:
    """Move what is damaged out of the way, with its journal; `take_damaged` tells of it."""
    aside = path.with_name(f"{path.name}{_DAMAGED}")
    remove_path(aside)
    if os.path.lexists(path):
        path.rename(aside)
    for end in _JOURNALS:
        remove_path(path.with_name(f"{path.name}{end}"))


def clear_journals(path: Path) -> None:
    """Remove what stands where SQLite keeps its journals and is no file: a pipe would hang it."""
    for end in _JOURNALS:
        journal = path.with_name(f"{path.name}{end}")
        if os.path.lexists(journal) and not stat.S_ISREG(journal.lstat().st_mode):
            remove_path(journal)


def remove_path(path: Path) -> None:
    """Remove whatever is at a path, a folder with all in it."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


Result = TypeVar("Result")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_NESTED = {
    "authors": Author,
    "enclosures": Enclosure,
    "references": Reference,
    "translation_of": Reference,
    "problems": Problem,
    "notes": Problem,
    "redirect_from": Reference,
    "redirect_to": Reference,
}
_SINGLE: Mapping[str, type] = {"image": Image, "menu": MenuEntry}
_STORE = "bodies.sqlite"
_ANY = "any"  # version: texts that mean the same to all of them
_TIMES = ("published", "updated", "expires")
_NAMES = tuple(each.name for each in fields(ParsedPost))
_SPECIAL = tuple(
    (position, name)
    for position, name in enumerate(_NAMES)
    if name in _NESTED or name in _TIMES or name in _SINGLE
)
_ISSUE = tuple(each.name for each in fields(Issue))
_WHEN = ("slot", "created")

_TABLES = {
    "body": "digest TEXT PRIMARY KEY, html TEXT, sum TEXT",
    "reading": "path TEXT PRIMARY KEY, data BLOB, sum TEXT",
}

PackedValue = tuple[object, ...]
"""A value as nested tuples of texts and numbers, which `marshal` can write."""


class CacheRow(NamedTuple):
    """A reading as it is kept, and its HTML."""

    path: str
    reading: bytes
    body: str  # digest of the source, "" where the HTML is none or known
    html: str


def pack(one: ParsedPost) -> PackedValue:
    """Turn a manuscript into nested tuples."""
    values: list[object] = [getattr(one, name) for name in _NAMES]
    for position, _ in _SPECIAL:
        value = values[position]
        if isinstance(value, datetime):
            values[position] = _since_epoch(value)
        elif isinstance(value, tuple):
            values[position] = tuple(astuple(each) for each in value)
        elif isinstance(value, Image | MenuEntry):
            values[position] = astuple(value)
    return tuple(values)


def unpack(packed: PackedValue) -> ParsedPost:
    """Turn nested tuples back into the manuscript they were."""
    values: list[object] = list(packed)
    for position, name in _SPECIAL:
        value = values[position]
        if value is None or value == ():
            continue
        if isinstance(value, int):
            values[position] = _moment(value)
        else:
            kept = cast("tuple[Any, ...]", value)
            nested = _NESTED.get(name)
            values[position] = (
                tuple(nested(*each) for each in kept) if nested else _SINGLE[name](*kept)
            )
    return ParsedPost(*values)  # type: ignore[arg-type]  # just what `pack` was given


@dataclass(frozen=True, slots=True)
class ReadResult:
    """What came of reading one content file: a manuscript, or the problem that left it out."""

    path: str
    stat: tuple[int, ...]  # what the disk told of the file; () where that cannot be relied on
    manuscript: ParsedPost | None
    problem: Problem | None = None

    def __bytes__(self) -> bytes:
        """Give the reading as it is kept, and as processes hand it on."""
        packed = pack(self.manuscript) if self.manuscript else None
        problem = astuple(self.problem) if self.problem else None
        return marshal.dumps((self.path, self.stat, packed, problem))  # type: ignore[arg-type]  # of what marshal can write

    @classmethod
    def from_bytes(cls, data: bytes) -> ReadResult:
        """Make a reading again of what is kept of it."""
        path, facts, packed, problem = marshal.loads(data)  # noqa: S302 - written by us
        return cls(
            path, facts, unpack(packed) if packed else None, Problem(*problem) if problem else None
        )


@dataclass(frozen=True, slots=True)
class BuildRecord:
    """What came of the last build into one output folder."""

    stamp: str  # digest of all that went in; "" where it cannot be relied on
    valid_from: int  # microseconds since 1970: from when …
    valid_until: int  # … to before when no post appears or goes
    counts: tuple[int, ...]
    problems: tuple[Problem, ...]
    authority: str  # whose the ids of its posts are
    manifest: Mapping[str, ManifestEntry]


class CacheCorruptError(FeedpubError):
    """What was remembered cannot be relied on; `sound` does the work again without it."""


def retry_on_corrupt_cache(folder: Path, work: Callable[[], Result]) -> Result:
    """Do some work, and where the memory in this folder is damaged do it again without.

    Raises SpoiltError where it cannot be used then either: the disk may be full.
    """
    try:
        return work()
    except CacheCorruptError:
        quarantine(folder / _STORE)
        return work()


class BuildCache:
    """The folder `.feedpub/` of one site."""

    def __init__(self, folder: Path, version: str) -> None:
        """Use this folder, made if need be; `version` tells of the program and its settings."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._version = version

    def load_read_results(self) -> dict[str, ReadResult]:
        """Give what is remembered of each content file, by path."""
        with closing(self.open_bodies()) as bodies:
            return {each.path: each for each in bodies.load_read_results()}

    def load_build(self, output: Path) -> BuildRecord | None:
        """Give what came of the last build into an output folder."""
        kept = _load(self._place(output), self._version)
        if kept is None:
            return None
        stamp, since, until, counts, problems, authority, ledger = kept
        return BuildRecord(
            stamp,
            since,
            until,
            counts,
            tuple(Problem(*each) for each in problems),
            authority,
            {path: ManifestEntry(key, facts) for path, key, facts in ledger},
        )

    def save_build(self, output: Path, build: BuildRecord) -> None:
        """Remember what came of a build into an output folder."""
        ledger = [(path, each.key, tuple(each.stat)) for path, each in build.manifest.items()]
        problems = [astuple(each) for each in build.problems]
        row = (
            *(build.stamp, build.valid_from, build.valid_until, build.counts),
            *(problems, build.authority, ledger),
        )
        _save(self._place(output), self._version, row)

    def get_build_time(self, output: Path) -> datetime | None:
        """Give when the last build into an output folder that had anything to do has ended."""
        try:
            facts = self._place(output).stat()
        except OSError:
            return None
        return datetime.fromtimestamp(facts.st_mtime, UTC)

    def load_issues(self) -> tuple[Issue, ...] | None:
        """Give the issues that were kept, None where none ever were."""
        rows = _load(self._folder / "issues", self._version)
        if rows is None:
            return None
        return tuple(_issue(row) for row in rows)

    def save_issues(self, issues: Iterable[Issue]) -> None:
        """Remember what went out of the digests, for when the database is away."""
        _save(self._folder / "issues", self._version, [_row(each) for each in issues])

    def load_names(self) -> tuple[dict[str, str], dict[str, str]]:
        """Give what tags and authors are called by slug, whichever version kept it."""
        return _load(self._folder / "names", _ANY) or ({}, {})

    def save_names(self, tags: Mapping[str, str], authors: Mapping[str, str]) -> None:
        """Remember what tags and authors are called, for when the site cannot be read."""
        _save(self._folder / "names", _ANY, (dict(tags), dict(authors)))

    def open_bodies(self) -> RenderCache:
        """Open the store of rendered Markdown."""
        return RenderCache(self._folder / _STORE, self._version)

    def get_validity_stamp(self, output: Path) -> tuple[int, ...]:
        """Give what tells whether a build into an output folder was remembered since."""
        return stat_file(self._place(output))

    def _place(self, output: Path) -> Path:
        return self._folder / f"build-{compute_digest(str(output).encode())[:16]}"


class RenderCache:
    """What came of reading every content file: the readings, and the HTML of every manuscript.

    The store is opened when it is first asked, in each process anew, and again after `close`.
    """

    def __init__(self, path: Path, version: str) -> None:
        """Use this store; one of another version, or a broken one, is begun anew."""
        self._path, self._version = path, version
        self._owner = 0
        self._opened: sqlite3.Connection | None = None

    def __call__(self, body: str) -> str:
        """Give the HTML of a manuscript that was added before, by its digest.

        Raises SpoiltError where it is not there as it was added.
        """
        with self._connect() as connection:
            found = connection.execute("SELECT html, sum FROM body WHERE digest = ?", (body,))
            row = found.fetchone()
        if row is None or row[1] != _sum(row[0]):
            raise CacheCorruptError(f"{self._path}: is damaged; delete it")
        html: str = row[0]
        return html

    def load_read_results(self) -> Iterator[ReadResult]:
        """Give every reading that is kept as it was added."""
        with self._connect() as connection:
            for data, found in connection.execute("SELECT data, sum FROM reading"):
                if isinstance(data, bytes) and compute_digest(data) == found:
                    yield ReadResult.from_bytes(data)

    def add(self, rows: Iterable[CacheRow], *, keep: bool = True) -> None:
        """Add what came of reading; without `keep` the HTML alone."""
        added = list(rows)
        bodies = [(each.body, each.html, _sum(each.html)) for each in added if each.body]
        kept = added if keep else ()
        readings = [(each.path, each.reading, compute_digest(each.reading)) for each in kept]
        with self._connect() as connection, connection:
            connection.executemany("INSERT OR REPLACE INTO body VALUES (?, ?, ?)", bodies)
            connection.executemany("INSERT OR REPLACE INTO reading VALUES (?, ?, ?)", readings)

    def prune(self, readings: Collection[ReadResult], gone: Iterable[str] = ()) -> None:
        """Forget the readings of files that are gone.

        Forget bodies that belong to none of the others, once they are most of what is kept.
        """
        with self._connect() as connection, connection:
            paths = [(path,) for path in gone]
            connection.executemany("DELETE FROM reading WHERE path = ?", paths)
            (kept,) = connection.execute("SELECT count(*) FROM body").fetchone()
            if kept <= 2 * len(readings) + 1000:
                return
            wanted = [(each.manuscript.digest,) for each in readings if each.manuscript]
            connection.execute("CREATE TEMP TABLE wanted (digest TEXT PRIMARY KEY)")
            connection.executemany("INSERT OR IGNORE INTO wanted VALUES (?)", wanted)
            connection.execute("DELETE FROM body WHERE digest NOT IN wanted")
            connection.execute("DROP TABLE wanted")

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        """Say in our own words that the database cannot be used."""
        try:
            yield self._get_connection()
        except sqlite3.DatabaseError as error:
            raise CacheCorruptError(f"{self._path}: cannot be used ({error}); delete it") from error

    def _get_connection(self) -> sqlite3.Connection:
        """Open the store where it is not open in this process."""
        if self._opened is None or self._owner != os.getpid():
            # SQLite forbids a child to use what it inherits.
            self._owner = os.getpid()
            try:
                self._opened = _open_database(self._path, self._version)
            except sqlite3.DatabaseError:
                quarantine(self._path)
                self._opened = _open_database(self._path, self._version)
        return self._opened

    def close(self) -> None:
        """Close the store; it is opened again when it is asked again."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None


def _open_database(path: Path, version: str) -> sqlite3.Connection:
    """Open a store, begun anew where it is of another version."""
    clear_journals(path)
    connection = sqlite3.connect(path)
    # What a loss of power may damage shows in the sums, and is made again.
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("CREATE TABLE IF NOT EXISTS store (version TEXT)")
    row = connection.execute("SELECT version FROM store").fetchone()
    if row and row[0] == version:
        return connection
    with connection:
        for table, columns in _TABLES.items():
            connection.execute(f"DROP TABLE IF EXISTS {table}")
            connection.execute(f"CREATE TABLE {table} ({columns})")
        connection.execute("DELETE FROM store")
        connection.execute("INSERT INTO store VALUES (?)", (version,))
    return connection


def _sum(html: object) -> str:
    """Give what tells that the HTML of a body is as it was added."""
    return compute_digest(str(html).encode())


def _row(issue: Issue) -> PackedValue:
    """Turn an issue into texts and numbers."""
    values = (getattr(issue, name) for name in _ISSUE)
    return tuple(_since_epoch(each) if isinstance(each, datetime) else each for each in values)


def _issue(row: PackedValue) -> Issue:
    """Turn what `_row` gave back into the issue it was."""
    values: list[Any] = list(row)
    for name in _WHEN:
        position = _ISSUE.index(name)
        values[position] = _moment(values[position])
    return Issue(*values)


def _since_epoch(when: datetime) -> int:
    """Give a time as microseconds since 1970."""
    return (when - _EPOCH) // _MICROSECOND


def _moment(since: int) -> datetime:
    return _EPOCH + since * _MICROSECOND


def _save(path: Path, version: str, value: object) -> None:
    """Write a value so that `_load` can tell whether it is whole."""
    data = marshal.dumps((version, value))  # type: ignore[arg-type]  # of what marshal can write
    part = path.with_name(f"{path.name}.part")
    for each in (part, path):
        if os.path.lexists(each) and not each.is_file():
            remove_path(each)
    part.write_bytes(compute_digest(data).encode() + data)
    part.replace(path)


def _load(path: Path, version: str) -> Any:  # noqa: ANN401 - as `_save` was given it
    """Give the value saved under this version, or None."""
    if not os.path.lexists(path):
        return None
    try:
        data = path.read_bytes() if path.is_file() else b""
    except OSError:
        data = b""
    check, payload = data[:32], data[32:]
    if check != compute_digest(payload).encode():
        quarantine(path)
        return None
    saved, value = marshal.loads(payload)  # noqa: S302 - written by us: the digest says so
    return value if saved == version else None
