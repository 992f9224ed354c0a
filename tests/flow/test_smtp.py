"""A digest sent to a real mail server that misbehaves: every delivery's state is right, none lost.

Each test sends once to a server that does as a script says, looks at what the database makes of
it, and sends again an hour later, when the server is well. In the end the server has one copy for
everybody, but for those it refused and those that nobody can know about.
"""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from email import message_from_bytes
from pathlib import Path
from threading import Event

import pytest
from mailservers import DROP, HANG, LOSE, Answer, MailServer, certified
from newsletters import NOW, Newsletter, Standing, request

from feedpub.app import open_newsletter
from feedpub.delivery.relays import build_clock
from feedpub.delivery.render import MessageRenderer
from feedpub.delivery.runner import DeliveryRunner
from feedpub.delivery.smtp import SmtpTransport
from feedpub.delivery.smtp_connection import SmtpRelay
from feedpub.delivery.transport import (
    MailSession,
    MarkInDoubt,
    RefusalHandler,
    Transport,
    ignore_refusal,
)
from feedpub.models.newsletter import IssueStats, Message, SendResult
from feedpub.newsletter import issues, planning
from feedpub.newsletter.issue_builder import run_with_builder
from feedpub.subscribers import manage

READERS = tuple(f"{name}@{name}.example.org" for name in ("ann", "bob", "cyd", "dan", "eve"))
LATER = NOW + timedelta(hours=1)
PATIENT, HASTY = 60.0, 2.0  # seconds that an answer is waited for; the few where none comes


@pytest.fixture(params=["hold", "resend"])
def on_doubt(request: pytest.FixtureRequest) -> str:
    """Give what `mail.on_doubt` may be."""
    answer: str = request.param
    return answer


@contextmanager
def sent(
    folder: Path, script: dict[str, Answer], on_doubt: str = "hold", wait: float = PATIENT
) -> Iterator[tuple[Newsletter, MailServer]]:
    """Plan an issue while the server is away, then send it to a server with a script."""
    with MailServer(script) as server:
        letter = made(folder, server, on_doubt)
        hand_over(letter, direct(server, wait))
        yield letter, server


def made(folder: Path, server: MailServer, on_doubt: str = "hold") -> Newsletter:
    """Plan an issue for all readers; nobody could be reached yet."""
    letter = Newsletter(folder / "site", "host: 127.0.0.1, port: 1, security: none", "", on_doubt)
    letter.subscribe(READERS)
    send(letter)
    letter.configure(f"host: 127.0.0.1, port: {server.port}, security: none", on_doubt)

    assert {("planned", 0)} == {(each.state, each.attempts) for each in standings(letter)}

    return letter


def send(letter: Newsletter, now: datetime = NOW) -> tuple[planning.DigestResult, ...]:
    """Send as the command does."""
    return issues.send_digests(
        request(letter.home, now), "weekly", due=False, dry=False, backlog=True
    )


def direct(server: MailServer, wait: float = PATIENT) -> SmtpTransport:
    """Give the way to a server that has so long for each answer."""
    relay = SmtpRelay("127.0.0.1", server.port, "none", timeout=wait, final_timeout=wait)
    return SmtpTransport([relay])


def hand_over(letter: Newsletter, way: Transport) -> str:
    """Send what is planned by a way of our own; give why some of it waits."""
    asked = request(letter.home, NOW)
    with open_newsletter(asked) as desk:
        printer = run_with_builder(
            asked, desk, lambda _, following: MessageRenderer(desk, following)
        )
        return (
            DeliveryRunner(desk, printer, way, build_clock(NOW), lambda _: None)
            .run_once()
            .stop_reason
        )


@dataclass(frozen=True, slots=True)
class Late:
    """A way whose final dots wait until the server has hung up, which is a race else."""

    way: Transport
    gone: Event

    def connect(self, chance: float = 0.0, refused: RefusalHandler = ignore_refusal) -> MailSession:
        """Open a way."""
        return LateSession(self.way.connect(chance, refused), self.gone)


class LateSession:
    """A session of it."""

    def __init__(self, session: MailSession, gone: Event) -> None:
        self.relay = session.relay
        self.close = session.close
        self.abort = session.abort
        self._session = session
        self._gone = gone

    @property
    def is_open(self) -> bool:
        """Whether another message may be sent."""
        return self._session.is_open

    def send(self, message: Message, doubt: MarkInDoubt) -> SendResult:
        """Send a message."""

        def wait() -> None:
            doubt()
            assert self._gone.wait(5)
            time.sleep(0.05)  # until our side has heard of it

        return self._session.send(message, wait)


def standings(letter: Newsletter) -> list[Standing]:
    """Give what the database says of everybody, in their order; and that nobody is missing."""
    found, tally = letter.deliveries(), letter.tally()
    states = Counter(each.state for each in found.values())

    assert set(READERS) == found.keys()
    assert len(READERS) == tally.audience == total(tally)
    assert states["accepted"] == tally.accepted

    return [found[reader] for reader in READERS]


def total(tally: IssueStats) -> int:
    """Give the right side of the equation."""
    ended = tally.accepted + tally.failed + tally.suppressed + tally.doubt
    return ended + tally.deferred + tally.waiting


def taken(server: MailServer) -> list[tuple[str, str]]:
    """Give recipient and Message-ID of all that the server took."""
    return sorted(
        (each.recipient, message_from_bytes(each.data)["Message-ID"]) for each in server.taken
    )


def accepted(letter: Newsletter) -> list[tuple[str, str]]:
    """Give the same of all that the database says the server took."""
    return sorted(
        (each.address, each.message_id)
        for each in letter.deliveries().values()
        if each.state == "accepted"
    )


def healed(letter: Newsletter, server: MailServer, script: dict[str, Answer]) -> list[str]:
    """Send again when the server is well; give the states, and that one copy is everybody's."""
    script.clear()
    send(letter, LATER)

    assert accepted(letter) == taken(server)
    assert "done" == letter.state()

    return [each.state for each in standings(letter)]


@pytest.mark.parametrize(
    ("stage", "answer", "code", "status"),
    [
        ("RCPT", "450 4.2.1 Greylisted", 450, "4.2.1"),
        ("DATA", "450 Busy", 450, ""),
        ("END", "451 4.3.0 Local error", 451, "4.3.0"),
        ("RCPT", "452 4.2.2 Mailbox full", 452, "4.2.2"),
        ("END", "452 4.3.1 No space", 452, "4.3.1"),
        ("MAIL", DROP, 0, ""),
        ("RCPT", DROP, 0, ""),
        ("DATA", DROP, 0, ""),
        ("MAIL", HANG, 0, ""),
        ("RCPT", HANG, 0, ""),
        ("DATA", HANG, 0, ""),
    ],
)
def test_what_passes_is_tried_again(
    tmp_path: Path, stage: str, answer: str, code: int, status: str
) -> None:
    """Whoever was put off, or not answered before the final dot, gets the message later, once."""
    script: dict[str, Answer] = {stage: answer}
    wait = HASTY / 4 if answer == HANG else PATIENT  # they all hang
    with sent(tmp_path, script, wait=wait) as (letter, server):
        found = {(each.state, each.attempts, each.code, each.status) for each in standings(letter)}

        assert {("deferred", 1, code, status)} == found
        assert [] == server.taken
        assert ["accepted"] * len(READERS) == healed(letter, server, script)


@pytest.mark.parametrize(("stage", "status"), [("RCPT", "5.7.1"), ("END", "5.3.0")])
def test_who_is_refused_is_not_tried_again(tmp_path: Path, stage: str, status: str) -> None:
    """A 550 is the last word for that reader, and for nobody else."""

    def answer(argument: str) -> str:
        return f"550 {status} Not from you" if READERS[1] in argument else ""

    script: dict[str, Answer] = {stage: answer}
    with sent(tmp_path, script) as (letter, server):
        found = standings(letter)

        assert ("failed", 550, status) == (found[1].state, found[1].code, found[1].status)
        assert {"accepted"} == {each.state for each in found if each != found[1]}
        assert accepted(letter) == taken(server)

        states = healed(letter, server, script)

    assert Counter(accepted=len(READERS) - 1, failed=1) == Counter(states)
    assert (("active", len(READERS)),) == active(letter)


def test_an_unknown_address_is_suppressed(tmp_path: Path) -> None:
    """A 550 5.1.1 ends this message and all others to that reader."""

    def answer(argument: str) -> str:
        return "550 5.1.1 No such user" if READERS[2] in argument else ""

    script: dict[str, Answer] = {"RCPT": answer}
    with sent(tmp_path, script) as (letter, _):
        assert "failed" == standings(letter)[2].state

    assert (("active", len(READERS) - 1), ("bounced", 1)) == active(letter)


def active(letter: Newsletter) -> tuple[tuple[str, int], ...]:
    """Give how many readers are in each state, without the zeros."""
    return tuple(each for each in manage.count_subscribers(request(letter.home, NOW)) if each[1])


@pytest.mark.parametrize("answer", [DROP, HANG])
def test_no_answer_to_the_final_dot_is_doubt(tmp_path: Path, answer: str, on_doubt: str) -> None:
    """Nobody can know: it is held, or sent once more, as the configuration says.

    This server took none of it.
    """
    silent: list[str] = []

    def scripted(recipient: str) -> str:
        if recipient in READERS[:2]:
            silent.append(recipient)
            return answer
        return ""

    script: dict[str, Answer] = {"END": scripted}
    wait = HASTY if answer == HANG else PATIENT
    with sent(tmp_path, script, on_doubt, wait) as (letter, server):
        state = "doubt" if on_doubt == "hold" else "deferred"
        found = standings(letter)

        assert [state] * 2 + ["accepted"] * 3 == [each.state for each in found]
        assert [1] * len(READERS) == [each.attempts for each in found]
        assert accepted(letter) == taken(server)

        after = "doubt" if on_doubt == "hold" else "accepted"

        assert [after] * 2 + ["accepted"] * 3 == healed(letter, server, script)
        assert sorted(READERS[:2]) == sorted(silent)


def test_a_copy_sent_again_is_the_same_message(tmp_path: Path) -> None:
    """The server took it, and its answer got lost: the second copy has the same Message-ID."""
    script: dict[str, Answer] = {"END": lambda reader: LOSE if reader == READERS[0] else ""}
    with sent(tmp_path, script, "resend") as (letter, server):
        assert ["deferred"] + ["accepted"] * 4 == [each.state for each in standings(letter)]

        script.clear()
        send(letter, LATER)
        copies = Counter(taken(server))

    assert accepted(letter) == sorted(copies)
    assert [READERS[0]] == [reader for (reader, _), number in copies.items() if number > 1]


def test_a_connection_lost_before_the_final_dot_is_no_doubt(tmp_path: Path) -> None:
    """The server cannot have taken what had no end: it is sent later."""
    script: dict[str, Answer] = {"BODY": DROP}
    with MailServer(script) as server:
        letter = made(tmp_path, server)
        hand_over(letter, Late(direct(server), server.log.dropped))

        assert {"deferred"} == {each.state for each in standings(letter)}
        assert ["accepted"] * len(READERS) == healed(letter, server, script)


@pytest.mark.parametrize("stage", ["EHLO", "MAIL", "RCPT", "DATA", "END"])
def test_a_slow_server_is_waited_for(tmp_path: Path, stage: str) -> None:
    """An answer that comes in time counts, however late it is."""

    def slowly(_: str) -> str:
        time.sleep(0.05)
        return ""

    with sent(tmp_path, {stage: slowly}) as (letter, server):
        assert {"accepted"} == {each.state for each in standings(letter)}
        assert accepted(letter) == taken(server)


@pytest.mark.parametrize("name", ["localhost", "elsewhere.example"])
def test_a_bad_certificate_is_not_trusted(tmp_path: Path, name: str) -> None:
    """Nothing is said to such a server; everybody waits, and the issue says why."""
    context, _ = certified(tmp_path, name)
    with MailServer(tls=context) as server:
        letter = made(tmp_path, server)
        letter.configure(f"host: localhost, port: {server.port}, security: starttls", "hold")
        told = send(letter, NOW)

        assert {("planned", 0)} == {(each.state, each.attempts) for each in standings(letter)}
        assert "untrusted certificate" in told[-1].reason
        assert [] == [each for each in server.log.commands if each.startswith(("MAIL", "RCPT"))]

        letter.configure(f"host: 127.0.0.1, port: {server.port}, security: none", "hold")

        assert ["accepted"] * len(READERS) == healed(letter, server, {})
