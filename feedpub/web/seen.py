"""One request and its answer → what metrics and logs are told of it, and nothing of the person."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import unquote

from starlette.types import ASGIApp, Message, Receive, Scope, Send


@dataclass(frozen=True, slots=True)
class AccessRecord:
    """What happened. No address, no query, and no token: these are a person's."""

    method: str
    path: str  # without the query; "/confirm/{token}" where a route has names for its parts
    status: int
    user_agent: str  # User-Agent; feed fetchers tell in it how many they fetch for


class RequestLogMiddleware:
    """Tells of every request to an application."""

    def __init__(self, app: ASGIApp, seen: Callable[[AccessRecord], None]) -> None:
        self._app = app
        self._seen = seen

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on, and tell of it when all is done."""
        status: int = HTTPStatus.INTERNAL_SERVER_ERROR  # unless somebody says otherwise

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            agent = _header(scope, b"user-agent")
            self._seen(AccessRecord(scope["method"], _path(scope), status, agent))


def _path(scope: Scope) -> str:
    """Give the path, with the names of its parts in place of what a person's link holds."""
    path: str = scope["raw_path"].decode("latin-1")
    names = {str(value): f"{{{name}}}" for name, value in scope.get("path_params", {}).items()}
    if not names:
        return path
    return "/".join(names.get(unquote(part), part) for part in path.split("/"))


def _header(scope: Scope, wanted: bytes) -> str:
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == wanted), "")
