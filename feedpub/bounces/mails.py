"""The bytes of a message → what a notice about another message says, and in which part."""

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import HeaderParser
from email.utils import parseaddr

LARGEST = 2**18  # octets that are read: what a notice has to say, it says before the copy
_WORDS = 20_000  # characters of its text
_HTML = 100_000  # characters of that, with its tags
_ADDRESS = 400  # characters; `email` reads "(((" by recursion

_TAG = re.compile(
    r"<(?:style|script)\b.{0,4000}?</(?:style|script)>|<[^<>]*>", re.DOTALL | re.IGNORECASE
)
_BLANK = re.compile(r"\n[ \t]*\n")
_COPY = re.compile(
    r"^[ \t]{0,8}-{2,80}[^\n]{0,80}?\b(?:copy of (?:the|your) (?:message|mail)|original message"
    r"|returned (?:message|mail)|message (?:text|headers?)|headers? follows?|unsent message)"
    r"[^\n]*\n|^(?=(?:return-path|received|dkim-signature|delivered-to):[ \t])",
    re.MULTILINE | re.IGNORECASE,
)
"""Where a notice without parts ends and the message that it returns begins."""


@dataclass(frozen=True, slots=True)
class Fields:
    """The header of a message, or one block of a report: names in lower case, values unfolded."""

    all: tuple[tuple[str, str], ...] = ()

    def get(self, name: str) -> str:
        """Give the first value of that name, "" where there is none."""
        return next((value for each, value in self.all if each == name), "")

    def has(self, name: str) -> bool:
        """Tell whether the name is there, whatever its value."""
        return any(each == name for each, _ in self.all)

    def values(self, names: Iterable[str]) -> Iterator[str]:
        """Give all values of all these names."""
        wanted = frozenset(names)
        return (value for each, value in self.all if each in wanted)

    def address(self, name: str) -> str:
        """Give the first address in that value, without its type (`rfc822;`)."""
        bare = self.get(name).rpartition(";")[2][:_ADDRESS]
        return parseaddr(bare)[1] or bare.strip(" <>")


@dataclass(frozen=True, slots=True)
class Mail:
    """What a message says, as far as it may be a notice about another."""

    header: Fields
    words: str  # of its text, without the copy of the other message
    copy: Fields  # the header of the message that it returns
    statuses: tuple[Fields, ...]  # RFC 3464: one about the message, then one for each recipient
    feedback: Fields | None  # RFC 5965
    is_receipt: bool  # RFC 8098: it says what a reader did


def parse(data: bytes) -> Mail | None:
    """Read a message; None where it is nested so deeply that nobody could have meant it."""
    try:
        message = message_from_bytes(data[:LARGEST])
    except RecursionError:
        return None
    parts = list(_parts(message))
    words, rest = _divided(parts)
    copies = [_copy(part) for part in parts if _returns(part)]
    return Mail(
        header=_fields(message),
        words=words,
        copy=copies[0] if copies else _header(rest),
        statuses=tuple(_blocks(_of(parts, "delivery-status"))),
        feedback=next(_blocks(_of(parts, "feedback-report")), None),
        is_receipt=any(_of(parts, "disposition-notification")),
    )


def _parts(message: Message) -> Iterator[Message]:
    """Give the parts of a message in order, but not those of a message that it holds."""
    waiting = [message]
    while waiting:
        part = waiting.pop()
        if part.get_content_maintype() == "multipart" and part.is_multipart():
            waiting.extend(reversed(_inside(part)))
        else:
            yield part


def _inside(part: Message) -> list[Message]:
    """Give the messages that a part is made of."""
    held = part.get_payload()
    return [each for each in held if isinstance(each, Message)] if isinstance(held, list) else []


def _of(parts: Iterable[Message], name: str) -> Iterator[Message]:
    """Give the parts of type message/`name`, or of RFC 6533's message/global-`name`."""
    wanted = {f"message/{name}", f"message/global-{name}"}
    return (part for part in parts if part.get_content_type() in wanted)


def _returns(part: Message) -> bool:
    return part.get_content_type() in {
        "message/rfc822",
        "message/global",
        "message/global-headers",
        "message/rfc822-headers",
        "text/rfc822-headers",
    }


def _copy(part: Message) -> Fields:
    """Give the header of the message in a part, which may be that header alone."""
    inside = _inside(part)
    return _fields(inside[0]) if inside else _header(_text(part))


def _blocks(parts: Iterable[Message]) -> Iterator[Fields]:
    """Give the blocks of fields of all reports among the parts."""
    for part in parts:
        inside = _inside(part)
        for each in inside:
            yield _fields(each)
        # `email` finds the blocks of message/delivery-status alone; of others only the first.
        rest = _text(inside[-1] if inside else part)
        for block in _BLANK.split(rest):
            if block.strip():
                yield _header(block.lstrip())


def _divided(parts: Sequence[Message]) -> tuple[str, str]:
    """Give the words of the text parts, and the copy of a message that follows them."""
    kinds = [part.get_content_type() for part in parts]
    plain = "text/plain" in kinds or "text/html" not in kinds
    kind = "text/plain" if plain else "text/html"
    whole = "\n\n".join(_text(part) for part in parts if part.get_content_type() == kind)
    text = whole.replace("\r\n", "\n")
    if not plain:
        text = html.unescape(_TAG.sub(" ", text[:_HTML]))
    found = _COPY.search(text)
    if found is None:
        return text[:_WORDS], ""
    return text[: found.start()][:_WORDS], text[found.end() :].lstrip()


def _text(part: Message) -> str:
    """Decode the text of a part, as well as can be."""
    octets = part.get_payload(decode=True)
    if not isinstance(octets, bytes):
        return ""
    try:
        text = octets.decode(part.get_content_charset() or "utf-8", "replace")
    except (LookupError, ValueError):  # no such charset, or a name with a NUL in it
        text = octets.decode("utf-8", "replace")
    return text.encode("utf-8", "replace").decode("utf-8")  # UTF-7 can write half a character


def _header(text: str) -> Fields:
    return _fields(HeaderParser().parsestr(text))


def _fields(message: Message) -> Fields:
    return Fields(tuple((name.lower(), _value(value)) for name, value in message.raw_items()))


def _value(raw: str) -> str:
    """Unfold and decode the value of a field: RFC 2047, and the UTF-8 of those who leave it."""
    octets = raw.encode("utf-8", "surrogateescape")
    value = " ".join(octets.decode("utf-8", "replace").split())
    if "=?" not in value:
        return value
    try:
        return str(make_header(decode_header(value)))
    except (HeaderParseError, LookupError, ValueError):
        return value
