"""Sign-up, confirmation, preferences, unsubscribe and erasure, as offered on the web.

`request_signup` only records a request; `feedpub.newsletter.confirmations` decides on it and sends
the mail. The other functions take a signed token from a message, or the subscriber whose it is.
`NetworkHasher` identifies client networks for rate limits without storing them, and
`load_page_context` loads what the subscriber pages are rendered from.
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

_IPV4, _IPV6 = 24, 48  # prefix bits: a household or office and its neighbours
_OCTETS = 16


class NetworkHasher:
    """Hashes client networks with a salt kept only in memory and changed every day."""

    def __init__(self) -> None:
        self._day: date | None = None
        self._salt = b""

    def hash_network(self, address: str, now: datetime) -> bytes:
        """Return the hash of the network of an IP address.

        Unparsable addresses hash alike. So do all clients behind a proxy that the configuration
        does not list, as they share its address. Not thread-safe.
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
    """What subscriber pages are rendered from; replaced as a whole when the site changes."""

    newsletter: NewsletterContext
    templates: Templates
    describer: FilterDescriber
    signup_options: SignupOptions
    menu: tuple[MenuLink, ...] = ()


def load_page_context(
    request: BuildRequest, newsletter: NewsletterContext, kept: BuildState | None = None
) -> PageContext:
    """Read the site; with the state of the last build, only what has changed since.

    Waits for a running build.
    """
    where = newsletter.paths
    waiting: Callable[[], None] = partial(request.progress, "waiting for a build to end", 0, 0)
    with lock.lock_folder(where.cache, waiting):
        return cache.retry_on_corrupt_cache(
            where.cache, partial(_load_page_context, request, newsletter, kept)
        )


def _load_page_context(
    request: BuildRequest, newsletter: NewsletterContext, kept: BuildState | None
) -> PageContext:
    where = newsletter.paths
    memory = BuildCache(
        where.cache, compute_cache_version(packaged.compute_program_digest(), newsletter.config)
    )
    known = kept.prepared if kept and kept.inputs.paths == where else None
    entries = scanner.scan(where.content, follow_links=where.config.content.follow_links)
    made = prepare_site(request, where, entries, memory, known=known)
    templates = load_templates(where, packaged.read_templates(where.templates))
    describer = FilterDescriber(templates, FilterNames.from_library(made.library))
    choices = feeds.build_signup_options(newsletter.config, made.library)
    return PageContext(newsletter, templates, describer, choices, made.plan.menu)


_CONFIRM = "confirm"

_CONFIRMABLE_STATES = ("pending", "unsubscribed", "bounced")
"""States that a confirmation changes to active."""

_FINAL_STATES = ("unsubscribed", "complained", "suppressed")
"""States that an unsubscribe leaves as they are."""

_UNDO_PERIOD = timedelta(days=1)
"""How long an unsubscribe can be undone at once; later, a confirmation mail is needed."""


@dataclass(frozen=True, slots=True)
class SubscriptionOffer:
    """What a confirmation would activate; `is_pending` is False if it is active already."""

    subscriber: Subscriber
    is_pending: bool

    @property
    def fingerprint(self) -> str:
        """A hash of the offer, to make sure that what is confirmed is what was shown."""
        one = self.subscriber
        return blake2b(repr((one.follows, one.cadence, one.language)).encode()).hexdigest()[:16]


def request_signup(
    newsletter: NewsletterContext,
    wish: SignupRequest,
    network: bytes,
    now: datetime,
    limits: SignupLimits | None = None,
) -> str:
    """Record a sign-up request; `network` is a hash from `NetworkHasher`.

    Subscribers are not looked up, so the response takes equally long for every address. Return the
    decision of `feedpub.models.signup.decide_request`, which must not be disclosed to the client.
    Raises InvalidValueError if the address is invalid.
    """
    return newsletter.store.record_signup(
        wish, newsletter.derive_salt(), network, limits or SignupLimits(), now
    )


def create_token(newsletter: NewsletterContext, purpose: str, reader: Subscriber) -> str:
    """Return a subscriber's token for a purpose.

    A confirmation token is valid only while the subscriber's state is unchanged, so that an old
    message cannot reactivate somebody who unsubscribed since.
    """
    made = newsletter.create_token(purpose, reader)
    return (
        f"{made}_{tokens.sign_form(newsletter.keys, made, _state(reader))}"
        if purpose == _CONFIRM
        else made
    )


def _state(reader: Subscriber) -> str:
    """Return a subscriber's state and when it began, as signed in a confirmation token."""
    return f"{reader.state} {reader.changed.isoformat() if reader.changed else ''}"


def find_subscriber(newsletter: NewsletterContext, purpose: str, text: str) -> Subscriber | None:
    """Return the subscriber a token for this purpose belongs to, if it is valid."""
    owner = tokens.verify_token(newsletter.keys, purpose, text)
    return None if owner is None else newsletter.find_subscriber(owner)


def is_valid_token(newsletter: NewsletterContext, purpose: str, text: str) -> bool:
    """Return whether a token is valid here, even if its subscriber has been erased.

    A token of another database is invalid if its id belongs to somebody else here.
    """
    owner = tokens.verify_token(newsletter.keys, purpose, text)
    if owner is None:
        return False
    return (
        newsletter.find_subscriber(owner) is not None
        or newsletter.store.get_subscriber(owner.id) is None
    )


def find_offer(newsletter: NewsletterContext, text: str) -> SubscriptionOffer | None:
    """Return what the owner of a token would get by confirming, or gets already."""
    made, _, seal = text.partition("_")
    reader = find_subscriber(newsletter, _CONFIRM, made)
    if reader is None:
        return None
    asked = None
    if reader.state in _CONFIRMABLE_STATES and tokens.verify_form(
        newsletter.keys, made, _state(reader), seal
    ):
        asked = newsletter.store.find_pending_confirmation(reader.address, newsletter.derive_salt())
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
    newsletter: NewsletterContext, offer: SubscriptionOffer, source: str, now: datetime
) -> Subscriber | None:
    """Activate a subscriber with the offered preferences; None if the pending request differs now.

    `source` is the network address of the client, kept as proof of consent.
    """
    one = offer.subscriber
    wish = SignupRequest(one.address, one.follows, one.cadence, one.language)
    return newsletter.store.confirm_signup(one.id, newsletter.derive_salt(), source, now, wish)


def unsubscribe(newsletter: NewsletterContext, text: str, now: datetime) -> None:
    """Unsubscribe the owner of a token."""
    reader = find_subscriber(newsletter, "unsubscribe", text)
    if reader is not None and reader.state not in _FINAL_STATES:
        newsletter.store.change_state(reader.id, "unsubscribed", now)


def resubscribe(
    newsletter: NewsletterContext, text: str, network: bytes, now: datetime
) -> tuple[Subscriber | None, str]:
    """Undo an unsubscribe: at once if it is recent, otherwise by requesting a confirmation mail.

    Return the subscriber and the decision of `request_signup`, "" if it was not called. A
    subscriber who is not unsubscribed is left unchanged.
    """
    reader = find_subscriber(newsletter, "unsubscribe", text)
    if reader is None or reader.state != "unsubscribed":
        return reader, ""
    after = newsletter.store.undo_unsubscribe(reader.id, now - _UNDO_PERIOD, now)
    if after is None or after.state != "unsubscribed":
        return after, ""
    wish = SignupRequest(after.address, after.follows, after.cadence, after.language)
    return after, request_signup(newsletter, wish, network, now)


def update_preferences(
    newsletter: NewsletterContext,
    reader: Subscriber,
    follows: SubscriptionFilter,
    cadence: str,
    language: str,
    now: datetime,
) -> None:
    """Set the preferences of a subscriber who was identified by a token."""
    newsletter.store.reset_mail_count(reader.address, newsletter.derive_salt())
    newsletter.store.update_preferences(reader.id, follows, cadence, language, now)


def erase_by_token(newsletter: NewsletterContext, text: str) -> bool:
    """Erase the owner of a token; return False if the token is not valid here."""
    reader = find_subscriber(newsletter, "unsubscribe", text)
    if reader is not None:
        newsletter.store.forget_address(reader.address, *newsletter.derive_salts())
    return is_valid_token(newsletter, "unsubscribe", text)
