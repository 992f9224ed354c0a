"""Build a site incrementally: `build` for one run, `rebuild` in a long-lived process."""

import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import asdict, astuple, replace
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, TypeVar

from feedpub.app import (
    BuildRequest,
    Counts,
    SitePaths,
    Summary,
    from_microseconds,
    resolve_paths,
    to_microseconds,
)
from feedpub.config.schema import Config
from feedpub.errors import FeedpubError
from feedpub.files import cache, lock, packaged, scanner, writer
from feedpub.files.cache import BuildCache, BuildRecord
from feedpub.files.writer import Manifest
from feedpub.models.content import BuildResult, OutputFile, Problem, StaticFile
from feedpub.site.archived_issues import load_archived_issues
from feedpub.site.build_state import BuildInputs, BuildState, ChangedPaths, RebuildResult
from feedpub.site.changed_paths import is_changed, select_below
from feedpub.site.clock_check import check_clock_for_build, find_latest_date

if TYPE_CHECKING:
    from feedpub.site.pipeline import PreparedSite

Result = TypeVar("Result")

_LONG_AGO, _NEVER = -(1 << 62), 1 << 62  # microseconds before and after every possible date


def build(request: BuildRequest) -> Summary:
    """Build the site: write changed files, remove stale ones and leave the rest.

    Problems with single files are in the summary. Waits for another build of the same site, or
    into the same folder. Raises FeedpubError where the build cannot go on.
    """
    where = resolve_paths(request, sends=False)
    code = packaged.compute_program_digest()

    def work() -> Summary:
        seen = _collect_inputs(request, where, code)
        last = None if request.clean else _open_cache(seen).load_build(where.output)
        if (
            last
            and last.stamp == seen.compute_stamp()
            and _is_still_valid(last, request, where, last.manifest)
        ):
            return _summary(where, last, written=0, removed=0)
        return _build_site(request, seen, last).summary

    summary = _run_locked(request, where, work)
    return replace(summary, damaged_files=cache.pop_damaged(where.cache))


def rebuild(
    request: BuildRequest, kept: BuildState | None = None, changed: frozenset[str] | None = None
) -> RebuildResult:
    """Build the site like `build`, reusing what an earlier build in this process found out.

    `kept` is the state that the last build returned. `changed` are the files and folders that may
    have changed since it began, and only these are looked at; None means any. The files written
    are the same as those of a full build.

    Raises FeedpubError as `build` does; `kept` then remains usable.
    """
    kept = kept if kept and kept.matches_request(request) else None
    code = kept.inputs.program_digest if kept else packaged.compute_program_digest()
    heard = kept and changed is not None and not select_below(request.config_path, changed)
    where = (
        kept.inputs.paths
        if kept and heard and not request.config
        else resolve_paths(request, sends=False)
    )
    # The second attempt starts without state: the first found the cache corrupt.
    trials = [None, kept]

    def work() -> RebuildResult:
        known = trials.pop()
        mark = cache.BuildCache(where.cache, "").get_validity_stamp(where.output)
        if not (known and known.is_reusable(request, where, mark)):
            seen = _collect_inputs(request, where, code)
            last = None if request.clean else _open_cache(seen).load_build(where.output)
            return _build_site(request, seen, last)
        # If the manifest file was changed by someone else, no output file can be assumed untouched.
        untouched = writer.stat_file(where.output / scanner.LIST_FILE) == known.list_stat
        changed_paths = (
            ChangedPaths.from_paths(where, changed) if changed is not None and untouched else None
        )
        seen = _collect_inputs(request, where, code, known, changed_paths)
        paths = (
            changed_paths.select_changed(known.build.manifest)
            if changed_paths
            else known.build.manifest
        )
        ledger = {path: known.build.manifest[path] for path in paths}
        same = known.build.stamp and known.inputs == seen
        if same and untouched and _is_still_valid(known.build, request, where, ledger):
            return RebuildResult(_summary(where, known.build, written=0, removed=0), known)
        return _build_site(request, seen, known.build, known, changed_paths)

    built = _run_locked(request, where, work)
    damaged = cache.pop_damaged(where.cache)
    return (
        replace(built, summary=replace(built.summary, damaged_files=damaged)) if damaged else built
    )


def _run_locked(request: BuildRequest, where: SitePaths, work: Callable[[], Result]) -> Result:
    """Run `work` under the locks of cache and output folder, again if the cache was corrupt."""

    def waiting() -> None:
        request.progress("waiting for another build to end", 0, 0)

    cache.create_cache_folder(where.cache)
    with lock.lock_folder(where.cache, waiting), lock.lock_folder(where.output, waiting):
        return cache.retry_on_corrupt_cache(where.cache, work)


def _collect_inputs(
    request: BuildRequest,
    where: SitePaths,
    code: str,
    kept: BuildState | None = None,
    changed_paths: ChangedPaths | None = None,
) -> BuildInputs:
    """Collect everything that determines the output, or only what may have changed of it."""
    follow_links = where.config.content.follow_links
    if kept and changed_paths:
        entries = scanner.rescan(
            where.content, kept.inputs.entries, changed_paths.content, follow_links=follow_links
        )
        texts = (
            packaged.read_templates(where.templates)
            if changed_paths.templates
            else kept.inputs.templates
        )
    else:
        entries = scanner.scan(where.content, follow_links=follow_links)
        texts = packaged.read_templates(where.templates)
    memory = BuildCache(where.cache, compute_cache_version(code, where.config))
    record = load_archived_issues(where, request.config_path, memory)
    return BuildInputs(code, where, request.drafts, request.future, entries, texts, record)


def _open_cache(seen: BuildInputs) -> BuildCache:
    """Open the cache of the site."""
    return BuildCache(
        seen.paths.cache, compute_cache_version(seen.program_digest, seen.paths.config)
    )


def _is_still_valid(
    last: BuildRecord, request: BuildRequest, where: SitePaths, ledger: Manifest
) -> bool:
    """Return whether a build is still current and the given files are as it left them."""
    timely = last.valid_from <= to_microseconds(request.now) < last.valid_until
    return timely and writer.is_unchanged(where.output, ledger)


def _build_site(
    request: BuildRequest,
    seen: BuildInputs,
    last: BuildRecord | None,
    kept: BuildState | None = None,
    changed_paths: ChangedPaths | None = None,
) -> RebuildResult:
    """Build what differs from the last build."""
    # Imported late: slow to load, and not needed if nothing has changed.
    from feedpub.config.jobs import ensure_monotonic  # noqa: PLC0415
    from feedpub.site import archive  # noqa: PLC0415
    from feedpub.site import outputs as site_outputs  # noqa: PLC0415
    from feedpub.site.pipeline import create_site_context, load_templates, prepare_site  # noqa: PLC0415
    from feedpub.site.pool import ReaderPool  # noqa: PLC0415

    where, memory = seen.paths, _open_cache(seen)
    _refuse_empty(request, seen, last)
    scanned = time.time_ns()
    published = kept.load_publications(where) if kept else scanner.read_publications(where.output)
    # A clock set back a little must not withdraw posts that are already published.
    request = replace(request, now=ensure_monotonic(request.now, find_latest_date(published)))
    pool = kept.pool if kept else ReaderPool(where.config, where.content)
    making = prepare_site(
        request,
        where,
        seen.entries,
        memory,
        seen.archive.issues,
        kept.prepared if kept else None,
        published=published,
        pool=pool,
        anew=request.clean,
    )
    check_clock_for_build(request, where, making, published)
    publications = making.library.publications
    lines = (
        kept.publication_lines
        if kept and publications is kept.prepared.library.publications
        else scanner.format_publications(publications)
    )
    bodies = kept.bodies if kept else memory.open_bodies()
    if kept and kept.inputs.templates == seen.templates:
        made_with, known = kept.context, kept.outputs
    else:
        made_with, known = (
            create_site_context(
                where, load_templates(where, seen.templates), seen.program_digest, bodies
            ),
            {},
        )
    with closing(bodies):
        outputs = site_outputs.build_outputs(made_with, making.library, making.plan, known)
        wanted = {each.path: each for each in outputs}
        changes, ledger = writer.write_outputs(
            wanted.values(),
            where.output,
            where.content,
            last.manifest if last else {},
            partial(request.progress, "writing"),
            where.config.output.compress,
            untouched=_untouched(wanted, seen, kept, changed_paths)
            if kept and changed_paths
            else frozenset(),
            unfinished=select_below(where.content, request.unfinished),
            publications=lines,
            anew=request.clean,
            follow_links=where.config.content.follow_links,
            spare="" if seen.archive.is_complete else archive.ARCHIVE_FOLDER,
        )
    made = _record_build(request, seen, last, making, ledger, changes, settled=scanned)
    memory.save_build(where.output, made)
    summary = _summary(where, made, len(changes.written), len(changes.removed))
    summary = replace(
        summary,
        changed_feeds=making.list_changed_feeds(where.config, changes.written),
        new_posts=making.find_new_posts(last.manifest) if last else (),
        killed_workers=len(making.lost_workers) + len(changes.killed),
    )
    mark = memory.get_validity_stamp(where.output)
    kept = BuildState(
        *(request, seen, making, made_with, bodies, wanted, made, pool, mark),
        publication_lines=lines,
        list_stat=writer.stat_file(where.output / scanner.LIST_FILE),
    )
    return RebuildResult(summary, kept)


def _record_build(  # noqa: PLR0913 - all results of a build
    request: BuildRequest,
    seen: BuildInputs,
    last: BuildRecord | None,
    making: "PreparedSite",
    ledger: Manifest,
    changes: BuildResult,
    *,
    settled: int,
) -> BuildRecord:
    """Return the record for the next build; files changed since `settled` may still be changing."""
    from feedpub.content.library.post_ids import get_authority  # noqa: PLC0415
    from feedpub.site import plan  # noqa: PLC0415
    from feedpub.site.id_changes import find_changed_authority  # noqa: PLC0415
    from feedpub.site.pipeline import normalize_problems  # noqa: PLC0415
    from feedpub.site.pool import describe_killed_worker  # noqa: PLC0415 - as above

    config, output = seen.paths.config, seen.paths.output
    # These leave no trace in the files that the next build compares, so it must not skip its work.
    whole = not (making.lost_workers or making.unfinished or changes.killed or changes.unreadable)
    unread = (Problem(path, 0, fault, left_out=True) for path, fault in changes.unreadable)
    since, until = making.library.valid_from, making.library.valid_until
    return BuildRecord(
        stamp=seen.compute_stamp()
        if whole and all(entry.is_stable(settled) for entry in seen.entries)
        else "",
        valid_from=to_microseconds(since) if since else _LONG_AGO,
        valid_until=to_microseconds(until) if until else _NEVER,
        counts=astuple(making.count()),
        problems=(
            *normalize_problems(chain(making.collect_problems(), unread), config.content.folder),
            *(
                describe_killed_worker(str(output / path), number)
                for path, number in changes.killed
            ),
            *find_changed_authority(config, last, request.config_path),
            *plan.find_missing_pages(config, making.library, str(request.config_path)),
            *seen.archive.problems,
            *_count_notes(making, config.content.folder),
        ),
        authority=get_authority(config),
        manifest=ledger,
    )


def _count_notes(making: "PreparedSite", folder: str) -> tuple[Problem, ...]:
    """Report how many parts of posts cannot be shown as written; `check` lists them."""
    notes = tuple(making.collect_notes())
    if not notes:
        return ()
    posts = len({each.path for each in notes})
    where = "one post" if posts == 1 else f"{posts:,} posts"
    parts = "1 part" if len(notes) == 1 else f"{len(notes):,} parts"
    message = f"{parts} of {where} cannot be rendered as written; `feedpub check` lists them"
    return (Problem(folder, 0, message),)


def _refuse_empty(request: BuildRequest, seen: BuildInputs, last: BuildRecord | None) -> None:
    """Refuse to remove all posts, if `refuse_empty` is set: the disk may be unmounted."""
    empty = not any(entry.exists for entry in seen.entries)
    if request.refuse_empty and last and empty and Counts(*last.counts).files:
        raise FeedpubError(
            f"{seen.paths.content}: is empty; is its disk unmounted? The site is left unchanged; "
            "`feedpub build` publishes it anyway"
        )


def _untouched(
    wanted: Mapping[str, OutputFile | StaticFile],
    seen: BuildInputs,
    kept: BuildState,
    changed_paths: ChangedPaths,
) -> frozenset[str]:
    """Return the paths of outputs that are unchanged and whose files no hint mentions."""
    links = {entry.path for entry in seen.entries if entry.is_link}  # may lead anywhere
    sources = changed_paths.content | links
    known = kept.outputs
    same = (
        path
        for path, each in wanted.items()
        if known.get(path) is each
        or (
            isinstance(each, StaticFile)
            and known.get(path) == each
            and not is_changed(each.source, sources)
        )
    )
    touched = changed_paths.select_changed(kept.build.manifest)
    # A changed compressed variant counts as a change of the plain file.
    return frozenset(same).difference(touched, (path.rpartition(".")[0] for path in touched))


def compute_cache_version(code: str, config: Config) -> str:
    """Return a digest of everything that affects reading a post, apart from the file itself."""
    site = config.site
    decides = (code, site.timezone, site.language, config.content, config.markdown)
    return scanner.compute_digest(repr(decides).encode())


def _summary(where: SitePaths, made: BuildRecord, written: int, removed: int) -> Summary:
    """Return the summary of a build."""
    return Summary(
        **asdict(Counts(*made.counts)),
        written=written,
        unchanged=len(made.manifest) - written,
        removed=removed,
        problems=made.problems,
        folder=str(where.output),
        next_change=from_microseconds(made.valid_until) if made.valid_until < _NEVER else None,
    )
