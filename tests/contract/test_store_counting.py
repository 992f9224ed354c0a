"""What is counted day by day."""

from datetime import date, timedelta

from mailings import NOW, planned, reader, sent, with_readers

from feedpub.admission import Limits
from feedpub.mailing import Wish
from feedpub.readership import Visit
from feedpub.store import Store

TODAY = NOW.date()
DAY = timedelta(days=1)
RSS = Visit(TODAY.isoformat(), "rss.xml", "Feedly", 32, 5)


def test_visits_add_up(store: Store) -> None:
    """The requests; of readers the most that was told."""
    store.visited([])
    store.visited([RSS, Visit(RSS.day, "atom.xml", "newsboat", 0, 1)])
    store.visited([Visit(RSS.day, "rss.xml", "Feedly", 30, 2)])
    store.visited([Visit(RSS.day, "rss.xml", "Feedly", 33, 1)])

    assert (
        Visit(RSS.day, "atom.xml", "newsboat", 0, 1),
        Visit(RSS.day, "rss.xml", "Feedly", 33, 8),
    ) == store.visits(TODAY)
    assert () == store.visits(TODAY + DAY)


def test_the_list_is_counted_once_a_day(store: Store) -> None:
    """As it was when it was last counted."""
    store.counted(TODAY - DAY, TODAY - 9 * DAY)
    with_readers(store, 2)
    store.add(reader("pending@example.org", "pending"), NOW)
    store.counted(TODAY, TODAY - 9 * DAY)
    store.add(reader("one@example.org"), NOW)
    store.counted(TODAY, TODAY - 9 * DAY)

    assert {(TODAY - DAY).isoformat(): 0, TODAY.isoformat(): 3} == store.headcounts(TODAY - DAY)
    assert {TODAY.isoformat(): 3} == store.headcounts(TODAY)


def test_what_is_old_is_forgotten(store: Store) -> None:
    """Of feeds and of the list."""
    store.visited([RSS])
    store.counted(TODAY, TODAY)

    store.counted(TODAY + DAY, TODAY + DAY)

    assert () == store.visits(TODAY)
    assert [(TODAY + DAY).isoformat()] == list(store.headcounts(TODAY))


def test_the_list_remembers_when_people_came_and_left(store: Store) -> None:
    """Those who never confirmed were never on it."""
    first, _ = with_readers(store, 2)
    store.add(reader("pending@example.org", "pending"), NOW)
    store.change(first, "unsubscribed", NOW + 3 * DAY)
    today = (TODAY - date(1970, 1, 1)).days

    assert {today: 2, today + 3: -1} == store.joined()


def test_deliveries_are_counted_until_an_issue_ends(store: Store) -> None:
    """By state; those of issues that ended are told elsewhere."""
    done = planned(store, with_readers(store, 3), "one")
    assert (("planned", 3),) == store.under_way()

    sent(store, "w", store.claim("w", 2, DAY, NOW))
    assert (("accepted", 2), ("planned", 1)) == store.under_way()

    sent(store, "w", store.claim("w", 2, DAY, NOW))
    store.finish(done.id, NOW)
    assert () == store.under_way()


def test_who_was_not_answered_is_counted(store: Store) -> None:
    """And since when the first of them waits, though somebody else asked before."""
    limits, salt = Limits(), b"s" * 32

    assert (0, None) == store.asking()

    for day, name in enumerate(("ann", "bob", "eve")):
        store.ask(Wish(f"{name}@example.org"), salt, bytes([day]), limits, NOW + day * DAY)
        if name == "ann":
            found = store.next_asked("w", limits, NOW)
            assert found
            store.posted(found)

    assert (2, NOW + DAY) == store.asking()
