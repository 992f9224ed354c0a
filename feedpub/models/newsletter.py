"""The values of the newsletter: subscribers, issues, messages and deliveries.

Every value is frozen and complete. Times are aware and in UTC.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

MAX_CLOCK_SKEW = timedelta(days=1)
"""A recorded time further ahead of now than this came from a clock that ran fast: no wait of ours
is that long."""

ACTIVE = "active"
SUBSCRIBER_STATES = ("pending", ACTIVE, "unsubscribed", "bounced", "complained", "suppressed")
"""Subscriber states. Only active subscribers are mailed; only pending ones may become active
without acting themselves."""

CADENCES = ("digest", "each", "daily", "weekly", "monthly")
"""How often a subscriber wants mail: with each issue, each post, or at most once per period."""

DELAYED_CADENCES = ("daily", "weekly", "monthly")
"""The cadences at which posts are collected until the subscriber's next day."""


@dataclass(frozen=True, slots=True)
class Consent:
    """When and how a person agreed to be mailed."""

    at: datetime
    how: str  # "form", "import", "command"
    source: str = ""  # IP address of the form's client, or name of the imported file


@dataclass(frozen=True, slots=True)
class SubscriptionFilter:
    """The posts a subscriber wants: all, or those with one of the tags or by one of the authors."""

    everything: bool = True
    tags: tuple[str, ...] = ()  # slugs, sorted
    authors: tuple[str, ...] = ()  # slugs, sorted


@dataclass(frozen=True, slots=True)
class Subscriber:
    """One person on the list; one row in the database."""

    id: int  # 0 until stored
    address: str  # as written; compared by `address.normalize_address`
    consent: Consent
    name: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    state: str = "pending"
    language: str = ""  # "" for the site's language
    follows: SubscriptionFilter = SubscriptionFilter()
    cadence: str = "digest"
    soft_bounces: int = 0
    changed: datetime | None = None  # when the state last changed
    # Until when posts were held back before the subscriber chose a shorter cadence.
    delayed_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class SignupRequest:
    """What a sign-up form asks for."""

    address: str
    follows: SubscriptionFilter = SubscriptionFilter()
    cadence: str = "digest"
    language: str = ""  # "" for the site's language


@dataclass(frozen=True, slots=True)
class PendingConfirmation:
    """An unconfirmed sign-up request; it may not come from the owner of the address."""

    address_hash: bytes  # salted hash of the address; identifies the row
    request: SignupRequest
    at: datetime
    mails_sent: int  # confirmation messages sent for it


@dataclass(frozen=True, slots=True)
class SeenPost:
    """A post as the newsletter knows it, so that it is recognised after its file was moved."""

    name: str  # its id when first seen; issues refer to it by this
    mark: str  # hash of title and date
    # Hashes that recognise it after its file moved; "" if an older feedpub saw it last.
    title: str = ""
    date: str = ""
    text: str = ""  # "" also for a post without text
    body: str = ""  # digest of the file these hashes were made from
    gone: datetime | None = None  # when its file was first found missing


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state of a digest when it last looked for new posts."""

    at: datetime
    waiting: frozenset[str]  # posts held back only by `min_posts` or `max_posts`


@dataclass(frozen=True, slots=True)
class MessageContent:
    """A message body shared by all recipients of the same posts, rendered once.

    It contains merge tags for per-recipient values, which `merge_tags.substitute_tags` replaces.
    """

    subject: str
    preheader: str
    html: str  # a complete document, CSS inlined
    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Variant:
    """The subset of an issue's posts that a group of its recipients gets."""

    key: str  # digest of the post ids in order, and the language
    posts: tuple[str, ...]  # ids, newest first
    content: MessageContent


@dataclass(frozen=True, slots=True)
class Issue:
    """One issue of a digest. Its posts and its audience are frozen when it is planned."""

    id: int
    digest: str  # name in the config
    slot: datetime  # the scheduled time; unique per digest
    created: datetime
    state: str  # sending, paused, cancelled, done or skipped
    posts: tuple[str, ...]  # ids, newest first; () when skipped
    subject: str
    reason: str = ""  # why it was skipped, cancelled or paused
    intro: str = ""  # the introduction without personal values, as sanitised HTML
    named: str = ""  # the digest's name at planning time, if renamed since
    title: str = ""  # the digest's title at planning time

    @property
    def original_digest(self) -> str:
        """The digest's name at planning time, used in Message-IDs and addresses."""
        return self.named or self.digest


@dataclass(frozen=True, slots=True)
class Delivery:
    """One issue to one subscriber; claimed by one worker for the length of a lease.

    States: planned, claimed, doubt, then accepted, deferred, failed or suppressed. `doubt` is
    committed just before the final dot of SMTP DATA: from then until the reply arrives it is
    unknown whether the server took the message (RFC 1047).
    """

    id: int
    issue: int
    subscriber: Subscriber
    variant: str  # key
    key: str  # part of the Message-ID; the same for every attempt
    attempts: int  # made so far


@dataclass(frozen=True, slots=True)
class Message:
    """A complete message with its envelope, ready for a transport."""

    sender: str  # envelope sender: the return path (VERP)
    recipient: str  # envelope recipient
    data: bytes  # RFC 5322, CRLF line endings, not dot-stuffed
    smtputf8: bool = False


@dataclass(frozen=True, slots=True)
class SendResult:
    """The outcome of handing one message to a transport."""

    kind: str  # accepted, deferred, failed, doubt (no answer after the final dot), offline
    code: int = 0  # SMTP reply code; 0 if there was no reply
    status: str = ""  # enhanced status code (RFC 3463), e.g. "5.1.1"
    text: str = ""  # the server's reply text, on one line, sanitised
    relay: str = ""  # the relay that replied


@dataclass(frozen=True, slots=True)
class SenderRefusal:
    """A domain's rejection of the sender as such, not of a recipient."""

    domain: str
    text: str  # the server's reply, without addresses
    number: int  # of messages rejected
    at: datetime  # of the latest one


@dataclass(frozen=True, slots=True)
class RelaySuspension:
    """A relay that accepts no more mail for now, and the time until which it is not used."""

    relay: str
    until: datetime
    reason: str  # the relay's reply


@dataclass(frozen=True, slots=True)
class DeliveryStatus:
    """The current status of one issue for one subscriber."""

    issue: int
    digest: str
    address: str
    at: datetime  # when it last changed
    result: SendResult  # its `kind` holds the delivery's state


@dataclass(frozen=True, slots=True)
class DeliveryUpdate:
    """The new state of a delivery after an attempt."""

    delivery: int
    state: str  # accepted, deferred, failed, doubt, suppressed or planned (given back)
    result: SendResult
    next_attempt: datetime | None = None  # if deferred or given back


@dataclass(frozen=True, slots=True)
class IssueStats:
    """Delivery counts of an issue; `audience` is always the sum of all the others."""

    audience: int
    accepted: int
    deferred: int
    failed: int
    suppressed: int
    doubt: int
    waiting: int  # planned and claimed
    reasons: tuple[tuple[str, int], ...] = ()  # ("550 5.1.1", count), most frequent first
