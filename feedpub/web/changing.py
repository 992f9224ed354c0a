"""An application that becomes another one while it answers."""

from http import HTTPStatus

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send


class Changing:
    """Answers with what is its `app` at the moment; while that is None, asks to come again."""

    def __init__(self) -> None:
        self.app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        again = {"Retry-After": "1"}
        soon = PlainTextResponse("soon\n", HTTPStatus.SERVICE_UNAVAILABLE, again)
        await (self.app or soon)(scope, receive, send)
