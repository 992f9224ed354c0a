"""A token, and what its owner wants → what is so from now on."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b

from feedpub import tokens
from feedpub.admission import Limits
from feedpub.mailing import ACTIVE, Follows, Subscriber, Wish
from feedpub.newsletter.desk import Desk

_CONFIRM = "confirm"

_COMING = ("pending", "unsubscribed", "bounced")
"""States that somebody leaves by confirming."""

_FIRM = ("unsubscribed", "complained", "suppressed")
"""States that say as much as that somebody left, or more."""

_REGRET = timedelta(days=1)
"""For so long leaving can be undone at once; later a mail asks first, as it asks everybody."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What somebody would get who confirms; `is_open` is False where they confirmed before."""

    reader: Subscriber
    is_open: bool

    @property
    def mark(self) -> str:
        """What tells it from any other: nobody confirms what they were not shown."""
        one = self.reader
        return blake2b(repr((one.follows, one.cadence, one.language)).encode()).hexdigest()[:16]


def ask(desk: Desk, wish: Wish, network: bytes, now: datetime, limits: Limits | None = None) -> str:
    """Record that somebody, perhaps, wants to be mailed; `network` is marked by `Networks`.

    It looks at no reader, and does as much for whomever is asked for. Tells what becomes of it,
    as `admission.heard` does, which is nothing to tell them. Raises `roster.Faulty` for what is
    no address.
    """
    return desk.store.ask(wish, desk.salt(), network, limits or Limits(), now)


def token(desk: Desk, purpose: str, reader: Subscriber) -> str:
    """Give a reader's token for a purpose.

    One to confirm is good as long as the reader's state is what it was: an old mail brings nobody
    back who left since, whoever has it.
    """
    made = desk.token(purpose, reader)
    return f"{made}_{tokens.seal(desk.keys, made, _state(reader))}" if purpose == _CONFIRM else made


def _state(reader: Subscriber) -> str:
    """Give since when a reader has been in which state."""
    return f"{reader.state} {reader.changed.isoformat() if reader.changed else ''}"


def whose(desk: Desk, purpose: str, text: str) -> Subscriber | None:
    """Give the reader whose token for a purpose this is."""
    owner = tokens.read(desk.keys, purpose, text)
    return None if owner is None else desk.reader(owner)


def is_ours(desk: Desk, purpose: str, text: str) -> bool:
    """Tell whether a token is one of ours, be its owner there or not any more.

    None is of another database, where its id means somebody else: there its owner may be, too.
    """
    owner = tokens.read(desk.keys, purpose, text)
    if owner is None:
        return False
    return desk.reader(owner) is not None or desk.store.get(owner.id) is None


def offered(desk: Desk, text: str) -> Offer | None:
    """Give what the owner of a token would get by confirming, or gets already."""
    made, _, seal = text.partition("_")
    reader = whose(desk, _CONFIRM, made)
    if reader is None:
        return None
    asked = None
    if reader.state in _COMING and tokens.is_sealed(desk.keys, made, _state(reader), seal):
        asked = desk.store.asked(reader.address, desk.salt())
    if asked is None:
        return Offer(reader, is_open=False) if reader.state == ACTIVE else None
    wish = asked.wish
    wanted = Subscriber(
        id=reader.id,
        address=reader.address,
        consent=reader.consent,
        follows=wish.follows,
        cadence=wish.cadence,
        language=wish.language,
    )
    return Offer(wanted, is_open=True)


def confirm(desk: Desk, offer: Offer, source: str, now: datetime) -> Subscriber | None:
    """Mail somebody from now on what they were offered; None where they ask for other things now.

    `source` is the network address they said so from.
    """
    one = offer.reader
    wish = Wish(one.address, one.follows, one.cadence, one.language)
    return desk.store.confirm(one.id, desk.salt(), source, now, wish)


def leave(desk: Desk, text: str, now: datetime) -> None:
    """Mail somebody no more."""
    reader = whose(desk, "unsubscribe", text)
    if reader is not None and reader.state not in _FIRM:
        desk.store.change(reader.id, "unsubscribed", now)


def come_back(
    desk: Desk, text: str, network: bytes, now: datetime
) -> tuple[Subscriber | None, str]:
    """Take back that somebody left: at once where it was just now, else a mail asks them first.

    Gives them as they are then, and what becomes of asking them, as `ask` does, "" where that was
    not done; nothing changes for anybody who did not leave.
    """
    reader = whose(desk, "unsubscribe", text)
    if reader is None or reader.state != "unsubscribed":
        return reader, ""
    after = desk.store.undo(reader.id, now - _REGRET, now)
    if after is None or after.state != "unsubscribed":
        return after, ""
    wish = Wish(after.address, after.follows, after.cadence, after.language)
    return after, ask(desk, wish, network, now)


def prefer(
    desk: Desk, reader: Subscriber, follows: Follows, cadence: str, language: str, now: datetime
) -> None:
    """Set what somebody gets who has come with their token."""
    desk.store.excuse(reader.address, desk.salt())
    desk.store.prefer(reader.id, follows, cadence, language, now)


def forget(desk: Desk, text: str) -> bool:
    """Delete somebody for good; False where the token is not one of ours."""
    reader = whose(desk, "unsubscribe", text)
    if reader is not None:
        desk.store.forget(reader.address, *desk.salts())
    return is_ours(desk, "unsubscribe", text)
