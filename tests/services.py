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
from cryptography.x509.oid import NameOID

from feedpub.bounces.webhooks import Posted
from feedpub.tokens import Keys, mint, read

NOW = datetime(2025, 6, 1, 12, 0, tzinfo=UTC)
KEYS = Keys(b"k" * 32)
ADDRESS = "ann@example.net"
TOKEN = mint(KEYS, "bounce", 7, ADDRESS)
ANN = read(KEYS, "bounce", TOKEN)
SENDER = f"bounces+{TOKEN}@example.org"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:feedpub"
CERTIFICATE = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem"
MAILGUN_KEY, POSTMARK_SECRET = "mailgun key", "postmark secret"


def certificate(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey,
    begin: datetime = NOW - timedelta(days=1),
    end: datetime = NOW + timedelta(days=1),
) -> bytes:
    """Give a certificate that somebody signed for themselves."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name)
    made = made.public_key(key.public_key()).serial_number(1)
    made = made.not_valid_before(begin).not_valid_after(end)
    return made.sign(key, SHA256()).public_bytes(Encoding.PEM)


@dataclass
class Amazon:
    """SNS, with a key of its own."""

    key: rsa.RSAPrivateKey = field(
        default_factory=lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048)
    )
    fetched: list[str] = field(default_factory=list)
    pem: bytes = b""

    def __post_init__(self) -> None:
        self.pem = self.pem or certificate(self.key)

    def fetch(self, url: str) -> bytes:
        """Give the certificate, as a server would."""
        self.fetched.append(url)
        return self.pem

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

    def tell(self, message: object, now: datetime = NOW, /, **changes: str) -> Posted:
        """Give what is POSTed of a message."""
        return Posted(json.dumps(self.sign(self.envelope(message, now, **changes))).encode(), {})


def mailgun(event: object, now: datetime = NOW, number: int = 1, key: str = "") -> Posted:
    """Give what Mailgun POSTs of an event."""
    when, token = str(int(now.timestamp())), f"t{number}"
    mark = hmac.digest((key or MAILGUN_KEY).encode(), (when + token).encode(), "sha256").hex()
    signature = {"timestamp": when, "token": token, "signature": mark}
    return Posted(json.dumps({"signature": signature, "event-data": event}).encode(), {})


def postmark(event: object, secret: str = POSTMARK_SECRET) -> Posted:
    """Give what Postmark POSTs of an event."""
    given = base64.b64encode(f"postmark:{secret}".encode()).decode()
    return Posted(json.dumps(event).encode(), {"authorization": f"Basic {given}"})


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

    def tell(self, events: object, now: datetime = NOW) -> Posted:
        """Give what is POSTed of some events."""
        body = json.dumps(events).encode()
        return Posted(body, self.headers(body, str(int(now.timestamp()))))

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
