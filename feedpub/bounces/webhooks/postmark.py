"""What Postmark tells → reports.

https://postmarkapp.com/developer/webhooks/webhooks-overview
"""

import base64
import binascii
import hmac
from datetime import datetime
from hashlib import sha256

from feedpub.bounces.providers import weigh
from feedpub.bounces.report import Report, make
from feedpub.bounces.values import text
from feedpub.bounces.webhooks.values import Notice, NoticeError, Posted, owned, parsed
from feedpub.refusals import Refusal
from feedpub.tokens import Keys

_KINDS = {
    "SpamComplaint": "complaint",
    "Unsubscribe": "unsubscribe",
    "ManuallyDeactivated": "unsubscribe",
    "Transient": "auto",  # Postmark tries again by itself
    "Subscribe": "auto",
    "AutoResponder": "auto",
    "AddressChange": "auto",
    "ChallengeVerification": "auto",
    "OpenRelayTest": "auto",
    "Unconfirmed": "auto",
}
_BOUNCES = {"HardBounce": "hard", "BadEmailAddress": "hard", "Unknown": "unknown"}
_REFUSALS = {
    "Blocked": Refusal.POLICY,
    "DMARCPolicy": Refusal.POLICY,
    "SpamNotification": Refusal.POLICY,
    "VirusNotification": Refusal.POLICY,
    "SMTPApiError": Refusal.POLICY,
    "InboundError": Refusal.POLICY,
    "TemplateRenderingFailed": Refusal.POLICY,
    "DnsError": Refusal.TECHNICAL,
}
"""What the types of a bounce are about, where they tell: https://postmarkapp.com/developer/api."""
_REASONS = {
    "HardBounce": "hard",
    "SpamComplaint": "complaint",
    "ManualSuppression": "unsubscribe",
}


class Postmark:
    """Reads what Postmark tells."""

    def __init__(self, secret: str, keys: Keys) -> None:
        """Believe who has the secret: as the password, or at the end of the URL."""
        self._secret = secret.encode()
        self._keys = keys

    def __call__(self, posted: Posted, now: datetime) -> Notice:
        """Give what was told. Raises NoticeError."""
        del now  # nothing in it is signed, so that a time would prove nothing
        given = (posted.secret, _password(posted.headers.get("authorization", "")))
        same = [
            hmac.compare_digest(each.encode("utf-8", "replace"), self._secret) for each in given
        ]
        if not any(same):
            raise NoticeError("it has not the secret")
        event = parsed(posted.body)
        report = _report(event)
        # With what it is about, since the same body may come again after it was acted upon.
        number = sha256(posted.body).hexdigest()
        return Notice(number, (owned(report, event, self._keys),) if report else ())


def _password(header: str) -> str:
    """Give the password of HTTP's basic authentication (RFC 7617); "" where there is none."""
    scheme, _, given = header.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(given, validate=True).decode().partition(":")[2]
    except (binascii.Error, ValueError):
        return ""


def _report(event: object) -> Report | None:
    said = text(event, "Details") or text(event, "Description")
    match text(event, "RecordType"):
        case "Bounce":
            kind, address = text(event, "Type"), text(event, "Email")
            if kind in _KINDS:
                return make(_KINDS[kind], address, text=said)
            words = text(event, "Details")
            how, refusal = _BOUNCES.get(kind, "soft"), _REFUSALS.get(kind)
            return weigh(how, address, "", words, said or kind, refusal)
        case "SpamComplaint":
            return make("complaint", text(event, "Email"), text=said or "complaint (Postmark)")
        case "SubscriptionChange":
            how = _REASONS.get(text(event, "SuppressionReason"), "")
            return make(how, text(event, "Recipient"), text="told by Postmark") if how else None
        case _:
            return None
