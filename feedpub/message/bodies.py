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
_MAX_ESCAPED_SHARE = (
    1 / 3
)  # of the octets: with more of them escaped, nobody can read it as it is either

TagResolver = Callable[[str], str]
"""Gives what stands for a mark."""


@dataclass(frozen=True, slots=True)
class QuotedPrintableBody:
    """A quoted-printable body (RFC 2045 section 6.7): pieces that end where a line may end.

    No line begins with a dot or with "From ", no two blanks follow each other and none ends a
    line: nothing on the way has a reason to change it, and DKIM's relaxed form is the body itself.
    """

    pieces: tuple[bytes, ...]
    tags: tuple[str, ...]
    encoding: bytes = b"quoted-printable"

    def render(self, fill: TagResolver) -> bytes:
        """Give the whole body, its lines at most 76 octets long."""
        parts = [self.pieces[0]]
        for gap, piece in zip(self.tags, self.pieces[1:], strict=True):
            parts += (_encode_value(fill(gap)), piece)
        return b"".join(parts)


@dataclass(frozen=True, slots=True)
class Base64Chunk:
    """A piece of a base64 body, for each number of octets that complete what is before it."""

    data: bytes
    encoded: tuple[bytes, bytes, bytes]  # of data[n:], as far as whole groups of three go
    remainder: tuple[bytes, bytes, bytes]  # what is left then


@dataclass(frozen=True, slots=True)
class Base64Body:
    """A base64 body (RFC 2045 section 6.8): shorter where many letters are not ASCII."""

    pieces: tuple[Base64Chunk, ...]
    tags: tuple[str, ...]
    encoding: bytes = b"base64"

    def render(self, fill: TagResolver) -> bytes:
        """Give the whole body, its lines at most 76 octets long."""
        parts: list[bytes] = []
        pending = b""
        for place, piece in enumerate(self.pieces):
            if place:
                pending += fill(self.tags[place - 1]).encode("utf-8", "replace")
            wanted = -len(pending) % 3
            if len(piece.data) < wanted:
                pending += piece.data
            else:
                parts += (_encode_base64(pending + piece.data[:wanted]), piece.encoded[wanted])
                pending = piece.remainder[wanted]
        parts.append(_encode_base64(pending))
        return b"".join(parts)


Body = QuotedPrintableBody | Base64Body


def encode_body(text: str) -> Body:
    """Encode `text` as suits its letters; its line ends become CRLF, its marks become gaps."""
    pieces, gaps = marks.split_tags(_LINE_END.sub("\n", text))
    octets = [each.encode("utf-8", "replace") for each in pieces]
    total = sum(map(len, octets))
    escaped = sum(len(each.translate(None, _PLAIN)) for each in octets)
    if escaped > total * _MAX_ESCAPED_SHARE:
        return Base64Body(tuple(map(_build_chunk, octets)), gaps)
    last = len(octets) - 1
    return QuotedPrintableBody(
        tuple(_encode_piece(each, place > 0, place < last) for place, each in enumerate(octets)),
        gaps,
    )


def _encode_piece(octets: bytes, follows: bool, leads: bool) -> bytes:  # noqa: FBT001 - told once, above
    """Encode a piece so that it may stand after and before anything: at the ends of lines."""
    text = _escape(octets)
    if leads and text and not text.endswith(b"\n"):
        text += b"=\n"
    elif text.endswith(b" "):
        text = text[:-1] + b"=20"
    if follows and (text or leads) and not text.startswith(b"\n"):
        text = b"=\n" + text
    return text.replace(b"\n", b"\r\n")


def _encode_value(value: str) -> bytes:
    """Encode a value, which is one line and neither begins nor ends with a blank."""
    octets = value.encode("utf-8", "replace")
    return _escape(octets).replace(b"\n", b"\r\n")


def _escape(octets: bytes) -> bytes:
    """Encode octets whose lines end with a line feed; a blank at the very end stays."""
    escaped = _ESCAPED.sub(_escape_octets, octets)
    escaped = escaped.replace(b"  ", b" =20").replace(b" \n", b"=20\n")
    return _FIRST.sub(_escape_octets, _LONG.sub(_break_line, escaped))


def _break_line(found: re.Match[bytes]) -> bytes:
    return b"=\n".join(_PART.findall(found[0]))


def _escape_octets(found: re.Match[bytes]) -> bytes:
    return b"=" + found[0].hex("=").upper().encode()


def _build_chunk(octets: bytes) -> Base64Chunk:
    data = octets.replace(b"\n", b"\r\n")
    ends = [start + (len(data) - start) // 3 * 3 for start in range(3)]
    zero, one, two = (_encode_base64(data[start:end]) for start, end in enumerate(ends))
    return Base64Chunk(data, (zero, one, two), (data[ends[0] :], data[ends[1] :], data[ends[2] :]))


def _encode_base64(data: bytes) -> bytes:
    """Encode `data` in whole lines."""
    lines = (data[at : at + _BASE64_LINE] for at in range(0, len(data), _BASE64_LINE))
    return b"".join(binascii.b2a_base64(each, newline=False) + b"\r\n" for each in lines)
