"""A site's configuration and database → what is due of its newsletter, without reading a post."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from feedpub import agenda, store
from feedpub.agenda import DigestSchedule
from feedpub.mail import boxes
from feedpub.mailing import MAX_CLOCK_SKEW, Issue, IssueStats, SenderRefusal
from feedpub.newsletter.desk import open_newsletter
from feedpub.newsletter.posting import IN_DOUBT_TIMEOUT
from feedpub.newsletter.returns import UNREAD_FOLDER
from feedpub.publish.request import BuildRequest, resolve_paths

REFUSAL_WINDOW = timedelta(days=3)
"""For how long a refusal of us is told: then it may be mended, or would have come again."""


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """What is due next."""

    schedules: tuple[DigestSchedule, ...] = ()
    next_due: datetime | None = None  # then a message may go out; a time that is past means now
    open_issues: tuple[tuple[Issue, IssueStats], ...] = ()  # that are going out, or are paused
    pending_signups: int = 0  # who signed up and was not written to yet
    oldest_signup: datetime | None = None  # when the first of them did
    outdated_reason: str = ""  # why nothing is sent: the database is older than what went out
    doubt_expires: datetime | None = (
        None  # then something is to be recorded, be a message due or not
    )
    refusals: tuple[SenderRefusal, ...] = ()  # of us, lately
    unread_bounces: int = (
        0  # messages to the return path that nobody understood, and somebody should read
    )

    @property
    def next_run(self) -> datetime | None:
        """When to `deliver` next."""
        return agenda.find_earliest((self.next_due, self.doubt_expires))


def has_digests(request: BuildRequest) -> bool:
    """Tell whether a site has digests, or had some: an issue may be left to end.

    Of a server nobody is asked where there are none: its database may be somebody else's.
    """
    where = resolve_paths(request)
    url = where.config.subscribers.database
    if where.config.digests:
        return True
    return not url.startswith("postgres") and store.database_exists(url, where.cache.parent)


def clean_up_database(request: BuildRequest) -> None:
    """Clean the database up."""
    with open_newsletter(request) as desk:
        desk.store.checkpoint()


def get_queue_status(request: BuildRequest) -> QueueStatus:
    """Tell when the digests go out next, and what waits to be sent."""
    with open_newsletter(request) as desk:
        last, unsettled = desk.store.get_last_slot, desk.store.find_oldest_unresolved()
        going = [each for each in desk.store.list_issues() if each.state in {"sending", "paused"}]
        asking, asked = desk.store.count_pending_signups()
        return QueueStatus(
            schedules=tuple(
                DigestSchedule(
                    each.name, each.schedule, desk.get_timezone(each), last(each.name, request.now)
                )
                for each in desk.config.digests
            ),
            next_due=_credible(desk.store.get_next_due(), request.now),
            open_issues=tuple((each, desk.store.get_issue_stats(each.id)) for each in going),
            doubt_expires=_credible(unsettled and unsettled + IN_DOUBT_TIMEOUT, request.now),
            pending_signups=asking,
            outdated_reason=desk.outdated_reason,
            oldest_signup=asked,
            refusals=desk.store.list_refusals(request.now - REFUSAL_WINDOW),
            unread_bounces=boxes.count_unread(desk.paths.cache.parent / UNREAD_FOLDER),
        )


def _credible(moment: datetime | None, now: datetime) -> datetime | None:
    """Return when something is due: now where a clock that ran ahead said much later."""
    return now if moment is not None and moment > now + MAX_CLOCK_SKEW else moment
