"""The folder as it is → the site as it should be, and a line on what was done for it."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Lock
from time import monotonic

from feedpub import agenda
from feedpub.daemon.insight import Builds
from feedpub.daemon.site import Site
from feedpub.journal import Journal
from feedpub.model import Problem
from feedpub.publish import Built, Kept, Request, Summary

Rebuild = Callable[[Request, Kept | None, frozenset[str] | None], Built]

_TOLD = 20  # problems of one build
_SHARE = 50  # of the time, looks at everything after edits may take one part in so many
_BRIEF = timedelta(seconds=2)  # longer than a file is half there


class Builder:
    """Builds the site; for all threads, one at a time."""

    def __init__(
        self,
        site: Site,
        journal: Journal,
        rebuild: Rebuild,
        built: Callable[[Summary], object],
    ) -> None:
        """Nothing is built yet; `built` is told of builds that changed it, or its templates."""
        self._site = site
        self._journal = journal
        self._rebuild = rebuild
        self._built = built
        self._turn = Lock()
        self._kept: Kept | None = None  # of the last build, for the next one
        self._hearing = Lock()
        self._heard: frozenset[str] | None = None  # may have changed since; None is anything
        self._noticed: float | None = None  # when the first of it was heard of
        self.builds = Builds()
        self._looked = 0.0  # when everything was looked at last, on the monotonic clock
        self._look_took = 0.0  # seconds
        self._last: datetime | None = None
        self._summary: Summary | None = None
        self._seen: Collection[Problem] = ()  # in the last build
        self._known: Collection[Problem] = ()  # those that were told
        self._untold: Summary | None = None  # of builds that `built` could not be told of yet

    @property
    def kept(self) -> Kept | None:
        """What the last build found out, for others who read the site; None before the first."""
        return self._kept

    def heard(self, paths: Iterable[str] | None) -> None:
        """Take a note of files and folders that may have changed; None is any of them."""
        with self._hearing:
            if self._noticed is None:
                self._noticed = monotonic()
            if paths is None or self._heard is None:
                self._heard = None
            else:
                self._heard = self._heard.union(paths)

    def __call__(self, now: datetime) -> datetime | None:
        """Build what has changed; give when the next post appears or goes.

        Raises FeedpubError where it cannot be built, and the site stays as it is.
        """
        with self._turn:
            now = agenda.steady(now, self._last)
            began = monotonic()
            texts = self._kept and self._kept.seen.texts
            summary, noticed = self._made(now)
            self._last = now
            self._count(summary, monotonic() - began, monotonic() - noticed if noticed else None)
            before, self._summary = self._summary, summary
            changed = before is None or bool(summary.written or summary.removed)
            if changed:
                self._tell(summary, before, monotonic() - began)
            if changed or (self._kept and self._kept.seen.texts != texts):  # no file shows some
                self._untold = _joined(self._untold, summary)
            if summary.damaged:
                self._journal.tell("cache rebuilt", damaged=summary.damaged)
            doubtful = self._complain(summary, is_first=before is None) or self._is_to_look()
        self._pass_on()
        again = now + _BRIEF if doubtful else None
        return agenda.first((summary.until, again))

    def whole(self, now: datetime) -> datetime | None:
        """Build likewise, but look at everything: at what nobody has told of yet, too."""
        self.heard(None)
        return self(now)

    def _pass_on(self) -> None:
        """Tell who wants to know what changed; where that fails, with the next build again."""
        with self._turn:
            untold, self._untold = self._untold, None
        if untold is None:
            return
        try:
            self._built(untold)
        except BaseException:
            with self._turn:
                self._untold = _joined(untold, self._untold)
            raise

    def _made(self, now: datetime) -> tuple[Summary, float | None]:
        """Build what may have changed; where that fails, everything is looked at the next time.

        Gives when the first change was heard of as well, None where none was.
        """
        with self._hearing:
            changed, self._heard = self._heard, frozenset()
            noticed, self._noticed = self._noticed, None
        try:
            began = monotonic()
            built = self._rebuild(self._site.request(now), self._kept, changed)
            if changed is None:
                self._looked, self._look_took = monotonic(), monotonic() - began
        except BaseException:
            self.builds = replace(self.builds, failed=self.builds.failed + 1)
            self.heard(None)
            raise
        self._kept = built.kept
        return built.summary, noticed

    def _is_to_look(self) -> bool:
        """Tell whether everything is to be looked at soon, and have the next build do so.

        After an edit somebody may have removed or damaged files of the output beside it.
        """
        if monotonic() - self._looked <= self._look_took * _SHARE + _BRIEF.total_seconds():
            return False
        with self._hearing:
            self._heard = None
        return True

    def _count(self, summary: Summary, seconds: float, lag: float | None) -> None:
        self.builds = Builds(
            done=self.builds.done + 1,
            failed=self.builds.failed,
            at=self._site.now(),
            seconds=seconds,
            lag=self.builds.lag if lag is None else lag,
            posts=summary.published,
            problems=len(summary.problems),
        )

    def _tell(self, summary: Summary, before: Summary | None, seconds: float) -> None:
        new = summary.published - (before.published if before else summary.published)
        self._journal.tell(
            "built",
            posts=summary.published,
            appeared=max(new, 0),
            gone=max(-new, 0),
            written=summary.written,
            removed=summary.removed,
            problems=len(summary.problems),
            seconds=round(seconds, 3),
        )

    def _complain(self, summary: Summary, *, is_first: bool) -> bool:
        """Tell of problems that are still there, and of all being mended.

        A file that was read while it was being written is none by the next build: gives whether
        there should be one soon. The first build is not in such haste.
        """
        seen, self._seen = self._seen, summary.problems
        known = self._known
        lasting = [each for each in summary.problems if is_first or each in seen]
        fresh = [each for each in lasting if each not in known]
        self._known = lasting
        for each in fresh[:_TOLD]:
            self._journal.tell(
                "problem",
                path=each.path,
                line=each.line or None,
                message=each.message,
                left_out=each.left_out,
            )
        if len(fresh) > _TOLD:
            self._journal.tell("more problems", number=len(fresh) - _TOLD)
        if known and not summary.problems:
            self._journal.tell("mended", number=len(known))
        return len(lasting) < len(summary.problems)


def _joined(before: Summary | None, after: Summary | None) -> Summary | None:
    """Give two builds as one: how the site is after both, and what either has changed."""
    if before is None or after is None:
        return before or after
    new = {each.id: each for each in (*after.new, *before.new)}
    changed = dict.fromkeys((*before.changed, *after.changed))
    return replace(after, changed=tuple(changed), new=tuple(new.values()))
