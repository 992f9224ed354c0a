"""Applications that are asked: in an event loop of the test, or by a real server on loopback.

call(app, "/rss.xml", {"if-none-match": '"x"'}).status
    with serving(app) as port: get(port, "/rss.xml").body
"""

import asyncio
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from threading import Thread

from starlette.types import ASGIApp, Message

from feedpub.web.protocol import TimeoutProtocol
from feedpub.web.server import create_server, open_socket
from feedpub.web.static import SiteFiles

LATER = 4e9  # seconds since 1970: no file of a test is as young
SITE = "https://example.org/"


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: Mapping[str, str]  # names in small letters
    body: bytes


def static(
    folder: Path,
    url: str = SITE,
    codings: Sequence[str] = ("gzip", "br"),
    hubs: Sequence[str] = (),
    now: Callable[[], float] = lambda: LATER,
) -> SiteFiles:
    """Serve a folder."""
    return SiteFiles(folder, url, now, hubs=hubs, codings=codings)


def call(  # noqa: PLR0913 - all that a request may be
    app: ASGIApp,
    path: str,
    headers: Mapping[str, str] | None = None,
    *,
    method: str = "GET",
    query: bytes = b"",
    bodies: Sequence[bytes] = (b"",),
    client: str = "127.0.0.1",
) -> Reply:
    """Ask an application."""
    return asyncio.run(called(app, path, headers, method, query, bodies, client))


async def called(  # noqa: PLR0913, PLR0917 - all that a request may be
    app: ASGIApp,
    path: str,
    headers: Mapping[str, str] | None = None,
    method: str = "GET",
    query: bytes = b"",
    bodies: Sequence[bytes] = (b"",),
    client: str = "127.0.0.1",
) -> Reply:
    """Ask an application in the event loop that runs."""
    waiting = list(bodies)
    sent: list[Message] = []
    given = [(name.encode(), value.encode("latin-1")) for name, value in (headers or {}).items()]
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode("latin-1"),
        "query_string": query,
        "root_path": "",
        "headers": given,
        "client": (client, 1),
    }

    async def receive() -> Message:
        if not waiting:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": waiting.pop(0), "more_body": bool(waiting)}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    begun, *rest = sent
    told = {name.decode(): value.decode("latin-1") for name, value in begun["headers"]}
    return Reply(begun["status"], told, b"".join(each.get("body", b"") for each in rest))


@contextmanager
def serving(
    app: ASGIApp, proxies: Sequence[str] = (), connection: type[TimeoutProtocol] = TimeoutProtocol
) -> Iterator[int]:
    """Serve an application on loopback; give the port."""
    opened = open_socket("127.0.0.1", 0)
    running = create_server(app, proxies, connection)
    thread = Thread(target=lambda: asyncio.run(running.serve([opened])))
    thread.start()
    try:
        yield opened.getsockname()[1]
    finally:
        running.stop()
        thread.join()


def free_port() -> int:
    """Give a port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def ask(port: int, request: bytes) -> Reply:
    """Send octets as they are, and read one answer."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(request)
        response = HTTPResponse(connection)
        response.begin()
        told = {name.lower(): value for name, value in response.getheaders()}
        return Reply(response.status, told, response.read())


def get(port: int, path: str, headers: Mapping[str, str] | None = None) -> Reply:
    """Ask for a path as browsers do."""
    connection = HTTPConnection("127.0.0.1", port)
    connection.request("GET", path, headers=dict(headers or {}))
    response = connection.getresponse()
    told = {name.lower(): value for name, value in response.getheaders()}
    reply = Reply(response.status, told, response.read())
    connection.close()
    return reply
