"""Mailgun webhooks.

https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks
"""

import hmac
from datetime import datetime

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

_PERMANENT = ("550", "551", "553", "554", "556")
_REFUSALS = {"espblock": Refusal.POLICY, "old": Refusal.TECHNICAL}
_SUPPRESSED = {
    "suppress-bounce": "hard",
    "suppress-complaint": "complaint",
    "suppress-unsubscribe": "unsubscribe",
}
_DIGITS = 10  # digits of a Unix timestamp from 2001 to 2286


class Mailgun:
    """Parser of Mailgun webhooks, which are signed with `key`."""

    def __init__(self, key: str, keys: SigningKeys) -> None:
        """Accept requests signed with `key`, the webhook signing key."""
        self._key = key.encode()
        self._keys = keys

    def __call__(self, posted: WebhookRequest, now: datetime) -> WebhookNotification:
        """Return the notification. Raises WebhookError.

        Mailgun signs only the timestamp and a token, not the event, so a captured signature fits
        any event. It is therefore accepted once and briefly. The two are signed without a
        separator, so the timestamp must have a fixed length.
        """
        told = parse_json(posted.body)
        when, token = get_text(told, "signature", "timestamp"), get_text(told, "signature", "token")
        mark = hmac.digest(self._key, (when + token).encode("utf-8", "replace"), "sha256").hex()
        given = get_text(told, "signature", "signature").encode("utf-8", "replace")
        if not hmac.compare_digest(given, mark.encode()):
            raise WebhookError("invalid signature")
        if len(when) != _DIGITS or not (when.isascii() and when.isdigit()):
            raise WebhookError("no valid timestamp")
        require_fresh_timestamp(when, now)
        event = told.get("event-data") if isinstance(told, dict) else None
        report = _parse_event(event)
        return WebhookNotification(
            f"{when} {token}", (attach_subscriber(report, event, self._keys),) if report else ()
        )


def _parse_event(event: object) -> BounceEvent | None:
    recipient, kind = get_text(event, "recipient"), get_text(event, "event")
    if kind in {"complained", "unsubscribed"}:
        how = "complaint" if kind == "complained" else "unsubscribe"
        return build_event(how, recipient, text=f"{kind} (Mailgun)")
    if kind != "failed" or get_text(event, "severity") != "permanent":
        return None  # Mailgun retries temporary failures itself
    said = get_text(event, "delivery-status", "message")
    said = said or get_text(event, "delivery-status", "description")
    how = _SUPPRESSED.get(get_text(event, "reason"), "")
    if how:
        return build_event(how, recipient, text=said)
    status = get_text(event, "delivery-status", "enhanced-code")
    code = get_text(event, "delivery-status", "code")
    if code in _PERMANENT and bounce_classifier.find_reply_codes(said) == (0, ""):
        said = f"{code} {said}"
    permanent = code in _PERMANENT or not code
    how = "hard" if permanent and _is_hard(event, status, said) else "soft"
    return classify_provider_bounce(
        how, recipient, status, said, refusal=_REFUSALS.get(get_text(event, "reason"))
    )


def _is_hard(event: object, status: str, said: str) -> bool:
    """Return whether Mailgun or the server's text calls the address invalid."""
    is_hard = get_text(event, "delivery-status", "bounce-type") == "hard"
    code, named = bounce_classifier.find_reply_codes(said)
    return is_hard or bounce_classifier.is_hard_bounce(code or 550, status or named, said)
