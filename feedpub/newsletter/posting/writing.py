"""Write to the store what a round of sending learns beside what became of each delivery."""

import time
from collections.abc import Callable, Sequence

from feedpub import refusals
from feedpub.mailing import Issue, RelaySuspension, SendResult, Subscriber
from feedpub.newsletter.desk import NewsletterContext
from feedpub.newsletter.posting.brake import RecipientRejection
from feedpub.newsletter.posting.recording import retry_on_database_error
from feedpub.newsletter.posting.times import Clock
from feedpub.store import StoreError


class StoreWriter:
    """Writes as soon as the database is there; its methods are for all threads.

    Every method raises StoreError where the database cannot be used, or is away for too long.
    """

    def __init__(self, desk: NewsletterContext, now: Clock) -> None:
        """Nothing is written yet."""
        self._newsletter = desk
        self._now = now

    def find_sending_issues(self) -> frozenset[int]:
        """Return the issues that are being sent."""
        issues = retry_on_database_error(self._newsletter.store.list_issues, time.sleep)
        return frozenset(each.id for each in issues if each.state == "sending")

    def set_waiting_reason(self, issue: int, why: str) -> None:
        """Record why an issue waits, "" where it goes on, unless somebody stopped or ended it."""
        self._update_issue(self._newsletter.store.set_wait_reason, issue, why)

    def pause_issue(self, issue: int, why: str) -> None:
        """Pause an issue, unless somebody stopped or ended it meanwhile."""
        self._update_issue(self._newsletter.store.pause_issue, issue, why)

    def record_bounces(self, reports: Sequence[RecipientRejection]) -> None:
        """Record of readers that their addresses are gone, or their mailboxes took nothing."""
        limit = self._newsletter.config.mail.soft_bounces

        def suppressed() -> None:
            for each in reports:
                self._newsletter.store.record_bounce(
                    each.subscriber_id, hard=each.hard, limit=limit, now=self._now()
                )

        retry_on_database_error(suppressed, time.sleep)

    def suspend_relay(self, suspension: RelaySuspension) -> None:
        """Record that a relay is not used for a while."""
        retry_on_database_error(
            lambda: self._newsletter.store.suspend_relay(suspension), time.sleep
        )

    def record_refusal(self, outcome: SendResult, reader: Subscriber | None = None) -> None:
        """Record that we were refused, by a reader's domain or else by the relay itself."""
        domain = reader.address.rpartition("@")[2].lower() if reader else outcome.relay
        number, words = reader.id if reader else 0, refusals.redact_addresses(format_reply(outcome))
        retry_on_database_error(
            lambda: self._newsletter.store.record_refusal(number, domain, words, self._now()),
            time.sleep,
        )

    def _update_issue(self, how: Callable[[int, str], Issue], issue: int, why: str) -> None:
        def marked() -> None:
            if self._newsletter.store.get_issue(issue).state != "sending":
                return
            try:
                how(issue, why)
            except StoreError:
                if self._newsletter.store.get_issue(issue).state == "sending":
                    raise

        retry_on_database_error(marked, time.sleep)


def format_reply(outcome: SendResult) -> str:
    """Return what a server answered, in one line."""
    return " ".join(filter(None, (str(outcome.code or ""), outcome.status, outcome.text)))
