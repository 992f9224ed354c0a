"""What others are to be told, kept by the database."""

from datetime import timedelta

from mailings import LATER, NOW, planned, sent, with_readers

from feedpub.errands import COMMAND, HUB, URL, Errand
from feedpub.store import Store

FEED, OTHER = "https://example.org/rss.xml", "https://example.org/atom.xml"
PING = Errand(HUB, "https://hub.example/", FEED)
SECOND = timedelta(seconds=1)


def test_what_is_asked_for_is_due_at_once(store: Store) -> None:
    """In the order it came."""
    store.order([PING], NOW)
    store.order([Errand(HUB, PING.target, OTHER)], NOW + SECOND)

    assert [FEED, OTHER] == [each.topic for each in store.errands(LATER, 10)]
    assert [FEED] == [each.topic for each in store.errands(LATER, 1)]
    assert [FEED] == [each.topic for each in store.errands(NOW, 10)]
    assert NOW == store.next_errand()
    assert 2 == store.waiting()


def test_nothing_waits_in_the_beginning(store: Store) -> None:
    """Nor after nothing was asked for."""
    store.order([], NOW)
    store.order_once([], NOW)

    assert () == store.errands(NOW, 10)
    assert store.next_errand() is None
    assert 0 == store.waiting()


def test_several_changes_are_told_once(store: Store) -> None:
    """One feed, one hub, one ping."""
    store.order([PING], NOW)
    store.order([PING], NOW)

    (errand,) = store.errands(NOW, 10)
    assert 2 == errand.version


def test_what_was_told_is_not_due(store: Store) -> None:
    """Until it is asked for again."""
    store.order([PING], NOW)
    (errand,) = store.errands(NOW, 10)
    store.told(errand, NOW, "202")

    assert () == store.errands(LATER, 10)

    store.order([PING], LATER)

    assert [FEED] == [each.topic for each in store.errands(LATER, 10)]


def test_a_change_while_it_is_told_is_told_too(store: Store) -> None:
    """The hub may have fetched the feed before."""
    store.order([PING], NOW)
    (errand,) = store.errands(NOW, 10)
    store.order([PING], NOW)
    store.told(errand, NOW, "202")

    assert [2] == [each.version for each in store.errands(NOW, 10)]

    store.postpone(errand, LATER, NOW, "late", others=False)

    assert [0] == [each.attempts for each in store.errands(NOW, 10)]


def test_what_is_postponed_is_due_later(store: Store) -> None:
    """And it is known how often it was tried; asked for again, it is due at once."""
    store.order([PING], NOW)
    (errand,) = store.errands(NOW, 10)
    store.postpone(errand, LATER, NOW, "500", others=False)

    assert () == store.errands(NOW, 10)
    assert LATER == store.next_errand()
    assert [1] == [each.attempts for each in store.errands(LATER, 10)]

    store.order([PING], NOW)

    assert [0] == [each.attempts for each in store.errands(NOW, 10)]


def test_where_nobody_answers_all_that_is_for_them_waits(store: Store) -> None:
    """But nothing that is for others; none counts an attempt but the one, which is last then."""
    store.order([PING, Errand(HUB, PING.target, OTHER), Errand(HUB, "https://two/", FEED)], NOW)
    first, *_ = store.errands(NOW, 10)
    store.postpone(first, LATER, NOW, "refused", others=True)

    assert ["https://two/"] == [each.target for each in store.errands(NOW, 10)]
    assert [0, 1] == [
        each.attempts for each in store.errands(LATER, 10) if each.target == PING.target
    ]


def test_what_happened_once_is_told_once(store: Store) -> None:
    """Asked again, before or after, nothing changes."""
    event = Errand(URL, "https://hook.example/", "issue 1", "{}")
    store.order_once([event], NOW)
    store.order_once([event], LATER)
    (errand,) = store.errands(NOW, 10)
    store.told(errand, NOW, "200")
    store.order_once([event], LATER)

    assert "{}" == errand.body
    assert () == store.errands(LATER, 10)


def test_what_nobody_wants_any_more_is_forgotten(store: Store) -> None:
    """A hub that left the configuration, and what was done long ago."""
    event, gone = Errand(URL, "https://hook/", "issue 1"), Errand(COMMAND, "bin/tell", "x")
    store.order([event, gone, PING], NOW)
    store.told(store.errands(NOW, 1)[0], NOW, "200")
    keep = [(HUB, PING.target), (URL, event.target)]

    store.withdraw(keep, NOW)

    assert [FEED] == [each.topic for each in store.errands(NOW, 10)]

    store.order_once([event], LATER)  # done, and known

    assert [FEED] == [each.topic for each in store.errands(LATER, 10)]

    store.withdraw(keep, LATER)
    store.order_once([event], LATER)  # no more

    assert [FEED, "issue 1"] == [each.topic for each in store.errands(LATER, 10)]


def test_what_hubs_were_told_of_stays_known(store: Store) -> None:
    """For as long as there is the hub."""
    store.order([Errand(HUB, PING.target, FEED, "digest")], NOW)
    store.told(store.errands(NOW, 1)[0], NOW, "202")
    store.withdraw([(HUB, PING.target)], LATER)

    assert {(PING.target, FEED): "digest"} == store.ordered(HUB)
    assert {} == store.ordered(URL)

    store.withdraw([], LATER)

    assert {} == store.ordered(HUB)


def test_issues_that_went_out_are_known(store: Store) -> None:
    """Those that are done, and since when."""
    issue = planned(store, with_readers(store, 2), "one")
    other = planned(store, [], "two", slot=LATER)
    sent(store, "w", store.claim("w", 10, timedelta(minutes=5), NOW))

    assert () == store.ended(NOW)

    store.finish(issue.id, NOW)
    store.pause(other.id)

    assert [issue.id] == [each.id for each in store.ended(NOW)]
    assert () == store.ended(LATER)
