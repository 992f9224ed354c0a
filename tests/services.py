"""What mail services POST, signed with real keys made for the tests.

amazon = Amazon()                            # a topic, a key and its certificate
posted = amazon.tell(BOUNCE, NOW)            # what SNS POSTs of an event of SES
"""

import base64
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from feedpub.delivery.bounces.webhooks.notification import WebhookRequest
from feedpub.models.tokens import SigningKeys, sign_token, verify_token

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

NOW = datetime(2025, 6, 1, 12, 0, tzinfo=UTC)
KEYS = SigningKeys(b"k" * 32)
ADDRESS = "ann@example.net"
TOKEN = sign_token(KEYS, "bounce", 7, ADDRESS)
ANN = verify_token(KEYS, "bounce", TOKEN)
SENDER = f"bounces+{TOKEN}@example.org"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:feedpub"
CERTIFICATE = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem"
MAILGUN_KEY, POSTMARK_SECRET = "mailgun key", "postmark secret"


def certificate(
    key: PrivateKey,
    begin: datetime = NOW - timedelta(days=1),
    end: datetime = NOW + timedelta(days=1),
    name: str = "sns.amazonaws.com",
    *,
    issuer: "Issuer | None" = None,
    fetched_at: str = "",
) -> bytes:
    """Give a certificate for a host that an issuer signed, or somebody for themselves."""
    return certified(key, begin, end, name, issuer, fetched_at).public_bytes(Encoding.PEM)


def certified(  # noqa: PLR0913 - likewise
    key: PrivateKey,
    begin: datetime,
    end: datetime,
    name: str,
    issuer: "Issuer | None",
    fetched_at: str = "",
    *,
    signs: bool = False,
) -> x509.Certificate:
    """Give a certificate; `signs` is one that may sign others."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signer = issuer.key if issuer else key
    made = x509.CertificateBuilder().subject_name(subject)
    made = made.issuer_name(issuer.certificate.subject if issuer else subject)
    made = made.public_key(key.public_key()).serial_number(1)
    made = made.not_valid_before(begin).not_valid_after(end)
    made = made.add_extension(x509.BasicConstraints(ca=signs, path_length=None), critical=True)
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    made = made.add_extension(identifier, critical=False)
    public = signer.public_key()
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(public)
    made = made.add_extension(authority, critical=False)
    usage = dict.fromkeys(
        (
            *("content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
            *("encipher_only", "decipher_only"),
        ),
        False,
    )
    usage |= {"digital_signature": not signs, "key_cert_sign": signs, "crl_sign": signs}
    made = made.add_extension(x509.KeyUsage(**usage), critical=True)
    if not signs:
        made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        made = made.add_extension(purpose, critical=False)
    if fetched_at:
        place = x509.UniformResourceIdentifier(fetched_at)
        access = x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, place)
        made = made.add_extension(x509.AuthorityInformationAccess([access]), critical=False)
    return made.sign(signer, SHA256())


@dataclass
class Issuer:
    """Somebody who signs certificates, for themselves where nobody else stands behind them."""

    name: str = "root"
    above: "Issuer | None" = None
    key: rsa.RSAPrivateKey = field(
        default_factory=lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048)
    )
    certificate: x509.Certificate = field(init=False)

    def __post_init__(self) -> None:
        begin, end = NOW - timedelta(days=90), NOW + timedelta(days=90)
        self.certificate = certified(self.key, begin, end, self.name, self.above, signs=True)

    @property
    def der(self) -> bytes:
        """The certificate as it is fetched."""
        return self.certificate.public_bytes(Encoding.DER)


ROOT = Issuer()
"""Whom tests trust."""


@dataclass
class Amazon:
    """SNS, with a key of its own."""

    key: rsa.RSAPrivateKey = field(
        default_factory=lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048)
    )
    fetched: list[str] = field(default_factory=list)
    pem: bytes = b""
    more: dict[str, bytes] = field(default_factory=dict)  # by URL: what lies elsewhere

    def __post_init__(self) -> None:
        self.pem = self.pem or certificate(self.key, issuer=ROOT)

    def fetch(self, url: str) -> bytes:
        """Give the certificate, as a server would."""
        self.fetched.append(url)
        return self.more.get(url, self.pem)

    def roots(self) -> tuple[x509.Certificate, ...]:
        """Give whom the system trusts."""
        return (ROOT.certificate,)

    def envelope(self, message: object, now: datetime, **changes: str) -> dict[str, str]:
        """Give a message that is not signed yet."""
        told = {
            "Type": "Notification",
            "MessageId": "one",
            "TopicArn": TOPIC,
            "Message": message if isinstance(message, str) else json.dumps(message),
            "Timestamp": f"{now:%Y-%m-%dT%H:%M:%S}.123Z",
            "SignatureVersion": "2",
            "SigningCertURL": CERTIFICATE,
        }
        return {**told, **changes}

    def sign(self, told: dict[str, str]) -> dict[str, str]:
        """Sign a message as SNS does."""
        confirms = told["Type"] != "Notification"
        more = ("SubscribeURL", "Token") if confirms else ("Subject",)
        names = sorted({"Message", "MessageId", "Timestamp", "TopicArn", "Type", *more})
        said = "".join(f"{each}\n{told[each]}\n" for each in names if each in told)
        algorithm = SHA1() if told["SignatureVersion"] == "1" else SHA256()  # noqa: S303 - as SNS does
        mark = self.key.sign(said.encode(), PKCS1v15(), algorithm)
        return {**told, "Signature": base64.b64encode(mark).decode()}

    def tell(self, message: object, now: datetime = NOW, /, **changes: str) -> WebhookRequest:
        """Give what is POSTed of a message."""
        return WebhookRequest(
            json.dumps(self.sign(self.envelope(message, now, **changes))).encode(), {}
        )


def mailgun(event: object, now: datetime = NOW, number: int = 1, key: str = "") -> WebhookRequest:
    """Give what Mailgun POSTs of an event."""
    when, token = str(int(now.timestamp())), f"t{number}"
    mark = hmac.digest((key or MAILGUN_KEY).encode(), (when + token).encode(), "sha256").hex()
    signature = {"timestamp": when, "token": token, "signature": mark}
    return WebhookRequest(json.dumps({"signature": signature, "event-data": event}).encode(), {})


def postmark(event: object, secret: str = POSTMARK_SECRET) -> WebhookRequest:
    """Give what Postmark POSTs of an event."""
    given = base64.b64encode(f"postmark:{secret}".encode()).decode()
    return WebhookRequest(json.dumps(event).encode(), {"authorization": f"Basic {given}"})


@dataclass
class Grid:
    """SendGrid, with a key of its own."""

    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    @property
    def public(self) -> str:
        """The verification key, as SendGrid shows it."""
        octets = self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return base64.b64encode(octets).decode()

    def tell(self, events: object, now: datetime = NOW) -> WebhookRequest:
        """Give what is POSTed of some events."""
        body = json.dumps(events).encode()
        return WebhookRequest(body, self.headers(body, str(int(now.timestamp()))))

    def headers(self, body: bytes, when: str) -> Mapping[str, str]:
        """Give the headers of a body."""
        mark = self.key.sign(when.encode() + body, ec.ECDSA(SHA256()))
        return {
            "x-twilio-email-event-webhook-signature": base64.b64encode(mark).decode(),
            "x-twilio-email-event-webhook-timestamp": when,
        }


def ses_bounce(how: str = "Permanent", *more: str) -> dict[str, object]:
    """Give what SES says of a bounce."""
    recipients = [
        {"emailAddress": each, "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 no such user"}
        for each in (ADDRESS, *more)
    ]
    return {
        "notificationType": "Bounce",
        "bounce": {"bounceType": how, "bouncedRecipients": recipients},
        "mail": {"source": SENDER, "destination": [ADDRESS]},
    }


def ses_complaint(kind: str = "abuse") -> dict[str, object]:
    """Give what SES says of a complaint."""
    return {
        "eventType": "Complaint",
        "complaint": {
            "complaintFeedbackType": kind,
            "complainedRecipients": [{"emailAddress": ADDRESS}],
        },
        "mail": {"source": SENDER},
    }


def failed(reason: str, message: str, severity: str = "permanent") -> dict[str, object]:
    """Give what Mailgun says of a failure."""
    return {
        "event": "failed",
        "severity": severity,
        "reason": reason,
        "recipient": ADDRESS,
        "delivery-status": {"code": 550, "message": message},
        "envelope": {"sender": SENDER},
    }
