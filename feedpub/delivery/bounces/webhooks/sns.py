"""Verify messages of Amazon SNS and the certificate chain that they are signed with.

`Sns` parses requests for one topic; `Ses` uses it.
https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
"""

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm
from cryptography.x509.oid import AuthorityInformationAccessOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from feedpub.delivery.bounces.provider_bounces import get_text
from feedpub.delivery.bounces.webhooks.notification import (
    WebhookError,
    WebhookRequest,
    WebhookRetryLaterError,
    parse_json,
    require_fresh,
)

FetchUrl = Callable[[str], bytes]
"""Returns the body at a URL, or b"" if it cannot be fetched."""

LoadRoots = Callable[[], Sequence[x509.Certificate]]
"""Returns the root certificates that the system trusts."""

_SUBJECT = re.compile(r"sns(?:\.[a-z0-9-]{3,40})?\.amazonaws\.com(?:\.cn)?")
_ISSUER_HOST = re.compile(r"(?:[a-z0-9-]{1,63}\.){1,4}amazontrust\.com")
_MOST_ISSUERS = 3  # to fetch; today one is between Amazon's roots and the certificate


def verify_certificate(
    pem: bytes, roots: Sequence[x509.Certificate], fetch: FetchUrl, now: datetime
) -> x509.Certificate:
    """Return the certificate in a PEM file, verified up to a trusted root.

    Raises:
        WebhookError: It is not a certificate of SNS, or no trusted root vouches for it.
        WebhookRetryLaterError: An issuer certificate cannot be fetched at the moment.
    """
    leaf, *between = _read(pem)
    name = next((each for each in _names(leaf) if _SUBJECT.fullmatch(each)), None)
    if name is None:
        raise WebhookError("not an SNS certificate")
    if not leaf.not_valid_before_utc <= now <= leaf.not_valid_after_utc:
        raise WebhookError("the certificate is expired or not yet valid")
    between += _issuers(between[-1] if between else leaf, roots, fetch)
    try:
        # The policy takes a naive UTC time.
        moment = now.astimezone(UTC).replace(tzinfo=None)
        policy = PolicyBuilder().store(Store(list(roots))).time(moment)
        policy.build_server_verifier(x509.DNSName(name)).verify(leaf, between)
    except (VerificationError, ValueError, UnsupportedAlgorithm):
        raise WebhookError("the certificate has no trusted issuer") from None
    return leaf


def _read(pem: bytes) -> list[x509.Certificate]:
    try:
        found = x509.load_pem_x509_certificates(pem)
        found[0].public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise WebhookError("the certificate cannot be read") from None
    return found


def _names(certificate: x509.Certificate) -> Sequence[str]:
    """Return the host names in a certificate."""
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (x509.ExtensionNotFound, ValueError):
        return ()
    return extension.value.get_values_for_type(x509.DNSName)


def _issuers(
    certificate: x509.Certificate, roots: Sequence[x509.Certificate], fetch: FetchUrl
) -> list[x509.Certificate]:
    """Fetch the issuer certificates between a certificate and one of the roots."""
    trusted = {each.subject for each in roots}
    found: list[x509.Certificate] = []
    while certificate.issuer not in trusted and len(found) < _MOST_ISSUERS:
        url = _issuer_url(certificate)
        if not url:
            break
        octets = fetch(url)
        if not octets:
            raise WebhookRetryLaterError("the issuer of the SNS certificate cannot be fetched")
        try:
            certificate = x509.load_der_x509_certificate(octets)
        except (ValueError, UnsupportedAlgorithm):
            break
        found.append(certificate)
    return found


def _issuer_url(certificate: x509.Certificate) -> str:
    """Return the URL of the issuer's certificate, or "" if it is not at Amazon.

    Plain HTTP is acceptable: the signature on the certificate is what counts.
    """
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess)
    except (x509.ExtensionNotFound, ValueError):
        return ""
    for each in access.value:
        location = each.access_location
        if each.access_method == AuthorityInformationAccessOID.CA_ISSUERS and isinstance(
            location, x509.UniformResourceIdentifier
        ):
            parts = urlsplit(location.value)
            if parts.scheme in {"http", "https"} and _ISSUER_HOST.fullmatch(parts.netloc):
                return location.value
    return ""


_HOST = re.compile(r"sns\.[a-z0-9-]{3,40}\.amazonaws\.com(?:\.cn)?")
_CERTIFICATE = re.compile(r"/SimpleNotificationService-[0-9a-f]{1,64}\.pem")
_NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_CONFIRMATION = (
    "Message",
    "MessageId",
    "SubscribeURL",
    "Timestamp",
    "Token",
    "TopicArn",
    "Type",
)
_SIGNED = {
    "Notification": _NOTIFICATION,
    "SubscriptionConfirmation": _CONFIRMATION,
    "UnsubscribeConfirmation": _CONFIRMATION,
}
_HASHES: dict[str, type[HashAlgorithm]] = {"1": SHA1, "2": SHA256}
_LONGEST_URL = 2000
_MOST = 4  # cached certificates


@dataclass(frozen=True, slots=True)
class SnsMessage:
    """A verified message of SNS."""

    id: str
    kind: str  # Notification, SubscriptionConfirmation or UnsubscribeConfirmation
    message: str
    confirm_url: str = ""  # visiting it confirms the subscription


class Sns:
    """Parser of the messages of one SNS topic."""

    def __init__(self, topic: str, fetch: FetchUrl, roots: LoadRoots) -> None:
        """Accept messages of one topic.

        Args:
            topic: The topic's ARN.
            fetch: Fetches the certificates of SNS.
            roots: Returns the trusted root certificates.
        """
        self._topic = topic
        self._fetch = fetch
        self._roots = roots
        self._known: dict[str, x509.Certificate] = {}

    def __call__(self, posted: WebhookRequest, now: datetime) -> SnsMessage:
        """Return the message. Raises WebhookError."""
        envelope = parse_json(posted.body)
        kind = get_text(envelope, "Type")
        if kind not in _SIGNED:
            raise WebhookError("not an SNS message")
        # Anybody can create a topic and have SNS sign messages of their own.
        if get_text(envelope, "TopicArn") != self._topic:
            raise WebhookError("wrong SNS topic")
        require_fresh(_parse_timestamp(get_text(envelope, "Timestamp")), now)
        self._verify(envelope, kind, now)
        visit = get_text(envelope, "SubscribeURL") if kind == "SubscriptionConfirmation" else ""
        if visit:
            _require_amazon(visit)
        return SnsMessage(
            get_text(envelope, "MessageId"), kind, get_text(envelope, "Message"), visit
        )

    def _verify(self, envelope: object, kind: str, now: datetime) -> None:
        """Raise WebhookError unless SNS has signed the message."""
        algorithm = _HASHES.get(get_text(envelope, "SignatureVersion"))
        if algorithm is None:
            raise WebhookError("unknown signature version")
        pairs = ((name, get_text(envelope, name)) for name in _SIGNED[kind])
        # A missing Subject is not part of the signed text; all other fields always are.
        said = "".join(f"{name}\n{value}\n" for name, value in pairs if value or name != "Subject")
        key = self._certificate(get_text(envelope, "SigningCertURL"), now).public_key()
        if not isinstance(key, RSAPublicKey):
            raise WebhookError("the certificate has no RSA key")
        try:
            mark = base64.b64decode(get_text(envelope, "Signature"), validate=True)
            key.verify(mark, said.encode(), PKCS1v15(), algorithm())
        except (InvalidSignature, binascii.Error, ValueError):
            raise WebhookError("invalid signature") from None

    def _certificate(self, url: str, now: datetime) -> x509.Certificate:
        """Return the certificate at a URL, cached until it expires."""
        _require_amazon(url)
        if not _CERTIFICATE.fullmatch(urlsplit(url).path) or "?" in url or "#" in url:
            raise WebhookError("not the URL of an SNS certificate")
        certificate = self._known.get(url)
        if certificate is None or certificate.not_valid_after_utc < now:
            self._known.pop(url, None)
            pem = self._fetch(url)
            if not pem:
                raise WebhookRetryLaterError("the SNS certificate cannot be fetched")
            certificate = verify_certificate(pem, self._roots(), self._fetch, now)
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[url] = certificate
        return certificate


def _parse_timestamp(written: str) -> datetime:
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        raise WebhookError("no valid timestamp") from None
    if found.tzinfo is None:
        raise WebhookError("no valid timestamp")
    return found


def _require_amazon(url: str) -> None:
    """Raise WebhookError for a URL that is not of SNS itself."""
    try:
        parts = urlsplit(url)
        right = parts.scheme == "https" and parts.port in {None, 443}
    except ValueError:
        raise WebhookError("invalid URL") from None
    if len(url) > _LONGEST_URL:
        raise WebhookError("URL too long")
    # Match the whole netloc, so that no user name or backslash can hide another host.
    if not (right and _HOST.fullmatch(parts.netloc.removesuffix(":443"))):
        raise WebhookError("not an SNS URL")
    if any(each <= " " or each == "\\" or each > "~" for each in url):
        raise WebhookError("invalid URL")
