"""What the cells of each column look like: read once, before anybody is imported."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from feedpub.roster import exports, times
from feedpub.roster.addresses import canonical, parted
from feedpub.roster.faults import Faulty

_BETWEEN = re.compile(r"[\s\"]*[,;][\s\"]*")
_APART = frozenset("/-.")
_MOST_WORDS = 40  # a column of more distinct texts holds no states
_LONGEST_WORD = 60
_TESTED = 1_000  # cells of a column that are tried as addresses or dates


@dataclass(slots=True)
class Cells:
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
        if not _APART.isdisjoint(cell[1:3]) and (first := times.order(cell)) is not None:
            self.day_first |= first
            self.month_first |= not first
        word = cell[:_LONGEST_WORD].casefold()
        if not self.is_varied:
            self.words[word] += 1
            self.is_varied = len(self.words) > _MOST_WORDS
        elif word in exports.LEAVING:
            self.words[word] += 1
        if "," in word or ";" in word:  # labels
            self.labels.update(exports.LEAVING.intersection(_BETWEEN.split(word.strip('" '))))

    def known(self, words: Mapping[str, str]) -> int:
        """Return how many cells hold one of the words."""
        return sum(number for word, number in self.words.items() if exports.simple(word) in words)

    def holds_only(self, words: Mapping[str, str]) -> bool:
        """Return whether every cell that is not blank holds one of the words."""
        return not self.is_varied and 0 < self.filled == self.known(words)

    @property
    def holds_addresses(self) -> bool:
        """Whether nearly every cell is an e-mail address."""
        return self.addresses > 0 and 10 * self.addresses >= 9 * self.tested

    @property
    def holds_dates(self) -> bool:
        """Whether every cell is a date."""
        return 0 < self.tested == self.dates

    @property
    def leaving(self) -> tuple[str, ...]:
        """Words that say of somebody that they left."""
        found = [word for word in self.words if word in exports.LEAVING]
        return (*found, *sorted(self.labels.difference(found)))


def survey(rows: Iterable[Sequence[str]], width: int) -> tuple[Cells, ...]:
    """Return what stands in each of the first `width` columns."""
    columns = tuple(Cells() for _ in range(width))
    for row in rows:
        for cells, cell in zip(columns, row, strict=False):
            if cell and (text := cell.strip()) and text.casefold() not in exports.BLANKS:
                cells.add(text)
    return columns


def is_address(text: str) -> bool:
    """Return whether a text is an e-mail address, alone or behind a name."""
    if "@" not in text:
        return False
    try:
        canonical(parted(text)[1])
    except Faulty:
        return False
    return True
