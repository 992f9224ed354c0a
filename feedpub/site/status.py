"""What was remembered of a site → how it was built last, and which posts appear or go next."""

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


def load_last_build(request: BuildRequest) -> LastBuild | None:
    """Tell how the site was built last; None where it never was, or with other settings."""
    where = resolve_paths(request)
    if not where.cache.is_dir():
        return None
    memory = BuildCache(
        where.cache, compute_cache_version(packaged.compute_program_digest(), where.config)
    )
    at, last = memory.get_build_time(where.output), memory.load_build(where.output)
    return LastBuild(at, Counts(*last.counts), last.problems) if at and last else None


def list_upcoming(request: BuildRequest, most: int) -> tuple[UpcomingChange, ...]:
    """Give the posts that appear or go next, as they were when they were last read."""
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
    """Give when a post appears, and when it goes."""
    if one.expires is None or one.published < one.expires:
        yield UpcomingChange(one.published, one.title, one.path, expires=False)
    if one.expires is not None:
        yield UpcomingChange(one.expires, one.title, one.path, expires=True)
