"""Classify the files of the content folder, and read the posts that may have changed.

Used by `pipeline.prepare_site`: first `classify_files`, then `read_posts`.
"""

import time
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from feedpub.config.schema import Config
from feedpub.content import assets as content_assets
from feedpub.content import filenames
from feedpub.content.assets import FileKind
from feedpub.files.cache import BuildCache, CacheRow, ReadResult
from feedpub.files.scanner import FileEntry
from feedpub.models.content import Problem
from feedpub.site.pool import JobResult, ReaderPool, ReadJob, describe_killed_worker

_SHOWN = 200  # characters shown of a very long path


@dataclass(frozen=True, slots=True)
class ContentListing:
    """The files of the content folder by kind."""

    sources: tuple[FileEntry, ...]  # Markdown files to read as posts
    assets: tuple[FileEntry, ...]  # files published unchanged
    ignored_count: int  # Markdown files that are not posts
    problems: tuple[Problem, ...]  # files that cannot be published
    withheld: Mapping[FileKind, tuple[FileEntry, ...]]  # files not published by default, by kind

    def list_linkable(self) -> Mapping[str, int]:
        """Return the paths and sizes of withheld files that a link from a post publishes."""
        return {
            entry.path: entry.size
            for kind in content_assets.LINKABLE_KINDS
            for entry in self.withheld.get(kind, ())
        }

    def report_withheld(self, published: Container[str]) -> Iterator[Problem]:
        """Report the withheld files that no post links to, once for each kind."""
        for kind, entries in self.withheld.items():
            left = [entry.path for entry in entries if entry.path not in published]
            if message := content_assets.format_unpublished(kind, left):
                yield Problem("", 0, message)


def _no_peek(_path: str) -> bytes:
    return b""


def classify_files(
    entries: Sequence[FileEntry], config: Config, peek: Callable[[str], bytes] = _no_peek
) -> ContentListing:
    """Sort files into posts, assets and files that are not published.

    `peek` returns the first bytes of a file.
    """
    found: dict[FileKind, list[FileEntry]] = {kind: [] for kind in FileKind}
    problems: list[Problem] = []
    ignored = 0
    classifier = content_assets.FileClassifier(config, (entry.path for entry in entries), peek)
    for entry in entries:
        if entry.fault and not _is_ignored_link(entry, config):
            shown = ascii(entry.path)[1:-1] if not _is_printable(entry.path) else entry.path
            problems.append(Problem(_shortened(shown), 0, entry.fault, _is_post(entry)))
        if not entry.exists:
            continue
        kind = classifier.classify(entry.path)
        if kind in (FileKind.POST, FileKind.ASSET) and not _is_printable(entry.path):
            shown = ascii(entry.path)[1:-1]
            fault = f"file name {_describe_unprintable(entry.path)}; rename it"
            problems.append(Problem(shown, 0, fault, left_out=kind is FileKind.POST))
            continue
        found[kind].append(entry)
        ignored += kind not in (FileKind.POST, FileKind.ASSET) and is_markdown(entry.path)
    sources, others = found.pop(FileKind.POST), found.pop(FileKind.ASSET)
    del found[FileKind.IGNORED]
    withheld = {kind: tuple(those) for kind, those in found.items() if those}
    return ContentListing(tuple(sources), tuple(others), ignored, tuple(problems), withheld)


def _is_ignored_link(entry: FileEntry, config: Config) -> bool:
    """Return whether a symbolic link leads to something that is ignored anyway."""
    paths = (entry.path, f"{entry.path}/")
    return entry.is_link and any(filenames.is_ignored(path, config) for path in paths)


def _is_post(entry: FileEntry) -> bool:
    """Return whether an unusable entry counts as a post that was left out."""
    return not entry.is_link or is_markdown(entry.path)


def is_markdown(path: str) -> bool:
    """Return whether a file has a Markdown suffix."""
    return path.lower().endswith(filenames.MARKDOWN_SUFFIXES)


def _shortened(path: str) -> str:
    """Return a path, shortened in the middle if it is very long."""
    return path if len(path) <= _SHOWN else f"{path[: _SHOWN // 2]}…{path[-_SHOWN // 2 :]}"


def _describe_unprintable(path: str) -> str:
    """Say why a file name cannot be printed on one line."""
    found = next((letter for letter in path if letter < " "), "")
    if not found:
        return "is not UTF-8"
    named = {"\n": "a line break", "\r": "a line break", "\t": "a tab"}
    return f"contains {named.get(found) or f'a control character (U+{ord(found):04X})'}"


def _is_printable(path: str) -> bool:
    """Return whether a path can be printed on one line and is valid UTF-8."""
    return path.isprintable() or not any(
        "\ud800" <= letter <= "\udfff" or letter < " " for letter in path
    )


@dataclass(frozen=True, slots=True)
class ReadResults:
    """The results of reading the posts."""

    by_path: Mapping[str, ReadResult]  # in order
    lost_workers: tuple[Problem, ...]  # workers killed while reading, by the path of the file
    unfinished: tuple[Problem, ...] = ()  # files still being written, published as last read


def read_posts(  # noqa: PLR0913 - inputs, known results and callbacks
    config: Config,
    folder: Path,
    sources: Sequence[FileEntry],
    memory: BuildCache,
    progress: Callable[[int, int], None],
    known: Mapping[str, ReadResult] | None = None,
    *,
    pool: ReaderPool | None = None,
    unfinished: AbstractSet[str] = frozenset(),
    keep: bool,
) -> ReadResults:
    """Read every source that may have changed, and store the HTML of each in the cache.

    A file with unchanged stat data is not read; one with unchanged bytes is not parsed and keeps
    the parsed post of `known`, or of the cache where that is None. With `keep` False only the HTML
    is cached. A file that has vanished since the scan is missing from the result. One that is
    `unfinished`, or open for writing, keeps its last known result or, without one, is left out.
    """
    scanned = time.time_ns()
    if known is None:
        known = memory.load_read_results()
    stale = [entry for entry in sources if not _is_known(entry, known.get(entry.path))]
    waiting = [entry.path for entry in stale if entry.path in unfinished]
    jobs = {
        entry.path: _job(entry, known.get(entry.path), scanned)
        for entry in stale
        if entry.path not in unfinished
    }
    if jobs and pool is None:
        pool = ReaderPool(config, folder)
    fresh: dict[str, ReadResult | None] = {}
    lost: list[Problem] = []
    done = 0
    with closing(memory.open_bodies()) as bodies:
        for count, found in pool.read(tuple(jobs.values())) if pool and jobs else ():
            rows: list[CacheRow] = []
            for each in found:
                if each.is_unfinished:
                    waiting.append(each.path)
                    continue
                if each.killed_by is not None:
                    lost.append(describe_killed_worker(each.path, each.killed_by))
                    continue
                row = _row(each, jobs[each.path], known)
                before = known.get(each.path)
                fresh[each.path] = (
                    _reuse_known(ReadResult.from_bytes(row.reading), before) if row else None
                )
                rows += [row] if row else []
            bodies.add(rows, keep=keep)
            done += count
            progress(done, len(stale))
        # If `known` is empty, every file was to be read, but these cannot be: ask the cache.
        remembered = known if known or not waiting else memory.load_read_results()
        held = {path: _keep_known(path, remembered.get(path)) for path in waiting}
        fresh.update(held)
        bodies.add([CacheRow(path, bytes(each), "", "") for path, each in held.items()], keep=keep)
        readings: dict[str, ReadResult] = {}
        for entry in sources:
            reading = fresh[entry.path] if entry.path in fresh else known[entry.path]
            if reading:
                readings[entry.path] = reading
        gone = known.keys() - readings.keys()
        if keep and (fresh or gone):
            # Last: if the build is killed before, no cached post may refer to HTML that is gone.
            bodies.prune(readings.values(), gone)
    told = (Problem(path, 0, UNFINISHED) for path, each in held.items() if each.manuscript)
    left_out = (each.problem for each in held.values() if each.problem)
    return ReadResults(readings, tuple(lost), (*told, *left_out))


UNFINISHED = "is still being written; its previous version stays published meanwhile"
UNFINISHED_NEW = "is still being written; it is published once complete"


def _keep_known(path: str, known: ReadResult | None) -> ReadResult:
    """Return the known result of a file being written, without stat data: it is read again."""
    if known and known.manuscript:
        return replace(known, stat=())
    return ReadResult(path, (), None, Problem(path, 0, UNFINISHED_NEW, left_out=True))


def _job(entry: FileEntry, known: ReadResult | None, scanned: int) -> ReadJob:
    """Return the job that reads a file."""
    facts = _facts(entry) if entry.is_stable(scanned) else ()
    return ReadJob(entry.path, facts, known.manuscript.digest if known and known.manuscript else "")


def _row(found: JobResult, job: ReadJob, known: Mapping[str, ReadResult]) -> CacheRow | None:
    """Return the cache row of a result, None if the file is gone."""
    if found.is_unchanged:
        return CacheRow(job.path, bytes(replace(known[job.path], stat=job.stat)), "", "")
    return found.row


def _is_known(entry: FileEntry, reading: ReadResult | None) -> bool:
    """Return whether a file has not changed since it was last read."""
    return reading is not None and reading.stat == _facts(entry)


def _reuse_known(reading: ReadResult, known: ReadResult | None) -> ReadResult:
    """Return a result with the known parsed post, if equal, so that identity checks work."""
    same = known and known.manuscript == reading.manuscript
    return replace(reading, manuscript=known.manuscript) if known and same else reading


def _facts(entry: FileEntry) -> tuple[int, ...]:
    """Return the stat data by which a change is detected."""
    return entry.size, entry.modified, entry.changed, entry.inode
