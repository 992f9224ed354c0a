"""/healthz, /healthz/ready and /metrics: how the site stands, for those who run it.

Figures of a running site → text for Prometheus; the only module that knows prometheus-client.
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
    """How a site stands at one moment. Counters begin at 0 with the process; None is not known."""

    version: str = ""
    builds: int = 0
    failed_builds: int = 0
    build_seconds: float | None = None  # the last build took
    built_at: float | None = None  # when, in seconds since 1970
    posts: int = 0
    problems: int = 0
    requests: LabelledCounts = ()  # of feeds, by status
    feed_readers: LabelledCounts = ()  # of each feed, by path, as their programs say
    subscribers: LabelledCounts = ()  # by state
    deliveries: LabelledCounts = ()  # by state, of the issues that are going out
    pending_webhooks: int | None = None  # hubs and hooks that wait to be told
    database_up: bool | None = None  # it could be asked for what is its own
    watcher_lag: float | None = None  # seconds from a change to the build that took it up
    scheduler_lag: float | None = None  # seconds that the last duty began late


def render_metrics(figures: MetricsSnapshot) -> bytes:
    """Give the figures in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_SnapshotCollector(figures))
    return generate_latest(registry)


class _SnapshotCollector(Collector):
    """Hands figures over as they are: nothing is kept between two times."""

    def __init__(self, figures: MetricsSnapshot) -> None:
        self._snapshot = figures

    def collect(self) -> Iterator[Metric]:
        """Give every figure that is known."""
        one = self._snapshot
        about = GaugeMetricFamily("feedpub_info", "The version that runs.", labels=["version"])
        about.add_metric([one.version], 1)
        yield about
        yield CounterMetricFamily("feedpub_builds", "Builds that were done.", one.builds)
        yield CounterMetricFamily(
            "feedpub_failed_builds", "Builds that could not be done.", one.failed_builds
        )
        yield GaugeMetricFamily("feedpub_posts", "Posts that are published.", one.posts)
        yield GaugeMetricFamily("feedpub_problems", "What somebody should mend.", one.problems)
        requests = CounterMetricFamily(
            "feedpub_feed_requests", "Requests for feeds, by status.", labels=["status"]
        )
        for status, number in one.requests:
            requests.add_metric([status], number)
        yield requests
        yield _build_gauge(
            "feed_readers", "feed", "Readers of each feed, as programs say.", one.feed_readers
        )
        yield _build_gauge("subscribers", "state", "People on the list.", one.subscribers)
        yield _build_gauge("deliveries", "state", "Messages of issues that go out.", one.deliveries)
        yield from self._collect_optional()

    def _collect_optional(self) -> Iterator[Metric]:
        one = self._snapshot
        for name, said, value in (
            ("database_up", "Whether the database can be asked.", one.database_up),
            ("errands_waiting", "Hubs and hooks that wait to be told.", one.pending_webhooks),
            ("build_seconds", "How long the last build took.", one.build_seconds),
            ("built_timestamp_seconds", "When the last build ended.", one.built_at),
            ("watcher_lag_seconds", "From a change to the build of it.", one.watcher_lag),
            ("scheduler_lag_seconds", "How late the last duty began.", one.scheduler_lag),
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
        data = render_metrics(await run_in_threadpool(given))
        return Response(data, headers={**_NO_STORE, "Content-Type": MEDIA_TYPE})

    return [*found, Route("/metrics", measured)]
