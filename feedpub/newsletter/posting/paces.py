"""How relays and domains take mail → how long the next message to one has to wait."""

from collections.abc import Mapping
from datetime import datetime

from feedpub import outbox
from feedpub.mailing import SendResult
from feedpub.outbox import TokenBucket

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
        self._buckets[name], seconds = outbox.acquire_token(self._buckets[name], now)
        return seconds

    def slow_down(self, name: str, now: datetime) -> None:
        """Send less there: it asked for that."""
        self._buckets[name] = outbox.slow_down(self._buckets.get(name) or self._new(name, now))

    def speed_up(self, name: str) -> None:
        """Send a little more there: it took a message."""
        if name not in self._buckets:
            return
        bucket = outbox.speed_up(self._buckets[name])
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
    return outbox.is_throttling(outcome) and closing
