"""Write to the store what a round of sending learns beside what became of each delivery."""

import time
from collections.abc import Callable, Sequence

from feedpub import refusals
from feedpub.mailing import Issue, Outcome, Subscriber, Suspension
from feedpub.newsletter.desk import Desk
from feedpub.newsletter.posting.brake import Report
from feedpub.newsletter.posting.recording import patiently
from feedpub.newsletter.posting.times import Clock
from feedpub.store import StoreError


class StoreWriter:
    """Writes as soon as the database is there; its methods are for all threads.

    Every method raises StoreError where the database cannot be used, or is away for too long.
    """

    def __init__(self, desk: Desk, now: Clock) -> None:
        """Nothing is written yet."""
        self._desk = desk
        self._now = now

    def sending(self) -> frozenset[int]:
        """Return the issues that are being sent."""
        issues = patiently(self._desk.store.issues, time.sleep)
        return frozenset(each.id for each in issues if each.state == "sending")

    def note(self, issue: int, why: str) -> None:
        """Record why an issue waits, "" where it goes on, unless somebody stopped or ended it."""
        self._mark(self._desk.store.note, issue, why)

    def pause(self, issue: int, why: str) -> None:
        """Pause an issue, unless somebody stopped or ended it meanwhile."""
        self._mark(self._desk.store.pause, issue, why)

    def suppress(self, reports: Sequence[Report]) -> None:
        """Record of readers that their addresses are gone, or their mailboxes took nothing."""
        limit = self._desk.config.mail.soft_bounces

        def suppressed() -> None:
            for each in reports:
                self._desk.store.bounced(each.reader, hard=each.hard, limit=limit, now=self._now())

        patiently(suppressed, time.sleep)

    def suspend(self, suspension: Suspension) -> None:
        """Record that a relay is not used for a while."""
        patiently(lambda: self._desk.store.suspend(suspension), time.sleep)

    def record_refusal(self, outcome: Outcome, reader: Subscriber | None = None) -> None:
        """Record that we were refused, by a reader's domain or else by the relay itself."""
        domain = reader.address.rpartition("@")[2].lower() if reader else outcome.relay
        number, words = reader.id if reader else 0, refusals.discreet(said(outcome))
        patiently(
            lambda: self._desk.store.record_refusal(number, domain, words, self._now()), time.sleep
        )

    def _mark(self, how: Callable[[int, str], Issue], issue: int, why: str) -> None:
        def marked() -> None:
            if self._desk.store.issue(issue).state != "sending":
                return
            try:
                how(issue, why)
            except StoreError:
                if self._desk.store.issue(issue).state == "sending":
                    raise

        patiently(marked, time.sleep)


def said(outcome: Outcome) -> str:
    """Return what a server answered, in one line."""
    return " ".join(filter(None, (str(outcome.code or ""), outcome.status, outcome.text)))
