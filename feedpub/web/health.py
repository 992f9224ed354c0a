"""Health checks and metrics: /healthz, /healthz/ready and /metrics.

`build_health_routes` returns the routes. Only this module imports prometheus-client.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"

LabelledCounts = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class MetricsSnapshot:
    """Values for /metrics at one moment; counters start at 0 with the process, None is unknown."""

    version: str = ""
    builds: int = 0
    failed_builds: int = 0
    build_seconds: float | None = None  # duration of the last build
    built_at: float | None = None  # end of the last build, in seconds since 1970
    posts: int = 0
    problems: int = 0
    requests: LabelledCounts = ()  # for feeds, by status
    feed_readers: LabelledCounts = ()  # by path of the feed, as feed readers report in User-Agent
    subscribers: LabelledCounts = ()  # by state
    deliveries: LabelledCounts = ()  # by state, of the issues being sent
    pending_webhooks: int | None = None  # hub pings and webhooks waiting to be sent
    database_up: bool | None = None  # whether the database answers
    watcher_lag: float | None = None  # seconds from a change to the build that included it
    scheduler_lag: float | None = None  # seconds by which the last job started late


def render_metrics(figures: MetricsSnapshot) -> bytes:
    """Return the metrics in the Prometheus text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_SnapshotCollector(figures))
    return generate_latest(registry)


class _SnapshotCollector(Collector):
    """Prometheus collector over one snapshot; it keeps no state of its own."""

    def __init__(self, figures: MetricsSnapshot) -> None:
        self._snapshot = figures

    def collect(self) -> Iterator[Metric]:
        """Yield every metric whose value is known."""
        one = self._snapshot
        about = GaugeMetricFamily("feedpub_info", "Running version.", labels=["version"])
        about.add_metric([one.version], 1)
        yield about
        yield CounterMetricFamily("feedpub_builds", "Completed builds.", one.builds)
        yield CounterMetricFamily("feedpub_failed_builds", "Failed builds.", one.failed_builds)
        yield GaugeMetricFamily("feedpub_posts", "Published posts.", one.posts)
        yield GaugeMetricFamily("feedpub_problems", "Problems to fix.", one.problems)
        requests = CounterMetricFamily(
            "feedpub_feed_requests", "Feed requests by status.", labels=["status"]
        )
        for status, number in one.requests:
            requests.add_metric([status], number)
        yield requests
        yield _build_gauge(
            "feed_readers",
            "feed",
            "Readers of each feed, as reported by programs.",
            one.feed_readers,
        )
        yield _build_gauge("subscribers", "state", "Subscribers by state.", one.subscribers)
        yield _build_gauge("deliveries", "state", "Messages of issues being sent.", one.deliveries)
        yield from self._collect_optional()

    def _collect_optional(self) -> Iterator[Metric]:
        one = self._snapshot
        for name, said, value in (
            ("database_up", "Whether the database is available.", one.database_up),
            ("errands_waiting", "Pending webhook and hub requests.", one.pending_webhooks),
            ("build_seconds", "How long the last build took.", one.build_seconds),
            ("built_timestamp_seconds", "When the last build ended.", one.built_at),
            ("watcher_lag_seconds", "Time from a change to its build.", one.watcher_lag),
            ("scheduler_lag_seconds", "Start delay of the last job.", one.scheduler_lag),
        ):
            if value is not None:
                yield GaugeMetricFamily(f"feedpub_{name}", said, value)


def _build_gauge(name: str, label: str, said: str, pairs: LabelledCounts) -> Metric:
    family = GaugeMetricFamily(f"feedpub_{name}", said, labels=[label])
    for key, number in pairs:
        family.add_metric([key], number)
    return family


_NO_STORE = {"Cache-Control": "no-store"}


def _none() -> Iterable[str]:
    return ()


def build_health_routes(
    ready: Callable[[], str],
    figures: Callable[[], MetricsSnapshot] | None,
    troubles: Callable[[], Iterable[str]] = _none,
) -> list[BaseRoute]:
    """Return the routes.

    Args:
        ready: Returns why the site cannot be served properly, or "" if it can.
        figures: Returns the values for /metrics; None leaves that route out.
        troubles: Returns other problems, a line each, that do not make the site unready.
    """

    async def live(request: Request) -> Response:
        """Answer 200: a process that cannot should be restarted."""
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
        data = render_metrics(await run_in_threadpool(given))
        return Response(data, headers={**_NO_STORE, "Content-Type": MEDIA_TYPE})

    return [*found, Route("/metrics", measured)]
