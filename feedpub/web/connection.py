"""One connection → requests, for as long as somebody asks and takes, and no longer."""

import asyncio
import resource
from http import HTTPStatus

from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_MOST = 10_000  # connections


def room(files: int) -> int:
    """Return how many connections there may be where so many files may be open; -1 is any number.

    Each may have a file open twice besides itself.
    """
    return min(files // 3, _MOST) if files > 0 else _MOST


class Prompt(HttpToolsProtocol):
    """A connection that is not kept for who never comes to the point, nor for who takes nothing."""

    patience = 10.0  # seconds that a request may take to say what it wants, its body aside
    largest = 1 << 15  # octets that it may say so in
    pace = 30.0  # seconds in which something of an answer has to be taken
    most = room(resource.getrlimit(resource.RLIMIT_NOFILE)[0])  # connections at once

    _late: asyncio.TimerHandle | None = None
    _stuck: asyncio.TimerHandle
    _left: int | None = None  # octets that nobody took yet, at the last look
    _said = 0  # octets that came and were no body, since one had an end

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for a request, but not for ever."""
        super().connection_made(transport)
        self._wait()
        self._stuck = self.loop.call_later(self.pace, self._look)
        if len(self.connections) > self.most:
            self._make_room()

    def data_received(self, data: bytes) -> None:
        """Read on; what nobody waits for does not keep the connection open."""
        self._said += len(data)
        super().data_received(data)
        if self._said > self.largest:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        if not self.is_answering():
            self._wait()

    def on_message_begin(self) -> None:
        """Wait for the next request on a connection that had one already."""
        super().on_message_begin()
        self._wait()

    def on_headers_complete(self) -> None:
        """It is said what is wanted."""
        self._said = 0
        self._in_time()
        octets = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if octets > self.largest:
            self.app = _too_large
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Something of a body has come."""
        self._said = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """A request is whole."""
        self._said = 0
        super().on_message_complete()

    def resume_writing(self) -> None:
        """What was written has been taken."""
        self._left = None
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody is there any more."""
        self._in_time()
        self._stuck.cancel()
        super().connection_lost(exc)

    def is_answering(self) -> bool:
        """Tell whether something is asked and not yet answered."""
        begun = self.cycle is not None  # as uvicorn has it at first
        return begun and not self.cycle.response_complete

    def _wait(self) -> None:
        if self._late is None:
            self._late = self.loop.call_later(self.patience, self.transport.close)

    def _in_time(self) -> None:
        if self._late:
            self._late.cancel()
            self._late = None

    def _make_room(self) -> None:
        """Let go of somebody who asks for nothing at the moment, else of who comes now."""
        for each in self.connections:
            if isinstance(each, Prompt) and each is not self and not each.is_answering():
                each.transport.abort()
                return
        self._refuse(HTTPStatus.SERVICE_UNAVAILABLE)

    def _look(self) -> None:
        """Let go of who has taken nothing since the last look."""
        if self.flow.write_paused or self.transport.is_closing():
            left = self.transport.get_write_buffer_size()
            if left == self._left:
                self.transport.abort()
                return
            self._left = left
        self._stuck = self.loop.call_later(self.pace, self._look)

    def _refuse(self, status: HTTPStatus) -> None:
        """Say why nothing is answered here, unless an answer is on its way, and hang up."""
        if not (self.is_answering() or self.transport.is_closing()):
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
