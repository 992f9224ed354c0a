"""Deliveries that were claimed → the next one whose domain may have mail."""

import math
from collections import deque
from collections.abc import Iterable
from datetime import datetime

from feedpub.delivery.throttle import RateLimiter
from feedpub.models.newsletter import Delivery

_KEPT_PER_DOMAIN = 20  # of a domain that gives some back


class ReadyQueue:
    """Keeps what waits, by domain: a slow domain holds nobody else up. For one thread."""

    def __init__(self, paces: RateLimiter) -> None:
        self._rate_limiter = paces
        self._queues: dict[str, deque[Delivery]] = {}
        self._number = 0

    def __len__(self) -> int:
        return self._number

    def add(self, deliveries: Iterable[Delivery]) -> None:
        """Put deliveries at the end."""
        for each in deliveries:
            self._queues.setdefault(get_domain(each), deque()).append(each)
            self._number += 1

    def requeue(self, delivery: Delivery) -> None:
        """Put a delivery that was taken first again."""
        self._queues.setdefault(get_domain(delivery), deque()).appendleft(delivery)
        self._number += 1

    def pop(self, now: datetime) -> Delivery | float:
        """Give a delivery, domain after domain, or the seconds to wait for one: infinite for none.

        It counts as sent as far as the pace of its domain goes.
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
            self._queues[found] = lane  # now the last one
        self._number -= 1
        return delivery

    def discard_issue(self, issue: int) -> None:
        """Keep nothing of an issue."""
        kept = [each for lane in self._queues.values() for each in lane if each.issue != issue]
        self._queues, self._number = {}, 0
        self.add(kept)

    def get_issue_ids(self) -> frozenset[int]:
        """Give the issues that something is kept of."""
        return frozenset(each.issue for lane in self._queues.values() for each in lane)

    def evict_slow(self) -> tuple[Delivery, ...]:
        """Take out most of what waits for the domain that most waits for."""
        if not self._queues:
            return ()
        lane = max(self._queues.values(), key=len)
        taken = [lane.pop() for _ in range(len(lane) - _KEPT_PER_DOMAIN)]
        self._number -= len(taken)
        return tuple(taken)


def get_domain(delivery: Delivery) -> str:
    """Give the domain that a delivery goes to, as `@example.org`."""
    return "@" + delivery.subscriber.address.rpartition("@")[2].casefold()
