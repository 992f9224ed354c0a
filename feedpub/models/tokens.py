"""Signed tokens for links and addresses in mail: short, stateless, unforgeable without the key.

`sign_token` issues a token for a subscriber and a purpose, `verify_token` checks it.
`sign_form` and `verify_form` protect web forms.
"""

import base64
import binascii
import hmac
from dataclasses import dataclass

PURPOSES = ("confirm", "preferences", "unsubscribe", "bounce")

_SHORTEST_KEY = 16  # octets; shorter keys can be guessed
_MARK = 12  # octets of HMAC-SHA256 kept: 96 bits
_SEAL = 10  # the same for a form signature, which is valid only with a token
_TRACE = 4  # the same for the address digest, which is not a proof by itself
_LARGEST = 2**63 - 1  # largest row id
_LONGEST = 39  # characters: base32 of 8 id octets, the address digest and the HMAC


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """A site's signing keys: the current one, and older ones whose tokens are still accepted.

    To rotate, put the new key first. Raises ValueError for a key shorter than 16 octets.
    """

    current: bytes
    older: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if any(len(key) < _SHORTEST_KEY for key in (self.current, *self.older)):
            raise ValueError(f"a key must have at least {_SHORTEST_KEY} bytes; use 32 random ones")


@dataclass(frozen=True, slots=True)
class TokenSubject:
    """The subscriber a token was issued for; check it with `is_for_address`.

    In another database, such as one rebuilt from an import, the id may belong to someone else.
    """

    id: int
    address_digest: bytes  # of the address


def sign_token(keys: SigningKeys, purpose: str, subscriber: int, address: str) -> str:
    """Return the token of a subscriber for one of `PURPOSES`.

    The token has only lower-case letters and the digits 2 to 7, at most 32 of them for an id below
    2**32: it is safe in a URL, and in a mailbox name, whose case some servers change. The purpose
    is not part of the token but of the signed data. Of the address it holds only a keyed digest,
    which reveals nothing without the key.

    Raises:
        ValueError: unknown purpose, or an id below 0 or above 63 bits.
    """
    if purpose not in PURPOSES:
        raise ValueError(f"unknown token purpose {purpose!r}; use one of {', '.join(PURPOSES)}")
    if not 0 <= subscriber <= _LARGEST:
        raise ValueError(f"invalid subscriber id {subscriber}")
    named = _octets(subscriber) + _digest_address(keys.current, address)
    token = base64.b32encode(named + _sign(keys.current, purpose, named))
    return token.decode("ascii").rstrip("=").lower()


def verify_token(keys: SigningKeys, purpose: str, token: str) -> TokenSubject | None:
    """Return the subject of a token, or None if no key signed it for this purpose.

    Case is ignored. Never raises on any token; the comparison takes constant time.
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
    # Reject non-canonical encodings: leading zeros, or stray bits after the last octet.
    whole = base64.b32encode(octets).decode("ascii").rstrip("=") == upper
    whole &= named[:-_TRACE] == _octets(subscriber)
    found = False
    for key in (keys.current, *keys.older):  # try all keys, so timing does not reveal which one
        found |= hmac.compare_digest(_sign(key, purpose, named), mark)
    return TokenSubject(subscriber, named[-_TRACE:]) if found and whole else None


def is_for_address(keys: SigningKeys, owner: TokenSubject, address: str) -> bool:
    """Return whether a token's subject had this address; case is ignored."""
    found = False
    for key in (keys.current, *keys.older):
        found |= hmac.compare_digest(_digest_address(key, address), owner.address_digest)
    return found


def sign_form(keys: SigningKeys, token: str, moment: str) -> str:
    """Return a signature over a token and the time a form was served: 16 letters and digits."""
    return _sign_form(keys.current, token, moment)


def verify_form(keys: SigningKeys, token: str, moment: str, found: str) -> bool:
    """Return whether any of `keys` signed this token and time."""
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
    """Sign `named` for one purpose; the separators keep purpose and id unambiguous."""
    said = b"\0".join((b"feedpub", purpose.encode(errors="replace"), named))
    return hmac.digest(key, said, "sha256")[:_MARK]
