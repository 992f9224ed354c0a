"""Pages that load again when the site changes."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from starlette.responses import HTMLResponse, StreamingResponse
from starlette.types import Message, Receive, Scope, Send
from webs import call, static

from feedpub.config.schema import WebConfig
from feedpub.web.live import LIVE_PREFIX, LiveReload


@pytest.fixture
def public(tmp_path: Path) -> Path:
    """Give a site of a page and a picture."""
    (tmp_path / "index.html").write_bytes(b"<body>home</body></html>")
    (tmp_path / "cat.png").write_bytes(b"cat")
    return tmp_path


def test_pages_come_with_a_script(public: Path) -> None:
    """A page is whole, with the script at its end, and is not kept."""
    app = LiveReload(static(public))
    tag = call(static(public), "/").headers["etag"]
    reply = call(app, "/", {"if-none-match": tag, "accept-encoding": "br", "range": "bytes=0-1"})
    script = rf'<script src="{LIVE_PREFIX}reload\.js\?0" nonce="[\w-]+"></script>'

    assert 200 == reply.status
    assert re.fullmatch(rf"<body>home{script}</body></html>", reply.body.decode())
    assert str(len(reply.body)) == reply.headers["content-length"]
    assert "no-store" == reply.headers["cache-control"]
    assert not {"etag", "last-modified"} & reply.headers.keys()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (
            WebConfig().policy,
            "default-src 'self'; script-src 'nonce-N'; worker-src 'none'; img-src",
        ),
        ("default-src 'self'", "default-src 'self'; script-src 'self' 'nonce-N'; connect-src"),
        ("script-src 'none'; sandbox", "script-src 'nonce-N'; connect-src * 'self'"),
        ("connect-src 'none'", "connect-src 'self'; script-src * 'nonce-N'"),
        ("default-src 'none'; ;", "default-src 'none'; script-src 'nonce-N'; connect-src 'self'"),
    ],
)
def test_the_policy_lets_this_one_script_run(given: str, expected: str) -> None:
    """Nothing else that the policy of the page keeps from running does."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        policy = {"Content-Security-Policy": given}
        await HTMLResponse("<body>", headers=policy)(scope, receive, send)

    replies = [call(LiveReload(answer), "/") for _ in range(2)]
    nonces = [re.findall(r'nonce="([\w-]{20,})"', each.body.decode())[0] for each in replies]
    policies = [
        each.headers["content-security-policy"].replace(f"'nonce-{nonce}'", "'nonce-N'")
        for each, nonce in zip(replies, nonces, strict=True)
    ]

    assert nonces[0] != nonces[1]
    assert policies[0] == policies[1]
    assert policies[0].startswith(expected)


def test_other_files_are_as_they_are(public: Path) -> None:
    """A picture has no script, and is not kept either."""
    reply = call(LiveReload(static(public)), "/cat.png")

    assert (b"cat", "3") == (reply.body, reply.headers["content-length"])
    assert "no-store" == reply.headers["cache-control"]


def test_pages_in_pieces() -> None:
    """A page that comes in several pieces, or has no end, has the script all the same."""

    async def pieces() -> AsyncIterator[bytes]:
        for piece in (b"<p>", b"one", b"two"):
            yield piece

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await StreamingResponse(pieces(), media_type="text/html")(scope, receive, send)

    assert call(LiveReload(answer), "/").body.startswith(b"<p>onetwo<script ")


def test_the_script(public: Path) -> None:
    """The script has a URL of its own, as a page's policy wants it."""
    reply = call(LiveReload(static(public)), f"{LIVE_PREFIX}reload.js", query=b"0")

    assert "text/javascript; charset=utf-8" == reply.headers["content-type"]
    assert f'new EventSource("{LIVE_PREFIX}changes")'.encode() in reply.body


class Listener:
    """Somebody who looks at a page."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[Message] = asyncio.Queue()
        self.left = asyncio.Event()

    async def receive(self) -> Message:
        """Stay, until it is time to go."""
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def hears(self) -> str:
        """Give the next thing that is said."""
        message = await self.heard.get()
        return str(message.get("body", message["type"]))


@asynccontextmanager
async def listening(app: LiveReload) -> AsyncIterator[Listener]:
    """Look at a page until the end of the block, and wait until that is noticed."""
    listener = Listener()
    scope = {"type": "http", "method": "GET", "path": f"{LIVE_PREFIX}changes", "headers": []}
    task = asyncio.create_task(app(scope, listener.receive, listener.heard.put))
    try:
        yield listener
    finally:
        await task


def test_changes_are_told() -> None:
    """Who looks hears at once which version there is, then of each that comes, served anew."""

    async def other(scope: Scope, receive: Receive, send: Send) -> None:
        await HTMLResponse("other")(scope, receive, send)

    async def look() -> list[str]:
        app = LiveReload(other)
        async with listening(app) as listener:
            told = [await listener.hears(), await listener.hears()]
            app.replace_app(other)
            told.append(await listener.hears())
            listener.left.set()
        return told

    told = asyncio.run(look())

    assert ["http.response.start", "0", "1"] == [told[0], *(each[-6] for each in told[1:])]


def test_signs_of_life() -> None:
    """Where nothing changes something is said all the same, now and then."""

    async def look() -> str:
        app = LiveReload(static(Path("nowhere")), beat=0.01)
        async with listening(app) as listener:
            told = [await listener.hears() for _ in range(4)]
            listener.left.set()
        return told[3]

    assert "data: 0" in asyncio.run(look())


def test_the_end() -> None:
    """A server that ends lets go of whoever looks."""

    async def look() -> Message:
        app = LiveReload(static(Path("nowhere")))
        async with listening(app) as listener:
            await listener.hears()
            await listener.hears()
            app.close()
        return await listener.heard.get()

    assert asyncio.run(look()) == {"type": "http.response.body", "body": b""}
