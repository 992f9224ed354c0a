"""The queue of claimed deliveries, ordered fairly by domain.

`Dispatcher` takes the next delivery whose domain is not throttled from a `ReadyQueue`.
"""

import math
from collections import deque
from collections.abc import Iterable
from datetime import datetime

from feedpub.delivery.throttle import RateLimiter
from feedpub.models.newsletter import Delivery

_KEPT_PER_DOMAIN = 20  # deliveries that `evict_slow` leaves


class ReadyQueue:
    """Deliveries in one queue per domain, so a slow domain delays no other. Not thread-safe."""

    def __init__(self, paces: RateLimiter) -> None:
        self._rate_limiter = paces
        self._queues: dict[str, deque[Delivery]] = {}
        self._number = 0

    def __len__(self) -> int:
        return self._number

    def add(self, deliveries: Iterable[Delivery]) -> None:
        """Append deliveries."""
        for each in deliveries:
            self._queues.setdefault(get_domain(each), deque()).append(each)
            self._number += 1

    def requeue(self, delivery: Delivery) -> None:
        """Put a delivery back at the front."""
        self._queues.setdefault(get_domain(delivery), deque()).appendleft(delivery)
        self._number += 1

    def pop(self, now: datetime) -> Delivery | float:
        """Return the next delivery, round-robin over domains, or the seconds until one is ready.

        The wait is infinite if the queue is empty. Taking a delivery takes a token of its domain's
        rate limit.
        """
        soonest, found = math.inf, ""
        for name in self._queues:
            seconds = self._rate_limiter.acquire(name, now)
            if not seconds:
                found = name
                break
            soonest = min(soonest, seconds)
        if not found:
            return soonest
        lane = self._queues.pop(found)
        delivery = lane.popleft()
        if lane:
            self._queues[found] = lane  # reinserted last, which makes the round-robin
        self._number -= 1
        return delivery

    def discard_issue(self, issue: int) -> None:
        """Drop all deliveries of an issue."""
        kept = [each for lane in self._queues.values() for each in lane if each.issue != issue]
        self._queues, self._number = {}, 0
        self.add(kept)

    def get_issue_ids(self) -> frozenset[int]:
        """Return the ids of the issues with queued deliveries."""
        return frozenset(each.issue for lane in self._queues.values() for each in lane)

    def evict_slow(self) -> tuple[Delivery, ...]:
        """Remove and return most deliveries of the domain with the longest queue."""
        if not self._queues:
            return ()
        lane = max(self._queues.values(), key=len)
        taken = [lane.pop() for _ in range(len(lane) - _KEPT_PER_DOMAIN)]
        self._number -= len(taken)
        return tuple(taken)


def get_domain(delivery: Delivery) -> str:
    """Return the recipient's domain in the form `@example.org`."""
    return "@" + delivery.subscriber.address.rpartition("@")[2].casefold()
