"""Sign messages with DKIM (RFC 6376, RFC 8463).

`MessageSigner` uses one `DkimSigner` per configured key.
"""

import base64
import hashlib
import re

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

from feedpub.delivery.headers import to_ascii_domain
from feedpub.errors import MailError

SIGNED_HEADERS = (
    b"from",
    b"to",
    b"cc",
    b"reply-to",
    b"subject",
    b"date",
    b"message-id",
    b"list-id",
    b"list-archive",
    b"list-unsubscribe",
    b"list-unsubscribe-post",  # RFC 8058 section 4 requires both to be signed
    b"auto-submitted",
    b"precedence",
    b"content-language",
    b"mime-version",
    b"content-type",
)
"""The header fields that are signed if present."""

OVERSIGNED_HEADERS = (
    *(b"from", b"to", b"cc", b"subject", b"date", b"reply-to", b"message-id"),
    *(b"mime-version", b"content-type", b"list-unsubscribe", b"list-unsubscribe-post"),
)
"""The fields listed once more than they occur, so that nobody can add another one to a signed
message for mail programs to show or act on (RFC 6376 section 8.15)."""

_LEAST_BITS = 1024  # RFC 8301 section 3.2
_UNFOLDED = re.compile(rb"\r\n(?![ \t])")
_BLANKS = re.compile(rb"[ \t]+")
_SELECTOR = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")

PrivateKey = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


class DkimSigner:
    """Signs for one domain with one key; apply several signers in turn for several signatures.

    There is no `t=` tag, so a message sent again has the same signature.

    Raises:
        MailError: The key, the domain or the selector cannot be used.
    """

    def __init__(self, domain: str, selector: str, private_key_pem: bytes) -> None:
        self._key = _load_private_key(private_key_pem)
        ascii_domain = to_ascii_domain(domain)
        if not ascii_domain:
            raise MailError(f"DKIM: {domain!r} is not a valid domain")
        if not _SELECTOR.fullmatch(selector):
            raise MailError(f"DKIM: invalid selector {selector!r}; use letters, digits and -")
        algorithm = "rsa" if isinstance(self._key, rsa.RSAPrivateKey) else "ed25519"
        self.dns_name = f"{selector}._domainkey.{ascii_domain}"
        """The DNS name of the public key."""
        self.dns_record = f"v=DKIM1; k={algorithm}; p={_encode_public_key(self._key)}"
        """The TXT record to publish there."""
        self._tags = (
            f"v=1; a={algorithm}-sha256; c=relaxed/relaxed; d={ascii_domain};\r\n\ts={selector};"
        ).encode()

    def sign(self, data: bytes, *, tidy: bool = False) -> bytes:
        """Return a message (RFC 5322, CRLF line ends) with a signature prepended.

        `tidy` means that the body is already in relaxed canonical form, as that of a
        `PreparedMessage` is; canonicalising takes longer than hashing.
        """
        header, _, body = data.partition(b"\r\n\r\n")
        fields = [_canonicalize_header(each) for each in _UNFOLDED.split(header)]
        names = [each.partition(b":")[0] for each in fields]
        signed = [name for name in SIGNED_HEADERS for _ in range(names.count(name))]
        chosen = [
            # Repeated fields are signed from the bottom up (RFC 6376 section 5.4.2).
            field
            for name in SIGNED_HEADERS
            for field, its_name in zip(reversed(fields), reversed(names), strict=True)
            if its_name == name
        ]
        listed = b":\r\n\t ".join(
            b":".join(each) for each in _in_groups((*signed, *OVERSIGNED_HEADERS), 4)
        )
        digest = _digest(body if tidy else _canonicalize_body(body))
        unsigned = b"%b\r\n\th=%b;\r\n\tbh=%b;\r\n\tb=" % (self._tags, listed, digest)
        covered = b"\r\n".join((*chosen, _canonicalize_header(b"DKIM-Signature: " + unsigned)))
        signature = base64.b64encode(self._signature(covered))
        folded = b"\r\n\t ".join(signature[at : at + 72] for at in range(0, len(signature), 72))
        return b"DKIM-Signature: %b%b\r\n%b" % (unsigned, folded, data)

    def _signature(self, covered: bytes) -> bytes:
        if isinstance(self._key, rsa.RSAPrivateKey):
            return self._key.sign(covered, padding.PKCS1v15(), hashes.SHA256())
        # Ed25519 signs the SHA-256 digest instead of the data (RFC 8463 section 3).
        return self._key.sign(hashlib.sha256(covered).digest())


def _in_groups(names: tuple[bytes, ...], size: int) -> list[tuple[bytes, ...]]:
    return [names[at : at + size] for at in range(0, len(names), size)]


def _canonicalize_header(field: bytes) -> bytes:
    """Return a field in relaxed form without its line end (RFC 6376 section 3.4.2)."""
    name, _, value = field.partition(b":")
    unfolded = _BLANKS.sub(b" ", value.replace(b"\r\n", b"")).strip(b" ")
    return b"%b:%b" % (name.strip(b" \t").lower(), unfolded)


def _canonicalize_body(body: bytes) -> bytes:
    """Return a body in relaxed form, except for trailing empty lines (RFC 6376 section 3.4.4)."""
    body = body.replace(b"\t", b" ")
    while b"  " in body:  # halves each run; ten times as fast as a regular expression
        body = body.replace(b"  ", b" ")
    return body.replace(b" \r\n", b"\r\n").removesuffix(b" ")


def _digest(body: bytes) -> bytes:
    """Return the base64 SHA-256 of a relaxed body, ignoring trailing empty lines."""
    end = len(body)
    while body[end - 2 : end] == b"\r\n":
        end -= 2
    digest = hashlib.sha256(memoryview(body)[:end])
    if end:
        digest.update(b"\r\n")
    return base64.b64encode(digest.digest())


def _load_private_key(pem: bytes) -> PrivateKey:
    """Load a private key; the error contains nothing of the key."""
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= _LEAST_BITS:
        return key
    raise MailError(
        "DKIM: unusable private key; use PEM without a password, "
        f"RSA of at least {_LEAST_BITS} bits (`openssl genrsa 2048`) or Ed25519 "
        "(`openssl genpkey -algorithm ed25519`)"
    )


def _encode_public_key(key: PrivateKey) -> str:
    public = key.public_key()
    if isinstance(public, ed25519.Ed25519PublicKey):
        return base64.b64encode(public.public_bytes_raw()).decode()
    return base64.b64encode(
        public.public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    ).decode()
