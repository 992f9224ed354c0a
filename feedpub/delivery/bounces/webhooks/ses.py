"""Read what Amazon SES tells by SNS."""

from datetime import datetime

from feedpub.delivery.bounces import provider_bounces
from feedpub.delivery.bounces.webhooks.notification import (
    WebhookNotification,
    WebhookRequest,
    attach_subscriber,
    parse_json,
)
from feedpub.delivery.bounces.webhooks.sns import FetchUrl, LoadRoots, Sns
from feedpub.models.tokens import SigningKeys


class Ses:
    """Reads what SES tells."""

    def __init__(self, topic: str, keys: SigningKeys, fetch: FetchUrl, roots: LoadRoots) -> None:
        """Read of an SNS topic, by its ARN; `fetch` and `roots` are as `Sns` takes them."""
        self._keys = keys
        self._sns = Sns(topic, fetch, roots)

    def __call__(self, posted: WebhookRequest, now: datetime) -> WebhookNotification:
        """Give what was told. Raises NoticeError."""
        told = self._sns(posted, now)
        if told.kind != "Notification":
            return WebhookNotification(told.id, (), told.confirm_url)
        event = parse_json(told.message)
        reports = tuple(provider_bounces.parse_ses_events(event))
        if len(reports) == 1:  # of several, the token says nothing of each
            reports = (attach_subscriber(reports[0], event, self._keys),)
        return WebhookNotification(told.id, reports)
