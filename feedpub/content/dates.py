"""Parse dates as people write them; see `parse_date`.

Forms are matched strictly, so that an ambiguous date is refused rather than guessed.
"""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from feedpub.models.text import shorten

_NOON = 12
_LONGEST = 100  # characters; anything longer is refused unread

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?P<name>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?"
    r"|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+)?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>\d{4})"
_FORMS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        rf"{_YEAR}(?P<sep>[-/.])(?P<month>\d{{1,2}})(?P=sep)(?P<day>\d{{1,2}})(?!\d)",
        rf"{_YEAR}(?P<month>\d{{2}})(?P<day>\d{{2}})(?!\d)",
        rf"{_YEAR}\s*[年년]\s*(?P<month>\d{{1,2}})\s*[月월]\s*(?P<day>\d{{1,2}})\s*[日号號일]?",
        rf"{_WEEKDAY}{_DAY}[\s.-]+(?:of\s+)?{_MONTH},?[\s-]+{_YEAR}",
        rf"{_WEEKDAY}{_MONTH}\s+{_DAY},?\s+{_YEAR}",
        r"(?P<day>\d{1,2})\.\s?(?P<month>\d{1,2})\.\s?(?P<year>\d{4})",
    )
)
# "Thu Jan 30 10:00:00 2025", as C and Git write it, has the year after the time.
_CTIME = re.compile(
    rf"{_WEEKDAY}(?P<month>{_MONTH}\s+{_DAY})\s+(?P<time>[\d:]+)(?P<zone>\s+[A-Z]+)?\s+{_YEAR}"
    r"(?P<offset>\s+[+-]\d{4})?$",
    re.IGNORECASE,
)
_OFFSET = (
    r"\s*+(?:(?P<zone>[a-z]{1,4})?\s*(?P<sign>[+\-−])(?P<hours>\d{1,2})(?::?(?P<minutes>\d{2}))?"
    r"(?:\s+[a-z]{1,5})?|(?P<named>[a-z]+(?:[/_-][a-z]+)*+))?"
    r"(?:\s*\([^)]*\))?$"
)
_TIME = re.compile(
    r"(?:t|_|[\s,]+(?:at\s+)?)\s*"
    r"(?P<hour>\d{1,2})(?::(?P<minute>\d{1,2})(?::(?P<second>\d{1,2}))?(?:[.,](?P<fraction>\d+))?"
    rf"|(?=\s*[ap]\.?m\b))(?:\s*(?P<half>[ap])\.?m\b\.?)?{_OFFSET}",
    re.IGNORECASE,
)
# "2024-10-14 +0800", as Ruby accepts it: midnight in another zone.
_ZONED_DAY = re.compile(rf"(?=\s*[a-z+\-−]){_OFFSET}", re.IGNORECASE)
_ABBREVIATION = re.compile(r"[A-Z]{2,5}")
_CJK_TIME = re.compile(
    r"^\s*(\d{1,2})\s*[时時点點시]\s*(?:(\d{1,2})\s*[分분])?\s*(?:(\d{1,2})\s*[秒초])?"
)
_COMPACT = re.compile(r"(\d{8})T?(\d{2})(\d{2})(\d{2})?(?=Z|[+-]|$)")
_UNIX = re.compile(r"(\d{9,10})$|(\d{13})$")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# Hours from UTC: the names of RFC 5322 section 4.3, other unambiguous ones, and those that Ruby and
# so Jekyll know.
_ZONES = {
    "z": 0, "utc": 0, "gmt": 0, "ut": 0,
    "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7,
    "akst": -9, "akdt": -8, "hst": -10, "ast": -4, "adt": -3, "nst": -3.5, "ndt": -2.5,
    "brt": -3, "art": -3,
    "wet": 0, "west": 1, "bst": 1, "cet": 1, "cest": 2, "mez": 1, "mesz": 2, "eet": 2, "eest": 3,
    "msk": 3, "msd": 4, "trt": 3, "wat": 1, "cat": 2, "sast": 2, "eat": 3,
    "pkt": 5, "ist": 5.5, "npt": 5.75, "ict": 7, "wib": 7, "hkt": 8, "sgt": 8, "pht": 8,
    "awst": 8, "jst": 9, "kst": 9, "acst": 9.5, "aest": 10, "acdt": 10.5, "aedt": 11,
    "nzst": 12, "nzdt": 13,
}  # fmt: skip


class DateError(Exception):
    """A text is not a valid date; the message says why."""


def parse_date(text: str, zone: tzinfo) -> datetime:
    """Return the instant that `text` means, in UTC; without an offset it is local time in `zone`.

    A time that is skipped or repeated at a clock change is read with the offset before the change.
    Raises DateError if `text` is not a date.
    """
    return parse_zoned_date(text, zone).astimezone(UTC)


def parse_zoned_date(text: str, zone: tzinfo) -> datetime:
    """Return the instant that `text` means, in the zone it was written with, or else in `zone`.

    Raises DateError as `parse_date` does.
    """
    text = text.strip()
    if len(text) > _LONGEST:
        raise DateError(f'"{shorten(text, _LONGEST)}" is not a date')
    try:
        return _written(text, zone)
    except (ValueError, OverflowError) as error:
        raise DateError(f'"{text}" is not a date') from error


def _written(text: str, zone: tzinfo) -> datetime:
    """Parse a date. Raises ValueError and OverflowError besides DateError."""
    if unix := _UNIX.match(text):
        passed = timedelta(**{"milliseconds" if unix[2] else "seconds": int(text)})
        return (_EPOCH + passed).astimezone(zone)
    year, month, day, rest = _calendar_day(_COMPACT.sub(_spaced, text, count=1))
    written = datetime(year, month, day, tzinfo=zone)
    if rest:
        written = _at(written, _CJK_TIME.sub(_format_cjk_time, rest))
    try:
        written.astimezone(UTC)
    except OverflowError:  # within a day of datetime.min or datetime.max
        return written.replace(tzinfo=UTC)
    return written


def _calendar_day(text: str) -> tuple[int, int, int, str]:
    """Return year, month and day from the start of `text`, and the text that follows."""
    found = _CTIME.match(text)
    if found:
        rest = f" {found['time']}{found['offset'] or found['zone'] or ''}"
        return int(found["year"]), _month(found["name"]), int(found["day"]), rest
    for form in _FORMS:
        found = form.match(text)
        if found:
            parts = found.groupdict()
            month = int(parts["month"]) if "month" in parts else _month(parts["name"])
            return int(parts["year"]), month, int(parts["day"]), text[found.end() :]
    raise ValueError(text)


def _month(name: str) -> int:
    return _MONTHS.index(name[:3].lower()) + 1


def _format_cjk_time(match: re.Match[str]) -> str:
    hour, minute, second = match.groups()
    return f" {hour}:{minute or 0:0>2}:{second or 0:0>2}"


def _spaced(match: re.Match[str]) -> str:
    day, hour, minute, second = match.groups()
    return f"{day}T{hour}:{minute}:{second or '00'}"


def _at(day: datetime, text: str) -> datetime:
    """Add the time and the offset given by `text` to a day."""
    if zoned := _ZONED_DAY.match(text):
        return day.replace(tzinfo=_offset(zoned) or day.tzinfo)
    found = _TIME.match(text)
    if not found:
        raise ValueError(text)
    hour = int(found["hour"])
    if found["half"]:
        if not 1 <= hour <= _NOON:
            raise ValueError(text)
        hour = hour % _NOON + (_NOON if found["half"].lower() == "p" else 0)
    second = int(found["second"] or 0)
    return day.replace(
        hour=hour,
        minute=int(found["minute"] or 0),
        second=second - second // 60,  # datetime cannot hold a leap second
        microsecond=int((found["fraction"] or "")[:6].ljust(6, "0")),
        tzinfo=_offset(found) or day.tzinfo,
    )


def _offset(found: re.Match[str]) -> tzinfo | None:
    """Return the zone that a time was written with, or None. Raises DateError if it is unknown."""
    if found["sign"]:
        minutes = int(found["hours"]) * 60 + int(found["minutes"] or 0)
        return timezone(timedelta(minutes=minutes if found["sign"] == "+" else -minutes))
    name = found["named"]
    if not name:
        return None
    hours = _ZONES.get(name.lower())
    if hours is not None:
        return timezone(timedelta(hours=hours))
    if "/" not in name and not _ABBREVIATION.fullmatch(name):
        raise ValueError(name)  # an arbitrary word
    try:
        return ZoneInfo(name if "/" in name else "")  # "localtime" depends on the machine
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        message = f'unknown time zone "{name}"; use one like "Europe/Berlin" or "+02:00"'
        raise DateError(message) from error
