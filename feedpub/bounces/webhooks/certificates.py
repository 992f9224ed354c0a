"""Verify the certificate that Amazon SNS signs messages with, up to a root that is trusted."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509.oid import AuthorityInformationAccessOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from feedpub.bounces.webhooks.values import WebhookError, WebhookRetryLaterError

FetchUrl = Callable[[str], bytes]
"""Returns what is at a URL; b"" where it cannot be had."""

LoadRoots = Callable[[], Sequence[x509.Certificate]]
"""Returns the root certificates that the system trusts."""

_SUBJECT = re.compile(r"sns(?:\.[a-z0-9-]{3,40})?\.amazonaws\.com(?:\.cn)?")
_ISSUER_HOST = re.compile(r"(?:[a-z0-9-]{1,63}\.){1,4}amazontrust\.com")
_MOST_ISSUERS = 3  # that are fetched: there is one between Amazon's roots and the certificate


def verify_certificate(
    pem: bytes, roots: Sequence[x509.Certificate], fetch: FetchUrl, now: datetime
) -> x509.Certificate:
    """Return the certificate in a PEM file, once a chain leads from it to one of the roots.

    Raises:
        NoticeError: It is not one of SNS, or nobody trusted stands behind it.
        NoticeDelayedError: An issuer of the chain cannot be fetched at the moment.
    """
    leaf, *between = _read(pem)
    name = next((each for each in _names(leaf) if _SUBJECT.fullmatch(each)), None)
    if name is None:
        raise WebhookError("the certificate is not of SNS")
    if not leaf.not_valid_before_utc <= now <= leaf.not_valid_after_utc:
        raise WebhookError("the certificate is of another time")
    between += _issuers(between[-1] if between else leaf, roots, fetch)
    try:
        # The policy takes a time without a zone, in UTC.
        moment = now.astimezone(UTC).replace(tzinfo=None)
        policy = PolicyBuilder().store(Store(list(roots))).time(moment)
        policy.build_server_verifier(x509.DNSName(name)).verify(leaf, between)
    except (VerificationError, ValueError, UnsupportedAlgorithm):
        raise WebhookError("nobody who is trusted has signed the certificate") from None
    return leaf


def _read(pem: bytes) -> list[x509.Certificate]:
    try:
        found = x509.load_pem_x509_certificates(pem)
        found[0].public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise WebhookError("the certificate cannot be read") from None
    return found


def _names(certificate: x509.Certificate) -> Sequence[str]:
    """Return the host names that a certificate is for."""
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (x509.ExtensionNotFound, ValueError):
        return ()
    return extension.value.get_values_for_type(x509.DNSName)


def _issuers(
    certificate: x509.Certificate, roots: Sequence[x509.Certificate], fetch: FetchUrl
) -> list[x509.Certificate]:
    """Fetch who issued a certificate, and who issued that, up to one of the roots."""
    trusted = {each.subject for each in roots}
    found: list[x509.Certificate] = []
    while certificate.issuer not in trusted and len(found) < _MOST_ISSUERS:
        url = _issuer_url(certificate)
        if not url:
            break
        octets = fetch(url)
        if not octets:
            raise WebhookRetryLaterError("the issuer of the certificate of SNS cannot be fetched")
        try:
            certificate = x509.load_der_x509_certificate(octets)
        except (ValueError, UnsupportedAlgorithm):
            break
        found.append(certificate)
    return found


def _issuer_url(certificate: x509.Certificate) -> str:
    """Return where a certificate says that its issuer's is, "" where that is not at Amazon.

    It may come in the clear: what matters is whose signature it bears.
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
