"""Messages that a relay refused for a reason that may be us: it is, until it takes another."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from feedpub.mailing import Delivery, SendResult

_MAX_HELD = 5  # refused in a row: it is us
_MAX_OVER_QUOTA = 2  # likewise, where the relay itself says that it takes no more
_MAX_RETRIES = (
    5  # refusals of one message, between which others were taken: it is about that message
)


@dataclass(frozen=True, slots=True)
class RefusedMessage:
    """One message that a relay refused."""

    delivery: Delivery
    outcome: SendResult
    at: datetime


class RefusalTracker:
    """What each relay refused since it last took a message. For one thread."""

    def __init__(self) -> None:
        """Nothing was refused yet."""
        self._held: dict[str, list[RefusedMessage]] = {}
        self._over_quota: dict[str, list[datetime]] = {}
        self._retry_counts: Counter[int] = Counter()  # deliveries, and how often in vain

    def hold(self, refused: RefusedMessage) -> bool:
        """Keep a message until more is known; True where the relay refuses us by now."""
        kept = self._held.setdefault(refused.outcome.relay, [])
        kept.append(refused)
        return len(kept) >= _MAX_HELD

    def record_retry(self, refused: RefusedMessage, *, over_quota: bool) -> bool:
        """Count a message that is tried again; True where the relay takes no more by now."""
        self._retry_counts[refused.delivery.id] += 1
        if not over_quota:
            return False
        over = self._over_quota.setdefault(refused.outcome.relay, [])
        over.append(refused.at)
        return len(over) >= _MAX_OVER_QUOTA

    def is_message_at_fault(self, delivery: Delivery) -> bool:
        """Tell whether a message was refused so often, while others were taken, that it is it."""
        return self._retry_counts[delivery.id] >= _MAX_RETRIES

    def record_success(self, relay: str, began: datetime) -> tuple[RefusedMessage, ...]:
        """Count a message that a relay took; return those that it refused before it was begun.

        It refused them, and not us.
        """
        if relay in self._over_quota:
            self._over_quota[relay] = [each for each in self._over_quota[relay] if each >= began]
        kept = self._held.get(relay, [])
        self._held[relay] = [each for each in kept if each.at >= began]
        return tuple(each for each in kept if each.at < began)

    def pop_held(self, relay: str) -> tuple[RefusedMessage, ...]:
        """Take out what was set aside of a relay."""
        return tuple(self._held.pop(relay, ()))

    def get_held_relays(self) -> tuple[str, ...]:
        """Return the relays of which something is set aside."""
        return tuple(name for name, kept in self._held.items() if kept)
