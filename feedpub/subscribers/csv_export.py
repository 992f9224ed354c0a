"""Export subscribers as CSV with all their data, safe to open in a spreadsheet.

`write_csv` is the entry point; `csv_import` reads the result.
"""

import csv
import json
import re
from collections.abc import Iterable, Iterator
from typing import Protocol

from feedpub.models.newsletter import Subscriber

# Excel, LibreOffice and Google Sheets run cells that begin like this as formulas (OWASP, CSV
# injection), the full-width forms on Chinese and Japanese systems. An apostrophe makes them text.
# Values that already begin with one get another, so that removing one restores the value.
_FORMULA = r"[=+\-@\t\r\n＝＋－＠]"
_NEEDS_ESCAPE = re.compile(f"'*{_FORMULA}")
_ESCAPED = re.compile(f"'+{_FORMULA}")


def escape_formula(value: str) -> str:
    """Return the cell for a value, with a "'" before what a spreadsheet would run as a formula."""
    return f"'{value}" if _NEEDS_ESCAPE.match(value) else value


def unescape_formula(cell: str) -> str:
    """Return the value that `escape_formula` escaped; a name such as 't Hooft is not changed."""
    return cell[1:] if cell.startswith("'") and _ESCAPED.match(cell) else cell


HEADER = (
    *("id", "email", "name", "state", "language"),
    *("follows", "follows_tags", "follows_authors", "cadence", "soft_bounces", "changed_at"),
    *("consented_at", "consent_how", "consent_source", "fields"),
)
EVERYTHING, CHOSEN = "everything", "chosen"


class _Line:
    """A file object that keeps the last line written by `csv.writer`."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> None:
        self.text = text


class _CsvWriter(Protocol):
    def writerow(self, row: Iterable[str], /) -> object: ...


def write_csv(subscribers: Iterable[Subscriber]) -> Iterator[str]:
    """Yield a CSV file line by line, header first (RFC 4180: comma, CRLF); encode it as UTF-8.

    `csv_import.parse_rows` returns the same subscribers. A cell that a spreadsheet would run as a
    formula begins with an apostrophe. Filters are slugs separated by spaces.
    """
    line = _Line()
    writer: _CsvWriter = csv.writer(line)
    writer.writerow(HEADER)
    yield line.text
    for subscriber in subscribers:
        writer.writerow(map(escape_formula, _cells(subscriber)))
        yield line.text


def _cells(reader: Subscriber) -> tuple[str, ...]:
    """Return the cells of a row, in the order of HEADER."""
    follows, consent = reader.follows, reader.consent
    return (
        str(reader.id),
        reader.address,
        reader.name,
        reader.state,
        reader.language,
        EVERYTHING if follows.everything else CHOSEN,
        " ".join(follows.tags),
        " ".join(follows.authors),
        reader.cadence,
        str(reader.soft_bounces),
        reader.changed.isoformat() if reader.changed else "",
        consent.at.isoformat(),
        consent.how,
        consent.source,
        _object(reader.fields),
    )


def _object(fields: tuple[tuple[str, str], ...]) -> str:
    """Return names and values as a JSON object, in order, including repeated names."""
    if not fields:
        return ""
    pairs = (f"{_json(name)}: {_json(value)}" for name, value in fields)
    return "{" + ", ".join(pairs) + "}"


def _json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
