"""The lines of a CSV file, read twice: to find out what its columns hold, then for its rows."""

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from feedpub.mailing import Subscriber
from feedpub.roster.faults import InvalidValueError
from feedpub.roster.layout import TableLayout, TableSample, build_layout
from feedpub.roster.ours import parse_native_row
from feedpub.roster.rows import parse_foreign_row
from feedpub.roster.survey import collect_stats, is_address

NO_MAPPING: Mapping[str, str] = MappingProxyType({})

_DELIMITERS = (",", ";", "\t", "|")  # where two part a header into as many cells, the first
_QUOTED = re.compile(r'"[^"]*"')
_EXCEL = re.compile(r"sep=([,;\t|])\s*", re.IGNORECASE)  # how Excel is told the delimiter
_UNDECODED = re.compile("[\ud800-\udfff]")
_ENCODING = (
    "some of its letters are not in the encoding of the file: say which one it is in, "
    "as in --encoding cp1252, or save the file as CSV UTF-8"
)
_MAX_REREAD_LINES = 100_000  # lines that are read a second time because of a stray quotation mark


class InvalidTableError(InvalidValueError):
    """A table that cannot be used at all; the message says why."""

    def __init__(self, message: str, line: int = 1) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong with one row and what to do about it."""

    line: int  # 1-based, where the row begins
    message: str


Row = Subscriber | RowProblem
_Record = tuple[int, list[str] | str]  # the line where it begins, its cells or what is wrong


def detect_layout(
    lines: Iterable[str],
    source: str,
    mapping: Mapping[str, str] = NO_MAPPING,
    states: Mapping[str, str] = NO_MAPPING,
) -> TableLayout:
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
        raise InvalidTableError("the file is empty: its first line must name its columns")
    begun, names = header
    if isinstance(names, str):
        raise InvalidTableError(names, begun)
    cells = (row for _, row in records if not isinstance(row, str))
    if any(is_address(name.strip()) for name in names):  # a table without a header
        seen = collect_stats(_prepend(names, cells), len(names))
        sheet = TableSample(source, (), delimiter, begun - 1, seen)
    else:
        seen = collect_stats(cells, len(names))
        sheet = TableSample(source, names, delimiter, begun - 1, seen)
    try:
        return build_layout(sheet, mapping, states)
    except InvalidValueError as fault:
        raise InvalidTableError(str(fault), begun) from None


def parse_rows(lines: Iterable[str], layout: TableLayout, now: datetime) -> Iterator[Row]:
    """Give what each row of a table says, in order, while it is being read.

    `now` is when somebody agreed of whom the table does not say it. Somebody without a state has
    that of `layout.default`: who imports a list vouches for it. What a reader follows here is only
    in `follows_tags` and `follows_authors`; what a program calls tags becomes a field.

    A row that cannot be used is a RowFault. Nothing is remembered between rows: who stands in a
    table twice is given twice.
    """
    beginning = iter(lines)
    first = next(beginning, "").removeprefix("\ufeff")
    for _ in range(layout.skipped_lines):
        first = next(beginning, "")
    records = _records(first, beginning, layout.delimiter, layout.skipped_lines)
    if layout.has_header:
        next(records, None)
    width = len(layout.columns)
    for line, cells in records:
        if isinstance(cells, str):
            yield RowProblem(line, cells)
            continue
        row: Row
        try:
            fitting = cells if len(cells) == width else _fit_to_width(cells, width)
            row = (parse_native_row if layout.native_columns else parse_foreign_row)(
                fitting, layout, now
            )
        except InvalidValueError as fault:
            row = RowProblem(line, str(fault))
        yield row


def _prepend(first: list[str], rows: Iterator[list[str]]) -> Iterator[list[str]]:
    yield first
    yield from rows


class _RewindableLines:
    """The lines of a file, some of which may be read again."""

    def __init__(self, first: str, rest: Iterator[str], skipped: int) -> None:
        self._again = deque([first])
        self._rest = rest
        self._budget = _MAX_REREAD_LINES
        self.number = skipped  # of the line that was read last
        self.record_lines: list[str] = []  # what was read for the record in hand

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._rest)
        self.number += 1
        self.record_lines.append(line)
        return line

    def rewind(self) -> bool:
        """Read all lines but the first of the record in hand again, unless that has no end."""
        later = self.record_lines[1:]
        self._budget -= len(later)
        if self._budget < 0:
            return False
        self._again.extendleft(reversed(later))
        self.number -= len(later)
        return True


def _records(first: str, rest: Iterator[str], delimiter: str, skipped: int) -> Iterator[_Record]:
    """Give the cells of each row that has any, or what is wrong with it, and where it begins."""
    lines = _RewindableLines(first, rest, skipped)
    # Not strict, an opened quotation mark would swallow everybody up to the next one in silence.
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        lines.record_lines.clear()
        begun = lines.number + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            escaped = _parse_backslash_escaped(lines.record_lines, delimiter)
            if escaped is None:
                yield begun, _describe_csv_error(error, begun, lines)
                reader = csv.reader(lines, delimiter=delimiter, strict=True)
                continue
            cells = escaped
        text = "".join(cells)
        if not text.isascii() and _UNDECODED.search(text):
            yield begun, _ENCODING
        elif text and not text.isspace():
            yield begun, cells


def _parse_backslash_escaped(taken: list[str], delimiter: str) -> list[str] | None:
    r"""Return the cells of a row in which quotation marks are written `\"`, as MailPoet does."""
    if len(taken) != 1 or '\\"' not in taken[0]:
        return None
    reader = csv.reader(taken, delimiter=delimiter, strict=True, escapechar="\\", doublequote=False)
    try:
        return next(reader)
    except csv.Error:
        return None


def _describe_csv_error(error: csv.Error, begun: int, lines: _RewindableLines) -> str:
    """Say what is wrong with a row that is no CSV, and how far that reaches."""
    ended = lines.number
    alone = ended <= begun or lines.rewind()
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


def _fit_to_width(cells: list[str], width: int) -> list[str]:
    """Give a row as many cells as there are columns; raises Faulty where it has more to say."""
    if any(cells[width:]):
        raise InvalidValueError(
            f"{len(cells)} cells stand below {width} columns: "
            "a cell that holds the delimiter itself must be between quotation marks"
        )
    return [*cells[:width], *[""] * (width - len(cells))]


def _delimiter(header: str) -> str:
    """Give the character that parts the header into most cells."""
    bare = _QUOTED.sub("", header)
    return max(_DELIMITERS, key=bare.count)
