"""One connection → requests, for as long as somebody asks and takes, and no longer."""

import asyncio
import resource
from http import HTTPStatus

from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_MOST = 10_000  # connections


def compute_connection_limit(files: int) -> int:
    """Return how many connections there may be where so many files may be open; -1 is any number.

    Each may have a file open twice besides itself.
    """
    return min(files // 3, _MOST) if files > 0 else _MOST


class TimeoutProtocol(HttpToolsProtocol):
    """A connection that is not kept for who never comes to the point, nor for who takes nothing."""

    header_timeout = 10.0  # seconds that a request may take to say what it wants, its body aside
    max_header_size = 1 << 15  # octets that it may say so in
    write_timeout = 30.0  # seconds in which something of an answer has to be taken
    max_connections = compute_connection_limit(
        resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    )  # connections at once

    _header_timer: asyncio.TimerHandle | None = None
    _write_timer: asyncio.TimerHandle
    _unsent: int | None = None  # octets that nobody took yet, at the last look
    _header_bytes = 0  # octets that came and were no body, since one had an end

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for a request, but not for ever."""
        super().connection_made(transport)
        self._start_header_timer()
        self._write_timer = self.loop.call_later(self.write_timeout, self._check_writing)
        if len(self.connections) > self.max_connections:
            self._make_room()

    def data_received(self, data: bytes) -> None:
        """Read on; what nobody waits for does not keep the connection open."""
        self._header_bytes += len(data)
        super().data_received(data)
        if self._header_bytes > self.max_header_size:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        if not self.is_busy():
            self._start_header_timer()

    def on_message_begin(self) -> None:
        """Wait for the next request on a connection that had one already."""
        super().on_message_begin()
        self._start_header_timer()

    def on_headers_complete(self) -> None:
        """It is said what is wanted."""
        self._header_bytes = 0
        self._cancel_header_timer()
        octets = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if octets > self.max_header_size:
            self.app = _too_large
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Something of a body has come."""
        self._header_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """A request is whole."""
        self._header_bytes = 0
        super().on_message_complete()

    def resume_writing(self) -> None:
        """What was written has been taken."""
        self._unsent = None
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody is there any more."""
        self._cancel_header_timer()
        self._write_timer.cancel()
        super().connection_lost(exc)

    def is_busy(self) -> bool:
        """Tell whether something is asked and not yet answered."""
        begun = self.cycle is not None  # as uvicorn has it at first
        return begun and not self.cycle.response_complete

    def _start_header_timer(self) -> None:
        if self._header_timer is None:
            self._header_timer = self.loop.call_later(self.header_timeout, self.transport.close)

    def _cancel_header_timer(self) -> None:
        if self._header_timer:
            self._header_timer.cancel()
            self._header_timer = None

    def _make_room(self) -> None:
        """Let go of somebody who asks for nothing at the moment, else of who comes now."""
        for each in self.connections:
            if isinstance(each, TimeoutProtocol) and each is not self and not each.is_busy():
                each.transport.abort()
                return
        self._refuse(HTTPStatus.SERVICE_UNAVAILABLE)

    def _check_writing(self) -> None:
        """Let go of who has taken nothing since the last look."""
        if self.flow.write_paused or self.transport.is_closing():
            left = self.transport.get_write_buffer_size()
            if left == self._unsent:
                self.transport.abort()
                return
            self._unsent = left
        self._write_timer = self.loop.call_later(self.write_timeout, self._check_writing)

    def _refuse(self, status: HTTPStatus) -> None:
        """Say why nothing is answered here, unless an answer is on its way, and hang up."""
        if not (self.is_busy() or self.transport.is_closing()):
            text = f"{status.phrase}\n"
            self.transport.write(
                f"HTTP/1.1 {status} {status.phrase}\r\n"
                f"content-type: text/plain; charset=utf-8\r\ncontent-length: {len(text)}\r\n"
                f"connection: close\r\n\r\n{text}".encode()
            )
        self.transport.close()


async def _too_large(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer who says too much."""
    status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
    refused = PlainTextResponse(f"{status.phrase}\n", status, {"Connection": "close"})
    await refused(scope, receive, send)
