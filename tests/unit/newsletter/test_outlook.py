"""What is due of a newsletter, planned and delivered in two steps, as the daemon does."""

from datetime import timedelta
from pathlib import Path
from threading import Event

from newsrooms import Newsroom

from feedpub import newsletter

WEEK = timedelta(days=7)


def room(folder: Path) -> Newsroom:
    """Give a newsroom whose digest has begun, with a reader and a new post."""
    found = Newsroom(folder)
    found.post("old.md")
    found.begin()
    found.reader("bob@example.org")
    found.write("one.md")
    return found


def test_what_is_planned_is_delivered_later(tmp_path: Path) -> None:
    """To plan sends nothing; to deliver plans nothing."""
    here = room(tmp_path)
    here.now += WEEK

    assert () == newsletter.deliver(here.request(), Event())

    (planned,) = newsletter.plan(here.request())

    assert planned.issue is not None
    assert {} == here.mailed()
    assert 1 == newsletter.outlook(here.request()).issues[0][1].waiting

    (sent,) = newsletter.deliver(here.request(), Event())

    assert sent.tally is not None
    assert (1, "done") == (sent.tally.accepted, sent.issue and sent.issue.state)
    assert {"bob@example.org": ["one"]} == here.mailed()
    assert planned.issue.posts == sent.posts
    assert "its next time has not come yet" == newsletter.plan(here.request())[0].reason


def test_who_is_told_to_stop_leaves_the_rest(tmp_path: Path) -> None:
    """What waits still waits, and goes out next time."""
    here = room(tmp_path)
    for number in range(300):
        here.reader(f"reader{number}@example.org")
    here.now += WEEK
    newsletter.plan(here.request())
    stop = Event()
    stop.set()
    (sent,) = newsletter.deliver(here.request(), stop)

    assert sent.tally is not None
    assert 301 == sent.tally.accepted + sent.tally.waiting

    newsletter.deliver(here.request(), Event())

    assert 301 == len(here.mailed())


def test_when_the_digests_go_out_and_what_waits(tmp_path: Path) -> None:
    """In the digest's zone or the site's, after the newest slot for which something is known."""
    here = room(tmp_path)
    here.digests("name: weekly", 'name: daily, schedule: "daily 09:00", timezone: Asia/Shanghai')
    found = newsletter.outlook(here.request())
    weekly, daily = found.slots

    assert weekly.last is not None
    assert weekly.last < here.now
    assert ("weekly mon 08:00", "UTC", None) == (weekly.schedule, weekly.zone, found.next_due)
    assert (None, "Asia/Shanghai") == (daily.last, daily.zone)
    assert () == found.issues
    assert found.next_round is None

    here.now += WEEK
    newsletter.plan(here.request())
    found = newsletter.outlook(here.request())

    assert here.now == found.next_due == found.next_round
    assert ["weekly"] == [issue.digest for issue, _ in found.issues]


def test_the_log_of_the_database_is_emptied(tmp_path: Path) -> None:
    """What was overwritten in it is gone, though others have the database open."""
    here = room(tmp_path)
    log = tmp_path / ".feedpub" / "newsletter.sqlite-wal"
    with here.desk() as desk:
        desk.store.remove(1)

        assert log.stat().st_size

        newsletter.tidy(here.request())

        assert 0 == log.stat().st_size
