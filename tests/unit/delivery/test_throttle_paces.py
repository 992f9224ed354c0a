"""How fast relays and domains may have mail."""

import pytest
from postoffice import moment

from feedpub.delivery.throttle import RateLimiter, is_relay_throttling
from feedpub.models.newsletter import SendResult


def test_nobody_waits_without_a_rate() -> None:
    """There are no buckets then, however many domains there are."""
    paces = RateLimiter({"relay": 0})

    assert [0.0] * 1000 == [paces.acquire("relay", moment()) for _ in range(1000)]
    assert {} == paces._buckets


def test_a_rate_is_kept() -> None:
    """Ten a second: one at once, the next after 0.1 s."""
    paces = RateLimiter({"relay": 10})

    assert (0.0, 0.1) == (paces.acquire("relay", moment()), paces.acquire("relay", moment()))
    assert 0.0 == paces.acquire("relay", moment(0.1))


def test_fast_relays_may_have_a_few_at_once() -> None:
    """A tenth of a second's worth: threads do not wake up to the microsecond."""
    paces = RateLimiter({"relay": 50})

    assert 5 == sum(not paces.acquire("relay", moment()) for _ in range(20))


def test_who_asks_for_less_gets_less() -> None:
    """Also where there was no limit; what takes mail again gets more, and at last as before."""
    paces = RateLimiter({})
    paces.slow_down("@example.org", moment())
    paces.slow_down("@example.org", moment())

    assert 1 / 8 == paces.acquire("@example.org", moment())
    assert 0.0 == paces.acquire("@example.com", moment())

    for _ in range(48):
        paces.speed_up("@example.org")

    assert {} == paces._buckets


def test_a_relay_gets_back_to_its_rate() -> None:
    """And not beyond it."""
    paces = RateLimiter({"relay": 10})
    paces.slow_down("relay", moment())
    for _ in range(100):
        paces.speed_up("relay")

    assert (0.1, 1.0) == (paces.acquire("relay", moment()), paces._buckets["relay"].rate_factor)


def test_quickening_who_is_not_slow_does_nothing() -> None:
    """It is done for every message."""
    paces = RateLimiter({})
    paces.speed_up("@example.org")

    assert {} == paces._buckets


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (SendResult("deferred", 421, "4.7.0"), True),
        (SendResult("deferred", 451, "4.3.2"), True),
        (SendResult("deferred", 450, "4.7.1"), False),
        (SendResult("deferred", 421, "4.2.1"), False),
        (SendResult("failed", 554, "5.3.2"), False),
    ],
)
def test_some_answers_are_about_the_relay(outcome: SendResult, expected: bool) -> None:
    """It closes, or is not well: others than this domain are concerned too."""

    assert expected == is_relay_throttling(outcome)
