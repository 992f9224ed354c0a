"""The daemon's mail jobs: plan digests, deliver issues, read bounces, clean up the database.

`MailJobs` creates them for `feedpub.daemon.main`.
"""

import io
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from typing import BinaryIO

from feedpub.app import BuildRequest
from feedpub.config import jobs
from feedpub.config.jobs import PeriodicJob
from feedpub.daemon.settings import CurrentSite
from feedpub.models.log import EventLogger
from feedpub.models.newsletter import IssueStats
from feedpub.newsletter import bounce_processing, issues, queue_status
from feedpub.newsletter.bounce_processing import BounceSummary, parse_source
from feedpub.newsletter.planning import DigestResult

_LOOK = timedelta(minutes=1)  # between checks: other processes may plan, resume or retry
_BOUNCES = timedelta(minutes=5)
_DAY, _SECOND = timedelta(days=1), timedelta(seconds=1)
_NOTHING: BinaryIO = io.BytesIO()


class MailJobs:
    """The jobs that deal with mail."""

    def __init__(
        self,
        site: CurrentSite,
        logger: EventLogger,
        build: Callable[[datetime], object],
        wake: Callable[[str], object],
    ) -> None:
        """Set up; nothing is sent yet.

        Args:
            site: The site whose subscribers are mailed.
            logger: Logs what was done.
            build: Builds the site; pages must exist before messages link to them.
            wake: Runs a job at once.
        """
        self._site = site
        self._logger = logger
        self._build = build
        self._wake = wake
        self._stop: Event = site.stop
        self._has_released_stalled = False
        self.new_posts = Event()  # the site changed: on-publish digests may have new posts
        self.new_posts.set()
        self._unread = 0  # messages in the mailbox about no subscriber
        self.is_delayed = False  # the last delivery had to wait

    def build_jobs(self) -> Iterator[PeriodicJob]:
        """Yield the jobs."""
        yield PeriodicJob("digests", self.plan_digests)
        yield PeriodicJob("delivery", self.deliver)
        yield PeriodicJob("bounces", self.read_bounces)
        yield PeriodicJob("clean-up", self.clean_up)

    def plan_digests(self, now: datetime) -> datetime | None:
        """Plan the digests whose slot has come; return when the next slot comes."""
        if not self._site.config.digests:
            return None
        request = self._site.build_request(now)
        slots = queue_status.get_queue_status(request).schedules
        wanted = [each.last_slot for each in slots if each.on_publish and self.new_posts.is_set()]
        # Slots are whole seconds, so a digest planned within this second waits for the next one.
        early = [last + _SECOND for last in wanted if last is not None and last + _SECOND > now]
        news = bool(wanted) and not early
        if news or any(each.find_due_slot(now) for each in slots):
            self.new_posts.clear()
            try:
                self._plan(request)
            except BaseException:
                self.new_posts.set()
                raise
        return jobs.find_earliest((*early, *(each.find_next_slot(now) for each in slots)))

    def _plan(self, request: BuildRequest) -> None:
        self._build(request.now)
        planned = issues.plan_issues(request)
        for each in planned:
            if each.issue is not None:
                self._logger.info(
                    "digest planned",
                    digest=each.digest,
                    issue=each.issue.id,
                    posts=each.posts,
                    audience=each.audience,
                    reason=each.reason,
                )
            elif not each.idle:
                self._logger.info("digest skipped", digest=each.digest, reason=each.reason)
        if any(each.issue for each in planned):
            self._build(request.now)  # the page of the issue, which its messages link to
            self._wake("delivery")

    def deliver(self, now: datetime) -> datetime | None:
        """Deliver what is due, and settle deliveries in doubt; return when to run next."""
        request = self._site.build_request(now)
        if not queue_status.has_digests(request):
            return None
        if not self._has_released_stalled:
            issues.release_stalled(request)  # do not wait for the leases of a killed process
            self._has_released_stalled = True
        due = queue_status.get_queue_status(request).next_run
        sent: tuple[DigestResult, ...] = ()
        if due is not None and due <= now:
            sent = issues.deliver_issues(request, self._stop)
            for each in sent:
                self._log_delivery(each)
            due = queue_status.get_queue_status(request).next_run
        self.is_delayed = any(each.reason for each in sent)
        again = now + _LOOK
        soon = jobs.round_up_to_minute(due, now)
        return again if soon is None or soon <= now else min(soon, again)

    def _log_delivery(self, sent: DigestResult) -> None:
        issue, stats = sent.issue, sent.stats
        assert issue is not None  # noqa: S101 - only issues are delivered
        assert stats is not None  # noqa: S101 - and each is counted
        self._logger.info(
            "delivery waits" if sent.reason else "delivered",
            digest=sent.digest,
            issue=issue.id,
            state=issue.state,
            **build_log_fields(stats),
            reason=sent.reason,
            note=sent.note,
        )

    def read_bounces(self, now: datetime) -> datetime | None:
        """Process the bounce mailbox; return when to run next."""
        mailbox = self._site.config.mail.mailbox
        if not mailbox or not self._site.config.digests:
            return None
        request = self._site.build_request(now)
        place = parse_source(mailbox, request.environ, _NOTHING)
        if isinstance(place, Path):
            place = self._site.state_folder.parent / place
        returned = bounce_processing.process_bounces(request, place)
        if returned.left and returned.left != self._unread:
            self._logger.info("mail not understood", messages=returned.left, mailbox=mailbox)
        self._unread = returned.left
        log_refusals(self._logger, returned)
        if returned.read > returned.left:
            self._logger.info(
                "bounces read",
                read=returned.read,
                hard=returned.hard,
                soft=returned.soft,
                complaints=returned.complaints,
                unsubscribed=returned.unsubscribed,
                refused=returned.refused,
                stopped=returned.stopped,
            )
        return now + _BOUNCES

    def clean_up(self, now: datetime) -> datetime | None:
        """Clean up the database once a day."""
        if self._site.config.digests:
            queue_status.clean_up_database(self._site.build_request(now))
        return now + _DAY


def log_refusals(logger: EventLogger, returned: BounceSummary) -> None:
    """Log refusals of the sender, and the issues paused because of them."""
    for words in returned.words:
        logger.info("sender refused", why=words)
    for issue in returned.paused:
        logger.info("issue paused", issue=issue, why="servers reject our mail")


def build_log_fields(stats: IssueStats) -> dict[str, int]:
    """Return the delivery counts; the audience is the sum of the others."""
    return {
        "audience": stats.audience,
        "accepted": stats.accepted,
        "deferred": stats.deferred,
        "failed": stats.failed,
        "suppressed": stats.suppressed,
        "doubt": stats.doubt,
        "waiting": stats.waiting,
    }
