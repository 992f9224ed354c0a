"""How relays and domains take mail → how long the next message to one has to wait.

How fast each relay takes messages, as it turns out: slower after a refusal, then gently faster.

TCP finds the room on a line in the same way (additive increase, multiplicative decrease).

What servers refuse of one issue → whether to go on, and whether to believe who is gone.
"""

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from feedpub.delivery import retry
from feedpub.delivery.retry import TokenBucket
from feedpub.models.newsletter import SendResult

_BURST = 0.1  # seconds' worth of messages at once: threads do not wake to the microsecond
_CLOSING = 421
_SYSTEM = "4.3."  # RFC 3463: it is the server, and neither the mailbox nor the domain


class RateLimiter:
    """Token buckets by name; who has no rate and was not slowed down has none. For one thread."""

    def __init__(self, rates: Mapping[str, float]) -> None:
        """Nobody is slowed down yet. `rates` are in messages a second, 0 for no limit."""
        self._rates = {name: rate for name, rate in rates.items() if rate}
        self._buckets: dict[str, TokenBucket] = {}

    def acquire(self, name: str, now: datetime) -> float:
        """Take the right to one message: 0.0, or the seconds until it is worth asking again."""
        if name not in self._buckets:
            if name not in self._rates:
                return 0.0
            self._buckets[name] = self._new(name, now)
        self._buckets[name], seconds = retry.acquire_token(self._buckets[name], now)
        return seconds

    def slow_down(self, name: str, now: datetime) -> None:
        """Send less there: it asked for that."""
        self._buckets[name] = retry.slow_down(self._buckets.get(name) or self._new(name, now))

    def speed_up(self, name: str) -> None:
        """Send a little more there: it took a message."""
        if name not in self._buckets:
            return
        bucket = retry.speed_up(self._buckets[name])
        if bucket.rate_factor < 1 or name in self._rates:
            self._buckets[name] = bucket
        else:
            del self._buckets[name]

    def _new(self, name: str, now: datetime) -> TokenBucket:
        rate = self._rates.get(name, 0.0)
        burst = max(1.0, rate * _BURST)
        return TokenBucket(rate, burst, burst, now)


def is_relay_throttling(outcome: SendResult) -> bool:
    """Tell whether it is the relay itself that asks for less, whoever the message was for."""
    closing = outcome.code == _CLOSING or outcome.status.startswith(_SYSTEM)
    return retry.is_throttling(outcome) and closing


_SECOND = timedelta(seconds=1)
_MEASURED = 1000  # messages: as many a second can be told apart
_SLOWER, _MUCH_SLOWER = 0.7, 0.5
_FASTER = 1 + 1 / 128  # for each message taken
_RELAY_BURST = 0.1  # seconds' worth of messages at once
_SLOWEST = 1 / 60  # messages a second
_LONGEST = timedelta(seconds=60)
_MAX_REFUSALS = 7  # refusals in a row, over two minutes: then it is no matter of seconds


@dataclass(frozen=True, slots=True)
class _Limit:
    """What is known of a relay that has asked for less."""

    bucket: TokenBucket
    slowed: datetime  # what was begun before says nothing new
    until: datetime  # nothing is sent to it before
    refusals: int  # since it last took a message


class Throttle:
    """The pace of each relay. For one thread."""

    def __init__(self) -> None:
        """Nobody has asked for less yet."""
        self._limits: dict[str, _Limit] = {}
        self._accepted_times: dict[str, deque[datetime]] = {}

    def get_delay(self, relay: str, now: datetime) -> float:
        """Return the seconds until a relay may have another message, 0.0 for now."""
        limit = self._limits.get(relay)
        if limit is None:
            return 0.0
        if now < limit.until:
            return (limit.until - now).total_seconds()
        return retry.acquire_token(limit.bucket, now)[1]

    def record_send(self, relay: str, now: datetime) -> None:
        """Count a message that is about to be sent."""
        limit = self._limits.get(relay)
        if limit is not None:
            self._limits[relay] = replace(limit, bucket=retry.acquire_token(limit.bucket, now)[0])

    def record_success(self, relay: str, now: datetime) -> None:
        """Count a message that a relay took, and send a little faster."""
        self._accepted_times.setdefault(relay, deque(maxlen=_MEASURED)).append(now)
        limit = self._limits.get(relay)
        if limit is not None:
            rate = limit.bucket.rate * _FASTER
            bucket = replace(limit.bucket, rate=rate, burst=_burst(rate))
            self._limits[relay] = replace(limit, bucket=bucket, refusals=0)

    def record_refusal(self, relay: str, began: datetime, now: datetime) -> bool:
        """Send slower to a relay that asked for less; False where that has been in vain for long.

        Args:
            relay: Which one.
            began: When the message was begun that it did not take.
            now: When it said so.
        """
        limit = self._limits.get(relay)
        if limit is not None and began < limit.slowed:
            return True
        before, refusals = (limit.bucket.rate, limit.refusals) if limit else (math.inf, 0)
        if refusals:
            rate = before * _MUCH_SLOWER
        else:
            rate = min(before, self._measured(relay, now)) * _SLOWER
        rate = max(rate, _SLOWEST)
        until = now + min(_SECOND * (1 << min(refusals, 10)), _LONGEST)
        bucket = TokenBucket(rate, _burst(rate), 1.0, until)
        self._limits[relay] = _Limit(bucket, now, until, refusals + 1)
        return refusals + 1 < _MAX_REFUSALS

    def _measured(self, relay: str, now: datetime) -> float:
        """Return how many messages a relay took within the last second, at least one."""
        taken = self._accepted_times.get(relay, ())
        return max(sum(now - each <= _SECOND for each in taken), 1)


def _burst(rate: float) -> float:
    return max(1.0, rate * _RELAY_BURST)


_WINDOW = 40  # answers that are looked at
_MIN_REFUSALS = (
    20  # refusals among them, from which on it is the relay or the message that is doubted
)


class RecipientRejection(NamedTuple):
    """What a refusal says of a reader, if it can be believed."""

    subscriber_id: int
    hard: bool  # their address is gone; else their mailbox took nothing this time


class CircuitBreaker:
    """Keeps a relay that refuses everybody from emptying the list, or the issue. For one thread.

    Nobody is suppressed at once, but only when a later message was taken and, of the last few,
    no more were refused than taken.
    """

    def __init__(self, issue: int) -> None:
        """Nothing was refused yet."""
        self._issue = issue
        self._recent_refusals: deque[bool] = deque(maxlen=_WINDOW)
        self._unconfirmed: list[RecipientRejection] = []

    def record_success(self) -> tuple[RecipientRejection, ...]:
        """Count a message that was taken; return what may be believed of readers now."""
        self._recent_refusals.append(False)
        return self.pop_confirmed()

    def record_failure(self, report: RecipientRejection | None) -> None:
        """Count a message that was refused; keep in mind what that says of its reader, if any."""
        self._recent_refusals.append(True)
        if report is not None:
            self._unconfirmed.append(report)

    def pop_confirmed(self) -> tuple[RecipientRejection, ...]:
        """Return what may be believed, once each: all that was kept in mind, or nothing."""
        refused = sum(self._recent_refusals)
        if not self._unconfirmed or refused > len(self._recent_refusals) - refused:
            return ()
        held, self._unconfirmed = self._unconfirmed, []
        return tuple(held)

    @property
    def is_open(self) -> bool:
        """Whether so much is refused that the issue should stop."""
        refused = sum(self._recent_refusals)
        return refused >= _MIN_REFUSALS and refused > len(self._recent_refusals) - refused

    def __str__(self) -> str:
        """Say why the issue stopped, and what to do."""
        return (
            f"{sum(self._recent_refusals)} of the last {len(self._recent_refusals)} "
            "messages were refused; nobody "
            "was suppressed for it: look at what the relay says, then "
            f"`feedpub digest retry {self._issue}`, then `feedpub digest resume {self._issue}`"
        )
