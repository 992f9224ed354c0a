"""How fast relays and domains may have mail."""

import pytest
from postoffice import moment

from feedpub.mailing import Outcome
from feedpub.newsletter.posting.paces import Paces, slows_relay


def test_nobody_waits_without_a_rate() -> None:
    """There are no buckets then, however many domains there are."""
    paces = Paces({"relay": 0})

    assert [0.0] * 1000 == [paces.wait("relay", moment()) for _ in range(1000)]
    assert {} == paces._buckets


def test_a_rate_is_kept() -> None:
    """Ten a second: one at once, the next after 0.1 s."""
    paces = Paces({"relay": 10})

    assert (0.0, 0.1) == (paces.wait("relay", moment()), paces.wait("relay", moment()))
    assert 0.0 == paces.wait("relay", moment(0.1))


def test_fast_relays_may_have_a_few_at_once() -> None:
    """A tenth of a second's worth: threads do not wake up to the microsecond."""
    paces = Paces({"relay": 50})

    assert 5 == sum(not paces.wait("relay", moment()) for _ in range(20))


def test_who_asks_for_less_gets_less() -> None:
    """Also where there was no limit; what takes mail again gets more, and at last as before."""
    paces = Paces({})
    paces.slow("@example.org", moment())
    paces.slow("@example.org", moment())

    assert 1 / 8 == paces.wait("@example.org", moment())
    assert 0.0 == paces.wait("@example.com", moment())

    for _ in range(48):
        paces.quicken("@example.org")

    assert {} == paces._buckets


def test_a_relay_gets_back_to_its_rate() -> None:
    """And not beyond it."""
    paces = Paces({"relay": 10})
    paces.slow("relay", moment())
    for _ in range(100):
        paces.quicken("relay")

    assert (0.1, 1.0) == (paces.wait("relay", moment()), paces._buckets["relay"].pace)


def test_quickening_who_is_not_slow_does_nothing() -> None:
    """It is done for every message."""
    paces = Paces({})
    paces.quicken("@example.org")

    assert {} == paces._buckets


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (Outcome("deferred", 421, "4.7.0"), True),
        (Outcome("deferred", 451, "4.3.2"), True),
        (Outcome("deferred", 450, "4.7.1"), False),
        (Outcome("deferred", 421, "4.2.1"), False),
        (Outcome("failed", 554, "5.3.2"), False),
    ],
)
def test_some_answers_are_about_the_relay(outcome: Outcome, expected: bool) -> None:
    """It closes, or is not well: others than this domain are concerned too."""

    assert expected == slows_relay(outcome)
