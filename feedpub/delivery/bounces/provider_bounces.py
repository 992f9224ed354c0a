"""Weigh what a mail service says of a bounce against the words of the server that refused.

Read what Amazon SES says of bounces and complaints, by SNS to a URL or by mail.

https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html

Look into JSON that anybody may have written.
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
    """Return the report of a bounce that a service called hard, soft or unknown.

    A service may call permanent what is a policy, or a full mailbox; so its word counts only
    where the server's words do not say otherwise. What it calls soft is never hard.

    Args:
        kind: What the service calls it.
        recipient: The address.
        status: The enhanced status code, "" where none is known.
        said: The server's words, "" where the service does not repeat them.
        category: What the service says where the server's words are missing.
        refusal: What the service's category says it is about, where that is known.
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
    """Give the text, or the number, under these keys; "" where there is none."""
    found = _get(value, path)
    if isinstance(found, (int, float)) and not isinstance(found, bool):
        return str(found)
    return found if isinstance(found, str) else ""


def get_list(value: object, *path: str) -> list[object]:
    """Give the list under these keys; an empty one where there is none."""
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
    """Return a report for each recipient that an event is about."""
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
        # An absence, mostly: SES itself does not count it.
        return build_event("auto", address, text=detail)
    if kind == "Transient":
        return classify_provider_bounce(
            "soft", address, status, said, detail, _REFUSALS.get(detail)
        )
    return classify_provider_bounce("unknown", address, status, said, detail or kind)
