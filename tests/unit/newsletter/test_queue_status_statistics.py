"""How a site is read, from the list, the issues and the counts of each day."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from newsrooms import DAY, Newsroom

from feedpub.models.stats import FeedAudience, FeedHits, Statistics
from feedpub.newsletter import queue_status
from feedpub.subscribers import manage


@pytest.fixture
def room(tmp_path: Path) -> Newsroom:
    """Give a site with two readers and an issue that went out."""
    room = Newsroom(tmp_path)
    room.reader("ann@example.net")
    room.begin()
    room.write("one.md")
    room.send()
    return room


def told(room: Newsroom, days: int = 3) -> Statistics:
    """Give the statistics of some days."""
    return queue_status.collect_statistics(room.request(), days)


def numbers(room: Newsroom, days: int = 3) -> list[int]:
    """Give how many were on the list each day."""
    return [number for _, number in told(room, days).active]


def test_a_site_tells_how_it_is_read(room: Newsroom) -> None:
    """Everything at once, of the days that were asked for."""
    today = room.now.date()
    visits = [
        FeedHits(today.isoformat(), "rss.xml", "Feedly", 32, 5),
        FeedHits((today - timedelta(days=3)).isoformat(), "rss.xml", "newsboat", 0, 1),
    ]
    queue_status.record_counts(room.request(), visits)

    found = told(room)

    assert ("Example & Co", "#1a5fb4") == (found.title, found.accent)
    assert (today - timedelta(days=2), today) == (found.since, found.today)
    assert 1 == dict(found.states)["active"]
    assert (FeedAudience("rss.xml", 32, 5),) == found.feeds
    assert (("Feedly", 5),) == found.user_agents
    (issue,) = found.issues
    assert ("weekly", "one", "done", 1) == (
        issue.digest,
        issue.subject,
        issue.state,
        issue.stats.accepted,
    )
    assert [today] == [each.day for each in found.issues]


def test_a_site_speaks_its_language(room: Newsroom) -> None:
    """And says what its own templates have it say."""
    (room.root / "templates/words").mkdir(parents=True)
    (room.root / "templates/words/en.toml").write_text('[words]\nstats-none = "not one"\n')
    words = queue_status.load_catalog(room.request())

    assert ("People on the list", "not one") == (
        words.gettext("stats-people"),
        words.gettext("stats-none"),
    )


def test_days_that_nobody_counted_are_made_of_what_the_list_remembers(room: Newsroom) -> None:
    """Who came when, and who left when."""
    room.now += DAY
    manage.add_subscriber(room.request(), "bob@example.net")
    room.now += DAY
    manage.suppress_address(room.request(), "ann@example.net")

    assert [0, 1, 2, 1] == numbers(room, 4)
    assert [2, 1] == numbers(room, 2)


def test_days_that_were_counted_stay_as_they_were(room: Newsroom) -> None:
    """Though somebody was removed since, of whom nothing is known any more."""
    manage.add_subscriber(room.request(), "bob@example.net")
    queue_status.record_counts(room.request(), ())
    room.now += 2 * DAY
    manage.remove_subscriber(room.request(), "bob@example.net")

    assert [0, 2, 2, 2] == numbers(room, 4)

    queue_status.record_counts(room.request(), ())

    assert [2, 2, 1] == numbers(room, 3)


def test_an_issue_of_before_is_not_told(room: Newsroom) -> None:
    """Only those of the days that were asked for."""
    room.now += 5 * DAY

    assert () == told(room).issues
    assert date(2025, 6, 6) == told(room).today
