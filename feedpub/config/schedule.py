"""Digest schedules: parse them with `parse`, and compute the slots that are due and next.

A slot is a local time in a time zone. A local time that occurs twice, when clocks go back,
means its first occurrence; one that is skipped, when clocks go forward, means the moment of the
change. Only rules with `*` in the hour field follow elapsed hours, all 25 of such a day.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

_FORMS = (
    'use "daily 08:00", "weekly mon 08:00", "monthly 1 08:00", "each post", '
    'or a cron expression such as "0 8 * * 1"'
)
_FIELDS = 5  # of a cron expression: minute, hour, day of month, month, day of week
_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_NUMBER = re.compile(r"[0-9]{1,2}")
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SURE_DAYS, _LONGEST_MONTH = 28, 31  # days in the shortest and in the longest month
_SECOND, _MINUTE = timedelta(seconds=1), timedelta(minutes=1)
_ANY = datetime(2000, 1, 1, tzinfo=UTC)  # start for validating a cron expression


@dataclass(frozen=True, slots=True)
class Schedule:
    """A parsed schedule; created by `parse`."""

    text: str  # as written, in lower case
    rules: tuple[str, ...]  # cron expressions, combined with "or"; () for `each post`

    @property
    def on_publish(self) -> bool:
        """Return whether it is due with each new post."""
        return not self.rules


def parse(text: str) -> Schedule:
    """Parse a cron expression, `daily 08:00`, `weekly mon 08:00`, `monthly 1 08:00` or `each post`.

    In a month without day 29, 30 or 31 the slot is on the last day; `monthly last` is the last day
    of every month. A cron expression that never matches is rejected.

    Raises:
        ValueError: the text is none of these; the message says what is wrong and what is allowed.
    """
    words = text.lower().split()
    match words:
        case ["each", "post"]:
            rules: tuple[str, ...] = ()
        case ["daily", time]:
            rules = (f"{_clock(text, time)} * * *",)
        case ["weekly", day, time]:
            rules = (f"{_clock(text, time)} * * {_weekday(text, day)}",)
        case ["monthly", day, time]:
            clock = _clock(text, time)
            rules = tuple(f"{clock} {rest}" for rest in _month_days(text, day))
        case _:
            rules = (_cron(text, words),)
    return Schedule(" ".join(words), rules)


def find_due_slot(
    schedule: Schedule, zone: str, last: datetime | None, now: datetime
) -> datetime | None:
    """Return the latest slot after `last` and not after `now`, in UTC; None if there is none.

    Missed slots collapse into the latest. Without `last` it is the latest slot of all. An
    `each post` schedule is due at every second: the caller checks for new posts.
    """
    second = now.astimezone(UTC).replace(microsecond=0)
    if schedule.on_publish:
        newest: datetime | None = second
    else:
        place = ZoneInfo(zone)
        newest = max(
            filter(None, (_newest(rule, place, second) for rule in schedule.rules)), default=None
        )
    return newest if newest is not None and (last is None or newest > last) else None


def find_next_slot(schedule: Schedule, zone: str, now: datetime) -> datetime | None:
    """Return the first slot after `now`, in UTC; None for `each post`."""
    place, moment = ZoneInfo(zone), now.astimezone(UTC)
    return min(filter(None, (_next(rule, place, moment) for rule in schedule.rules)), default=None)


def _newest(rule: str, zone: ZoneInfo, now: datetime) -> datetime | None:
    """Return the last slot of a rule up to `now`, a whole second."""
    if _is_hourly(rule):
        return _find_last_hourly_slot(rule, zone, now)
    # In the second pass of a repeated hour, all its local times have occurred: start at its end.
    first = now.astimezone(zone).replace(fold=0)
    wall = first.replace(tzinfo=None) + (now - first.astimezone(UTC)) + _SECOND
    slots = (_to_instant(each, zone) for each in CronSim(rule, wall, reverse=True))
    return next((slot for slot in slots if slot <= now), None)


def _next(rule: str, zone: ZoneInfo, now: datetime) -> datetime | None:
    """Return the first slot of a rule after `now`."""
    if _is_hourly(rule):
        return _find_next_hourly_slot(rule, zone, now.replace(microsecond=0) + _SECOND)
    slots = (_to_instant(each, zone) for each in CronSim(rule, _to_wall_time(now, zone)))
    return next((slot for slot in slots if slot > now), None)


def _is_hourly(rule: str) -> bool:
    return rule.split()[1] == "*"


def _find_last_hourly_slot(rule: str, zone: ZoneInfo, until: datetime) -> datetime | None:
    """Return the last slot of an hourly rule up to `until`, counting each pass of a repeated hour.

    CronSim is given naive times, one period of constant UTC offset at a time: with a zone it skips
    a slot where the offset changes by half an hour.
    """
    while True:
        wall = _to_wall_time(until, zone)
        found = next(CronSim(rule, wall + _SECOND, reverse=True), None)
        slot = found and until - (wall - found)
        if slot is None or _get_utc_offset(slot, zone) == _get_utc_offset(until, zone):
            return slot
        until, _ = _find_clock_change(slot, until, zone)


def _find_next_hourly_slot(rule: str, zone: ZoneInfo, since: datetime) -> datetime | None:
    """Return the first slot of an hourly rule from `since` on; see `_find_last_hourly_slot`."""
    while True:
        wall = _to_wall_time(since, zone)
        found = next(CronSim(rule, wall - _SECOND), None)
        slot = found and since + (found - wall)
        if slot is None or _get_utc_offset(slot, zone) == _get_utc_offset(since, zone):
            return slot
        _, since = _find_clock_change(since, slot, zone)


def _find_clock_change(
    early: datetime, late: datetime, zone: ZoneInfo
) -> tuple[datetime, datetime]:
    """Bisect to the seconds just before and after the UTC offset changes between two times."""
    while late - early > _SECOND:
        middle = (early + (late - early) / 2).replace(microsecond=0)
        if _get_utc_offset(middle, zone) == _get_utc_offset(early, zone):
            early = middle
        else:
            late = middle
    return early, late


def _to_wall_time(moment: datetime, zone: ZoneInfo) -> datetime:
    """Return the local time in a zone."""
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def _get_utc_offset(moment: datetime, zone: ZoneInfo) -> timedelta | None:
    """Return the UTC offset in a zone."""
    return moment.astimezone(zone).utcoffset()


def _to_instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return when the local time `wall` first occurs, or the moment that it is skipped."""
    moment = wall.replace(tzinfo=zone).astimezone(UTC)
    while _to_wall_time(moment, zone) != wall:
        wall += _MINUTE
        moment = wall.replace(tzinfo=zone).astimezone(UTC)
    return moment


def _clock(text: str, time: str) -> str:
    """Convert `08:00` to the minute and hour fields of a cron expression."""
    found = _TIME.fullmatch(time)
    if found is None:
        raise ValueError(f'"{text}": invalid time "{time}"; use HH:MM, such as 08:00 or 17:30')
    return f"{int(found[2])} {int(found[1])}"


def _weekday(text: str, day: str) -> int:
    """Convert a day's English name, or its first three letters, to cron's number."""
    for number, name in enumerate(_DAYS, start=1):
        if day in {name, name[:3]}:
            return number
    short = ", ".join(name[:3] for name in _DAYS)
    raise ValueError(f'"{text}": unknown weekday "{day}"; use one of {short}')


def _month_days(text: str, day: str) -> tuple[str, ...]:
    """Convert a day number to the last three fields of cron expressions."""
    if day == "last":
        return ("L * *",)
    number = int(day) if _NUMBER.fullmatch(day) else 0
    if not 1 <= number <= _LONGEST_MONTH:
        raise ValueError(f'"{text}": invalid day of the month "{day}"; use 1 to 31, or last')
    if number == _LONGEST_MONTH:
        return ("L * *",)
    if number > _SURE_DAYS:
        return (f"{number} 1,3-12 *", "L 2 *")
    return (f"{number} * *",)


def _cron(text: str, words: list[str]) -> str:
    """Validate a cron expression."""
    if len(words) != _FIELDS:
        raise ValueError(f'"{text}" is not a schedule; {_FORMS}')
    rule = " ".join(words)
    try:
        first = next(CronSim(rule, _ANY), None)
    except (CronSimError, ValueError) as error:  # ValueError: thousands of digits
        raise ValueError(f'"{text}" is not a schedule ({error}); {_FORMS}') from None
    if first is None:
        raise ValueError(f'"{text}" never occurs: no month has such a day')
    return rule
