"""What waits to be sent, and which goes next."""

import math

from hypothesis import given
from hypothesis import strategies as st
from postoffice import delivery, moment

from feedpub.delivery.ready_queue import ReadyQueue, get_domain
from feedpub.delivery.throttle import RateLimiter
from feedpub.models.newsletter import Delivery


def all_of(waiting: ReadyQueue) -> list[int]:
    """Take all there is now; give the numbers."""
    found = []
    while isinstance(one := waiting.pop(moment()), Delivery):
        found.append(one.id)
    return found


def test_domains_take_turns() -> None:
    """No domain has all the connections to itself."""
    waiting = ReadyQueue(RateLimiter({}))
    waiting.add(delivery(n, f"a{n}@{'big' if n < 4 else 'small'}.example") for n in range(6))

    assert [0, 4, 1, 5, 2, 3] == all_of(waiting)
    assert (math.inf, 0) == (waiting.pop(moment()), len(waiting))


def test_a_slow_domain_holds_nobody_up() -> None:
    """The others go first; when only the slow one is left, it says how long to wait."""
    paces = RateLimiter({})
    paces.slow_down("@slow.example", moment())
    waiting = ReadyQueue(paces)
    waiting.add([delivery(1, "a@slow.example"), delivery(2, "a@Fast.example")])

    assert [2] == all_of(waiting)
    assert (1 / 16, 1) == (waiting.pop(moment()), len(waiting))
    assert delivery(1, "a@slow.example") == waiting.pop(moment(1))


def test_what_comes_back_goes_first() -> None:
    """It was first before."""
    waiting = ReadyQueue(RateLimiter({}))
    waiting.add([delivery(1, "a@example.org"), delivery(2, "b@example.org")])
    waiting.requeue(delivery(3, "c@example.org"))

    assert [3, 1, 2] == all_of(waiting)


def test_an_issue_is_dropped() -> None:
    """The others stay."""
    waiting = ReadyQueue(RateLimiter({}))
    waiting.add(delivery(n, "a@example.org", issue=n % 2) for n in range(6))

    assert frozenset({0, 1}) == waiting.get_issue_ids()
    waiting.discard_issue(1)

    assert (frozenset({0}), 3) == (waiting.get_issue_ids(), len(waiting))
    assert [0, 2, 4] == all_of(waiting)


def test_the_longest_lane_gives_most_of_it_back() -> None:
    """Twenty stay: there is something to do when the domain may have mail again."""
    waiting = ReadyQueue(RateLimiter({}))

    assert () == waiting.evict_slow()

    waiting.add(delivery(n, "a@big.example") for n in range(100))
    waiting.add(delivery(n, "a@small.example") for n in range(100, 110))

    assert set(range(20, 100)) == {each.id for each in waiting.evict_slow()}
    assert (30, ()) == (len(waiting), waiting.evict_slow())


def test_a_domain_is_what_stands_after_the_last_at() -> None:
    """In small letters."""

    assert "@example.org" == get_domain(delivery(1, '"a@b"@Example.ORG'))


@given(st.lists(st.sampled_from("abc")))
def test_nothing_is_lost(names: list[str]) -> None:
    """Whatever comes goes, each once, and in order within its domain."""
    waiting = ReadyQueue(RateLimiter({}))
    waiting.add(delivery(n, f"x@{name}.example") for n, name in enumerate(names))
    found = all_of(waiting)

    assert list(range(len(names))) == sorted(found)
    for name in "abc":
        ours = [n for n in found if names[n] == name]
        assert sorted(ours) == ours
