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

from feedpub.newsletter.signup import Networks, Scene
from feedpub.store import StoreError
from feedpub.web.bodies import UnreadError
from feedpub.web.paths import root
from feedpub.web.readers import bodies, visits
from feedpub.web.readers.faces import SHOWN, Faces
from feedpub.web.readers.visits import Visit

__all__ = ["PATIENCE", "Posted", "routes"]

PATIENCE = 20.0
"""Seconds that a form may take to come."""

_Work = Callable[[Visit], Response]
_Endpoint = Callable[[Request], Awaitable[Response]]


def routes(
    scene: Callable[[], Scene],
    now: Callable[[], datetime],
    heard: Callable[[str], object],
    patience: float = PATIENCE,
) -> list[Route]:
    """Give the routes, at the site's own path; `scene` gives the site as it is at a request.

    They come before the static files, which answer a GET of subscribe/. `heard` is told, in a
    thread, what becomes of who asks to be mailed, as `admission.heard` calls it.
    """
    door = _Door(scene, now, heard, patience)
    prefix = root(scene().desk.config.site.url)
    both = {
        "confirm": (visits.offer, visits.confirm),
        "unsubscribe": (visits.leaving, visits.leave),
        "resubscribe": (visits.leaving, visits.come_back),
        "forget": (visits.forgetting, visits.forget),
    }
    found: list[Route] = [
        Posted(prefix + path, door.form(visits.subscribe, visits.refusal), methods=["POST"])
        for path in ("subscribe", "subscribe/")
    ]
    for name, (look, do) in both.items():
        path = f"{prefix}{name}/{{token}}"
        found += [
            Route(path, door.plain(look), methods=["GET"]),
            Route(path, door.plain(do), methods=["POST"]),
        ]
    path = f"{prefix}preferences/{{token}}"
    return [
        *found,
        Route(path, door.plain(visits.choices), methods=["GET"]),
        Route(path, door.form(visits.choose), methods=["POST"]),
    ]


class Posted(Route):
    """A route that other methods do not meet: what they ask for at its address is a file."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Tell whether a request is for this route."""
        match, child = super().matches(scope)
        return (match, child) if match is Match.FULL else (Match.NONE, {})


class _Door:
    """Lets people in; what waits for the database or a template does so in a thread."""

    def __init__(
        self,
        scene: Callable[[], Scene],
        now: Callable[[], datetime],
        heard: Callable[[str], object],
        patience: float,
    ) -> None:
        self._scene = scene
        self._now = now
        self._heard = heard
        self._patience = patience
        self._networks = Networks()

    def plain(self, work: _Work) -> _Endpoint:
        """Make an endpoint of what looks at no body."""

        async def endpoint(request: Request) -> Response:
            return await self._answer(self._visit(request), work)

        return endpoint

    def form(
        self, work: _Work, refusal: Callable[[Visit], Response | None] = lambda _: None
    ) -> _Endpoint:
        """Make an endpoint of what reads a form, unless `refusal` answers it unread."""

        async def endpoint(request: Request) -> Response:
            visit = self._visit(request)
            refused = await run_in_threadpool(refusal, visit)
            if refused is not None:
                return refused
            try:
                fields = await bodies.fields(request, self._patience)
            except UnreadError as error:
                faces = Faces(visit.scene)
                return await run_in_threadpool(faces.unread, error.status)
            return await self._answer(replace(visit, fields=fields), work)

        return endpoint

    def _visit(self, request: Request) -> Visit:
        now = self._now()
        source = _address(request.client.host if request.client else "")
        return Visit(
            scene=self._scene(),
            token=request.path_params.get("token", ""),
            headers=request.headers,
            source=source,
            network=self._networks.mark(source, now),
            now=now,
            heard=self._heard,
            fields=(),
            shown=request.query_params.get(SHOWN, ""),
        )

    async def _answer(self, visit: Visit, work: _Work) -> Response:
        try:
            return await run_in_threadpool(work, visit)
        except StoreError:
            return await run_in_threadpool(Faces(visit.scene).later)


def _address(told: str) -> str:
    """Give an IP address as it is told, by a proxy perhaps; "" for anything else."""
    try:
        return str(ip_address(told))
    except ValueError:
        return ""
