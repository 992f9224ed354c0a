"""Read what Amazon SES says of bounces and complaints, by SNS to a URL or by mail.

https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html
"""

from collections.abc import Iterator

from feedpub.bounces.providers import weigh
from feedpub.bounces.report import Report, make
from feedpub.bounces.values import listed, text
from feedpub.refusals import Refusal

_NO_COMPLAINT = ("not-spam", "auth-failure")
_REFUSALS = {
    "MailboxFull": Refusal.MAILBOX,
    "MessageTooLarge": Refusal.POLICY,
    "ContentRejected": Refusal.POLICY,
    "AttachmentRejected": Refusal.POLICY,
    "UnsubscribedRecipient": Refusal.INVALID,
}


def reports(event: object) -> Iterator[Report]:
    """Return a report for each recipient that an event is about."""
    kind = text(event, "notificationType") or text(event, "eventType")
    if kind == "Bounce":
        for each in listed(event, "bounce", "bouncedRecipients"):
            yield _bounced(event, each)
    elif kind == "Complaint":
        what = text(event, "complaint", "complaintFeedbackType")
        how = "auto" if what in _NO_COMPLAINT else "complaint"
        for each in listed(event, "complaint", "complainedRecipients"):
            yield make(how, text(each, "emailAddress"), text=f"{what or 'complaint'} (Amazon SES)")


def _bounced(event: object, recipient: object) -> Report:
    kind, detail = text(event, "bounce", "bounceType"), text(event, "bounce", "bounceSubType")
    address, status = text(recipient, "emailAddress"), text(recipient, "status")
    said = text(recipient, "diagnosticCode")
    if detail == "UnsubscribedRecipient":
        return make("unsubscribe", address, status, said or detail)
    if kind == "Permanent":
        return weigh("hard", address, status, said, detail)
    if kind == "Transient" and detail == "General" and not (said or status):
        # An absence, mostly: SES itself does not count it.
        return make("auto", address, text=detail)
    if kind == "Transient":
        return weigh("soft", address, status, said, detail, _REFUSALS.get(detail))
    return weigh("unknown", address, status, said, detail or kind)
