"""A subscriber and a purpose → a short token that only this site can have made, and back."""

import base64
import binascii
import hmac
from dataclasses import dataclass

PURPOSES = ("confirm", "preferences", "unsubscribe", "bounce")

_SHORTEST_KEY = 16  # octets: below that, keys can be guessed
_MARK = 12  # octets of HMAC-SHA256 that are kept: 96 bits
_SEAL = 10  # likewise of a seal, which counts beside a token only
_TRACE = 4  # likewise of an address, which no token is good for by itself
_LARGEST = 2**63 - 1  # the id of a row
_LONGEST = 39  # characters: the base32 of 8 octets, the trace and the mark


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """The secrets of a site: one that makes tokens, and older ones whose tokens still count.

    To rotate is to put a new one first. Raises ValueError for a key of less than 16 octets.
    """

    current: bytes
    older: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if any(len(key) < _SHORTEST_KEY for key in (self.current, *self.older)):
            raise ValueError(f"a key must have {_SHORTEST_KEY} octets or more; 32 random ones do")


@dataclass(frozen=True, slots=True)
class TokenSubject:
    """Whom a token was made for: who has the id, if `is_of` says so.

    In another database, a list that was imported say, the id may be that of somebody else.
    """

    id: int
    address_digest: bytes  # of the address


def sign_token(keys: SigningKeys, purpose: str, subscriber: int, address: str) -> str:
    """Give the token of a subscriber, by id and address, for one of `PURPOSES`.

    Lower-case letters and the digits 2 to 7, at most 32 of them for an id below 2**32: it stands
    in a URL as it is, and in a mailbox name, which some servers change to one letter case. The
    purpose is not written in it, but a token is good for its own alone. Nor is the address, but a
    trace of it that nobody without the key can tell an address by.

    Raises:
        ValueError: No such purpose, or an id below 0 or of more than 63 bits.
    """
    if purpose not in PURPOSES:
        raise ValueError(f"no token is for {purpose!r}; they are for {', '.join(PURPOSES)}")
    if not 0 <= subscriber <= _LARGEST:
        raise ValueError(f"{subscriber} is no subscriber's id")
    named = _octets(subscriber) + _digest_address(keys.current, address)
    token = base64.b32encode(named + _sign(keys.current, purpose, named))
    return token.decode("ascii").rstrip("=").lower()


def verify_token(keys: SigningKeys, purpose: str, token: str) -> TokenSubject | None:
    """Give whom a token was made for, or None where it was not made by one of `keys` for this.

    Letter case is ignored. It never raises, and takes as long for a token that is nearly right.
    """
    if not token.isascii() or len(token) > _LONGEST:
        return None
    upper = token.upper()
    try:
        octets = base64.b32decode(upper + "=" * (-len(upper) % 8))
    except binascii.Error:
        return None
    named, mark = octets[:-_MARK], octets[-_MARK:]
    subscriber = int.from_bytes(named[:-_TRACE], "big")
    # One id, one token: no leading zeros, and no bits beyond the last octet.
    whole = base64.b32encode(octets).decode("ascii").rstrip("=") == upper
    whole &= named[:-_TRACE] == _octets(subscriber)
    found = False
    for key in (keys.current, *keys.older):  # all of them, whichever it is
        found |= hmac.compare_digest(_sign(key, purpose, named), mark)
    return TokenSubject(subscriber, named[-_TRACE:]) if found and whole else None


def is_for_address(keys: SigningKeys, owner: TokenSubject, address: str) -> bool:
    """Tell whether whoever has the id of an owner has their address; letter case is ignored."""
    found = False
    for key in (keys.current, *keys.older):
        found |= hmac.compare_digest(_digest_address(key, address), owner.address_digest)
    return found


def sign_form(keys: SigningKeys, token: str, moment: str) -> str:
    """Give what shows, beside a token, that it was given at a moment: 16 letters and digits."""
    return _sign_form(keys.current, token, moment)


def verify_form(keys: SigningKeys, token: str, moment: str, found: str) -> bool:
    """Tell whether a seal is that of a token at a moment, made by one of `keys`."""
    written = found.lower().encode(errors="replace")
    good = False
    for key in (keys.current, *keys.older):
        good |= hmac.compare_digest(_sign_form(key, token, moment).encode(), written)
    return good


def _sign_form(key: bytes, token: str, moment: str) -> str:
    said = f"feedpub seal\0{token.lower()}\0{moment}"
    octets = hmac.digest(key, said.encode(errors="replace"), "sha256")[:_SEAL]
    return base64.b32encode(octets).decode("ascii").lower()


def _octets(subscriber: int) -> bytes:
    return subscriber.to_bytes((subscriber.bit_length() + 7) // 8, "big")


def _digest_address(key: bytes, address: str) -> bytes:
    said = f"feedpub owner\0{address.lower()}"
    return hmac.digest(key, said.encode(errors="replace"), "sha256")[:_TRACE]


def _sign(key: bytes, purpose: str, named: bytes) -> bytes:
    """Sign `named` for one purpose; no purpose and id can be taken for another two."""
    said = b"\0".join((b"feedpub", purpose.encode(errors="replace"), named))
    return hmac.digest(key, said, "sha256")[:_MARK]
