r"""Lists of readers, read as an import reads them.

rows("email,name\nann@example.org,Ann\n")
"""

import io
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from feedpub.models.newsletter import Subscriber
from feedpub.subscribers.csv_columns import TableLayout
from feedpub.subscribers.csv_import import Row, RowProblem, detect_layout, parse_rows

NOW = datetime(2024, 5, 31, 18, tzinfo=UTC)
NOTHING: Mapping[str, str] = MappingProxyType({})


def layout(
    text: str,
    source: str = "list.csv",
    mapping: Mapping[str, str] = NOTHING,
    states: Mapping[str, str] = NOTHING,
) -> TableLayout:
    """Find out what the columns of a file hold."""
    return detect_layout(io.StringIO(text, newline=""), source, mapping, states)


def rows(
    text: str,
    source: str = "list.csv",
    mapping: Mapping[str, str] = NOTHING,
    states: Mapping[str, str] = NOTHING,
) -> list[Row]:
    """Read a file as the disk gives it."""
    found = layout(text, source, mapping, states)
    return list(parse_rows(io.StringIO(text, newline=""), found, NOW))


def people(
    text: str,
    source: str = "list.csv",
    mapping: Mapping[str, str] = NOTHING,
    states: Mapping[str, str] = NOTHING,
) -> list[Subscriber]:
    """Read a file that has no fault."""
    read_rows = rows(text, source, mapping, states)
    found = [row for row in read_rows if isinstance(row, Subscriber)]

    assert read_rows == found
    return found


def faults(text: str, mapping: Mapping[str, str] = NOTHING) -> list[RowProblem]:
    """Read a file, and give only what is wrong with its rows."""
    return [row for row in rows(text, mapping=mapping) if isinstance(row, RowProblem)]


def listed(lines: Iterable[str], source: str = "x") -> list[Row]:
    """Read lines that were written one by one."""
    kept = list(lines)
    return list(parse_rows(kept, detect_layout(kept, source), NOW))


def states(text: str, source: str = "list.csv", mapping: Mapping[str, str] = NOTHING) -> str:
    """Give the states of all who are in a file without faults, as one text."""
    return " ".join(each.state for each in people(text, source, mapping))


def doubts(text: str, source: str = "list.csv", mapping: Mapping[str, str] = NOTHING) -> list[str]:
    """Give the columns of a file that an import asks about."""
    return [column.label for column in layout(text, source, mapping).unclear_columns]
