"""Connecting: encrypted, to whom it should be, logged in; or a reason that helps."""

import base64
import socket
import ssl
from contextlib import closing
from pathlib import Path

import pytest
from mailservers import DROP, HANG, PASSWORD, USER, Answer, MailServer, certified, plays

from feedpub.delivery.smtp import SmtpTransport, create_ssl_context
from feedpub.delivery.smtp_connection import SmtpRelay
from feedpub.errors import MailError
from feedpub.models.newsletter import SendResult


def reason(relay: SmtpRelay) -> str:
    """Give why there is no connection; nothing that led to it is kept, and no secret is in it."""
    with pytest.raises(MailError) as caught:
        SmtpTransport((relay,)).connect()
    text = str(caught.value)
    for secret in (relay.username, relay.password):
        assert not secret or secret not in text
    assert text.startswith(f"{relay.name}: ")
    return text.removeprefix(f"{relay.name}: ")


@pytest.mark.parametrize("without", [(), ("PLAIN",)])
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_trusted_server_lets_us_in(
    security: str, without: tuple[str, ...], tmp_path: Path
) -> None:
    """By TLS in either way, with a name and a password beyond ASCII, in either of two ways."""
    tls, ca_file = certified(tmp_path)
    with MailServer(tls=tls, implicit=security == "tls", without=without) as server:
        relay = SmtpRelay("localhost", server.port, security, USER, PASSWORD, ca_file=ca_file)
        with closing(SmtpTransport((relay,)).connect()) as session:
            assert session.is_open

    assert 1 == len([each for each in server.log.commands if each.startswith("AUTH")])


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_that_nobody_vouches_for_is_not_trusted(
    security: str, tmp_path: Path
) -> None:
    """The message says what is wrong with it; nothing was said in the clear."""
    tls, _ = certified(tmp_path)
    with MailServer(tls=tls, implicit=security == "tls") as server:
        relay = SmtpRelay("localhost", server.port, security, USER, PASSWORD)

        assert "untrusted certificate: self-signed certificate" in reason(relay)

    assert not [each for each in server.log.commands if each.startswith(("AUTH", "MAIL"))]


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_of_another_name_is_not_trusted(security: str, tmp_path: Path) -> None:
    """Even where we trust who vouches for it."""
    tls, ca_file = certified(tmp_path, "mx.example.net")
    with MailServer(tls=tls, implicit=security == "tls") as server:
        relay = SmtpRelay("localhost", server.port, security, ca_file=ca_file)

        assert "Hostname mismatch, certificate is not valid for 'localhost'" in reason(relay)


def test_a_server_without_starttls_is_not_sent_anything() -> None:
    """Somebody on the way may have taken it out (RFC 3207 section 6)."""
    with MailServer() as server:
        assert "STARTTLS is not offered" in reason(SmtpRelay("127.0.0.1", server.port))

    assert ["EHLO localhost"] == server.log.commands


def test_a_server_that_does_not_start_tls_is_not_sent_anything(tmp_path: Path) -> None:
    """It may say so."""
    tls, ca_file = certified(tmp_path)
    with MailServer({"STARTTLS": "454 4.7.0 Not now"}, tls=tls) as server:
        relay = SmtpRelay("localhost", server.port, ca_file=ca_file)

        assert "rejected by the server: 454 4.7.0 Not now" == reason(relay)


def test_tls_with_a_server_that_does_not_speak_it() -> None:
    """It is told that the port may be another one's."""
    with MailServer() as server:
        relay = SmtpRelay("127.0.0.1", server.port, "tls")

        assert "TLS handshake failed" in reason(relay)


@pytest.mark.parametrize("without", [(), ("PLAIN",)])
def test_a_wrong_password_is_told_without_showing_it(
    without: tuple[str, ...], tmp_path: Path
) -> None:
    """With what the server said of it."""
    tls, ca_file = certified(tmp_path)
    with MailServer(tls=tls, without=without) as server:
        relay = SmtpRelay("localhost", server.port, "starttls", USER, "wrong-1", ca_file=ca_file)

        assert "login failed: 535 5.7.8" in reason(relay)


def test_what_a_server_says_of_a_password_is_not_repeated() -> None:
    """Where it says what it was told."""
    answers: dict[str, Answer] = {"AUTH": lambda argument: f"535 No {argument.split()[-1]}"}
    with MailServer(answers) as server:
        relay = SmtpRelay("127.0.0.1", server.port, "none", "somebody", "swordfish")

        assert "login failed: 535 No …;" in reason(relay)


def test_a_password_is_not_sent_in_the_clear() -> None:
    """But for this very machine."""
    with plays(b"220 Hi\r\n", b"250-Hi\r\n250 AUTH PLAIN\r\n") as port:
        relay = SmtpRelay("127.1", port, "none", USER, PASSWORD)

        assert "no password is sent unencrypted; set `security` to starttls" == reason(relay)


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ({"EHLO": "421 4.3.2 Closing"}, "EHLO rejected: 421 4.3.2 Closing"),
        ({"EHLO": "550 Go away"}, "EHLO rejected: 550 Go away"),
        ({"EHLO": DROP}, "connection closed by the server"),
        ({"EHLO": HANG}, "no answer in time"),
        ({"AUTH": "421 4.3.2 Closing"}, "login failed: 421 4.3.2 Closing; check user"),
        ({"AUTH": "454 4.7.0 Later"}, "login failed: 454 4.7.0 Later; check user"),
        ({"AUTH": DROP}, "connection closed by the server"),
    ],
)
def test_a_server_that_does_not_let_us_in(script: dict[str, Answer], expected: str) -> None:
    """Is offline, for the reason it gives."""
    with MailServer(script) as server:
        relay = SmtpRelay("127.0.0.1", server.port, "none", USER, PASSWORD, timeout=0.3)

        assert reason(relay).startswith(expected)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ((b"554 5.7.1 Go away\r\n",), "rejected by the server: 554 5.7.1 Go away"),
        ((b"421 Closing\r\n",), "rejected by the server: 421 Closing"),
        ((b"",), "connection closed by the server"),
        ((b"220 " + b"x" * 9000 + b"\r\n",), "rejected by the server: 500 Line too long."),
        ((b"220 Hi\r\n", b"502 What?\r\n", b"554 No\r\n"), "EHLO rejected"),
        (
            (b"220 Hi\r\n", b"250-Hi\r\n250 AUTH XOAUTH2\r\n"),
            "no supported login method (PLAIN, LOGIN, CRAM-MD5); offered: XOAUTH2",
        ),
        (
            (b"220 Hi\r\n", b"250 Hi\r\n"),
            "no supported login method (PLAIN, LOGIN, CRAM-MD5); offered: none",
        ),
        (
            (b"220 Hi\r\n", b"250-Hi\r\n250 AUTH CRAM-MD5\r\n", b"504 No\r\n"),
            "login failed: 504 No",
        ),
        (
            (b"220 Hi\r\n", b"250-Hi\r\n250 AUTH CRAM-MD5\r\n", b"334 A\r\n"),
            "its CRAM-MD5 challenge is not base64",
        ),
        (
            (b"220 Hi\r\n", b"250-Hi\r\n250 AUTH LOGIN\r\n", b"334 \r\n", b"535 Who?\r\n"),
            "login failed: 535 Who?",
        ),
    ],
)
def test_an_odd_server(answers: tuple[bytes, ...], expected: str) -> None:
    """Is told by what it said."""
    with plays(*answers) as port:
        assert reason(SmtpRelay("127.0.0.1", port, "none", USER, PASSWORD)).startswith(expected)


def test_a_server_from_before_ehlo_is_greeted_in_its_way() -> None:
    """With HELO, and without extensions."""
    with (
        plays(b"220 Hi\r\n", b"502 What?\r\n", b"250 Hi\r\n", b"221 Bye\r\n") as port,
        closing(SmtpTransport((SmtpRelay("127.0.0.1", port, "none"),)).connect()) as session,
    ):
        assert session.is_open


def test_cram_md5_is_answered() -> None:
    """As in the example of RFC 2195; the password is not in the answer."""
    heard: list[bytes] = []
    challenge = base64.b64encode(b"<1896.697170952@postoffice.reston.mci.net>")
    with (
        plays(
            b"220 Hi\r\n",
            b"250-Hi\r\n250 AUTH CRAM-MD5\r\n",
            b"334 " + challenge + b"\r\n",
            b"235 Ok\r\n",
            b"221 Bye\r\n",
            heard=heard,
        ) as port,
        closing(
            SmtpTransport(
                (SmtpRelay("127.0.0.1", port, "none", "tim", "tanstaaftanstaaf"),)
            ).connect()
        ) as session,
    ):
        assert session.is_open

    assert b"tim b913a602c7eda7a495b4e6e7334d3890" == base64.b64decode(heard[2])


def test_nobody_listens() -> None:
    """The message says so."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    assert "connection failed: Connection refused" == reason(SmtpRelay("127.0.0.1", port, "none"))


def test_nobody_answers() -> None:
    """It is not waited for longer than is set."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        relay = SmtpRelay("127.0.0.1", silent.getsockname()[1], "none", connect_timeout=0.1)

        assert "no answer in time" == reason(relay)


def test_a_name_that_is_none() -> None:
    """It is not looked for."""

    assert "host name or command is not ASCII" == reason(SmtpRelay(f"{'x' * 70}.example", 25))


def test_certificates_that_cannot_be_read(tmp_path: Path) -> None:
    """The message names the file."""
    with pytest.raises(MailError, match=r"none\.pem: cannot read certificates"):
        SmtpTransport((SmtpRelay("localhost", ca_file=str(tmp_path / "none.pem")),))


def test_the_next_relay_is_used_when_one_is_out_of_reach() -> None:
    """Whichever of them the chance points to."""
    with MailServer({"EHLO": "421 Closing"}) as bad, MailServer() as good:
        relays = tuple(SmtpRelay("127.0.0.1", each.port, "none") for each in (bad, good))
        transport = SmtpTransport(relays)
        for chance in (0.0, 0.9):
            with closing(transport.connect(chance)) as session:
                assert f"127.0.0.1:{good.port}" == session.relay

    assert (1, 2) == (bad.log.connections, good.log.connections)


@pytest.mark.parametrize("stage", [0, 1, 2])
def test_a_relay_that_refuses_us_is_told_of(stage: int) -> None:
    """Whenever it says so, in its words and without the password, though another relay answers."""
    told: list[SendResult] = []
    good_answers = (b"220 Hi\r\n", b"250-Hi\r\n250 AUTH PLAIN\r\n")
    answers = (*good_answers[:stage], b"554 5.7.1 We do not know you, s3cret-word\r\n")
    with MailServer() as good, plays(*answers) as port:
        relays = (
            SmtpRelay("127.0.0.1", port, "none", "ann", "s3cret-word"),
            SmtpRelay("127.0.0.1", good.port, "none"),
        )
        with closing(SmtpTransport(relays).connect(0.0, told.append)) as session:
            assert f"127.0.0.1:{good.port}" == session.relay

    (one,) = told
    assert ("offline", 554, "5.7.1") == (one.kind, one.code, one.status)
    assert f"127.0.0.1:{port}" == one.relay
    assert "We do not know you" in one.text
    assert "s3cret" not in one.text


def test_a_relay_that_does_not_answer_has_not_refused_us() -> None:
    """Nobody is told of it but by the error."""
    told: list[SendResult] = []
    with plays(b"") as port, pytest.raises(MailError):
        SmtpTransport((SmtpRelay("127.0.0.1", port, "none"),)).connect(0.0, told.append)

    assert [] == told


def test_when_no_relay_is_within_reach_each_reason_is_told() -> None:
    """One after the other; and so it is when there is no relay at all."""
    with MailServer({"EHLO": "421 One"}) as one, MailServer({"EHLO": "421 Two"}) as two:
        relays = tuple(SmtpRelay("127.0.0.1", each.port, "none") for each in (one, two))
        with pytest.raises(MailError, match=r"421 One; 127\.0\.0\.1.*421 Two"):
            SmtpTransport(relays).connect()
    with pytest.raises(MailError, match="no relay configured"):
        SmtpTransport(()).connect()


def test_tls_is_of_a_kind_that_is_safe() -> None:
    """Names are compared, certificates are asked for, and old versions are refused."""
    context = create_ssl_context(SmtpRelay("localhost"))

    assert context.check_hostname
    assert ssl.CERT_REQUIRED is context.verify_mode
    assert ssl.TLSVersion.TLSv1_2 <= context.minimum_version
