"""A content and a heading → a letter, whose copies differ only in what is a reader's own."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import format_datetime
from functools import partial

from feedpub.mailing import MessageContent
from feedpub.message import bodies, headers, marks
from feedpub.message.values import MessageHeaders, Recipient
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
class PreparedMessage:
    """A message to everybody, encoded once; `to` writes one reader's copy."""

    common_headers: str  # the fields that every copy has
    subject: str  # with its marks; "" where there are none and `head` has it
    domain: str  # of the Message-ID
    text: bodies.Body
    html: bodies.Body

    def render_for(self, reader: Recipient) -> bytes:
        """Give the reader's copy (RFC 5322): CRLF line ends, and ASCII unless the address is not.

        Raises:
            ValueError: the reader's address is none, or a URL is too long for a header.
        """
        plain = partial(marks.resolve_tag, reader=reader)
        safe = partial(marks.resolve_tag_html, reader=reader)
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
            pieces, gaps = marks.split_tags(self.subject)
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
    pieces, gaps = marks.split_tags(content.subject)
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
        text=bodies.encode_body(content.text),
        html=bodies.encode_body(content.html),
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
