"""Report from the cache how the last build went and which posts appear or expire next."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from feedpub.app import BuildRequest, Counts, resolve_paths
from feedpub.files import packaged
from feedpub.files.cache import BuildCache
from feedpub.models.content import ParsedPost, Problem
from feedpub.site.builder import compute_cache_version


@dataclass(frozen=True, slots=True)
class UpcomingChange:
    """A post that will appear or expire."""

    at: datetime
    title: str
    path: str
    expires: bool


@dataclass(frozen=True, slots=True)
class LastBuild:
    """The result of the last build that had work to do."""

    at: datetime
    counts: Counts
    problems: tuple[Problem, ...]


def load_last_build(request: BuildRequest) -> LastBuild | None:
    """Return the last build, None if there is none with these settings."""
    where = resolve_paths(request)
    if not where.cache.is_dir():
        return None
    memory = BuildCache(
        where.cache, compute_cache_version(packaged.compute_program_digest(), where.config)
    )
    at, last = memory.get_build_time(where.output), memory.load_build(where.output)
    return LastBuild(at, Counts(*last.counts), last.problems) if at and last else None


def list_upcoming(request: BuildRequest, most: int) -> tuple[UpcomingChange, ...]:
    """Return the next posts to appear or expire, as they were when last read."""
    where = resolve_paths(request)
    if not where.cache.is_dir():
        return ()
    memory = BuildCache(
        where.cache, compute_cache_version(packaged.compute_program_digest(), where.config)
    )
    found = [
        each
        for reading in memory.load_read_results().values()
        if reading.manuscript and not reading.manuscript.draft
        for each in _list_changes(reading.manuscript)
        if each.at > request.now
    ]
    return tuple(sorted(found, key=lambda each: (each.at, each.path))[:most])


def _list_changes(one: ParsedPost) -> Iterator[UpcomingChange]:
    """Yield when a post appears and when it expires."""
    if one.expires is None or one.published < one.expires:
        yield UpcomingChange(one.published, one.title, one.path, expires=False)
    if one.expires is not None:
        yield UpcomingChange(one.expires, one.title, one.path, expires=True)
