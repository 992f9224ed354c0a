"""What the database and the schedules say → digests planned, delivered, and their bounces read."""

import io
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from typing import BinaryIO

from feedpub import agenda, newsletter
from feedpub.agenda import Duty
from feedpub.daemon.site import Site
from feedpub.journal import Journal
from feedpub.mailing import Tally
from feedpub.newsletter import Sent
from feedpub.newsletter.returns import Returned, source
from feedpub.publish import Request

_LOOK = timedelta(minutes=1)  # somebody else may plan, resume or retry
_BOUNCES = timedelta(minutes=5)
_DAY, _SECOND = timedelta(days=1), timedelta(seconds=1)
_NOTHING: BinaryIO = io.BytesIO()


class Mailer:
    """Does all that has to do with mail, each in a duty of its own."""

    def __init__(
        self,
        site: Site,
        journal: Journal,
        build: Callable[[datetime], object],
        wake: Callable[[str], object],
    ) -> None:
        """Nothing is sent yet.

        Args:
            site: Whose readers are mailed.
            journal: Is told what was done.
            build: Publishes the site: what messages lead to must be there before they are.
            wake: Has a duty called at once.
        """
        self._site = site
        self._journal = journal
        self._build = build
        self._wake = wake
        self._stop: Event = site.stop
        self._begun = False
        self.posted = Event()  # the site has changed: there may be news for who wants each post
        self.posted.set()
        self._unread = 0  # messages in the mailbox that nobody understood
        self.waits = False  # what was to be sent could not be

    def duties(self) -> Iterator[Duty]:
        """Give the duties."""
        yield Duty("digests", self.plan)
        yield Duty("delivery", self.deliver)
        yield Duty("bounces", self.read_bounces)
        yield Duty("clean-up", self.clean_up)

    def plan(self, now: datetime) -> datetime | None:
        """Plan the digests whose slot has come; give when the next one has."""
        if not self._site.config.digests:
            return None
        request = self._site.request(now)
        slots = newsletter.outlook(request).slots
        wanted = [each.last for each in slots if each.each_post and self.posted.is_set()]
        # One that went out, or began, within this second has its next slot in the next one.
        early = [last + _SECOND for last in wanted if last is not None and last + _SECOND > now]
        news = bool(wanted) and not early
        if news or any(each.due(now) for each in slots):
            self.posted.clear()
            try:
                self._plan(request)
            except BaseException:
                self.posted.set()
                raise
        return agenda.first((*early, *(each.upcoming(now) for each in slots)))

    def _plan(self, request: Request) -> None:
        self._build(request.now)
        planned = newsletter.plan(request)
        for each in planned:
            if each.issue is not None:
                self._journal.tell(
                    "digest planned",
                    digest=each.digest,
                    issue=each.issue.id,
                    posts=each.posts,
                    audience=each.audience,
                    reason=each.reason,
                )
            elif not each.idle:
                self._journal.tell("digest skipped", digest=each.digest, reason=each.reason)
        if any(each.issue for each in planned):
            self._build(request.now)  # the page of the issue, which its messages lead to
            self._wake("delivery")

    def deliver(self, now: datetime) -> datetime | None:
        """Send what is due, and settle what nobody has answered for; give when to look again."""
        request = self._site.request(now)
        if not newsletter.is_begun(request):
            return None
        if not self._begun:
            newsletter.take_over(request)  # from one that was killed: nobody waits for its lease
            self._begun = True
        due = newsletter.outlook(request).next_round
        sent: tuple[Sent, ...] = ()
        if due is not None and due <= now:
            sent = newsletter.deliver(request, self._stop)
            for each in sent:
                self._told(each)
            due = newsletter.outlook(request).next_round
        self.waits = any(each.reason for each in sent)
        again = now + _LOOK
        soon = agenda.gathered(due, now)
        return again if soon is None or soon <= now else min(soon, again)

    def _told(self, sent: Sent) -> None:
        issue, tally = sent.issue, sent.tally
        assert issue is not None  # noqa: S101 - only issues are delivered
        assert tally is not None  # noqa: S101 - and each is counted
        self._journal.tell(
            "delivery waits" if sent.reason else "delivered",
            digest=sent.digest,
            issue=issue.id,
            state=issue.state,
            **counts(tally),
            reason=sent.reason,
            note=sent.note,
        )

    def read_bounces(self, now: datetime) -> datetime | None:
        """Take notice of mail that came back; give when to look again."""
        mailbox = self._site.config.mail.mailbox
        if not mailbox or not self._site.config.digests:
            return None
        request = self._site.request(now)
        place = source(mailbox, request.environ, _NOTHING)
        if isinstance(place, Path):
            place = self._site.home.parent / place
        returned = newsletter.bounces(request, place)
        if returned.left and returned.left != self._unread:
            self._journal.tell("mail not understood", messages=returned.left, mailbox=mailbox)
        self._unread = returned.left
        tell_refusals(self._journal, returned)
        if returned.read > returned.left:
            self._journal.tell(
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
        """Clean the database up, once a day."""
        if self._site.config.digests:
            newsletter.tidy(self._site.request(now))
        return now + _DAY


def tell_refusals(journal: Journal, returned: Returned) -> None:
    """Write into the log that servers refused us, in their words, and what was done about it."""
    for words in returned.words:
        journal.tell("sender refused", why=words)
    for issue in returned.paused:
        journal.tell("issue paused", issue=issue, why="servers refuse us")


def counts(tally: Tally) -> dict[str, int]:
    """Give the equation that always holds: the audience is the sum of the others."""
    return {
        "audience": tally.audience,
        "accepted": tally.accepted,
        "deferred": tally.deferred,
        "failed": tally.failed,
        "suppressed": tally.suppressed,
        "doubt": tally.doubt,
        "waiting": tally.waiting,
    }
