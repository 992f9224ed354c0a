"""One connection after another, of one thread among several."""

from dataclasses import replace
from itertools import count
from pathlib import Path
from threading import Event

from mailservers import Answer, MailServer
from postoffice import NOW, desk, mailing, printer, relay, round_of, smtp, tally

from feedpub.app import NewsletterContext
from feedpub.delivery.mime import PreparedMessage
from feedpub.delivery.relays import build_clock, build_transport
from feedpub.delivery.render import MessageRenderer
from feedpub.delivery.runner import DeliveryRunner, RunResult
from feedpub.models.content import Author
from feedpub.models.newsletter import Message, Subscriber
from feedpub.site.describe import FilterDescriber

ADDRESSES = [f"reader{n}@example.org" for n in range(6)]


class Picky(MessageRenderer):
    """Cannot write to the first reader."""

    def render(self, letter: PreparedMessage, key: str, one: Subscriber, language: str) -> Message:
        """Write to all others."""
        if one.address == ADDRESSES[0]:
            raise ValueError("not a valid recipient address")
        return super().render(letter, key, one, language)


def picky(one: NewsletterContext) -> MessageRenderer:
    """Give one."""
    following: FilterDescriber = printer(one)._describer
    return Picky(one, following)


def test_who_cannot_be_written_to_fails(tmp_path: Path) -> None:
    """The others get theirs."""
    with MailServer() as server, desk(tmp_path, smtp(relay(server.port))) as one:
        issue = mailing(one, *ADDRESSES)
        DeliveryRunner(
            one, picky(one), build_transport(one), build_clock(NOW), lambda _: None
        ).run_once()
        after = tally(one, issue)

    assert (5, 1) == (after.accepted, after.failed)
    assert (("5.1.3", 1),) == after.reasons


def test_a_connection_that_ends_is_opened_again(tmp_path: Path) -> None:
    """The message was not even named: it is none the worse for it."""
    calls = count(1)
    script = {"MAIL": lambda _: "421 4.3.2 Bye" if next(calls) == 3 else ""}
    with MailServer(script) as server, desk(tmp_path, smtp(relay(server.port))) as one:
        issue = mailing(one, *ADDRESSES)
        posted = round_of(one)
        after = tally(one, issue)

    assert (RunResult(6, ""), 6, 2) == (posted, after.accepted, server.log.connections)


def test_a_server_that_wants_nothing_from_us_is_as_good_as_none(tmp_path: Path) -> None:
    """It is tried twice; then the issue waits."""
    script = {"MAIL": "530 5.7.0 Authentication required"}
    with MailServer(script) as server, desk(tmp_path, smtp(relay(server.port))) as one:
        issue = mailing(one, *ADDRESSES)
        posted = round_of(one)
        after = tally(one, issue)

    why = f"127.0.0.1:{server.port}: 530 5.7.0 Authentication required"
    assert RunResult(0, why) == posted
    assert (6, 2) == (after.waiting, server.log.connections)


def test_a_sender_that_is_refused_costs_nobody_the_issue(tmp_path: Path) -> None:
    """It is about no reader: the issue waits and says why, and all get it once that is mended."""
    script: dict[str, Answer] = {"MAIL": "553 5.7.1 Sender address rejected"}
    with MailServer(script) as server, desk(tmp_path, smtp(relay(server.port))) as one:
        issue = mailing(one, *ADDRESSES)
        posted = round_of(one)
        before, why = tally(one, issue), one.store.get_issue(issue.id).reason
        script.clear()
        again = round_of(one)
        after = tally(one, issue)

    assert RunResult(0, f"127.0.0.1:{server.port}: 553 5.7.1 Sender address rejected") == posted
    assert (posted.stop_reason, 6, 0) == (why, before.waiting, before.failed)
    assert (RunResult(6, ""), 6) == (again, after.accepted)


def test_a_sender_of_another_script_reaches_every_server(tmp_path: Path) -> None:
    """Also one that knows ASCII addresses only."""
    sender = Author("Ann", "news@例え.jp")
    with (
        MailServer(utf8=False) as server,
        desk(tmp_path, replace(smtp(relay(server.port)), sender=sender)) as one,
    ):
        issue = mailing(one, *ADDRESSES)
        round_of(one)
        after = tally(one, issue)

    assert (6, "news@xn--r8jz45g.jp") == (after.accepted, server.taken[0].sender)


def test_a_sender_that_a_server_cannot_write_is_no_readers_fault(tmp_path: Path) -> None:
    """The issue waits until there is another server, or another sender."""
    sender = Author("Jörg", "jörg@example.org")
    with (
        MailServer(utf8=False) as server,
        desk(tmp_path, replace(smtp(relay(server.port)), sender=sender)) as one,
    ):
        issue = mailing(one, *ADDRESSES)
        posted = round_of(one)
        after = tally(one, issue)

    assert (0, True) == (posted.sent, "no SMTPUTF8" in posted.stop_reason)
    assert (6, 0) == (after.waiting, after.failed)


def test_one_connection_is_enough(tmp_path: Path) -> None:
    """A server that takes one at a time is no server that is away."""
    calls = count(1)
    script: dict[str, Answer] = {
        "EHLO": lambda _: "421 4.7.0 Too many connections" if next(calls) > 1 else "",
        "HELO": "421 4.7.0 Too many connections",
    }
    with (
        MailServer(script) as server,
        desk(tmp_path, smtp(relay(server.port, connections=3))) as one,
    ):
        issue = mailing(one, *ADDRESSES)
        posted = round_of(one)
        after = tally(one, issue)

    assert (RunResult(6, ""), 6) == (posted, after.accepted)


def test_a_relay_that_wants_nothing_stops_no_other(tmp_path: Path) -> None:
    """It lets us in, and refuses every message: the other one sends them all."""
    with (
        MailServer({"MAIL": "530 5.7.0 Authentication required"}) as bad,
        MailServer() as good,
        desk(tmp_path, smtp(relay(bad.port, weight=9), relay(good.port))) as one,
    ):
        issue = mailing(one, *ADDRESSES)
        posted = round_of(one)
        after = tally(one, issue)

    assert (RunResult(6, ""), 6, []) == (posted, after.accepted, bad.taken)


def test_who_finds_no_room_where_all_goes_waits(tmp_path: Path) -> None:
    """One relay is away, and the other may have one connection: it sends them all."""
    with (
        MailServer() as good,
        desk(tmp_path, smtp(relay(1, connections=3, weight=9), relay(good.port))) as one,
    ):
        issue = mailing(one, *ADDRESSES)
        posted = round_of(one)
        after = tally(one, issue)

    assert (RunResult(6, ""), 6, 6) == (posted, after.accepted, len(good.taken))


def test_who_waits_for_a_token_gives_the_message_back(tmp_path: Path) -> None:
    """When the round ends meanwhile."""
    stop = Event()
    with MailServer() as server, desk(tmp_path, smtp(relay(server.port, rate=1))) as one:
        issue = mailing(one, *ADDRESSES)
        posted = round_of(one, stop=stop, progress=lambda _: stop.set())
        after = tally(one, issue)

    assert (RunResult(1, ""), 1, 5) == (posted, after.accepted, after.waiting)
