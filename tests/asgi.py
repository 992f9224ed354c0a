"""Requests to an application of ASGI, without a server between.

reply = ask(app, "POST", "/hooks/ses", body=b"...")
assert 200 == reply.status
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from starlette.types import ASGIApp, Message


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes


def ask(
    app: ASGIApp,
    method: str,
    path: str,
    body: bytes | Iterable[bytes] = b"",
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """Ask for something; a body of several pieces comes piece by piece, b"" hangs up."""
    pieces = [body] if isinstance(body, bytes) else list(body)
    return asyncio.run(_ask(app, _scope(method, path, headers or {}), _messages(pieces)))


def _scope(method: str, path: str, headers: Mapping[str, str]) -> dict[str, object]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(name.lower().encode(), told.encode()) for name, told in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }


def _messages(pieces: Sequence[bytes]) -> list[Message]:
    last = len(pieces) - 1
    return [
        {"type": "http.request", "body": piece, "more_body": place < last}
        if piece or last == 0
        else {"type": "http.disconnect"}
        for place, piece in enumerate(pieces)
    ]


async def _ask(app: ASGIApp, scope: dict[str, object], messages: list[Message]) -> Reply:
    coming = iter(messages)
    sent: list[Message] = []

    async def receive() -> Message:
        message = next(coming, None)
        if message is None:
            await asyncio.Event().wait()  # nothing more comes
        assert message is not None
        return message

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return Reply(sent[0]["status"], headers, b"".join(each.get("body", b"") for each in sent))
