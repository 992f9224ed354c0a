"""What was remembered of a site → how it was built last, and which posts appear or go next."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from feedpub import files
from feedpub.files import Memory
from feedpub.model import Manuscript, Problem
from feedpub.publish.building import reading_version
from feedpub.publish.request import Counts, Request, place


@dataclass(frozen=True, slots=True)
class Coming:
    """A post that appears, or goes."""

    at: datetime
    title: str
    path: str
    expires: bool


@dataclass(frozen=True, slots=True)
class LastBuild:
    """What came of the last build that had anything to do."""

    at: datetime
    counts: Counts
    problems: tuple[Problem, ...]


def last_build(request: Request) -> LastBuild | None:
    """Tell how the site was built last; None where it never was, or with other settings."""
    where = place(request)
    if not where.memory.is_dir():
        return None
    memory = Memory(where.memory, reading_version(files.code(), where.config))
    at, last = memory.built(where.output), memory.last_build(where.output)
    return LastBuild(at, Counts(*last.counts), last.problems) if at and last else None


def coming(request: Request, most: int) -> tuple[Coming, ...]:
    """Give the posts that appear or go next, as they were when they were last read."""
    where = place(request)
    if not where.memory.is_dir():
        return ()
    memory = Memory(where.memory, reading_version(files.code(), where.config))
    found = [
        each
        for reading in memory.readings().values()
        if reading.manuscript and not reading.manuscript.draft
        for each in _moments(reading.manuscript)
        if each.at > request.now
    ]
    return tuple(sorted(found, key=lambda each: (each.at, each.path))[:most])


def _moments(one: Manuscript) -> Iterator[Coming]:
    """Give when a post appears, and when it goes."""
    if one.expires is None or one.published < one.expires:
        yield Coming(one.published, one.title, one.path, expires=False)
    if one.expires is not None:
        yield Coming(one.expires, one.title, one.path, expires=True)
