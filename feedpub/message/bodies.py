"""Text with marks → a MIME body that is encoded once and has gaps for what differs."""

import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass

from feedpub.message import marks

_LINE_END = re.compile(r"\r\n?")
_ESCAPED = re.compile(rb"[^\n !-<>-~]+")
_PLAIN = bytes((10, *range(32, 61), *range(62, 127)))
# Two octets are left for the escape of a dot or an F that a line begins with, one for the "=".
_LONG = re.compile(rb"^.{74,}$", re.MULTILINE)
_PART = re.compile(rb".{1,73}(?<!=)(?<!=.)")
_FIRST = re.compile(rb"^(?:\.|F(?=rom ))", re.MULTILINE)
_BASE64_LINE = 57  # octets that make 76
_FOREIGN = 1 / 3  # of the octets: with more of them escaped, nobody can read it as it is either

Fill = Callable[[str], str]
"""Gives what stands for a mark."""


@dataclass(frozen=True, slots=True)
class Quoted:
    """A quoted-printable body (RFC 2045 section 6.7): pieces that end where a line may end.

    No line begins with a dot or with "From ", no two blanks follow each other and none ends a
    line: nothing on the way has a reason to change it, and DKIM's relaxed form is the body itself.
    """

    pieces: tuple[bytes, ...]
    gaps: tuple[str, ...]
    encoding: bytes = b"quoted-printable"

    def filled(self, fill: Fill) -> bytes:
        """Give the whole body, its lines at most 76 octets long."""
        parts = [self.pieces[0]]
        for gap, piece in zip(self.gaps, self.pieces[1:], strict=True):
            parts += (_quoted(fill(gap)), piece)
        return b"".join(parts)


@dataclass(frozen=True, slots=True)
class Aligned:
    """A piece of a base64 body, for each number of octets that complete what is before it."""

    data: bytes
    encoded: tuple[bytes, bytes, bytes]  # of data[n:], as far as whole groups of three go
    rest: tuple[bytes, bytes, bytes]  # what is left then


@dataclass(frozen=True, slots=True)
class Base64:
    """A base64 body (RFC 2045 section 6.8): shorter where many letters are not ASCII."""

    pieces: tuple[Aligned, ...]
    gaps: tuple[str, ...]
    encoding: bytes = b"base64"

    def filled(self, fill: Fill) -> bytes:
        """Give the whole body, its lines at most 76 octets long."""
        parts: list[bytes] = []
        pending = b""
        for place, piece in enumerate(self.pieces):
            if place:
                pending += fill(self.gaps[place - 1]).encode("utf-8", "replace")
            wanted = -len(pending) % 3
            if len(piece.data) < wanted:
                pending += piece.data
            else:
                parts += (_base64(pending + piece.data[:wanted]), piece.encoded[wanted])
                pending = piece.rest[wanted]
        parts.append(_base64(pending))
        return b"".join(parts)


Body = Quoted | Base64


def encode(text: str) -> Body:
    """Encode `text` as suits its letters; its line ends become CRLF, its marks become gaps."""
    pieces, gaps = marks.split(_LINE_END.sub("\n", text))
    octets = [each.encode("utf-8", "replace") for each in pieces]
    total = sum(map(len, octets))
    escaped = sum(len(each.translate(None, _PLAIN)) for each in octets)
    if escaped > total * _FOREIGN:
        return Base64(tuple(map(_aligned, octets)), gaps)
    last = len(octets) - 1
    return Quoted(
        tuple(_piece(each, place > 0, place < last) for place, each in enumerate(octets)), gaps
    )


def _piece(octets: bytes, follows: bool, leads: bool) -> bytes:  # noqa: FBT001 - told once, above
    """Encode a piece so that it may stand after and before anything: at the ends of lines."""
    text = _escape(octets)
    if leads and text and not text.endswith(b"\n"):
        text += b"=\n"
    elif text.endswith(b" "):
        text = text[:-1] + b"=20"
    if follows and (text or leads) and not text.startswith(b"\n"):
        text = b"=\n" + text
    return text.replace(b"\n", b"\r\n")


def _quoted(value: str) -> bytes:
    """Encode a value, which is one line and neither begins nor ends with a blank."""
    octets = value.encode("utf-8", "replace")
    return _escape(octets).replace(b"\n", b"\r\n")


def _escape(octets: bytes) -> bytes:
    """Encode octets whose lines end with a line feed; a blank at the very end stays."""
    escaped = _ESCAPED.sub(_hexadecimal, octets)
    escaped = escaped.replace(b"  ", b" =20").replace(b" \n", b"=20\n")
    return _FIRST.sub(_hexadecimal, _LONG.sub(_broken, escaped))


def _broken(found: re.Match[bytes]) -> bytes:
    return b"=\n".join(_PART.findall(found[0]))


def _hexadecimal(found: re.Match[bytes]) -> bytes:
    return b"=" + found[0].hex("=").upper().encode()


def _aligned(octets: bytes) -> Aligned:
    data = octets.replace(b"\n", b"\r\n")
    ends = [start + (len(data) - start) // 3 * 3 for start in range(3)]
    zero, one, two = (_base64(data[start:end]) for start, end in enumerate(ends))
    return Aligned(data, (zero, one, two), (data[ends[0] :], data[ends[1] :], data[ends[2] :]))


def _base64(data: bytes) -> bytes:
    """Encode `data` in whole lines."""
    lines = (data[at : at + _BASE64_LINE] for at in range(0, len(data), _BASE64_LINE))
    return b"".join(binascii.b2a_base64(each, newline=False) + b"\r\n" for each in lines)
