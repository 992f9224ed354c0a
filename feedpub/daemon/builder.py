"""Build the site repeatedly, and log what changed and which problems remain.

`SiteBuilder` is called by the build job and by the mail job.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Lock
from time import monotonic

from feedpub.app import BuildRequest, Summary
from feedpub.config import jobs
from feedpub.daemon.handle import BuildStats
from feedpub.daemon.settings import CurrentSite
from feedpub.models.content import Problem
from feedpub.models.log import EventLogger
from feedpub.site.build_state import BuildState, RebuildResult
from feedpub.site.read_posts import UNFINISHED, UNFINISHED_NEW

Rebuild = Callable[[BuildRequest, BuildState | None, frozenset[str] | None], RebuildResult]

_LONG_WRITE = 60  # seconds after which a file still being written is reported
_TOLD = 20  # problems logged per build
_SHARE = 50  # full scans after edits may take one fiftieth of the time
_BRIEF = timedelta(seconds=2)  # longer than an editor takes to save a file


class SiteBuilder:
    """Builds the site, one build at a time; thread-safe."""

    def __init__(
        self,
        site: CurrentSite,
        logger: EventLogger,
        rebuild: Rebuild,
        built: Callable[[Summary], object],
    ) -> None:
        """Set up; `built` is called after builds that changed the site or its templates."""
        self._site = site
        self._logger = logger
        self._rebuild = rebuild
        self._on_built = built
        self._turn = Lock()
        self._build_state: BuildState | None = None  # of the last build, reused by the next one
        self._changes_lock = Lock()
        self._changed_paths: frozenset[str] | None = None  # since the last build; None: any path
        self._first_change_at: float | None = None  # monotonic time of the first of them
        self.stats = BuildStats()
        self._full_scan_at = 0.0  # monotonic time of the last full scan
        self._full_scan_seconds = 0.0  # how long it took
        self._last: datetime | None = None
        self._summary: Summary | None = None
        self._seen_problems: dict[Problem, float] = {}  # of the last build, with first sight
        self._logged_problems: Collection[Problem] = ()  # logged and not fixed yet
        self._unreported: Summary | None = None  # not passed to `built` yet

    @property
    def build_state(self) -> BuildState | None:
        """The state of the last build, for other readers of the site; None before the first."""
        return self._build_state

    def mark_changed(self, paths: Iterable[str] | None) -> None:
        """Record files and folders that may have changed; None means any."""
        with self._changes_lock:
            if self._first_change_at is None:
                self._first_change_at = monotonic()
            if paths is None or self._changed_paths is None:
                self._changed_paths = None
            else:
                self._changed_paths = self._changed_paths.union(paths)

    def __call__(self, now: datetime) -> datetime | None:
        """Build what has changed; return when the next post appears or expires.

        Raises FeedpubError if the build fails; the site then stays as it is.
        """
        with self._turn:
            now = jobs.ensure_monotonic(now, self._last)
            began = monotonic()
            texts = self._build_state and self._build_state.inputs.templates
            summary, noticed = self._rebuild_changed(now)
            self._last = now
            self._count(summary, monotonic() - began, monotonic() - noticed if noticed else None)
            before, self._summary = self._summary, summary
            changed = before is None or bool(summary.written or summary.removed)
            if changed:
                self._log_build(summary, before, monotonic() - began)
            # Compare templates too: those of mail and sign-up pages affect no built file.
            if changed or (self._build_state and self._build_state.inputs.templates != texts):
                self._unreported = _merge_summaries(self._unreported, summary)
            if summary.damaged_files:
                self._logger.info("cache rebuilt", damaged=summary.damaged_files)
            doubtful = (
                self._log_problems(summary, is_first=before is None) or self._request_full_scan()
            )
        self._report_build()
        again = now + _BRIEF if doubtful else None
        return jobs.find_earliest((summary.next_change, again))

    def rebuild_all(self, now: datetime) -> datetime | None:
        """Build after a full scan, which also finds changes not reported by the watcher."""
        self.mark_changed(None)
        return self(now)

    def _report_build(self) -> None:
        """Pass unreported changes to the callback; if it fails, keep them for the next build."""
        with self._turn:
            untold, self._unreported = self._unreported, None
        if untold is None:
            return
        try:
            self._on_built(untold)
        except BaseException:
            with self._turn:
                self._unreported = _merge_summaries(untold, self._unreported)
            raise

    def _rebuild_changed(self, now: datetime) -> tuple[Summary, float | None]:
        """Build what may have changed; after a failure, the next build scans everything.

        Return the summary and the monotonic time of the first reported change, None if there was
        none.
        """
        with self._changes_lock:
            changed, self._changed_paths = self._changed_paths, frozenset()
            noticed, self._first_change_at = self._first_change_at, None
        try:
            began = monotonic()
            built = self._rebuild(self._site.build_request(now), self._build_state, changed)
            if changed is None:
                self._full_scan_at, self._full_scan_seconds = monotonic(), monotonic() - began
        except BaseException:
            self.stats = replace(self.stats, failed=self.stats.failed + 1)
            self.mark_changed(None)
            raise
        self._build_state = built.state
        return built.summary, noticed

    def _request_full_scan(self) -> bool:
        """Have the next build scan everything, if the last full scan is long enough ago.

        A build after an edit does not notice output files removed or damaged by others. Return
        whether the scan was requested.
        """
        if (
            monotonic() - self._full_scan_at
            <= self._full_scan_seconds * _SHARE + _BRIEF.total_seconds()
        ):
            return False
        with self._changes_lock:
            self._changed_paths = None
        return True

    def _count(self, summary: Summary, seconds: float, lag: float | None) -> None:
        self.stats = BuildStats(
            succeeded=self.stats.succeeded + 1,
            failed=self.stats.failed,
            finished_at=self._site.now(),
            seconds=seconds,
            change_lag=self.stats.change_lag if lag is None else lag,
            posts=summary.published,
            problems=len(summary.problems),
        )

    def _log_build(self, summary: Summary, before: Summary | None, seconds: float) -> None:
        new = summary.published - (before.published if before else summary.published)
        self._logger.info(
            "built",
            posts=summary.published,
            appeared=max(new, 0),
            gone=max(-new, 0),
            written=summary.written,
            removed=summary.removed,
            problems=len(summary.problems),
            seconds=round(seconds, 3),
        )

    def _log_problems(self, summary: Summary, *, is_first: bool) -> bool:
        """Log problems that last, and that all are fixed.

        A file read while it was being saved usually has no problems in the next build: return
        whether that build should follow soon. The first build logs at once. A file that is being
        written is a problem only if that takes long.
        """
        clock = monotonic()
        seen, known = self._seen_problems, self._logged_problems
        self._seen_problems = {each: seen.get(each, clock) for each in summary.problems}
        lasting: list[Problem] = []
        writing: set[str] = set()
        brief = 0
        for each, since in self._seen_problems.items():
            if each.message not in (UNFINISHED, UNFINISHED_NEW):
                lasting += [each] * (is_first or each in seen)
            elif clock - since >= _LONG_WRITE:
                lasting.append(each)
            else:
                brief += 1  # the watcher reports the end of the write
                writing.add(each.path)
        fresh = [each for each in lasting if each not in known]
        # A problem that is back once its file has been saved again is not new.
        self._logged_problems = [*lasting, *(each for each in known if each.path in writing)]
        for each in fresh[:_TOLD]:
            self._logger.info(
                "problem",
                path=each.path,
                line=each.line or None,
                message=each.message,
                left_out=each.left_out,
            )
        if len(fresh) > _TOLD:
            self._logger.info("more problems", number=len(fresh) - _TOLD)
        if known and not summary.problems:
            self._logger.info("mended", number=len(known))
        return len(lasting) + brief < len(self._seen_problems)


def _merge_summaries(before: Summary | None, after: Summary | None) -> Summary | None:
    """Merge two builds: the latest state of the site, and what either of them changed."""
    if before is None or after is None:
        return before or after
    new = {each.id: each for each in (*after.new_posts, *before.new_posts)}
    changed = dict.fromkeys((*before.changed_feeds, *after.changed_feeds))
    return replace(after, changed_feeds=tuple(changed), new_posts=tuple(new.values()))
