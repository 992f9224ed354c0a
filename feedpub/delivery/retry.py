"""What became of one attempt → what becomes of the delivery; and how fast to go on."""

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
    """How long a delivery is tried: for 4 days and a half (RFC 5321 section 4.5.4.1)."""

    max_attempts: int = 24  # in all
    initial_delay: timedelta = timedelta(
        minutes=5
    )  # twice that after the second attempt, and so on
    max_delay: timedelta = timedelta(hours=6)
    jitter: float = 0.25  # of each wait, as much less or more


DEFAULT_RETRY_POLICY = RetryPolicy()
_PERMANENT = 500  # the first reply code that says so (RFC 5321 section 4.2.1)


class RetryDecision(NamedTuple):
    """What becomes of a delivery after an attempt; see `mailing.Settled`."""

    state: str
    next_attempt: datetime | None = None
    subscriber_state: str = ""  # the state that the reader comes to, if that can be believed


def decide_retry(
    attempts: int,
    outcome: SendResult,
    now: datetime,
    chance: float,
    on_doubt: str,
    patience: RetryPolicy = DEFAULT_RETRY_POLICY,
) -> RetryDecision:
    """Decide what becomes of a delivery.

    A server that is out of reach costs no attempt: the delivery is planned as before. Where a
    message may have been taken without an answer, `on_doubt` says: "resend" tries it again as
    often as any other, "hold" leaves it in doubt, for somebody to decide.

    Args:
        attempts: How many were made before this one.
        outcome: What the transport found out.
        now: The end of the attempt.
        chance: From 0 up to 1, evenly: spreads out what was deferred together.
        on_doubt: "resend" or "hold".
        patience: How often, and with what waits, to try.

    Raises:
        ValueError: The outcome is of no known kind.
    """
    again = attempts + 1 < patience.max_attempts
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
            return RetryDecision("deferred", now + _wait(attempts, chance, patience))
        case _:
            raise ValueError(f"{outcome.kind!r} is no kind of outcome")


class FailureCause(Enum):
    """What is to blame for an outcome, and so what to change before the next attempt."""

    MESSAGE = "message"  # this message, its reader or their domain; or nothing is wrong
    CONNECTION = "connection"  # it ended: open another one
    RATE = "rate"  # the relay takes no more for now: send slower
    QUOTA = "quota"  # the relay takes no more for long
    SENDER = "sender"  # the relay refuses us, whoever the message is for


_CLOSING = 421
_TOO_LARGE = "5.3.4"
_MAILBOX_STATUS = re.compile(r"[45]\.(?:1\.[1-6]|2\.[12])")  # RFC 3463: whatever the words are
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
    """Tell what is to blame for an outcome: only MESSAGE counts against a delivery.

    A refusal for now because of a policy is left to the one message: that is how grey-listing is
    said. Some answers in the name of the relay are about one reader all the same, so whoever acts
    on them should look at what becomes of the next messages.
    """
    if outcome.kind in {"accepted", "doubt"}:
        return FailureCause.MESSAGE
    if not outcome.code:
        if outcome.kind == "offline":
            return FailureCause.CONNECTION
        return FailureCause.SENDER if outcome.status == _TOO_LARGE else FailureCause.MESSAGE
    is_early = outcome.kind == "offline"  # no reader had been named
    if is_early and outcome.code == _CLOSING:
        return FailureCause.CONNECTION
    if not is_early and _MAILBOX_STATUS.fullmatch(outcome.status):
        return FailureCause.MESSAGE
    return _classify_cause(outcome, is_early=is_early)


def _classify_cause(outcome: SendResult, *, is_early: bool) -> FailureCause:
    """Tell it of an answer that is not about one mailbox."""
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


_QUOTA_SUSPENSION = timedelta(
    hours=1
)  # of a relay that is over its quota, unless it says for how long
_REFUSAL_SUSPENSION = timedelta(minutes=15)  # of one that refuses us: somebody has to see to it
_SHORTEST, _A_DAY = timedelta(minutes=1), timedelta(hours=24)
_UNITS = {"s": timedelta(seconds=1), "m": timedelta(minutes=1), "h": timedelta(hours=1)}
_RETRY_TIME = re.compile(
    r"\b(?:again|retry|wait|resume[sd]?|after|within|in)\b[^0-9.;]{0,30}([0-9]{1,5})"
    r" ?(s(?:ec(?:onds?)?)?|m(?:in(?:utes?)?)?|h(?:ours?|rs?)?)\b",
    re.IGNORECASE,
)


def has_retry_time(outcome: SendResult) -> bool:
    """Tell whether a relay says after what time to try again."""
    return _RETRY_TIME.search(outcome.text) is not None


def get_suspension_time(outcome: SendResult) -> timedelta:
    """Return how long a relay is not used that takes no more: as long as it says, within a day."""
    found = _RETRY_TIME.search(outcome.text)
    if found:
        return min(max(int(found[1]) * _UNITS[found[2][0].lower()], _SHORTEST), _A_DAY)
    return _REFUSAL_SUSPENSION if find_cause(outcome) is FailureCause.SENDER else _QUOTA_SUSPENSION


def _wait(attempts: int, chance: float, patience: RetryPolicy) -> timedelta:
    """Give the time until the next attempt: doubled each time, up to the longest."""
    doubled = patience.initial_delay * (1 << min(attempts, 20))
    return min(doubled, patience.max_delay) * (1 + patience.jitter * (2 * chance - 1))


def is_soft_bounce(outcome: SendResult) -> bool:
    """Tell whether a server refused a message for good that the reader's mailbox may take later.

    It counts as if the message had come back: a mailbox that is full for ever is given up one day.
    """
    refusal = bounce_classifier.classify(outcome.code, outcome.status, outcome.text)
    return outcome.kind == "failed" and outcome.code >= _PERMANENT and refusal.is_soft


def is_about_sender(outcome: SendResult) -> bool:
    """Tell whether a server refused us, whoever the message was for."""
    refusal = bounce_classifier.classify(outcome.code, outcome.status, outcome.text)
    return bool(outcome.code) and refusal.is_about_sender


def is_throttling(outcome: SendResult) -> bool:
    """Tell whether a domain asks for less mail, and not only for later mail to one mailbox.

    Enhanced status codes X.1 and X.2 are about the one mailbox (RFC 3463).
    """
    return outcome.kind == "deferred" and not outcome.status.startswith(("4.1.", "4.2."))


_DEFAULT_RATE = 32.0  # messages a second that a domain without a rate is slowed down from
_SLOWEST = 1 / 64  # of the rate
_RECOVERY = 1 / 64  # of the rate, for each message taken
_TOLERANCE = 1e-6  # of a token: a clock counts microseconds, and floats are not exact


@dataclass(frozen=True, slots=True)
class TokenBucket:
    """How many messages may go to one relay or one domain: a token for each."""

    rate: float  # tokens that come in a second; 0 for no limit
    burst: float  # as many as it holds, at least 1
    tokens: float
    updated_at: datetime  # when it held them
    rate_factor: float = (
        1.0  # the share of the rate that is used: less where a domain asked for less
    )


def acquire_token(bucket: TokenBucket, now: datetime) -> tuple[TokenBucket, float]:
    """Take a token: the bucket without it and 0.0, or the seconds until there will be one.

    Nothing is taken when there is a wait: ask again after it. A clock set back adds no tokens.
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
    """Halve the pace and empty the bucket: a server asked for less. One without limit gets one."""
    return replace(bucket, rate_factor=max(bucket.rate_factor / 2, _SLOWEST), tokens=0.0)


def speed_up(bucket: TokenBucket) -> TokenBucket:
    """Quicken the pace a little, up to the whole rate: a message was taken."""
    return replace(bucket, rate_factor=min(bucket.rate_factor + _RECOVERY, 1.0))


def _rate(bucket: TokenBucket) -> float:
    """Give the tokens that come in a second, infinite where nothing limits them."""
    if bucket.rate > 0:
        return bucket.rate * bucket.rate_factor
    return math.inf if bucket.rate_factor >= 1 else _DEFAULT_RATE * bucket.rate_factor
