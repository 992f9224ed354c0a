"""Statistics of the cells of each column, collected in one pass before an import.

`collect_stats` is the entry point. `parse_time` reads the time formats of exports.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from feedpub.models.address import InvalidValueError, normalize_address, parse_address
from feedpub.subscribers import csv_vendors

_NULL_TIMES = frozenset(
    ("", "-", "0", "null", "none", "never", "n/a", "false", "no", "0000-00-00", "\\n")
)
_ZONE = r"(?: ?(?P<zone>Z|[+-]\d\d:?\d\d)(?: \(?[A-Za-z]{1,5}\)?)?| (?:UTC|GMT))?"
_CLOCK = (
    r"(?:(?:,? |T)(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?P<part>[.,]\d{1,9})?)?"
    rf"(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?{_ZONE})?"
)
_ISO = re.compile(r"(?P<year>\d{4})[-/.](?P<month>\d\d?)[-/.](?P<day>\d\d?)" + _CLOCK)
# 12/04/2022: only the table as a whole shows which number is the day.
_EITHER = re.compile(r"(?P<one>\d\d?)[-/.](?P<two>\d\d?)[-/.](?P<year>\d{4})" + _CLOCK)
_NAMED = re.compile(
    r"(?:[A-Za-z]{3,9},? )?(?:(?P<day>\d\d?) (?P<month>[A-Za-z]{3,9})\.?|"
    r"(?P<month_>[A-Za-z]{3,9})\.? (?P<day_>\d\d?)),? (?P<year>\d{4})" + _CLOCK
)
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_UNIX = re.compile(r"\d{10}(?:\d{3})?")  # seconds or milliseconds
_FIRST_MAIL = 1971  # an earlier year is a zero written as a time
_LONGEST = 60
_PLAIN = re.compile(r"\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d:\d\d)?")  # the usual form, parsed fast
_MONTHS_A_YEAR, _NOON = 12, 12


def has_value(text: str) -> bool:
    """Return whether a cell that may hold a time is more than a null value."""
    return text.strip('" ').casefold() not in _NULL_TIMES


def detect_day_first(text: str) -> bool | None:
    """Return whether a numeric date must have its day first (False: its month); None if unclear."""
    found = _EITHER.fullmatch(text.strip('" ')[:_LONGEST])
    if not found:
        return None
    one, two = int(found["one"]), int(found["two"])
    return None if (one > _MONTHS_A_YEAR) == (two > _MONTHS_A_YEAR) else one > _MONTHS_A_YEAR


def is_date(text: str) -> bool:
    """Return whether a text is a time, in either order of day and month."""
    return parse_time(text) is not None or parse_time(text, day_first=True) is not None


def parse_time(text: str, *, day_first: bool | None = None) -> datetime | None:
    """Return the time in a text, in UTC if it has no zone; None if it is not a time.

    Numeric dates that do not begin with the year are ambiguous, and parsed only if `day_first` is
    given.
    """
    written = text.strip('" ')
    if len(written) > _LONGEST:
        return None
    try:
        known = _unix(written) or _read(written, day_first=day_first)
    except (ValueError, OverflowError):  # the latter if the zone moves it beyond year 1 or 9999
        return None
    return known if known and known.year >= _FIRST_MAIL else None


def _unix(text: str) -> datetime | None:
    if not _UNIX.fullmatch(text):
        return None
    return datetime.fromtimestamp(int(text[:10]), UTC)


def _read(text: str, *, day_first: bool | None) -> datetime | None:
    if _PLAIN.fullmatch(text):
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    if found := _ISO.fullmatch(text):
        month, day = int(found["month"]), int(found["day"])
    elif found := _EITHER.fullmatch(text):
        if day_first is None:
            return None
        month, day = int(found["two"]), int(found["one"])
        if not day_first:
            month, day = day, month
    elif found := _NAMED.fullmatch(text):
        name = (found["month"] or found["month_"])[:3].lower()
        month, day = _MONTHS.index(name) + 1, int(found["day"] or found["day_"])
    else:
        read = datetime.fromisoformat(text)
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    hour = int(found["hour"] or 0)
    if found["half"]:
        hour = hour % _NOON + (_NOON if found["half"] in "Pp" else 0)
    part = (found["part"] or ".0")[1:7].ljust(6, "0")
    zone = (found["zone"] or "Z").replace("Z", "+00:00")
    clock = f"{hour:02}:{int(found['minute'] or 0):02}:{int(found['second'] or 0):02}.{part}"
    iso = f"{int(found['year']):04}-{month:02}-{day:02}T{clock}{zone}"
    return datetime.fromisoformat(iso).astimezone(UTC)


_LABEL_SEPARATOR = re.compile(r"[\s\"]*[,;][\s\"]*")
_DATE_SEPARATORS = frozenset("/-.")
_MOST_WORDS = 40  # a column with more distinct values does not hold states
_LONGEST_WORD = 60
_TESTED = 1_000  # cells of a column tested for addresses and dates


@dataclass(slots=True)
class ColumnStats:
    """Statistics of the cells of one column."""

    filled: int = 0
    addresses: int = 0
    dates: int = 0
    tested: int = 0
    day_first: bool = False  # some date must have its day first
    month_first: bool = False
    words: Counter[str] = field(default_factory=Counter)  # case-folded cells
    labels: set[str] = field(default_factory=set)  # INACTIVE_WORDS found in lists of labels
    is_varied: bool = False  # too many distinct words to count

    def add(self, cell: str) -> None:
        """Count one more cell, which is not blank."""
        self.filled += 1
        if self.tested < _TESTED:
            self.tested += 1
            self.addresses += is_address(cell)
            self.dates += is_date(cell)
        # 25/12/2020: test only cells with a separator in the right place, for speed.
        if (
            not _DATE_SEPARATORS.isdisjoint(cell[1:3])
            and (first := detect_day_first(cell)) is not None
        ):
            self.day_first |= first
            self.month_first |= not first
        word = cell[:_LONGEST_WORD].casefold()
        if not self.is_varied:
            self.words[word] += 1
            self.is_varied = len(self.words) > _MOST_WORDS
        elif word in csv_vendors.INACTIVE_WORDS:
            self.words[word] += 1
        if "," in word or ";" in word:  # a list of labels
            self.labels.update(
                csv_vendors.INACTIVE_WORDS.intersection(_LABEL_SEPARATOR.split(word.strip('" ')))
            )

    def count_known(self, words: Mapping[str, str]) -> int:
        """Return how many cells hold one of the words."""
        return sum(
            number
            for word, number in self.words.items()
            if csv_vendors.normalize_label(word) in words
        )

    def holds_only(self, words: Mapping[str, str]) -> bool:
        """Return whether every cell that is not blank holds one of the words."""
        return not self.is_varied and 0 < self.filled == self.count_known(words)

    @property
    def holds_addresses(self) -> bool:
        """Whether nearly every cell is an e-mail address."""
        return self.addresses > 0 and 10 * self.addresses >= 9 * self.tested

    @property
    def holds_dates(self) -> bool:
        """Whether every cell is a date."""
        return 0 < self.tested == self.dates

    @property
    def inactive_words(self) -> tuple[str, ...]:
        """Words in the column that mark a subscriber not to be mailed."""
        found = [word for word in self.words if word in csv_vendors.INACTIVE_WORDS]
        return (*found, *sorted(self.labels.difference(found)))


def collect_stats(rows: Iterable[Sequence[str]], width: int) -> tuple[ColumnStats, ...]:
    """Return the statistics of the first `width` columns."""
    columns = tuple(ColumnStats() for _ in range(width))
    for row in rows:
        for cells, cell in zip(columns, row, strict=False):
            if cell and (text := cell.strip()) and text.casefold() not in csv_vendors.NULL_VALUES:
                cells.add(text)
    return columns


def is_address(text: str) -> bool:
    """Return whether a text is an e-mail address, with or without a display name."""
    if "@" not in text:
        return False
    try:
        normalize_address(parse_address(text)[1])
    except InvalidValueError:
        return False
    return True
