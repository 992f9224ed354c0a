"""What is due: told by what is known and the time alone."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedpub.config.jobs import (
    DigestSchedule,
    compute_next_retry,
    ensure_monotonic,
    find_earliest,
    round_up_to_minute,
)

NOW = datetime(2025, 6, 1, 12, 0, tzinfo=UTC)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
BEGIN, END = datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
ZONES = ("America/New_York", "Australia/Lord_Howe", "Asia/Shanghai")
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def year(slot: DigestSchedule, chance: random.Random) -> list[datetime]:
    """Give what goes out in a year of a daemon: it sleeps, sleeps too long, is killed.

    And its clock is set back by an hour, or forward, now and then. It knows what the database
    says, and nothing else.
    """
    now, last, out = BEGIN, BEGIN, []
    while now < END:
        asked = DigestSchedule(slot.digest, slot.schedule, slot.timezone, last)
        due = asked.find_due_slot(now)
        if due is not None:
            out.append(due)
            last = due
        upcoming = asked.find_next_slot(now)
        assert upcoming is not None
        match chance.randrange(8):
            case 0:
                now -= HOUR
            case 1:
                now += HOUR
            case 2:
                now = upcoming + SECOND * chance.uniform(0, 20_000)
            case _:
                now = upcoming
    return out


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(
    "schedule", ["daily 01:45", "daily 02:15", "weekly sun 02:30", "0 8 * * 1"]
)
def test_a_year_of_slots_goes_out_once_each(zone: str, schedule: str) -> None:
    """Clocks change in both directions, by an hour or half of one, or never, and are set wrong."""
    slot = DigestSchedule("weekly", schedule, zone, None)
    expected, moment = [], slot.find_next_slot(BEGIN)
    while moment is not None and moment < END:
        expected.append(moment)
        moment = slot.find_next_slot(moment)
    out = year(slot, random.Random(f"{zone} {schedule}"))
    late = [each for each in out if each < END]

    assert len(set(out)) == len(out)
    assert sorted(out) == out
    assert expected == late[: len(expected)]
    assert (366 if "daily" in schedule else 53) >= len(expected) >= 52


def test_each_post_has_no_slots() -> None:
    """Nothing is due by the clock, and nobody knows when it will be."""
    slot = DigestSchedule("each", "each post", "UTC", None)

    assert slot.on_publish
    assert slot.find_due_slot(NOW) is None
    assert slot.find_next_slot(NOW) is None
    assert not DigestSchedule("weekly", "daily 08:00", "UTC", None).on_publish


def test_the_first_of_some_moments() -> None:
    """What nobody knows does not count."""
    assert NOW == find_earliest([None, NOW + HOUR, NOW])
    assert find_earliest([None]) is None


def test_what_fails_is_tried_ever_more_rarely() -> None:
    """Soon at first, and every ten minutes in the end, however often it failed."""
    waits = [compute_next_retry(number, NOW) - NOW for number in range(1, 100)]

    assert timedelta(seconds=5) == waits[0]
    assert timedelta(seconds=10) == waits[1]
    assert sorted(waits) == waits
    assert timedelta(minutes=10) == waits[-1]
    assert timedelta(minutes=10) == compute_next_retry(10**6, NOW) - NOW


@given(MOMENTS, MOMENTS)
def test_what_comes_in_dribbles_is_gathered_by_the_minute(moment: datetime, now: datetime) -> None:
    """Nothing is done before its time, nor a minute later; what is overdue is now."""
    found = round_up_to_minute(moment, now)

    assert found is not None
    assert timedelta() <= found - moment < timedelta(minutes=1)
    if moment > now:
        assert (found.second, found.microsecond) == (0, 0)
    else:
        assert moment == found


def test_nothing_is_gathered_of_nothing() -> None:
    """Where nothing waits, nothing is due."""
    assert round_up_to_minute(None, NOW) is None


def test_a_clock_set_back_takes_nothing_back() -> None:
    """An hour is a mistake of the clock; years are one that is mended."""
    assert NOW == ensure_monotonic(NOW, None)
    assert NOW == ensure_monotonic(NOW, NOW - HOUR)
    assert NOW == ensure_monotonic(NOW - HOUR, NOW)
    assert NOW == ensure_monotonic(NOW, NOW + timedelta(days=400))
