"""A content and a heading → a letter, whose copies differ only in what is a reader's own."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import format_datetime
from functools import partial

from feedpub.mailing import Content
from feedpub.message import bodies, headers, marks
from feedpub.message.values import Heading, Reader
from feedpub.text import one_line

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
class Letter:
    """A message to everybody, encoded once; `to` writes one reader's copy."""

    head: str  # the fields that every copy has
    subject: str  # with its marks; "" where there are none and `head` has it
    domain: str  # of the Message-ID
    text: bodies.Body
    html: bodies.Body

    def to(self, reader: Reader) -> bytes:
        """Give the reader's copy (RFC 5322): CRLF line ends, and ASCII unless the address is not.

        Raises:
            ValueError: the reader's address is none, or a URL is too long for a header.
        """
        plain = partial(marks.value, reader=reader)
        safe = partial(marks.escaped, reader=reader)
        boundary = _BOUNDARY.encode()
        return b"".join(
            (
                self._header(reader, plain).encode("utf-8", "replace"),
                _BEFORE % (boundary, boundary, self.text.encoding),
                self.text.filled(plain),
                _BETWEEN % (boundary, self.html.encoding),
                self.html.filled(safe),
                b"\r\n--%b--\r\n" % boundary,
            )
        )

    def _header(self, reader: Reader, plain: Callable[[str], str]) -> str:
        to = headers.mailbox(reader.name, reader.address, len("To: "))
        if not to:
            raise ValueError(f"{one_line(reader.address)[:80]!r}: no address to write to")
        fields = [self.head, headers.field("To", to)]
        if self.subject:
            pieces, gaps = marks.split(self.subject)
            filled = pieces[0] + "".join(
                plain(gap) + piece for gap, piece in zip(gaps, pieces[1:], strict=True)
            )
            fields.append(_subject(filled))
        fields.append(headers.field("Message-ID", message_id(reader.key, self.domain)))
        return "".join((*fields, *_ways_out(reader)))


def prepare(content: Content, heading: Heading) -> Letter:
    """Encode what every copy of a message has in common.

    Raises:
        ValueError: the sender's address is none, or the archive's URL is too long for a header.
    """
    pieces, gaps = marks.split(content.subject)
    sender = headers.mailbox(heading.sender.name, heading.sender.email, len("From: "))
    if not sender:
        raise ValueError(f"{one_line(heading.sender.email)[:80]!r}: no address to send from")
    fields = [headers.field("From", sender)]
    if heading.reply_to is not None:
        answer = headers.mailbox(heading.reply_to.name, heading.reply_to.email, len("Reply-To: "))
        fields += [headers.field("Reply-To", answer)] * bool(answer)
    if not gaps:
        fields.append(_subject(pieces[0]))
    fields.append(headers.field("Date", format_datetime(heading.date)))
    if heading.list_id:
        named = headers.identified(heading.list_name, heading.list_id, len("List-Id: "))
        fields.append(headers.field("List-Id", named))
    if heading.list_id and heading.archive:
        fields.append(headers.field("List-Archive", headers.url(heading.archive)))
    # Both keep "I am on holiday" away: RFC 3834, and what was before it.
    fields.append("Auto-Submitted: auto-generated\r\n")
    if heading.list_id:
        fields.append("Precedence: bulk\r\n")
    if heading.stamp:
        fields.append(headers.field("X-Feedpub-Issued", heading.stamp))
    if _LANGUAGE.fullmatch(content.language):
        fields.append(headers.field("Content-Language", content.language[:100]))
    return Letter(
        head="".join(fields),
        subject=content.subject if gaps else "",
        domain=headers.routable(heading.sender.email).rpartition("@")[2],
        text=bodies.encode(content.text),
        html=bodies.encode(content.html),
    )


def compose(content: Content, heading: Heading, reader: Reader) -> bytes:
    """Give one message; for many with the same content, `prepare` once.

    Raises:
        ValueError: an address is none, or a URL is too long for a header.
    """
    return prepare(content, heading).to(reader)


def message_id(key: str, domain: str) -> str:
    """Give the Message-ID of a delivery: the same at every attempt, so that a copy is known."""
    if len(key) > _LONGEST_KEY or not _DOT_ATOM.fullmatch(key):
        key = hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:32]
    return f"<{key}@{domain}>"


def _subject(filled: str) -> str:
    return headers.field("Subject", headers.text(filled, len("Subject: ")))


def _ways_out(reader: Reader) -> list[str]:
    """Give the fields that mail programs make their unsubscribe button of (RFC 2369, RFC 8058)."""
    ways = [headers.url(each) for each in (reader.unsubscribe, reader.mailto) if each]
    if not ways:
        return []
    fields = [headers.field("List-Unsubscribe", ",\r\n ".join(ways))]
    if reader.unsubscribe.startswith("https://"):
        fields.append("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n")
    return fields
