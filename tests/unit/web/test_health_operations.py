"""Whether all is well, asked over HTTP."""

from asgi import ask
from starlette.applications import Starlette

from feedpub.web.health import MetricsSnapshot, build_health_routes


def test_a_process_that_answers_is_live() -> None:
    """Whatever else is wrong."""
    app = Starlette(routes=build_health_routes(lambda: "the database is away", None))
    reply = ask(app, "GET", "/healthz")

    assert (200, b"ok\n") == (reply.status, reply.body)
    assert "no-store" == reply.headers["cache-control"]


def test_a_site_that_cannot_be_served_says_why() -> None:
    """With a status that load balancers understand."""
    bad = ask(
        Starlette(routes=build_health_routes(lambda: "the database is away", None)),
        "GET",
        "/healthz/ready",
    )
    good = ask(Starlette(routes=build_health_routes(lambda: "", None)), "GET", "/healthz/ready")

    assert (503, b"the database is away\n") == (bad.status, bad.body)
    assert (200, b"ok\n") == (good.status, good.body)


def test_what_keeps_nobody_from_reading_is_told_beside() -> None:
    """A line each, and it stays in the rounds of a load balancer."""
    app = Starlette(
        routes=build_health_routes(lambda: "", None, lambda: ["mail waits", "posts left out"])
    )
    reply = ask(app, "GET", "/healthz/ready")

    assert (200, b"ok\nmail waits\nposts left out\n") == (reply.status, reply.body)


def test_figures_are_told_where_they_are_to_be() -> None:
    """And nowhere else."""
    app = Starlette(routes=build_health_routes(lambda: "", lambda: MetricsSnapshot(posts=3)))
    reply = ask(app, "GET", "/metrics")

    assert b"feedpub_posts 3.0\n" in reply.body
    assert "text/plain; version=0.0.4; charset=utf-8" == reply.headers["content-type"]
    assert (
        404
        == ask(Starlette(routes=build_health_routes(lambda: "", None)), "GET", "/metrics").status
    )
