"""The output folder and what answers beside it → one application, within bounds."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.routing import BaseRoute, Router
from starlette.types import ASGIApp

from feedpub.config import Config
from feedpub.web.guards import RateLimitMiddleware, SecurityHeadersMiddleware
from feedpub.web.readers.hosts import SubscriberHostMiddleware
from feedpub.web.seen import AccessRecord, RequestLogMiddleware
from feedpub.web.static import SiteFiles

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
