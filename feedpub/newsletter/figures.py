"""What the database knows of how a site stands → figures for /metrics."""

from datetime import timedelta

from feedpub import readership
from feedpub.metrics import MetricsSnapshot
from feedpub.newsletter.desk import open_newsletter
from feedpub.publish.request import BuildRequest

_WEEK = timedelta(days=6)  # with today
_FEEDS = 100  # the most read first: each is a series of its own


def collect_metrics(request: BuildRequest) -> MetricsSnapshot:
    """Give these figures; the others are not known here. Raises FeedpubError as `opened` does."""
    week = request.now.date() - _WEEK
    with open_newsletter(request) as desk:
        feeds = readership.estimate_subscribers(desk.store.list_feed_hits(week))
        return MetricsSnapshot(
            feed_readers=tuple((each.feed, each.subscribers) for each in feeds[:_FEEDS]),
            subscribers=desk.store.count_by_state(),
            deliveries=desk.store.count_open_deliveries(),
            pending_webhooks=desk.store.count_pending_webhooks(),
            database_up=True,
        )
