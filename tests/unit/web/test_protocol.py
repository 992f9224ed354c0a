"""Connections: who asks and takes in time is answered, and nobody else is waited for."""

import asyncio
import resource
import socket
from pathlib import Path
from threading import Event, Semaphore

import pytest
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send
from watched import wait_until
from webs import ask, serving, static

from feedpub.web.protocol import TimeoutProtocol, compute_connection_limit
from feedpub.web.server import create_server

GET = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
KEPT = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


async def tell(scope: Scope, receive: Receive, send: Send) -> None:
    """Tell how somebody came."""
    await PlainTextResponse(f"{scope['scheme']} {scope['client'][0]}")(scope, receive, send)


def rest(connection: socket.socket) -> bytes:
    """Give all that comes until the other side hangs up."""
    received = b""
    try:
        while piece := connection.recv(1 << 16):
            received += piece
    except ConnectionResetError:
        pass
    return received


class Hasty(TimeoutProtocol):
    """A connection that is soon given up."""

    header_timeout = 0.2


@pytest.mark.parametrize("begun", [b"", b"GET / HT", GET[:-4], GET[:-2] + b"X: y\r\n"])
@pytest.mark.parametrize("before", [b"", KEPT])
def test_who_never_comes_to_the_point(before: bytes, begun: bytes) -> None:
    """A request that is begun and not ended is given up, be it the first or not."""
    with (
        serving(tell, connection=Hasty) as port,
        socket.create_connection(("127.0.0.1", port)) as waiting,
    ):
        waiting.sendall(before + begun)
        received = rest(waiting)

    assert bool(before) is received.startswith(b"HTTP/1.1 200 OK")


def test_who_takes_long_with_an_answer() -> None:
    """Only what is asked has to be said in time: the answer may take as long as it needs."""

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(0.5)
        await tell(scope, receive, send)

    with serving(slow, connection=Hasty) as port:
        assert 200 == ask(port, GET).status


ANNOUNCED = KEPT[:-2] + b"Content-Length: 1000\r\n\r\n"


@pytest.mark.parametrize(("request_", "more"), [(KEPT, b"\r\n"), (ANNOUNCED, b"x")])
def test_who_says_nothing_more_after_an_answer(request_: bytes, more: bytes) -> None:
    """What is no request, or the rest of one that was answered, is not waited for either."""
    with (
        serving(tell, connection=Hasty) as port,
        socket.create_connection(("127.0.0.1", port)) as waiting,
    ):
        waiting.sendall(request_)
        first = waiting.recv(1000)
        waiting.sendall(more)
        received = first + rest(waiting)

    assert received.startswith(b"HTTP/1.1 200 OK")


class Strict(TimeoutProtocol):
    """A connection of which something has to be taken soon."""

    write_timeout = 0.2


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Give a folder with more than the kernel keeps for a connection."""
    (tmp_path / "film.mp4").write_bytes(b"x" * (1 << 24))
    return tmp_path


def small(port: int) -> socket.socket:
    """Connect with little room for what comes."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    made.connect(("127.0.0.1", port))
    return made


@pytest.mark.parametrize("path", [b"/film.mp4", b"/close"])
def test_who_takes_nothing(film: Path, path: bytes) -> None:
    """They are let go, be the answer still made or be it whole, and get no more of it."""
    whole = static(film)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        at_once = Response(b"x" * (1 << 24), headers={"Connection": "close"})
        await (at_once if scope["path"] == "/close" else whole)(scope, receive, send)

    ended: list[bool] = []

    class Noted(Strict):
        """Tells how it ended."""

        def connection_lost(self, exc: Exception | None) -> None:
            """Tell so."""
            ended.append(True)
            super().connection_lost(exc)

    with serving(app, connection=Noted) as port, small(port) as waiting:
        waiting.sendall(GET.replace(b"/ ", path + b" ", 1))
        wait_until(lambda: bool(ended), "the end")

        assert len(rest(waiting)) < 1 << 24


class Buffer(asyncio.Transport):
    """What waits to be taken, as much as we say."""

    def __init__(self, left: int) -> None:
        super().__init__()
        self.left = left
        self.is_over = False

    def get_write_buffer_size(self) -> int:
        """Give how much it is."""
        return self.left

    def is_closing(self) -> bool:
        """Tell that there is more to be said."""
        return False

    def abort(self) -> None:
        """Remember it."""
        self.is_over = True


def test_who_takes_slowly() -> None:
    """Anything is enough, also where as much as that has been written meanwhile."""

    async def looked() -> list[bool]:
        running = create_server(tell, connection=TimeoutProtocol)
        made, waiting = TimeoutProtocol(running.config, running.server_state, {}), Buffer(9)
        made.connection_made(waiting)
        made._check_writing()  # nothing waits
        made.pause_writing()
        made._check_writing()
        found: list[bool] = []
        for left in (9, 8, 8):
            waiting.left = left
            if not found:
                made.resume_writing()
                made.pause_writing()
            made._check_writing()
            found.append(waiting.is_over)
        made.connection_lost(OSError())
        return found

    assert [False, False, True] == asyncio.run(looked())


LARGEST = TimeoutProtocol.max_header_size
LONG = b"x" * LARGEST


@pytest.mark.parametrize(
    "request_",
    [
        KEPT[:-2] + b"A: " + LONG + b"\r\n\r\n",
        b"GET /" + LONG + KEPT[5:],
        (KEPT[:-2] + b"A: " + LONG)[: LARGEST + 1],
        (b"GET /" + LONG)[: LARGEST + 1],
        b"\r\n" * (LARGEST // 2) + b"\r",
    ],
)
def test_who_says_too_much(request_: bytes) -> None:
    """Nobody keeps it in mind: it is refused, be it whole or not."""
    with (
        serving(tell) as port,
        socket.create_connection(("127.0.0.1", port)) as asking,
    ):
        asking.sendall(request_)

        assert rest(asking).startswith(b"HTTP/1.1 431 Request Header Fields Too Large\r\n")


def test_who_says_much() -> None:
    """Which is not too much."""
    with serving(tell) as port:
        much = KEPT[:-2] + b"A: " + LONG[:-100] + b"\r\n\r\n"

        assert 200 == ask(port, much).status


async def count(scope: Scope, receive: Receive, send: Send) -> None:
    """Tell how large the body was."""
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size, more = size + len(message["body"]), message["more_body"]
    await PlainTextResponse(str(size))(scope, receive, send)


CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


def test_bodies_are_another_matter() -> None:
    """They may be larger; what comes behind them may not."""
    chunk = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
    with serving(count) as port:
        assert b"163840" == ask(port, CHUNKED + chunk * 5 + b"0\r\n\r\n").body

        with socket.create_connection(("127.0.0.1", port)) as asking:
            asking.sendall(CHUNKED + chunk + b"0\r\nA: ")
            for _ in range(100):
                try:
                    asking.sendall(LONG)
                except OSError:
                    break

            assert b"" == rest(asking)


class Few(TimeoutProtocol):
    """One of two connections at once."""

    max_connections = 2


def test_who_asks_nothing_makes_room() -> None:
    """For somebody who comes when all places are taken."""
    with serving(tell, connection=Few) as port:
        silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(9)]
        try:
            assert 200 == ask(port, GET).status
        finally:
            for each in silent:
                each.close()


def test_who_is_answered_is_not_let_go() -> None:
    """Then whoever comes is asked to come again."""
    begun, go_on = Semaphore(0), Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        begun.release()
        await asyncio.to_thread(go_on.wait)
        await tell(scope, receive, send)

    with serving(slow, connection=Few) as port:
        asking = [socket.create_connection(("127.0.0.1", port)) for _ in range(2)]
        for each in asking:
            each.sendall(GET)
            begun.acquire()
        with socket.create_connection(("127.0.0.1", port)) as late:
            refused = rest(late)
        go_on.set()
        answers = [rest(each) for each in asking]
        for each in asking:
            each.close()

    assert refused.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
    assert all(each.startswith(b"HTTP/1.1 200 OK\r\n") for each in answers)


@pytest.mark.parametrize(
    ("files", "connections"), [(1024, 341), (1 << 20, 10_000), (resource.RLIM_INFINITY, 10_000)]
)
def test_there_is_room_for_files_too(files: int, connections: int) -> None:
    """Each answer may have two open."""
    assert connections == compute_connection_limit(files)
