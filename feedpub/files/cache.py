"""The build cache in `.feedpub/cache/`: what one run found out, so that the next need not.

`BuildCache` holds the record of each build and the archived issues, `RenderCache` the parsed
posts and their HTML. Everything is derived from the sources and may be deleted at any time: it
costs build time and never changes a byte of the output. Entries that are unreadable, or from
another version, count as missing. Damaged files are set aside, rebuilt and reported once.
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
    """Create the cache folder, replacing a file that is in its place."""
    if os.path.lexists(folder) and not folder.is_dir():
        folder.unlink()
    folder.mkdir(parents=True, exist_ok=True)


def pop_damaged(folder: Path) -> tuple[str, ...]:
    """Return the paths of cache files found damaged, and delete them.

    Each is therefore reported once, by the next command that uses the cache.
    """
    found = sorted(folder.glob(f"*{_DAMAGED}")) if folder.is_dir() else []
    for path in found:
        remove_path(path)
    return tuple(str(path).removesuffix(_DAMAGED) for path in found)


def quarantine(path: Path) -> None:
    """Set a damaged file aside and delete its journals; `pop_damaged` reports it."""
    aside = path.with_name(f"{path.name}{_DAMAGED}")
    remove_path(aside)
    if os.path.lexists(path):
        path.rename(aside)
    for end in _JOURNALS:
        remove_path(path.with_name(f"{path.name}{end}"))


def clear_journals(path: Path) -> None:
    """Delete SQLite's journal files that are not regular files: opening a pipe would hang."""
    for end in _JOURNALS:
        logger = path.with_name(f"{path.name}{end}")
        if os.path.lexists(logger) and not stat.S_ISREG(logger.lstat().st_mode):
            remove_path(logger)


def remove_path(path: Path) -> None:
    """Delete whatever is at a path; folders recursively."""
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
_ANY = "any"  # version of entries that every version can read
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
"""A value as nested tuples of strings and numbers, which `marshal` can write."""


class CacheRow(NamedTuple):
    """One row for the cache: a serialised ReadResult, and its HTML."""

    path: str
    reading: bytes
    body: str  # digest of the source; "" if there is no HTML or it is cached already
    html: str


def pack(one: ParsedPost) -> PackedValue:
    """Convert a post to nested tuples."""
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
    """Rebuild a post from the tuples that `pack` made."""
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
    return ParsedPost(*values)  # type: ignore[arg-type]  # the values that `pack` was given


@dataclass(frozen=True, slots=True)
class ReadResult:
    """The result of reading one content file: a parsed post, or the problem that excluded it."""

    path: str
    stat: tuple[int, ...]  # stat values of the file; () if unreliable
    manuscript: ParsedPost | None
    problem: Problem | None = None

    def __bytes__(self) -> bytes:
        """Serialise for the cache and for passing between processes."""
        packed = pack(self.manuscript) if self.manuscript else None
        problem = astuple(self.problem) if self.problem else None
        return marshal.dumps((self.path, self.stat, packed, problem))  # type: ignore[arg-type]

    @classmethod
    def from_bytes(cls, data: bytes) -> ReadResult:
        """Rebuild a result from its serialised form."""
        path, facts, packed, problem = marshal.loads(data)  # noqa: S302 - written by us
        return cls(
            path, facts, unpack(packed) if packed else None, Problem(*problem) if problem else None
        )


@dataclass(frozen=True, slots=True)
class BuildRecord:
    """The record of the last build into one output folder."""

    stamp: str  # digest of all inputs; "" if it is unreliable
    valid_from: int  # microseconds since 1970; from here ...
    valid_until: int  # ... to just before this, no post appears or expires
    counts: tuple[int, ...]
    problems: tuple[Problem, ...]
    authority: str  # of the posts' tag: URIs
    manifest: Mapping[str, ManifestEntry]


class CacheCorruptError(FeedpubError):
    """The cache is unusable; `retry_on_corrupt_cache` repeats the work without it."""


def retry_on_corrupt_cache(folder: Path, work: Callable[[], Result]) -> Result:
    """Run `work`; if the render cache in this folder is damaged, discard it and run `work` again.

    Raises CacheCorruptError if the second run fails too: the disk may be full.
    """
    try:
        return work()
    except CacheCorruptError:
        quarantine(folder / _STORE)
        return work()


class BuildCache:
    """The build cache of one site."""

    def __init__(self, folder: Path, version: str) -> None:
        """Use `folder`, created if needed; `version` identifies the program and its settings."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._version = version

    def load_read_results(self) -> dict[str, ReadResult]:
        """Return the cached result of each content file, by path."""
        with closing(self.open_bodies()) as bodies:
            return {each.path: each for each in bodies.load_read_results()}

    def load_build(self, output: Path) -> BuildRecord | None:
        """Return the record of the last build into an output folder."""
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
        """Save the record of a build into an output folder."""
        ledger = [(path, each.key, tuple(each.stat)) for path, each in build.manifest.items()]
        problems = [astuple(each) for each in build.problems]
        row = (
            *(build.stamp, build.valid_from, build.valid_until, build.counts),
            *(problems, build.authority, ledger),
        )
        _save(self._place(output), self._version, row)

    def get_build_time(self, output: Path) -> datetime | None:
        """Return when the last build into an output folder that did any work ended."""
        try:
            facts = self._place(output).stat()
        except OSError:
            return None
        return datetime.fromtimestamp(facts.st_mtime, UTC)

    def load_issues(self) -> tuple[Issue, ...] | None:
        """Return the cached issues, or None if none were ever saved."""
        rows = _load(self._folder / "issues", self._version)
        if rows is None:
            return None
        return tuple(_issue(row) for row in rows)

    def save_issues(self, issues: Iterable[Issue]) -> None:
        """Save the issues, for builds that cannot reach the database."""
        _save(self._folder / "issues", self._version, [_row(each) for each in issues])

    def load_names(self) -> tuple[dict[str, str], dict[str, str]]:
        """Return the names of tags and authors by slug, from whichever version saved them."""
        return _load(self._folder / "names", _ANY) or ({}, {})

    def save_names(self, tags: Mapping[str, str], authors: Mapping[str, str]) -> None:
        """Save the names of tags and authors, for commands that cannot read the site."""
        _save(self._folder / "names", _ANY, (dict(tags), dict(authors)))

    def open_bodies(self) -> RenderCache:
        """Open the render cache."""
        return RenderCache(self._folder / _STORE, self._version)

    def get_validity_stamp(self, output: Path) -> tuple[int, ...]:
        """Return a value that changes whenever a build into an output folder is recorded."""
        return stat_file(self._place(output))

    def _place(self, output: Path) -> Path:
        return self._folder / f"build-{compute_digest(str(output).encode())[:16]}"


class RenderCache:
    """A SQLite cache of parsed posts and of their rendered HTML.

    The database is opened on first use, separately in each process, and again after `close`.
    """

    def __init__(self, path: Path, version: str) -> None:
        """Use the database at `path`; one that is damaged or of another version is recreated."""
        self._path, self._version = path, version
        self._owner = 0
        self._opened: sqlite3.Connection | None = None

    def __call__(self, body: str) -> str:
        """Return the cached HTML of a post, by its digest.

        Raises CacheCorruptError if it is missing or does not match its checksum.
        """
        with self._connect() as connection:
            found = connection.execute("SELECT html, sum FROM body WHERE digest = ?", (body,))
            row = found.fetchone()
        if row is None or row[1] != _sum(row[0]):
            raise CacheCorruptError(f"{self._path}: is damaged; delete it")
        html: str = row[0]
        return html

    def load_read_results(self) -> Iterator[ReadResult]:
        """Yield every cached result that matches its checksum."""
        with self._connect() as connection:
            for data, found in connection.execute("SELECT data, sum FROM reading"):
                if isinstance(data, bytes) and compute_digest(data) == found:
                    yield ReadResult.from_bytes(data)

    def add(self, rows: Iterable[CacheRow], *, keep: bool = True) -> None:
        """Add results and HTML; without `keep`, only the HTML."""
        added = list(rows)
        bodies = [(each.body, each.html, _sum(each.html)) for each in added if each.body]
        kept = added if keep else ()
        readings = [(each.path, each.reading, compute_digest(each.reading)) for each in kept]
        with self._connect() as connection, connection:
            connection.executemany("INSERT OR REPLACE INTO body VALUES (?, ?, ?)", bodies)
            connection.executemany("INSERT OR REPLACE INTO reading VALUES (?, ?, ?)", readings)

    def prune(self, readings: Collection[ReadResult], gone: Iterable[str] = ()) -> None:
        """Delete the results of files that are gone.

        HTML that no result refers to is deleted only once there is more than twice as much HTML as
        there are results, with 1000 entries to spare.
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
        """Convert database errors to CacheCorruptError."""
        try:
            yield self._get_connection()
        except sqlite3.DatabaseError as error:
            raise CacheCorruptError(f"{self._path}: cannot be used ({error}); delete it") from error

    def _get_connection(self) -> sqlite3.Connection:
        """Return this process's connection, opening the database if needed."""
        if self._opened is None or self._owner != os.getpid():
            # A SQLite connection must not be used across a fork.
            self._owner = os.getpid()
            try:
                self._opened = _open_database(self._path, self._version)
            except sqlite3.DatabaseError:
                quarantine(self._path)
                self._opened = _open_database(self._path, self._version)
        return self._opened

    def close(self) -> None:
        """Close the database; the next use reopens it."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None


def _open_database(path: Path, version: str) -> sqlite3.Connection:
    """Open the database, recreating its tables if it is of another version."""
    clear_journals(path)
    connection = sqlite3.connect(path)
    # No fsync: what a power failure damages fails its checksum and is rebuilt.
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
    """Return the checksum of a post's HTML."""
    return compute_digest(str(html).encode())


def _row(issue: Issue) -> PackedValue:
    """Convert an issue to strings and numbers."""
    values = (getattr(issue, name) for name in _ISSUE)
    return tuple(_since_epoch(each) if isinstance(each, datetime) else each for each in values)


def _issue(row: PackedValue) -> Issue:
    """Rebuild an issue from the tuple that `_row` made."""
    values: list[Any] = list(row)
    for name in _WHEN:
        position = _ISSUE.index(name)
        values[position] = _moment(values[position])
    return Issue(*values)


def _since_epoch(when: datetime) -> int:
    """Convert a time to microseconds since 1970."""
    return (when - _EPOCH) // _MICROSECOND


def _moment(since: int) -> datetime:
    return _EPOCH + since * _MICROSECOND


def _save(path: Path, version: str, value: object) -> None:
    """Write a value atomically, with a checksum that `_load` verifies."""
    data = marshal.dumps((version, value))  # type: ignore[arg-type]  # all types marshal can write
    part = path.with_name(f"{path.name}.part")
    for each in (part, path):
        if os.path.lexists(each) and not each.is_file():
            remove_path(each)
    part.write_bytes(compute_digest(data).encode() + data)
    part.replace(path)


def _load(path: Path, version: str) -> Any:  # noqa: ANN401 - whatever `_save` was given
    """Return the value saved under this version, or None. A damaged file is set aside."""
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
    saved, value = marshal.loads(payload)  # noqa: S302 - written by us, as the checksum shows
    return value if saved == version else None
