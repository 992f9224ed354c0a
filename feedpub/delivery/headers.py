"""Text, names, addresses and URLs → header fields of seven bits, of lines that are short.

Lines are at most 76 octets long (RFC 2047 section 2) wherever a line may end; an address or a URL
has none of these places. Nothing a person wrote can end a line.

What a message's header says: once for the whole issue, and once for each reader.
"""

import binascii
import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

import idna

from feedpub.models.content import Author
from feedpub.models.text import one_line

MAX_VALUE_LENGTH = 900
"""Octets of a URL or an address: with what stands around it, it fits in a line of 998."""

_WIDTH = 76
_WORD = len("=?utf-8?q??=")
_SAFE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/ ")
_ATEXT = r"A-Za-z0-9!#$%&'*+/=?^_`{|}~\-"
_PHRASE = re.compile(rf"[{_ATEXT}]+(?: [{_ATEXT}]+)*")
_LOCAL = re.compile(rf"[{_ATEXT}\u0080-\U0010ffff]+(?:\.[{_ATEXT}\u0080-\U0010ffff]+)*")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_HOST = re.compile(r"[A-Za-z0-9._-]+|\[[A-Fa-f0-9.:IPv]+\]")
_NO_LIST_ID = re.compile(r"[^A-Za-z0-9._-]+")
_QUOTABLE = re.compile(r'(["\\])')
_DIGITS = 16
_URL_ONLY = "!#$%&'()*+,/:;=?@[]~"  # all that may stand in a URL (RFC 3986) but for < and >


def format_field(name: str, value: str) -> str:
    """Give one header field with its line end; `value` is folded already."""
    return f"{name}: {value}\r\n" if value else f"{name}:\r\n"


def encode_text(written: str, column: int) -> str:
    """Give free text such as a subject; its first line begins at `column`."""
    clean = one_line(written)
    words = clean.split(" ")
    plain = clean.isascii() and "=?" not in clean
    if not plain or ("" in words[1:]) or max(map(len, words)) > _WIDTH - column:
        return _encode_words(clean, column)
    lines, room = [words[0]], _WIDTH - column
    for word in words[1:]:
        if len(lines[-1]) + 1 + len(word) > room:
            lines.append(word)
            room = _WIDTH - 1
        else:
            lines[-1] += f" {word}"
    return "\r\n ".join(lines)


def format_display_name(name: str, column: int) -> str:
    """Give a person's or a list's name as it stands before an address (RFC 5322, 3.2.5)."""
    clean = one_line(name)
    shown = clean if not clean or _PHRASE.fullmatch(clean) else _in_quotes(clean)
    if not clean.isascii() or "=?" in clean or len(shown) > _WIDTH - column:
        return _encode_words(clean, column)
    return shown


def format_mailbox(name: str, address: str, column: int) -> str:
    """Give `Name <address>`; "" for an address that nothing can be sent to.

    An address whose local part is not ASCII stays so: that takes SMTPUTF8 (RFC 6532).
    """
    target = to_ascii_address(address)
    if not target or len(target.encode("utf-8", "replace")) > MAX_VALUE_LENGTH:
        return ""
    shown = format_display_name(name, column)
    return _append_target(shown, f"<{target}>", column) if shown else target


def encode_list_label(name: str) -> str:
    """Give a name, a slug, as one label of a List-Id, which is ASCII; no two names have the same.

    It is what the DNS would make of it (RFC 5891) where that can be read back, or else a digest.
    """
    if name.isascii():
        return name
    try:
        written = idna.encode(name, uts46=True).decode()
        if idna.decode(written) == name:
            return written
    except UnicodeError:
        pass
    return "x-" + hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:_DIGITS]


def format_list_id(name: str, list_id: str, column: int) -> str:
    """Give `Name <list.example.org>` of a List-Id (RFC 2919)."""
    target = f"<{_NO_LIST_ID.sub('-', list_id)[:MAX_VALUE_LENGTH]}>"
    shown = format_display_name(name, column)
    return _append_target(shown, target, column) if shown else target


def format_url(written: str) -> str:
    """Give `<https://…>` as in List-Unsubscribe (RFC 2369), never as an encoded-word.

    Raises:
        ValueError: it is too long for a header.
    """
    target = quote(written.encode("utf-8", "replace"), safe=_URL_ONLY).replace("=?", "%3D?")
    if len(target) > MAX_VALUE_LENGTH:
        raise ValueError(
            f"{target[:60]}…: a URL of over {MAX_VALUE_LENGTH} octets fits in no header"
        )
    return f"<{target}>"


def to_ascii_address(address: str) -> str:
    """Give `address` as SMTP takes it: its domain in ASCII (RFC 5891); "" where it is none."""
    local, _, domain = one_line(address).rpartition("@")
    ascii_domain = to_ascii_domain(domain)
    if not local or not ascii_domain:
        return ""
    if not _LOCAL.fullmatch(local) and not _QUOTED.fullmatch(local):
        local = _in_quotes(local)
    return f"{local}@{ascii_domain}"


def to_ascii_domain(domain: str) -> str:
    """Give a domain in ASCII (RFC 5891); "" for what cannot be one."""
    if domain.isascii():
        return domain if _HOST.fullmatch(domain) else ""
    try:
        return idna.encode(domain, uts46=True).decode()
    except UnicodeError:
        return ""


def _in_quotes(clean: str) -> str:
    return '"' + _QUOTABLE.sub(r"\\\1", clean) + '"'


def _append_target(shown: str, target: str, column: int) -> str:
    """Put the address after the name, on the same line where it fits."""
    before, _, last = shown.rpartition("\r\n")
    used = len(last) if before else column + len(last)
    return f"{shown} {target}" if used + 1 + len(target) <= _WIDTH else f"{shown}\r\n {target}"


def _encode_words(clean: str, column: int) -> str:
    """Encode as words of RFC 2047, in the shorter of its two ways; no word parts a letter."""
    whole = clean.encode("utf-8", "replace")
    way, encode = (
        ("q", _encode_q) if len(_encode_q(whole)) <= len(_encode_b(whole)) else ("b", _encode_b)
    )
    room = _WIDTH - column - _WORD
    words, chunk = [], b""
    for letter in clean:
        octets = letter.encode("utf-8", "replace")
        if chunk and len(encode(chunk + octets)) > room:
            words.append(encode(chunk))
            room, chunk = _WIDTH - 1 - _WORD, b""
        chunk += octets
    words.append(encode(chunk))
    return "\r\n ".join(f"=?utf-8?{way}?{each}?=" for each in words)


def _encode_q(octets: bytes) -> str:
    return "".join(chr(each) if each in _SAFE else f"={each:02X}" for each in octets).replace(
        " ", "_"
    )


def _encode_b(octets: bytes) -> str:
    return binascii.b2a_base64(octets, newline=False).decode()


@dataclass(frozen=True, slots=True)
class MessageHeaders:
    """What stands in the header of every message of an issue."""

    sender: Author  # name and email
    date: datetime  # the issue's own, so that a message sent again is the same message
    list_id: str  # as a host name: "weekly.example.org" (RFC 2919); "" where it is to one person
    list_name: str = ""  # what people call the list
    reply_to: Author | None = None
    archive_url: str = ""  # URL of the page that lists what was sent (RFC 2369)
    stamp: str = ""  # shows, where the message comes back, when its issue was made


@dataclass(frozen=True, slots=True)
class Recipient:
    """What one reader's message has of its own; the names of the marks are fields of this."""

    key: str  # of the delivery: makes the Message-ID
    address: str
    name: str = ""
    unsubscribe: str = ""  # URL; https for one click (RFC 8058)
    preferences: str = ""  # URL
    online: str = ""  # URL
    follows: str = ""  # what they asked for, in a sentence
    mailto: str = ""  # "mailto:leave+token@example.org", where that is understood too
