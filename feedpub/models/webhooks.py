"""What is to be told to others, and what came of telling it → when it is told again, if ever."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import unquote, urlsplit

HUB, URL, COMMAND = "hub", "url", "command"
_SECRET = 4  # characters: anything shorter is no secret, and part of many words


@dataclass(frozen=True, slots=True)
class WebhookDelivery:
    """One thing to tell one other: that a feed has changed, or that something happened."""

    kind: str  # hub (WebSub), url or command (hooks)
    target: str  # the URL of a hub or a hook, or a command as it is written
    topic: str  # the URL of a feed, or the id of what happened: told to each target once
    body: str = ""  # JSON: what happened; of a hub, a digest of what the feed says
    id: int = 0  # 0 where the store has not given one yet
    version: int = 1  # grows where the same is to be told again before it was
    attempts: int = 0  # before this one

    @property
    def redacted_target(self) -> str:
        """The target as a log may have it: of a URL scheme and host, since the rest is a secret."""
        if self.kind == COMMAND:
            return self.target
        parts = urlsplit(self.target)
        host = parts.netloc.rpartition("@")[2]
        return f"{parts.scheme}://{host}"

    def redact(self, text: str) -> str:
        """Return what the target said without the secret parts of its URL."""
        if self.kind == COMMAND:
            return text
        parts = urlsplit(self.target)
        for secret in (self.target, f"{parts.path}?{parts.query}", parts.query, parts.path):
            if len(secret.strip("/?")) >= _SECRET:
                text = text.replace(secret, "…").replace(unquote(secret), "…")
        return text


@dataclass(frozen=True, slots=True)
class WebhookRetryPolicy:
    """How long a target is tried."""

    max_attempts: int = 20  # of a hook: three days; a hub is told until it takes it
    initial_delay: timedelta = timedelta(
        seconds=30
    )  # twice that after the second attempt, and so on
    max_delay: timedelta = timedelta(hours=6)
    jitter: float = 0.25  # of each wait, as much less or more


DEFAULT_RETRY_POLICY = WebhookRetryPolicy()
_BUSY = timedelta(days=1)  # the longest that a server may ask for by Retry-After
_GONE, _MANY, _FAULT = 410, 429, 500


@dataclass(frozen=True, slots=True)
class WebhookRetryDecision:
    """What becomes of an errand after an attempt."""

    state: str  # done, again, or dropped: nobody will take it any more
    next_at: datetime | None = None


def is_temporary_failure(status: int) -> bool:
    """Tell whether who answers so, or not at all (0), is better left alone for a while."""
    return status in {0, _MANY} or status >= _FAULT


def decide_retry(
    errand: WebhookDelivery,
    status: int,
    after: str,
    now: datetime,
    chance: float,
    patience: WebhookRetryPolicy = DEFAULT_RETRY_POLICY,
) -> WebhookRetryDecision:
    """Decide what becomes of an errand.

    A hub is told again until it accepts, a URL for three days or until it is gone for good (410);
    a command is run once, since it may have done half of what it does.

    Args:
        errand: What was told.
        status: That of the answer, 0 where there was none; of a command 200 where it ended well.
        after: What the answer says of Retry-After.
        now: The end of the attempt.
        chance: From 0 up to 1, evenly: spreads out what failed together.
        patience: How often, and with what waits.
    """
    if 200 <= status < 300:  # noqa: PLR2004 - RFC 9110 section 15.3
        return WebhookRetryDecision("done")
    tired = errand.kind == URL and (errand.attempts + 1 >= patience.max_attempts or status == _GONE)
    if errand.kind == COMMAND or tired:
        return WebhookRetryDecision("dropped")
    wait = min(patience.initial_delay * (1 << min(errand.attempts, 20)), patience.max_delay)
    wait *= 1 + patience.jitter * (2 * chance - 1)
    return WebhookRetryDecision("again", now + max(wait, min(parse_retry_after(after, now), _BUSY)))


def parse_retry_after(after: str, now: datetime) -> timedelta:
    """Give how long a Retry-After asks to wait (RFC 9110 section 10.2.3); none where it is none."""
    text = after.strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=int(text[:9]))
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # no date, or of a zone that is none
        return timedelta()
    aware = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(aware - now, timedelta())
