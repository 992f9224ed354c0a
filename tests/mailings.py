"""Readers, posts and deliveries for tests of the newsletter.

    with_readers(store, 3)            # three active ones
    planned(store, ids, "one", "two") # an issue of two posts for them
    sent(store, "w", claimed)         # put in doubt and accepted

Everything is deterministic; nothing here reads the clock.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from feedpub import storage
from feedpub.models.newsletter import (
    Consent,
    Delivery,
    DeliveryUpdate,
    Issue,
    MessageContent,
    SendResult,
    Subscriber,
    SubscriptionFilter,
    Variant,
)
from feedpub.storage import Store


@dataclass(frozen=True, slots=True)
class Place:
    """A database of its own: what `store.open` takes."""

    url: str
    folder: Path

    def open(self) -> Store:
        """Open it."""
        return storage.open_store(self.url, self.folder)


NOW = datetime(2025, 1, 30, 8, 0, tzinfo=UTC)
LEASE = timedelta(minutes=10)
LATER = NOW + LEASE  # when a lease of now has ended
ACCEPTED = SendResult("accepted", 250, "2.0.0", "queued as 1", "mx.example.org")


def reader(address: str = "ann@example.org", state: str = "active", name: str = "") -> Subscriber:
    """Give somebody the store does not know yet."""
    return Subscriber(0, address, Consent(NOW, "import", "list.csv"), name, state=state)


def whole() -> Subscriber:
    """Give somebody with every field set."""
    return Subscriber(
        id=0,
        address="Änn@Exämple.org",
        consent=Consent(NOW - timedelta(days=3, microseconds=1), "form", "192.0.2.1"),
        name="Ann 李",
        fields=(("city", 'Zü"rich'), ("born", "1990"), ("empty", "")),
        state="pending",
        language="zh-Hant",
        follows=SubscriptionFilter(everything=False, tags=("c", "python"), authors=("bob",)),
        cadence="weekly",
        soft_bounces=2,
        changed=NOW,
    )


def with_readers(store: Store, number: int, state: str = "active") -> list[int]:
    """Add readers; give their ids."""
    return [
        store.add_subscriber(reader(f"reader{each}@example.org", state), NOW).id
        for each in range(number)
    ]


def content(subject: str = "News") -> MessageContent:
    """Give what a message says."""
    return MessageContent(subject, "what is new", "<p>Grüße</p>", "Grüße", "de")


def selection(*posts: str, key: str = "all") -> Variant:
    """Give some posts with what is said of them."""
    return Variant(key, posts, content())


def planned(
    store: Store,
    readers: Iterable[int],
    *posts: str,
    digest: str = "weekly",
    slot: datetime = NOW,
) -> Issue:
    """Plan an issue in which everybody gets the same posts."""
    audience = [(each, "all") for each in readers]
    return store.plan_issue(digest, slot, posts, "News", [selection(*posts)], audience, slot)


def settled(
    deliveries: Iterable[Delivery], state: str = "accepted", outcome: SendResult = ACCEPTED
) -> list[DeliveryUpdate]:
    """Give the same end to some deliveries."""
    return [DeliveryUpdate(each.id, state, outcome) for each in deliveries]


def sent(store: Store, worker: str, deliveries: Sequence[Delivery], now: datetime = NOW) -> None:
    """Put deliveries in doubt, and settle them as accepted."""
    store.mark_in_doubt(worker, [each.id for each in deliveries], now)
    store.record_results(worker, settled(deliveries), now)
