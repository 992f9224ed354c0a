"""A build → what a living process keeps of it, so that the next need not find it out again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from feedpub import files
from feedpub.publish.hints import below, touches

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from feedpub.files import Bodies, Build, Entry
    from feedpub.files.outputs import Facts
    from feedpub.model import Copy, Output, Publication
    from feedpub.publish.issues import Record
    from feedpub.publish.making import Making
    from feedpub.publish.reader_pool import ReaderPool
    from feedpub.publish.request import Place, Request, Summary
    from feedpub.site import Site


@dataclass(frozen=True, slots=True)
class Seen:
    """All that decides what is published, but for the time."""

    code: str  # tells the version of the program
    where: Place
    drafts: bool
    future: bool
    entries: tuple[Entry, ...]
    texts: Mapping[str, str]  # the user's own templates
    record: Record

    def stamp(self) -> str:
        """Give a digest of it all."""
        asked = (self.code, self.where.config, self.drafts, self.future)
        return files.digest(repr((*asked, self.entries, self.texts, self.record)).encode())


@dataclass(frozen=True, slots=True)
class Kept:
    """What was found out by a build, all of it values: the next one may be handed them or not."""

    request: Request
    seen: Seen
    making: Making
    site: Site  # what the bytes were made with
    bodies: Bodies
    outputs: Mapping[str, Output | Copy]
    build: Build
    pool: ReaderPool
    mark: tuple[int, ...]  # of what is remembered on the disk of this build
    lines: str  # what the list of the output folder tells of posts
    listed: Facts  # of that list

    def belongs(self, request: Request) -> bool:
        """Tell whether it was kept of the site and for the folder that are asked for."""
        own = self.request
        return (own.config_path, own.output, own.environ) == (
            *(request.config_path, request.output, request.environ),
        )

    def published(self, where: Place) -> Mapping[str, Publication]:
        """Return what posts are published as: as this build left it, or a later one that failed."""
        own = self.making.library.publications
        if files.facts(where.output / files.LIST) == self.listed:
            return own
        return {**own, **files.publications(where.output)}

    def serves(self, request: Request, where: Place, mark: tuple[int, ...]) -> bool:
        """Tell whether it is of use still: settings stand, and nobody else has built since."""
        return not request.clean and self.seen.where == where and self.mark == mark


@dataclass(frozen=True, slots=True)
class Built:
    """What came of a build, and what to hand to the next one."""

    summary: Summary
    kept: Kept


@dataclass(frozen=True, slots=True)
class Hints:
    """What may have changed since a build: paths below each folder, "" for all of it."""

    content: frozenset[str]
    templates: frozenset[str]
    output: frozenset[str]

    @classmethod
    def of(cls, where: Place, changed: frozenset[str]) -> Hints:
        """Sort paths as a watcher tells them by the folder that they belong to."""
        folders = (where.content, where.templates, where.output)
        return cls(*(below(folder, changed) for folder in folders))

    def touched(self, paths: Iterable[str]) -> list[str]:
        """Give those of these paths of the output folder that may have changed."""
        return [path for path in paths if touches(path, self.output)] if self.output else []
