"""Digests as a publisher sends, looks at and steers them."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest
from mailservers import DROP, MailServer
from newsrooms import DAY, Newsroom, dead_worker, reasons

from feedpub.errors import FeedpubError, TemplateError
from feedpub.models.newsletter import Issue
from feedpub.newsletter import issues
from feedpub.newsletter.issues import DigestStatus
from feedpub.site import builder
from feedpub.storage.errors import StoreError
from feedpub.subscribers import manage

AWAY = "transport: smtp, relays: [{host: 127.0.0.1, port: 1, security: none}]"


def smtp(port: int) -> str:
    """Give the configuration of a mail server."""
    return f"transport: smtp, relays: [{{host: 127.0.0.1, port: {port}, security: none}}]"


@pytest.fixture
def room(tmp_path: Path) -> Newsroom:
    """Give a site with a digest that has begun, two readers and a new post."""
    room = Newsroom(tmp_path)
    room.begin()
    room.reader("bob@example.net")
    room.reader("cid@example.net")
    room.write("one.md")
    return room


def stopped(room: Newsroom) -> Issue:
    """Plan an issue that cannot be sent for now."""
    room.digests("name: weekly", mail=AWAY)
    (sent,) = room.send()
    assert sent.issue is not None
    return sent.issue


def test_each_digest_tells_how_it_stands(room: Newsroom) -> None:
    """What is new, when it went out last and when it will."""
    room.digests("name: weekly, timezone: Europe/Paris", "name: now, schedule: each post")

    begun = datetime(2025, 5, 31, 12, tzinfo=UTC)
    upcoming = datetime(2025, 6, 2, 6, tzinfo=UTC)
    assert (
        DigestStatus("weekly", "weekly mon 08:00", begun, upcoming, ("one",), 2),
        DigestStatus("now", "each post", None, None, ("one",), 2),
    ) == issues.list_digests(room.request())
    room.digests()
    assert () == issues.list_digests(room.request())


def test_what_is_sent_is_told(room: Newsroom) -> None:
    """The issue, its posts, and what became of every message."""
    (sent,) = room.send()

    assert sent.issue is not None
    assert sent.stats is not None
    assert ("weekly", ("one",), 2, "") == (sent.digest, sent.posts, sent.audience, sent.reason)
    assert ("done", "one", 2, 2) == (
        sent.issue.state,
        sent.issue.subject,
        sent.stats.audience,
        sent.stats.accepted,
    )
    assert {"bob@example.net", "cid@example.net"} == {each["To"] for each in room.messages()}


def test_the_page_that_a_mail_leads_to_is_there(room: Newsroom) -> None:
    """With those of its posts, where the site is built here at all."""
    pages = room.public / "digests" / "weekly"
    room.send()

    assert not room.public.exists()

    builder.build(room.request())
    room.now += DAY
    room.write("two.md")
    (sent,) = room.send()

    assert sent.issue is not None
    assert (pages / f"{sent.issue.slot:%Y-%m-%d-%H%M}" / "index.html").is_file()
    assert (room.public / "posts" / "two" / "index.html").is_file()


def test_nothing_is_sent_before_the_page_that_it_leads_to(room: Newsroom) -> None:
    """It is planned, and goes out once somebody has looked at what is wrong."""
    builder.build(room.request())
    room.put("templates/post.html", "{{ nothing.here }}")
    with pytest.raises(FeedpubError, match=r"post.html.*then `feedpub digest send`"):
        room.send()

    assert [] == room.messages()
    nothing, earlier = room.send()
    assert (None, 2) == (nothing.issue, earlier.audience)
    assert 2 == len(room.messages())


def test_one_digest_can_be_sent_alone(room: Newsroom) -> None:
    """Without a name it is all of them; a site without any is told where to name one."""
    room.digests("name: weekly", "name: other")

    assert ["other"] == [each.digest for each in room.send("other")]
    assert ["weekly", "other"] == [each.digest for each in room.send()]
    with pytest.raises(FeedpubError, match='unknown digest "weakly"; did you mean "weekly"'):
        room.send("weakly")
    room.digests()
    with pytest.raises(FeedpubError, match="there are no digests"):
        room.send()


def test_what_cannot_be_sent_waits_and_says_so(room: Newsroom) -> None:
    """The next sending takes it along, tells of it, and marks it as done."""
    room.digests("name: weekly", mail=AWAY)
    (waiting,) = room.send()
    room.digests("name: weekly")
    nothing, earlier = room.send()

    assert waiting.issue is not None
    assert waiting.stats is not None
    assert ("sending", 2) == (waiting.issue.state, waiting.stats.waiting)
    assert "127.0.0.1:1: connection failed" in waiting.reason
    assert (None, "nothing new") == (nothing.issue, nothing.reason)
    assert earlier.issue is not None
    assert earlier.stats is not None
    assert (waiting.issue.id, "done") == (earlier.issue.id, earlier.issue.state)
    assert (("one",), 2, 2, "") == (
        earlier.posts,
        earlier.audience,
        earlier.stats.accepted,
        earlier.reason,
    )
    assert 1 == len(room.send())


def test_a_post_that_is_gone_has_its_id_for_a_title(room: Newsroom) -> None:
    """Its issue goes out all the same: the message was written before."""
    issue = stopped(room)
    (room.content / "one.md").unlink()
    room.digests("name: weekly")

    assert issue.posts == room.send()[1].posts


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("templates/style.css", "{% if"),
        ("templates/mail/digest.html", b"\xff"),
        ("templates/words/en.toml", "x = "),
    ],
)
def test_what_is_planned_goes_out_whatever_the_site_is_like(
    room: Newsroom, path: str, text: str | bytes
) -> None:
    """It was written then; nothing new is planned, which is told once that is sent."""
    stopped(room)
    room.digests("name: weekly")
    room.put(path, text)
    with pytest.raises(TemplateError):
        room.send(dry=True)
    assert [] == room.messages()
    with pytest.raises(TemplateError):
        room.send()

    assert ["one", "one"] == [each["Subject"] for each in room.messages()]


def test_what_is_planned_is_delivered_without_the_site(room: Newsroom) -> None:
    """Nobody reads a content folder that may be away."""
    issue = stopped(room)
    shutil.rmtree(room.content)
    room.digests("name: weekly")
    (sent,) = issues.deliver_issues(room.request(), Event())

    assert sent.issue is not None
    assert (issue.id, "done", issue.posts, 2) == (
        sent.issue.id,
        sent.issue.state,
        sent.posts,
        len(room.messages()),
    )


def test_an_issue_that_is_paused_waits(room: Newsroom) -> None:
    """Until it is resumed."""
    number = stopped(room).id
    assert "paused" == issues.pause_issue(room.request(), number).state
    room.digests("name: weekly")

    assert 1 == len(room.send())
    assert [] == room.messages()
    assert "sending" == issues.resume_issue(room.request(), number).state
    assert 2 == len(room.send())
    assert 2 == len(room.messages())


def test_an_issue_that_is_cancelled_never_goes_out(room: Newsroom) -> None:
    """Its posts stay mailed."""
    number = stopped(room).id
    assert "cancelled" == issues.cancel_issue(room.request(), number).state
    room.digests("name: weekly")

    assert ["nothing new"] == reasons(room.send())
    ((_, tally), _) = issues.list_issues(room.request(), "weekly")
    assert (2, 2) == (tally.audience, tally.suppressed)
    with pytest.raises(StoreError, match="issue 2 is cancelled"):
        issues.resume_issue(room.request(), number)


def test_what_failed_can_be_tried_again(room: Newsroom) -> None:
    """The issue is opened for it, and done again."""
    with MailServer({"RCPT": "550 5.3.0 Not you"}) as server:
        room.digests("name: weekly", mail=smtp(server.port))
        (failed,) = room.send()
    assert failed.issue is not None
    assert failed.stats is not None
    assert (2, "done") == (failed.stats.failed, failed.issue.state)
    assert 2 == issues.retry_issue(room.request(), failed.issue.id)
    room.digests("name: weekly")

    tally = room.send()[1].stats
    assert tally is not None
    assert (2, 0) == (tally.accepted, tally.failed)
    assert 0 == issues.retry_issue(room.request(), failed.issue.id)


def test_what_is_in_doubt_can_be_sent_again(room: Newsroom) -> None:
    """Once no answer can come any more, by who takes a second copy for the lesser evil."""
    with MailServer({"END": DROP}) as server:
        room.digests("name: weekly", mail=smtp(server.port))
        (doubtful,) = room.send()
    assert doubtful.issue is not None
    assert doubtful.stats is not None
    assert (2, "done") == (doubtful.stats.doubt, doubtful.issue.state)
    number = doubtful.issue.id
    assert 0 == issues.retry_issue(room.request(), number)
    assert 0 == issues.retry_issue(room.request(), number, doubt=True)
    room.now += timedelta(minutes=31)
    assert 2 == issues.retry_issue(room.request(), number, doubt=True)
    room.digests("name: weekly")

    tally = room.send()[1].stats
    assert tally is not None
    assert (2, 0) == (tally.accepted, tally.doubt)


def test_issues_are_listed_newest_first(room: Newsroom) -> None:
    """Of all digests or of one; one that does not exist is told."""
    room.digests("name: weekly", "name: other")
    room.send()
    room.now += DAY
    room.write("two.md")
    room.send("weekly")

    def listed(digest: str = "") -> list[tuple[str, str]]:
        found = issues.list_issues(room.request(), digest)
        return [(issue.digest, issue.subject) for issue, _ in found]

    assert [("weekly", "two"), ("other", ""), ("weekly", "one"), ("weekly", "")] == listed()
    assert [("other", "")] == listed("other")
    with pytest.raises(FeedpubError, match="unknown digest"):
        listed("x")


def test_slots_follow_one_another(room: Newsroom) -> None:
    """Also where the clock was set back."""
    (first,) = room.send()
    room.now -= timedelta(minutes=5)
    room.write("two.md")
    (second,) = room.send()

    assert first.issue is not None
    assert second.issue is not None
    assert first.issue.slot + timedelta(seconds=1) == second.issue.slot


def test_an_address_that_the_server_cannot_take_is_told(room: Newsroom) -> None:
    """Whose it is and why, of the issue and of the reader."""
    room.reader("jürgen@example.net")
    with MailServer(utf8=False) as server:
        room.digests("name: weekly", mail=smtp(server.port))
        (sent,) = room.send()
    assert sent.issue is not None
    found = issues.list_undelivered(room.request(), sent.issue.id, 9)
    last = manage.get_last_delivery(room.request(), "jürgen@example.net")
    other = manage.get_last_delivery(room.request(), "bob@example.net")

    assert ["jürgen@example.net"] == [each.address for each in found]
    assert "letters beyond ASCII" in found[0].result.text
    assert found[0] == last
    assert other is not None
    assert "accepted" == other.result.kind


def test_a_send_that_was_killed_is_gone_on_with_first(room: Newsroom) -> None:
    """Nobody gets the next issue before the one that the dead process had claimed for them."""
    issue = stopped(room)
    with room.desk() as desk:
        desk.store.claim_deliveries(dead_worker(), 9, timedelta(hours=1), room.now)
    room.digests("name: weekly")
    room.now += DAY
    room.write("two.md")
    later, earlier = room.send()

    assert later.stats is not None
    assert earlier.stats is not None
    assert earlier.issue is not None
    assert (issue.id, 2, 2) == (earlier.issue.id, earlier.stats.accepted, later.stats.accepted)
    assert 4 == len(room.messages())


def test_what_a_process_elsewhere_has_claimed_is_waited_for(room: Newsroom) -> None:
    """It may be sending: the next issue waits for the end of its lease, and that is said."""
    stopped(room)
    room.digests("name: weekly")
    until = room.now + DAY + timedelta(minutes=15)
    room.now += DAY
    with room.desk() as desk:
        desk.store.claim_deliveries("elsewhere", 9, timedelta(minutes=15), room.now)
    room.write("two.md")
    later, earlier = room.send()

    assert later.stats is not None
    assert earlier.stats is not None
    assert (2, 2, until) == (earlier.stats.waiting, later.stats.waiting, earlier.next_attempt)
    assert [] == room.messages()
