"""The time, as a server on loopback tells it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from feedpub.delivery.dns import query_sntp_time
from feedpub.errors import MailError

NOW = datetime(2025, 6, 1, 12, 0, 0, 500_000, tzinfo=UTC)
_EPOCH = datetime(1900, 1, 1, tzinfo=UTC)


def answer(now: datetime, first: int = 0b00_100_100, stratum: int = 2) -> bytes:
    """Write what a time server says (RFC 4330 section 4)."""
    seconds = (now - _EPOCH) // timedelta(seconds=1) % 2**32
    fraction = now.microsecond * 2**32 // 1_000_000
    said = bytes((first, stratum)) + bytes(38)
    return said + seconds.to_bytes(4, "big") + fraction.to_bytes(4, "big")


@contextmanager
def server(said: bytes) -> Iterator[int]:
    """Give the port of a server that says this once."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.bind(("127.0.0.1", 0))
        wire.settimeout(10)

        def reply() -> None:
            question, peer = wire.recvfrom(512)
            assert (48, 0b00_100_011) == (len(question), question[0])
            wire.sendto(said, peer)

        thread = threading.Thread(target=reply)
        thread.start()
        yield wire.getsockname()[1]
        thread.join(10)


@pytest.mark.parametrize("now", [NOW, datetime(2036, 2, 7, 6, 28, 17, tzinfo=UTC)])
def test_a_server_tells_the_time(now: datetime) -> None:
    """Also after the second when its count begins anew, in 2036."""
    with server(answer(now)) as port:
        assert abs(query_sntp_time("127.0.0.1", port) - now) < timedelta(microseconds=5)


@pytest.mark.parametrize(
    "said",
    [
        b"no time",
        answer(NOW)[:47],
        answer(NOW, first=0b00_100_011),
        answer(NOW, stratum=0),
        bytes((0b00_100_100, 2)) + bytes(46),
    ],
)
def test_what_is_no_time_is_told(said: bytes) -> None:
    """Too short, a question, a refusal, or nothing."""
    with (
        server(said) as port,
        pytest.raises(MailError, match=r"127\.0\.0\.1: invalid SNTP response"),
    ):
        query_sntp_time("127.0.0.1", port)


def test_a_server_that_does_not_answer_is_told() -> None:
    """After a moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.bind(("127.0.0.1", 0))
        with pytest.raises(MailError, match=r"127.0.0.1: no SNTP response \(timed out\)"):
            query_sntp_time("127.0.0.1", wire.getsockname()[1], 0.05)
