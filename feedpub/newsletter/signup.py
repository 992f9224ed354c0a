"""People who sign up, confirm, choose and leave → readers, and the mails that ask them first.

A request is only recorded (`ask`); what comes of it is decided, and mailed, by `confirmations`.
The others take the token of a mail, or the reader whose it is.

A token, and what its owner wants → what is so from now on.

The network a request comes from → a mark that tells it again today, and nobody which it is.

The site as it is now → all that the pages for its readers are made of.
"""

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from hashlib import blake2b
from ipaddress import IPv6Address, ip_address, ip_network

from feedpub.app import BuildRequest, NewsletterContext
from feedpub.files import cache, lock, packaged, scanner
from feedpub.files.cache import BuildCache
from feedpub.models import tokens
from feedpub.models.content import MenuLink, SignupOptions
from feedpub.models.newsletter import ACTIVE, SignupRequest, Subscriber, SubscriptionFilter
from feedpub.models.signup import SignupLimits
from feedpub.site import feeds
from feedpub.site.build_state import BuildState
from feedpub.site.builder import compute_cache_version
from feedpub.site.describe import FilterDescriber, FilterNames
from feedpub.site.pipeline import load_templates, prepare_site
from feedpub.site.templates import Templates

_IPV4, _IPV6 = 24, 48  # what one household or office has, and its neighbours
_OCTETS = 16


class NetworkHasher:
    """Marks networks with a salt that is in memory alone, and another one every day."""

    def __init__(self) -> None:
        self._day: date | None = None
        self._salt = b""

    def hash_network(self, address: str, now: datetime) -> bytes:
        """Return the mark of the network that an IP address is in.

        An address that is not of the internet may be a proxy's that the configuration does not
        name: all whom it speaks for count as one, as do all whose address is unknown. For one
        thread at a time.
        """
        if self._day != now.date():
            self._day, self._salt = now.date(), secrets.token_bytes(_OCTETS)
        return hmac.digest(self._salt, _network(address).encode(), "sha256")[:_OCTETS]


def _network(address: str) -> str:
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    bits = _IPV4
    if isinstance(parsed, IPv6Address):
        bits = _IPV4 if parsed.ipv4_mapped else _IPV6
        parsed = parsed.ipv4_mapped or parsed
    return str(ip_network((int(parsed), bits), strict=False))


@dataclass(frozen=True, slots=True)
class PageContext:
    """One state of the site; whoever runs for long sets a new one when the site has changed."""

    newsletter: NewsletterContext
    templates: Templates
    describer: FilterDescriber
    signup_options: SignupOptions
    menu: tuple[MenuLink, ...] = ()


def load_page_context(
    request: BuildRequest, desk: NewsletterContext, kept: BuildState | None = None
) -> PageContext:
    """Read the site; of what was kept by the last build, only what has changed since.

    A build that goes on is waited for.
    """
    where = desk.paths
    waiting: Callable[[], None] = partial(request.progress, "waiting for a build to end", 0, 0)
    with lock.lock_folder(where.cache, waiting):
        return cache.retry_on_corrupt_cache(
            where.cache, partial(_load_page_context, request, desk, kept)
        )


def _load_page_context(
    request: BuildRequest, desk: NewsletterContext, kept: BuildState | None
) -> PageContext:
    where = desk.paths
    memory = BuildCache(
        where.cache, compute_cache_version(packaged.compute_program_digest(), desk.config)
    )
    known = kept.prepared if kept and kept.inputs.paths == where else None
    entries = scanner.scan(where.content, follow_links=where.config.content.follow_links)
    made = prepare_site(request, where, entries, memory, known=known)
    templates = load_templates(where, packaged.read_templates(where.templates))
    following = FilterDescriber(templates, FilterNames.from_library(made.library))
    choices = feeds.build_signup_options(desk.config, made.library)
    return PageContext(desk, templates, following, choices, made.plan.menu)


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
