"""Reasons: what went wrong with a connection, in words that help."""

import socket
import ssl

import pytest

from feedpub.delivery.transport import clean_reply, describe_error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (TimeoutError("timed out"), "it does not answer; look at host and port"),
        (ConnectionRefusedError(111, "Connection refused"), "it cannot be reached: Connection ref"),
        (
            socket.gaierror(-2, "Name or service not known"),
            "it cannot be reached: Name or service not known",
        ),
        (OSError("no room"), "it cannot be reached: no room"),
        (ssl.SSLError(1, "wrong"), "TLS does not come about"),
        (UnicodeError("label too long"), "its name, or what it is told, is not ASCII"),
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
