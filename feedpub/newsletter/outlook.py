"""A site's configuration and database → what is due of its newsletter, without reading a post."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from feedpub import agenda, store
from feedpub.agenda import Slot
from feedpub.mail import boxes
from feedpub.mailing import AHEAD, Issue, SenderRefusal, Tally
from feedpub.newsletter.desk import opened
from feedpub.newsletter.posting import ANSWERED
from feedpub.newsletter.returns import UNREAD
from feedpub.publish.request import Request, place

RECENT = timedelta(days=3)
"""For how long a refusal of us is told: then it may be mended, or would have come again."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is due next."""

    slots: tuple[Slot, ...] = ()
    next_due: datetime | None = None  # then a message may go out; a time that is past means now
    issues: tuple[tuple[Issue, Tally], ...] = ()  # that are going out, or are paused
    asking: int = 0  # who signed up and was not written to yet
    asked: datetime | None = None  # when the first of them did
    behind: str = ""  # why nothing is sent: the database is older than what went out
    settles: datetime | None = None  # then something is to be recorded, be a message due or not
    refusals: tuple[SenderRefusal, ...] = ()  # of us, lately
    unread: int = 0  # messages to the return path that nobody understood, and somebody should read

    @property
    def next_round(self) -> datetime | None:
        """When to `deliver` next."""
        return agenda.first((self.next_due, self.settles))


def is_begun(request: Request) -> bool:
    """Tell whether a site has digests, or had some: an issue may be left to end.

    Of a server nobody is asked where there are none: its database may be somebody else's.
    """
    where = place(request)
    url = where.config.subscribers.database
    if where.config.digests:
        return True
    return not url.startswith("postgres") and store.is_there(url, where.memory.parent)


def tidy(request: Request) -> None:
    """Clean the database up."""
    with opened(request) as desk:
        desk.store.tidy()


def outlook(request: Request) -> Outlook:
    """Tell when the digests go out next, and what waits to be sent."""
    with opened(request) as desk:
        last, unsettled = desk.store.last_slot, desk.store.unsettled()
        going = [each for each in desk.store.issues() if each.state in {"sending", "paused"}]
        asking, asked = desk.store.asking()
        return Outlook(
            slots=tuple(
                Slot(each.name, each.schedule, desk.zone(each), last(each.name, request.now))
                for each in desk.config.digests
            ),
            next_due=_credible(desk.store.next_due(), request.now),
            issues=tuple((each, desk.store.tally(each.id)) for each in going),
            settles=_credible(unsettled and unsettled + ANSWERED, request.now),
            asking=asking,
            behind=desk.behind,
            asked=asked,
            refusals=desk.store.refusals(request.now - RECENT),
            unread=boxes.kept(desk.where.memory.parent / UNREAD),
        )


def _credible(moment: datetime | None, now: datetime) -> datetime | None:
    """Return when something is due: now where a clock that ran ahead said much later."""
    return now if moment is not None and moment > now + AHEAD else moment
