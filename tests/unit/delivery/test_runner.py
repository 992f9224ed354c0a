"""Rounds of sending, against real servers and a real database."""

import os
import signal
import socket
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from threading import Event, Thread, Timer

import mails
import pytest
from mailings import LEASE, content, planned, reader
from mailservers import DROP, HANG, PASSWORD, USER, Answer, MailServer
from postoffice import (
    NOW,
    desk,
    folder,
    mailing,
    moment,
    printer,
    relay,
    round_of,
    smtp,
    states,
    subscriber,
    tally,
)
from watched import wait_until

from feedpub import storage
from feedpub.delivery.mime import PreparedMessage
from feedpub.delivery.relays import build_clock, build_transport
from feedpub.delivery.render import MessageRenderer
from feedpub.delivery.runner import DeliveryRunner, RunResult
from feedpub.delivery.smtp import SmtpTransport
from feedpub.delivery.smtp_connection import SmtpRelay
from feedpub.models.newsletter import Delivery, DeliveryUpdate, Message, Subscriber, Variant
from feedpub.site.describe import FilterDescriber, FilterNames
from feedpub.storage import Store
from feedpub.storage.errors import StoreError, StoreUnavailable

MANY = [f"reader{n}@d{n % 5}.example" for n in range(60)]
ANN, BOB, CLEO = "ann@example.org", "bob@example.com", "cleo@example.net"


def only(address: str, answer: str) -> dict[str, Answer]:
    """Give a script that refuses one address."""
    return {"RCPT": lambda argument: answer if address in argument else ""}


def test_everybody_gets_one_over_several_connections(tmp_path: Path) -> None:
    """And the database says so."""
    told: list[int] = []
    with MailServer() as server, desk(tmp_path, smtp(relay(server.port, connections=3))) as one:
        issue = mailing(one, *MANY)
        posted = round_of(one, progress=told.append)
        after = tally(one, issue)

    assert RunResult(60, "") == posted
    assert Counter(MANY) == Counter(each.recipient for each in server.taken)
    assert (60, 60) == (after.audience, after.accepted)
    assert 2 <= server.log.connections <= 3
    assert list(range(1, 61)) == told


def test_files_are_written(tmp_path: Path) -> None:
    """Where nothing is set yet."""
    with desk(tmp_path, folder()) as one:
        issue = mailing(one, ANN, BOB)
        posted = round_of(one)

        assert (RunResult(2, ""), 2) == (posted, tally(one, issue).accepted)
        assert 2 == len(list((tmp_path / "mail").glob("*.eml")))
        assert RunResult(0, "") == round_of(one)


def test_a_busy_mailbox_is_tried_later(tmp_path: Path) -> None:
    """The others are not held up."""
    with (
        MailServer(only(BOB, "450 4.2.1 Busy")) as server,
        desk(tmp_path, smtp(relay(server.port))) as one,
    ):
        issue = mailing(one, ANN, BOB, CLEO)
        posted = round_of(one)
        after = tally(one, issue)
        due = one.store.get_next_due()

    assert (RunResult(3, ""), 2, 1) == (posted, after.accepted, after.deferred)
    assert due is not None
    assert timedelta(minutes=3) < due - NOW < timedelta(minutes=7)


def test_an_address_that_is_gone_is_suppressed(tmp_path: Path) -> None:
    """The others prove that the relay knows whom it talks about."""
    with (
        MailServer(only(BOB, "550 5.1.1 No such user")) as server,
        desk(tmp_path, smtp(relay(server.port))) as one,
    ):
        issue = mailing(one, ANN, BOB, CLEO)
        round_of(one)

        assert (2, 1) == (tally(one, issue).accepted, tally(one, issue).failed)
        assert {ANN: "active", BOB: "bounced", CLEO: "active"} == states(one)


def test_a_relay_that_knows_nobody_empties_no_list(tmp_path: Path) -> None:
    """The issue stops and says why; other issues go on."""
    script: dict[str, Answer] = {
        "RCPT": lambda argument: "550 5.1.1 No such user" if "@d" in argument else ""
    }
    with (
        MailServer(script) as server,
        desk(tmp_path, smtp(relay(server.port, connections=2))) as one,
    ):
        issue = mailing(one, *MANY)
        other = mailing(one, ANN, BOB, digest="monthly")
        posted = round_of(one)
        stopped, after = one.store.get_issue(issue.id), tally(one, issue)

        assert "messages were refused" in posted.stop_reason
        assert ("paused", True) == (stopped.state, stopped.reason in posted.stop_reason)
        assert 20 <= after.failed < 30
        assert (60 - after.failed, 2) == (after.waiting, tally(one, other).accepted)
        assert {"active"} == set(states(one).values())


@pytest.mark.parametrize(
    ("stage", "answer", "readers", "taken"),
    [
        ("RCPT", "554 5.7.1 Client host blocked using a block list", 25, 20),
        ("END", "554 5.7.1 Rejected as spam", 60, 0),
        ("END", "554 5.7.1 Rejected as spam", 3, 0),
        ("END", "550 5.4.5 Daily user sending limit exceeded", 25, 20),
        ("RCPT", "550 5.4.5 Daily user sending limit exceeded", 5, 2),
        ("MAIL", "550 5.4.5 Daily user sending limit exceeded", 3, 0),
        ("END", "550 5.1.90 Your message cannot be sent: daily limit for recipients reached", 9, 5),
        ("END", "554 5.2.0 The sender's submission quota was exceeded", 9, 5),
        ("MAIL", "452 4.5.3 Daily message limit reached", 9, 5),
    ],
)
def test_a_relay_that_refuses_us_costs_nobody_the_issue(
    tmp_path: Path, stage: str, answer: str, readers: int, taken: int
) -> None:
    """It waits and says why, the relay is left alone, and all get it once that is mended."""
    script: dict[str, Answer] = {stage: ""}
    with (
        MailServer(script) as server,
        desk(tmp_path, smtp(relay(server.port, connections=2))) as one,
    ):
        script[stage] = lambda _: answer if len(server.taken) >= taken else ""
        issue = mailing(one, *MANY[:readers])
        posted = round_of(one)
        before, why = tally(one, issue), one.store.get_issue(issue.id).reason
        connections = server.log.connections
        idle = round_of(one)
        (suspension,) = one.store.list_suspensions(NOW)

        assert (before.accepted, before.failed, before.deferred, before.doubt) == (
            len(server.taken),
            0,
            0,
            0,
        )
        assert taken <= before.accepted < min(taken + 2, readers)
        assert readers - before.accepted == before.waiting
        assert posted.stop_reason == why == idle.stop_reason
        assert answer in why
        assert (f"127.0.0.1:{server.port}", answer) == (suspension.relay, suspension.reason)
        assert (0, connections) == (idle.sent, server.log.connections)
        assert {"active"} == set(states(one).values())

        script.clear()
        one.store.clear_suspensions()
        again = round_of(one, now=build_clock(moment(60)))

        assert (RunResult(readers - before.accepted, ""), readers) == (again, len(server.taken))
        assert readers == tally(one, issue).accepted
        assert "" == one.store.get_issue(issue.id).reason


@pytest.mark.parametrize(
    ("stage", "answer"),
    [
        ("EHLO", "550 5.7.1 Your address is on a block list"),
        ("EHLO", "554 5.4.5 Daily sending quota exceeded"),
        ("AUTH", "535 5.7.8 Authentication failed: account locked"),
        ("AUTH", "454 4.7.0 Daily sending quota exceeded"),
    ],
)
def test_a_relay_that_refuses_the_connection_is_left_alone(
    tmp_path: Path, stage: str, answer: str
) -> None:
    """As one that refuses a message: nobody loses an attempt, and the operator is told why."""
    script: dict[str, Answer] = {stage: answer}
    with (
        MailServer(script) as server,
        desk(tmp_path, smtp(replace(relay(server.port), username=USER, password=PASSWORD))) as one,
    ):
        issue = mailing(one, ANN, BOB)
        posted = round_of(one)
        connections = server.log.connections
        idle = round_of(one)
        (suspension,) = one.store.list_suspensions(NOW)
        (refusal,) = one.store.list_refusals(NOW)
        name = f"127.0.0.1:{server.port}"

        assert (0, 0, 2) == (posted.sent, idle.sent, tally(one, issue).waiting)
        assert answer in posted.stop_reason
        assert connections == server.log.connections
        assert (name, answer) == (suspension.relay, suspension.reason)
        assert (name, answer, 1) == (refusal.domain, refusal.text, refusal.number)

        script.clear()
        one.store.clear_suspensions()

        assert RunResult(2, "") == round_of(one, now=build_clock(moment(60)))


@pytest.mark.parametrize("answer", ["421 4.3.2 Closing down", "454 4.7.0 Temporary failure"])
def test_a_relay_out_of_order_may_be_used_by_the_next_round(tmp_path: Path, answer: str) -> None:
    """What passes is no refusal."""
    script: dict[str, Answer] = {"EHLO": answer}
    with MailServer(script) as server, desk(tmp_path, smtp(relay(server.port))) as one:
        mailing(one, ANN)
        posted = round_of(one)

        assert answer in posted.stop_reason
        assert ((), ()) == (one.store.list_suspensions(NOW), one.store.list_refusals(NOW))

        script.clear()

        assert RunResult(1, "") == round_of(one)


def test_relays_that_refuse_the_connection_leave_all_to_another(tmp_path: Path) -> None:
    """It is asked once."""
    with (
        MailServer({"EHLO": "550 5.7.1 Blocked"}) as bad,
        MailServer() as good,
        desk(tmp_path, smtp(relay(bad.port, weight=99), relay(good.port))) as one,
    ):
        issue = mailing(one, *MANY)

        assert RunResult(60, "") == round_of(one)
        assert 60 == tally(one, issue).accepted
        assert 1 >= bad.log.connections
        assert [f"127.0.0.1:{bad.port}"] == [each.relay for each in one.store.list_suspensions(NOW)]


def test_a_server_that_refuses_us_for_one_reader_is_told(tmp_path: Path) -> None:
    """By the reader's domain, without the address: the reader is not to blame."""
    answer = f"550 5.7.26 <{BOB}> Unauthenticated mail is not accepted"
    with MailServer(only(BOB, answer)) as server, desk(tmp_path, smtp(relay(server.port))) as one:
        issue = mailing(one, ANN, BOB, CLEO)
        round_of(one)
        (refusal,) = one.store.list_refusals(NOW)

        assert (2, 1) == (tally(one, issue).accepted, tally(one, issue).failed)
        assert "active" == states(one)[BOB]

    assert ("example.com", 1) == (refusal.domain, refusal.number)
    assert "Unauthenticated mail" in refusal.text
    assert BOB not in refusal.text


def test_another_relay_goes_on_while_one_is_over_its_quota(tmp_path: Path) -> None:
    """It sends what the first one refused, too, over no more connections than it may have."""
    script: dict[str, Answer] = {"END": "550 5.4.5 Daily user sending limit exceeded"}
    with (
        MailServer(script) as over,
        MailServer() as good,
        desk(tmp_path, smtp(relay(over.port, connections=2, weight=9), relay(good.port))) as one,
    ):
        issue = mailing(one, *MANY)
        posted = round_of(one)
        after = tally(one, issue)
        suspended = [each.relay for each in one.store.list_suspensions(NOW)]

    assert (RunResult(60, ""), 60, 60) == (posted, after.accepted, len(good.taken))
    assert (1, [f"127.0.0.1:{over.port}"]) == (good.log.connections, suspended)


def test_one_message_that_is_refused_is_about_that_message(tmp_path: Path) -> None:
    """The relay takes the others; nothing is held against the reader for it."""
    with (
        MailServer(only(BOB, "554 5.7.1 Relaying to this domain is not permitted")) as server,
        desk(tmp_path, smtp(relay(server.port))) as one,
    ):
        issue = mailing(one, ANN, BOB, CLEO)
        posted = round_of(one)
        after = tally(one, issue)

        assert (RunResult(3, ""), 2, 1) == (posted, after.accepted, after.failed)
        assert {"active"} == set(states(one).values())
        assert () == one.store.list_suspensions(NOW)


def test_one_message_for_which_the_relay_is_always_too_busy_holds_up_nobody(
    tmp_path: Path,
) -> None:
    """In the end it is tried later, as any other that is not taken for now."""
    with (
        MailServer(only(BOB, "450 4.7.28 Sending rate exceeded for this account")) as server,
        desk(tmp_path, smtp(relay(server.port, connections=2))) as one,
    ):
        issue = mailing(one, BOB, *MANY)
        posted = round_of(one, now=hasty_clock())
        after = tally(one, issue)

    assert (RunResult(61, ""), 60, 1) == (posted, after.accepted, after.deferred)


def test_a_relay_that_is_too_busy_is_sent_less(tmp_path: Path) -> None:
    """Nobody waits for longer than the relay makes them, and nobody's attempt is counted."""
    calls = count(1)
    script: dict[str, Answer] = {
        "END": lambda _: (
            "454 Throttling failure: Maximum sending rate exceeded."
            if next(calls) in {5, 6, 20}
            else ""
        )
    }
    with MailServer(script) as server, desk(tmp_path, smtp(relay(server.port))) as one:
        issue = mailing(one, *MANY)
        posted = round_of(one, now=hasty_clock())
        after = tally(one, issue)

    assert (RunResult(60, ""), 60, 60) == (posted, after.accepted, len(server.taken))


def test_a_relay_that_stays_too_busy_is_left_alone(tmp_path: Path) -> None:
    """After some minutes the issue waits, and nobody's attempt is counted."""
    with (
        MailServer({"MAIL": "452 4.3.1 Insufficient system storage"}) as server,
        desk(tmp_path, smtp(relay(server.port))) as one,
    ):
        issue = mailing(one, ANN, BOB)
        posted = round_of(one, now=hasty_clock())
        after = tally(one, issue)

    assert (0, 2, 0) == (posted.sent, after.waiting, after.deferred)
    assert "452 4.3.1 Insufficient system storage" in posted.stop_reason


@pytest.mark.parametrize("code", [421, 452])
def test_a_relay_that_takes_so_many_messages_over_a_connection(tmp_path: Path, code: int) -> None:
    """A new connection is opened: before the limit is reached, once it is known."""
    refused: list[int] = []
    begun: Counter[int] = Counter()

    def mail(_: str) -> str:
        begun[server.log.connections] += 1
        if begun[server.log.connections] <= 5:
            return ""
        refused.append(server.log.connections)
        return f"{code} 4.5.3 Too many messages in this session"

    with MailServer({"MAIL": mail}) as server, desk(tmp_path, smtp(relay(server.port))) as one:
        issue = mailing(one, *MANY)
        posted = round_of(one)
        after = tally(one, issue)

    assert (RunResult(60, ""), 60, 12) == (posted, after.accepted, server.log.connections)
    assert [1, 2] == refused


def test_a_mailbox_that_is_full_for_ever_is_given_up(tmp_path: Path) -> None:
    """A refusal by the relay itself counts like a message that came back: once a day."""
    with (
        MailServer(only(BOB, "552 5.2.2 Mailbox full")) as server,
        desk(tmp_path, smtp(relay(server.port), soft_bounces=2)) as one,
    ):
        for day in range(2):
            ids = [each.id for each in one.store.iter_subscribers("active")] or [
                one.store.add_subscriber(reader(each), NOW).id for each in (ANN, BOB, CLEO)
            ]
            for issue in range(2):
                slot = moment(86400 * day + 60 * issue)
                planned(one.store, ids, f"post {day} {issue}", slot=slot)
                round_of(one, now=build_clock(slot))

            counted = subscriber(one, BOB)
            assert ("bounced" if day else "active", day + 1) == (
                counted.state,
                counted.soft_bounces,
            )


def hasty_clock() -> Callable[[], datetime]:
    """Return a clock that goes a hundred times as fast."""
    begin = time.monotonic()
    return lambda: moment(100 * (time.monotonic() - begin))


@pytest.mark.parametrize("answer", [HANG, DROP])
def test_no_answer_leaves_a_doubt(tmp_path: Path, answer: str) -> None:
    """It is not sent again by itself; the others are not held up."""
    script = {"END": lambda address: answer if address == BOB else ""}
    with MailServer(script) as server, desk(tmp_path, smtp(relay(server.port))) as one:
        issue = mailing(one, ANN, BOB, CLEO)
        way = SmtpTransport([SmtpRelay("127.0.0.1", server.port, "none", final_timeout=0.3)])
        posted = round_of(one, way)
        after = tally(one, issue)

    assert (RunResult(3, ""), 2, 1) == (posted, after.accepted, after.doubt)


def test_without_a_connection_the_issue_waits(tmp_path: Path) -> None:
    """It says so; and when the server is back it goes on, and does not say so any more."""
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    with desk(tmp_path, smtp(relay(port, connections=3))) as one:
        issue = mailing(one, *MANY)
        posted = round_of(one)

        assert (0, 60) == (posted.sent, tally(one, issue).waiting)
        assert f"127.0.0.1:{port}: connection failed" in posted.stop_reason
        assert posted.stop_reason == one.store.get_issue(issue.id).reason

        with MailServer() as server:
            again = round_of(one, SmtpTransport([SmtpRelay("127.0.0.1", server.port, "none")]))

        assert (RunResult(60, ""), "") == (again, one.store.get_issue(issue.id).reason)


def test_a_stop_finishes_what_is_in_hand(tmp_path: Path) -> None:
    """The rest is given back at once."""
    stop = Event()

    def report(done: int) -> None:
        if done == 5:
            stop.set()

    with (
        MailServer({"MAIL": _slowly}) as server,
        desk(tmp_path, smtp(relay(server.port, connections=2))) as one,
    ):
        issue = mailing(one, *MANY)
        posted = round_of(one, stop=stop, progress=report)
        after = tally(one, issue)
        free = one.store.claim_deliveries("next", 100, LEASE, moment(1))

    assert 5 <= posted.sent < 60
    assert (posted.sent, 0, 0) == (len(server.taken), after.doubt, after.failed)
    assert (after.accepted, after.waiting) == (posted.sent, len(free))


def _slowly(_: str) -> str:
    Event().wait(0.02)
    return ""


def test_an_interrupt_finishes_what_is_in_hand(tmp_path: Path) -> None:
    """Ctrl-C where nobody turned it into a word."""

    pressed: list[int] = []

    def report(done: int) -> None:
        if done >= 5 and not pressed:
            pressed.append(done)
            os.kill(os.getpid(), signal.SIGINT)

    with MailServer({"MAIL": _slowly}) as server, desk(tmp_path, smtp(relay(server.port))) as one:
        issue = mailing(one, *MANY)
        with pytest.raises(KeyboardInterrupt):
            round_of(one, progress=report)
        after = tally(one, issue)

        assert (len(server.taken), 0) == (after.accepted, after.doubt)
        assert after.waiting == len(one.store.claim_deliveries("next", 100, LEASE, moment(1)))


def test_nobody_is_mailed_after_leaving(tmp_path: Path) -> None:
    """Even where the message is on its way: before the final dot it is not sent."""
    with desk(tmp_path, smtp()) as one:

        def leave(argument: str) -> str:
            if BOB in argument:
                one.store.change_state(subscriber(one, BOB).id, "unsubscribed", NOW)
            return ""

        with MailServer({"RCPT": leave}) as server:
            issue = mailing(one, ANN, BOB, CLEO)
            posted = round_of(one, SmtpTransport([SmtpRelay("127.0.0.1", server.port, "none")]))
            after = tally(one, issue)

    assert (RunResult(2, ""), 2, 1) == (posted, after.accepted, after.suppressed)
    assert [ANN, CLEO] == [each.recipient for each in server.taken]


@pytest.mark.parametrize("turn", ["paused", "cancelled"])
def test_nobody_is_mailed_after_a_stop(tmp_path: Path, turn: str) -> None:
    """Somebody stops the issue while a message is on its way, and many are claimed."""
    with desk(tmp_path, smtp()) as one:
        issue = mailing(one, *MANY)

        def stop(argument: str) -> str:
            if MANY[9] in argument and turn == "paused":
                one.store.pause_issue(issue.id)
            elif MANY[9] in argument:
                one.store.cancel_issue(issue.id, NOW)
            return ""

        with MailServer({"RCPT": stop}) as server:
            posted = round_of(one, SmtpTransport([SmtpRelay("127.0.0.1", server.port, "none")]))
        after = tally(one, issue)

    rest = after.waiting if turn == "paused" else after.suppressed
    assert RunResult(9, f"issue {issue.id} is {turn}") == posted
    assert list(MANY[:9]) == [each.recipient for each in server.taken]
    assert (9, 51) == (after.accepted, rest)


class Away(Store):
    """A store whose database is away for some calls, and then back; or broken."""

    claims = 2
    releases = 1
    fault: StoreError | None = None

    def claim_deliveries(
        self, worker: str, limit: int, lease: timedelta, now: datetime
    ) -> tuple[Delivery, ...]:
        """Claim once the database is back."""
        if self.claims:
            self.claims -= 1
            raise StoreUnavailable("away")
        return super().claim_deliveries(worker, limit, lease, now)

    def release_deliveries(self, worker: str) -> int:
        """Release once the database is back."""
        if self.releases:
            self.releases -= 1
            raise StoreUnavailable("away")
        return super().release_deliveries(worker)

    def record_results(self, worker: str, settled: Sequence[DeliveryUpdate], now: datetime) -> None:
        """Settle, unless the database is broken."""
        if self.fault is not None:
            raise self.fault
        super().record_results(worker, settled, now)

    def mark_in_doubt(
        self, worker: str, ids: Sequence[int], now: datetime, settled: Sequence[DeliveryUpdate] = ()
    ) -> frozenset[int]:
        """Put in doubt, unless the database is broken and there is something to settle."""
        if self.fault is not None and settled:
            raise self.fault
        return super().mark_in_doubt(worker, ids, now, settled)


def away(url: str, home: Path) -> Away:
    """Open a store that is away at first."""
    return Away(storage.open_store(url, home)._database)


def test_a_round_waits_for_the_database(tmp_path: Path) -> None:
    """And goes on."""
    with MailServer() as server, desk(tmp_path, smtp(relay(server.port)), away) as one:
        issue = mailing(one, ANN, BOB)

        assert (RunResult(2, ""), 2) == (round_of(one), tally(one, issue).accepted)


def test_a_broken_database_ends_the_round(tmp_path: Path) -> None:
    """No more is sent than was under way."""
    with (
        MailServer() as server,
        desk(tmp_path, smtp(relay(server.port, connections=2)), away) as one,
    ):
        mailing(one, *MANY)
        assert isinstance(one.store, Away)
        one.store.fault = StoreError("broken")
        with pytest.raises(StoreError, match="broken"):
            round_of(one)

    assert len(server.taken) <= 4


class Counted(Store):
    """A store that counts how often it is asked to release."""

    releases = 0

    def release_deliveries(self, worker: str) -> int:
        """Release, and count."""
        self.releases += 1
        return super().release_deliveries(worker)


class Broken(MessageRenderer):
    """A printer that breaks down at Bob's copy, once a server thinks about another one."""

    busy: Callable[[], bool]

    def render(self, letter: PreparedMessage, key: str, one: Subscriber, language: str) -> Message:
        """Write a copy."""
        if one.address == BOB:
            wait_until(self.busy, "a message")
            raise RuntimeError("broken")
        return super().render(letter, key, one, language)


def test_a_bug_at_one_connection_lets_the_others_end(tmp_path: Path) -> None:
    """What was not begun is given back once, and again when all is over."""

    def counted(url: str, home: Path) -> Counted:
        return Counted(storage.open_store(url, home)._database)

    mail = smtp(relay(1, connections=2))
    with MailServer({"END": HANG}) as server, desk(tmp_path, mail, counted) as one:
        issue = mailing(one, ANN, BOB)
        prints = Broken(one, FilterDescriber(mails.templates(), FilterNames({}, {})))
        prints.busy = lambda: "." in server.log.commands
        way = SmtpTransport([SmtpRelay("127.0.0.1", server.port, "none", final_timeout=8)])
        with pytest.raises(RuntimeError, match="broken"):
            DeliveryRunner(one, prints, way, build_clock(NOW), lambda _: None).run_once()
        after = tally(one, issue)
        assert isinstance(one.store, Counted)

        assert (1, 1) == (after.doubt, after.waiting)
        assert one.store.releases <= 2


def test_relays_share_by_weight_and_room(tmp_path: Path) -> None:
    """Two servers, each with as many connections as it may have."""
    with MailServer() as first, MailServer() as second:
        mail = smtp(relay(first.port, connections=2, weight=9), relay(second.port))
        with desk(tmp_path, mail) as one:
            mailing(one, *MANY)
            posted = DeliveryRunner(
                one, printer(one), build_transport(one), build_clock(NOW), lambda _: None
            ).run_once()

    assert RunResult(60, "") == posted
    assert 60 == len(first.taken) + len(second.taken)
    assert first.log.connections <= 2
    assert 1 >= second.log.connections


def test_a_rate_is_kept(tmp_path: Path) -> None:
    """Over all connections of a relay together."""
    with (
        MailServer() as server,
        desk(tmp_path, smtp(relay(server.port, connections=3, rate=20))) as one,
    ):
        mailing(one, *MANY[:8])
        now = build_clock(NOW)
        DeliveryRunner(one, printer(one), build_transport(one), now, lambda _: None).run_once()

    assert timedelta(seconds=0.25) < now() - NOW  # two at once, then six at 20 a second


def test_messages_are_whole(tmp_path: Path) -> None:
    """The same Message-ID at every attempt."""
    mail = replace(smtp(), on_doubt="resend")
    with MailServer({"END": DROP}) as server, desk(tmp_path, mail) as one:
        mailing(one, ANN)
        seen: list[bytes] = []
        for seconds in (0, 600):
            way = SmtpTransport([SmtpRelay("127.0.0.1", server.port, "none")])
            now = build_clock(moment(seconds))
            prints = printer(one)
            DeliveryRunner(one, prints, way, now, lambda _: None).run_once()
        (delivery,) = one.store.claim_deliveries("next", 1, LEASE, moment(90_000))
        seen.append(delivery.key.encode())

    assert 2 == delivery.attempts
    assert 2 == server.log.commands.count(".")


def test_who_stops_gives_back_what_was_not_begun(tmp_path: Path) -> None:
    """Though a server keeps one message waiting: somebody else need not wait for the lease."""
    with MailServer({"END": HANG}) as server, desk(tmp_path, smtp(relay(server.port))) as one:
        issue = mailing(one, ANN, BOB, CLEO)
        way = SmtpTransport([SmtpRelay("127.0.0.1", server.port, "none", final_timeout=12)])
        stop, posted = Event(), list[RunResult]()
        sending = Thread(target=lambda: posted.append(round_of(one, way, stop)))
        sending.start()
        wait_until(lambda: "." in server.log.commands, "a message")

        assert 1 == len(one.store.list_delivery_workers())

        stop.set()
        wait_until(lambda: not one.store.list_delivery_workers(), "that they are given back")
        sending.join(60)
        after = tally(one, issue)

    assert (2, 1, [RunResult(1, "")]) == (after.waiting, after.doubt, posted)


def test_the_next_issue_follows_in_the_same_round(tmp_path: Path) -> None:
    """Everybody has the first one before the second; nothing is left for another round."""
    with MailServer() as server, desk(tmp_path, smtp(relay(server.port, connections=3))) as one:
        first = mailing(one, *MANY)
        second = one.store.plan_issue(
            "weekly",
            moment(60),
            ("another post",),
            "Second",
            [Variant("all", ("another post",), content("Second"))],
            [(each.id, "all") for each in one.store.iter_subscribers()],
            NOW,
        )
        posted = round_of(one)
        accepted = [tally(one, each).accepted for each in (first, second)]

    subjects: dict[str, list[bool]] = {each: [] for each in MANY}
    for each in server.taken:
        subjects[each.recipient].append(b"Subject: Second" in each.data)
    assert (RunResult(120, ""), [60, 60]) == (posted, accepted)
    assert [[False, True]] * 60 == list(subjects.values())


@pytest.mark.parametrize(
    ("stage", "state"), [("EHLO", "waiting"), ("RCPT", "waiting"), ("END", "doubt")]
)
def test_a_stop_waits_for_no_server(tmp_path: Path, stage: str, state: str) -> None:
    """What was under way is in doubt only after the final dot; else it goes out next time."""
    stop = Event()
    with (
        MailServer({stage: HANG}) as server,
        desk(tmp_path, smtp(relay(server.port, connections=2))) as one,
    ):
        issue = mailing(one, *MANY)
        Timer(1, stop.set).start()
        began = time.monotonic()
        round_of(one, stop=stop)
        seconds = time.monotonic() - began
        after = tally(one, issue)

    assert 30 > seconds  # servers may keep silent for ten minutes
    assert (60, 0, 0) == (after.waiting + after.doubt, after.deferred, after.failed)
    assert (2 if state == "doubt" else 0) == after.doubt


def test_a_stop_waits_for_no_database(tmp_path: Path) -> None:
    """Somebody else writes for ever: that nothing could be recorded is told."""
    stop = Event()
    with MailServer() as server, desk(tmp_path, smtp(relay(server.port))) as one:
        mailing(one, *MANY)
        path = tmp_path / ".feedpub" / "newsletter.sqlite"
        with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:

            def lock(sent: int) -> None:
                if sent == 5:
                    other.execute("BEGIN IMMEDIATE")
                    stop.set()

            began = time.monotonic()
            with pytest.raises(StoreUnavailable, match="are in doubt"):
                round_of(one, stop=stop, progress=lock)
            seconds = time.monotonic() - began
            other.execute("ROLLBACK")

    assert 30 > seconds
