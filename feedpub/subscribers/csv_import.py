"""Read subscriber lists as CSV, from any service or from feedpub itself.

`detect_layout` reads a file once to find out what its columns hold; `parse_rows` reads it again and
yields subscribers. The module also detects encodings and rejects files that are not CSV.
"""

import codecs
import csv
import json
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

from feedpub.models.address import InvalidValueError, normalize_address, quote_value
from feedpub.models.newsletter import ACTIVE, SUBSCRIBER_STATES, Consent, Subscriber
from feedpub.subscribers import csv_vendors
from feedpub.subscribers.csv_columns import TableLayout, TableSample, build_layout
from feedpub.subscribers.csv_export import unescape_formula
from feedpub.subscribers.csv_rows import Pairs, parse_cadence, parse_filter, parse_foreign_row
from feedpub.subscribers.csv_survey import collect_stats, is_address

_NO_FIELDS = 'the column "fields" is not a JSON object of strings; write it like {"city": "Oslo"}'


def parse_native_row(cells: Sequence[str], layout: TableLayout, now: datetime) -> Subscriber:
    """Return the subscriber in a row of an export by feedpub. Raises InvalidValueError if invalid.

    In a row added by hand, only the address is required.
    """
    values = [
        unescape_formula(cells[index]) if index >= 0 else "" for index in layout.native_columns
    ]
    number, address, name, state, language, follows, tags, authors = values[:8]
    often, bounces, changed, consented, how, consent_source, fields = values[8:]
    added = tuple(
        (layout.columns[index].label, unescape_formula(cells[index]))
        for index in layout.column_indexes[csv_vendors.CUSTOM_FIELD]
        if cells[index]
    )
    normalize_address(address.strip())
    if state not in ("", *SUBSCRIBER_STATES):
        raise InvalidValueError(
            f"unknown state {quote_value(state)}; use one of {', '.join(SUBSCRIBER_STATES)}"
        )
    return Subscriber(
        id=_number(number),
        address=address.strip(),
        consent=Consent(_time(consented), how, consent_source)
        if consented
        else Consent(now, "import", layout.source),
        name=name,
        fields=_fields(fields) + added,
        state=state or ACTIVE,
        language=language,
        follows=parse_filter(follows, tags.split(), authors.split()),
        cadence=parse_cadence(often),
        soft_bounces=_number(bounces),
        changed=_time(changed) if changed else None,
    )


def _number(text: str) -> int:
    try:
        return int(text or "0")
    except ValueError as error:
        raise InvalidValueError(f"invalid number {quote_value(text)}") from error


def _time(text: str) -> datetime:
    try:
        read = datetime.fromisoformat(text)
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidValueError(
            f"invalid time {quote_value(text)}; write it like 2024-05-31T18:00:00Z"
        ) from error


def _fields(text: str) -> Pairs:
    if not text:
        return ()
    try:
        read = json.loads(text, object_pairs_hook=tuple)  # keeps the order and repeated names
    except (ValueError, RecursionError) as error:
        raise InvalidValueError(_NO_FIELDS) from error
    if not isinstance(read, tuple) or not all(isinstance(value, str) for _, value in read):
        raise InvalidValueError(_NO_FIELDS)
    return tuple((str(name), str(value)) for name, value in read)


NO_MAPPING: Mapping[str, str] = MappingProxyType({})

_DELIMITERS = (",", ";", "\t", "|")  # on a tie, the first
_QUOTED = re.compile(r'"[^"]*"')
# A first line that sets the delimiter for Excel.
_EXCEL = re.compile(r"sep=([,;\t|])\s*", re.IGNORECASE)
_UNDECODED = re.compile("[\ud800-\udfff]")
_ENCODING = (
    "some characters are not in the encoding of the file; set the right one, "
    "as in --encoding cp1252, or save the file as CSV UTF-8"
)
_MAX_REREAD_LINES = 100_000  # limit on lines read twice because of stray quotation marks


class InvalidTableError(InvalidValueError):
    """A table that cannot be used; the message says why."""

    def __init__(self, message: str, line: int = 1) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong with one row, and how to fix it."""

    line: int  # 1-based line where the row begins
    message: str


Row = Subscriber | RowProblem
_Record = tuple[int, list[str] | str]  # first line; cells or an error


def detect_layout(
    lines: Iterable[str],
    source: str,
    mapping: Mapping[str, str] = NO_MAPPING,
    states: Mapping[str, str] = NO_MAPPING,
) -> TableLayout:
    """Read a table to its end and return its layout.

    Open the file with `newline=""`, so that line breaks inside cells are kept, and with
    `errors="surrogateescape"`, so that wrongly encoded rows are reported by line. `source` is the
    file name, which may imply the state of all rows. For `mapping` and `states`, see
    `csv_columns.build_layout`. Raises InvalidTableError for a table without usable addresses.
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
    """Yield the subscriber in each row, in order, as the table is read.

    `now` is the time of consent if the table has none. A row without a state gets
    `layout.default_state`: importing a list implies permission to mail it. Only `follows_tags` and
    `follows_authors` set a filter; tags of other services become a custom field.

    An unusable row yields a RowProblem. Rows are independent: a repeated address is yielded again.
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
    """The lines of a file, some of which can be read again."""

    def __init__(self, first: str, rest: Iterator[str], skipped: int) -> None:
        self._again = deque([first])
        self._rest = rest
        self._budget = _MAX_REREAD_LINES
        self.number = skipped  # of the last line read
        self.record_lines: list[str] = []  # lines of the current record

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._rest)
        self.number += 1
        self.record_lines.append(line)
        return line

    def rewind(self) -> bool:
        """Put back the lines of the current record except the first; return False if too many."""
        later = self.record_lines[1:]
        self._budget -= len(later)
        if self._budget < 0:
            return False
        self._again.extendleft(reversed(later))
        self.number -= len(later)
        return True


def _records(first: str, rest: Iterator[str], delimiter: str, skipped: int) -> Iterator[_Record]:
    """Yield the starting line and the cells, or an error, of each record that is not blank."""
    lines = _RewindableLines(first, rest, skipped)
    # Without `strict`, a stray quotation mark would silently swallow all rows up to the next one.
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
    r"""Return the cells of a row that escapes quotation marks as `\"`, as MailPoet does."""
    if len(taken) != 1 or '\\"' not in taken[0]:
        return None
    reader = csv.reader(taken, delimiter=delimiter, strict=True, escapechar="\\", doublequote=False)
    try:
        return next(reader)
    except csv.Error:
        return None


def _describe_csv_error(error: csv.Error, begun: int, lines: _RewindableLines) -> str:
    """Describe a CSV error and the lines it affects."""
    ended = lines.number
    alone = ended <= begun or lines.rewind()
    rows = "this row" if alone else f"lines {begun} to {ended}"
    if "field limit" in str(error):
        return (
            f"a cell in {rows} is over {csv.field_size_limit() // 1024} KiB: "
            "a quotation mark may be unclosed, or the file is not a subscriber list"
        )
    return (
        f"{rows} cannot be split into cells ({error}): a quotation mark inside a cell "
        "must be doubled, and the cell must be quoted"
    )


def _fit_to_width(cells: list[str], width: int) -> list[str]:
    """Pad a row to the number of columns; raise InvalidValueError if it has more cells."""
    if any(cells[width:]):
        raise InvalidValueError(
            f"{len(cells)} cells for {width} columns: "
            "a cell that contains the delimiter must be quoted"
        )
    return [*cells[:width], *[""] * (width - len(cells))]


def _delimiter(header: str) -> str:
    """Return the delimiter that splits the header into most cells."""
    bare = _QUOTED.sub("", header)
    return max(_DELIMITERS, key=bare.count)


SAMPLE_SIZE = 4096
"""Bytes of a file to pass to `detect_bom_encoding` and `reject_non_csv`."""

_AS_CSV = "open it in a spreadsheet program and save it as CSV UTF-8"
_UNPACK = "unpack it and import the CSV file inside"
# How a file begins, what it is, and what to do.
_FILE_SIGNATURES = (
    (rb"PK\x03\x04.*(?:xl/|\[Content_Types\]|mimetype)", f"a spreadsheet (.xlsx, .ods): {_AS_CSV}"),
    (rb"PK\x03\x04|PK\x05\x06", f"a ZIP archive: {_UNPACK}"),
    (rb"\x1f\x8b|7z\xbc\xaf|Rar!|BZh|\xfd7zXZ|\x28\xb5\x2f\xfd", f"compressed: {_UNPACK}"),
    (rb"\xd0\xcf\x11\xe0", f"an old spreadsheet (.xls): {_AS_CSV}"),
    (rb"%PDF", "a PDF: export the list again as CSV"),
    (rb"SQLite format 3", "a database: export its subscribers as CSV"),
    (
        rb"\s*BEGIN:VCARD",
        "an address book (vCard): export it as CSV, with only those who asked for your mail",
    ),
    (
        rb"(?i)\s*<(?:!doctype|html|head|body|table|\?xml)",
        "a web page or XML, perhaps a sign-in page: export the list again as CSV",
    ),
    (rb"\s*(?:\{|\[\s*[\[{\]\"])", "JSON: export the list as CSV, or convert it (jq, @csv)"),
    (rb"(?i)\s*(?:insert into|create table|-- mysql|-- phpmyadmin)", "SQL: export it as CSV"),
)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Bytes not found in Western text in cp1252: neither letters nor punctuation, and runs of three
# non-ASCII bytes, which are words in another script.
_NOT_WESTERN = re.compile(
    rb"[\x00-\x08\x0e-\x1f\x81\x83\x86-\x89\x8b\x8d\x8f\x90\x98\x9b\x9d\xa2\xa4-\xa6\xa8\xac\xaf"
    rb"\xb1\xb5\xb6\xb8\xb9\xbc-\xbe\xd7\xf7]|[\x80-\xff]{3}"
)


def reject_non_csv(head: bytes) -> None:
    """Raise InvalidValueError, with advice, if a file does not begin like a text table."""
    for begins, what in _FILE_SIGNATURES:
        if re.match(begins, head, re.DOTALL):
            raise InvalidValueError(f"the file is {what}")
    if detect_bom_encoding(head) is None and b"\0" in head:
        raise InvalidValueError("the file is not text: export the list as CSV UTF-8")


def detect_bom_encoding(head: bytes) -> str | None:
    """Return the Unicode encoding indicated by the first bytes of a file, None if none is.

    Without a byte order mark, UTF-16 is recognised by the zero bytes of ASCII text.
    """
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return encoding
    sample = head[:64] if len(head) % 2 == 0 or len(head) > 64 else head[:-1]  # noqa: PLR2004
    if len(sample) >= 4 and b"\0" not in sample[::2] and not any(sample[1::2]):  # noqa: PLR2004
        return "utf-16-le"
    if len(sample) >= 4 and b"\0" not in sample[1::2] and not any(sample[::2]):  # noqa: PLR2004
        return "utf-16-be"
    return None


def guess_encoding(lines: Iterable[bytes]) -> str:
    """Return the encoding of a file without a byte order mark: UTF-8, or cp1252 if plausible.

    It is cp1252 if no line with other than ASCII is valid UTF-8, and those bytes look like letters.
    """
    found = "utf-8"
    for line in lines:
        if line.isascii():
            continue
        try:
            line.decode()
        except UnicodeDecodeError:
            if _NOT_WESTERN.search(line):
                return "utf-8"
            found = "cp1252"
        else:
            return "utf-8"
    return found


def validate_encoding(name: str) -> str:
    """Return the name of a text encoding; raise InvalidValueError if Python does not know it."""
    try:
        "".encode(name)
    except (LookupError, ValueError, UnicodeError):
        raise InvalidValueError(
            f"unknown encoding {quote_value(name)}; use one such as utf-8, utf-16 or cp1252"
        ) from None
    return name
