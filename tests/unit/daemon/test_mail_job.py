"""What is planned when the site cannot be built, and what becomes of what a kill cut off."""

import io
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

import pytest
from mailings import planned, settled
from newsrooms import Newsroom

from feedpub.daemon.mail_job import MailJobs
from feedpub.daemon.settings import CurrentSite
from feedpub.errors import FeedpubError
from feedpub.models.log import EventLogger
from feedpub.models.newsletter import IssueStats
from feedpub.newsletter import issues


def test_nothing_goes_out_before_the_pages_that_it_leads_to(tmp_path: Path) -> None:
    """Where the site cannot be built no digest is planned; it is as soon as it can be."""
    room = Newsroom(tmp_path)
    room.digests('name: each, schedule: "each post"')
    stream, faults = io.StringIO(), ["broken"]

    def build(now: datetime) -> None:
        del now
        if faults:
            raise FeedpubError(faults.pop())

    journal = EventLogger(stream, lambda: room.now, human=True)
    mailer = MailJobs(
        CurrentSite(room.request(), Event(), lambda: room.now), journal, build, lambda _: None
    )
    with pytest.raises(FeedpubError, match="broken"):
        mailer.plan_digests(room.now)

    assert "" == stream.getvalue()
    assert mailer.plan_digests(room.now) is None
    assert "digest skipped" in stream.getvalue()


def test_where_there_are_no_digests_nothing_is_opened(tmp_path: Path) -> None:
    """No database is made."""
    room = Newsroom(tmp_path)
    room.config('site: {title: A, url: "https://example.org/"}')
    mailer = MailJobs(
        CurrentSite(room.request(), Event(), lambda: room.now),
        EventLogger(io.StringIO(), lambda: room.now, human=True),
        lambda _: None,
        lambda _: None,
    )
    found = {each.name: each.run(room.now) for each in mailer.build_jobs()}

    assert {"digests", "delivery", "bounces", "clean-up"} == found.keys()
    assert {None} == {found[name] for name in ("digests", "delivery", "bounces")}
    assert not (tmp_path / ".feedpub").exists()


def test_a_post_within_the_second_of_the_last_slot_is_not_forgotten(tmp_path: Path) -> None:
    """Who wants each post gets it in the next second, though nothing else happens."""
    room = Newsroom(tmp_path)
    room.digests('name: each, schedule: "each post"')
    journal = EventLogger(io.StringIO(), lambda: room.now, human=True)
    mailer = MailJobs(
        CurrentSite(room.request(), Event(), lambda: room.now),
        journal,
        lambda _: None,
        lambda _: None,
    )
    mailer.plan_digests(room.now)
    room.reader("bob@example.org")
    room.write("one.md")
    mailer.new_posts.set()
    again = mailer.plan_digests(room.now)

    assert room.now + timedelta(seconds=1) == again

    mailer.plan_digests(again)
    mailer.deliver(again)

    assert {"bob@example.org": ["one"]} == room.mailed()


DEAD, LEASE, LATER = "elsewhere-1-0123abcd", timedelta(minutes=15), timedelta(minutes=31)


def cut_off(folder: Path, on_doubt: str, *, finished: bool = False) -> tuple[Newsroom, MailJobs]:
    """Give a room where somebody was killed while the one message of issue 2 was in doubt."""
    room = Newsroom(folder)
    room.digests("name: weekly", mail=f"on_doubt: {on_doubt}")
    room.begin()
    bob = room.reader("bob@example.org")
    room.write("one.md")
    with room.desk() as desk:
        planned(desk.store, [bob.id], "one", slot=room.now)
        claimed = desk.store.claim_deliveries(DEAD, 1, LEASE, room.now)
        desk.store.mark_in_doubt(DEAD, [each.id for each in claimed], room.now)
        if finished:
            desk.store.record_results(DEAD, settled(claimed), room.now)
    journal = EventLogger(io.StringIO(), lambda: room.now, human=True)
    site = CurrentSite(room.request(), Event(), lambda: room.now)
    return room, MailJobs(site, journal, lambda _: None, lambda _: None)


def stands(room: Newsroom) -> tuple[str, IssueStats]:
    """Tell how that issue stands."""
    with room.desk() as desk:
        return desk.store.get_issue(2).state, desk.store.get_issue_stats(2)


def test_what_is_in_doubt_is_settled_though_nothing_else_is_due(tmp_path: Path) -> None:
    """The issue ends, once no answer can come any more."""
    room, mailer = cut_off(tmp_path, "hold")
    again = mailer.deliver(room.now)

    assert "sending" == stands(room)[0]
    assert again is not None
    assert room.now < again

    mailer.deliver(room.now + LATER)
    state, tally = stands(room)

    assert ("done", 1) == (state, tally.doubt)
    assert {} == room.mailed()


def test_what_is_in_doubt_is_sent_again_where_that_is_wanted(tmp_path: Path) -> None:
    """By who runs all the time, as by who sends by hand."""
    room, mailer = cut_off(tmp_path, "resend")
    mailer.deliver(room.now + LATER)
    state, tally = stands(room)

    assert ("done", 1) == (state, tally.accepted)
    assert 1 == len(room.messages())


def test_an_issue_whose_end_was_not_recorded_ends(tmp_path: Path) -> None:
    """At once: all of it is settled."""
    room, mailer = cut_off(tmp_path, "hold", finished=True)
    mailer.deliver(room.now)
    state, tally = stands(room)

    assert ("done", 1) == (state, tally.accepted)


def test_an_issue_ends_though_its_digest_is_gone(tmp_path: Path) -> None:
    """What was planned goes out, and it is told that nothing is called so any more."""
    room = Newsroom(tmp_path)
    room.begin()
    room.reader("bob@example.org")
    room.write("one.md")
    room.now += timedelta(days=7)
    issues.plan_issues(room.request())
    room.digests()
    text = (tmp_path / "config.yaml").read_text(encoding="utf-8")
    room.config(text.replace("digests: []\n", ""))
    stream = io.StringIO()
    journal = EventLogger(stream, lambda: room.now, human=True)
    site = CurrentSite(room.request(), Event(), lambda: room.now)
    MailJobs(site, journal, lambda _: None, lambda _: None).deliver(room.now)

    assert {"bob@example.org": ["one"]} == room.mailed()
    assert 'no digest is named "weekly" any more' in stream.getvalue()
