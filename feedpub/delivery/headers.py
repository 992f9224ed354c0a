"""Encode message header fields as 7-bit text in short lines.

Lines are at most 76 octets long (RFC 2047 section 2) wherever they may be folded; addresses and
URLs may not be. User text cannot inject line ends. `MessageHeaders` holds the values shared by all
copies of an issue and `Recipient` those of one copy; `mime` writes both.
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
"""Octets of a URL or an address, so that its line stays within 998 (RFC 5322)."""

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
_URL_ONLY = "!#$%&'()*+,/:;=?@[]~"  # characters that RFC 3986 allows in a URL


def format_field(name: str, value: str) -> str:
    """Return a header field with its line end; `value` is already folded."""
    return f"{name}: {value}\r\n" if value else f"{name}:\r\n"


def encode_text(written: str, column: int) -> str:
    """Return free text, such as a subject, folded and encoded; it starts at `column`."""
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
    """Return the name of a person or a list as a display name (RFC 5322 section 3.2.5)."""
    clean = one_line(name)
    shown = clean if not clean or _PHRASE.fullmatch(clean) else _in_quotes(clean)
    if not clean.isascii() or "=?" in clean or len(shown) > _WIDTH - column:
        return _encode_words(clean, column)
    return shown


def format_mailbox(name: str, address: str, column: int) -> str:
    """Return `Name <address>`, or "" for an address that cannot be mailed.

    A local part that is not ASCII stays as it is; this needs SMTPUTF8 (RFC 6532).
    """
    target = to_ascii_address(address)
    if not target or len(target.encode("utf-8", "replace")) > MAX_VALUE_LENGTH:
        return ""
    shown = format_display_name(name, column)
    return _append_target(shown, f"<{target}>", column) if shown else target


def encode_list_label(name: str) -> str:
    """Return a digest's slug as an ASCII label of a List-Id; different slugs have different labels.

    It is the IDNA form (RFC 5891) if that can be decoded again, or else a hash.
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
    """Return `Name <list.example.org>` for List-Id (RFC 2919)."""
    target = f"<{_NO_LIST_ID.sub('-', list_id)[:MAX_VALUE_LENGTH]}>"
    shown = format_display_name(name, column)
    return _append_target(shown, target, column) if shown else target


def format_url(written: str) -> str:
    """Return `<https://…>` as in List-Unsubscribe (RFC 2369), never as an encoded-word.

    Raises:
        ValueError: It is too long for a header.
    """
    target = quote(written.encode("utf-8", "replace"), safe=_URL_ONLY).replace("=?", "%3D?")
    if len(target) > MAX_VALUE_LENGTH:
        raise ValueError(
            f"{target[:60]}…: URL of over {MAX_VALUE_LENGTH} octets is too long for a header"
        )
    return f"<{target}>"


def to_ascii_address(address: str) -> str:
    """Return `address` with its domain in ASCII (RFC 5891), or "" if it is invalid."""
    local, _, domain = one_line(address).rpartition("@")
    ascii_domain = to_ascii_domain(domain)
    if not local or not ascii_domain:
        return ""
    if not _LOCAL.fullmatch(local) and not _QUOTED.fullmatch(local):
        local = _in_quotes(local)
    return f"{local}@{ascii_domain}"


def to_ascii_domain(domain: str) -> str:
    """Return a domain in ASCII (RFC 5891), or "" if it is invalid."""
    if domain.isascii():
        return domain if _HOST.fullmatch(domain) else ""
    try:
        return idna.encode(domain, uts46=True).decode()
    except UnicodeError:
        return ""


def _in_quotes(clean: str) -> str:
    return '"' + _QUOTABLE.sub(r"\\\1", clean) + '"'


def _append_target(shown: str, target: str, column: int) -> str:
    """Append the address to the name, on the same line if it fits."""
    before, _, last = shown.rpartition("\r\n")
    used = len(last) if before else column + len(last)
    return f"{shown} {target}" if used + 1 + len(target) <= _WIDTH else f"{shown}\r\n {target}"


def _encode_words(clean: str, column: int) -> str:
    """Return encoded-words (RFC 2047) in the shorter encoding; none splits a character."""
    whole = clean.encode("utf-8", "replace")
    transport, encode = (
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
    return "\r\n ".join(f"=?utf-8?{transport}?{each}?=" for each in words)


def _encode_q(octets: bytes) -> str:
    return "".join(chr(each) if each in _SAFE else f"={each:02X}" for each in octets).replace(
        " ", "_"
    )


def _encode_b(octets: bytes) -> str:
    return binascii.b2a_base64(octets, newline=False).decode()


@dataclass(frozen=True, slots=True)
class MessageHeaders:
    """Header values shared by all messages of an issue."""

    sender: Author  # name and email
    date: datetime  # of the issue, so that a message sent again is identical
    list_id: str  # a host name: "weekly.example.org" (RFC 2919); "" for personal mail
    list_name: str = ""  # the list's title
    reply_to: Author | None = None
    archive_url: str = ""  # URL of the page of past issues (RFC 2369)
    stamp: str = ""  # identifies the time in returned messages


@dataclass(frozen=True, slots=True)
class Recipient:
    """The values of one recipient's copy; merge tags are named after these fields."""

    key: str  # of the delivery; becomes the Message-ID
    address: str
    name: str = ""
    unsubscribe: str = ""  # URL; https for one click (RFC 8058)
    preferences: str = ""  # URL
    online: str = ""  # URL
    follows: str = ""  # the subscription's filter, in a sentence
    mailto: str = ""  # unsubscribe by mail: "mailto:leave+token@example.org"
