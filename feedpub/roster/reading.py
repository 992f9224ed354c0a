"""The lines of a CSV file → its subscribers, and what is wrong with its rows."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from types import MappingProxyType

from feedpub.mailing import Subscriber
from feedpub.roster.faults import Faulty
from feedpub.roster.layout import Layout, layout
from feedpub.roster.ours import ours
from feedpub.roster.rows import theirs

NO_MAPPING: Mapping[str, str] = MappingProxyType({})

_DELIMITERS = (",", ";", "\t", "|")  # where two part a header into as many cells, the first
_QUOTED = re.compile(r'"[^"]*"')
_EXCEL = re.compile(r"sep=([,;\t|])\s*", re.IGNORECASE)  # how Excel is told the delimiter
_UNDECODED = re.compile("[\ud800-\udfff]")
_ENCODING = (
    "some of its letters are not in UTF-8: save the file as CSV UTF-8, "
    "or say which encoding it is in"
)


@dataclass(frozen=True, slots=True)
class RowFault:
    """What is wrong with one row and what to do about it."""

    line: int  # 1-based, where the row begins
    message: str
    whole: bool = False  # the table cannot be used at all


Row = Subscriber | RowFault


def read(
    text_lines: Iterable[str],
    source: str,
    now: datetime,
    mapping: Mapping[str, str] = NO_MAPPING,
) -> Iterator[Row]:
    """Give what each row of a roster says, in order, while it is being read.

    Understood as they are: the exports of feedpub (`write`), Mailchimp, Substack, Ghost,
    Buttondown and listmonk, any other table with a column of addresses, and a bare list of
    addresses. Comma, semicolon, tab or bar part the cells. `mapping` says what columns are where
    that cannot be guessed (see `layout`). A file must be opened with `newline=""`, so that a line
    break inside a cell is kept, and with `errors="surrogateescape"`, so that a row in a wrong
    encoding is told by its line.

    `now` is when somebody agreed of whom the table does not say it, and `source`, the name of the
    file, where; Mailchimp tells by that name alone who never subscribed. Somebody without a state
    is active: who imports a list vouches for it. Labels that a program calls tags become fields;
    what a reader follows here is only in `follows_tags` and `follows_authors`.

    A row that cannot be used is a RowFault; of a table that cannot be used it is the only one.
    Nothing is remembered between rows: who stands in a table twice is given twice.
    """
    lines = iter(text_lines)
    first, skipped = next(lines, "").removeprefix("\ufeff"), 0
    told = _EXCEL.fullmatch(first)
    while (told and not skipped) or first.isspace():
        first, skipped = next(lines, ""), skipped + 1
    delimiter = told[1] if told else _delimiter(first)
    records = _records(chain([first], lines), delimiter, skipped)
    header = next(records, None)
    if header is None:
        yield RowFault(1, "the file is empty: its first line must name its columns", whole=True)
        return
    begun, names = header
    if isinstance(names, str):
        yield RowFault(begun, names, whole=True)
        return
    if len(names) == 1 and "@" in names[0]:  # a bare list of addresses
        records, names = chain([header], records), ["email"]
    try:
        where = layout(names, source, mapping)
    except Faulty as fault:
        yield RowFault(begun, str(fault), whole=True)
        return
    yield from _rows(records, where, source, now)


def _rows(
    records: Iterable[tuple[int, list[str] | str]], where: Layout, source: str, now: datetime
) -> Iterator[Row]:
    understand = ours if where.ours else theirs
    for line, cells in records:
        if isinstance(cells, str):
            yield RowFault(line, cells)
            continue
        row: Row
        try:
            fitting = cells if len(cells) == where.width else _fitted(cells, where.width)
            row = understand(fitting, where, source, now)
        except Faulty as fault:
            row = RowFault(line, str(fault))
        yield row


def _records(
    lines: Iterable[str], delimiter: str, skipped: int
) -> Iterator[tuple[int, list[str] | str]]:
    """Give the cells of each row that has any, or what is wrong with it, and where it begins."""
    # Not strict, an opened quotation mark would swallow everybody up to the next one in silence.
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        begun = reader.line_num + 1 + skipped
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield begun, _broken(error, begun, reader.line_num + skipped)
            continue
        text = "".join(cells)
        if not text.isascii() and _UNDECODED.search(text):
            yield begun, _ENCODING
        elif text and not text.isspace():
            yield begun, cells


def _broken(error: csv.Error, begun: int, ended: int) -> str:
    """Say what is wrong with rows that are no CSV, and how far that reaches."""
    rows = "this row" if ended <= begun else f"lines {begun} to {ended}"
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
