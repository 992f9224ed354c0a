"""The content folder → manuscripts, reading again only the files that may have changed."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from operator import attrgetter
from pathlib import Path

from feedpub import files, posts
from feedpub.config import Config
from feedpub.errors import PostError
from feedpub.files import Entry, Memory, Reading, Row, processors, spread
from feedpub.model import Problem


@dataclass(frozen=True, slots=True)
class Contents:
    """What lies in the content folder."""

    sources: tuple[Entry, ...]  # Markdown files that are meant to be posts
    others: tuple[Entry, ...]  # files that are published as they are
    ignored: int  # Markdown files that are not meant to be posts
    problems: tuple[Problem, ...]  # files whose names cannot be published


def sort(entries: Sequence[Entry], config: Config) -> Contents:
    """Tell posts from other files, and both from what is to be ignored."""
    sources: list[Entry] = []
    others: list[Entry] = []
    problems: list[Problem] = []
    ignored = 0
    for entry in filter(attrgetter("is_there"), entries):
        is_source = entry.path.lower().endswith(posts.SUFFIXES)
        if posts.ignored(entry.path, config):
            ignored += is_source
        elif not _speakable(entry.path):
            shown = ascii(entry.path)[1:-1]
            problems.append(Problem(shown, 0, "its name is not UTF-8; rename it", is_source))
        else:
            (sources if is_source else others).append(entry)
    return Contents(tuple(sources), tuple(others), ignored, tuple(problems))


def _speakable(path: str) -> bool:
    """Tell whether a path is text that can be written down in one line."""
    return path.isprintable() or not any(
        "\ud800" <= letter <= "\udfff" or letter < " " for letter in path
    )


def read(  # noqa: PLR0913 - where from, what is known, and who is told
    config: Config,
    folder: Path,
    sources: Sequence[Entry],
    memory: Memory,
    progress: Callable[[int, int], None],
    known: Mapping[str, Reading] | None = None,
    *,
    keep: bool,
) -> dict[str, Reading]:
    """Read every source, and put the HTML of each in the memory; known ones are not read again.

    A file that the disk shows as it was is known; so is one whose bytes are those it had: it
    keeps the very manuscript of `known`, or of the memory where that is None. Without `keep` the
    memory goes on knowing of the files what it knew.
    """
    scanned = time.time_ns()
    if known is None:
        known = memory.readings()
    stale = [entry for entry in sources if not _is_known(entry, known.get(entry.path))]
    fresh: dict[str, Reading] = {}
    done = 0
    reader = _Reading(config, folder, known, scanned) if stale else None
    with closing(memory.bodies()) as bodies:
        for count, rows in spread(stale, reader, processors()) if reader else ():
            for row in rows:
                fresh[row.path] = _with_known(Reading.of(row.reading), known.get(row.path))
            bodies.add(rows, keep=keep)
            done += count
            progress(done, len(stale))
        readings = {entry.path: fresh.get(entry.path) or known[entry.path] for entry in sources}
        gone = known.keys() - readings.keys()
        if keep and (fresh or gone):
            # Last: a build killed in between must not know a manuscript whose body is gone.
            bodies.prune(readings.values(), gone)
    return readings


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


class _Reading:
    """Reads files, in whichever process it finds itself."""

    def __init__(
        self, config: Config, folder: Path, known: Mapping[str, Reading], scanned: int
    ) -> None:
        self._reader = posts.Reader(config)
        self._folder = folder
        self._known = known
        self._scanned = scanned

    def __call__(self, entries: Sequence[Entry]) -> list[Row]:
        """Read these files."""
        return [self._row(entry) for entry in entries]

    def _row(self, entry: Entry) -> Row:
        """Read one file; what is wrong with it is part of the answer."""
        facts = _facts(entry) if entry.settled(self._scanned) else ()
        body, html = "", ""
        try:
            source = files.read(self._folder, entry.path)
            known = self._known.get(entry.path)
            if known and known.manuscript and known.manuscript.digest == source.digest:
                reading = replace(known, facts=facts)
            else:
                manuscript, rendered = self._reader.read(source)
                html = rendered.dumps()
                reading, body = Reading(entry.path, facts, manuscript), source.digest
        except PostError as error:
            reading = Reading(entry.path, facts, None, error.problem)
        except OSError as error:
            fault = f"cannot be read ({error.strerror})"
            problem = Problem(entry.path, 0, fault, left_out=True)
            reading = Reading(entry.path, (), None, problem)
        return Row(entry.path, bytes(reading), body, html)
