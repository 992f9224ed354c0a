"""What a publisher asks for, where it lies on the disk, and what came of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from feedpub import files
from feedpub.config import Config
from feedpub.errors import ConfigError
from feedpub.model import Post, Problem

ProgressCallback = Callable[[str, int, int], None]
"""Told of work as it goes on: which stage, how many are done, of how many."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """What to build, and how."""

    config_path: Path
    output: Path | None  # in place of the config's
    drafts: bool  # publish drafts too
    future: bool  # publish what is dated after `now` too
    clean: bool  # start from nothing
    now: datetime
    environ: Mapping[str, str]
    progress: ProgressCallback
    config: Config | None = None  # in place of what the file says now
    unfinished: frozenset[str] = frozenset()  # whole paths of files that somebody is writing
    refuse_empty: bool = False  # a content folder that has become empty is one that is away

    @property
    def state_folder(self) -> Path:
        """The folder where what is remembered of the site lies."""
        return self.config_path.parent / ".feedpub"


@dataclass(frozen=True, slots=True)
class SitePaths:
    """Where a site lies on the disk, and the settings it is built with."""

    config: Config
    content: Path
    templates: Path
    output: Path
    cache: Path


@dataclass(frozen=True, slots=True)
class Counts:
    """What a site consists of.

    files = published + drafts + scheduled + ignored + the files that were left out.
    """

    files: int  # Markdown files
    published: int
    drafts: int
    scheduled: int
    ignored: int  # names that are no posts, and posts that are private or have expired
    feeds: int  # documents, in every format
    pages: int


@dataclass(frozen=True, slots=True)
class Summary(Counts):
    """What came of a build or a check."""

    written: int
    unchanged: int
    removed: int
    problems: tuple[Problem, ...]
    folder: str
    seconds: float = 0.0
    changed_feeds: tuple[str, ...] = ()  # URLs of the feeds that say something else than before
    # Whose pages were not there at the last build, newest first; () where that is not known.
    new_posts: tuple[Post, ...] = ()
    next_change: datetime | None = None  # then the next post appears or goes
    damaged_files: tuple[str, ...] = ()  # parts of the cache that were, and have been made anew
    killed_workers: int = 0  # processes of the build, whose work others did


def resolve_paths(request: BuildRequest, *, sends: bool = True) -> SitePaths:
    """Read the config and find the folders it names; `sends` is as `config.load` has it.

    Raises FeedpubError where there is no config, and ConfigError where it cannot be used, or
    where what is written would become what is read.
    """
    path = request.config_path
    config = request.config or files.load_config(path, request.environ, sends=sends)
    home = path.parent
    where = SitePaths(
        config=config,
        content=home / config.content.folder,
        templates=home / config.pages.templates,
        output=request.output or home / config.output.folder,
        cache=request.state_folder / "cache",
    )
    output = where.output.resolve()
    for source in (where.content.resolve(), where.templates.resolve()):
        if output.is_relative_to(source) or source.is_relative_to(output):
            fault = f"the output folder {where.output} and {source} must not hold one another"
            raise ConfigError((Problem(str(path), 0, fault),))
    return where


def from_microseconds(since: int) -> datetime:
    """Give the time so many microseconds after 1970 began."""
    return _EPOCH + timedelta(microseconds=since)


def to_microseconds(moment: datetime) -> int:
    """Give a time as microseconds since 1970."""
    return (moment - _EPOCH) // timedelta(microseconds=1)
