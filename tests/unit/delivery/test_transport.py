"""Reasons: what went wrong with a connection, in words that help."""

import socket
import ssl

import pytest

from feedpub.delivery.transport import clean_reply, describe_error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (TimeoutError("timed out"), "no response; check host, port"),
        (ConnectionRefusedError(111, "Connection refused"), "connection failed: Connection ref"),
        (
            socket.gaierror(-2, "Name or service not known"),
            "connection failed: Name or service not known",
        ),
        (OSError("no room"), "connection failed: no room"),
        (ssl.SSLError(1, "wrong"), "TLS handshake failed"),
        (UnicodeError("label too long"), "host name or command is not ASCII"),
        (LookupError("what\nelse"), "what else"),
    ],
)
def test_a_reason_says_what_to_look_at(error: Exception, expected: str) -> None:
    """In one line."""

    assert describe_error(error).startswith(expected)


def test_what_a_server_says_is_brief_of_a_length() -> None:
    """Without control characters, which a terminal would obey."""

    assert "a [31mb c" == clean_reply("\ra\x1b[31mb\r\n\tc\x00")
    assert 300 == len(clean_reply("x" * 1000))
