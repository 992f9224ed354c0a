"""Parse and normalise e-mail addresses.

`normalize_address` returns the form that identifies a subscriber. `InvalidValueError` and
`quote_value` report unusable input, here and in CSV imports.
"""

import re
import unicodedata

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

_REPEATED = 60  # characters of a value quoted in a message


class InvalidValueError(ValueError):
    """An unusable value; the message says what is wrong with it and what to do."""


def quote_value(text: str) -> str:
    """Quote a value for a message: on one line, shortened, without control characters."""
    short = text if len(text) <= _REPEATED else f"{text[: _REPEATED - 1]}…"
    return '"' + "".join(each if each.isprintable() else "\ufffd" for each in short) + '"'


MAX_LENGTH = 254  # octets of an address (RFC 5321 section 4.5.3.1.3, RFC 3696 erratum 1690)

# Fast path for nearly all addresses: ASCII, no quotes, no Punycode. email-validator takes 27 µs per
# address, 27 s for a list of a million, and only lowercases these; a test checks that they agree.
_ATOM = r"[A-Za-z0-9_!#$%&'*+\-/=?^`{|}~]+"  # RFC 5322 section 3.2.3
_LABEL = r"(?!..--)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"  # RFC 1035, RFC 5890
_SIMPLE_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+[A-Za-z]{{2,63}}")
_RESERVED = tuple(mark + name for name in SPECIAL_USE_DOMAIN_NAMES for mark in (".", "@"))


def normalize_address(address: str) -> str:
    """Return the canonical form of an address: two spellings of one address give the same result.

    The domain is lowercased and decoded from Punycode (IDNA 2008). The local part is lowercased
    too: RFC 5321 lets a server distinguish `Ann` from `ann`, but none does in practice. The result
    is in NFC; `weiß` and `weiss` stay different. No DNS lookup is made. Raises InvalidValueError
    for an address that is not deliverable on the public Internet (RFC 5321, 5322, 6531), including
    quoted local parts and address literals.
    """
    if len(address) > MAX_LENGTH:
        raise InvalidValueError(
            f"{quote_value(address)} is not an e-mail address: longer than {MAX_LENGTH} characters"
        )
    if _SIMPLE_ADDRESS.fullmatch(address):
        lowered = address.lower()
        if not lowered.endswith(_RESERVED):
            return lowered
    if "@" not in address:
        raise InvalidValueError(f'{quote_value(address)} is not an e-mail address: it has no "@"')
    try:
        valid = validate_email(address, check_deliverability=False)
    except EmailNotValidError as error:
        raise InvalidValueError(
            f"{quote_value(address)} is not an e-mail address: {error}"
        ) from error
    return f"{_lowered(valid.local_part)}@{valid.domain}"


def parse_address(text: str) -> tuple[str, str]:
    """Split "Ann Lee <ann@example.org>" into name and address; the name is "" for a bare address.

    Text that is neither is returned unchanged as the address.
    """
    written = text.strip()
    if written.endswith(">"):
        name, less, address = written[:-1].rpartition("<")
        if less and "<" not in name and ">" not in name:
            return name.strip(' "\t'), address.strip().removeprefix("mailto:")
    return "", written


def _lowered(text: str) -> str:
    """Lowercase text independently of how its accents are encoded."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).lower())
