"""Amazon SES notifications, delivered by Amazon SNS."""

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
    """Parser of SES notifications from one SNS topic."""

    def __init__(self, topic: str, keys: SigningKeys, fetch: FetchUrl, roots: LoadRoots) -> None:
        """Accept notifications of the SNS topic with the ARN `topic`; see `Sns` for the rest."""
        self._keys = keys
        self._sns = Sns(topic, fetch, roots)

    def __call__(self, posted: WebhookRequest, now: datetime) -> WebhookNotification:
        """Return the notification. Raises WebhookError."""
        told = self._sns(posted, now)
        if told.kind != "Notification":
            return WebhookNotification(told.id, (), told.confirm_url)
        event = parse_json(told.message)
        reports = tuple(provider_bounces.parse_ses_events(event))
        if len(reports) == 1:  # with several, the token does not say which one
            reports = (attach_subscriber(reports[0], event, self._keys),)
        return WebhookNotification(told.id, reports)
