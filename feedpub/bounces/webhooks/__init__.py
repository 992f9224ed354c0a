"""What a mail service POSTs of bounces and complaints → reports, once it is sure that it did.

Each service has a class whose instance is called with what was POSTed and the time, and gives a
Notice or raises NoticeError; nothing else is ever raised, whatever the octets.
"""

from feedpub.bounces.webhooks.mailgun import Mailgun
from feedpub.bounces.webhooks.postmark import Postmark
from feedpub.bounces.webhooks.sendgrid import SendGrid
from feedpub.bounces.webhooks.ses import Ses
from feedpub.bounces.webhooks.values import (
    TIMESTAMP_TOLERANCE,
    WebhookError,
    WebhookNotification,
    WebhookParser,
    WebhookRequest,
    WebhookRetryLaterError,
)

__all__ = [
    "TIMESTAMP_TOLERANCE",
    "Mailgun",
    "Postmark",
    "SendGrid",
    "Ses",
    "WebhookError",
    "WebhookNotification",
    "WebhookParser",
    "WebhookRequest",
    "WebhookRetryLaterError",
]
