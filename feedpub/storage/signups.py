"""Sign-up requests: one row per address, and confirmation mail within the limits.

`SignupStore` is used by the sign-up form and by the job that sends confirmations. The limits
themselves are decided in `models.signup`.
"""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, delete, func, or_, select, update

from feedpub.models import signup as models_signup
from feedpub.models.address import normalize_address
from feedpub.models.newsletter import (
    ACTIVE,
    MAX_CLOCK_SKEW,
    Consent,
    PendingConfirmation,
    SignupRequest,
    Subscriber,
    SubscriptionFilter,
)
from feedpub.models.signup import RecentSignups, SignupHistory, SignupLimits
from feedpub.storage import restore_check, rows
from feedpub.storage.database import Database, acquire_advisory_lock
from feedpub.storage.rows import hash_address
from feedpub.storage.schema import insert, signup, subscriber

_PURPOSE = "signup"  # of the advisory lock: transactions that count and then write
_CONFIRMABLE_STATES = ("pending", "unsubscribed", "bounced")
"""States from which a confirmation makes a subscriber active."""


class SignupStore:
    """Sign-up requests.

    Every method raises StoreUnavailable if the database is down or locked for now; those that take
    an address raise InvalidValueError if it is invalid. `salt` is the key with which addresses are
    hashed.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def record_signup(
        self, wish: SignupRequest, salt: bytes, network: bytes, limits: SignupLimits, now: datetime
    ) -> str:
        """Record a request; return what `decide_request` decides: SEND_MAIL, UPDATE_ONLY or DROP.

        Subscribers are not looked up, so timing does not reveal whether an address subscribes.
        """
        key = normalize_address(wish.address)
        host = models_signup.find_private_domain(key)
        marks: rows.Values = {
            "mark": hash_address(key, salt),
            "mailbox": hash_address(models_signup.normalize_mailbox(key), salt),
            "domain": hash_address(host, salt) if host else b"",
        }
        with self._database.begin_write() as connection:
            acquire_advisory_lock(connection, _PURPOSE)
            status = _load_history(connection, signup.c.mark == marks["mark"])
            recent = _count_recent(connection, {**marks, "network": network}, limits, now)
            heard = models_signup.decide_request(status, recent, limits, now)
            if heard == models_signup.DROP:
                return heard
            values: rows.Values = {
                **rows.dump_signup_request(wish),
                "network": network,
                "asked": now,
            }
            if heard == models_signup.SEND_MAIL:
                values["due"] = now
            statement = insert(connection, signup).values(mails=0, **marks, **values)
            connection.execute(
                statement.on_conflict_do_update(index_elements=["mark"], set_=values)
            )
            return heard

    def claim_signup(
        self, worker: str, limits: SignupLimits, now: datetime
    ) -> PendingConfirmation | None:
        """Claim a request whose confirmation may be sent now; None if none is due.

        The confirmation counts as sent, and no other worker gets the request until the lease ends.
        The worker then reports the outcome by `mark_confirmation_sent`, `requeue_signup` or
        `close_signup`. If it does not, the request may be claimed again, up to the limit of mails
        per address.
        """
        which = (
            or_(signup.c.due <= now, signup.c.due > now + MAX_CLOCK_SKEW),
            signup.c.asked >= now - limits.max_wait,
            signup.c.mails < limits.max_mails,
        )
        waiting = select(*rows.SIGNUP_COLUMNS).where(*which).order_by(signup.c.due).limit(1)
        with self._database.begin_read() as connection:
            if connection.execute(waiting).first() is None:
                return None
        with self._database.begin_write() as connection:
            acquire_advisory_lock(connection, _PURPOSE)
            recent = select(func.count()).where(
                signup.c.sent > now - limits.min_interval, signup.c.sent <= now + MAX_CLOCK_SKEW
            )
            is_full = (connection.execute(recent).scalar() or 0) >= limits.max_per_interval
            row = None if is_full else connection.execute(waiting).first()
            if row is None:  # or another process claimed it first
                return None
            asked = rows.parse_confirmation(row)
            connection.execute(
                update(signup)
                .where(signup.c.mark == asked.address_hash)
                .values(due=now + limits.lease, worker=worker, sent=now, mails=asked.mails_sent + 1)
            )
            return replace(asked, mails_sent=asked.mails_sent + 1)

    def mark_confirmation_sent(self, asked: PendingConfirmation) -> None:
        """Record that the confirmation was sent and may be answered."""
        with self._database.begin_write() as connection:
            connection.execute(
                update(signup)
                .where(signup.c.mark == asked.address_hash)
                .values(due=None, worker=None)
            )

    def requeue_signup(self, asked: PendingConfirmation, due: datetime) -> None:
        """Return a request whose confirmation was not sent, to be claimed again at `due`."""
        with self._database.begin_write() as connection:
            connection.execute(
                update(signup)
                .where(signup.c.mark == asked.address_hash, signup.c.mails > 0)
                .values(due=due, worker=None, sent=None, mails=signup.c.mails - 1)
            )

    def close_signup(self, asked: PendingConfirmation) -> None:
        """Erase a request that needs nothing more, except for its count of mails."""
        with self._database.begin_write() as connection:
            _clear_request(connection, signup.c.mark == asked.address_hash)

    def list_signup_workers(self) -> frozenset[str]:
        """Return the names of all workers that hold a request."""
        which = (signup.c.due.is_not(None), signup.c.worker.is_not(None))
        with self._database.begin_read() as connection:
            found = connection.execute(select(signup.c.worker).where(*which).distinct())
            return frozenset(found.scalars())

    def release_signups(self, worker: str, now: datetime) -> None:
        """Make the requests of a worker due now; their confirmations may have been sent already."""
        which = (signup.c.due.is_not(None), signup.c.worker == worker)
        with self._database.begin_write() as connection:
            connection.execute(update(signup).where(*which).values(due=now, worker=None))

    def find_pending_confirmation(self, address: str, salt: bytes) -> PendingConfirmation | None:
        """Return the request for an address whose confirmation can still be answered."""
        mark = hash_address(normalize_address(address), salt)
        with self._database.begin_read() as connection:
            return _find_pending(connection, mark)

    def confirm_signup(
        self,
        number: int,
        salt: bytes,
        source: str,
        now: datetime,
        wish: SignupRequest | None = None,
    ) -> Subscriber | None:
        """Activate a subscriber with what they requested; return them if active now, else None.

        Confirming twice changes nothing more. `source` is the network address of the confirmation.
        If `wish` is given, it must still be the current request.
        """
        with self._database.begin_write() as connection:
            # Serialised with unsubscribing: if that comes second, it prevails.
            query = (
                select(*rows.SUBSCRIBER_COLUMNS).where(subscriber.c.id == number).with_for_update()
            )
            row = connection.execute(query).first()
            if row is None:
                return None
            one = rows.parse_subscriber(row)
            mark = hash_address(normalize_address(one.address), salt)
            asked = _find_pending(connection, mark)
            if (
                asked is not None
                and wish is not None
                and _get_preferences(asked.request) != _get_preferences(wish)
            ):
                return None
            if asked is not None and one.state in _CONFIRMABLE_STATES:
                _activate(connection, one, asked, Consent(now, "form", source), now)
                back = [(normalize_address(one.address), ACTIVE)]
                restore_check.log_state_changes(self._database, connection, back)
            if asked is not None:
                _reset_mail_count(connection, one.address, salt)
            one = rows.parse_subscriber(connection.execute(query).one())
            return one if one.state == ACTIVE else None

    def undo_unsubscribe(self, number: int, since: datetime, now: datetime) -> Subscriber | None:
        """Reactivate a subscriber if they unsubscribed after `since`, and return them.

        Returns None if there is no such subscriber.
        """
        which = (
            subscriber.c.id == number,
            subscriber.c.state == "unsubscribed",
            subscriber.c.changed > since,
        )
        with self._database.begin_write() as connection:
            back = update(subscriber).where(*which).values(state=ACTIVE, changed=now)
            keys = connection.execute(back.returning(subscriber.c.key)).scalars()
            returned = [(key, ACTIVE) for key in keys]
            restore_check.log_state_changes(self._database, connection, returned)
            query = select(*rows.SUBSCRIBER_COLUMNS).where(subscriber.c.id == number)
            row = connection.execute(query).first()
            return rows.parse_subscriber(row) if row else None

    def reset_mail_count(self, address: str, salt: bytes) -> None:
        """Reset the count of mails to an address, since its owner has acted."""
        with self._database.begin_write() as connection:
            _reset_mail_count(connection, address, salt)

    def purge_signups(self, limits: SignupLimits, now: datetime) -> None:
        """Delete expired requests: unconfirmed addresses, pending subscribers, and old counts.

        This bounds the table: by the requests that may wait, and by the mails that may be sent
        while their confirmations are valid.
        """
        late = and_(signup.c.due.is_not(None), signup.c.asked < now - limits.max_wait)
        over = and_(signup.c.address != "", signup.c.asked < now - limits.confirmation_lifetime)
        closed = select(signup.c.mark).where(signup.c.address == "")
        more = closed.order_by(signup.c.asked.desc()).offset(limits.max_rows).subquery()
        with self._database.begin_write() as connection:
            _clear_request(connection, or_(late, over))
            for which in (
                and_(signup.c.address == "", signup.c.mails == 0),
                signup.c.asked < now - limits.retention,
                signup.c.mark.in_(select(more.c.mark)),
            ):
                connection.execute(delete(signup).where(which))
            connection.execute(
                delete(subscriber).where(
                    subscriber.c.state == "pending",
                    subscriber.c.consent_how == "form",
                    subscriber.c.consent_at < now - limits.confirmation_lifetime,
                )
            )


def _load_history(connection: Connection, *which: ColumnElement[bool]) -> SignupHistory | None:
    """Return the sums over the rows of a condition, None if there are none."""
    query = select(
        func.count(), func.sum(signup.c.mails), func.max(signup.c.sent), func.count(signup.c.due)
    ).where(*which)
    rows_, mails, sent, waiting = connection.execute(query).one()
    return SignupHistory(int(mails), sent, waiting > 0) if rows_ else None


def _count_recent(
    connection: Connection, marks: rows.Values, limits: SignupLimits, now: datetime
) -> RecentSignups:
    """Count related requests; b"" stands for no network or no domain."""
    other = signup.c.mark != marks["mark"]

    def count(*which: ColumnElement[bool]) -> int:
        found = connection.execute(select(func.count()).select_from(signup).where(*which))
        return found.scalar() or 0

    def near(name: str) -> int:
        recent = signup.c.asked > now - limits.min_interval
        return count(signup.c[name] == marks[name], recent, other) if marks[name] else 0

    return RecentSignups(
        network=near("network"),
        pending=count(signup.c.due.is_not(None)),
        domain=near("domain"),
        aliases=_load_history(connection, signup.c.mailbox == marks["mailbox"], other),
    )


def _find_pending(connection: Connection, mark: bytes) -> PendingConfirmation | None:
    is_open = (signup.c.mark == mark, signup.c.mails > 0, signup.c.address != "")
    row = connection.execute(select(*rows.SIGNUP_COLUMNS).where(*is_open)).first()
    return rows.parse_confirmation(row) if row else None


def _get_preferences(wish: SignupRequest) -> tuple[SubscriptionFilter, str, str]:
    return wish.follows, wish.cadence, wish.language


def _activate(
    connection: Connection,
    one: Subscriber,
    asked: PendingConfirmation,
    consent: Consent,
    now: datetime,
) -> None:
    wish = asked.request
    connection.execute(
        update(subscriber)
        .where(subscriber.c.id == one.id)
        .values(
            **rows.dump_filter(wish.follows),
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


def _reset_mail_count(connection: Connection, address: str, salt: bytes) -> None:
    """Reset the count of mails to a mailbox, and erase the request for this address of it."""
    key = normalize_address(address)
    _clear_request(connection, signup.c.mark == hash_address(key, salt), mails=0)
    # Open requests for its other addresses keep their count and confirmation link.
    closed = (
        signup.c.mailbox == hash_address(models_signup.normalize_mailbox(key), salt),
        signup.c.address == "",
    )
    connection.execute(update(signup).where(*closed).values(mails=0, sent=None))


def _clear_request(
    connection: Connection, which: ColumnElement[bool], mails: int | None = None
) -> None:
    """Erase the preferences and the address of requests."""
    blank: rows.Values = {
        **rows.dump_signup_request(SignupRequest("")),
        "network": b"",
        "due": None,
        "worker": None,
    }
    if mails is not None:
        blank["mails"] = mails
    connection.execute(update(signup).where(which).values(**blank))
