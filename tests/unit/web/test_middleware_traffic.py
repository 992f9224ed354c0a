"""Requests for feeds, counted as they are seen."""

from datetime import UTC, datetime, timedelta

from feedpub.models.stats import UNKNOWN_AGENT, FeedHits
from feedpub.web.middleware import AccessRecord, HitCounter

NOW = datetime(2025, 6, 1, 23, 0, tzinfo=UTC)
FEEDLY = "Feedly/1.0 (+http://www.feedly.com/fetcher.html; 32 subscribers)"


def seen(path: str, agent: str = "", status: int = 200) -> AccessRecord:
    """Give a request that was answered."""
    return AccessRecord("GET", path, status, agent)


def test_requests_for_feeds_are_counted() -> None:
    """By status, and by day, feed and program."""
    traffic = HitCounter()
    for each in (
        seen("/rss.xml", FEEDLY),
        seen("/rss.xml", FEEDLY.replace("32", "33")),
        seen("/tags/%E4%B8%AD/atom.xml", "NetNewsWire (RSS Reader; https://netnewswire.com/)", 304),
        seen("/none/rss.xml", "x", 404),
        seen("/index.html", FEEDLY),
        seen("/not-rss.xml", FEEDLY),
    ):
        traffic.record(each, "/", NOW)

    assert (("200", 2), ("304", 1), ("404", 1)) == traffic.get_status_counts()
    assert (
        FeedHits("2025-06-01", "rss.xml", "Feedly", 33, 2),
        FeedHits("2025-06-01", "tags/中/atom.xml", "NetNewsWire", 0, 1),
    ) == traffic.drain()
    assert () == traffic.drain()
    assert (("200", 2), ("304", 1), ("404", 1)) == traffic.get_status_counts()


def test_a_site_below_a_path_has_feeds_there() -> None:
    """And their paths are told without it."""
    traffic = HitCounter()
    traffic.record(seen("/blog/tags/a/feed.json"), "/blog/", NOW)
    traffic.record(seen("/tags/a/feed.json"), "/blog/", NOW)

    assert (FeedHits("2025-06-01", "tags/a/feed.json", UNKNOWN_AGENT, 0, 1),) == traffic.drain()


def test_there_is_an_end_of_memory() -> None:
    """However many feeds there are; those that are known are counted on."""
    traffic = HitCounter()
    for number in range(20_010):
        traffic.count(f"{number}/rss.xml", "a", 200, NOW)
    traffic.count("0/rss.xml", "a", 200, NOW)
    found = {each.feed: each.requests for each in traffic.drain()}

    assert 20_000 == len(found)
    assert 2 == found["0/rss.xml"]
    assert (("200", 20_011),) == traffic.get_status_counts()

    traffic.count("20009/rss.xml", "a", 200, NOW)

    assert ["20009/rss.xml"] == [each.feed for each in traffic.drain()]


def test_programs_call_themselves_anything() -> None:
    """So many are told apart in one day, however often the counts are taken; the rest are others.

    Nothing else of what they say is kept.
    """
    traffic = HitCounter()
    found: list[FeedHits] = []
    for number in range(300):
        traffic.count("rss.xml", f"a{number}/{'x' * 10_000}", 200, NOW)
        found += traffic.drain()
    names = [each.agent for each in found]

    assert [f"a{number}" for number in range(200)] + [UNKNOWN_AGENT] * 100 == names

    traffic.count("rss.xml", "a0", 200, NOW)
    traffic.count("rss.xml", "a299", 200, NOW + timedelta(days=1))

    assert ["a0", "a299"] == [each.agent for each in traffic.drain()]


def test_what_could_not_be_kept_is_not_lost() -> None:
    """It is added to what was asked for meanwhile."""
    traffic = HitCounter()
    traffic.count("rss.xml", FEEDLY, 200, NOW)
    taken = traffic.drain()
    traffic.count("rss.xml", "Feedly/1.0", 200, NOW)
    traffic.restore(taken)

    assert (FeedHits("2025-06-01", "rss.xml", "Feedly", 32, 2),) == traffic.drain()
