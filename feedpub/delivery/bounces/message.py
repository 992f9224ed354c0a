"""Parse a message that may be a bounce or another notice into its relevant parts.

`parse_message` returns a `ParsedMessage`. Anybody can mail the return path, so every size is
limited before a regular expression sees the text. `find_failed_address` recognises non-standard
bounces with the patterns of flufl.bounce; they say only which address failed, not why. Some take
quadratic time and all are tried on every line, so they get a few short lines only.
"""

import html
import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import HeaderParser
from email.utils import parseaddr
from itertools import islice

from flufl.bounce import all_failures

MAX_SIZE = 2**18  # octets of a message; a notice comes before the copy that it returns
_WORDS = 20_000  # characters of its text
_FIELD = 2_000  # characters of a header field
_HEADER = 2**16  # octets of a header
_FIELDS = 500  # fields of a header
_HTML = 100_000  # characters of the text including tags and the returned message
_ADDRESS = 400  # characters; `email` parses nested comments such as "(((" recursively

_TAG = re.compile(r"<(/?(?:style|script)?)[^<>]*>", re.IGNORECASE)
_END_OF_HEADER = re.compile(rb"\r?\n\r?\n")
_BLANK = re.compile(r"\n[ \t]*\n")
_COPY = re.compile(
    r"^[ \t]{0,8}-{2,80}[^\n]{0,80}?\b(?:copy of (?:the|your) (?:message|mail)|original message"
    r"|returned (?:message|mail)|message (?:text|headers?)|headers? follows?|unsent message)"
    r"[^\n]*\n|^[ \t]{0,8}(?:the )?original (?:message|mail) (?:as )?follows[^\n]*\n"
    r"|^(?=(?:return-path|received|dkim-signature|delivered-to):[ \t])",
    re.MULTILINE | re.IGNORECASE,
)
"""The start of the returned message in a notice that is not multipart."""
_REPORT = re.compile(
    r"^(?:(?:original|final)-recipient|action|status|diagnostic-code|remote-mta|reporting-mta)"
    r"[ \t]{0,9}:[^\n]*(?:\n[^\n]+){0,40}",
    re.MULTILINE | re.IGNORECASE,
)
"""DSN fields (RFC 3464) inside the text or in malformed parts."""


@dataclass(frozen=True, slots=True)
class HeaderFields:
    """A message header or a block of report fields: lower-case names, unfolded values."""

    pairs: tuple[tuple[str, str], ...] = ()

    def get(self, name: str) -> str:
        """Return the first value of a field, or ""."""
        return next((value for each, value in self.pairs if each == name), "")

    def has(self, name: str) -> bool:
        """Return whether a field is present, even if empty."""
        return any(each == name for each, _ in self.pairs)

    def get_all(self, names: Iterable[str]) -> Iterator[str]:
        """Return all values of the named fields."""
        wanted = frozenset(names)
        return (value for each, value in self.pairs if each in wanted)

    def get_address(self, name: str) -> str:
        """Return the first address of a field, without its type (`rfc822;`)."""
        bare = self.get(name).rpartition(";")[2][:_ADDRESS]
        return parseaddr(bare)[1] or bare.strip(" <>")


@dataclass(frozen=True, slots=True)
class ParsedMessage:
    """The parts of a message that matter if it is a notice about another one."""

    header: HeaderFields
    text: str  # without the returned message
    original_header: HeaderFields  # of the returned message
    has_original: bool  # whether a part contains the returned message or its header
    status_blocks: tuple[HeaderFields, ...]  # RFC 3464: per message, then per recipient
    feedback_report: HeaderFields | None  # RFC 5965
    original_message: "ParsedMessage | None"  # the returned message, if a part contains it
    is_receipt: bool  # a disposition notification (RFC 8098)


def parse_message(data: bytes) -> ParsedMessage | None:
    """Parse a message; None if it is nested too deeply to be genuine."""
    try:
        return _read(message_from_bytes(truncate_message(data)), depth=1)
    except RecursionError:
        return None


def truncate_message(data: bytes) -> bytes:
    """Return the beginning of a message, with its header limited too."""
    data = data[:MAX_SIZE]
    blank = _END_OF_HEADER.search(data)
    end = blank.start() if blank else len(data)
    return data if end <= _HEADER else data[:_HEADER] + data[end:]


def _read(message: Message, depth: int) -> ParsedMessage:
    """Parse a message, and `depth` levels of returned messages in it."""
    parts = list(_parts(message))
    words, rest = _split_original(parts)
    copies = [part for part in parts if _is_returned_message(part)]
    inside = _list_submessages(copies[0]) if copies and depth else []
    statuses = tuple(_blocks(_filter_parts(parts, "delivery-status")))
    if not any(block.has("action") for block in statuses):
        statuses += tuple(_header(found[0]) for found in _REPORT.finditer(words))
    return ParsedMessage(
        header=_fields(message),
        text=words,
        original_header=_read_original_header(copies[0]) if copies else _header(rest),
        has_original=bool(copies),
        status_blocks=statuses,
        feedback_report=next(_blocks(_filter_parts(parts, "feedback-report")), None),
        is_receipt=any(_filter_parts(parts, "disposition-notification")),
        original_message=_read(inside[0], depth - 1) if inside else None,
    )


def _parts(message: Message) -> Iterator[Message]:
    """Yield the leaf parts of a message in order, without descending into attached messages."""
    waiting = [message]
    while waiting:
        part = waiting.pop()
        if part.get_content_maintype() == "multipart" and part.is_multipart():
            waiting.extend(reversed(_list_submessages(part)))
        else:
            yield part


def _list_submessages(part: Message) -> list[Message]:
    """Return the direct subparts of a part."""
    held = part.get_payload()
    return [each for each in held if isinstance(each, Message)] if isinstance(held, list) else []


def _filter_parts(parts: Iterable[Message], name: str) -> Iterator[Message]:
    """Return the parts of type message/`name` or message/global-`name` (RFC 6533)."""
    wanted = {f"message/{name}", f"message/global-{name}"}
    return (part for part in parts if part.get_content_type() in wanted)


def _is_returned_message(part: Message) -> bool:
    return part.get_content_type() in {
        "message/rfc822",
        "message/global",
        "message/global-headers",
        "message/rfc822-headers",
        "text/rfc822-headers",
    }


def _read_original_header(part: Message) -> HeaderFields:
    """Return the header of the message in a part, which may be only a header."""
    inside = _list_submessages(part)
    return _fields(inside[0]) if inside else _header(_text(part))


def _blocks(parts: Iterable[Message]) -> Iterator[HeaderFields]:
    """Yield the blocks of fields of all reports among the parts."""
    for part in parts:
        inside = _list_submessages(part)
        for each in inside:
            yield _fields(each)
        # `email` splits only message/delivery-status into blocks; of others it gets just the first.
        rest = _text(inside[-1] if inside else part)
        for block in _BLANK.split(rest):
            if block.strip():
                yield _header(block.lstrip())


def _split_original(parts: Sequence[Message]) -> tuple[str, str]:
    """Return the text of the text parts, split from a returned message that follows it."""
    kinds = [_kind(part) for part in parts]
    plain = "text/plain" in kinds or "text/html" not in kinds
    kind = "text/plain" if plain else "text/html"
    whole = "\n\n".join(_text(part) for part in parts if _kind(part) == kind)
    text = whole[:_HTML].replace("\r\n", "\n")
    if not plain:
        text = html.unescape(_without_tags(text))
    found = _COPY.search(text)
    if found is None:
        return text[:_WORDS], ""
    return text[: found.start()][:_WORDS], text[found.end() :].lstrip()


def _kind(part: Message) -> str:
    """Return the content type of a part; a multipart without parts counts as text."""
    kind = part.get_content_type()
    return "text/plain" if kind.startswith("multipart/") else kind


def _without_tags(text: str) -> str:
    """Remove tags, and the contents of style and script elements."""
    kept: list[str] = []
    last, inside = 0, ""
    for found in _TAG.finditer(text):
        name = found[1].lower()
        if not inside:
            kept.append(text[last : found.start()])
            inside = name if name in ("style", "script") else ""
        elif name == f"/{inside}":
            inside = ""
        last = found.end()
    return " ".join(kept if inside else (*kept, text[last:]))


def _text(part: Message) -> str:
    """Decode the text of a part as well as possible."""
    octets = part.get_payload(decode=True)
    if not isinstance(octets, bytes):
        return ""
    try:
        text = octets.decode(part.get_content_charset() or "utf-8", "replace")
    except (LookupError, ValueError):  # no such charset, or a name with a NUL in it
        text = octets.decode("utf-8", "replace")
    return text.encode("utf-8", "replace").decode("utf-8")  # UTF-7 can encode lone surrogates


def _header(text: str) -> HeaderFields:
    return _fields(HeaderParser().parsestr(text[:MAX_SIZE]))


def _fields(message: Message) -> HeaderFields:
    first = islice(message.raw_items(), _FIELDS)
    return HeaderFields(tuple((name[:_FIELD].lower(), _value(value)) for name, value in first))


def _value(raw: str) -> str:
    """Unfold and decode a field value: encoded-words (RFC 2047) or raw UTF-8."""
    octets = raw[:_FIELD].encode("utf-8", "surrogateescape")
    value = " ".join(octets.decode("utf-8", "replace").split())
    if "=?" not in value:
        return value
    try:
        return str(make_header(decode_header(value)))
    except (HeaderParseError, LookupError, ValueError):
        return value


# It logs a traceback whenever one of its detectors fails.
logging.getLogger("flufl.bounce").disabled = True

_LINES = 80
_LINE = 120  # characters
_HEADERS = ("to", "subject", "x-failed-recipients", "x-mailer")
_NOBODY = "nobody@example.invalid"  # some detectors fail without a sender
_LONGEST = 320  # characters of an address


def find_failed_address(mail: ParsedMessage) -> str:
    """Return the address that a message reports as undeliverable, or "" if it is no bounce."""
    message = Message()
    sender = mail.header.get_address("from")
    message["from"] = sender if "@" in sender and sender.isascii() else _NOBODY
    for name in _HEADERS:
        if mail.header.has(name):
            message[name] = mail.header.get(name)[:_LINE].replace("\n", " ")
    lines = [line[:_LINE] for line in mail.text.splitlines() if line.strip()]
    message.set_payload("\n".join(lines[:_LINES]).encode("ascii", "replace").decode("ascii"))
    try:
        temporary, permanent = all_failures(message)
    except Exception:  # noqa: BLE001 - its detectors may fail on any malformed input
        return ""
    found = sorted(each.decode("ascii", "replace") for each in (*permanent, *temporary))
    named = [each for each in found if "@" in each and len(each) <= _LONGEST]
    return named[0] if named else ""
