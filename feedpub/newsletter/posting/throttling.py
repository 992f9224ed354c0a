"""How fast each relay takes messages, as it turns out: slower after a refusal, then gently faster.

TCP finds the room on a line in the same way (additive increase, multiplicative decrease).
"""

import math
from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from feedpub import outbox
from feedpub.outbox import TokenBucket

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
        return outbox.acquire_token(limit.bucket, now)[1]

    def record_send(self, relay: str, now: datetime) -> None:
        """Count a message that is about to be sent."""
        limit = self._limits.get(relay)
        if limit is not None:
            self._limits[relay] = replace(limit, bucket=outbox.acquire_token(limit.bucket, now)[0])

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
