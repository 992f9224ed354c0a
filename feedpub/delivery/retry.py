"""Decide from the result of an attempt what happens to the delivery and how fast to send.

`decide_retry` is the retry policy, `find_cause` tells message, relay and sender problems apart, and
`TokenBucket` with its functions limits rates. Everything here is pure; `Dispatcher` applies it.
"""

import math
import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import NamedTuple

from feedpub.delivery import bounce_classifier
from feedpub.delivery.bounce_classifier import Refusal
from feedpub.models.newsletter import SendResult


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how long to retry: by default for 4.5 days (RFC 5321 section 4.5.4.1)."""

    max_attempts: int = 24
    initial_delay: timedelta = timedelta(minutes=5)  # doubled after each further attempt
    max_delay: timedelta = timedelta(hours=6)
    jitter: float = 0.25  # the share of a delay by which it may be shorter or longer


DEFAULT_RETRY_POLICY = RetryPolicy()
_PERMANENT = 500  # the lowest permanent reply code (RFC 5321 section 4.2.1)


class RetryDecision(NamedTuple):
    """What happens to a delivery after an attempt; see `DeliveryUpdate`."""

    state: str
    next_attempt: datetime | None = None
    subscriber_state: str = ""  # the subscriber's new state, if the refusal can be believed


def decide_retry(
    attempts: int,
    outcome: SendResult,
    now: datetime,
    chance: float,
    on_doubt: str,
    timeout: RetryPolicy = DEFAULT_RETRY_POLICY,
) -> RetryDecision:
    """Decide what happens to a delivery after an attempt.

    An unreachable relay does not count as an attempt: the delivery stays planned. If a message may
    have been accepted without a reply, `on_doubt` decides: "resend" retries it like any other,
    "hold" leaves it in doubt for the operator to resolve.

    Args:
        attempts: The number of attempts before this one.
        outcome: The result of the attempt.
        now: The end of the attempt.
        chance: Uniform in [0, 1): spreads retries of deliveries deferred together.
        on_doubt: "resend" or "hold".
        timeout: The limits and delays of retries.

    Raises:
        ValueError: The result is of no known kind.
    """
    again = attempts + 1 < timeout.max_attempts
    match outcome.kind:
        case "accepted":
            return RetryDecision("accepted")
        case "offline":
            return RetryDecision("planned")
        case "failed":
            gone = bounce_classifier.is_hard_bounce(outcome.code, outcome.status, outcome.text)
            return RetryDecision("failed", subscriber_state="bounced" if gone else "")
        case "deferred" if not again:
            return RetryDecision("failed")
        case "doubt" if not again or on_doubt != "resend":
            return RetryDecision("doubt")
        case "deferred" | "doubt":
            return RetryDecision("deferred", now + _wait(attempts, chance, timeout))
        case _:
            raise ValueError(f"unknown outcome kind {outcome.kind!r}")


class FailureCause(Enum):
    """The cause of a failure, and so what to change before the next attempt."""

    MESSAGE = "message"  # the message, its recipient or their domain; or nothing is wrong
    CONNECTION = "connection"  # the connection ended: open another one
    RATE = "rate"  # the relay takes no more for now: send slower
    QUOTA = "quota"  # the relay takes no more for a long time
    SENDER = "sender"  # the relay refuses us for any recipient


_CLOSING = 421
_TOO_LARGE = "5.3.4"
_MAILBOX_STATUS = re.compile(r"[45]\.(?:1\.[1-6]|2\.[12])")  # RFC 3463: decisive whatever the text
_LONG_LIMIT = re.compile(
    r"\b(?:dai|hour|week|month)ly\b|\bper (?:day|hour|week|month)\b|\b24[ -]?h|\bquota|\btomorrow"
    r"|quota ?exceeded",
    re.IGNORECASE,
)
_OWN_QUOTA = re.compile(
    r"\b(?:sender|submission|sending|outgoing|outbound|daily|hourly|relay|smtp)\b[^.;:!\n]{0,40}"
    r"\b(?:quota|limit)|submissionquotaexceeded",
    re.IGNORECASE,
)


def find_cause(outcome: SendResult) -> FailureCause:
    """Return the cause of a failure; only MESSAGE counts against a delivery.

    A temporary policy refusal is left to the one message: that is how grey-listing looks. Some
    replies in the relay's name concern a single recipient all the same, so callers should wait for
    the next messages before they act.
    """
    if outcome.kind in {"accepted", "doubt"}:
        return FailureCause.MESSAGE
    if not outcome.code:
        if outcome.kind == "offline":
            return FailureCause.CONNECTION
        return FailureCause.SENDER if outcome.status == _TOO_LARGE else FailureCause.MESSAGE
    is_early = outcome.kind == "offline"  # no recipient had been named
    if is_early and outcome.code == _CLOSING:
        return FailureCause.CONNECTION
    if not is_early and _MAILBOX_STATUS.fullmatch(outcome.status):
        return FailureCause.MESSAGE
    return _classify_cause(outcome, is_early=is_early)


def _classify_cause(outcome: SendResult, *, is_early: bool) -> FailureCause:
    """Return the cause of a reply that is not about one mailbox."""
    command = "MAIL" if is_early else ""
    refusal = bounce_classifier.classify(outcome.code, outcome.status, outcome.text, command)
    is_permanent = outcome.code >= _PERMANENT
    if refusal is Refusal.RATE or (refusal is Refusal.POLICY and _OWN_QUOTA.search(outcome.text)):
        is_long = is_permanent or _LONG_LIMIT.search(outcome.text)
        return FailureCause.QUOTA if is_long else FailureCause.RATE
    if is_early or outcome.code == _CLOSING:
        return FailureCause.SENDER if is_permanent else FailureCause.RATE
    return (
        FailureCause.SENDER if is_permanent and refusal is Refusal.POLICY else FailureCause.MESSAGE
    )


_QUOTA_SUSPENSION = timedelta(hours=1)  # after a used-up quota, if the relay names no time
_REFUSAL_SUSPENSION = timedelta(minutes=15)  # after a refusal of us, which needs the operator
_SHORTEST, _A_DAY = timedelta(minutes=1), timedelta(hours=24)
_UNITS = {"s": timedelta(seconds=1), "m": timedelta(minutes=1), "h": timedelta(hours=1)}
_RETRY_TIME = re.compile(
    r"\b(?:again|retry|wait|resume[sd]?|after|within|in)\b[^0-9.;]{0,30}([0-9]{1,5})"
    r" ?(s(?:ec(?:onds?)?)?|m(?:in(?:utes?)?)?|h(?:ours?|rs?)?)\b",
    re.IGNORECASE,
)


def has_retry_time(outcome: SendResult) -> bool:
    """Return whether a relay says after what time to try again."""
    return _RETRY_TIME.search(outcome.text) is not None


def get_suspension_time(outcome: SendResult) -> timedelta:
    """Return how long to suspend a relay: as long as it asks, between a minute and a day."""
    found = _RETRY_TIME.search(outcome.text)
    if found:
        return min(max(int(found[1]) * _UNITS[found[2][0].lower()], _SHORTEST), _A_DAY)
    return _REFUSAL_SUSPENSION if find_cause(outcome) is FailureCause.SENDER else _QUOTA_SUSPENSION


def _wait(attempts: int, chance: float, timeout: RetryPolicy) -> timedelta:
    """Return the delay before the next attempt: doubled each time, limited, with jitter."""
    doubled = timeout.initial_delay * (1 << min(attempts, 20))
    return min(doubled, timeout.max_delay) * (1 + timeout.jitter * (2 * chance - 1))


def is_soft_bounce(outcome: SendResult) -> bool:
    """Return whether a permanent refusal may be a passing state of the mailbox, such as full.

    It counts like a soft bounce, so a mailbox that stays full is suppressed in the end.
    """
    refusal = bounce_classifier.classify(outcome.code, outcome.status, outcome.text)
    return outcome.kind == "failed" and outcome.code >= _PERMANENT and refusal.is_soft


def is_about_sender(outcome: SendResult) -> bool:
    """Return whether a server refused us rather than the recipient."""
    refusal = bounce_classifier.classify(outcome.code, outcome.status, outcome.text)
    return bool(outcome.code) and refusal.is_about_sender


def is_throttling(outcome: SendResult) -> bool:
    """Return whether a domain asks for less mail, not only for later mail to one mailbox.

    Enhanced status codes X.1 and X.2 are about the mailbox (RFC 3463).
    """
    return outcome.kind == "deferred" and not outcome.status.startswith(("4.1.", "4.2."))


_DEFAULT_RATE = 32.0  # messages a second, the assumed rate of a domain without a limit
_SLOWEST = 1 / 64  # of the rate
_RECOVERY = 1 / 64  # of the rate, per accepted message
_TOLERANCE = 1e-6  # of a token, for microsecond clocks and float rounding


@dataclass(frozen=True, slots=True)
class TokenBucket:
    """A rate limit for one relay or domain; each message takes a token."""

    rate: float  # tokens per second, 0 for no limit
    burst: float  # capacity, at least 1
    tokens: float
    updated_at: datetime  # when it held `tokens`
    rate_factor: float = 1.0  # share of `rate` in use, reduced by throttling


def acquire_token(bucket: TokenBucket, now: datetime) -> tuple[TokenBucket, float]:
    """Take a token: return the new bucket and 0.0, or the seconds until there will be one.

    If there is a wait, nothing is taken; ask again afterwards. A clock set back adds no tokens.
    """
    rate = _rate(bucket)
    if math.isinf(rate):
        return replace(bucket, updated_at=now), 0.0
    elapsed = max((now - bucket.updated_at).total_seconds(), 0.0)
    tokens = min(bucket.tokens + elapsed * rate, max(bucket.burst, 1.0))
    if tokens >= 1 - _TOLERANCE:
        return replace(bucket, tokens=max(tokens - 1, 0.0), updated_at=now), 0.0
    wait = math.ceil((1 - tokens) / rate * 1e6) / 1e6
    return replace(bucket, tokens=tokens, updated_at=now), wait


def slow_down(bucket: TokenBucket) -> TokenBucket:
    """Halve the rate and empty the bucket after throttling; a bucket without a limit gets one."""
    return replace(bucket, rate_factor=max(bucket.rate_factor / 2, _SLOWEST), tokens=0.0)


def speed_up(bucket: TokenBucket) -> TokenBucket:
    """Raise the rate a little, up to its full value, after an accepted message."""
    return replace(bucket, rate_factor=min(bucket.rate_factor + _RECOVERY, 1.0))


def _rate(bucket: TokenBucket) -> float:
    """Return the tokens per second, infinite if unlimited."""
    if bucket.rate > 0:
        return bucket.rate * bucket.rate_factor
    return math.inf if bucket.rate_factor >= 1 else _DEFAULT_RATE * bucket.rate_factor
