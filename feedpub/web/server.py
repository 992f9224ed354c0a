"""Run an ASGI application under uvicorn: create the socket and the server, run until stopped."""

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

_POLL_INTERVAL = 0.1  # seconds between checks of the stop event, as in uvicorn's own loop
_USUAL, _LAST = 8000, 65_535  # ports: lowest to suggest when one is taken, and the highest there is
_SHUTDOWN_TIMEOUT = 5  # seconds that open requests get to finish at shutdown


class Server(uvicorn.Server):
    """A uvicorn server that leaves signal handling to its caller, which may be the daemon."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Install no signal handlers."""
        yield

    def stop(self) -> None:
        """Accept no more requests, finish the open ones and return from `serve`."""
        self.should_exit = True


def create_server(
    app: ASGIApp, proxies: Sequence[str] = (), connection: type[TimeoutProtocol] = TimeoutProtocol
) -> Server:
    """Return a server that trusts the forwarding headers of the given proxies.

    Run it in any event loop with `await server.serve([open_socket(...)])`, until `stop`.
    """
    config = uvicorn.Config(
        app,
        http=connection,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level=logging.ERROR,  # malformed requests from scanners are not worth logging
        access_log=False,
        server_header=False,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=list(proxies),
        timeout_graceful_shutdown=_SHUTDOWN_TIMEOUT,
    )
    return Server(config)


def open_socket(host: str, port: int, options: str = "") -> socket.socket:
    """Open a listening socket.

    Raises FeedpubError where that fails; its message suggests `options`, the command-line options
    that set host and port, if there are any.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    both = host == "::" and socket.has_dualstack_ipv6()
    try:
        opened = socket.create_server(
            (host, port), family=family, backlog=1024, dualstack_ipv6=both
        )
    except OSError as error:
        why = str(error.strerror).partition(" (while ")[0]  # our message names the address
        other = f"`web: {{port: {max(port % _LAST, _USUAL) + 1}}}` in the configuration"
        ways = f"{options} or {other}" if options else other
        message = f"{host}, port {port}: cannot listen: {why}; choose another address with {ways}"
        raise FeedpubError(message) from None
    # Accepted connections inherit it. Without it, Nagle's algorithm and delayed ACKs would hold
    # back the second part of a response for 40 ms.
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return opened


def get_socket_url(opened: socket.socket) -> str:
    """Return the URL at which a socket can be reached, without a path."""
    host, port = opened.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - shown, not bound
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


def run_until_set(running: Server, opened: socket.socket, stop: threading.Event) -> None:
    """Run a server in its own event loop, in any thread, until `stop` is set."""

    async def last() -> None:
        # Polled: a thread blocked on the event would keep a server that fails from shutting down.
        while not stop.is_set():  # noqa: ASYNC110 - set by another thread
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
    """Run a server in its own event loop until it is stopped.

    `begin` is called first, in that loop; `end` is called at SIGINT or SIGTERM and must stop the
    server.
    """

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        for each in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(each, end)
        begin(loop)
        await running.serve([opened])

    with asyncio.Runner(loop_factory=running.config.get_loop_factory()) as runner:
        runner.run(serve())
