"""What is planned when the site cannot be built."""

import io
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

import pytest
from newsrooms import Newsroom

from feedpub.daemon import Journal, Site
from feedpub.daemon.mailing import Mailer
from feedpub.errors import FeedpubError


def test_nothing_goes_out_before_the_pages_that_it_leads_to(tmp_path: Path) -> None:
    """Where the site cannot be built no digest is planned; it is as soon as it can be."""
    room = Newsroom(tmp_path)
    room.digests('name: each, schedule: "each post"')
    stream, faults = io.StringIO(), ["broken"]

    def build(now: datetime) -> None:
        del now
        if faults:
            raise FeedpubError(faults.pop())

    journal = Journal(stream, lambda: room.now, human=True)
    mailer = Mailer(Site(room.request(), Event(), lambda: room.now), journal, build, lambda _: None)
    with pytest.raises(FeedpubError, match="broken"):
        mailer.plan(room.now)

    assert "" == stream.getvalue()
    assert mailer.plan(room.now) is None
    assert "digest skipped" in stream.getvalue()


def test_where_there_are_no_digests_nothing_is_opened(tmp_path: Path) -> None:
    """No database is made."""
    room = Newsroom(tmp_path)
    room.config('site: {title: A, url: "https://example.org/"}')
    mailer = Mailer(
        Site(room.request(), Event(), lambda: room.now),
        Journal(io.StringIO(), lambda: room.now, human=True),
        lambda _: None,
        lambda _: None,
    )
    found = {each.name: each.run(room.now) for each in mailer.duties()}

    assert {"digests", "delivery", "bounces", "clean-up"} == found.keys()
    assert {None} == {found[name] for name in ("digests", "delivery", "bounces")}
    assert not (tmp_path / ".feedpub").exists()


def test_a_post_within_the_second_of_the_last_slot_is_not_forgotten(tmp_path: Path) -> None:
    """Who wants each post gets it in the next second, though nothing else happens."""
    room = Newsroom(tmp_path)
    room.digests('name: each, schedule: "each post"')
    journal = Journal(io.StringIO(), lambda: room.now, human=True)
    mailer = Mailer(
        Site(room.request(), Event(), lambda: room.now), journal, lambda _: None, lambda _: None
    )
    mailer.plan(room.now)
    room.reader("bob@example.org")
    room.write("one.md")
    mailer.posted.set()
    again = mailer.plan(room.now)

    assert room.now + timedelta(seconds=1) == again

    mailer.plan(again)
    mailer.deliver(again)

    assert {"bob@example.org": ["one"]} == room.mailed()
