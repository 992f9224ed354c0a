"""Figures as Prometheus reads them."""

from prometheus_client.parser import text_string_to_metric_families

from feedpub.web.health import MetricsSnapshot, render_metrics

WHOLE = MetricsSnapshot(
    version="1.2",
    builds=3,
    failed_builds=1,
    build_seconds=0.5,
    built_at=1_700_000_000.0,
    posts=12,
    problems=2,
    requests=(("200", 7), ("304", 30)),
    feed_readers=(("rss.xml", 33), ('tags/"a\\b"\n/atom.xml', 1)),
    subscribers=(("active", 5),),
    deliveries=(("accepted", 9),),
    pending_webhooks=4,
    database_up=True,
    watcher_lag=0.25,
    scheduler_lag=0.125,
)


def read(figures: MetricsSnapshot) -> dict[tuple[str, tuple[str, ...]], float]:
    """Give every sample, as Prometheus reads it."""
    families = text_string_to_metric_families(render_metrics(figures).decode())
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
    }


def test_every_figure_is_told() -> None:
    """Whatever stands in a label."""
    assert {
        ("feedpub_info", ("1.2",)): 1,
        ("feedpub_builds_total", ()): 3,
        ("feedpub_failed_builds_total", ()): 1,
        ("feedpub_posts", ()): 12,
        ("feedpub_problems", ()): 2,
        ("feedpub_database_up", ()): 1,
        ("feedpub_errands_waiting", ()): 4,
        ("feedpub_feed_requests_total", ("200",)): 7,
        ("feedpub_feed_requests_total", ("304",)): 30,
        ("feedpub_feed_readers", ("rss.xml",)): 33,
        ("feedpub_feed_readers", ('tags/"a\\b"\n/atom.xml',)): 1,
        ("feedpub_subscribers", ("active",)): 5,
        ("feedpub_deliveries", ("accepted",)): 9,
        ("feedpub_build_seconds", ()): 0.5,
        ("feedpub_built_timestamp_seconds", ()): 1_700_000_000.0,
        ("feedpub_watcher_lag_seconds", ()): 0.25,
        ("feedpub_scheduler_lag_seconds", ()): 0.125,
    } == read(WHOLE)


def test_what_is_not_known_is_not_told() -> None:
    """A lag of nothing would be a lie; nothing of this process is told either."""
    assert {
        ("feedpub_info", ("",)),
        ("feedpub_builds_total", ()),
        ("feedpub_failed_builds_total", ()),
        ("feedpub_posts", ()),
        ("feedpub_problems", ()),
    } == set(read(MetricsSnapshot()))


def test_nothing_is_kept_between_two_times() -> None:
    """The same figures give the same text."""
    assert render_metrics(WHOLE) == render_metrics(WHOLE)
