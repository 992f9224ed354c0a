"""The conditions of a request, and what a file is now → whole, a part, unchanged or refused."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime

_TAG = re.compile(r'(W/)?("[\x21\x23-\x7e\x80-\xff]*")')
_RANGE = re.compile(r"bytes\s*=\s*(?:([0-9]{1,18})\s*-\s*([0-9]{0,18})|-\s*([0-9]{1,18}))\s*")


@dataclass(frozen=True, slots=True)
class Version:
    """What tells one state of a file from another."""

    tag: str  # a strong entity tag, with its quotes
    modified: int  # seconds since 1970
    size: int  # octets


@dataclass(frozen=True, slots=True)
class Answer:
    """What is to be sent: the octets from `first` to before `end`, where any are."""

    status: int
    first: int = 0
    end: int = 0


def answer(headers: Mapping[bytes, str], version: Version, *, ranges: bool) -> Answer:
    """Decide in the order of RFC 9110 section 13.2.2; `ranges` is whether parts may be asked for.

    `headers` holds the conditions alone, by their names in small letters.
    """
    if not headers:
        return Answer(200, 0, version.size)
    if _is_another(headers, version):
        return Answer(412)
    if _is_known(headers, version):
        return Answer(304)
    asked = headers.get(b"range")
    if asked and ranges and _is_same(headers.get(b"if-range"), version):
        return _part(asked, version.size)
    return Answer(200, 0, version.size)


def _is_another(headers: Mapping[bytes, str], version: Version) -> bool:
    """Tell whether it is none of those that the client wants."""
    tags = headers.get(b"if-match")
    if tags is not None:
        return tags.strip() != "*" and version.tag not in [
            tag for weak, tag in _TAG.findall(tags) if not weak
        ]
    since = _seconds(headers.get(b"if-unmodified-since"))
    return since is not None and version.modified > since


def _is_known(headers: Mapping[bytes, str], version: Version) -> bool:
    """Tell whether the client has it already."""
    tags = headers.get(b"if-none-match")
    if tags is not None:
        return tags.strip() == "*" or version.tag in [tag for _, tag in _TAG.findall(tags)]
    since = _seconds(headers.get(b"if-modified-since"))
    return since is not None and version.modified <= since


def _is_same(validator: str | None, version: Version) -> bool:
    """Tell whether a part would be one of what the client has the rest of."""
    if validator is None:
        return True
    if '"' in validator:
        return validator.strip() == version.tag
    return _seconds(validator) == version.modified


def _part(asked: str, size: int) -> Answer:
    """Give the one part that is asked for; several, or what is no range, are answered whole."""
    found = _RANGE.fullmatch(asked)
    if not found:
        return Answer(200, 0, size)
    first, last, tail = found.groups()
    begin = max(size - int(tail), 0) if tail else int(first)
    end = min(int(last) + 1, size) if last else size
    if last and int(last) < int(first):
        return Answer(200, 0, size)
    if begin >= size:
        return Answer(416)
    return Answer(206, begin, end)


def _seconds(date: str | None) -> int | None:
    """Read a date of HTTP; None where there is none that can be read."""
    if date is None:
        return None
    try:
        found = parsedate_to_datetime(date)
        # Without a zone it would be read in the machine's own.
        return int(found.replace(tzinfo=found.tzinfo or UTC).timestamp())
    except (ValueError, OverflowError):
        return None
