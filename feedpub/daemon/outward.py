"""What was published, and who asked to be mailed → duties: others are told, and answered."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from feedpub import newsletter
from feedpub.agenda import Duty
from feedpub.announce import Told, announce, caught_up, noted
from feedpub.daemon.site import Site
from feedpub.errors import FeedpubError
from feedpub.journal import Journal
from feedpub.publish import Summary
from feedpub.web.traffic import Traffic

SIGNUPS = "sign-ups"
"""The duty that is to be called when somebody has signed up."""

_LIMITED = timedelta(minutes=1)  # until who asked too often may be answered
_COUNTED = timedelta(minutes=5)


class Outward:
    """Does what concerns others than the site's own files and its digests."""

    def __init__(self, site: Site, journal: Journal, traffic: Traffic) -> None:
        """Nothing is told yet; `traffic` is what was asked for over the web."""
        self._site = site
        self._journal = journal
        self._traffic = traffic
        self._is_caught_up = False
        self._waiting = ""  # why sign-ups were not all answered, last

    def duties(self) -> Iterator[Duty]:
        """Give the duties."""
        yield Duty("hubs and hooks", self.tell)
        yield Duty(SIGNUPS, self.answer)
        yield Duty("readership", self.count)

    def built(self, summary: Summary) -> None:
        """Keep what a build has changed, for those who are to be told."""
        now = self._site.now()
        noted(self._site.request(now), summary.changed, now, summary.new)

    def troubles(self) -> Iterator[str]:
        """Tell what needs looking at."""
        if self._waiting:
            yield "sign-ups wait: the mail to them could not be sent"

    def tell(self, now: datetime) -> datetime | None:
        """Tell hubs and hooks what is due; give when to go on."""
        request = self._site.request(now)
        if not self._is_caught_up:
            caught_up(request, now)
            self._is_caught_up = True
        done: Counter[str] = Counter()

        def told(one: Told) -> None:
            if one.state == "done":
                done[one.errand.shown_target] += 1
            else:
                self._complain(one)

        due = announce(request, now, told, self._site.stop.is_set)
        for target, number in done.items():
            self._journal.tell("told", target=target, number=number)
        return due

    def _complain(self, told: Told) -> None:
        self._journal.tell(
            "not told",
            kind=told.errand.kind,
            target=told.errand.shown_target,
            topic=told.errand.topic,
            state=told.state,
            answer=told.text,
            again=told.next_at.isoformat(timespec="seconds") if told.next_at else None,
        )

    def answer(self, now: datetime) -> datetime | None:
        """Send what asks for a confirmation, as the limits allow; give when to look again."""
        config = self._site.config
        if not (config.digests and config.subscribers.form):
            return None
        answered = newsletter.confirmations(self._site.request(now))
        before, self._waiting = self._waiting, answered.waiting
        if answered.sent or answered.admitted or answered.waiting != before:
            self._journal.tell(
                "sign-ups answered",
                sent=answered.sent,
                admitted=answered.admitted,
                waiting=answered.waiting,
            )
        return now + _LIMITED

    def count(self, now: datetime) -> datetime | None:
        """Keep by whom feeds are read; give when to do so again."""
        config = self._site.config
        if config.web.enabled or config.digests:
            self._keep(now)
        return now + _COUNTED

    def end(self) -> None:
        """Keep what was counted last, once nobody is answered any more."""
        try:
            self.count(self._site.now())
        except FeedpubError as error:
            self._journal.tell("readership not kept", why=str(error))

    def _keep(self, now: datetime) -> None:
        visits = self._traffic.taken()
        try:
            newsletter.recorded(self._site.request(now), visits)
        except Exception:
            self._traffic.give_back(visits)
            raise
