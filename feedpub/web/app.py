"""Assemble the ASGI application of a site: static files, extra routes and the middleware.

Start at `create_app`. `SwappableApp` lets a running server change its application, and
`build_unavailable_routes` stands in for the subscriber routes while the database is unavailable.
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
"""Routes that are matched before the static files."""


def create_app(
    config: Config,
    folder: Path,
    now: Callable[[], float],
    routes: Routes = (),
    seen: Callable[[AccessRecord], None] | None = None,
) -> ASGIApp:
    """Return the ASGI application of a site.

    Args:
        config: The site's configuration: its URL, security policy and rate limit.
        folder: The output folder.
        now: Returns the time in seconds since 1970.
        routes: Routes matched before the files. Their paths include the path of the site URL.
            They read request bodies with `webhooks.read_body`.
        seen: Called with a record of every request, in the event loop: it must not block.
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
        # The site's sign-up form posts to the subscriber host.
        taken = f"form-action 'self' {config.subscribers.host}"
        policy = policy.replace("form-action 'self'", taken)
    made = SecurityHeadersMiddleware(made, policy)
    return RequestLogMiddleware(made, seen) if seen else made


class SwappableApp:
    """Delegate to the current `app`; answer 503 with Retry-After while that is None."""

    def __init__(self) -> None:
        self.app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        await (self.app or _UNAVAILABLE)(scope, receive, send)


_UNAVAILABLE = PlainTextResponse("soon\n", HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": "1"})


_LINKS = ("confirm", "forget", "preferences", "resubscribe", "unsubscribe")
_HOOKS = ("/hooks/{service}", "/hooks/{service}/{secret}")


def build_unavailable_routes(url: str) -> list[Route]:
    """Return routes that answer 503 where the sign-up and webhook routes would otherwise be.

    Without them the static files would answer 404, and the client would not try again.
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
    told = "Temporarily unavailable. Please try again in a minute.\n"
    return PlainTextResponse(told, 503, {"Retry-After": "60", "Cache-Control": "no-store"})
