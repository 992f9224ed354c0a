"""What happened → one line of a log: for people, or as JSON for programs.

No line holds the address of a reader or a secret, whatever those say who are quoted in it; and
whatever a file or a stranger is called, it stays one line, and drives no terminal.
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
# Tokens of ours are base32 in small letters; longer words without a hyphen are nobody's prose.
_TOKEN = re.compile(
    r"(?<![A-Za-z0-9])(?:(?=[a-z]*[2-7])[a-z2-7]{20,32}|[A-Za-z0-9]{33,})(?![A-Za-z0-9])"
)
_LONGEST = 8_000  # characters of one value
# Categories of characters that break lines, reorder them, are not seen, or cannot be encoded.
_UNSAFE = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))
_JOINERS = frozenset("\u200c\u200d")


class EventLogger:
    """Writes what happens, for all threads of a process."""

    def __init__(self, stream: TextIO, now: Callable[[], datetime], *, human: bool) -> None:
        """For people times are told in the zone that the clock `now` gives them in."""
        self._stream = stream
        self._now = now
        self._human = human
        self._turn = Lock()

    def info(self, event: str, **fields: FieldValue) -> None:
        """Write that something happened. That nobody reads it stops nothing."""
        line = (render_console if self._human else render_json)(self._now(), event, fields)
        with self._turn:
            try:
                self._stream.write(line + "\n")
                self._stream.flush()
            except (OSError, ValueError):  # the disk is full, or the reader is gone
                return


def render_json(now: datetime, event: str, fields: EventFields) -> str:
    """Give one object, whose first keys are time and event."""
    told = {name: _redact_value(value) for name, value in fields.items()}
    return json.dumps({"time": now.isoformat(timespec="milliseconds"), "event": event, **told})


def render_console(now: datetime, event: str, fields: EventFields) -> str:
    """Give a line as people read it: what is nothing, or not so, is left out."""
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
    """Give a text without addresses, logins and what may be a token or a key."""
    text = _LOGIN.sub("…@", text[:_LONGEST])
    return _TOKEN.sub("…", _ADDRESS.sub(_mask_local_part, text))


def _mask_local_part(found: re.Match[str]) -> str:
    """Keep of an address where it is: that much a publisher has to know."""
    return f"…@{found[0].rpartition('@')[2]}"


def escape_controls(text: str) -> str:
    """Return a text in one line that a terminal shows and does not obey.

    Escaped are control characters, line and paragraph separators, what cannot be encoded, and the
    invisible characters that reorder or hide text. Joiners stay: Persian and emoji need them.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escaped(each) if _is_unsafe(each) else each for each in text)


def _is_unsafe(character: str) -> bool:
    return unicodedata.category(character) in _UNSAFE and character not in _JOINERS


def _escaped(character: str) -> str:
    number = ord(character)
    if number < 0x100:  # noqa: PLR2004 - what two digits can tell
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"  # noqa: PLR2004 - likewise
