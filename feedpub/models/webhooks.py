"""Outgoing notifications, to WebSub hubs, webhook URLs and commands, and their retry policy.

`decide_retry` tells the daemon what to do after each attempt.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import unquote, urlsplit

HUB, URL, COMMAND = "hub", "url", "command"
_SECRET = 4  # characters; shorter strings are not secret and occur in many words


@dataclass(frozen=True, slots=True)
class WebhookDelivery:
    """One notification for one target: a feed has changed, or an event has happened."""

    kind: str  # hub (WebSub), url or command (hooks)
    target: str  # the URL of a hub or webhook, or the command line as written
    topic: str  # the feed URL or event id; unique per target
    body: str = ""  # the event as JSON; for a hub, a digest of the feed's content
    id: int = 0  # 0 until stored
    version: int = 1  # incremented if it changes again before it was delivered
    attempts: int = 0  # made so far

    @property
    def redacted_target(self) -> str:
        """The target for logs: only scheme and host of a URL, as the rest may be secret."""
        if self.kind == COMMAND:
            return self.target
        parts = urlsplit(self.target)
        host = parts.netloc.rpartition("@")[2]
        return f"{parts.scheme}://{host}"

    def redact(self, text: str) -> str:
        """Remove the secret parts of the target's URL from a response text."""
        if self.kind == COMMAND:
            return text
        parts = urlsplit(self.target)
        for secret in (self.target, f"{parts.path}?{parts.query}", parts.query, parts.path):
            if len(secret.strip("/?")) >= _SECRET:
                text = text.replace(secret, "…").replace(unquote(secret), "…")
        return text


@dataclass(frozen=True, slots=True)
class WebhookRetryPolicy:
    """How often and how long a delivery is retried."""

    max_attempts: int = 20  # for URLs, about three days; hubs are retried without limit
    initial_delay: timedelta = timedelta(seconds=30)  # doubled after each further attempt
    max_delay: timedelta = timedelta(hours=6)
    jitter: float = 0.25  # each delay varies by up to this fraction either way


DEFAULT_RETRY_POLICY = WebhookRetryPolicy()
_BUSY = timedelta(days=1)  # cap on Retry-After
_GONE, _MANY, _FAULT = 410, 429, 500


@dataclass(frozen=True, slots=True)
class WebhookRetryDecision:
    """The state of a delivery after an attempt."""

    state: str  # done, again (retry), or dropped (given up)
    next_at: datetime | None = None


def is_temporary_failure(status: int) -> bool:
    """Return whether a status (0: no response) means that the target needs a pause."""
    return status in {0, _MANY} or status >= _FAULT


def decide_retry(
    delivery: WebhookDelivery,
    status: int,
    after: str,
    now: datetime,
    chance: float,
    timeout: WebhookRetryPolicy = DEFAULT_RETRY_POLICY,
) -> WebhookRetryDecision:
    """Decide whether a delivery is done, retried or dropped.

    A hub is retried until it accepts. A URL is retried for about three days, or until it answers
    410 Gone. A command runs only once, since a failed run may have had part of its effect.

    Args:
        delivery: The delivery attempted.
        status: The HTTP status, 0 for no response; 200 for a command that succeeded.
        after: The Retry-After header, or "".
        now: The end of the attempt.
        chance: A uniform random number in [0, 1), for jitter.
        timeout: The retry policy.
    """
    if 200 <= status < 300:  # noqa: PLR2004 - RFC 9110 section 15.3
        return WebhookRetryDecision("done")
    tired = delivery.kind == URL and (
        delivery.attempts + 1 >= timeout.max_attempts or status == _GONE
    )
    if delivery.kind == COMMAND or tired:
        return WebhookRetryDecision("dropped")
    wait = min(timeout.initial_delay * (1 << min(delivery.attempts, 20)), timeout.max_delay)
    wait *= 1 + timeout.jitter * (2 * chance - 1)
    return WebhookRetryDecision("again", now + max(wait, min(parse_retry_after(after, now), _BUSY)))


def parse_retry_after(after: str, now: datetime) -> timedelta:
    """Return the delay that Retry-After asks for (RFC 9110 section 10.2.3); zero if unparsable."""
    text = after.strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=int(text[:9]))
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # not a date, or an invalid zone
        return timedelta()
    aware = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(aware - now, timedelta())
