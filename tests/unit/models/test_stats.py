"""Programs by what they say of themselves, and how many read a feed by them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedpub.models.stats import (
    UNKNOWN_AGENT,
    FeedAudience,
    FeedHits,
    UserAgent,
    count_by_user_agent,
    estimate_subscribers,
    parse_user_agent,
)

CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 "
    "Safari/537.36"
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Feedly/1.0 (+http://www.feedly.com/fetcher.html; 32 subscribers)",
            UserAgent("Feedly", 32),
        ),
        ("Feedbin feed-id:1373711 - 142 subscribers", UserAgent("Feedbin feed-id", 142)),
        (
            "Mozilla/5.0 (compatible; inoreader.com; 11 subscribers)",
            UserAgent("inoreader.com", 11),
        ),
        (
            "NewsBlur Feed Fetcher - 1 subscriber - http://x (Mac)",
            UserAgent("NewsBlur Feed Fetcher", 1),
        ),
        ("Tiny Tiny RSS/21.11 (https://tt-rss.org/)", UserAgent("Tiny Tiny RSS")),
        ("newsboat/2.37.0 (Linux x86_64)", UserAgent("newsboat")),
        ("Mozilla/5.0 (compatible; Miniflux/2.1.3; +https://miniflux.app)", UserAgent("Miniflux")),
        (CHROME, UserAgent("Chrome")),
        (CHROME + " Edg/126", UserAgent("Edge")),
        (
            "Mozilla/5.0 (Windows NT 10.0; rv:127.0) Gecko/20100101 Firefox/127.0",
            UserAgent("Firefox"),
        ),
        ("Mozilla/5.0", UserAgent(UNKNOWN_AGENT)),
        ("Mozilla/5.0 (compatible; )", UserAgent(UNKNOWN_AGENT)),
        ("mozilla", UserAgent(UNKNOWN_AGENT)),
        ("", UserAgent(UNKNOWN_AGENT)),
        ("123", UserAgent(UNKNOWN_AGENT)),
        ("Liar/1 (99999999 subscribers)", UserAgent("Liar", 10_000_000)),
    ],
)
def test_a_program_is_told_by_its_name(text: str, expected: UserAgent) -> None:
    """Without version and system, which tell people apart."""
    assert expected == parse_user_agent(text)


@given(st.text())
def test_nothing_that_a_program_says_raises(text: str) -> None:
    """And its name is short, and fit to be shown."""
    found = parse_user_agent(text)

    assert 0 < len(found.name) <= 40
    assert found.name.isprintable()


VISITS = (
    FeedHits("2025-06-01", "rss.xml", "Feedly", 32, 10),
    FeedHits("2025-06-02", "rss.xml", "Feedly", 30, 10),
    FeedHits("2025-06-02", "rss.xml", "newsboat", 0, 3),
    FeedHits("2025-06-02", "rss.xml", "Chrome", 0, 1),
    FeedHits("2025-06-02", "atom.xml", "newsboat", 0, 400),
    FeedHits("2025-06-02", "feed.json", "newsboat", 0, 500),
)


def test_readers_are_counted_once() -> None:
    """A program that tells counts for as many as on its best day, each other one for one."""
    assert (
        FeedAudience("rss.xml", 34, 24),
        FeedAudience("feed.json", 1, 500),
        FeedAudience("atom.xml", 1, 400),
    ) == estimate_subscribers(VISITS)


def test_programs_are_counted_by_requests() -> None:
    """The busiest first."""
    assert (("newsboat", 903), ("Feedly", 20), ("Chrome", 1)) == count_by_user_agent(VISITS)
