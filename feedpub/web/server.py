"""An application and an address → a server that answers there until it is told to stop."""

import asyncio
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from feedpub.errors import FeedpubError
from feedpub.web.protocol import TimeoutProtocol

_POLL_INTERVAL = 0.1  # seconds between two looks whether to end, as uvicorn has them
_USUAL, _LAST = 8000, 65_535  # ports: whose next one most may use, and the last
_SHUTDOWN_TIMEOUT = 5  # seconds that an answer in hand may take once the end is near


class Server(uvicorn.Server):
    """Answers requests; signals are left to who runs it, which may be a daemon."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield

    def stop(self) -> None:
        """Take no more requests, finish those in hand, and come to an end."""
        self.should_exit = True


def create_server(
    app: ASGIApp, proxies: Sequence[str] = (), connection: type[TimeoutProtocol] = TimeoutProtocol
) -> Server:
    """Make a server; the proxies are believed about whom they speak for.

    `await server.serve([listen(...)])` runs it in any event loop, until `stop`.
    """
    config = uvicorn.Config(
        app,
        http=connection,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level=logging.ERROR,  # what scanners send is no news
        access_log=False,
        server_header=False,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=list(proxies),
        timeout_graceful_shutdown=_SHUTDOWN_TIMEOUT,
    )
    return Server(config)


def open_socket(host: str, port: int, options: str = "") -> socket.socket:
    """Open the socket of a server.

    Raises FeedpubError where that cannot be done; `options` are those that would name another
    place, where there are any beside the configuration.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    both = host == "::" and socket.has_dualstack_ipv6()
    try:
        opened = socket.create_server(
            (host, port), family=family, backlog=1024, dualstack_ipv6=both
        )
    except OSError as error:
        why = str(error.strerror).partition(" (while ")[0]  # which place it is, we say ourselves
        other = f"`web: {{port: {max(port % _LAST, _USUAL) + 1}}}` in the configuration"
        ways = f"{options} or {other} name" if options else f"{other} names"
        message = f"{host}, port {port}: cannot listen there: {why}; {ways} another place"
        raise FeedpubError(message) from None
    # Connections inherit it: asyncio would let the second part of an answer wait for 40 ms.
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return opened


def get_socket_url(opened: socket.socket) -> str:
    """Give the URL at which a socket is reached, without a path."""
    host, port = opened.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - is not listened at
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


def run_until_set(running: Server, opened: socket.socket, stop: threading.Event) -> None:
    """Run a server in an event loop of its own, in whichever thread, until `stop` is set."""

    async def last() -> None:
        # A thread that waits for it would be waited for, by a server that fails.
        while not stop.is_set():  # noqa: ASYNC110 - it is set in another thread
            await asyncio.sleep(_POLL_INTERVAL)
        running.stop()

    async def serve() -> None:
        end = asyncio.create_task(last())
        try:
            await running.serve([opened])
        finally:
            end.cancel()

    with asyncio.Runner(loop_factory=running.config.get_loop_factory()) as runner:
        runner.run(serve())


def run_server(
    running: Server,
    opened: socket.socket,
    begin: Callable[[asyncio.AbstractEventLoop], None],
    end: Callable[[], None],
) -> None:
    """Run a server in an event loop of its own until it is stopped.

    `begin` is called first in that loop, `end` at SIGINT and SIGTERM: it stops the server.
    """

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        for each in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(each, end)
        begin(loop)
        await running.serve([opened])

    with asyncio.Runner(loop_factory=running.config.get_loop_factory()) as runner:
        runner.run(serve())
