"""People who sign up, confirm, choose and leave → pages, and what is so from then on.

Looking changes nothing: programs that open the links of a mail, to see whether they are safe,
send GET and HEAD. All that changes something is a POST; one to unsubscribe/TOKEN does so with
any body, without a cookie and without sending the browser elsewhere (RFC 8058).
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from ipaddress import ip_address

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Scope

from feedpub.newsletter.signup import NetworkHasher, PageContext
from feedpub.store import StoreError
from feedpub.web.bodies import BodyError
from feedpub.web.paths import get_root_path
from feedpub.web.readers import bodies, visits
from feedpub.web.readers.faces import OFFER_PARAMETER, SignupPages
from feedpub.web.readers.visits import RequestContext

__all__ = ["FORM_TIMEOUT", "PostRoute", "build_signup_routes"]

FORM_TIMEOUT = 20.0
"""Seconds that a form may take to come."""

_Work = Callable[[RequestContext], Response]
_Endpoint = Callable[[Request], Awaitable[Response]]


def build_signup_routes(
    scene: Callable[[], PageContext],
    now: Callable[[], datetime],
    heard: Callable[[str], object],
    patience: float = FORM_TIMEOUT,
) -> list[Route]:
    """Give the routes, at the site's own path; `scene` gives the site as it is at a request.

    They come before the static files, which answer a GET of subscribe/. `heard` is told, in a
    thread, what becomes of who asks to be mailed, as `admission.heard` calls it.
    """
    door = _Endpoints(scene, now, heard, patience)
    prefix = get_root_path(scene().newsletter.config.site.url)
    both = {
        "confirm": (visits.show_offer, visits.confirm),
        "unsubscribe": (visits.show_unsubscribe, visits.unsubscribe),
        "resubscribe": (visits.show_unsubscribe, visits.resubscribe),
        "forget": (visits.show_erase, visits.erase),
    }
    found: list[Route] = [
        PostRoute(
            prefix + path,
            door.create_form_view(visits.subscribe, visits.reject_signup),
            methods=["POST"],
        )
        for path in ("subscribe", "subscribe/")
    ]
    for name, (look, do) in both.items():
        path = f"{prefix}{name}/{{token}}"
        found += [
            Route(path, door.create_view(look), methods=["GET"]),
            Route(path, door.create_view(do), methods=["POST"]),
        ]
    path = f"{prefix}preferences/{{token}}"
    return [
        *found,
        Route(path, door.create_view(visits.show_preferences), methods=["GET"]),
        Route(path, door.create_form_view(visits.save_preferences), methods=["POST"]),
    ]


class PostRoute(Route):
    """A route that other methods do not meet: what they ask for at its address is a file."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Tell whether a request is for this route."""
        match, child = super().matches(scope)
        return (match, child) if match is Match.FULL else (Match.NONE, {})


class _Endpoints:
    """Lets people in; what waits for the database or a template does so in a thread."""

    def __init__(
        self,
        scene: Callable[[], PageContext],
        now: Callable[[], datetime],
        heard: Callable[[str], object],
        patience: float,
    ) -> None:
        self._scene = scene
        self._now = now
        self._heard = heard
        self._patience = patience
        self._networks = NetworkHasher()

    def create_view(self, work: _Work) -> _Endpoint:
        """Make an endpoint of what looks at no body."""

        async def endpoint(request: Request) -> Response:
            return await self._respond(self._create_context(request), work)

        return endpoint

    def create_form_view(
        self, work: _Work, refusal: Callable[[RequestContext], Response | None] = lambda _: None
    ) -> _Endpoint:
        """Make an endpoint of what reads a form, unless `refusal` answers it unread."""

        async def endpoint(request: Request) -> Response:
            visit = self._create_context(request)
            refused = await run_in_threadpool(refusal, visit)
            if refused is not None:
                return refused
            try:
                fields = await bodies.parse_form(request, self._patience)
            except BodyError as error:
                faces = SignupPages(visit.page_context)
                return await run_in_threadpool(faces.render_unreadable_form, error.status)
            return await self._respond(replace(visit, form_fields=fields), work)

        return endpoint

    def _create_context(self, request: Request) -> RequestContext:
        now = self._now()
        source = _address(request.client.host if request.client else "")
        return RequestContext(
            page_context=self._scene(),
            token=request.path_params.get("token", ""),
            headers=request.headers,
            client_address=source,
            network_hash=self._networks.hash_network(source, now),
            now=now,
            on_result=self._heard,
            form_fields=(),
            offer_fingerprint=request.query_params.get(OFFER_PARAMETER, ""),
        )

    async def _respond(self, visit: RequestContext, work: _Work) -> Response:
        try:
            return await run_in_threadpool(work, visit)
        except StoreError:
            return await run_in_threadpool(SignupPages(visit.page_context).render_unavailable)


def _address(told: str) -> str:
    """Give an IP address as it is told, by a proxy perhaps; "" for anything else."""
    try:
        return str(ip_address(told))
    except ValueError:
        return ""
