"""A URL and what to send there → what was answered: one request, over one connection.

The only module that knows urllib3. Redirects are not followed: where somebody else is to be told,
the configuration says so. Nor does a server that answers slowly, or without end, keep anybody.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from socket import SHUT_RDWR, socket
from threading import Timer
from urllib.parse import urlsplit

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

from feedpub import __version__

SECONDS = 20.0  # from the first packet to the last
LARGEST = 2**16  # octets of an answer that are read

_AGENT = f"feedpub/{__version__}"
_TEXT = 200  # characters of what is told of an answer


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said."""

    status: int  # 0 where there was no answer
    text: str  # its first words, or why there was none; one line
    body: bytes = b""
    after: str = ""  # Retry-After, as written
    is_whole: bool = True  # the body is no longer than what was read

    @property
    def is_good(self) -> bool:
        """Tell whether it was taken (2xx)."""
        return 200 <= self.status < 300  # noqa: PLR2004 - RFC 9110 section 15.3


def ask(
    url: str,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    *,
    seconds: float = SECONDS,
    largest: int = LARGEST,
) -> Answer:
    """POST a body to a URL, or GET it where there is none; never raises, whatever is there.

    A certificate is held against those that the system trusts.
    """
    try:
        parts = urlsplit(url)
        kind = {"http": HTTPConnection, "https": HTTPSConnection}[parts.scheme]
        connection = kind(parts.hostname or "", parts.port, timeout=seconds)
    except (KeyError, ValueError):
        return Answer(0, "no http or https URL")
    end = _End(connection)
    # A time-out of sockets is for each packet: of a server that drips, this is the end.
    timer = Timer(seconds, end.come)
    timer.daemon = True
    timer.start()
    try:
        connection.connect()
        end.sock = connection.sock
        connection.request(
            "GET" if body is None else "POST",
            (parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
            body=body,
            headers={"User-Agent": _AGENT, **(headers or {})},
            preload_content=False,
            decode_content=False,
        )
        answer = _answer(connection.getresponse(), largest)
    except (HTTPError, OSError, ValueError) as error:
        answer = Answer(0, _line(str(error)) or type(error).__name__)
    finally:
        timer.cancel()
        connection.close()
    return Answer(0, f"no whole answer in {seconds:g} s") if end.has_come else answer


class _End:
    """Ends a connection under the hands of whoever waits for it."""

    def __init__(self, connection: HTTPConnection) -> None:
        self.sock: socket | None = None  # the connection itself lets go of it before the end
        self.has_come = False
        self._connection = connection

    def come(self) -> None:
        """Let who reads see the end at once."""
        self.has_come = True
        sock = self.sock or self._connection.sock
        if sock is not None:
            with suppress(OSError):  # it has ended by itself
                sock.shutdown(SHUT_RDWR)


def _answer(response: BaseHTTPResponse, largest: int) -> Answer:
    body = response.read(largest + 1)
    return Answer(
        status=response.status,
        text=_line(body[: _TEXT * 4].decode("utf-8", "replace")),
        body=body[:largest],
        after=response.headers.get("Retry-After", ""),
        is_whole=len(body) <= largest,
    )


def _line(text: str) -> str:
    folded = " ".join(text.split())
    return "".join(each for each in folded if each.isprintable())[:_TEXT]
