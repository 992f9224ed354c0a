"""The lines of a CSV file, read twice: to find out what its columns hold, then for its rows."""

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from feedpub.mailing import Subscriber
from feedpub.roster.faults import Faulty
from feedpub.roster.layout import Layout, Sheet, arrange
from feedpub.roster.ours import ours
from feedpub.roster.rows import theirs
from feedpub.roster.survey import is_address, survey

NOTHING: Mapping[str, str] = MappingProxyType({})

_DELIMITERS = (",", ";", "\t", "|")  # where two part a header into as many cells, the first
_QUOTED = re.compile(r'"[^"]*"')
_EXCEL = re.compile(r"sep=([,;\t|])\s*", re.IGNORECASE)  # how Excel is told the delimiter
_UNDECODED = re.compile("[\ud800-\udfff]")
_ENCODING = (
    "some of its letters are not in the encoding of the file: say which one it is in, "
    "as in --encoding cp1252, or save the file as CSV UTF-8"
)
_MOST_AGAIN = 100_000  # lines that are read a second time because of a stray quotation mark


class UnusableError(Faulty):
    """A table that cannot be used at all; the message says why."""

    def __init__(self, message: str, line: int = 1) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class RowFault:
    """What is wrong with one row and what to do about it."""

    line: int  # 1-based, where the row begins
    message: str


Row = Subscriber | RowFault
_Record = tuple[int, list[str] | str]  # the line where it begins, its cells or what is wrong


def understand(
    lines: Iterable[str],
    source: str,
    mapping: Mapping[str, str] = NOTHING,
    states: Mapping[str, str] = NOTHING,
) -> Layout:
    """Find out how a table is to be read; reads it to its end.

    A file must be opened with `newline=""`, so that a line break inside a cell is kept, and with
    `errors="surrogateescape"`, so that a row in a wrong encoding is told by its line. `source` is
    the name of the file: it may tell what a whole file is about. For `mapping` and `states` see
    `layout.arrange`. Raises UnusableError for a table that nobody can be imported from.
    """
    beginning = iter(lines)
    first, skipped = next(beginning, "").removeprefix("\ufeff"), 0
    told = _EXCEL.fullmatch(first)
    while (told and not skipped) or first.isspace():
        first, skipped = next(beginning, ""), skipped + 1
    delimiter = told[1] if told else _delimiter(first)
    records = _records(first, beginning, delimiter, skipped)
    header = next(records, None)
    if header is None:
        raise UnusableError("the file is empty: its first line must name its columns")
    begun, names = header
    if isinstance(names, str):
        raise UnusableError(names, begun)
    cells = (row for _, row in records if not isinstance(row, str))
    if any(is_address(name.strip()) for name in names):  # a table without a header
        seen = survey(_before(names, cells), len(names))
        sheet = Sheet(source, (), delimiter, begun - 1, seen)
    else:
        seen = survey(cells, len(names))
        sheet = Sheet(source, names, delimiter, begun - 1, seen)
    try:
        return arrange(sheet, mapping, states)
    except Faulty as fault:
        raise UnusableError(str(fault), begun) from None


def read(lines: Iterable[str], layout: Layout, now: datetime) -> Iterator[Row]:
    """Give what each row of a table says, in order, while it is being read.

    `now` is when somebody agreed of whom the table does not say it. Somebody without a state has
    that of `layout.default`: who imports a list vouches for it. What a reader follows here is only
    in `follows_tags` and `follows_authors`; what a program calls tags becomes a field.

    A row that cannot be used is a RowFault. Nothing is remembered between rows: who stands in a
    table twice is given twice.
    """
    beginning = iter(lines)
    first = next(beginning, "").removeprefix("\ufeff")
    for _ in range(layout.skipped):
        first = next(beginning, "")
    records = _records(first, beginning, layout.delimiter, layout.skipped)
    if layout.has_header:
        next(records, None)
    width = len(layout.columns)
    for line, cells in records:
        if isinstance(cells, str):
            yield RowFault(line, cells)
            continue
        row: Row
        try:
            fitting = cells if len(cells) == width else _fitted(cells, width)
            row = (ours if layout.ours else theirs)(fitting, layout, now)
        except Faulty as fault:
            row = RowFault(line, str(fault))
        yield row


def _before(first: list[str], rows: Iterator[list[str]]) -> Iterator[list[str]]:
    yield first
    yield from rows


class _Lines:
    """The lines of a file, some of which may be read again."""

    def __init__(self, first: str, rest: Iterator[str], skipped: int) -> None:
        self._again = deque([first])
        self._rest = rest
        self._budget = _MOST_AGAIN
        self.number = skipped  # of the line that was read last
        self.taken: list[str] = []  # what was read for the record in hand

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._rest)
        self.number += 1
        self.taken.append(line)
        return line

    def again(self) -> bool:
        """Read all lines but the first of the record in hand again, unless that has no end."""
        later = self.taken[1:]
        self._budget -= len(later)
        if self._budget < 0:
            return False
        self._again.extendleft(reversed(later))
        self.number -= len(later)
        return True


def _records(first: str, rest: Iterator[str], delimiter: str, skipped: int) -> Iterator[_Record]:
    """Give the cells of each row that has any, or what is wrong with it, and where it begins."""
    lines = _Lines(first, rest, skipped)
    # Not strict, an opened quotation mark would swallow everybody up to the next one in silence.
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        lines.taken.clear()
        begun = lines.number + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            escaped = _escaped(lines.taken, delimiter)
            if escaped is None:
                yield begun, _broken(error, begun, lines)
                reader = csv.reader(lines, delimiter=delimiter, strict=True)
                continue
            cells = escaped
        text = "".join(cells)
        if not text.isascii() and _UNDECODED.search(text):
            yield begun, _ENCODING
        elif text and not text.isspace():
            yield begun, cells


def _escaped(taken: list[str], delimiter: str) -> list[str] | None:
    r"""Return the cells of a row in which quotation marks are written `\"`, as MailPoet does."""
    if len(taken) != 1 or '\\"' not in taken[0]:
        return None
    reader = csv.reader(taken, delimiter=delimiter, strict=True, escapechar="\\", doublequote=False)
    try:
        return next(reader)
    except csv.Error:
        return None


def _broken(error: csv.Error, begun: int, lines: _Lines) -> str:
    """Say what is wrong with a row that is no CSV, and how far that reaches."""
    ended = lines.number
    alone = ended <= begun or lines.again()
    rows = "this row" if alone else f"lines {begun} to {ended}"
    if "field limit" in str(error):
        return (
            f"{rows} has a cell of over {csv.field_size_limit() // 1024} KiB: "
            "a quotation mark may be opened in it and never closed, or this is no list of readers"
        )
    return (
        f"{rows} cannot be parted into cells ({error}): a quotation mark inside a cell "
        'is written twice, and the cell between two of them ("so")'
    )


def _fitted(cells: list[str], width: int) -> list[str]:
    """Give a row as many cells as there are columns; raises Faulty where it has more to say."""
    if any(cells[width:]):
        raise Faulty(
            f"{len(cells)} cells stand below {width} columns: "
            "a cell that holds the delimiter itself must be between quotation marks"
        )
    return [*cells[:width], *[""] * (width - len(cells))]


def _delimiter(header: str) -> str:
    """Give the character that parts the header into most cells."""
    bare = _QUOTED.sub("", header)
    return max(_DELIMITERS, key=bare.count)
