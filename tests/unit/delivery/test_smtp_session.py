"""Messages over a real connection: whatever the server does, what became of them is known."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from mailservers import DROP, HANG, Answer, MailServer, plays

from feedpub.delivery.smtp import SmtpTransport
from feedpub.delivery.smtp_connection import SmtpRelay
from feedpub.delivery.smtp_session import SmtpSession, _dot_stuff
from feedpub.models.newsletter import Message, SendResult

DATA = b"Subject: Hello\r\n\r\nHello\r\n.\r\n..and on\r\n"
MESSAGE = Message("return@example.org", "bob@example.com", DATA)
PIPELINING, SLOWLY = ("PIPELINING",), ()


@contextmanager
def session(port: int, **settings: float) -> Iterator[SmtpSession]:
    """Give a session with the server at this port, which is not waited for long."""
    relay = SmtpRelay("127.0.0.1", port, "none", timeout=5, final_timeout=settings.pop("final", 5))
    with closing(SmtpTransport((relay,)).connect()) as opened:
        assert isinstance(opened, SmtpSession)
        yield opened


def sent(opened: SmtpSession, message: Message = MESSAGE) -> tuple[SendResult, int]:
    """Send a message and tell how often it was said to be in doubt."""
    doubts: list[bool] = []
    outcome = opened.send(message, lambda: doubts.append(True))
    return outcome, len(doubts)


@pytest.mark.parametrize("offers", [PIPELINING, SLOWLY])
def test_messages_are_taken(offers: tuple[str, ...]) -> None:
    """One after the other over one connection, whole, each in doubt once before it is accepted."""
    with MailServer(offers=offers) as server, session(server.port) as opened:
        first, second = sent(opened), sent(opened)

    accepted = SendResult("accepted", 250, "2.0.0", "Taken", f"127.0.0.1:{server.port}")
    assert (accepted, 1) == first == second
    assert 1 == server.log.connections
    assert [DATA, DATA] == [each.data for each in server.taken]
    assert ("return@example.org", "bob@example.com") == (
        server.taken[0].sender,
        server.taken[0].recipient,
    )
    assert f"SIZE={len(DATA)}" in server.taken[0].options


def test_the_final_dot_does_not_wait() -> None:
    """Nagle's algorithm would hold it back for 40 ms a message."""
    with MailServer() as server, session(server.port) as opened:
        sock = opened._wire._socket()

        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_doubt_is_told_before_the_final_dot() -> None:
    """The server has not taken the message then, however long the telling takes."""
    with MailServer() as server, session(server.port) as opened:
        taken: list[int] = []
        opened.send(MESSAGE, lambda: taken.append(len(server.taken)))

    assert ([0], 1) == (taken, len(server.taken))


@pytest.mark.parametrize("offers", [PIPELINING, SLOWLY])
@pytest.mark.parametrize(
    ("stage", "answer", "expected"),
    [
        ("MAIL", "421 4.3.2 Closing", SendResult("offline", 421, "4.3.2", "Closing")),
        ("MAIL", "450 4.1.8 Who?", SendResult("offline", 450, "4.1.8", "Who?")),
        ("MAIL", "452 Full", SendResult("offline", 452, "", "Full")),
        ("MAIL", "550 5.7.1 Not you", SendResult("offline", 550, "5.7.1", "Not you")),
        ("MAIL", "553 Not yours", SendResult("offline", 553, "", "Not yours")),
        ("MAIL", "553 5.6.7 ASCII only", SendResult("failed", 553, "5.6.7", "ASCII only")),
        ("MAIL", "552 5.3.4 Too big", SendResult("failed", 552, "5.3.4", "Too big")),
        ("MAIL", "530 5.7.0 Log in", SendResult("offline", 530, "5.7.0", "Log in")),
        ("RCPT", "421 4.7.0 Too fast", SendResult("deferred", 421, "4.7.0", "Too fast")),
        ("RCPT", "450 4.2.1 Later", SendResult("deferred", 450, "4.2.1", "Later")),
        ("RCPT", "452 4.2.2 Full", SendResult("deferred", 452, "4.2.2", "Full")),
        ("RCPT", "550 5.1.1 No Bob", SendResult("failed", 550, "5.1.1", "No Bob")),
        ("RCPT", "550-5.1.1 No\r\n550 5.1.1 Bob", SendResult("failed", 550, "5.1.1", "No Bob")),
        ("RCPT", "552 5.2.2 Full", SendResult("failed", 552, "5.2.2", "Full")),
        ("RCPT", "354 What?", SendResult("deferred", 354, "", "What?")),
        ("DATA", "421 4.3.0 Closing", SendResult("deferred", 421, "4.3.0", "Closing")),
        ("DATA", "450 4.3.0 Later", SendResult("deferred", 450, "4.3.0", "Later")),
        ("DATA", "452 4.3.1 Full", SendResult("deferred", 452, "4.3.1", "Full")),
        ("DATA", "550 5.7.1 No", SendResult("failed", 550, "5.7.1", "No")),
        ("DATA", "552 5.3.4 Too big", SendResult("failed", 552, "5.3.4", "Too big")),
        ("DATA", "250 What?", SendResult("deferred", 250, "", "What?")),
    ],
)
def test_a_refusal_before_the_message_is_no_doubt(
    offers: tuple[str, ...], stage: str, answer: str, expected: SendResult
) -> None:
    """4xx is deferred, 5xx has failed, and what is about us waits; with pipelining and without."""
    with MailServer({stage: answer}, offers=offers) as server, session(server.port) as opened:
        outcome, doubts = sent(opened)

        goes_on = expected.kind != "offline" and expected.code not in (421, 354, 250)
        assert goes_on == opened.is_open

    assert [] == server.taken
    assert (expected.kind, expected.code, expected.status, expected.text, 0) == (
        outcome.kind,
        outcome.code,
        outcome.status,
        outcome.text,
        doubts,
    )


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("421 4.3.2 Closing", ("deferred", 421, "4.3.2")),
        ("450 4.2.1 Later", ("deferred", 450, "4.2.1")),
        ("452 4.3.1 Full", ("deferred", 452, "4.3.1")),
        ("550 5.7.1 Spam", ("failed", 550, "5.7.1")),
        ("552 5.3.4 Too big", ("failed", 552, "5.3.4")),
        ("354 What?", ("doubt", 354, "")),
    ],
)
def test_a_refusal_after_the_final_dot_is_a_verdict(
    answer: str, expected: tuple[str, int, str]
) -> None:
    """The doubt that was told is no more; only nonsense leaves it."""
    with MailServer({"END": answer}) as server, session(server.port) as opened:
        outcome, doubts = sent(opened)

        assert (expected[1] not in (421, 354)) == opened.is_open

    assert (*expected, 1) == (outcome.kind, outcome.code, outcome.status, doubts)


@pytest.mark.parametrize(("offers"), [PIPELINING, SLOWLY])
def test_after_a_refusal_the_next_message_is_taken(offers: tuple[str, ...]) -> None:
    """Over the same connection, whatever was refused."""
    refusals: dict[str, Answer] = {
        "MAIL": lambda argument: "552 5.3.4 Too big" if "mail@" in argument else "",
        "RCPT": lambda argument: "550 5.1.1 No such user" if "rcpt@" in argument else "",
        "END": lambda argument: "452 Full" if "end@" in argument else "",
    }
    messages = [
        Message("mail@example.org", "bob@example.com", DATA),
        MESSAGE,
        Message("return@example.org", "rcpt@example.com", DATA),
        MESSAGE,
        Message("return@example.org", "end@example.com", DATA),
        MESSAGE,
    ]
    with MailServer(refusals, offers=offers) as server, session(server.port) as opened:
        kinds = [sent(opened, each)[0].kind for each in messages]

    assert ["failed", "accepted", "failed", "accepted", "deferred", "accepted"] == kinds
    assert (1, 3) == (server.log.connections, len(server.taken))


@pytest.mark.parametrize(("rset", "still"), [("250 Ok", True), ("500 What?", False), (DROP, False)])
def test_a_connection_that_cannot_forget_is_closed(rset: str, *, still: bool) -> None:
    """After a refusal a transaction is ended by RSET."""
    script = {"RCPT": "550 5.1.1 No such user", "RSET": rset}
    with MailServer(script) as server, session(server.port) as opened:
        outcome, _ = sent(opened)

        assert ("failed", still) == (outcome.kind, opened.is_open)


def test_a_server_that_asks_for_a_message_to_nobody_gets_an_empty_one() -> None:
    """With pipelining it may hear DATA before it knows that nobody is there (RFC 2920)."""
    with (
        plays(
            b"220 Hi\r\n",
            b"250-Hi\r\n250 PIPELINING\r\n",
            b"250 Ok\r\n",
            b"550 5.1.1 No Bob\r\n",
            b"354 Go on\r\n",
            b"554 5.5.1 No valid recipients\r\n",
            b"250 Forgotten\r\n",
            b"221 Bye\r\n",
        ) as port,
        session(port) as opened,
    ):
        outcome, doubts = sent(opened)

        assert opened.is_open

    assert ("failed", "5.1.1", 0) == (outcome.kind, outcome.status, doubts)


def test_a_refusal_counts_although_the_server_then_hangs_up() -> None:
    """What it said first is its verdict."""
    with (
        plays(
            b"220 Hi\r\n", b"250-Hi\r\n250 PIPELINING\r\n", b"250 Ok\r\n550 5.1.1 No Bob\r\n"
        ) as port,
        session(port) as opened,
    ):
        outcome, _ = sent(opened)

    assert ("failed", "5.1.1") == (outcome.kind, outcome.status)


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("offers", [PIPELINING, SLOWLY])
def test_a_connection_dropped_before_the_message_defers_it(
    stage: str, offers: tuple[str, ...]
) -> None:
    """No doubt was told, none is left."""
    with MailServer({stage: DROP}, offers=offers) as server, session(server.port) as opened:
        outcome, doubts = sent(opened)

        assert not opened.is_open

    assert ("deferred", 0, "connection closed by the server", 0) == (
        outcome.kind,
        outcome.code,
        outcome.text,
        doubts,
    )


def test_a_connection_dropped_before_the_final_dot_defers_the_message() -> None:
    """The dot is not sent when the server is seen to have hung up: nobody is left in doubt."""
    with MailServer({"BODY": DROP}) as server, session(server.port) as opened:
        outcome = opened.send(MESSAGE, lambda: _wait(server.log.dropped))

    assert ("deferred", 0) == (outcome.kind, outcome.code)


def test_a_verdict_before_the_final_dot_is_heard() -> None:
    """A server that has read enough says so and hangs up."""
    with (
        plays(
            b"220 Hello\r\n",
            b"250 Hello\r\n",
            b"250 Ok\r\n",
            b"250 Ok\r\n",
            b"354 Go on\r\n",
            b"552 5.3.4 Too big\r\n",
        ) as port,
        session(port) as opened,
    ):
        outcome = opened.send(MESSAGE, _moment)

    assert ("failed", 552, "5.3.4") == (outcome.kind, outcome.code, outcome.status)


def test_a_connection_dropped_after_the_final_dot_leaves_a_doubt() -> None:
    """Nobody can know whether the message was taken (RFC 1047)."""
    with MailServer({"END": DROP}) as server, session(server.port) as opened:
        outcome, doubts = sent(opened)

        assert not opened.is_open

    assert ("doubt", "connection closed by the server after the final dot", 1) == (
        outcome.kind,
        outcome.text,
        doubts,
    )


def test_a_server_that_hangs_after_the_final_dot_leaves_a_doubt() -> None:
    """It is not waited for longer than is set."""
    with MailServer({"END": HANG}) as server, session(server.port, final=0.2) as opened:
        outcome, doubts = sent(opened)

        assert not opened.is_open

    assert ("doubt", "no answer in time after the final dot", 1) == (
        outcome.kind,
        outcome.text,
        doubts,
    )


def test_a_slow_server_is_waited_for() -> None:
    """As long as its answers come in time."""
    with MailServer({"END": _slowly}) as server, session(server.port) as opened:
        outcome, _ = sent(opened)

    assert ("accepted", 1) == (outcome.kind, len(server.taken))


def test_a_server_that_hangs_before_the_message_defers_it() -> None:
    """It has had its time."""
    with MailServer({"RCPT": HANG}) as server:
        relay = SmtpRelay("127.0.0.1", server.port, "none", timeout=0.2)
        with closing(SmtpTransport((relay,)).connect()) as opened:
            outcome = opened.send(MESSAGE, lambda: None)

    assert ("deferred", "no answer in time") == (outcome.kind, outcome.text)


@pytest.mark.parametrize("answer", ["421 4.4.2 Too long idle", DROP])
def test_a_connection_that_grew_old_costs_the_message_no_attempt(answer: str) -> None:
    """The server ended it before it heard of the message: another one will do."""
    mails: list[str] = []

    def second(argument: str) -> str:
        mails.append(argument)
        return answer if len(mails) > 1 else ""

    with MailServer({"MAIL": second}) as server, session(server.port) as opened:
        kinds = [sent(opened)[0].kind for _ in range(3)]

        assert not opened.is_open

    assert ["accepted", "offline", "offline"] == kinds


def test_a_connection_is_recycled_by_count_and_by_age() -> None:
    """After so many messages, or so many seconds, the next one wants a new connection."""
    now = [0.0]
    with MailServer() as server:
        relay = SmtpRelay("127.0.0.1", server.port, "none", max_messages=2, max_age=10)
        transport = SmtpTransport((relay,), lambda: now[0])
        with closing(transport.connect()) as counted, closing(transport.connect()) as aged:
            open_after = []
            for _ in range(2):
                counted.send(MESSAGE, lambda: None)
                open_after.append(counted.is_open)
            now[0] = 10.0

            assert [True, False] == open_after
            assert not aged.is_open


def test_a_connection_that_is_gone_at_the_last_moment_hands_nothing_over() -> None:
    """Nobody is in doubt about a final dot that was never sent."""
    with MailServer() as server, session(server.port) as opened:
        outcome = opened.send(MESSAGE, opened._wire.close)

    assert ("deferred", "the connection is closed") == (outcome.kind, outcome.text)
    assert [] == server.taken


def test_what_cannot_be_recorded_is_not_handed_over() -> None:
    """Where telling of the doubt fails, the connection is cut before the final dot."""

    def fails() -> None:
        raise LookupError

    with MailServer() as server, session(server.port) as opened:
        with pytest.raises(LookupError):
            opened.send(MESSAGE, fails)

        assert not opened.is_open

    assert [] == server.taken


@pytest.mark.parametrize(
    ("message", "kind", "status"),
    [
        (Message("return@example.org", "a@b.example>\r\nRSET", DATA), "failed", "5.1.3"),
        (Message("return@example.org", "", DATA), "failed", "5.1.3"),
        (Message("re turn@example.org", "bob@example.com", DATA), "offline", "5.1.7"),
        (Message("jörg@example.org", "bob@example.com", DATA), "offline", "5.6.7"),
        (Message("return@example.org", "jörg@example.com", DATA), "failed", "5.6.7"),
        (Message("return@example.org", "bob@example.com", DATA, smtputf8=True), "offline", "5.6.7"),
        (Message("return@example.org", "bob@example.com", "ü\r\n".encode()), "failed", "5.6.3"),
        (Message("return@example.org", "bob@example.com", b"x" * 101), "failed", "5.3.4"),
    ],
)
def test_what_the_server_would_not_understand_is_not_said(
    message: Message, kind: str, status: str
) -> None:
    """Nothing is sent or in doubt, the next message is taken; a wrong sender is about no reader."""
    with (
        plays(b"220 Hello\r\n", b"250-Hello\r\n250 SIZE 100\r\n", b"221 Bye\r\n") as port,
        session(port) as opened,
    ):
        outcome, doubts = sent(opened, message)

        assert opened.is_open

    assert (kind, status, 0) == (outcome.kind, outcome.status, doubts)


def test_addresses_and_messages_beyond_ascii_are_announced() -> None:
    """To a server that takes them (RFC 6531, RFC 6152)."""
    data = "Subject: ü\r\n\r\nü\r\n".encode()
    with MailServer() as server, session(server.port) as opened:
        outcome, _ = sent(opened, Message("", "jörg@example.com", data))

    assert ("accepted", data) == (outcome.kind, server.taken[0].data)
    assert {"BODY=8BITMIME", "SMTPUTF8"} <= set(server.taken[0].options)
    assert "jörg@example.com" == server.taken[0].recipient


@pytest.mark.parametrize("limit", ["0", "", "many"])
def test_a_server_without_a_limit_takes_any_size(limit: str) -> None:
    """SIZE may come without a number (RFC 1870)."""
    with (
        plays(b"220 Hi\r\n", f"250-Hi\r\n250 SIZE {limit}\r\n".encode(), b"450 No\r\n") as port,
        session(port) as opened,
    ):
        outcome, _ = sent(opened)

    assert ("offline", 450) == (outcome.kind, outcome.code)


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (b"what is that?\r\n", "invalid SMTP reply: 'is that?'"),
        (b"250 " + b"x" * 9000 + b"\r\n", "invalid SMTP reply: 'Line too long.'"),
    ],
)
def test_what_is_no_reply_ends_the_connection(reply: bytes, text: str) -> None:
    """Nobody knows what else such a server would say."""
    with plays(b"220 Hi\r\n", b"250 Hi\r\n", reply) as port, session(port) as opened:
        outcome, doubts = sent(opened)

        assert not opened.is_open

    assert ("deferred", text, 0) == (outcome.kind, outcome.text, doubts)


def test_a_message_that_cannot_be_written_is_deferred() -> None:
    """The server resets the connection in the middle of it."""
    large = Message("return@example.org", "bob@example.com", b"x" * 50 + b"\r\n" * 9_000_000)
    with (
        plays(b"220 Hi\r\n", b"250 Hi\r\n", b"250 Ok\r\n", b"250 Ok\r\n", b"354 Ok\r\n") as port,
        session(port) as opened,
    ):
        outcome, doubts = sent(opened, large)

    assert ("deferred", 0) == (outcome.kind, doubts)


def test_leaving_twice_is_no_fault() -> None:
    """Nor is leaving a server that is gone."""
    with MailServer({"MAIL": DROP}) as server, session(server.port) as opened:
        opened.close()
        opened.close()

        assert not opened.is_open
        assert "offline" == sent(opened)[0].kind


@given(st.lists(st.sampled_from([b".", b"\r\n", b"\n", b"\r", b"a", b".."])).map(b"".join))
@example(b"\r.\n\r\n")  # as many of each as in whole line ends, and apart
def test_no_message_ends_before_its_end(data: bytes) -> None:
    """Whatever is in it: no lone dot, no lone CR or LF with which another could be smuggled in."""
    stuffed = _dot_stuff(data)

    lines = stuffed.split(b"\r\n")
    assert b"" == lines.pop()
    assert b"." not in lines
    assert not set(b"\r\n") & set(b"".join(lines))
    assert [each.removeprefix(b".") if each[:1] == b"." else each for each in lines] == (
        data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").removesuffix(b"\n").split(b"\n")
    )


def _wait(event: threading.Event) -> None:
    assert event.wait(5)
    _moment()


def _moment() -> None:
    """Give what the other side said the time to arrive."""
    threading.Event().wait(0.1)


def _slowly(_: str) -> str:
    threading.Event().wait(0.5)
    return ""
