"""The values of the newsletter: who reads, what is to be sent, and what became of it.

Every value is frozen and whole. Times are aware and in UTC.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

MAX_CLOCK_SKEW = timedelta(days=1)
"""What is recorded for longer than this after now was recorded by a clock that ran ahead: no wait
of ours is as long."""

ACTIVE = "active"
SUBSCRIBER_STATES = ("pending", ACTIVE, "unsubscribed", "bounced", "complained", "suppressed")
"""Of a subscriber. Only an active one is mailed; only a pending one may become active by itself."""

CADENCES = ("digest", "each", "daily", "weekly", "monthly")
"""How often a reader wants mail: as the digest goes out, each post, or not more often than."""

DELAYED_CADENCES = ("daily", "weekly", "monthly")
"""Of these: those at which posts wait until the reader's day has come."""


@dataclass(frozen=True, slots=True)
class Consent:
    """When and how somebody agreed to be mailed."""

    at: datetime
    how: str  # "form", "import", "command"
    source: str = ""  # network address of the form, name of the imported file


@dataclass(frozen=True, slots=True)
class SubscriptionFilter:
    """What a reader wants to hear of: everything, or posts with a tag or by an author of these."""

    everything: bool = True
    tags: tuple[str, ...] = ()  # slugs, sorted
    authors: tuple[str, ...] = ()  # slugs, sorted


@dataclass(frozen=True, slots=True)
class Subscriber:
    """One person, one row."""

    id: int  # 0 where the store has not given one yet
    address: str  # as written; what makes two of them one person is `roster.canonical`
    consent: Consent
    name: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    state: str = "pending"
    language: str = ""  # "" for the site's
    follows: SubscriptionFilter = SubscriptionFilter()
    cadence: str = "digest"
    soft_bounces: int = 0
    changed: datetime | None = None  # when the state last changed
    delayed_until: datetime | None = (
        None  # until when posts waited, where they want mail sooner now
    )


@dataclass(frozen=True, slots=True)
class SignupRequest:
    """What somebody asks for who wants to be mailed."""

    address: str
    follows: SubscriptionFilter = SubscriptionFilter()
    cadence: str = "digest"
    language: str = ""  # "" for the site's


@dataclass(frozen=True, slots=True)
class PendingConfirmation:
    """A wish that somebody wrote into a form, perhaps not the one whose address it is."""

    address_hash: bytes  # a salted hash of the address: which row it is
    request: SignupRequest
    at: datetime
    mails_sent: int  # that went out because of it


@dataclass(frozen=True, slots=True)
class SeenPost:
    """A post as the newsletter knows it."""

    name: str  # the id that it had when it was seen first: ledgers and issues call it so
    mark: str  # hash of title and date
    # Hashes by which it is known when its file has moved; "" where an older feedpub saw it last.
    title: str = ""
    date: str = ""
    text: str = ""  # "" also where there is none
    body: str = ""  # digest of the file that these were made of
    gone: datetime | None = None  # when its file was first missed


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a digest saw when it last looked for what is new."""

    at: datetime
    waiting: frozenset[str]  # posts it would have mailed, but for `min_posts` and `max_posts`


@dataclass(frozen=True, slots=True)
class MessageContent:
    """What a message says, for everybody who gets the same posts: rendered once.

    Where a reader's own values go it holds marks, which `message.fill` replaces.
    """

    subject: str
    preheader: str
    html: str  # a whole document, CSS inlined
    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Variant:
    """The posts of one issue that some of its readers get."""

    key: str  # digest of the post ids in order, and the language
    posts: tuple[str, ...]  # ids, newest first
    content: MessageContent


@dataclass(frozen=True, slots=True)
class Issue:
    """One going out of one digest: its posts and its audience are frozen when it is planned."""

    id: int
    digest: str  # name in the config
    slot: datetime  # the scheduled time it is for; unique with the digest
    created: datetime
    state: str  # sending, paused, cancelled, done or skipped
    posts: tuple[str, ...]  # ids, newest first; () when skipped
    subject: str
    reason: str = ""  # why it was skipped, cancelled or waits
    intro: str = ""  # the words before the posts, to nobody, as safe HTML
    named: str = ""  # the digest's name when it was planned, where it was renamed since
    title: str = ""  # the digest's title when it was planned

    @property
    def original_digest(self) -> str:
        """The name of the digest when it was planned: Message-IDs and addresses have it."""
        return self.named or self.digest


@dataclass(frozen=True, slots=True)
class Delivery:
    """One issue to one reader; claimed by one worker for the length of a lease.

    planned → claimed → doubt → accepted | deferred | failed | suppressed. `doubt` is committed just
    before the final dot of SMTP's DATA: from there on nobody can know, until the server answers,
    whether the message was taken (RFC 1047).
    """

    id: int
    issue: int
    subscriber: Subscriber
    variant: str  # key
    key: str  # makes the Message-ID: the same at every attempt
    attempts: int  # before this one


@dataclass(frozen=True, slots=True)
class Message:
    """What is handed to a transport."""

    sender: str  # envelope sender: the return path (VERP)
    recipient: str  # envelope recipient
    data: bytes  # RFC 5322, CRLF line ends, no dot-stuffing
    smtputf8: bool = False


@dataclass(frozen=True, slots=True)
class SendResult:
    """What a transport found out about one message."""

    kind: str  # accepted, deferred, failed, doubt (no answer after the final dot), offline
    code: int = 0  # SMTP reply code, 0 where there was none
    status: str = ""  # enhanced status code (RFC 3463), e.g. "5.1.1"
    text: str = ""  # the server's words, one line, cleaned
    relay: str = ""  # which relay answered


@dataclass(frozen=True, slots=True)
class SenderRefusal:
    """What servers of one domain said when they refused us, and not a reader."""

    domain: str
    text: str  # their words, without addresses
    number: int  # of messages
    at: datetime  # the last time


@dataclass(frozen=True, slots=True)
class RelaySuspension:
    """A relay that takes no more for now, and is not used until a time."""

    relay: str
    until: datetime
    reason: str  # the relay's words


@dataclass(frozen=True, slots=True)
class DeliveryStatus:
    """What became of one issue for one reader."""

    issue: int
    digest: str
    address: str
    at: datetime  # when it last changed
    result: SendResult  # whose kind is the state of the delivery


@dataclass(frozen=True, slots=True)
class DeliveryUpdate:
    """What becomes of a delivery after an attempt."""

    delivery: int
    state: str  # accepted, deferred, failed, doubt, suppressed or planned (given back)
    result: SendResult
    next_attempt: datetime | None = None  # of a deferred one, or one given back


@dataclass(frozen=True, slots=True)
class IssueStats:
    """How an issue stands: audience = the sum of all the others, always."""

    audience: int
    accepted: int
    deferred: int
    failed: int
    suppressed: int
    doubt: int
    waiting: int  # planned and claimed
    reasons: tuple[tuple[str, int], ...] = ()  # "550 5.1.1" → how many, most first
