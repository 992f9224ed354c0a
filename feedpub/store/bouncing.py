"""Mail that came back from a reader → whether they are mailed any more.

Soft bounces count in a row, and no notice says which message it is about. So:

- Of one day one counts: a mailbox that was full for an afternoon has ten of them where each post
  is mailed by itself.
- They are no longer in a row once a message got through between two of them. Acceptance does not
  show that, since bounces come after it: the message must have been accepted longer ago than
  servers go on trying, and nothing have come back meanwhile.
- Time alone forgets nothing: a monthly digest has a month between two bounces in a row.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, or_, select, update

from feedpub.mailing import ACTIVE
from feedpub.store.schema import delivery, issue, subscriber

_DAY = timedelta(hours=20)  # a daily digest bounces now earlier, now later
# Servers try for 5 days (RFC 5321 section 4.5.4.1), and tell when they look the next time. A week
# would be too long: of a weekly digest, the issue before would never be known to have got through.
_TRYING = timedelta(days=6)


@dataclass(frozen=True, slots=True)
class Bounce:
    """One message that came back."""

    hard: bool
    limit: int  # soft ones in a row that count as a hard one
    at: datetime  # when it came
    now: datetime


def record_bounce(connection: Connection, number: int, bounce: Bounce) -> None:
    """Write what a bounce changes about a reader; who left before is as they were."""
    query = select(subscriber.c.soft_bounces, subscriber.c.soft_bounced).where(
        subscriber.c.id == number, subscriber.c.state.in_((ACTIVE, "pending"))
    )
    row = connection.execute(query.with_for_update()).first()
    if row is None:
        return
    ended = {"state": "bounced", "changed": bounce.now}
    if bounce.hard:
        _change(connection, number, ended)
        return
    count, last = row
    if last is not None:
        if bounce.at < last + _DAY:
            return
        if _got_through(connection, number, last + _DAY, bounce.at - _TRYING):
            count = 0
    counted = {"soft_bounces": count + 1, "soft_bounced": bounce.at}
    over = count + 1 >= bounce.limit
    _change(connection, number, {**counted, **ended} if over else counted)


def _change(connection: Connection, number: int, values: dict[str, object]) -> None:
    connection.execute(update(subscriber).where(subscriber.c.id == number).values(**values))


def _got_through(connection: Connection, number: int, after: datetime, before: datetime) -> bool:
    """Tell whether a message was accepted between two times.

    Had it come back, then after the first of them: it would have been the last that counted.
    """
    if before <= after:
        return False
    # By way of the issues: deliveries are found by issue and reader, not by reader alone.
    query = (
        select(delivery.c.id)
        .join(issue, issue.c.id == delivery.c.issue)
        .where(
            or_(issue.c.ended.is_(None), issue.c.ended > after),
            delivery.c.subscriber == number,
            delivery.c.state == "accepted",
            delivery.c.at > after,
            delivery.c.at < before,
        )
    )
    return connection.execute(query.limit(1)).first() is not None
