"""What the database tells of how a site stands."""

from datetime import timedelta
from pathlib import Path

from newsrooms import Newsroom

from feedpub.daemon.health import collect_metrics
from feedpub.models.stats import FeedHits
from feedpub.newsletter import queue_status


def test_the_database_tells_its_part_of_the_metrics(tmp_path: Path) -> None:
    """Readers of the last week, the list, and what is to be sent; not what others know."""
    room = Newsroom(tmp_path)
    room.reader("ann@example.net")
    today = room.now.date()
    visits = [
        FeedHits((today - timedelta(days=days)).isoformat(), path, "newsboat", 0, 1)
        for days, path in ((0, "rss.xml"), (6, "atom.xml"), (7, "feed.json"))
    ]
    queue_status.record_counts(room.request(), visits)

    found = collect_metrics(room.request())

    assert (("atom.xml", 1), ("rss.xml", 1)) == found.feed_readers
    assert 1 == dict(found.subscribers)["active"]
    assert ((), 0) == (found.deliveries, found.pending_webhooks)
    assert found.watcher_lag is None
