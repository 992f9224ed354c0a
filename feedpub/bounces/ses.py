"""Read what Amazon SES says of bounces and complaints, by SNS to a URL or by mail.

https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html
"""

from collections.abc import Iterator

from feedpub.bounces.providers import classify_provider_bounce
from feedpub.bounces.report import BounceEvent, build_event
from feedpub.bounces.values import get_list, get_text
from feedpub.refusals import Refusal

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
