"""A time server → what time it is there (SNTP: RFC 4330)."""

import socket
from datetime import UTC, datetime, timedelta

from feedpub.errors import MailError

_EPOCH = datetime(1900, 1, 1, tzinfo=UTC)  # its seconds count from here …
_ERA = 2**32  # … and begin anew in 2036
_LATER = 2**31  # a count below that is of the era from 2036 on (RFC 4330 section 3)
_REQUEST = bytes((0b00_100_011,)) + bytes(47)  # version 4, from a client
_LONG, _SERVER = 48, 4


def query_sntp_time(host: str = "pool.ntp.org", port: int = 123, patience: float = 3.0) -> datetime:
    """Ask a server for the time; right to within the seconds it takes to answer.

    Raises:
        MailError: it does not answer within `patience` seconds, or not with a time.
    """
    try:
        with socket.socket(_family(host, port), socket.SOCK_DGRAM) as wire:
            wire.settimeout(patience)
            wire.connect((host, port))
            wire.send(_REQUEST)
            answer = wire.recv(512)
    except OSError as error:
        raise MailError(f"{host}: tells no time ({error.strerror or error})") from error
    seconds = int.from_bytes(answer[40:44], "big")
    if len(answer) < _LONG or answer[0] & 0b111 != _SERVER or not seconds or not answer[1]:
        raise MailError(f"{host}: tells no time, but something else")
    if seconds < _LATER:
        seconds += _ERA
    return _EPOCH + timedelta(seconds=seconds + int.from_bytes(answer[44:48], "big") / _ERA)


def _family(host: str, port: int) -> socket.AddressFamily:
    return socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0][0]
