"""The folder as it is → the site as it should be, and a line on what was done for it."""

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

_LONG_WRITE = 60  # seconds after which a file that is still being written is a problem
_TOLD = 20  # problems of one build
_SHARE = 50  # of the time, looks at everything after edits may take one part in so many
_BRIEF = timedelta(seconds=2)  # longer than a file is half there


class SiteBuilder:
    """Builds the site; for all threads, one at a time."""

    def __init__(
        self,
        site: CurrentSite,
        journal: EventLogger,
        rebuild: Rebuild,
        built: Callable[[Summary], object],
    ) -> None:
        """Nothing is built yet; `built` is told of builds that changed it, or its templates."""
        self._site = site
        self._logger = journal
        self._rebuild = rebuild
        self._on_built = built
        self._turn = Lock()
        self._build_state: BuildState | None = None  # of the last build, for the next one
        self._changes_lock = Lock()
        self._changed_paths: frozenset[str] | None = (
            None  # may have changed since; None is anything
        )
        self._first_change_at: float | None = None  # when the first of it was heard of
        self.stats = BuildStats()
        self._full_scan_at = 0.0  # when everything was looked at last, on the monotonic clock
        self._full_scan_seconds = 0.0  # seconds
        self._last: datetime | None = None
        self._summary: Summary | None = None
        self._seen_problems: dict[Problem, float] = {}  # of the last build; monotonic seconds
        self._logged_problems: Collection[Problem] = ()  # those that were told
        self._unreported: Summary | None = None  # of builds that `built` could not be told of yet

    @property
    def build_state(self) -> BuildState | None:
        """What the last build found out, for others who read the site; None before the first."""
        return self._build_state

    def mark_changed(self, paths: Iterable[str] | None) -> None:
        """Take a note of files and folders that may have changed; None is any of them."""
        with self._changes_lock:
            if self._first_change_at is None:
                self._first_change_at = monotonic()
            if paths is None or self._changed_paths is None:
                self._changed_paths = None
            else:
                self._changed_paths = self._changed_paths.union(paths)

    def __call__(self, now: datetime) -> datetime | None:
        """Build what has changed; give when the next post appears or goes.

        Raises FeedpubError where it cannot be built, and the site stays as it is.
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
            if changed or (
                self._build_state and self._build_state.inputs.templates != texts
            ):  # no file shows some
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
        """Build likewise, but look at everything: at what nobody has told of yet, too."""
        self.mark_changed(None)
        return self(now)

    def _report_build(self) -> None:
        """Tell who wants to know what changed; where that fails, with the next build again."""
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
        """Build what may have changed; where that fails, everything is looked at the next time.

        Gives when the first change was heard of as well, None where none was.
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
        """Tell whether everything is to be looked at soon, and have the next build do so.

        After an edit somebody may have removed or damaged files of the output beside it.
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
        """Log problems that are still there, and once all are fixed.

        Most problems of a file that was read while it was being saved are gone by the next build:
        return whether there should be one soon. The first build is not in such haste. A file that
        is being written is a problem only if that takes long.
        """
        clock = monotonic()
        seen, known = self._seen_problems, self._logged_problems
        self._seen_problems = {each: seen.get(each, clock) for each in summary.problems}
        lasting, brief = [], 0
        for each, since in self._seen_problems.items():
            if each.message not in (UNFINISHED, UNFINISHED_NEW):
                lasting += [each] * (is_first or each in seen)
            elif clock - since >= _LONG_WRITE:
                lasting.append(each)
            else:
                brief += 1  # the watcher hears when it ends
        fresh = [each for each in lasting if each not in known]
        self._logged_problems = lasting
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
    """Give two builds as one: how the site is after both, and what either has changed."""
    if before is None or after is None:
        return before or after
    new = {each.id: each for each in (*after.new_posts, *before.new_posts)}
    changed = dict.fromkeys((*before.changed_feeds, *after.changed_feeds))
    return replace(after, changed_feeds=tuple(changed), new_posts=tuple(new.values()))
