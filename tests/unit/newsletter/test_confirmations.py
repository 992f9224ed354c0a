"""Requests that wait are answered by mail, once, with nothing in it that a stranger wrote."""

from dataclasses import replace
from pathlib import Path

import mails
import postoffice
import pytest
from newsrooms import Newsroom, dead_worker
from signups import config, door, link, text

from feedpub.delivery.transport import MailSession, MarkInDoubt, RefusalHandler, ignore_refusal
from feedpub.errors import MailError, TemplateError
from feedpub.models.newsletter import Message, SendResult, SignupRequest
from feedpub.models.signup import SignupLimits
from feedpub.newsletter import confirmations, signup
from feedpub.newsletter.confirmations import ConfirmationResult
from feedpub.site import builder


class Way:
    """A way of sending on which everything has the same outcome."""

    relay = "away"

    def __init__(self, *outcomes: SendResult) -> None:
        self.outcomes = list(outcomes)
        self.sent: list[Message] = []
        self.connected = self.closed = 0
        self.is_open = True

    def connect(self, chance: float = 0.0, refused: RefusalHandler = ignore_refusal) -> MailSession:
        """Open it."""
        del chance, refused
        self.connected += 1
        return self

    def send(self, message: Message, doubt: MarkInDoubt) -> SendResult:
        """Take a message."""
        doubt()
        self.sent.append(message)
        return self.outcomes.pop(0)

    def abort(self) -> None:
        """Do nothing: it never waits."""

    def close(self) -> None:
        """Close it."""
        self.closed += 1


class Nowhere:
    """A way that does not open."""

    def connect(self, chance: float = 0.0, refused: RefusalHandler = ignore_refusal) -> MailSession:
        """Fail to open it."""
        del chance, refused
        raise MailError("the server is away")


ACCEPTED = SendResult("accepted", 250)


def test_a_stranger_is_asked(tmp_path: Path) -> None:
    """In a mail to one person, in the language of the form; they agree before they are a reader."""
    with door(tmp_path) as site:
        site.post("subscribe", address="Ann@example.org", language="zh")

        assert ConfirmationResult(1, 0, "") == site.round()
        assert ConfirmationResult(0, 0, "") == site.round()
        (mail,) = site.mails()
        assert "Ann@example.org" == mail["To"]
        assert "请确认" in mail["Subject"]
        assert "zh" == mail["Content-Language"]
        assert "auto-generated" == mail["Auto-Submitted"]
        for name in ("List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "Precedence"):
            assert mail[name] is None
        assert "https://example.org/confirm/" in text(mail)
        assert "pending" == site.state()
        found = site.desk.store.find_subscriber("ann@example.org")
        assert found is not None
        assert ("form", "") == (found.consent.how, found.consent.source)


def test_a_reader_is_told_that_they_are_one(tmp_path: Path) -> None:
    """In their own language, whatever a stranger wished for them; nothing changes."""
    with door(tmp_path) as site:
        one = site.reader()
        site.post(
            "subscribe", address="ann@example.org", follow="some", tag="python", language="zh"
        )

        assert 1 == site.round().sent
        (mail,) = site.mails()
        assert "You are subscribed already: Example" == mail["Subject"]
        assert site.way("preferences", one) == link(mail, "preferences")
        assert site.way("unsubscribe", one) == link(mail, "unsubscribe")
        assert one == site.desk.store.get_subscriber(one.id)


@pytest.mark.parametrize("state", ["unsubscribed", "bounced"])
def test_who_left_is_asked(tmp_path: Path, state: str) -> None:
    """They are as they were until they agree."""
    with door(tmp_path) as site:
        one = site.reader(state=state)
        site.post("subscribe", address="ann@example.org")
        site.round()
        (mail,) = site.mails()

        assert site.way("confirm", one) == link(mail, "confirm")
        assert state == site.state()


@pytest.mark.parametrize("double_opt_in", [True, False])
@pytest.mark.parametrize("state", ["complained", "suppressed", "forgotten"])
def test_some_are_left_alone(tmp_path: Path, state: str, double_opt_in: bool) -> None:
    """Who complained, was suppressed, or asked to be forgotten."""
    with door(tmp_path, config(double_opt_in=double_opt_in)) as site:
        if state == "forgotten":
            site.desk.store.forget_address("ann@example.org", site.desk.derive_salt())
        else:
            site.reader(state=state)
        site.post("subscribe", address="ann@example.org")

        assert ConfirmationResult(0, 0, "") == site.round()
        assert [] == site.mails()
        assert ("" if state == "forgotten" else state) == site.state()


def test_without_double_opt_in_a_stranger_is_taken_in(tmp_path: Path) -> None:
    """With what they asked for, and without a mail; who left is still asked."""
    with door(tmp_path, config(double_opt_in=False)) as site:
        site.reader("bob@example.org", "unsubscribed")
        site.reader("cat@example.org", "pending")
        for name in ("ann", "bob", "cat"):
            site.post("subscribe", address=f"{name}@example.org", follow="some", tag="python")

        assert ConfirmationResult(1, 2, "") == site.round()
        assert ["bob@example.org"] == [mail["To"] for mail in site.mails()]
        assert ["active", "unsubscribed", "active"] == [
            site.state(f"{name}@example.org") for name in ("ann", "bob", "cat")
        ]
        found = site.desk.store.find_subscriber("ann@example.org")
        assert found is not None
        assert ("python",) == found.follows.tags


def test_what_cannot_be_sent_waits(tmp_path: Path) -> None:
    """A server that is away, a connection that breaks; then each goes out once."""
    with door(tmp_path) as site:
        for name in ("ann", "bob"):
            site.post("subscribe", address=f"{name}@example.org")

        assert ConfirmationResult(0, 0, "the server is away") == site.round(Nowhere())

        broken = Way(SendResult("offline", text="cut"))
        assert ConfirmationResult(0, 0, "cut") == site.round(broken)
        assert 1 == broken.closed
        assert ConfirmationResult(2, 0, "") == site.round()
        assert ["ann@example.org", "bob@example.org"] == [mail["To"] for mail in site.mails()]


def test_what_is_put_off_is_tried_again_later(tmp_path: Path) -> None:
    """It is the same message then."""
    way = Way(SendResult("deferred", 450), ACCEPTED)
    with door(tmp_path) as site:
        site.post("subscribe", address="ann@example.org")
        site.round(way)

        assert 0 == site.round(way).sent
        site.wait(minutes=15)
        assert 1 == site.round(way).sent
        first, second = (key(message) for message in way.sent)
        assert first == second


def test_what_is_put_off_for_a_reader_is_tried_again_too(tmp_path: Path) -> None:
    """Who is mailed already is told so at last."""
    way = Way(SendResult("deferred", 450), ACCEPTED)
    with door(tmp_path) as site:
        site.reader()
        site.post("subscribe", address="ann@example.org")
        site.round(way)
        site.wait(minutes=15)

        assert 1 == site.round(way).sent


def key(message: Message) -> str:
    """Give the Message-ID."""
    return message.data.partition(b"Message-ID: ")[2].partition(b"\r\n")[0].decode()


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (SendResult("failed", 550, "5.1.1", "no such user"), "bounced"),
        (SendResult("failed", 550, "5.7.1", "for reasons of policy"), "pending"),
        (SendResult("doubt"), "pending"),
    ],
)
def test_what_fails_is_not_tried_again(tmp_path: Path, outcome: SendResult, state: str) -> None:
    """Where the address is gone nobody is mailed there any more."""
    way = Way(outcome)
    with door(tmp_path) as site:
        site.post("subscribe", address="ann@example.org")
        site.round(way)
        site.wait(minutes=59)
        site.round(way)

        assert 1 == len(way.sent)
        assert state == site.state()


def test_a_connection_that_is_not_open_is_made_anew(tmp_path: Path) -> None:
    """One connection serves all, while it holds."""
    way = Way(ACCEPTED, ACCEPTED, ACCEPTED)
    with door(tmp_path) as site:
        for each in range(2):
            site.post("subscribe", address=f"r{each}@example.org")
        site.round(way)

        assert (1, 1) == (way.connected, way.closed)
        way.is_open = False
        for each in range(2, 3):
            site.post("subscribe", address=f"r{each}@example.org")
        site.round(way)
        assert (2, 2) == (way.connected, way.closed)


def test_a_connection_that_closes_in_between_is_made_anew(tmp_path: Path) -> None:
    """In the middle of a round."""
    way = Way(ACCEPTED, ACCEPTED)
    way.is_open = False
    with door(tmp_path) as site:
        for each in range(2):
            site.post("subscribe", address=f"r{each}@example.org")
        site.round(way)

        assert (2, 2) == (way.connected, way.closed)


def test_a_mistake_in_a_template_loses_nobody(tmp_path: Path) -> None:
    """Whoever waits waits until it is mended."""
    with door(tmp_path) as site:
        site.post("subscribe", address="ann@example.org")
        whole = site.scene
        broken = mails.templates({"mail/confirm.html": "{{ nothing }}"}, site.desk.config)
        site.scene = replace(whole, templates=broken)

        with pytest.raises(TemplateError, match="nothing"):
            site.round()
        site.scene = whole
        assert 1 == site.round().sent


def test_what_cannot_be_written_is_left(tmp_path: Path) -> None:
    """Here the way out is too long for a header; nobody else has to wait for that."""
    url = f"https://example.org/{'a' * 1_000}/"
    with door(tmp_path, config(url=url)) as site:
        site.reader()
        for address in ("ann@example.org", "bob@example.org"):
            signup.request_signup(site.desk, SignupRequest(address), b"net", site.now)
        site.round()

        assert ["bob@example.org"] == [mail["To"] for mail in site.mails()]
        assert 0 == site.round().sent


def test_the_rest_waits_for_its_hour(tmp_path: Path) -> None:
    """So many an hour, and the others later."""
    with door(tmp_path) as site:
        for each in range(5):
            site.post("subscribe", address=f"r{each}@example.org")

        assert 3 == site.round(limits=SignupLimits(max_per_interval=3)).sent
        site.wait(hours=1)
        assert 2 == site.round(limits=SignupLimits(max_per_interval=3)).sent


def test_answers_go_where_they_should(tmp_path: Path) -> None:
    """The sender, the address for answers, and the one for what comes back."""
    mail = replace(postoffice.folder(), reply_to="desk@example.org", bounces="bounces@example.org")
    with door(tmp_path, config(mail)) as site:
        site.post("subscribe", address="ann@example.org")
        site.round()
        (found,) = site.mails()

        assert "desk@example.org" == found["Reply-To"]
        assert "ann@example.org" == found["To"]


def test_the_use_case_opens_the_desk_itself(tmp_path: Path) -> None:
    """With the site's own templates."""
    room = Newsroom(tmp_path)
    with room.desk() as desk:
        signup.request_signup(desk, SignupRequest("ann@example.org"), b"net", room.request().now)

    assert 1 == confirmations.send_confirmations(room.request()).sent
    assert (
        0 == confirmations.send_confirmations(room.request(), SignupLimits(max_per_interval=0)).sent
    )


def test_whom_the_dead_had_in_hand_is_answered_by_the_living(tmp_path: Path) -> None:
    """At once, where they were processes of this machine; what another has in hand waits."""
    room = Newsroom(tmp_path)
    room.begin()
    with room.desk() as desk:
        for name, worker in (("ann", dead_worker()), ("bob", "another-1-0123abcd")):
            wish = SignupRequest(f"{name}@example.org")
            desk.store.record_signup(wish, b"s", b"net", SignupLimits(), room.now)
            desk.store.claim_signup(worker, SignupLimits(), room.now)

    assert 1 == confirmations.send_confirmations(room.request()).sent
    assert ["ann@example.org"] == [each["To"] for each in room.messages()]

    room.now += SignupLimits().lease

    assert 1 == confirmations.send_confirmations(room.request()).sent
    assert {"ann@example.org", "bob@example.org"} == {each["To"] for each in room.messages()}


def test_the_scene_is_the_site_as_it_is_now(tmp_path: Path) -> None:
    """Its tags and authors can be chosen."""
    room = Newsroom(tmp_path)
    with room.desk() as desk:
        found = signup.load_page_context(room.request(), desk)

    assert desk is found.newsletter
    assert found.signup_options.confirms
    assert ("en",) == found.signup_options.languages[:1]


def test_of_the_scene_only_what_has_changed_is_read_again(tmp_path: Path) -> None:
    """Where a build has left what it found out; not where its settings were others."""
    room = Newsroom(tmp_path)
    room.write("a.md", "Old")
    kept = builder.rebuild(room.request()).state
    room.write("b.md", "New")
    with room.desk() as desk:
        found = signup.load_page_context(room.request(), desk, kept)
        other = replace(
            kept, inputs=replace(kept.inputs, paths=replace(desk.paths, content=tmp_path))
        )
        again = signup.load_page_context(room.request(), desk, other)

    assert ["New", "Old"] == [tag.label for tag in found.signup_options.tags]
    assert found.signup_options == again.signup_options
