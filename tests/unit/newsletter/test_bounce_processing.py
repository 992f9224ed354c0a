"""Mail that came back: who is mailed no more because of it, and what is left alone."""

import io
import mailbox
from contextlib import closing
from dataclasses import replace
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from newsrooms import DAY, WEEK, Newsroom
from notices import ABSENCE, BOUNCE, LEAVE, QMAIL, complaint, dsn, mail

from feedpub.delivery.bounce_classifier import Refusal
from feedpub.delivery.bounces.event import BounceEvent
from feedpub.delivery.mailbox import ImapAccount
from feedpub.errors import FeedpubError, MailError
from feedpub.models.tokens import verify_token
from feedpub.newsletter import bounce_processing, issues, queue_status
from feedpub.newsletter.bounce_processing import BounceSummary, parse_source
from feedpub.subscribers import manage

FULL = dsn("4.2.2", "smtp; 452 4.2.2 Mailbox full")
VAGUE = mail(
    f"""
    Return-Path: <>
    From: MAILER-DAEMON@mx.example.net
    To: bounces+{BOUNCE}@example.org
    Subject: Undelivered mail
    """,
    "Something went wrong.",
)
UNSUBSCRIBE = mail(f"From: ann@example.net\nTo: leave+{LEAVE}@example.org\nSubject: x", "Bye.")
LETTER = mail("From: ann@example.net\nTo: bounces@example.org\nSubject: Hello", "Nice posts!")


class Post(Newsroom):
    """A site whose subscriber Ann gets mail, some of which comes back."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.ann = self.reader("ann@example.net")
        with self.desk() as desk:
            self._tokens = {
                token: desk.create_token(purpose, self.ann).encode()
                for token, purpose in ((BOUNCE, "bounce"), (LEAVE, "unsubscribe"))
            }

    def ours(self, data: bytes) -> bytes:
        """Give a notice about Ann's mail."""
        for token, ours in self._tokens.items():
            data = data.replace(token.encode(), ours)
        return data

    def come(self, *messages: bytes) -> BounceSummary:
        """Let these come, one after the other, each as by a pipe from a mail server."""
        return self.pour(mailbox_of(self.root, *map(self.ours, messages)))

    def pour(self, path: Path) -> BounceSummary:
        """Read a mailbox."""
        return bounce_processing.process_bounces(self.request(), path)

    def state(self) -> tuple[str, int]:
        """Give how it is with Ann, and how often her mail came back softly."""
        ann = manage.get_subscriber(self.request(), "ann@example.net")
        return ann.state, ann.soft_bounces


def mailbox_of(root: Path, *messages: bytes) -> Path:
    """Put messages into a Maildir."""
    with closing(mailbox.Maildir(root / "Maildir")) as box:
        for each in messages:
            box.add(each)
    return root / "Maildir"


def told(*words: str, **counts: int) -> BounceSummary:
    """Give a summary that is nothing but this."""
    names = ("hard", "soft", "complaints", "unsubscribed", "automatic", "left", "refused")
    known = {name: counts.get(name, 0) for name in names}
    summary = BounceSummary(sum(known.values()), 0, 0, 0, 0, 0, 0, counts.get("stopped", 0))
    counted: dict[str, Any] = known
    return replace(summary, **counted, kept=counts.get("kept", 0), words=words)


@pytest.fixture
def post(tmp_path: Path) -> Post:
    """Give a site with a subscriber."""
    return Post(tmp_path)


@pytest.mark.parametrize("notice", [dsn(), QMAIL])
def test_an_address_that_is_gone_is_mailed_no_more(post: Post, notice: bytes) -> None:
    """At once; what comes later changes nothing."""

    assert told(hard=1, stopped=1) == post.come(notice)
    assert ("bounced", 0) == post.state()
    assert told(hard=1) == post.come(notice)
    assert told() == post.come()


def test_a_full_mailbox_is_given_time(post: Post) -> None:
    """As often as the configuration says; a bounce that says nothing counts like one."""
    post.digests("name: weekly", mail="soft_bounces: 3")

    assert told(soft=1) == post.come(FULL)
    post.now += DAY
    assert told(soft=1) == post.come(VAGUE)
    assert ("active", 2) == post.state()
    post.now += DAY
    assert told(soft=1, stopped=1) == post.come(FULL)
    assert ("bounced", 3) == post.state()


def test_what_came_in_one_day_counts_once(post: Post) -> None:
    """A mailbox that was full for an afternoon is not full for long."""
    assert told(soft=3) == post.come(FULL, VAGUE, FULL)
    assert ("active", 1) == post.state()


def test_what_lay_there_for_days_counts_by_the_day_it_came(post: Post) -> None:
    """However seldom somebody reads it, and in whatever order."""
    days = [format_datetime(post.now - each * DAY) for each in (1, 9, 2)]

    assert told(soft=3) == post.come(*(f"Date: {day}\r\n".encode() + FULL for day in days))
    assert ("active", 3) == post.state()


def test_a_mailbox_that_has_room_again_begins_anew(post: Post) -> None:
    """A digest that got through stands between two bounces: they are not in a row."""
    post.begin()
    post.come(FULL)
    for _ in range(2):
        post.now += WEEK
        post.write(f"{post.now:%d}.md")
        post.send()

    assert told(soft=1) == post.come(FULL)
    assert ("active", 1) == post.state()


def test_who_complains_is_mailed_no_more(post: Post) -> None:
    """Once and for all."""
    notice = complaint(to=f"fbl+{BOUNCE}@example.org")

    assert told(complaints=1, stopped=1) == post.come(notice)
    assert ("complained", 0) == post.state()
    assert told(complaints=1) == post.come(notice)


def test_who_leaves_by_mail_has_left(post: Post) -> None:
    """Also who bounced before."""

    assert told(unsubscribed=1, stopped=1) == post.come(UNSUBSCRIBE)
    assert ("unsubscribed", 0) == post.state()
    assert told(unsubscribed=1) == post.come(UNSUBSCRIBE)


@pytest.mark.parametrize(
    ("state", "notice", "after"),
    [
        ("complained", UNSUBSCRIBE, "complained"),
        ("suppressed", UNSUBSCRIBE, "suppressed"),
        ("bounced", UNSUBSCRIBE, "unsubscribed"),
        ("suppressed", complaint(to=f"fbl+{BOUNCE}@example.org"), "suppressed"),
        ("unsubscribed", complaint(to=f"fbl+{BOUNCE}@example.org"), "complained"),
        ("unsubscribed", dsn(), "unsubscribed"),
        ("unsubscribed", FULL, "unsubscribed"),
    ],
)
def test_nobody_is_held_less_than_before(post: Post, state: str, notice: bytes, after: str) -> None:
    """What says more of a person stays."""
    with post.desk() as desk:
        desk.store.change_state(post.ann.id, state, post.now)

    assert 0 == post.come(notice).stopped
    assert (after, 0) == post.state()


def test_an_absence_changes_nothing(post: Post) -> None:
    """It is dealt with all the same."""

    assert told(automatic=1) == post.come(ABSENCE)
    assert ("active", 0) == post.state()
    assert told() == post.come()


def test_who_is_named_by_anybody_is_not_touched(post: Post) -> None:
    """Only a token of ours tells who is meant; what has none stays for somebody to read."""
    strange = (dsn(), QMAIL, complaint(), UNSUBSCRIBE, LETTER, b"\xff\x00")
    path = mailbox_of(post.root, *strange)

    assert told(left=6) == post.pour(path)
    assert ("active", 0) == post.state()
    assert post.pour(path) == post.pour(path)
    assert 6 == len(list((path / "new").iterdir()))


def test_who_was_removed_is_no_matter(post: Post) -> None:
    """Their notices are done with."""
    manage.remove_subscriber(post.request(), "ann@example.net")
    notices = (dsn(), FULL, UNSUBSCRIBE, complaint(to=f"fbl+{BOUNCE}@example.org"))

    assert told(hard=1, soft=1, unsubscribed=1, complaints=1) == post.come(*notices)
    assert told() == post.come()


def test_a_file_is_an_mbox(post: Post) -> None:
    """What was about our readers is taken out of it; the rest stays."""
    path = post.root / "bounces.mbox"
    with closing(mailbox.mbox(path)) as box:
        for each in (dsn(), LETTER):
            box.add(post.ours(each))

    assert told(hard=1, left=1, stopped=1) == post.pour(path)
    assert b"Nice posts!" in path.read_bytes()
    assert told(left=1) == post.pour(path)


def test_a_mail_server_hands_over_one_message(post: Post) -> None:
    """By a pipe."""
    request = post.request()

    assert told(hard=1, stopped=1) == bounce_processing.process_bounces(
        request, io.BytesIO(post.ours(dsn()))
    )
    assert told() == bounce_processing.process_bounces(request, io.BytesIO())
    assert "reading bounces" in post.stages


def test_a_mailbox_that_is_not_there_is_told(post: Post) -> None:
    """Nothing was changed."""
    with pytest.raises(MailError, match="not a readable mbox"):
        post.pour(post.root / "none")


def test_an_account_that_does_not_answer_is_told(post: Post) -> None:
    """By IMAP."""
    account = ImapAccount("127.0.0.1", "returns", "secret", port=1)

    with pytest.raises(MailError, match=r"127.0.0.1:1: connection failed"):
        bounce_processing.process_bounces(post.request(), account)


def test_soft_bounces_count_once_they_are_marked(post: Post) -> None:
    """Where marking fails they are not counted: the next time they are."""
    path = mailbox_of(post.root, post.ours(FULL))
    (path / "cur").rmdir()
    (path / "cur").write_text("in the way")
    with pytest.raises(MailError, match="not a readable Maildir"):
        post.pour(path)

    assert ("active", 0) == post.state()
    (path / "cur").unlink()
    assert told(soft=1) == post.pour(path)
    assert ("active", 1) == post.state()


def test_a_place_of_mail_is_written_in_short() -> None:
    """A path, standard input, or an account, whose password is in the environment."""
    pipe = io.BytesIO()
    environ = {"IMAP_PASSWORD": "secret"}

    assert pipe is parse_source("-", {}, pipe)
    assert Path("some/Maildir") == parse_source("some/Maildir", {}, pipe)
    assert ImapAccount("mx.example.org", "ann@x", "secret") == parse_source(
        "imaps://ann%40x@mx.example.org", environ, pipe
    )
    assert ImapAccount("mx.example.org", "ann", "secret", 1993, "Böunces/new") == parse_source(
        "imaps://ann@mx.example.org:1993/B%C3%B6unces/new/", environ, pipe
    )
    with pytest.raises(FeedpubError, match=r"mx.example.org: set IMAP_PASSWORD to the password of"):
        parse_source("imaps://ann@mx.example.org", {}, pipe)


@pytest.mark.parametrize(
    "text",
    [
        "imap://ann@mx.example.org",
        "imaps://mx.example.org",
        "imaps://ann@",
        "imaps://ann@mx.example.org:many",
        "imaps://ann:hunter2@mx.example.org",
    ],
)
def test_an_account_that_cannot_be_meant_is_refused(text: str) -> None:
    """In the clear, without a user, or with a password that others could see."""
    with pytest.raises(FeedpubError, match=r"invalid mailbox .*; use imaps://user@") as refused:
        parse_source(text, {"IMAP_PASSWORD": "secret"}, io.BytesIO())

    assert "hunter2" not in str(refused.value)


def test_a_service_that_is_sure_tells_by_token_or_by_address(tmp_path: Path) -> None:
    """The token first: the address may be one that it was forwarded to."""
    post = Post(tmp_path)
    bob, eve = post.reader("bob@example.net"), post.reader("eve@example.net")
    with post.desk() as desk:
        owner = verify_token(desk.keys, "bounce", desk.create_token("bounce", bob))
    reports = (
        BounceEvent("complaint", owner, "elsewhere@example.net"),
        BounceEvent("hard", recipient="EVE@example.net"),
        BounceEvent("hard", recipient="nobody@example.net"),
        BounceEvent("hard", recipient="no address"),
        BounceEvent("auto", recipient="ann@example.net"),
    )

    returned = bounce_processing.process_events(post.request(), reports)

    assert BounceSummary(5, 1, 0, 1, 0, 1, 2, 2) == returned
    with post.desk() as desk:
        states = [desk.store.find_subscriber(each.address) for each in (post.ann, bob, eve)]
    assert ["active", "complained", "bounced"] == [each.state for each in states if each]


def test_who_has_the_id_of_somebody_else_is_not_meant(post: Post) -> None:
    """A list that was imported counts anew: what comes back from before is nobody's."""
    with post.desk() as desk:
        bob = replace(post.ann, address="bob@example.net")
        token = desk.create_token("bounce", bob)
        owner = verify_token(desk.keys, "bounce", token)
    notices = mailbox_of(post.root, dsn().replace(BOUNCE.encode(), token.encode()))

    assert told(hard=1) == post.pour(notices)
    assert told(hard=1) == bounce_processing.process_events(
        post.request(), [BounceEvent("hard", owner)]
    )
    assert ("active", 0) == post.state()


def test_a_service_may_tell_often_that_somebody_cannot_be_reached(tmp_path: Path) -> None:
    """As with mail: after five days of it nothing more is sent."""
    post = Post(tmp_path)
    begun = post.request()
    for day, stopped in enumerate((0, 0, 0, 0, 1)):
        later = replace(begun, now=begun.now + day * DAY)
        returned = bounce_processing.process_events(
            later, [BounceEvent("soft", recipient="ann@example.net")]
        )
        assert (1, stopped) == (returned.soft, returned.stopped)


POLICY = dsn("5.7.1", "smtp; 550 5.7.1 <ann@example.net>: blocked, see https://bl.example/why")


def test_a_refusal_of_us_counts_against_nobody(post: Post) -> None:
    """On however many days, and whatever it came by; the operator is told in the server's words."""
    post.digests("name: weekly", mail="soft_bounces: 2")
    words = "example.net: 550 5.7.1 …: blocked, see https://bl.example/why"
    for _ in range(4):
        assert told(words, refused=1) == post.come(POLICY)
        post.now += DAY
    notice = BounceEvent("soft", recipient="ann@example.net", refusal=Refusal.RATE, text="too many")
    returned = bounce_processing.process_events(
        post.request(), [notice, replace(notice, recipient="")]
    )

    assert (2, ("example.net: too many", "too many")) == (returned.refused, returned.words)
    assert ("active", 0) == post.state()
    (first, *_) = queue_status.get_queue_status(post.request()).refusals
    assert ("example.net", 3) == (first.domain, first.number)
    assert "https://bl.example/why" in first.text
    assert "ann@" not in first.text


def test_many_refusals_of_us_pause_what_is_being_sent(tmp_path: Path) -> None:
    """As where the relay refuses everybody; who was mailed is not suppressed."""
    post = Post(tmp_path)
    many = [post.reader(f"reader{number}@example.net") for number in range(25)]
    post.begin()
    post.now += WEEK
    post.write("one.md")
    issues.plan_issues(post.request())
    notices = [
        BounceEvent("soft", None, each.address, "5.7.1", "550 5.7.1 listed", Refusal.POLICY)
        for each in many
    ]

    assert () == bounce_processing.process_events(post.request(), notices[:19]).paused
    (number,) = bounce_processing.process_events(post.request(), notices[19:]).paused
    ((issue, _),) = issues.list_issues(post.request(), "weekly")[:1]
    assert (number, "paused") == (issue.id, issue.state)
    assert "550 5.7.1 listed" in issue.reason
    assert {"active": 26} == {
        state: n for state, n in manage.count_subscribers(post.request()) if n
    }
    assert () == bounce_processing.process_events(post.request(), notices[:1]).paused


RECEIVED = "Received: from mx.example.net ([192.0.2.25]) by mail.example.org"
RESULTS = "Authentication-Results: mail.example.org; dmarc=pass header.from=example.net"


def request_to_leave(results: str = RESULTS, sender: str = "ann@example.net") -> bytes:
    """Give what a person writes who wants to leave, without a token."""
    fields = (RECEIVED, results, f"From: Ann <{sender}>", "To: leave@example.org", "Subject: Bye")
    return mail("\n".join(fields), "Please take me off.")


def test_a_person_leaves_without_a_token(post: Post) -> None:
    """Where our own server has found the sender to be genuine."""
    post.digests(
        "name: weekly", mail="unsubscribe: leave@example.org, authserv_id: mail.example.org"
    )

    assert told(unsubscribed=1, stopped=1) == post.come(request_to_leave())
    assert ("unsubscribed", 0) == post.state()


@pytest.mark.parametrize(
    "data",
    [
        request_to_leave("X-None: x"),
        request_to_leave(RESULTS.replace("pass", "fail")),
        request_to_leave(RESULTS.replace("mail.example.org", "mail.evil.example")),
        request_to_leave(sender="stranger@example.net"),
        request_to_leave(sender="no address@"),
    ],
)
def test_who_may_be_anybody_does_not_leave(post: Post, data: bytes) -> None:
    """A forged sender, or one who is not on the list, is for the publisher to read."""
    post.digests(
        "name: weekly", mail="unsubscribe: leave@example.org, authserv_id: mail.example.org"
    )

    assert told(left=1) == post.come(data)
    assert ("active", 0) == post.state()


def test_what_a_mail_server_hands_over_is_never_swallowed(post: Post) -> None:
    """It is kept where only its owner can read it, once, and told."""
    request = post.request()
    for data in (LETTER, LETTER, dsn()):
        assert told(left=1, kept=1) == bounce_processing.process_bounces(request, io.BytesIO(data))
    kept = [*(post.root / ".feedpub/returned/new").iterdir()]

    assert {LETTER, dsn()} == {each.read_bytes() for each in kept}
    assert {0o600} == {each.stat().st_mode & 0o777 for each in kept}
    assert 2 == queue_status.get_queue_status(request).unread_bounces


def test_an_absence_that_names_nobody_is_not_kept(post: Post) -> None:
    """It was understood: nobody has to read it."""
    data = ABSENCE.replace(BOUNCE.encode(), b"x")

    assert told(left=1) == bounce_processing.process_bounces(post.request(), io.BytesIO(data))
    assert 0 == queue_status.get_queue_status(post.request()).unread_bounces


def test_what_cannot_be_kept_goes_back(post: Post) -> None:
    """Once hundreds wait to be read."""
    folder = post.root / ".feedpub/returned/new"
    folder.mkdir(parents=True)
    for number in range(500):
        (folder / f"{number}.eml").touch()
    returned = bounce_processing.process_bounces(post.request(), io.BytesIO(LETTER))

    assert returned.full
    assert 0 == returned.kept
