"""Read what Amazon SES tells by SNS."""

from datetime import datetime

from feedpub.bounces import ses
from feedpub.bounces.webhooks.certificates import Fetch, Roots
from feedpub.bounces.webhooks.sns import Sns
from feedpub.bounces.webhooks.values import Notice, Posted, owned, parsed
from feedpub.tokens import Keys


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
        reports = tuple(ses.reports(event))
        if len(reports) == 1:  # of several, the token says nothing of each
            reports = (owned(reports[0], event, self._keys),)
        return Notice(told.id, reports)
