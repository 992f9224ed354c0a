"""Schedules: what can be written, and that each slot fires once."""

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from feedpub.config.schedule import find_due_slot, find_next_slot, parse

ZONES = ("America/New_York", "Australia/Lord_Howe", "Asia/Shanghai", "Europe/London")
CHANGES = (
    ("America/New_York", "2025-03-09"),
    ("America/New_York", "2025-11-02"),
    ("Australia/Lord_Howe", "2025-04-06"),
    ("Australia/Lord_Howe", "2025-10-05"),
    ("Europe/London", "2025-03-30"),
    ("Europe/London", "2025-10-26"),
    ("Asia/Shanghai", "2025-06-01"),  # no change
    ("Pacific/Apia", "2011-12-30"),  # a day that never was
)
YEAR = (datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))


def utc(text: str) -> datetime:
    """Give the moment that `2025-03-09 07:00` is in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def fired(text: str, zone: str, seed: int) -> list[datetime]:
    """Give what fires in a year, asked at odd moments and forgetting all but the last slot."""
    chance = random.Random(seed)
    schedule = parse(text)
    now, last = YEAR[0], YEAR[0]
    slots = []
    while now < YEAR[1]:
        slot = find_due_slot(schedule, zone, last, now)
        if slot is not None:
            slots.append(slot)
            last = slot
        now += timedelta(seconds=chance.uniform(1, 20_000))
    return slots


def walls(zone: str, hour: int, minute: int) -> list[datetime]:
    """Give the moments of a time of day in a year: where it is skipped, when the gap ends."""
    place = ZoneInfo(zone)
    days = ((YEAR[0] + timedelta(days=day)).date() for day in range(-1, 367))
    moments = []
    for day in days:
        local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=place)
        moment = local.astimezone(UTC)
        if moment.astimezone(place).replace(tzinfo=None) != local.replace(tzinfo=None):
            before = moment - timedelta(days=1)
            while before.astimezone(place).utcoffset() != moment.astimezone(place).utcoffset():
                before += timedelta(minutes=1)
            moment = before
        moments.append(moment)
    return [moment for moment in moments if YEAR[0] < moment < YEAR[1] - timedelta(hours=1)]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("time", [(0, 0), (1, 30), (1, 45), (2, 0), (2, 15), (2, 30), (3, 0)])
def test_a_time_of_day_fires_once_a_day(zone: str, time: tuple[int, int]) -> None:
    """The year round, in the nights that clocks change too, however odd the moments of asking."""
    slots = fired(f"daily {time[0]:02}:{time[1]:02}", zone, seed=hash(time))
    expected = walls(zone, *time)

    assert 364 <= len(expected)
    assert expected == slots[: len(expected)]


@pytest.mark.parametrize(("zone", "change"), CHANGES)
@pytest.mark.parametrize(
    "text", ["0,30 1-3 * * *", "*/30 1,2 * * *", "30 */2 * * *", "15 0-23 * * *", "45 * * * *"]
)
def test_whoever_asks_often_sees_what_is_upcoming(zone: str, change: str, text: str) -> None:
    """Going from each slot to the next, and asking what is due at odd moments, is the same."""
    schedule, now = parse(text), utc(change) - timedelta(days=2)
    end = now + timedelta(days=4)
    slots: list[datetime] = []
    slot = find_next_slot(schedule, zone, now)
    while slot is not None and slot < end:
        slots.append(slot)
        slot = find_next_slot(schedule, zone, slot)
    asked, chance, seen = [], random.Random(change), now
    while now < end + timedelta(minutes=30):
        newest = find_due_slot(schedule, zone, seen, now)
        if newest is not None:
            asked.append(newest)
            seen = newest
        now += timedelta(seconds=chance.uniform(1, 850))

    assert slots == sorted(set(slots))
    assert slots == asked[: len(slots)]


def test_a_time_that_comes_twice_fires_the_first_time() -> None:
    """On the night that clocks go back in New York, 01:30 in summer time is the slot."""
    daily, zone = parse("daily 01:30"), "America/New_York"
    first, second = utc("2025-11-02 05:30"), utc("2025-11-02 06:30")

    assert first == find_due_slot(daily, zone, None, first)
    assert first == find_due_slot(daily, zone, None, utc("2025-11-02 06:10"))
    assert find_due_slot(daily, zone, first, second) is None
    assert utc("2025-11-03 06:30") == find_next_slot(daily, zone, utc("2025-11-02 06:10"))


def test_a_time_that_is_skipped_fires_at_the_change() -> None:
    """On the night that clocks go forward in New York, 02:30 is 03:00, and not lost."""
    daily, zone = parse("daily 02:30"), "America/New_York"
    change = utc("2025-03-09 07:00")

    assert utc("2025-03-08 07:30") == find_due_slot(
        daily, zone, None, change - timedelta(seconds=1)
    )
    assert change == find_due_slot(daily, zone, None, change)
    assert find_due_slot(daily, zone, change, utc("2025-03-09 07:30")) is None
    assert change == find_next_slot(daily, zone, utc("2025-03-09 06:59"))
    assert utc("2025-03-10 06:30") == find_next_slot(daily, zone, change)


def test_every_hour_counts_the_hours_as_they_pass() -> None:
    """An hour of * has 25 slots on the night that clocks go back, and 23 on the other."""
    hourly, zone = parse("0 * * * *"), "Europe/London"

    def slots(begin: str, hours: int) -> int:
        moment = utc(begin)
        end = moment + timedelta(hours=hours)
        count = 0
        while (following := find_next_slot(hourly, zone, moment)) is not None and following <= end:
            count, moment = count + 1, following
        return count

    assert 25 == slots("2025-10-25 23:00", hours=25)
    assert 23 == slots("2025-03-30 00:00", hours=23)
    assert utc("2025-10-26 01:00") == find_due_slot(hourly, zone, None, utc("2025-10-26 01:59"))
    assert utc("2025-10-26 00:00") == find_due_slot(hourly, zone, None, utc("2025-10-26 00:59"))


def test_after_a_downtime_there_is_one_catch_up() -> None:
    """Of ten mornings missed, the newest fires; then nothing until the next."""
    daily, now = parse("daily 08:00"), utc("2025-06-11 12:00")
    slot = find_due_slot(daily, "Asia/Shanghai", utc("2025-06-01 00:00"), now)

    assert utc("2025-06-11 00:00") == slot
    assert find_due_slot(daily, "Asia/Shanghai", slot, now) is None


@given(
    st.sampled_from(["daily 02:30", "weekly sun 01:30", "monthly 30 02:00", "*/20 * * * *"]),
    st.sampled_from(ZONES),
    st.datetimes(datetime(2024, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
)
@example("daily 02:30", "America/New_York", datetime(2025, 3, 9, 7, 0, tzinfo=UTC))
@example("daily 02:30", "America/New_York", datetime(2025, 11, 2, 6, 20, tzinfo=UTC))
def test_what_is_due_was_upcoming(text: str, zone: str, now: datetime) -> None:
    """Newest and upcoming slot lie on both sides of now, and nothing lies between them."""
    schedule = parse(text)
    newest, following = (
        find_due_slot(schedule, zone, None, now),
        find_next_slot(schedule, zone, now),
    )

    assert newest is not None
    assert following is not None
    assert newest <= now < following
    assert following == find_next_slot(schedule, zone, newest)
    assert newest == find_due_slot(schedule, zone, None, following - timedelta(seconds=1))
    assert UTC is newest.tzinfo is following.tzinfo


def test_each_post_is_due_whenever_asked() -> None:
    """The slot is the second of asking, once; nothing is upcoming, since nobody knows."""
    schedule, now = parse(" Each  Post "), datetime(2025, 6, 1, 8, 0, 0, 250, tzinfo=UTC)
    second = utc("2025-06-01 08:00")

    assert schedule.on_publish
    assert second == find_due_slot(schedule, "UTC", None, now)
    assert second == find_due_slot(schedule, "UTC", second - timedelta(seconds=1), now)
    assert find_due_slot(schedule, "UTC", second, now) is None
    assert find_next_slot(schedule, "UTC", now) is None


@pytest.mark.parametrize(
    ("text", "slots"),
    [
        ("daily 8:05", ["2025-01-15 08:05", "2025-01-16 08:05", "2025-01-17 08:05"]),
        ("weekly mon 08:00", ["2025-01-20 08:00", "2025-01-27 08:00", "2025-02-03 08:00"]),
        ("Weekly Sunday 23:59", ["2025-01-19 23:59", "2025-01-26 23:59", "2025-02-02 23:59"]),
        ("monthly 1 08:00", ["2025-02-01 08:00", "2025-03-01 08:00", "2025-04-01 08:00"]),
        ("monthly 29 08:00", ["2025-01-29 08:00", "2025-02-28 08:00", "2025-03-29 08:00"]),
        ("monthly 30 08:00", ["2025-01-30 08:00", "2025-02-28 08:00", "2025-03-30 08:00"]),
        ("monthly 31 08:00", ["2025-01-31 08:00", "2025-02-28 08:00", "2025-03-31 08:00"]),
        ("monthly last 08:00", ["2025-01-31 08:00", "2025-02-28 08:00", "2025-03-31 08:00"]),
        ("0 8 * * 1", ["2025-01-20 08:00", "2025-01-27 08:00", "2025-02-03 08:00"]),
        ("0 8 1,15 * *", ["2025-01-15 08:00", "2025-02-01 08:00", "2025-02-15 08:00"]),
        ("0 8 * * MON#1", ["2025-02-03 08:00", "2025-03-03 08:00", "2025-04-07 08:00"]),
        ("0 0 29 2 *", ["2028-02-29 00:00", "2032-02-29 00:00", "2036-02-29 00:00"]),
    ],
)
def test_every_form_means_what_it_says(text: str, slots: list[str]) -> None:
    """Daily, weekly, monthly and cron text; a short month has its slot on the last day."""
    schedule, moment = parse(text), utc("2025-01-15 00:00")
    found = []
    for _ in slots:
        following = find_next_slot(schedule, "UTC", moment)
        assert following is not None
        found.append(f"{following:%Y-%m-%d %H:%M}")
        moment = following

    assert slots == found
    assert not schedule.on_publish
    assert text.lower() == schedule.text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("daily 25:00", 'invalid time "25:00"; use HH:MM'),
        ("daily 8", 'invalid time "8"; use HH:MM'),
        ("weekly funday 08:00", 'unknown weekday "funday"; use one of mon, tue, wed'),
        ("monthly 0 08:00", 'invalid day of the month "0"; use 1 to 31, or last'),
        ("monthly 32 08:00", "use 1 to 31, or last"),
        ("monthly 0100 08:00", "use 1 to 31, or last"),
        ("monthly ٣ 08:00", "use 1 to 31, or last"),
        ("hourly", 'use "daily 08:00"'),
        ("", 'use "daily 08:00"'),
        ("weekly 08:00", 'use "daily 08:00"'),
        ("0 0 8 * * 1", 'use "daily 08:00"'),
        ("60 8 * * *", r"Bad minute.*use \"daily 08:00\""),
        ("0 8 31 2 *", "Bad day-of-month"),
        ("0 8 */31 * 0#5", "never occurs"),
        (f"{'1' * 5000} 8 * * *", "not a schedule"),
    ],
)
def test_what_is_no_schedule_is_refused(text: str, said: str) -> None:
    """The message names the wrong word and what can be written."""
    with pytest.raises(ValueError, match=said):
        parse(text)


@given(st.text("0123456789*,-/#LWmonfri ", max_size=30).filter(lambda text: not is_good(text)))
def test_whatever_is_written_there_is_advice(text: str) -> None:
    """What is no schedule is a ValueError, and nothing else."""
    with pytest.raises(ValueError, match=r"not a schedule; use|not a schedule \(Bad|never occurs"):
        parse(text)


def is_good(text: str) -> bool:
    """Tell whether a text is a schedule."""
    try:
        return parse(text) is not None
    except ValueError:
        return False
