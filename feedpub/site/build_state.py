"""A build → what a living process keeps of it, so that the next need not find it out again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from feedpub.files import scanner, writer
from feedpub.site.changed_paths import is_changed, select_below

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from feedpub.app import BuildRequest, SitePaths, Summary
    from feedpub.files.cache import BuildRecord, RenderCache
    from feedpub.files.scanner import FileEntry
    from feedpub.files.writer import FileStat
    from feedpub.models.content import OutputFile, Publication, StaticFile
    from feedpub.site.archived_issues import IssueArchive
    from feedpub.site.outputs import SiteContext
    from feedpub.site.pipeline import PreparedSite
    from feedpub.site.pool import ReaderPool


@dataclass(frozen=True, slots=True)
class BuildInputs:
    """All that decides what is published, but for the time."""

    program_digest: str  # tells the version of the program
    paths: SitePaths
    drafts: bool
    future: bool
    entries: tuple[FileEntry, ...]
    templates: Mapping[str, str]  # the user's own templates
    archive: IssueArchive

    def compute_stamp(self) -> str:
        """Give a digest of it all."""
        asked = (self.program_digest, self.paths.config, self.drafts, self.future)
        return scanner.compute_digest(
            repr((*asked, self.entries, self.templates, self.archive)).encode()
        )


@dataclass(frozen=True, slots=True)
class BuildState:
    """What was found out by a build, all of it values: the next one may be handed them or not."""

    request: BuildRequest
    inputs: BuildInputs
    prepared: PreparedSite
    context: SiteContext  # what the bytes were made with
    bodies: RenderCache
    outputs: Mapping[str, OutputFile | StaticFile]
    build: BuildRecord
    pool: ReaderPool
    stamp: tuple[int, ...]  # of what is remembered on the disk of this build
    publication_lines: str  # what the list of the output folder tells of posts
    list_stat: FileStat  # of that list

    def matches_request(self, request: BuildRequest) -> bool:
        """Tell whether it was kept of the site and for the folder that are asked for."""
        own = self.request
        return (own.config_path, own.output, own.environ) == (
            *(request.config_path, request.output, request.environ),
        )

    def load_publications(self, where: SitePaths) -> Mapping[str, Publication]:
        """Return what posts are published as: as this build left it, or a later one that failed."""
        own = self.prepared.library.publications
        if writer.stat_file(where.output / scanner.LIST_FILE) == self.list_stat:
            return own
        return {**own, **scanner.read_publications(where.output)}

    def is_reusable(self, request: BuildRequest, where: SitePaths, mark: tuple[int, ...]) -> bool:
        """Tell whether it is of use still: settings stand, and nobody else has built since."""
        return not request.clean and self.inputs.paths == where and self.stamp == mark


@dataclass(frozen=True, slots=True)
class RebuildResult:
    """What came of a build, and what to hand to the next one."""

    summary: Summary
    state: BuildState


@dataclass(frozen=True, slots=True)
class ChangedPaths:
    """What may have changed since a build: paths below each folder, "" for all of it."""

    content: frozenset[str]
    templates: frozenset[str]
    output: frozenset[str]

    @classmethod
    def from_paths(cls, where: SitePaths, changed: frozenset[str]) -> ChangedPaths:
        """Sort paths as a watcher tells them by the folder that they belong to."""
        folders = (where.content, where.templates, where.output)
        return cls(*(select_below(folder, changed) for folder in folders))

    def select_changed(self, paths: Iterable[str]) -> list[str]:
        """Give those of these paths of the output folder that may have changed."""
        return [path for path in paths if is_changed(path, self.output)] if self.output else []
