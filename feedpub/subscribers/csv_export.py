"""Subscribers → the lines of a CSV file that holds all that is known of them.

A value → a cell of our own export that no spreadsheet takes for a formula, and back.
"""

import csv
import json
import re
from collections.abc import Iterable, Iterator
from typing import Protocol

from feedpub.models.newsletter import Subscriber

# Excel, LibreOffice and Google Sheets run a cell that begins like this (OWASP, CSV injection), the
# wide forms where the system writes Chinese or Japanese. A quotation mark before it makes it text;
# one is put before those that begin so already, too, so that taking one away gives back the value.
_FORMULA = r"[=+\-@\t\r\n＝＋－＠]"
_NEEDS_ESCAPE = re.compile(f"'*{_FORMULA}")
_ESCAPED = re.compile(f"'+{_FORMULA}")


def escape_formula(value: str) -> str:
    """Give the cell for a value: itself, or with a "'" before what would be a formula."""
    return f"'{value}" if _NEEDS_ESCAPE.match(value) else value


def unescape_formula(cell: str) -> str:
    """Give the value that `tame` made this cell of; a name such as 't Hooft stays as it is."""
    return cell[1:] if cell.startswith("'") and _ESCAPED.match(cell) else cell


HEADER = (
    *("id", "email", "name", "state", "language"),
    *("follows", "follows_tags", "follows_authors", "cadence", "soft_bounces", "changed_at"),
    *("consented_at", "consent_how", "consent_source", "fields"),
)
EVERYTHING, CHOSEN = "everything", "chosen"


class _Line:
    """Where `csv.writer` puts a line."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> None:
        self.text = text


class _CsvWriter(Protocol):
    def writerow(self, row: Iterable[str], /) -> object: ...


def write_csv(subscribers: Iterable[Subscriber]) -> Iterator[str]:
    """Give a CSV file line by line (RFC 4180: comma, CRLF), its header first; UTF-8 is meant.

    `read` gives the same subscribers back. A cell that a spreadsheet would run as a formula
    begins with a quotation mark. What a reader follows is in slugs, with spaces between them.
    """
    line = _Line()
    writer: _CsvWriter = csv.writer(line)
    writer.writerow(HEADER)
    yield line.text
    for subscriber in subscribers:
        writer.writerow(map(escape_formula, _cells(subscriber)))
        yield line.text


def _cells(reader: Subscriber) -> tuple[str, ...]:
    """Give what stands below each of HEADER."""
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
    """Write names and values as a JSON object, in order and each one, if a name comes twice."""
    if not fields:
        return ""
    pairs = (f"{_json(name)}: {_json(value)}" for name, value in fields)
    return "{" + ", ".join(pairs) + "}"


def _json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
