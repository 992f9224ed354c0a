"""What a config says of when → the moments it means, each of them once.

A slot is a time on the clocks of a zone. On the night they go back, a time they show twice is
the first of the two; on the night they go forward, a time they skip is the moment of the change.
Only an hour of `*` counts hours as they pass, all 25 of that night.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

_FORMS = (
    'write "daily 08:00", "weekly mon 08:00", "monthly 1 08:00", "each post", '
    'or five fields of cron text such as "0 8 * * 1"'
)
_FIELDS = 5  # of cron text: minute, hour, day of month, month, day of week
_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_NUMBER = re.compile(r"[0-9]{1,2}")
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SURE_DAYS, _LONGEST_MONTH = 28, 31  # days that every month has, that some have
_SECOND, _MINUTE = timedelta(seconds=1), timedelta(minutes=1)
_ANY = datetime(2000, 1, 1, tzinfo=UTC)  # a moment to try cron text at


@dataclass(frozen=True, slots=True)
class Schedule:
    """When something is due; `parse` makes it."""

    text: str  # as written, in lower case
    rules: tuple[str, ...]  # cron text; a slot of any of them is one. () for each post

    @property
    def on_publish(self) -> bool:
        """Tell whether it is due whenever there is a new post."""
        return not self.rules


def parse(text: str) -> Schedule:
    """Read cron text, `daily 08:00`, `weekly mon 08:00`, `monthly 1 08:00` or `each post`.

    A month without its day 29, 30 or 31 has the slot on its last day; `monthly last` is that day
    in every month. In cron text, a time that never comes is refused.

    Raises:
        ValueError: It is none of these; the message says what is wrong and what can be written.
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
    """Give the newest slot after `last` and not after `now`, in UTC; None where there is none.

    However many were missed, it is one. With no `last` it is the newest there was. Each post is
    due at every second: whoever asks looks for new posts.
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
    """Give the first slot after `now`, in UTC; None for each post."""
    place, moment = ZoneInfo(zone), now.astimezone(UTC)
    return min(filter(None, (_next(rule, place, moment) for rule in schedule.rules)), default=None)


def _newest(rule: str, zone: ZoneInfo, now: datetime) -> datetime | None:
    """Give the last slot of a rule up to `now`, a whole second."""
    if _is_hourly(rule):
        return _find_last_hourly_slot(rule, zone, now)
    # In an hour that comes again, all that it shows has been once: begin at its end.
    first = now.astimezone(zone).replace(fold=0)
    wall = first.replace(tzinfo=None) + (now - first.astimezone(UTC)) + _SECOND
    slots = (_to_instant(each, zone) for each in CronSim(rule, wall, reverse=True))
    return next((slot for slot in slots if slot <= now), None)


def _next(rule: str, zone: ZoneInfo, now: datetime) -> datetime | None:
    """Give the first slot of a rule after `now`."""
    if _is_hourly(rule):
        return _find_next_hourly_slot(rule, zone, now.replace(microsecond=0) + _SECOND)
    slots = (_to_instant(each, zone) for each in CronSim(rule, _to_wall_time(now, zone)))
    return next((slot for slot in slots if slot > now), None)


def _is_hourly(rule: str) -> bool:
    return rule.split()[1] == "*"


def _find_last_hourly_slot(rule: str, zone: ZoneInfo, until: datetime) -> datetime | None:
    """Give the last slot, each time that clocks show being one, up to `until`.

    CronSim is asked without a zone, for as long as the clocks do not change: with one it passes
    over a slot in a zone that changes by half an hour.
    """
    while True:
        wall = _to_wall_time(until, zone)
        found = next(CronSim(rule, wall + _SECOND, reverse=True), None)
        slot = found and until - (wall - found)
        if slot is None or _get_utc_offset(slot, zone) == _get_utc_offset(until, zone):
            return slot
        until, _ = _find_clock_change(slot, until, zone)


def _find_next_hourly_slot(rule: str, zone: ZoneInfo, since: datetime) -> datetime | None:
    """Give the first slot, each time that clocks show being one, from `since` on."""
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
    """Give the seconds before and after clocks change, between two moments that tell of it."""
    while late - early > _SECOND:
        middle = (early + (late - early) / 2).replace(microsecond=0)
        if _get_utc_offset(middle, zone) == _get_utc_offset(early, zone):
            early = middle
        else:
            late = middle
    return early, late


def _to_wall_time(moment: datetime, zone: ZoneInfo) -> datetime:
    """Give what the clocks of a zone show."""
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def _get_utc_offset(moment: datetime, zone: ZoneInfo) -> timedelta | None:
    """Give how far the clocks of a zone are ahead of UTC."""
    return moment.astimezone(zone).utcoffset()


def _to_instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """Give the moment when the clocks of a zone show `wall` first, or have passed over it."""
    moment = wall.replace(tzinfo=zone).astimezone(UTC)
    while _to_wall_time(moment, zone) != wall:
        wall += _MINUTE
        moment = wall.replace(tzinfo=zone).astimezone(UTC)
    return moment


def _clock(text: str, time: str) -> str:
    """Turn `08:00` into the first two fields of cron text."""
    found = _TIME.fullmatch(time)
    if found is None:
        raise ValueError(f'"{text}": "{time}" is no time of day; write it like 08:00 or 17:30')
    return f"{int(found[2])} {int(found[1])}"


def _weekday(text: str, day: str) -> int:
    """Turn a day's English name, or its first three letters, into cron's number."""
    for number, name in enumerate(_DAYS, start=1):
        if day in {name, name[:3]}:
            return number
    short = ", ".join(name[:3] for name in _DAYS)
    raise ValueError(f'"{text}": "{day}" is no day of the week; they are {short}')


def _month_days(text: str, day: str) -> tuple[str, ...]:
    """Turn the number of a day into the last three fields of cron text."""
    if day == "last":
        return ("L * *",)
    number = int(day) if _NUMBER.fullmatch(day) else 0
    if not 1 <= number <= _LONGEST_MONTH:
        raise ValueError(f'"{text}": "{day}" is no day of the month; write 1 to 31, or last')
    if number == _LONGEST_MONTH:
        return ("L * *",)
    if number > _SURE_DAYS:
        return (f"{number} 1,3-12 *", "L 2 *")
    return (f"{number} * *",)


def _cron(text: str, words: list[str]) -> str:
    """Check cron text."""
    if len(words) != _FIELDS:
        raise ValueError(f'"{text}" is no schedule: {_FORMS}')
    rule = " ".join(words)
    try:
        first = next(CronSim(rule, _ANY), None)
    except (CronSimError, ValueError) as error:  # ValueError: thousands of digits
        raise ValueError(f'"{text}" is no schedule ({error}): {_FORMS}') from None
    if first is None:
        raise ValueError(f'"{text}" never comes: no month has such a day')
    return rule
