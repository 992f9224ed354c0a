"""Build MIME messages: encode what all copies share once, then render each recipient's copy.

`prepare_message` encodes content and headers into a `PreparedMessage`, whose bodies have gaps for
merge tags. Signing is separate, in `feedpub.delivery.dkim`, because only that needs `cryptography`.
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
# 76 octets less one for the "=" of a soft break and two for escaping a leading dot or "F".
_LONG = re.compile(rb"^.{74,}$", re.MULTILINE)
_PART = re.compile(rb".{1,73}(?<!=)(?<!=.)")
_FIRST = re.compile(rb"^(?:\.|F(?=rom ))", re.MULTILINE)
_BASE64_LINE = 57  # octets that encode to 76
_MAX_ESCAPED_SHARE = 1 / 3  # of the octets; beyond it base64 is shorter and no less readable

TagResolver = Callable[[str], str]
"""Returns the value of a merge tag."""


@dataclass(frozen=True, slots=True)
class QuotedPrintableBody:
    """A quoted-printable body (RFC 2045 section 6.7) in pieces with merge tags between them.

    No line starts with a dot or "From " or ends with a space, and no two spaces follow each other.
    So no relay has a reason to change it, and it is its own relaxed canonical form for DKIM.
    """

    pieces: tuple[bytes, ...]
    tags: tuple[str, ...]
    encoding: bytes = b"quoted-printable"

    def render(self, fill: TagResolver) -> bytes:
        """Return the whole body in lines of at most 76 octets."""
        parts = [self.pieces[0]]
        for gap, piece in zip(self.tags, self.pieces[1:], strict=True):
            parts += (_encode_value(fill(gap)), piece)
        return b"".join(parts)


@dataclass(frozen=True, slots=True)
class Base64Chunk:
    """A piece of a base64 body, encoded for each number of octets (0 to 2) taken from its start."""

    data: bytes
    encoded: tuple[bytes, bytes, bytes]  # data[n:], as far as whole groups of three go
    remainder: tuple[bytes, bytes, bytes]  # the octets left over


@dataclass(frozen=True, slots=True)
class Base64Body:
    """A base64 body (RFC 2045 section 6.8): shorter for text that is mostly not ASCII.

    The octets before a piece may not fill a group of three; the piece's first octets complete it.
    """

    pieces: tuple[Base64Chunk, ...]
    tags: tuple[str, ...]
    encoding: bytes = b"base64"

    def render(self, fill: TagResolver) -> bytes:
        """Return the whole body in lines of at most 76 octets."""
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
    """Encode `text` as quoted-printable or base64, with CRLF line ends and gaps for merge tags."""
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


def _encode_piece(octets: bytes, follows: bool, leads: bool) -> bytes:  # noqa: FBT001 - one caller
    """Encode a piece so that any value may stand before and after it.

    Soft line breaks around the value keep line lengths independent of it.
    """
    text = _escape(octets)
    if leads and text and not text.endswith(b"\n"):
        text += b"=\n"
    elif text.endswith(b" "):
        text = text[:-1] + b"=20"
    if follows and (text or leads) and not text.startswith(b"\n"):
        text = b"=\n" + text
    return text.replace(b"\n", b"\r\n")


def _encode_value(value: str) -> bytes:
    """Encode a value, which is one line without leading or trailing spaces."""
    octets = value.encode("utf-8", "replace")
    return _escape(octets).replace(b"\n", b"\r\n")


def _escape(octets: bytes) -> bytes:
    """Escape octets with LF line ends; a space at the very end stays."""
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
    """Encode `data` in complete lines."""
    lines = (data[at : at + _BASE64_LINE] for at in range(0, len(data), _BASE64_LINE))
    return b"".join(binascii.b2a_base64(each, newline=False) + b"\r\n" for each in lines)


# "=_" never occurs in quoted-printable or base64, so no body contains this (RFC 2045 section 6.7).
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
    """A message encoded once for all recipients; `render_for` returns one recipient's copy."""

    common_headers: str  # the header fields of every copy
    subject: str  # with merge tags; "" if it has none and is in `common_headers`
    domain: str  # of the Message-ID
    text: Body
    html: Body

    def render_for(self, reader: Recipient) -> bytes:
        """Return a recipient's copy (RFC 5322), with CRLF, in ASCII unless the address is not.

        Raises:
            ValueError: The address is invalid, or a URL is too long for a header.
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
            raise ValueError(f"{one_line(reader.address)[:80]!r}: not a valid recipient address")
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
    """Encode what all copies of a message have in common.

    Raises:
        ValueError: The sender address is invalid, or the archive URL is too long for a header.
    """
    pieces, gaps = merge_tags.split_tags(content.subject)
    sender = headers.format_mailbox(heading.sender.name, heading.sender.email, len("From: "))
    if not sender:
        raise ValueError(f"{one_line(heading.sender.email)[:80]!r}: not a valid sender address")
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
    # Both prevent auto-replies: RFC 3834, and the convention before it.
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
    """Return one message; for many with the same content, call `prepare_message` once.

    Raises:
        ValueError: An address is invalid, or a URL is too long for a header.
    """
    return prepare_message(content, heading).render_for(reader)


def make_message_id(key: str, domain: str) -> str:
    """Return the Message-ID of a delivery, the same at every attempt so that duplicates show."""
    if len(key) > _LONGEST_KEY or not _DOT_ATOM.fullmatch(key):
        key = hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:32]
    return f"<{key}@{domain}>"


def _subject(filled: str) -> str:
    return headers.format_field("Subject", headers.encode_text(filled, len("Subject: ")))


def _build_unsubscribe_headers(reader: Recipient) -> list[str]:
    """Return the header fields for one-click unsubscribing (RFC 2369, RFC 8058)."""
    ways = [headers.format_url(each) for each in (reader.unsubscribe, reader.mailto) if each]
    if not ways:
        return []
    fields = [headers.format_field("List-Unsubscribe", ",\r\n ".join(ways))]
    if reader.unsubscribe.startswith("https://"):
        fields.append("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n")
    return fields
