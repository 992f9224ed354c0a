"""What is due of a newsletter, planned and delivered in two steps, as the daemon does."""

from datetime import timedelta
from pathlib import Path
from threading import Event

from newsrooms import Newsroom

from feedpub.newsletter import issues, queue_status

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

    assert () == issues.deliver_issues(here.request(), Event())

    (planned,) = issues.plan_issues(here.request())

    assert planned.issue is not None
    assert {} == here.mailed()
    assert 1 == queue_status.get_queue_status(here.request()).open_issues[0][1].waiting

    (sent,) = issues.deliver_issues(here.request(), Event())

    assert sent.stats is not None
    assert (1, "done") == (sent.stats.accepted, sent.issue and sent.issue.state)
    assert {"bob@example.org": ["one"]} == here.mailed()
    assert planned.issue.posts == sent.posts
    assert "not due yet" == issues.plan_issues(here.request())[0].reason


def test_who_is_told_to_stop_leaves_the_rest(tmp_path: Path) -> None:
    """What waits still waits, and goes out next time."""
    here = room(tmp_path)
    for number in range(300):
        here.reader(f"reader{number}@example.org")
    here.now += WEEK
    issues.plan_issues(here.request())
    stop = Event()
    stop.set()
    (sent,) = issues.deliver_issues(here.request(), stop)

    assert sent.stats is not None
    assert 301 == sent.stats.accepted + sent.stats.waiting

    issues.deliver_issues(here.request(), Event())

    assert 301 == len(here.mailed())


def test_when_the_digests_go_out_and_what_waits(tmp_path: Path) -> None:
    """In the digest's zone or the site's, after the newest slot for which something is known."""
    here = room(tmp_path)
    here.digests("name: weekly", 'name: daily, schedule: "daily 09:00", timezone: Asia/Shanghai')
    found = queue_status.get_queue_status(here.request())
    weekly, daily = found.schedules

    assert weekly.last_slot is not None
    assert weekly.last_slot < here.now
    assert ("weekly mon 08:00", "UTC", None) == (weekly.schedule, weekly.timezone, found.next_due)
    assert (None, "Asia/Shanghai") == (daily.last_slot, daily.timezone)
    assert () == found.open_issues
    assert found.next_run is None

    here.now += WEEK
    issues.plan_issues(here.request())
    found = queue_status.get_queue_status(here.request())

    assert here.now == found.next_due == found.next_run
    assert ["weekly"] == [issue.digest for issue, _ in found.open_issues]


def test_the_log_of_the_database_is_emptied(tmp_path: Path) -> None:
    """What was overwritten in it is gone, though others have the database open."""
    here = room(tmp_path)
    log = tmp_path / ".feedpub" / "newsletter.sqlite-wal"
    with here.desk() as desk:
        desk.store.remove_subscriber(1)

        assert log.stat().st_size

        queue_status.clean_up_database(here.request())

        assert 0 == log.stat().st_size
