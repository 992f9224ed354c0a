"""What the cells of each column look like: read once, before anybody is imported."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from feedpub.roster import exports, times
from feedpub.roster.addresses import normalize_address, parse_address
from feedpub.roster.faults import InvalidValueError

_LABEL_SEPARATOR = re.compile(r"[\s\"]*[,;][\s\"]*")
_DATE_SEPARATORS = frozenset("/-.")
_MOST_WORDS = 40  # a column of more distinct texts holds no states
_LONGEST_WORD = 60
_TESTED = 1_000  # cells of a column that are tried as addresses or dates


@dataclass(slots=True)
class ColumnStats:
    """What stands in one column."""

    filled: int = 0
    addresses: int = 0
    dates: int = 0
    tested: int = 0
    day_first: bool = False  # some date can only be read with its day first
    month_first: bool = False
    words: Counter[str] = field(default_factory=Counter)  # in the form of `exports.simple`
    labels: set[str] = field(default_factory=set)  # words among others that tell of leaving
    is_varied: bool = False  # there are more words than are counted

    def add(self, cell: str) -> None:
        """Look at one more cell that is not blank."""
        self.filled += 1
        if self.tested < _TESTED:
            self.tested += 1
            self.addresses += is_address(cell)
            self.dates += times.is_date(cell)
        # 25/12/2020: looked at only where a separator stands at its place, for the sake of time.
        if (
            not _DATE_SEPARATORS.isdisjoint(cell[1:3])
            and (first := times.detect_day_first(cell)) is not None
        ):
            self.day_first |= first
            self.month_first |= not first
        word = cell[:_LONGEST_WORD].casefold()
        if not self.is_varied:
            self.words[word] += 1
            self.is_varied = len(self.words) > _MOST_WORDS
        elif word in exports.INACTIVE_WORDS:
            self.words[word] += 1
        if "," in word or ";" in word:  # labels
            self.labels.update(
                exports.INACTIVE_WORDS.intersection(_LABEL_SEPARATOR.split(word.strip('" ')))
            )

    def count_known(self, words: Mapping[str, str]) -> int:
        """Return how many cells hold one of the words."""
        return sum(
            number for word, number in self.words.items() if exports.normalize_label(word) in words
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
        """Words that say of somebody that they left."""
        found = [word for word in self.words if word in exports.INACTIVE_WORDS]
        return (*found, *sorted(self.labels.difference(found)))


def collect_stats(rows: Iterable[Sequence[str]], width: int) -> tuple[ColumnStats, ...]:
    """Return what stands in each of the first `width` columns."""
    columns = tuple(ColumnStats() for _ in range(width))
    for row in rows:
        for cells, cell in zip(columns, row, strict=False):
            if cell and (text := cell.strip()) and text.casefold() not in exports.NULL_VALUES:
                cells.add(text)
    return columns


def is_address(text: str) -> bool:
    """Return whether a text is an e-mail address, alone or behind a name."""
    if "@" not in text:
        return False
    try:
        normalize_address(parse_address(text)[1])
    except InvalidValueError:
        return False
    return True
