"""Postmark webhooks.

https://postmarkapp.com/developer/webhooks/webhooks-overview
"""

import base64
import binascii
import hmac
from datetime import datetime
from hashlib import sha256

from feedpub.delivery.bounce_classifier import Refusal
from feedpub.delivery.bounces.event import BounceEvent, build_event
from feedpub.delivery.bounces.provider_bounces import classify_provider_bounce, get_text
from feedpub.delivery.bounces.webhooks.notification import (
    WebhookError,
    WebhookNotification,
    WebhookRequest,
    attach_subscriber,
    parse_json,
)
from feedpub.models.tokens import SigningKeys

_KINDS = {
    "SpamComplaint": "complaint",
    "Unsubscribe": "unsubscribe",
    "ManuallyDeactivated": "unsubscribe",
    "Transient": "auto",  # Postmark retries itself
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
"""Bounce types that imply a subject: https://postmarkapp.com/developer/api."""
_REASONS = {
    "HardBounce": "hard",
    "SpamComplaint": "complaint",
    "ManualSuppression": "unsubscribe",
}


class Postmark:
    """Parser of Postmark webhooks, which carry a shared secret."""

    def __init__(self, secret: str, keys: SigningKeys) -> None:
        """Accept requests with `secret` as their password or at the end of their URL."""
        self._secret = secret.encode()
        self._keys = keys

    def __call__(self, posted: WebhookRequest, now: datetime) -> WebhookNotification:
        """Return the notification. Raises WebhookError."""
        del now  # Postmark does not sign requests, so a timestamp would prove nothing
        given = (posted.secret, _password(posted.headers.get("authorization", "")))
        same = [
            hmac.compare_digest(each.encode("utf-8", "replace"), self._secret) for each in given
        ]
        if not any(same):
            raise WebhookError("wrong or missing secret")
        event = parse_json(posted.body)
        report = _parse_event(event)
        # There is no event id to use; a request that is sent again has the same body.
        number = sha256(posted.body).hexdigest()
        return WebhookNotification(
            number, (attach_subscriber(report, event, self._keys),) if report else ()
        )


def _password(header: str) -> str:
    """Return the password of basic authentication (RFC 7617), or ""."""
    scheme, _, given = header.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(given, validate=True).decode().partition(":")[2]
    except (binascii.Error, ValueError):
        return ""


def _parse_event(event: object) -> BounceEvent | None:
    said = get_text(event, "Details") or get_text(event, "Description")
    match get_text(event, "RecordType"):
        case "Bounce":
            kind, address = get_text(event, "Type"), get_text(event, "Email")
            if kind in _KINDS:
                return build_event(_KINDS[kind], address, text=said)
            words = get_text(event, "Details")
            how, refusal = _BOUNCES.get(kind, "soft"), _REFUSALS.get(kind)
            return classify_provider_bounce(how, address, "", words, said or kind, refusal)
        case "SpamComplaint":
            return build_event(
                "complaint", get_text(event, "Email"), text=said or "complaint (Postmark)"
            )
        case "SubscriptionChange":
            how = _REASONS.get(get_text(event, "SuppressionReason"), "")
            return (
                build_event(how, get_text(event, "Recipient"), text="told by Postmark")
                if how
                else None
            )
        case _:
            return None
