"""Live reload for `feedpub serve`: pages get a script that reloads them after a build.

`LiveReload` wraps the site's application; the script listens for server-sent events.
"""

import asyncio
import secrets

from starlette.types import ASGIApp, Message, Receive, Scope, Send


async def wait_for_disconnect(receive: Receive) -> None:
    """Wait until the client disconnects, ignoring anything else it sends."""
    while (await receive())["type"] != "http.disconnect":
        pass


LIVE_PREFIX = "/-live/"
"""Prefix of the script and its event stream; no post gets such a URL by default."""

_SCRIPT = f"""\
// Loads this page again once the site is another than the one it is of.
const known = document.currentScript.src.split("?")[1];
const changes = new EventSource("{LIVE_PREFIX}changes");
changes.onmessage = (event) => {{
  if (event.data !== known) location.reload();
}};
addEventListener("pagehide", () => changes.close());
""".encode()
_POLICY = b"content-security-policy"
_FORGOTTEN = frozenset((b"cache-control", b"content-length", b"etag", b"last-modified"))
_FRESH = (b"cache-control", b"no-store")
# Request headers that would bring a partial, empty or compressed response, in which no script
# can be inserted.
_CONDITIONS = frozenset(
    (
        *(b"accept-encoding", b"if-match", b"if-modified-since", b"if-none-match", b"if-range"),
        *(b"if-unmodified-since", b"range"),
    )
)


class LiveReload:
    """ASGI middleware that inserts the reload script into pages and notifies them of changes."""

    def __init__(self, app: ASGIApp, beat: float = 15.0) -> None:
        """Wrap an application; an event every `beat` seconds detects closed clients."""
        self._app = app
        self._beat = beat
        self._version = 0
        self._changed = asyncio.Event()
        self._ended = False

    def replace_app(self, app: ASGIApp) -> None:
        """Switch to another application and notify open pages; call it in the event loop."""
        self._app = app
        self._version += 1
        self._notify()

    def close(self) -> None:
        """End all event streams."""
        self._ended = True
        self._notify()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["path"] == f"{LIVE_PREFIX}reload.js":
            kind = (b"content-type", b"text/javascript; charset=utf-8")
            headers = [kind, _FRESH, (b"content-length", b"%d" % len(_SCRIPT))]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": _SCRIPT})
        elif scope["path"] == f"{LIVE_PREFIX}changes":
            await self._send_changes(receive, send)
        else:
            kept = [each for each in scope["headers"] if each[0] not in _CONDITIONS]
            nonce = secrets.token_urlsafe(16)
            source = f"{LIVE_PREFIX}reload.js?{self._version}"
            script = f'<script src="{source}" nonce="{nonce}"></script>'.encode()
            await self._app(
                {**scope, "headers": kept}, receive, _ScriptInjector(send, script, nonce)
            )

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def _send_changes(self, receive: Receive, send: Send) -> None:
        """Send the version number at once, after each change and every `beat` seconds."""
        headers = [(b"content-type", b"text/event-stream"), _FRESH]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        leaving = asyncio.create_task(wait_for_disconnect(receive))
        while not (leaving.done() or self._ended):
            waiting = asyncio.create_task(self._changed.wait())
            event = f"retry: 500\ndata: {self._version}\n\n".encode()
            await send({"type": "http.response.body", "body": event, "more_body": True})
            await asyncio.wait(
                {leaving, waiting}, timeout=self._beat, return_when="FIRST_COMPLETED"
            )
            waiting.cancel()
        leaving.cancel()
        await send({"type": "http.response.body", "body": b""})


class _ScriptInjector:
    """Forward a response, marked no-store; insert the script if it is an HTML page."""

    def __init__(self, send: Send, script: bytes, nonce: str) -> None:
        self._send = send
        self._script = script
        self._nonce = nonce
        self._begun: Message | None = None  # the start message of a page that is still incomplete
        self._page = b""

    async def __call__(self, message: Message) -> None:
        """Forward or collect one ASGI message."""
        if message["type"] == "http.response.start":
            await self._begin(message)
        elif self._begun is None:
            await self._send(message)
        else:
            self._page += message["body"]
            if not message.get("more_body", False):
                await self._finish(self._begun)

    async def _begin(self, message: Message) -> None:
        given = message["headers"]
        is_page = any(
            name == b"content-type" and value.startswith(b"text/html") for name, value in given
        )
        forgotten = _FORGOTTEN if is_page else _FORGOTTEN - {b"content-length"}
        headers = [
            (name, _allow_script(value, self._nonce) if is_page and name == _POLICY else value)
            for name, value in given
            if name not in forgotten
        ]
        begun = {**message, "headers": [*headers, _FRESH]}
        if is_page:
            self._begun = begun
        else:
            await self._send(begun)

    async def _finish(self, begun: Message) -> None:
        end = self._page.rfind(b"</body>")
        end = len(self._page) if end < 0 else end
        page = self._page[:end] + self._script + self._page[end:]
        length = (b"content-length", b"%d" % len(page))
        await self._send({**begun, "headers": [*begun["headers"], length]})
        await self._send({"type": "http.response.body", "body": page})


def _allow_script(policy: bytes, nonce: str) -> bytes:
    """Return a Content-Security-Policy that also allows our script and its event stream.

    Scripts of the page that the policy blocks stay blocked.
    """
    directives: dict[str, str] = {}
    for each in policy.decode("latin-1").split(";"):
        name, _, sources = each.strip().partition(" ")
        if name:
            directives.setdefault(name.lower(), sources.strip())
    fallback = directives.get("default-src", "*")
    scripts = directives.get("script-src", fallback).replace("'none'", "")
    listens = directives.get("connect-src", fallback).replace("'none'", "")
    directives["script-src"] = f"{scripts} 'nonce-{nonce}'".strip()
    directives["connect-src"] = f"{listens} 'self'".strip()
    directives.pop("sandbox", None)  # a sandbox blocks all scripts; only ours has the nonce
    return "; ".join(f"{name} {sources}".strip() for name, sources in directives.items()).encode()
