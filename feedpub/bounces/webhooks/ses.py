"""What Amazon SES tells by SNS → reports.

https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html
"""

from collections.abc import Iterator
from datetime import datetime

from feedpub.bounces.report import Report, make
from feedpub.bounces.webhooks.certificates import Fetch, Roots
from feedpub.bounces.webhooks.sns import Sns
from feedpub.bounces.webhooks.values import Notice, Posted, listed, owned, parsed, text
from feedpub.tokens import Keys

_BOUNCES = {"Permanent": "hard", "Transient": "soft"}
_NO_COMPLAINT = ("not-spam", "auth-failure")


class Ses:
    """Reads what SES tells."""

    def __init__(self, topic: str, keys: Keys, fetch: Fetch, roots: Roots) -> None:
        """Read of an SNS topic, by its ARN; `fetch` and `roots` are as `Sns` takes them."""
        self._keys = keys
        self._sns = Sns(topic, fetch, roots)

    def __call__(self, posted: Posted, now: datetime) -> Notice:
        """Give what was told. Raises NoticeError."""
        told = self._sns(posted, now)
        if told.kind != "Notification":
            return Notice(told.id, (), told.visit)
        event = parsed(told.message)
        reports = tuple(_reports(event))
        if len(reports) == 1:  # of several, the token says nothing of each
            reports = (owned(reports[0], event, self._keys),)
        return Notice(told.id, reports)


def _reports(event: object) -> Iterator[Report]:
    kind = text(event, "notificationType") or text(event, "eventType")
    if kind == "Bounce":
        how = _BOUNCES.get(text(event, "bounce", "bounceType"), "unknown")
        for each in listed(event, "bounce", "bouncedRecipients"):
            said = text(each, "diagnosticCode") or text(event, "bounce", "bounceSubType")
            yield make(how, text(each, "emailAddress"), text(each, "status"), said)
    elif kind == "Complaint":
        what = text(event, "complaint", "complaintFeedbackType")
        how = "auto" if what in _NO_COMPLAINT else "complaint"
        for each in listed(event, "complaint", "complainedRecipients"):
            yield make(how, text(each, "emailAddress"), text=f"{what or 'complaint'} (Amazon SES)")
