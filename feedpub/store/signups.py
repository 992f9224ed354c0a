"""Who asks to be mailed: one address, one row, and no more mail to it than the limits allow."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, delete, func, or_, select, update

from feedpub import admission
from feedpub.admission import Crowd, Limits, Standing
from feedpub.mailing import ACTIVE, AHEAD, Asked, Consent, Follows, Subscriber, Wish
from feedpub.roster import canonical
from feedpub.store import restored, rows
from feedpub.store.database import Database, alone
from feedpub.store.privacy import hashed
from feedpub.store.schema import insert, signup, subscriber

_PURPOSE = "signup"  # of transactions that count first and then write
_COMING = ("pending", "unsubscribed", "bounced")
"""States that somebody may leave by confirming."""


class Signups:
    """All that is known of requests to be mailed.

    Every method raises StoreUnavailable where the database is away or locked for now; those that
    take an address raise `roster.Faulty` for what is none. `salt` is what addresses are hashed
    with.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def ask(self, wish: Wish, salt: bytes, network: bytes, limits: Limits, now: datetime) -> str:
        """Record a request, and tell what becomes of it as `admission.heard` does.

        Readers are not looked at: it takes the same for whomever is asked for.
        """
        key = canonical(wish.address)
        host = admission.domain(key)
        marks: rows.Values = {
            "mark": hashed(key, salt),
            "mailbox": hashed(admission.mailbox(key), salt),
            "domain": hashed(host, salt) if host else b"",
        }
        with self._database.writing() as connection:
            alone(connection, _PURPOSE)
            standing = _standing(connection, signup.c.mark == marks["mark"])
            crowd = _crowd(connection, {**marks, "network": network}, limits, now)
            heard = admission.heard(standing, crowd, limits, now)
            if heard == admission.DROP:
                return heard
            values: rows.Values = {**rows.wish(wish), "network": network, "asked": now}
            if heard == admission.MAIL:
                values["due"] = now
            statement = insert(connection, signup).values(mails=0, **marks, **values)
            connection.execute(
                statement.on_conflict_do_update(index_elements=["mark"], set_=values)
            )
            return heard

    def next_asked(self, worker: str, limits: Limits, now: datetime) -> Asked | None:
        """Give somebody whom a mail may go to now, which counts as sent; None where nobody.

        Until the lease ends nobody else is given it. The worker then says by `posted`, `unsent` or
        `answered` what came of it; where it does not, it may be given again, as often as mails may
        go to one address.
        """
        which = (
            or_(signup.c.due <= now, signup.c.due > now + AHEAD),
            signup.c.asked >= now - limits.patience,
            signup.c.mails < limits.mails,
        )
        waiting = select(*rows.ASKED).where(*which).order_by(signup.c.due).limit(1)
        with self._database.reading() as connection:
            if connection.execute(waiting).first() is None:
                return None
        with self._database.writing() as connection:
            alone(connection, _PURPOSE)
            recent = select(func.count()).where(
                signup.c.sent > now - limits.apart, signup.c.sent <= now + AHEAD
            )
            is_full = (connection.execute(recent).scalar() or 0) >= limits.rate
            row = None if is_full else connection.execute(waiting).first()
            if row is None:  # or another process was faster
                return None
            asked = rows.asked(row)
            connection.execute(
                update(signup)
                .where(signup.c.mark == asked.mark)
                .values(due=now + limits.lease, worker=worker, sent=now, mails=asked.mails + 1)
            )
            return replace(asked, mails=asked.mails + 1)

    def posted(self, asked: Asked) -> None:
        """Keep that a mail went out, and may be answered."""
        with self._database.writing() as connection:
            connection.execute(
                update(signup).where(signup.c.mark == asked.mark).values(due=None, worker=None)
            )

    def unsent(self, asked: Asked, due: datetime) -> None:
        """Take back a request whose mail did not go out; it may at a time."""
        with self._database.writing() as connection:
            connection.execute(
                update(signup)
                .where(signup.c.mark == asked.mark, signup.c.mails > 0)
                .values(due=due, worker=None, sent=None, mails=signup.c.mails - 1)
            )

    def answered(self, asked: Asked) -> None:
        """Keep of a request that nothing more comes of only that a mail went out."""
        with self._database.writing() as connection:
            _close(connection, signup.c.mark == asked.mark)

    def clerks(self) -> frozenset[str]:
        """Give all who were given a request, and have not said what came of it."""
        which = (signup.c.due.is_not(None), signup.c.worker.is_not(None))
        with self._database.reading() as connection:
            found = connection.execute(select(signup.c.worker).where(*which).distinct())
            return frozenset(found.scalars())

    def give_back(self, worker: str, now: datetime) -> None:
        """Let others have what a worker was given, now; a mail of it may have gone out."""
        which = (signup.c.due.is_not(None), signup.c.worker == worker)
        with self._database.writing() as connection:
            connection.execute(update(signup).where(*which).values(due=now, worker=None))

    def asked(self, address: str, salt: bytes) -> Asked | None:
        """Give what was asked for an address, where a mail is out that can be answered."""
        mark = hashed(canonical(address), salt)
        with self._database.reading() as connection:
            return _open(connection, mark)

    def confirm(
        self, number: int, salt: bytes, source: str, now: datetime, wish: Wish | None = None
    ) -> Subscriber | None:
        """Mail a reader what they asked for and have now confirmed; None where they did not ask.

        Done twice it changes nothing more. `source` is the network address it came from. Where a
        `wish` is given, it must still be what is asked for.
        """
        with self._database.writing() as connection:
            # Whoever leaves meanwhile does so before or after it, and stays away if after.
            query = select(*rows.SUBSCRIBER).where(subscriber.c.id == number).with_for_update()
            row = connection.execute(query).first()
            if row is None:
                return None
            one = rows.subscriber(row)
            mark = hashed(canonical(one.address), salt)
            asked = _open(connection, mark)
            if asked is not None and wish is not None and _choice(asked.wish) != _choice(wish):
                return None
            if asked is not None and one.state in _COMING:
                _activate(connection, one, asked, Consent(now, "form", source), now)
                back = [(canonical(one.address), ACTIVE)]
                restored.note_departures(self._database, connection, back)
            if asked is not None:
                _excuse(connection, one.address, salt)
            one = rows.subscriber(connection.execute(query).one())
            return one if one.state == ACTIVE else None

    def undo(self, number: int, since: datetime, now: datetime) -> Subscriber | None:
        """Mail a reader again who left after a time; None where there is no such reader."""
        which = (
            subscriber.c.id == number,
            subscriber.c.state == "unsubscribed",
            subscriber.c.changed > since,
        )
        with self._database.writing() as connection:
            back = update(subscriber).where(*which).values(state=ACTIVE, changed=now)
            keys = connection.execute(back.returning(subscriber.c.key)).scalars()
            returned = [(key, ACTIVE) for key in keys]
            restored.note_departures(self._database, connection, returned)
            query = select(*rows.SUBSCRIBER).where(subscriber.c.id == number)
            row = connection.execute(query).first()
            return rows.subscriber(row) if row else None

    def excuse(self, address: str, salt: bytes) -> None:
        """Count the mails to an address anew: its owner was here."""
        with self._database.writing() as connection:
            _excuse(connection, address, salt)

    def tidy_asked(self, limits: Limits, now: datetime) -> None:
        """Let go of what is over: addresses that were not confirmed, and counts of long ago.

        So the table is bounded: by what may wait, and by the mails that may go out in the time
        that they can be answered.
        """
        late = and_(signup.c.due.is_not(None), signup.c.asked < now - limits.patience)
        over = and_(signup.c.address != "", signup.c.asked < now - limits.open)
        closed = select(signup.c.mark).where(signup.c.address == "")
        more = closed.order_by(signup.c.asked.desc()).offset(limits.rows).subquery()
        with self._database.writing() as connection:
            _close(connection, or_(late, over))
            for which in (
                and_(signup.c.address == "", signup.c.mails == 0),
                signup.c.asked < now - limits.memory,
                signup.c.mark.in_(select(more.c.mark)),
            ):
                connection.execute(delete(signup).where(which))
            connection.execute(
                delete(subscriber).where(
                    subscriber.c.state == "pending",
                    subscriber.c.consent_how == "form",
                    subscriber.c.consent_at < now - limits.open,
                )
            )


def _standing(connection: Connection, *which: ColumnElement[bool]) -> Standing | None:
    """Return what was asked for by all rows of a kind together, None where there are none."""
    query = select(
        func.count(), func.sum(signup.c.mails), func.max(signup.c.sent), func.count(signup.c.due)
    ).where(*which)
    rows_, mails, sent, waiting = connection.execute(query).one()
    return Standing(int(mails), sent, waiting > 0) if rows_ else None


def _crowd(connection: Connection, marks: rows.Values, limits: Limits, now: datetime) -> Crowd:
    """Count what else was asked for; b"" is no network, and no domain."""
    other = signup.c.mark != marks["mark"]

    def count(*which: ColumnElement[bool]) -> int:
        found = connection.execute(select(func.count()).select_from(signup).where(*which))
        return found.scalar() or 0

    def near(name: str) -> int:
        recent = signup.c.asked > now - limits.apart
        return count(signup.c[name] == marks[name], recent, other) if marks[name] else 0

    return Crowd(
        network=near("network"),
        waiting=count(signup.c.due.is_not(None)),
        domain=near("domain"),
        aliases=_standing(connection, signup.c.mailbox == marks["mailbox"], other),
    )


def _open(connection: Connection, mark: bytes) -> Asked | None:
    is_open = (signup.c.mark == mark, signup.c.mails > 0, signup.c.address != "")
    row = connection.execute(select(*rows.ASKED).where(*is_open)).first()
    return rows.asked(row) if row else None


def _choice(wish: Wish) -> tuple[Follows, str, str]:
    return wish.follows, wish.cadence, wish.language


def _activate(
    connection: Connection, one: Subscriber, asked: Asked, consent: Consent, now: datetime
) -> None:
    wish = asked.wish
    connection.execute(
        update(subscriber)
        .where(subscriber.c.id == one.id)
        .values(
            **rows.follows(wish.follows),
            cadence=wish.cadence,
            language=wish.language,
            state=ACTIVE,
            soft_bounces=0,
            changed=now,
            consent_at=consent.at,
            consent_how=consent.how,
            consent_source=consent.source,
        )
    )


def _excuse(connection: Connection, address: str, salt: bytes) -> None:
    """Count the mails to a mailbox anew, and forget what was wished for this address of it."""
    key = canonical(address)
    _close(connection, signup.c.mark == hashed(key, salt), mails=0)
    # What can still be confirmed for another of its addresses keeps its count, and its link.
    closed = (signup.c.mailbox == hashed(admission.mailbox(key), salt), signup.c.address == "")
    connection.execute(update(signup).where(*closed).values(mails=0, sent=None))


def _close(connection: Connection, which: ColumnElement[bool], mails: int | None = None) -> None:
    """Forget what was wished, and by whom."""
    blank: rows.Values = {**rows.wish(Wish("")), "network": b"", "due": None, "worker": None}
    if mails is not None:
        blank["mails"] = mails
    connection.execute(update(signup).where(which).values(**blank))
