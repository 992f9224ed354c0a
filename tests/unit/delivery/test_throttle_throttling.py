"""How fast a relay takes messages, as it turns out."""

from collections import Counter
from datetime import datetime

import pytest
from postoffice import moment

from feedpub.delivery.throttle import Throttle

RELAY = "relay"


def sent(throttle: Throttle, number: int, takes: int, connections: int) -> tuple[float, int]:
    """Send messages to a relay that takes so many a second; return the seconds, and its refusals.

    Each connection has one message under way for a tenth of a second.
    """
    now, taken, refused = 0.0, 0, 0
    seconds: Counter[int] = Counter()
    underway: list[float] = []
    while taken < number:
        done = [began for began in underway if now - began >= 0.1]
        underway = [began for began in underway if now - began < 0.1]
        for began in done:
            seconds[int(now)] += 1
            if seconds[int(now)] <= takes:
                taken += 1
                throttle.record_success(RELAY, moment(now))
            else:
                refused += 1
                assert throttle.record_refusal(RELAY, moment(began), moment(now))
        while len(underway) < connections and not throttle.get_delay(RELAY, moment(now)):
            throttle.record_send(RELAY, moment(now))
            underway.append(now)
        now += 0.01
    return now, refused


@pytest.mark.parametrize("connections", [1, 20])
@pytest.mark.parametrize("takes", [2, 14, 100])
def test_a_rate_that_nobody_has_said_is_found(takes: int, connections: int) -> None:
    """Nearly all of it is used, and few messages are sent in vain."""
    seconds, refused = sent(Throttle(), 600, takes, connections)
    best = max(600 / takes, 600 * 0.1 / connections)

    assert best * 2 > seconds
    assert 60 + connections >= refused


def test_who_never_asked_for_less_is_never_waited_for() -> None:
    """However much it takes."""
    throttle = Throttle()
    for each in range(1000):
        throttle.record_success(RELAY, moment(each / 1000))

    assert 0.0 == throttle.get_delay(RELAY, moment(1))


def test_answers_to_what_was_begun_before_slow_nothing_down_again() -> None:
    """Twenty connections are told the same thing at once."""
    once, often = Throttle(), Throttle()
    for throttle, number in ((once, 1), (often, 20)):
        for _ in range(number):
            assert throttle.record_refusal(RELAY, moment(0), moment(1))

    assert rate(once) == rate(often)


def rate(throttle: Throttle) -> int:
    """Return how many messages it lets through in a minute, a while later."""
    return sum(let_through(throttle, moment(100 + each / 100)) for each in range(6000))


def let_through(throttle: Throttle, now: datetime) -> bool:
    """Send a message where that is allowed."""
    if throttle.get_delay(RELAY, now):
        return False
    throttle.record_send(RELAY, now)
    return True


def test_a_relay_that_takes_nothing_is_given_up() -> None:
    """Each wait is longer than the one before; after two minutes or so it is no matter of rates."""
    throttle = Throttle()
    waits, now, goes_on = [], 0.0, True
    while goes_on:
        goes_on = throttle.record_refusal(RELAY, moment(now), moment(now))
        waits.append(throttle.get_delay(RELAY, moment(now)))
        now += waits[-1]

    assert sorted(waits) == waits
    assert (1, 60) == (waits[0], waits[-1])
    assert 60 < now < 600
    assert 0.0 == throttle.get_delay("another", moment(now))
