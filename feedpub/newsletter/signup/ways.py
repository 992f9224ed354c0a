"""A token, and what its owner wants → what is so from now on."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b

from feedpub import tokens
from feedpub.admission import SignupLimits
from feedpub.mailing import ACTIVE, SignupRequest, Subscriber, SubscriptionFilter
from feedpub.newsletter.desk import NewsletterContext

_CONFIRM = "confirm"

_CONFIRMABLE_STATES = ("pending", "unsubscribed", "bounced")
"""States that somebody leaves by confirming."""

_FINAL_STATES = ("unsubscribed", "complained", "suppressed")
"""States that say as much as that somebody left, or more."""

_UNDO_PERIOD = timedelta(days=1)
"""For so long leaving can be undone at once; later a mail asks first, as it asks everybody."""


@dataclass(frozen=True, slots=True)
class SubscriptionOffer:
    """What somebody would get who confirms; `is_open` is False where they confirmed before."""

    subscriber: Subscriber
    is_pending: bool

    @property
    def fingerprint(self) -> str:
        """What tells it from any other: nobody confirms what they were not shown."""
        one = self.subscriber
        return blake2b(repr((one.follows, one.cadence, one.language)).encode()).hexdigest()[:16]


def request_signup(
    desk: NewsletterContext,
    wish: SignupRequest,
    network: bytes,
    now: datetime,
    limits: SignupLimits | None = None,
) -> str:
    """Record that somebody, perhaps, wants to be mailed; `network` is marked by `Networks`.

    It looks at no reader, and does as much for whomever is asked for. Tells what becomes of it,
    as `admission.heard` does, which is nothing to tell them. Raises `roster.Faulty` for what is
    no address.
    """
    return desk.store.record_signup(
        wish, desk.derive_salt(), network, limits or SignupLimits(), now
    )


def create_token(desk: NewsletterContext, purpose: str, reader: Subscriber) -> str:
    """Give a reader's token for a purpose.

    One to confirm is good as long as the reader's state is what it was: an old mail brings nobody
    back who left since, whoever has it.
    """
    made = desk.create_token(purpose, reader)
    return (
        f"{made}_{tokens.sign_form(desk.keys, made, _state(reader))}"
        if purpose == _CONFIRM
        else made
    )


def _state(reader: Subscriber) -> str:
    """Give since when a reader has been in which state."""
    return f"{reader.state} {reader.changed.isoformat() if reader.changed else ''}"


def find_subscriber(desk: NewsletterContext, purpose: str, text: str) -> Subscriber | None:
    """Give the reader whose token for a purpose this is."""
    owner = tokens.verify_token(desk.keys, purpose, text)
    return None if owner is None else desk.find_subscriber(owner)


def is_valid_token(desk: NewsletterContext, purpose: str, text: str) -> bool:
    """Tell whether a token is one of ours, be its owner there or not any more.

    None is of another database, where its id means somebody else: there its owner may be, too.
    """
    owner = tokens.verify_token(desk.keys, purpose, text)
    if owner is None:
        return False
    return desk.find_subscriber(owner) is not None or desk.store.get_subscriber(owner.id) is None


def find_offer(desk: NewsletterContext, text: str) -> SubscriptionOffer | None:
    """Give what the owner of a token would get by confirming, or gets already."""
    made, _, seal = text.partition("_")
    reader = find_subscriber(desk, _CONFIRM, made)
    if reader is None:
        return None
    asked = None
    if reader.state in _CONFIRMABLE_STATES and tokens.verify_form(
        desk.keys, made, _state(reader), seal
    ):
        asked = desk.store.find_pending_confirmation(reader.address, desk.derive_salt())
    if asked is None:
        return SubscriptionOffer(reader, is_pending=False) if reader.state == ACTIVE else None
    wish = asked.request
    wanted = Subscriber(
        id=reader.id,
        address=reader.address,
        consent=reader.consent,
        follows=wish.follows,
        cadence=wish.cadence,
        language=wish.language,
    )
    return SubscriptionOffer(wanted, is_pending=True)


def confirm_signup(
    desk: NewsletterContext, offer: SubscriptionOffer, source: str, now: datetime
) -> Subscriber | None:
    """Mail somebody from now on what they were offered; None where they ask for other things now.

    `source` is the network address they said so from.
    """
    one = offer.subscriber
    wish = SignupRequest(one.address, one.follows, one.cadence, one.language)
    return desk.store.confirm_signup(one.id, desk.derive_salt(), source, now, wish)


def unsubscribe(desk: NewsletterContext, text: str, now: datetime) -> None:
    """Mail somebody no more."""
    reader = find_subscriber(desk, "unsubscribe", text)
    if reader is not None and reader.state not in _FINAL_STATES:
        desk.store.change_state(reader.id, "unsubscribed", now)


def resubscribe(
    desk: NewsletterContext, text: str, network: bytes, now: datetime
) -> tuple[Subscriber | None, str]:
    """Take back that somebody left: at once where it was just now, else a mail asks them first.

    Gives them as they are then, and what becomes of asking them, as `ask` does, "" where that was
    not done; nothing changes for anybody who did not leave.
    """
    reader = find_subscriber(desk, "unsubscribe", text)
    if reader is None or reader.state != "unsubscribed":
        return reader, ""
    after = desk.store.undo_unsubscribe(reader.id, now - _UNDO_PERIOD, now)
    if after is None or after.state != "unsubscribed":
        return after, ""
    wish = SignupRequest(after.address, after.follows, after.cadence, after.language)
    return after, request_signup(desk, wish, network, now)


def update_preferences(
    desk: NewsletterContext,
    reader: Subscriber,
    follows: SubscriptionFilter,
    cadence: str,
    language: str,
    now: datetime,
) -> None:
    """Set what somebody gets who has come with their token."""
    desk.store.reset_mail_count(reader.address, desk.derive_salt())
    desk.store.update_preferences(reader.id, follows, cadence, language, now)


def erase_by_token(desk: NewsletterContext, text: str) -> bool:
    """Delete somebody for good; False where the token is not one of ours."""
    reader = find_subscriber(desk, "unsubscribe", text)
    if reader is not None:
        desk.store.forget_address(reader.address, *desk.derive_salts())
    return is_valid_token(desk, "unsubscribe", text)
