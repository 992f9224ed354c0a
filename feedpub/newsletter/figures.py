"""What the database knows of how a site stands → figures for /metrics."""

from datetime import timedelta

from feedpub import readership
from feedpub.metrics import Figures
from feedpub.newsletter.desk import opened
from feedpub.publish.request import Request

_WEEK = timedelta(days=6)  # with today
_FEEDS = 100  # the most read first: each is a series of its own


def measured(request: Request) -> Figures:
    """Give these figures; the others are not known here. Raises FeedpubError as `opened` does."""
    week = request.now.date() - _WEEK
    with opened(request) as desk:
        feeds = readership.reach(desk.store.visits(week))
        return Figures(
            readers=tuple((each.feed, each.readers) for each in feeds[:_FEEDS]),
            subscribers=desk.store.counts(),
            deliveries=desk.store.under_way(),
            errands=desk.store.waiting(),
            database_up=True,
        )
