"""/healthz, /healthz/ready and /metrics: how the site stands, for those who run it."""

from collections.abc import Callable, Iterable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from feedpub import metrics
from feedpub.metrics import MetricsSnapshot

_NO_STORE = {"Cache-Control": "no-store"}


def _none() -> Iterable[str]:
    return ()


def build_health_routes(
    ready: Callable[[], str],
    figures: Callable[[], MetricsSnapshot] | None,
    troubles: Callable[[], Iterable[str]] = _none,
) -> list[BaseRoute]:
    """Give the routes.

    Args:
        ready: Tells why the site cannot be served as it should be, "" where it can.
        figures: Gives what /metrics tells; None where it is not to be told.
        troubles: Tells in a line each what else needs looking at, and keeps nobody from reading.
    """

    async def live(request: Request) -> Response:
        """Answer: whoever cannot even do that is to be started again."""
        del request
        return PlainTextResponse("ok\n", headers=_NO_STORE)

    async def whether_ready(request: Request) -> Response:
        del request
        reason = await run_in_threadpool(ready)
        told = "".join(f"{line}\n" for line in (reason or "ok", *troubles()))
        return PlainTextResponse(told, 503 if reason else 200, _NO_STORE)

    found: list[BaseRoute] = [Route("/healthz", live), Route("/healthz/ready", whether_ready)]
    if figures is None:
        return found
    given = figures

    async def measured(request: Request) -> Response:
        del request
        data = metrics.render_metrics(await run_in_threadpool(given))
        return Response(data, headers={**_NO_STORE, "Content-Type": metrics.MEDIA_TYPE})

    return [*found, Route("/metrics", measured)]
