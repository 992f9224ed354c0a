"""State that a long-lived process keeps between builds, so that the next one does less work."""

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
    """Everything that determines the output, apart from the time."""

    program_digest: str  # digest of the installed program
    paths: SitePaths
    drafts: bool
    future: bool
    entries: tuple[FileEntry, ...]
    templates: Mapping[str, str]  # the user's own templates
    archive: IssueArchive

    def compute_stamp(self) -> str:
        """Return a digest of all inputs."""
        asked = (self.program_digest, self.paths.config, self.drafts, self.future)
        return scanner.compute_digest(
            repr((*asked, self.entries, self.templates, self.archive)).encode()
        )


@dataclass(frozen=True, slots=True)
class BuildState:
    """The results of a build for reuse by the next, which is equally correct without them."""

    request: BuildRequest
    inputs: BuildInputs
    prepared: PreparedSite
    context: SiteContext  # what outputs were rendered with
    bodies: RenderCache
    outputs: Mapping[str, OutputFile | StaticFile]
    build: BuildRecord
    pool: ReaderPool
    stamp: tuple[int, ...]  # of the cache on disk, after this build
    publication_lines: str  # what the manifest file records about posts
    list_stat: FileStat  # of the manifest file

    def matches_request(self, request: BuildRequest) -> bool:
        """Return whether this state is of the same site, environment and output folder."""
        own = self.request
        return (own.config_path, own.output, own.environ) == (
            *(request.config_path, request.output, request.environ),
        )

    def load_publications(self, where: SitePaths) -> Mapping[str, Publication]:
        """Return what posts were published as, including entries of a later build that failed."""
        own = self.prepared.library.publications
        if writer.stat_file(where.output / scanner.LIST_FILE) == self.list_stat:
            return own
        return {**own, **scanner.read_publications(where.output)}

    def is_reusable(self, request: BuildRequest, where: SitePaths, mark: tuple[int, ...]) -> bool:
        """Return whether the settings are the same and no other process has built since."""
        return not request.clean and self.inputs.paths == where and self.stamp == mark


@dataclass(frozen=True, slots=True)
class RebuildResult:
    """The summary of a build, and the state for the next one."""

    summary: Summary
    state: BuildState


@dataclass(frozen=True, slots=True)
class ChangedPaths:
    """What may have changed since a build: paths below each folder; "" means all of it."""

    content: frozenset[str]
    templates: frozenset[str]
    output: frozenset[str]

    @classmethod
    def from_paths(cls, where: SitePaths, changed: frozenset[str]) -> ChangedPaths:
        """Sort the paths that a watcher reports by folder."""
        folders = (where.content, where.templates, where.output)
        return cls(*(select_below(folder, changed) for folder in folders))

    def select_changed(self, paths: Iterable[str]) -> list[str]:
        """Return those of the given output paths that may have changed."""
        return [path for path in paths if is_changed(path, self.output)] if self.output else []
