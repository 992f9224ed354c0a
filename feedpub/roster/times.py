"""A time as an export writes it → an aware moment in UTC."""

import re
from datetime import UTC, datetime

_NEVER = frozenset(("", "-", "0", "null", "none", "never", "n/a", "false"))
# Go's time.Time.String(), as listmonk exports it: 2024-05-01 10:00:00.123456789 +0000 UTC
_GO = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?) ([+-]\d{4}) \S+")
_FIRST_MAIL = 1971  # an earlier year is a zero that some program wrote out as a time


def given(text: str) -> bool:
    """Tell whether a cell that may hold a time holds anything at all."""
    return text.strip('" ').casefold() not in _NEVER


def moment(text: str) -> datetime | None:
    """Read a time, in UTC where it names no zone; None where it is not written year first.

    What is written day or month first is not guessed at: 2/5/18 has two meanings.
    """
    written = text.strip('" ')
    go = _GO.fullmatch(written)
    try:
        read = datetime.fromisoformat(f"{go[1]}{go[2]}" if go else written.removesuffix(" UTC"))
        known = read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):  # the latter where the zone leads out of year 1 or 9999
        return None
    return known if known.year >= _FIRST_MAIL else None
