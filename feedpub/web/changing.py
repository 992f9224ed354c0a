"""An application that becomes another one while it answers."""

from http import HTTPStatus

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send


class SwappableApp:
    """Answers with what is its `app` at the moment; while that is None, asks to come again."""

    def __init__(self) -> None:
        self.app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await (self.app or _UNAVAILABLE)(scope, receive, send)


_UNAVAILABLE = PlainTextResponse("soon\n", HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": "1"})
