"""The content folder → manuscripts, reading again only the files that may have changed."""

import time
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from feedpub import posts
from feedpub.config import Config
from feedpub.files import Entry, Memory, Reading, Row
from feedpub.model import Problem
from feedpub.posts import Kind
from feedpub.publish.reader_pool import Found, Job, ReaderPool, killed

_SHOWN = 200  # characters of a path that is far too long


@dataclass(frozen=True, slots=True)
class Contents:
    """What lies in the content folder."""

    sources: tuple[Entry, ...]  # Markdown files that are meant to be posts
    others: tuple[Entry, ...]  # files that are published as they are
    ignored: int  # Markdown files that are not meant to be posts
    problems: tuple[Problem, ...]  # files whose names cannot be published
    withheld: Mapping[Kind, tuple[Entry, ...]]  # files that are not for readers, by what they are

    def linkable(self) -> Mapping[str, int]:
        """Return the files, and their sizes, that are published where a post links to them."""
        return {
            entry.path: entry.size
            for kind in posts.LINKABLE
            for entry in self.withheld.get(kind, ())
        }

    def reports(self, published: Container[str]) -> Iterator[Problem]:
        """Report, once for each kind, the files that stay withheld."""
        for kind, entries in self.withheld.items():
            left = [entry.path for entry in entries if entry.path not in published]
            if message := posts.report(kind, left):
                yield Problem("", 0, message)


def _no_peek(_path: str) -> bytes:
    return b""


def sort(
    entries: Sequence[Entry], config: Config, peek: Callable[[str], bytes] = _no_peek
) -> Contents:
    """Tell posts from other files, and both from what is not to be published.

    `peek` returns the first octets of a file.
    """
    found: dict[Kind, list[Entry]] = {kind: [] for kind in Kind}
    problems: list[Problem] = []
    ignored = 0
    classifier = posts.Classifier(config, (entry.path for entry in entries), peek)
    for entry in entries:
        if entry.fault and not _is_ignored_link(entry, config):
            shown = ascii(entry.path)[1:-1] if not _speakable(entry.path) else entry.path
            problems.append(Problem(_shortened(shown), 0, entry.fault, _is_post(entry)))
        if not entry.is_there:
            continue
        kind = classifier.classify(entry.path)
        if kind in (Kind.POST, Kind.ASSET) and not _speakable(entry.path):
            shown = ascii(entry.path)[1:-1]
            fault = f"its name {_unspeakable(entry.path)}; rename it"
            problems.append(Problem(shown, 0, fault, left_out=kind is Kind.POST))
            continue
        found[kind].append(entry)
        ignored += kind not in (Kind.POST, Kind.ASSET) and is_markdown(entry.path)
    sources, others = found.pop(Kind.POST), found.pop(Kind.ASSET)
    del found[Kind.IGNORED]
    withheld = {kind: tuple(those) for kind, those in found.items() if those}
    return Contents(tuple(sources), tuple(others), ignored, tuple(problems), withheld)


def _is_ignored_link(entry: Entry, config: Config) -> bool:
    """Tell whether nobody expects what a link leads to, a file or a folder, to be published."""
    paths = (entry.path, f"{entry.path}/")
    return entry.link and any(posts.ignored(path, config) for path in paths)


def _is_post(entry: Entry) -> bool:
    """Tell whether a file that cannot be published counts as one that is left out."""
    return not entry.link or is_markdown(entry.path)


def is_markdown(path: str) -> bool:
    """Tell whether a file is counted as one that could be a post."""
    return path.lower().endswith(posts.SUFFIXES)


def _shortened(path: str) -> str:
    """Return the beginning of a path, and its end."""
    return path if len(path) <= _SHOWN else f"{path[: _SHOWN // 2]}…{path[-_SHOWN // 2 :]}"


def _unspeakable(path: str) -> str:
    """Say what a name holds that cannot be written down in one line."""
    found = next((letter for letter in path if letter < " "), "")
    if not found:
        return "is not UTF-8"
    named = {"\n": "a line end", "\r": "a line end", "\t": "a tab"}
    return f"holds {named.get(found) or f'a control character (U+{ord(found):04X})'}"


def _speakable(path: str) -> bool:
    """Tell whether a path is text that can be written down in one line."""
    return path.isprintable() or not any(
        "\ud800" <= letter <= "\udfff" or letter < " " for letter in path
    )


@dataclass(frozen=True, slots=True)
class Readings:
    """What came of reading the posts."""

    by_path: Mapping[str, Reading]  # in order
    killed: tuple[Problem, ...]  # processes that were killed while they read, by the path
    unfinished: tuple[Problem, ...] = ()  # files that somebody is writing, and that stay as known


def read(  # noqa: PLR0913 - where from, what is known, and who is told
    config: Config,
    folder: Path,
    sources: Sequence[Entry],
    memory: Memory,
    progress: Callable[[int, int], None],
    known: Mapping[str, Reading] | None = None,
    *,
    pool: ReaderPool | None = None,
    unfinished: AbstractSet[str] = frozenset(),
    keep: bool,
) -> Readings:
    """Read every source, and put the HTML of each in the memory; known ones are not read again.

    A file that the disk shows as it was is known; so is one whose bytes are those it had: it
    keeps the very manuscript of `known`, or of the memory where that is None. Without `keep` the
    memory goes on knowing of the files what it knew. A file that has gone since it was listed is
    not among what is returned. One that is `unfinished`, or open for writing, stays what it is
    known to be, and is left out where it is not known.
    """
    scanned = time.time_ns()
    if known is None:
        known = memory.readings()
    stale = [entry for entry in sources if not _is_known(entry, known.get(entry.path))]
    waiting = [entry.path for entry in stale if entry.path in unfinished]
    jobs = {
        entry.path: _job(entry, known.get(entry.path), scanned)
        for entry in stale
        if entry.path not in unfinished
    }
    if jobs and pool is None:
        pool = ReaderPool(config, folder)
    fresh: dict[str, Reading | None] = {}
    lost: list[Problem] = []
    done = 0
    with closing(memory.bodies()) as bodies:
        for count, found in pool.read(tuple(jobs.values())) if pool and jobs else ():
            rows: list[Row] = []
            for each in found:
                if each.is_unfinished:
                    waiting.append(each.path)
                    continue
                if each.killed_by is not None:
                    lost.append(killed(each.path, each.killed_by))
                    continue
                row = _row(each, jobs[each.path], known)
                before = known.get(each.path)
                fresh[each.path] = _with_known(Reading.of(row.reading), before) if row else None
                rows += [row] if row else []
            bodies.add(rows, keep=keep)
            done += count
            progress(done, len(stale))
        # With `known` empty every file is to be read, and these cannot be.
        remembered = known if known or not waiting else memory.readings()
        held = {path: _held(path, remembered.get(path)) for path in waiting}
        fresh.update(held)
        bodies.add([Row(path, bytes(each), "", "") for path, each in held.items()], keep=keep)
        readings: dict[str, Reading] = {}
        for entry in sources:
            reading = fresh[entry.path] if entry.path in fresh else known[entry.path]
            if reading:
                readings[entry.path] = reading
        gone = known.keys() - readings.keys()
        if keep and (fresh or gone):
            # Last: a build killed in between must not know a manuscript whose body is gone.
            bodies.prune(readings.values(), gone)
    told = (Problem(path, 0, _UNFINISHED) for path, each in held.items() if each.manuscript)
    left_out = (each.problem for each in held.values() if each.problem)
    return Readings(readings, tuple(lost), (*told, *left_out))


_UNFINISHED = "is still being written; until that ends it is published as it was before"
_BEGUN = "is still being written; it is published as soon as that ends"


def _held(path: str, known: Reading | None) -> Reading:
    """Return what is known of a file that is being written, to be read again the next time."""
    if known and known.manuscript:
        return replace(known, facts=())
    return Reading(path, (), None, Problem(path, 0, _BEGUN, left_out=True))


def _job(entry: Entry, known: Reading | None, scanned: int) -> Job:
    """Say what is to be read."""
    facts = _facts(entry) if entry.settled(scanned) else ()
    return Job(entry.path, facts, known.manuscript.digest if known and known.manuscript else "")


def _row(found: Found, job: Job, known: Mapping[str, Reading]) -> Row | None:
    """Give what is to be kept of a file; None where it is gone."""
    if found.is_same:
        return Row(job.path, bytes(replace(known[job.path], facts=job.facts)), "", "")
    return found.row


def _is_known(entry: Entry, reading: Reading | None) -> bool:
    """Tell whether a file is as it was when it was last read."""
    return reading is not None and reading.facts == _facts(entry)


def _with_known(reading: Reading, known: Reading | None) -> Reading:
    """Give a reading with the very manuscript that is known, where it is no other."""
    same = known and known.manuscript == reading.manuscript
    return replace(reading, manuscript=known.manuscript) if known and same else reading


def _facts(entry: Entry) -> tuple[int, ...]:
    """Give what tells one state of a file from another."""
    return entry.size, entry.modified, entry.changed, entry.inode
