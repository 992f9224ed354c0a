"""What everybody is told, and what one reader's copy has of its own → the bytes of a message.

Signing is in `feedpub.delivery.dkim`, apart, since only those who sign need `cryptography`.

A content and a heading → a letter, whose copies differ only in what is a reader's own.

Text with marks → a MIME body that is encoded once and has gaps for what differs.
"""

import binascii
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import format_datetime
from functools import partial

from feedpub.delivery import headers, merge_tags
from feedpub.delivery.headers import MessageHeaders, Recipient
from feedpub.models.newsletter import MessageContent
from feedpub.models.text import one_line

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
    pieces, gaps = merge_tags.split_tags(_LINE_END.sub("\n", text))
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


# What quoted-printable and base64 can never hold is in no body, whoever wrote it (RFC 2045, 6.7).
_BOUNDARY = "=_feedpub_alternative"
_DOT_ATOM = re.compile(r"[A-Za-z0-9_+=-]+(?:\.[A-Za-z0-9_+=-]+)*")
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")
_LONGEST_KEY = 200

_BEFORE = (
    b'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="%b"\r\n\r\n'
    b"--%b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: %b\r\n\r\n"
)
_BETWEEN = (
    b"\r\n--%b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: %b\r\n\r\n"
)


@dataclass(frozen=True, slots=True)
class PreparedMessage:
    """A message to everybody, encoded once; `to` writes one reader's copy."""

    common_headers: str  # the fields that every copy has
    subject: str  # with its marks; "" where there are none and `head` has it
    domain: str  # of the Message-ID
    text: Body
    html: Body

    def render_for(self, reader: Recipient) -> bytes:
        """Give the reader's copy (RFC 5322): CRLF line ends, and ASCII unless the address is not.

        Raises:
            ValueError: the reader's address is none, or a URL is too long for a header.
        """
        plain = partial(merge_tags.resolve_tag, reader=reader)
        safe = partial(merge_tags.resolve_tag_html, reader=reader)
        boundary = _BOUNDARY.encode()
        return b"".join(
            (
                self._header(reader, plain).encode("utf-8", "replace"),
                _BEFORE % (boundary, boundary, self.text.encoding),
                self.text.render(plain),
                _BETWEEN % (boundary, self.html.encoding),
                self.html.render(safe),
                b"\r\n--%b--\r\n" % boundary,
            )
        )

    def _header(self, reader: Recipient, plain: Callable[[str], str]) -> str:
        to = headers.format_mailbox(reader.name, reader.address, len("To: "))
        if not to:
            raise ValueError(f"{one_line(reader.address)[:80]!r}: no address to write to")
        fields = [self.common_headers, headers.format_field("To", to)]
        if self.subject:
            pieces, gaps = merge_tags.split_tags(self.subject)
            filled = pieces[0] + "".join(
                plain(gap) + piece for gap, piece in zip(gaps, pieces[1:], strict=True)
            )
            fields.append(_subject(filled))
        fields.append(headers.format_field("Message-ID", make_message_id(reader.key, self.domain)))
        return "".join((*fields, *_build_unsubscribe_headers(reader)))


def prepare_message(content: MessageContent, heading: MessageHeaders) -> PreparedMessage:
    """Encode what every copy of a message has in common.

    Raises:
        ValueError: the sender's address is none, or the archive's URL is too long for a header.
    """
    pieces, gaps = merge_tags.split_tags(content.subject)
    sender = headers.format_mailbox(heading.sender.name, heading.sender.email, len("From: "))
    if not sender:
        raise ValueError(f"{one_line(heading.sender.email)[:80]!r}: no address to send from")
    fields = [headers.format_field("From", sender)]
    if heading.reply_to is not None:
        answer = headers.format_mailbox(
            heading.reply_to.name, heading.reply_to.email, len("Reply-To: ")
        )
        fields += [headers.format_field("Reply-To", answer)] * bool(answer)
    if not gaps:
        fields.append(_subject(pieces[0]))
    fields.append(headers.format_field("Date", format_datetime(heading.date)))
    if heading.list_id:
        named = headers.format_list_id(heading.list_name, heading.list_id, len("List-Id: "))
        fields.append(headers.format_field("List-Id", named))
    if heading.list_id and heading.archive_url:
        fields.append(headers.format_field("List-Archive", headers.format_url(heading.archive_url)))
    # Both keep "I am on holiday" away: RFC 3834, and what was before it.
    fields.append("Auto-Submitted: auto-generated\r\n")
    if heading.list_id:
        fields.append("Precedence: bulk\r\n")
    if heading.stamp:
        fields.append(headers.format_field("X-Feedpub-Issued", heading.stamp))
    if _LANGUAGE.fullmatch(content.language):
        fields.append(headers.format_field("Content-Language", content.language[:100]))
    return PreparedMessage(
        common_headers="".join(fields),
        subject=content.subject if gaps else "",
        domain=headers.to_ascii_address(heading.sender.email).rpartition("@")[2],
        text=encode_body(content.text),
        html=encode_body(content.html),
    )


def compose_message(content: MessageContent, heading: MessageHeaders, reader: Recipient) -> bytes:
    """Give one message; for many with the same content, `prepare` once.

    Raises:
        ValueError: an address is none, or a URL is too long for a header.
    """
    return prepare_message(content, heading).render_for(reader)


def make_message_id(key: str, domain: str) -> str:
    """Give the Message-ID of a delivery: the same at every attempt, so that a copy is known."""
    if len(key) > _LONGEST_KEY or not _DOT_ATOM.fullmatch(key):
        key = hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:32]
    return f"<{key}@{domain}>"


def _subject(filled: str) -> str:
    return headers.format_field("Subject", headers.encode_text(filled, len("Subject: ")))


def _build_unsubscribe_headers(reader: Recipient) -> list[str]:
    """Give the fields that mail programs make their unsubscribe button of (RFC 2369, RFC 8058)."""
    ways = [headers.format_url(each) for each in (reader.unsubscribe, reader.mailto) if each]
    if not ways:
        return []
    fields = [headers.format_field("List-Unsubscribe", ",\r\n ".join(ways))]
    if reader.unsubscribe.startswith("https://"):
        fields.append("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n")
    return fields
