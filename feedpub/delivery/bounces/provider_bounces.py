"""Bounces reported by mail providers as JSON, and the event format of Amazon SES.

`classify_provider_bounce` checks a provider's verdict against the refusing server's text.
`parse_ses_events` reads SES notifications that arrive through SNS or by mail:
https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html
"""

from collections.abc import Iterator

from feedpub.delivery import bounce_classifier
from feedpub.delivery.bounce_classifier import Refusal
from feedpub.delivery.bounces.event import BounceEvent, build_event

_PERMANENT = 550


def classify_provider_bounce(
    kind: str,
    recipient: str,
    status: str,
    said: str,
    category: str = "",
    refusal: Refusal | None = None,
) -> BounceEvent:
    """Return the event for a bounce that a provider called hard, soft or unknown.

    Providers also call policy refusals and full mailboxes permanent, so "hard" stands only if the
    server's text does not contradict it. What the provider calls soft never becomes hard.

    Args:
        kind: The provider's verdict.
        recipient: The address.
        status: The enhanced status code, "" if unknown.
        said: The server's text, "" if the provider does not quote it.
        category: The text to show if `said` is empty.
        refusal: The subject of the refusal by the provider's category, if known.
    """
    code, named = bounce_classifier.find_reply_codes(said)
    found = (
        bounce_classifier.classify(code or _PERMANENT, status or named, said)
        if said or status
        else None
    )
    if found is None or found is Refusal.UNCLASSIFIED or (refusal and not found.is_about_sender):
        found = refusal or (Refusal.INVALID if kind == "hard" else Refusal.UNCLASSIFIED)
    how = kind
    if kind == "hard" and not found.is_hard:
        how = "soft"
    if found.is_hard and kind != "hard":
        found = Refusal.UNCLASSIFIED
    return build_event(how, recipient, status or named, said or category, found)


def get_text(value: object, *path: str) -> str:
    """Return the string or number at a path of keys, or ""."""
    found = _get(value, path)
    if isinstance(found, (int, float)) and not isinstance(found, bool):
        return str(found)
    return found if isinstance(found, str) else ""


def get_list(value: object, *path: str) -> list[object]:
    """Return the list at a path of keys, or an empty one."""
    found = _get(value, path)
    return found if isinstance(found, list) else []


def _get(value: object, path: tuple[str, ...]) -> object:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


_NO_COMPLAINT = ("not-spam", "auth-failure")
_REFUSALS = {
    "MailboxFull": Refusal.MAILBOX,
    "MessageTooLarge": Refusal.POLICY,
    "ContentRejected": Refusal.POLICY,
    "AttachmentRejected": Refusal.POLICY,
    "UnsubscribedRecipient": Refusal.INVALID,
}


def parse_ses_events(event: object) -> Iterator[BounceEvent]:
    """Yield an event for each recipient of an SES notification."""
    kind = get_text(event, "notificationType") or get_text(event, "eventType")
    if kind == "Bounce":
        for each in get_list(event, "bounce", "bouncedRecipients"):
            yield _parse_bounce(event, each)
    elif kind == "Complaint":
        what = get_text(event, "complaint", "complaintFeedbackType")
        how = "auto" if what in _NO_COMPLAINT else "complaint"
        for each in get_list(event, "complaint", "complainedRecipients"):
            yield build_event(
                how, get_text(each, "emailAddress"), text=f"{what or 'complaint'} (Amazon SES)"
            )


def _parse_bounce(event: object, recipient: object) -> BounceEvent:
    kind, detail = (
        get_text(event, "bounce", "bounceType"),
        get_text(event, "bounce", "bounceSubType"),
    )
    address, status = get_text(recipient, "emailAddress"), get_text(recipient, "status")
    said = get_text(recipient, "diagnosticCode")
    if detail == "UnsubscribedRecipient":
        return build_event("unsubscribe", address, status, said or detail)
    if kind == "Permanent":
        return classify_provider_bounce("hard", address, status, said, detail)
    if kind == "Transient" and detail == "General" and not (said or status):
        # Mostly an out-of-office reply; SES does not count it either.
        return build_event("auto", address, text=detail)
    if kind == "Transient":
        return classify_provider_bounce(
            "soft", address, status, said, detail, _REFUSALS.get(detail)
        )
    return classify_provider_bounce("unknown", address, status, said, detail or kind)
