"""Servers of HTTP that answer as they are told, and remember what they were asked.

with listening(202) as hub:      # each answer in turn, the last one for ever
    announce(...)
    assert b"hub.mode=publish" in hub.heard[0].body
"""

import socket
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext
from threading import Event, Thread


@dataclass(frozen=True)
class Heard:
    """What was asked for."""

    method: str
    path: str
    headers: Mapping[str, str]  # names in lower case
    body: bytes


@dataclass(frozen=True)
class Reply:
    """What is answered."""

    status: int = 200
    body: bytes = b"so be it"
    headers: tuple[tuple[str, str], ...] = ()
    drip: bool = False  # never come to an end
    hang: bool = False  # never begin


@dataclass
class Listener:
    """A server."""

    replies: list[Reply]
    heard: list[Heard] = field(default_factory=list)
    over: Event = field(default_factory=Event)
    url: str = ""


@contextmanager
def listening(*replies: int | Reply, tls: SSLContext | None = None) -> Iterator[Listener]:
    """Run a server."""
    listener = Listener([each if isinstance(each, Reply) else Reply(each) for each in replies])

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self._answer()

        def do_GET(self) -> None:
            self._answer()

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            number = len(listener.heard)
            listener.heard.append(Heard(self.command, self.path, headers, body))
            reply = listener.replies[min(number, len(listener.replies) - 1)]
            with suppress(OSError):
                self._say(reply)

        def _say(self, reply: Reply) -> None:
            self.close_connection = True
            if reply.hang:
                listener.over.wait()
                return
            self.send_response(reply.status)
            for name, value in reply.headers:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)
            while reply.drip and not listener.over.wait(0.01):
                self.wfile.write(b".")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    listener.url = f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}/"
    try:
        yield listener
    finally:
        listener.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


def nobody() -> str:
    """Give a URL where nothing listens."""
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    return f"http://127.0.0.1:{port}/"
