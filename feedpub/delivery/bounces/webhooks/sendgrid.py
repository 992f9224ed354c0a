"""SendGrid event webhooks.

https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event
"""

import base64
import binascii
from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from feedpub.delivery import bounce_classifier
from feedpub.delivery.bounce_classifier import Refusal
from feedpub.delivery.bounces.event import BounceEvent, build_event
from feedpub.delivery.bounces.provider_bounces import classify_provider_bounce, get_text
from feedpub.delivery.bounces.webhooks.notification import (
    WebhookError,
    WebhookNotification,
    WebhookRequest,
    attach_subscriber,
    parse_json,
    require_fresh_timestamp,
)
from feedpub.models.tokens import SigningKeys

_SIGNATURE = "x-twilio-email-event-webhook-signature"
_TIMESTAMP = "x-twilio-email-event-webhook-timestamp"
_DROPPED = {
    "bounced address": "hard",
    "invalid": "hard",
    "spam reporting address": "complaint",
    "unsubscribed address": "unsubscribe",
}
_SENDER_REASONS = ("spam content", "recipient list over package quota", "invalid smtpapi header")
_REFUSALS = {
    "invalid address": Refusal.INVALID,
    "mailbox unavailable": Refusal.MAILBOX,
    "content": Refusal.POLICY,
    "reputation": Refusal.POLICY,
    "frequency or volume too high": Refusal.RATE,
    "technical": Refusal.TECHNICAL,
    "technical failure": Refusal.TECHNICAL,
}
"""https://www.twilio.com/docs/sendgrid/ui/analytics-and-reporting/bounce-and-block-classifications"""
_EVENT_KINDS = {
    "spamreport": "complaint",
    "unsubscribe": "unsubscribe",
    "group_unsubscribe": "unsubscribe",
}


class SendGrid:
    """Parser of SendGrid webhooks, which are signed with ECDSA."""

    def __init__(self, key: str, keys: SigningKeys) -> None:
        """Accept requests signed for verification key `key`. Raises ValueError if it is invalid."""
        try:
            found = load_der_public_key(base64.b64decode(key, validate=True))
        except (binascii.Error, ValueError, UnsupportedAlgorithm):
            found = None
        if not isinstance(found, EllipticCurvePublicKey):
            told = "not a verification key for SendGrid's signed event webhook"
            raise ValueError(told)  # noqa: TRY004 - the argument is a str; its content is wrong
        self._key = found
        self._keys = keys

    def __call__(self, posted: WebhookRequest, now: datetime) -> WebhookNotification:
        """Return the notification. Raises WebhookError."""
        written = posted.headers.get(_SIGNATURE, "")
        when = posted.headers.get(_TIMESTAMP, "")
        signed = when.encode("utf-8", "replace") + posted.body
        try:
            mark = base64.b64decode(written, validate=True)
            self._key.verify(mark, signed, ECDSA(SHA256()))
        except (InvalidSignature, binascii.Error, ValueError):
            raise WebhookError("invalid signature") from None
        require_fresh_timestamp(when, now)
        events = parse_json(posted.body)
        if not isinstance(events, list):
            raise WebhookError("not a list of events")
        # Not the signature: ECDSA allows several valid ones for the same body.
        number = f"{when} {sha256(posted.body).hexdigest()}"
        return WebhookNotification(number, tuple(self._parse_events(events)))

    def _parse_events(self, events: list[object]) -> Iterator[BounceEvent]:
        for event in events:
            report = _parse_event(event)
            if report is not None:
                yield attach_subscriber(report, event, self._keys)


def _parse_event(event: object) -> BounceEvent | None:
    kind, recipient = get_text(event, "event"), get_text(event, "email")
    reason, status = get_text(event, "reason"), get_text(event, "status")
    if kind in _EVENT_KINDS:
        return build_event(_EVENT_KINDS[kind], recipient, text=f"{kind} (SendGrid)")
    if kind == "dropped":
        if reason.lower() in _SENDER_REASONS:
            return build_event("soft", recipient, status, reason, Refusal.POLICY)
        how = _DROPPED.get(reason.lower(), "")
        return build_event(how, recipient, text=reason) if how else None
    if kind != "bounce":
        return None  # SendGrid retries deferred messages itself
    category = get_text(event, "bounce_classification")
    refusal = _REFUSALS.get(category.lower())
    if refusal is None and get_text(event, "type") == "blocked":
        refusal = Refusal.POLICY  # a block concerns the message, not the address
    code, named = bounce_classifier.find_reply_codes(reason)
    gone = bounce_classifier.is_hard_bounce(code or 550, status or named, reason)
    hard = refusal is Refusal.INVALID or (refusal is None and gone)
    return classify_provider_bounce(
        "hard" if hard else "soft", recipient, status, reason, category, refusal
    )
