"""The output folder and what answers beside it → one application, within bounds.

An application that becomes another one while it answers.

What needs the database, while that is away → an answer all the same: come again later.
"""

import time
from collections.abc import Callable, Sequence
from http import HTTPStatus
from pathlib import Path

from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from feedpub.config.schema import Config
from feedpub.web.middleware import (
    AccessRecord,
    RateLimitMiddleware,
    RequestLogMiddleware,
    SecurityHeadersMiddleware,
)
from feedpub.web.signup import PostRoute
from feedpub.web.signup_forms import SubscriberHostMiddleware
from feedpub.web.static import SiteFiles, get_root_path

Routes = Sequence[BaseRoute]
"""What is asked before the files are."""


def create_app(
    config: Config,
    folder: Path,
    now: Callable[[], float],
    routes: Routes = (),
    seen: Callable[[AccessRecord], None] | None = None,
) -> ASGIApp:
    """Make the application of a site.

    Args:
        config: Says where the site is, and what is allowed.
        folder: Where it was written.
        now: Gives the time in seconds since 1970.
        routes: What is asked first: a path of theirs is not looked for in the folder. Their paths
            are whole, with that of the site's address. They read bodies by `bodies.body`.
        seen: Is told of every request, in the event loop: it must not wait.
    """
    made: ASGIApp = SiteFiles(
        folder,
        config.site.url,
        now,
        hubs=config.feeds.hubs,
        codings=config.output.compress,
    )
    if routes:
        router = Router(routes, default=made, redirect_slashes=False)
        made = ExceptionMiddleware(router)
    if config.web.limit:
        made = RateLimitMiddleware(made, config.web.limit, time.monotonic)
    policy = config.web.policy
    if config.subscribers.host:
        made = SubscriberHostMiddleware(made, config.site.url, config.readers_url)
        # The form of the site is taken there.
        taken = f"form-action 'self' {config.subscribers.host}"
        policy = policy.replace("form-action 'self'", taken)
    made = SecurityHeadersMiddleware(made, policy)
    return RequestLogMiddleware(made, seen) if seen else made


class SwappableApp:
    """Answers with what is its `app` at the moment; while that is None, asks to come again."""

    def __init__(self) -> None:
        self.app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await (self.app or _UNAVAILABLE)(scope, receive, send)


_UNAVAILABLE = PlainTextResponse("soon\n", HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": "1"})


_LINKS = ("confirm", "forget", "preferences", "resubscribe", "unsubscribe")
_HOOKS = ("/hooks/{service}", "/hooks/{service}/{secret}")


def build_unavailable_routes(url: str) -> list[Route]:
    """Give routes where those of readers and of mail services are otherwise, of the site at a URL.

    Static files would say that nothing is there: who hears that does not come again.
    """
    prefix = get_root_path(url)
    return [
        *(
            PostRoute(prefix + each, _answer_unavailable, methods=["POST"])
            for each in ("subscribe", "subscribe/")
        ),
        *(
            Route(f"{prefix}{each}/{{token}}", _answer_unavailable, methods=["GET", "POST"])
            for each in _LINKS
        ),
        *(Route(each, _answer_unavailable, methods=["POST"]) for each in _HOOKS),
    ]


async def _answer_unavailable(request: Request) -> Response:
    del request
    told = "This does not work at the moment. Please come again in a minute.\n"
    return PlainTextResponse(told, 503, {"Retry-After": "60", "Cache-Control": "no-store"})
