"""HTTP protocol for uvicorn with time-outs and limits on slow, idle and excess connections."""

import asyncio
import resource
from http import HTTPStatus

from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_MOST = 10_000  # connections


def compute_connection_limit(files: int) -> int:
    """Return the connection limit for a file descriptor limit; -1 means unlimited.

    Each connection uses up to three descriptors: its socket and two open files.
    """
    return min(files // 3, _MOST) if files > 0 else _MOST


class TimeoutProtocol(HttpToolsProtocol):
    """Close connections that send requests, or read responses, too slowly."""

    header_timeout = 10.0  # seconds until all request headers must have arrived
    max_header_size = 1 << 15  # bytes of request line and headers
    write_timeout = 30.0  # seconds within which the client must read some of a response
    max_connections = compute_connection_limit(
        resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    )  # at once

    _header_timer: asyncio.TimerHandle | None = None
    _write_timer: asyncio.TimerHandle
    _unsent: int | None = None  # bytes in the write buffer at the last check
    _header_bytes = 0  # bytes received since the last headers or body ended

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the time-outs, and make room if there are too many connections."""
        super().connection_made(transport)
        self._start_header_timer()
        self._write_timer = self.loop.call_later(self.write_timeout, self._check_writing)
        if len(self.connections) > self.max_connections:
            self._make_room()

    def data_received(self, data: bytes) -> None:
        """Parse more data; give a connection without a pending request the header time-out."""
        self._header_bytes += len(data)
        super().data_received(data)
        if self._header_bytes > self.max_header_size:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        if not self.is_busy():
            self._start_header_timer()

    def on_message_begin(self) -> None:
        """Start the header time-out of the next request on a kept-alive connection."""
        super().on_message_begin()
        self._start_header_timer()

    def on_headers_complete(self) -> None:
        """All request headers have been received."""
        self._header_bytes = 0
        self._cancel_header_timer()
        octets = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if octets > self.max_header_size:
            self.app = _too_large
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Part of the request body has been received."""
        self._header_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The whole request has been received."""
        self._header_bytes = 0
        super().on_message_complete()

    def resume_writing(self) -> None:
        """The client has read what was buffered."""
        self._unsent = None
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the timers of a closed connection."""
        self._cancel_header_timer()
        self._write_timer.cancel()
        super().connection_lost(exc)

    def is_busy(self) -> bool:
        """Return whether a request is still waiting for its response."""
        begun = self.cycle is not None  # None until the first request, as uvicorn sets it
        return begun and not self.cycle.response_complete

    def _start_header_timer(self) -> None:
        if self._header_timer is None:
            self._header_timer = self.loop.call_later(self.header_timeout, self.transport.close)

    def _cancel_header_timer(self) -> None:
        if self._header_timer:
            self._header_timer.cancel()
            self._header_timer = None

    def _make_room(self) -> None:
        """Drop an idle connection, or refuse this one if there is none."""
        for each in self.connections:
            if isinstance(each, TimeoutProtocol) and each is not self and not each.is_busy():
                each.transport.abort()
                return
        self._refuse(HTTPStatus.SERVICE_UNAVAILABLE)

    def _check_writing(self) -> None:
        """Drop the connection if the client has read nothing since the last check."""
        if self.flow.write_paused or self.transport.is_closing():
            left = self.transport.get_write_buffer_size()
            if left == self._unsent:
                self.transport.abort()
                return
            self._unsent = left
        self._write_timer = self.loop.call_later(self.write_timeout, self._check_writing)

    def _refuse(self, status: HTTPStatus) -> None:
        """Send an error response, unless another response has begun, and close the connection."""
        if not (self.is_busy() or self.transport.is_closing()):
            text = f"{status.phrase}\n"
            self.transport.write(
                f"HTTP/1.1 {status} {status.phrase}\r\n"
                f"content-type: text/plain; charset=utf-8\r\ncontent-length: {len(text)}\r\n"
                f"connection: close\r\n\r\n{text}".encode()
            )
        self.transport.close()


async def _too_large(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer 431 to a request whose headers are too large."""
    status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
    refused = PlainTextResponse(f"{status.phrase}\n", status, {"Connection": "close"})
    await refused(scope, receive, send)
