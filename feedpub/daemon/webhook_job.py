"""The daemon's other background jobs: webhooks, sign-up mail and feed statistics.

`BackgroundJobs` is created by `feedpub.daemon.main.build_daemon`.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from feedpub.app import Summary
from feedpub.config.jobs import PeriodicJob
from feedpub.daemon.settings import CurrentSite
from feedpub.daemon.webhooks import (
    WebhookResult,
    deliver_due_webhooks,
    enqueue_changes,
    enqueue_missed_changes,
)
from feedpub.errors import FeedpubError
from feedpub.models.log import EventLogger
from feedpub.newsletter import confirmations, queue_status
from feedpub.web.middleware import HitCounter

SIGNUPS_JOB = "sign-ups"
"""The job to wake when somebody has signed up."""

_LIMITED = timedelta(minutes=1)  # between runs: rate-limited sign-ups may be answered then
_COUNTED = timedelta(minutes=5)


class BackgroundJobs:
    """The jobs other than builds, digests and pages."""

    def __init__(self, site: CurrentSite, logger: EventLogger, traffic: HitCounter) -> None:
        """Set up; `traffic` counts feed requests."""
        self._site = site
        self._logger = logger
        self._traffic = traffic
        self._has_baseline = False
        self._stop_reason = ""  # why the last run left sign-ups unanswered

    def build_jobs(self) -> Iterator[PeriodicJob]:
        """Yield the jobs."""
        yield PeriodicJob("hubs and hooks", self.deliver_webhooks)
        yield PeriodicJob(SIGNUPS_JOB, self.send_confirmations)
        yield PeriodicJob("readership", self.store_feed_hits)

    def enqueue_webhooks(self, summary: Summary) -> None:
        """Queue webhooks for what a build has changed."""
        now = self._site.now()
        enqueue_changes(
            self._site.build_request(now), summary.changed_feeds, now, summary.new_posts
        )

    def find_warnings(self) -> Iterator[str]:
        """Yield what needs attention."""
        if self._stop_reason:
            yield "sign-ups are waiting: confirmation mail could not be sent"

    def deliver_webhooks(self, now: datetime) -> datetime | None:
        """Deliver due webhooks to hubs and hooks; return when to run next."""
        request = self._site.build_request(now)
        if not self._has_baseline:
            enqueue_missed_changes(request, now)
            self._has_baseline = True
        done: Counter[str] = Counter()

        def told(one: WebhookResult) -> None:
            if one.state == "done":
                done[one.delivery.redacted_target] += 1
            else:
                self._log_failure(one)

        due = deliver_due_webhooks(request, now, told, self._site.stop.is_set)
        for target, number in done.items():
            self._logger.info("told", target=target, number=number)
        return due

    def _log_failure(self, told: WebhookResult) -> None:
        self._logger.info(
            "not told",
            kind=told.delivery.kind,
            target=told.delivery.redacted_target,
            topic=told.delivery.topic,
            state=told.state,
            answer=told.text,
            again=told.next_at.isoformat(timespec="seconds") if told.next_at else None,
        )

    def send_confirmations(self, now: datetime) -> datetime | None:
        """Send confirmation mail, within the limits; return when to run next."""
        config = self._site.config
        if not (config.digests and config.subscribers.form):
            return None
        answered = confirmations.send_confirmations(self._site.build_request(now))
        before, self._stop_reason = self._stop_reason, answered.stop_reason
        if answered.sent or answered.admitted or answered.stop_reason != before:
            self._logger.info(
                "sign-ups answered",
                sent=answered.sent,
                admitted=answered.admitted,
                waiting=answered.stop_reason,
            )
        return now + _LIMITED

    def store_feed_hits(self, now: datetime) -> datetime | None:
        """Store the feed counts; return when to run next."""
        config = self._site.config
        if config.web.enabled or config.digests:
            self._store_feed_hits(now)
        return now + _COUNTED

    def flush(self) -> None:
        """Store the last counts after the web server has stopped."""
        try:
            self.store_feed_hits(self._site.now())
        except FeedpubError as error:
            self._logger.info("readership not kept", why=str(error))

    def _store_feed_hits(self, now: datetime) -> None:
        visits = self._traffic.drain()
        try:
            queue_status.record_counts(self._site.build_request(now), visits)
        except Exception:
            self._traffic.restore(visits)
            raise
