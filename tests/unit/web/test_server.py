"""Where a server listens, and how it ends."""

import asyncio
import os
import signal
import socket
import threading
from functools import partial

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from webs import ask, get, serving

from feedpub.config.schema import WebConfig
from feedpub.errors import FeedpubError
from feedpub.web.server import create_server, get_socket_url, open_socket, run_server, run_until_set

GET = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


async def tell(scope: Scope, receive: Receive, send: Send) -> None:
    """Tell how somebody came."""
    await PlainTextResponse(f"{scope['scheme']} {scope['client'][0]}")(scope, receive, send)


def test_addresses() -> None:
    """A socket's URL is one that can be opened, wherever it listens."""
    with open_socket("127.0.0.1", 0) as opened, open_socket("0.0.0.0", 0) as open_to_all:  # noqa: S104
        assert f"http://127.0.0.1:{opened.getsockname()[1]}" == get_socket_url(opened)
        assert f"http://127.0.0.1:{open_to_all.getsockname()[1]}" == get_socket_url(open_to_all)


@pytest.mark.parametrize("host", ["::1", "::"])
def test_addresses_of_ipv6(host: str) -> None:
    """An address of IPv6 stands in brackets; at "::" those of IPv4 are answered too."""
    try:
        opened = open_socket(host, 0)
    except FeedpubError:  # pragma: no cover - where the kernel has no IPv6
        pytest.skip("there is no IPv6 here")
    with opened:
        port = opened.getsockname()[1]
        assert f"http://[::1]:{port}" == get_socket_url(opened)
        if host == "::":
            socket.create_connection(("127.0.0.1", port)).close()


def test_a_port_that_is_taken() -> None:
    """What to do is said: by the options of the command, where it has any."""
    with open_socket("127.0.0.1", 0) as opened:
        port = opened.getsockname()[1]
        with pytest.raises(FeedpubError) as raised:
            open_socket("127.0.0.1", port)
        with pytest.raises(FeedpubError, match="with --host and --port or `web: "):
            open_socket("127.0.0.1", port, "--host and --port")

    other = max(port % 65_535, 8000) + 1
    assert (
        f"127.0.0.1, port {port}: cannot listen: Address already in use; "
        f"choose another address with `web: {{port: {other}}}` in the configuration"
    ) == str(raised.value)


def test_a_server_in_a_thread_ends_when_it_is_told_to() -> None:
    """And its socket is closed then."""
    opened, stop = open_socket("127.0.0.1", 0), threading.Event()
    port = opened.getsockname()[1]
    thread = threading.Thread(target=run_until_set, args=(create_server(tell), opened, stop))
    thread.start()
    said = get(port, "/").body
    stop.set()
    thread.join(60)

    assert (b"http 127.0.0.1", False, -1) == (said, thread.is_alive(), opened.fileno())


def test_a_name_that_nobody_has() -> None:
    """A host that cannot be found is told like a port that is taken."""
    with pytest.raises(FeedpubError, match=r"no\.such\.host\.invalid, port 1: cannot listen"):
        open_socket("no.such.host.invalid", 1)


def test_whom_a_proxy_speaks_for() -> None:
    """Only a trusted proxy is believed about address and scheme."""
    request = GET.replace(
        b"\r\n\r\n", b"\r\nX-Forwarded-For: 8.8.8.8\r\nX-Forwarded-Proto: https\r\n\r\n"
    )
    with serving(tell, ["127.0.0.0/8"]) as trusting, serving(tell) as alone:
        assert b"https 8.8.8.8" == ask(trusting, request).body
        assert b"http 127.0.0.1" == ask(alone, request).body


def test_a_proxy_on_this_machine_is_believed() -> None:
    """Unless the configuration says otherwise: its readers would be one, and nobody."""
    request = GET.replace(b"\r\n\r\n", b"\r\nX-Forwarded-For: 8.8.8.8\r\n\r\n")
    with serving(tell, WebConfig().proxies) as port:
        assert b"http 8.8.8.8" == ask(port, request).body


def test_nothing_of_the_program_is_told() -> None:
    """What serves is nobody's business."""
    with serving(tell) as port:
        assert "server" not in ask(port, GET).headers


def test_a_failure_is_told_as_such(caplog: pytest.LogCaptureFixture) -> None:
    """A bug is a 500 to the client, and a traceback in the log."""

    async def fail(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise ZeroDivisionError

    with serving(fail) as port:
        assert 500 == ask(port, GET).status
    assert "ZeroDivisionError" in caplog.text


def test_a_server_that_fails_says_so_at_once() -> None:
    """Though it was not told to stop."""
    opened = open_socket("127.0.0.1", 0)
    running = create_server(tell)
    opened.close()

    with pytest.raises(OSError, match="descriptor"):
        run_until_set(running, opened, threading.Event())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals(number: signal.Signals) -> None:
    """SIGINT and SIGTERM end it: what is in hand is answered first, then nobody listens."""
    answered: list[bytes] = []
    opened = open_socket("127.0.0.1", 0)
    place = opened.getsockname()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        os.kill(os.getpid(), number)
        await asyncio.sleep(0.3)
        await PlainTextResponse("whole")(scope, receive, send)

    running = create_server(slow)

    def begin(loop: asyncio.AbstractEventLoop) -> None:
        loop.run_in_executor(None, lambda: answered.append(ask(place[1], GET).body))

    run_server(running, opened, begin, running.stop)

    assert [b"whole"] == answered
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(place)


def test_in_an_event_loop_of_somebody_elses() -> None:
    """A daemon runs the server in its own loop, and stops it when it likes."""
    opened = open_socket("127.0.0.1", 0)
    port = opened.getsockname()[1]

    async def main() -> bytes:
        running = create_server(tell)
        task = asyncio.create_task(running.serve([opened]))
        reply = await asyncio.to_thread(partial(ask, port, GET))
        running.stop()
        await task
        return reply.body

    assert b"http 127.0.0.1" == asyncio.run(main())


def test_answers_in_several_parts_are_not_held_back() -> None:
    """What a connection is given it sends, whatever was not yet acknowledged."""
    with open_socket("127.0.0.1", 0) as opened:
        assert opened.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        with socket.create_connection(opened.getsockname()):
            accepted, _ = opened.accept()
            with accepted:
                assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
