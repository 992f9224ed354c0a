"""Messages that a relay refused for a reason that may be us: it is, until it takes another."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from feedpub.mailing import Delivery, Outcome

_ENOUGH = 5  # refused in a row: it is us
_OVER = 2  # likewise, where the relay itself says that it takes no more
_OFTEN = 5  # refusals of one message, between which others were taken: it is about that message


@dataclass(frozen=True, slots=True)
class Refused:
    """One message that a relay refused."""

    delivery: Delivery
    outcome: Outcome
    at: datetime


class Refusals:
    """What each relay refused since it last took a message. For one thread."""

    def __init__(self) -> None:
        """Nothing was refused yet."""
        self._set_aside: dict[str, list[Refused]] = {}
        self._over: dict[str, list[datetime]] = {}
        self._returned: Counter[int] = Counter()  # deliveries, and how often in vain

    def set_aside(self, refused: Refused) -> bool:
        """Keep a message until more is known; True where the relay refuses us by now."""
        kept = self._set_aside.setdefault(refused.outcome.relay, [])
        kept.append(refused)
        return len(kept) >= _ENOUGH

    def return_(self, refused: Refused, *, over_quota: bool) -> bool:
        """Count a message that is tried again; True where the relay takes no more by now."""
        self._returned[refused.delivery.id] += 1
        if not over_quota:
            return False
        over = self._over.setdefault(refused.outcome.relay, [])
        over.append(refused.at)
        return len(over) >= _OVER

    def is_about_message(self, delivery: Delivery) -> bool:
        """Tell whether a message was refused so often, while others were taken, that it is it."""
        return self._returned[delivery.id] >= _OFTEN

    def accepted(self, relay: str, began: datetime) -> tuple[Refused, ...]:
        """Count a message that a relay took; return those that it refused before it was begun.

        It refused them, and not us.
        """
        if relay in self._over:
            self._over[relay] = [each for each in self._over[relay] if each >= began]
        kept = self._set_aside.get(relay, [])
        self._set_aside[relay] = [each for each in kept if each.at >= began]
        return tuple(each for each in kept if each.at < began)

    def take(self, relay: str) -> tuple[Refused, ...]:
        """Take out what was set aside of a relay."""
        return tuple(self._set_aside.pop(relay, ()))

    def relays(self) -> tuple[str, ...]:
        """Return the relays of which something is set aside."""
        return tuple(name for name, kept in self._set_aside.items() if kept)
