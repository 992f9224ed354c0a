"""What a digest would say: as files, and as a message to somebody, with no ledger the wiser."""

import email
import email.policy
from pathlib import Path

import pytest
from mailservers import MailServer
from newsrooms import Newsroom

from feedpub.errors import FeedpubError, MailError
from feedpub.models.tokens import verify_token
from feedpub.newsletter import issues, preview
from feedpub.subscribers import manage

MAIL = "unsubscribe: leave@example.org, bounces: bounces@example.org"


@pytest.fixture
def room(tmp_path: Path) -> Newsroom:
    """Give a site with a digest that has begun, and a new post."""
    room = Newsroom(tmp_path)
    room.digests("name: Mon thly/News", mail=MAIL)
    room.begin()
    room.write("one.md", tags="a")
    return room


def shown(room: Newsroom, address: str = "") -> tuple[str, str, str]:
    """Give HTML, text and message of a preview."""
    folder = room.root / "deep" / "preview"
    found = preview.write_preview(room.request(), "Mon thly/News", folder, address)
    paths = found.paths

    assert ["mon-thly-news.html", "mon-thly-news.txt", "mon-thly-news.eml"] == [
        path.relative_to(folder).as_posix() for path in paths
    ]
    html, text, message = (path.read_text() for path in paths)
    head = email.message_from_string(message, policy=email.policy.default)

    assert found.subject == head["Subject"]

    return html, text, message


def test_a_preview_is_for_a_subscriber(room: Newsroom) -> None:
    """With what is their own: their address, and the ways out, which work."""
    bob = manage.add_subscriber(room.request(), "bob@example.net", name="Bob <&>", tags=("a",))
    html, text, raw = shown(room, "Bob@example.net")
    message = email.message_from_string(raw, policy=email.policy.default)

    lines = text.splitlines()
    link = lines[next(number for number, line in enumerate(lines) if "Unsubscribe" in line) + 1]
    with room.desk() as desk:
        assert link.rpartition("/")[2] == desk.create_token("unsubscribe", bob)
    assert link in html
    assert link in message["List-Unsubscribe"]
    assert "bob@example.net" in text
    assert "Bob <&>" == message["To"].addresses[0].display_name
    assert "\ufdd2" not in html + text


def test_a_preview_is_for_nobody_in_particular(room: Newsroom) -> None:
    """Nothing is recorded and nothing sent, however often it is looked at."""
    before = issues.list_issues(room.request())
    html, text, raw = shown(room)

    assert "reader@example.org" in text
    assert "The text of one.md." in html
    assert "To: reader@example.org" in raw
    assert "https://example.org/blog/digests/mon-thly-news/" in text
    assert before == issues.list_issues(room.request())
    assert [] == room.messages()


def test_there_must_be_something_to_show(room: Newsroom) -> None:
    """To everybody, or to this reader; and somebody to show it to."""
    room.reader("b@example.net", tags=("b",))
    with pytest.raises(FeedpubError, match=r"no post that b@example.net follows to show"):
        shown(room, "b@example.net")
    with pytest.raises(FeedpubError, match=r"x@example.net: no such subscriber"):
        shown(room, "x@example.net")
    (room.content / "one.md").unlink()
    with pytest.raises(FeedpubError, match="News: no post to show yet"):
        shown(room)


def test_a_place_that_takes_no_preview_is_told(room: Newsroom) -> None:
    """With the reason."""
    room.put("deep", "a file")
    with pytest.raises(FeedpubError, match=r"preview: cannot write the preview \(Not"):
        shown(room)


def test_a_test_goes_to_one_address(room: Newsroom) -> None:
    """Each is a message of its own; the post is as new as before."""
    outcomes = [preview.send_test(room.request(), "Mon thly/News", "eve@example.net") for _ in "12"]

    assert ["accepted", "accepted"] == [each.kind for each in outcomes]
    assert {"eve@example.net": ["one", "one"]} == room.mailed()
    assert 2 == len({each["Message-ID"] for each in room.messages()})
    assert ("one",) == issues.list_digests(room.request())[0].posts
    assert [] == list(manage.list_subscribers(room.request(), None))


def test_a_test_to_a_subscriber_is_their_own_copy(room: Newsroom) -> None:
    """And their bounce, if it comes to that; any other leads nowhere."""
    bob = room.reader("bob@example.net")
    with MailServer() as server:
        relay = f"{{host: 127.0.0.1, port: {server.port}, security: none}}"
        room.digests("name: weekly", mail=f"{MAIL}, transport: smtp, relays: [{relay}]")
        for address in ("bob@example.net", "eve@example.net"):
            preview.send_test(room.request(), "weekly", address)
        tokens = [taken.sender.partition("+")[2].partition("@")[0] for taken in server.taken]
    with room.desk() as desk:
        found = [verify_token(desk.keys, "bounce", token) for token in tokens]
        assert [bob.id, 0] == [each.id for each in found if each]
        assert desk.store.get_subscriber(0) is None


def test_a_test_that_cannot_be_sent_is_told(room: Newsroom) -> None:
    """Be it the address or the server."""
    with pytest.raises(FeedpubError, match='"eve" is not an e-mail address'):
        preview.send_test(room.request(), "Mon thly/News", "eve")
    mail = "transport: smtp, relays: [{host: 127.0.0.1, security: none, port: %s}]"
    room.digests("name: weekly", mail=mail % 1)
    with pytest.raises(MailError, match=r"127.0.0.1:1: connection failed"):
        preview.send_test(room.request(), "weekly", "eve@example.net")
    with MailServer({"RCPT": "550 5.1.1 No such user"}) as server:
        room.digests("name: weekly", mail=mail % server.port)
        outcome = preview.send_test(room.request(), "weekly", "eve@example.net")

    assert ("failed", 550) == (outcome.kind, outcome.code)
