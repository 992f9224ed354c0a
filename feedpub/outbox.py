"""What became of one attempt → what becomes of the delivery; and how fast to go on."""

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from feedpub import refusals
from feedpub.mailing import Outcome


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a delivery is tried: for 4 days and a half (RFC 5321 section 4.5.4.1)."""

    attempts: int = 24  # in all
    first: timedelta = timedelta(minutes=5)  # twice that after the second attempt, and so on
    longest: timedelta = timedelta(hours=6)
    jitter: float = 0.25  # of each wait, as much less or more


PATIENCE = Patience()


class Decision(NamedTuple):
    """What becomes of a delivery after an attempt; see `mailing.Settled`."""

    state: str
    next_attempt: datetime | None = None
    suppress: str = ""  # the state that the reader comes to, if that can be believed


def decide(
    attempts: int,
    outcome: Outcome,
    now: datetime,
    chance: float,
    on_doubt: str,
    patience: Patience = PATIENCE,
) -> Decision:
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
    again = attempts + 1 < patience.attempts
    match outcome.kind:
        case "accepted":
            return Decision("accepted")
        case "offline":
            return Decision("planned")
        case "failed":
            gone = refusals.is_gone(outcome.code, outcome.status, outcome.text)
            return Decision("failed", suppress="bounced" if gone else "")
        case "deferred" if not again:
            return Decision("failed")
        case "doubt" if not again or on_doubt != "resend":
            return Decision("doubt")
        case "deferred" | "doubt":
            return Decision("deferred", now + _wait(attempts, chance, patience))
        case _:
            raise ValueError(f"{outcome.kind!r} is no kind of outcome")


def _wait(attempts: int, chance: float, patience: Patience) -> timedelta:
    """Give the time until the next attempt: doubled each time, up to the longest."""
    doubled = patience.first * (1 << min(attempts, 20))
    return min(doubled, patience.longest) * (1 + patience.jitter * (2 * chance - 1))


def slows(outcome: Outcome) -> bool:
    """Tell whether a domain asks for less mail, and not only for later mail to one mailbox.

    Enhanced status codes X.1 and X.2 are about the one mailbox (RFC 3463).
    """
    return outcome.kind == "deferred" and not outcome.status.startswith(("4.1.", "4.2."))


_UNMEASURED = 32.0  # messages a second that a domain without a rate is slowed down from
_SLOWEST = 1 / 64  # of the rate
_RECOVERY = 1 / 64  # of the rate, for each message taken
_NEARLY = 1e-6  # of a token: a clock counts microseconds, and floats are not exact


@dataclass(frozen=True, slots=True)
class Bucket:
    """How many messages may go to one relay or one domain: a token for each."""

    rate: float  # tokens that come in a second; 0 for no limit
    burst: float  # as many as it holds, at least 1
    tokens: float
    at: datetime  # when it held them
    pace: float = 1.0  # the share of the rate that is used: less where a domain asked for less


def take(bucket: Bucket, now: datetime) -> tuple[Bucket, float]:
    """Take a token: the bucket without it and 0.0, or the seconds until there will be one.

    Nothing is taken when there is a wait: ask again after it. A clock set back adds no tokens.
    """
    rate = _rate(bucket)
    if math.isinf(rate):
        return replace(bucket, at=now), 0.0
    elapsed = max((now - bucket.at).total_seconds(), 0.0)
    tokens = min(bucket.tokens + elapsed * rate, max(bucket.burst, 1.0))
    if tokens >= 1 - _NEARLY:
        return replace(bucket, tokens=max(tokens - 1, 0.0), at=now), 0.0
    wait = math.ceil((1 - tokens) / rate * 1e6) / 1e6
    return replace(bucket, tokens=tokens, at=now), wait


def slowed(bucket: Bucket) -> Bucket:
    """Halve the pace and empty the bucket: a server asked for less. One without limit gets one."""
    return replace(bucket, pace=max(bucket.pace / 2, _SLOWEST), tokens=0.0)


def recovered(bucket: Bucket) -> Bucket:
    """Quicken the pace a little, up to the whole rate: a message was taken."""
    return replace(bucket, pace=min(bucket.pace + _RECOVERY, 1.0))


def _rate(bucket: Bucket) -> float:
    """Give the tokens that come in a second, infinite where nothing limits them."""
    if bucket.rate > 0:
        return bucket.rate * bucket.pace
    return math.inf if bucket.pace >= 1 else _UNMEASURED * bucket.pace
