"""An e-mail address as somebody wrote it → the form that tells whose it is.

What is wrong with a text that somebody wrote → words for it.
"""

import re
import unicodedata

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

_REPEATED = 60  # characters of it that a message repeats


class InvalidValueError(ValueError):
    """A text that cannot be used; the message says what is wrong with it and what to do."""


def quote_value(text: str) -> str:
    """Give a text as a message repeats it: on one line, not too long, safe for any terminal."""
    short = text if len(text) <= _REPEATED else f"{text[: _REPEATED - 1]}…"
    return '"' + "".join(each if each.isprintable() else "\ufffd" for each in short) + '"'


MAX_LENGTH = 254  # octets of an address (RFC 5321 section 4.5.3.1.3, RFC 3696 erratum 1690)

# What nearly all addresses are made of: ASCII, no quotes, no Punycode. email-validator takes 27 µs
# for one, 27 s for a list of a million; these it would only put in lower case, as a test proves.
_ATOM = r"[A-Za-z0-9_!#$%&'*+\-/=?^`{|}~]+"  # RFC 5322 section 3.2.3
_LABEL = r"(?!..--)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"  # RFC 1035, RFC 5890
_SIMPLE_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+[A-Za-z]{{2,63}}")
_RESERVED = tuple(mark + name for name in SPECIAL_USE_DOMAIN_NAMES for mark in (".", "@"))


def normalize_address(address: str) -> str:
    """Give the form in which two spellings of one person's address are the same.

    The domain is in lower case and in letters rather than Punycode (IDNA 2008), the local part
    in lower case although RFC 5321 would let a server tell `Ann` from `ann` (none does), and all
    of it in NFC; `weiß` and `weiss` are two people. Nothing is looked up. Raises Faulty for what is
    no address that can be reached from anywhere (RFC 5321, 5322, 6531; no quoted local part, no
    address literal).
    """
    if len(address) > MAX_LENGTH:
        raise InvalidValueError(
            f"{quote_value(address)} is no e-mail address: it is over {MAX_LENGTH} characters long"
        )
    if _SIMPLE_ADDRESS.fullmatch(address):
        lowered = address.lower()
        if not lowered.endswith(_RESERVED):
            return lowered
    if "@" not in address:
        raise InvalidValueError(
            f'{quote_value(address)} is no e-mail address: there is no "@" in it'
        )
    try:
        valid = validate_email(address, check_deliverability=False)
    except EmailNotValidError as error:
        raise InvalidValueError(f"{quote_value(address)} is no e-mail address: {error}") from error
    return f"{_lowered(valid.local_part)}@{valid.domain}"


def parse_address(text: str) -> tuple[str, str]:
    """Return the name and the address of "Ann Lee <ann@example.org>"; of an address alone, no name.

    What is neither comes back as it is, in the place of the address.
    """
    written = text.strip()
    if written.endswith(">"):
        name, less, address = written[:-1].rpartition("<")
        if less and "<" not in name and ">" not in name:
            return name.strip(' "\t'), address.strip().removeprefix("mailto:")
    return "", written


def _lowered(text: str) -> str:
    """Put letters into lower case, whichever way their accents are written."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).lower())
