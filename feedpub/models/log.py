"""Structured event log: one line per event, as text for people or JSON for programs.

E-mail addresses, logins and tokens are redacted from every value, including quoted server
replies. Control characters are escaped, so no value can break a line or drive a terminal.
`EventLogger` is the entry point.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import datetime
from threading import Lock
from typing import TextIO

FieldValue = str | int | float | bool | None | tuple[str, ...]
EventFields = Mapping[str, FieldValue]

_ADDRESS = re.compile(r"[^\s<>\"'()\[\]:;,/\\=]+@[^\s<>\"'()\[\]:;,/\\=]+")
_LOGIN = re.compile(r"(?<=://)[^\s/@]+@")
# Our tokens are lower-case base32; 33 or more letters and digits in a row are not prose either.
_TOKEN = re.compile(
    r"(?<![A-Za-z0-9])(?:(?=[a-z]*[2-7])[a-z2-7]{20,32}|[A-Za-z0-9]{33,})(?![A-Za-z0-9])"
)
_LONGEST = 8_000  # characters of one value
# Unicode categories that break or reorder lines, are invisible, or cannot be encoded.
_UNSAFE = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))
_JOINERS = frozenset("\u200c\u200d")


class EventLogger:
    """Writes events to a stream; safe to use from several threads."""

    def __init__(self, stream: TextIO, now: Callable[[], datetime], *, human: bool) -> None:
        """`now` supplies the times; the text form shows them in that clock's zone."""
        self._stream = stream
        self._now = now
        self._human = human
        self._turn = Lock()

    def info(self, event: str, **fields: FieldValue) -> None:
        """Write an event. Write errors are ignored: logging must not stop the work."""
        line = (render_console if self._human else render_json)(self._now(), event, fields)
        with self._turn:
            try:
                self._stream.write(line + "\n")
                self._stream.flush()
            except (OSError, ValueError):  # the disk is full, or the pipe is closed
                return


def render_json(now: datetime, event: str, fields: EventFields) -> str:
    """Return a JSON object whose first keys are `time` and `event`."""
    told = {name: _redact_value(value) for name, value in fields.items()}
    return json.dumps({"time": now.isoformat(timespec="milliseconds"), "event": event, **told})


def render_console(now: datetime, event: str, fields: EventFields) -> str:
    """Return a line for people; fields with false or empty values are left out."""
    told = [f"{name}: {_format_value(value)}" for name, value in fields.items() if value]
    return f"{now:%H:%M:%S}  {event}{'  ' if told else ''}{', '.join(told)}"


def _format_value(value: FieldValue) -> str:
    cleaned = _redact_value(value)
    if isinstance(cleaned, list):
        return "; ".join(map(escape_controls, cleaned))
    if cleaned is True:
        return "yes"
    return escape_controls(str(cleaned))


def _redact_value(value: FieldValue) -> str | float | bool | list[str] | None:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, tuple):
        return [redact(each) for each in value]
    return value


def redact(text: str) -> str:
    """Return text without addresses, logins, tokens and keys."""
    text = _LOGIN.sub("…@", text[:_LONGEST])
    return _TOKEN.sub("…", _ADDRESS.sub(_mask_local_part, text))


def _mask_local_part(found: re.Match[str]) -> str:
    """Keep the domain: a publisher needs it to see which provider is affected."""
    return f"…@{found[0].rpartition('@')[2]}"


def escape_controls(text: str) -> str:
    """Return text on one line that is safe to print on a terminal.

    Control characters, line and paragraph separators, unencodable characters and invisible
    formatting characters are escaped. Joiners are kept: Persian and emoji need them.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escaped(each) if _is_unsafe(each) else each for each in text)


def _is_unsafe(character: str) -> bool:
    return unicodedata.category(character) in _UNSAFE and character not in _JOINERS


def _escaped(character: str) -> str:
    number = ord(character)
    if number < 0x100:  # noqa: PLR2004 - fits two digits
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"  # noqa: PLR2004 - 16 bits
