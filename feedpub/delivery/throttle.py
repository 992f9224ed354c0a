"""Rate limits, relay throttling and the circuit breaker of an issue.

`RateLimiter` applies configured rates and throttling by domain. `Throttle` finds the rate that a
throttling relay accepts: it falls with each refusal and rises a little with each accepted message.
`CircuitBreaker` stops an issue that is mostly refused. `Dispatcher` uses all three.
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

_BURST = 0.1  # seconds' worth of messages at once, since threads wake up late
_CLOSING = 421
_SYSTEM = "4.3."  # RFC 3463: the mail system, not the mailbox


class RateLimiter:
    """Token buckets by relay or domain, only for those limited or throttled. Not thread-safe."""

    def __init__(self, rates: Mapping[str, float]) -> None:
        """Limit the given names. `rates` are in messages a second, 0 for no limit."""
        self._rates = {name: rate for name, rate in rates.items() if rate}
        self._buckets: dict[str, TokenBucket] = {}

    def acquire(self, name: str, now: datetime) -> float:
        """Take a token; return 0.0, or the seconds to wait before asking again."""
        if name not in self._buckets:
            if name not in self._rates:
                return 0.0
            self._buckets[name] = self._new(name, now)
        self._buckets[name], seconds = retry.acquire_token(self._buckets[name], now)
        return seconds

    def slow_down(self, name: str, now: datetime) -> None:
        """Reduce a rate after throttling."""
        self._buckets[name] = retry.slow_down(self._buckets.get(name) or self._new(name, now))

    def speed_up(self, name: str) -> None:
        """Raise a reduced rate a little after an accepted message."""
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
    """Return whether the relay itself asks for less mail, whatever the recipient."""
    closing = outcome.code == _CLOSING or outcome.status.startswith(_SYSTEM)
    return retry.is_throttling(outcome) and closing


_SECOND = timedelta(seconds=1)
_MEASURED = 1000  # accept times kept per relay; the highest rate that can be measured
_SLOWER, _MUCH_SLOWER = 0.7, 0.5
_FASTER = 1 + 1 / 128  # per accepted message
_RELAY_BURST = 0.1  # seconds' worth of messages at once
_SLOWEST = 1 / 60  # messages a second
_LONGEST = timedelta(seconds=60)
_MAX_REFUSALS = 7  # in a row, over about two minutes; waiting seconds no longer helps then


@dataclass(frozen=True, slots=True)
class _Limit:
    """The measured limit of a relay that has throttled us."""

    bucket: TokenBucket
    slowed: datetime  # refusals of messages begun before this say nothing new
    until: datetime  # send nothing before this
    refusals: int  # since it last accepted a message


class Throttle:
    """The sending rate of each relay that has throttled us. Not thread-safe."""

    def __init__(self) -> None:
        self._limits: dict[str, _Limit] = {}
        self._accepted_times: dict[str, deque[datetime]] = {}

    def get_delay(self, relay: str, now: datetime) -> float:
        """Return the seconds until a relay may be sent another message, 0.0 for now."""
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
        """Count an accepted message and raise the rate a little."""
        self._accepted_times.setdefault(relay, deque(maxlen=_MEASURED)).append(now)
        limit = self._limits.get(relay)
        if limit is not None:
            rate = limit.bucket.rate * _FASTER
            bucket = replace(limit.bucket, rate=rate, burst=_burst(rate))
            self._limits[relay] = replace(limit, bucket=bucket, refusals=0)

    def record_refusal(self, relay: str, began: datetime, now: datetime) -> bool:
        """Slow down for a relay; return False once slowing down has not helped for long.

        Args:
            relay: The relay's name.
            began: When the refused message was begun.
            now: When it was refused.
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
        """Return how many messages a relay accepted within the last second, at least one."""
        taken = self._accepted_times.get(relay, ())
        return max(sum(now - each <= _SECOND for each in taken), 1)


def _burst(rate: float) -> float:
    return max(1.0, rate * _RELAY_BURST)


_WINDOW = 40  # the last results that count
_MIN_REFUSALS = 20  # refusals among them before the relay or the message is suspect


class RecipientRejection(NamedTuple):
    """What a refusal says about a subscriber, if it can be believed."""

    subscriber_id: int
    hard: bool  # the address is gone; otherwise a soft bounce


class CircuitBreaker:
    """Stops an issue when most messages are refused. Not thread-safe.

    It also keeps a relay that refuses everything from emptying the list: rejections of recipients
    are believed only while at least half of the recent messages were accepted.
    """

    def __init__(self, issue: int) -> None:
        self._issue = issue
        self._recent_refusals: deque[bool] = deque(maxlen=_WINDOW)
        self._unconfirmed: list[RecipientRejection] = []

    def record_success(self) -> tuple[RecipientRejection, ...]:
        """Count an accepted message; return the rejections that this confirms."""
        self._recent_refusals.append(False)
        return self.pop_confirmed()

    def record_failure(self, report: RecipientRejection | None) -> None:
        """Count a refused message; remember what it says about its recipient, if anything."""
        self._recent_refusals.append(True)
        if report is not None:
            self._unconfirmed.append(report)

    def pop_confirmed(self) -> tuple[RecipientRejection, ...]:
        """Return the remembered rejections, once each, if they can be believed now."""
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
        """Return why the issue stopped and what to do about it."""
        return (
            f"{sum(self._recent_refusals)} of the last {len(self._recent_refusals)} "
            "messages were refused; no subscriber "
            "was suppressed: check the relay's replies, then "
            f"`feedpub digest retry {self._issue}`, then `feedpub digest resume {self._issue}`"
        )
