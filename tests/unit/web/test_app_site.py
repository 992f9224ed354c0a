"""The application of a site as a whole."""

import os
from pathlib import Path

import pytest
from made import config
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from webs import LATER, call

from feedpub.config.schema import OutputConfig, WebConfig
from feedpub.web.app import create_app
from feedpub.web.middleware import AccessRecord


@pytest.fixture
def public(tmp_path: Path) -> Path:
    """Give a site of two pages."""
    (tmp_path / "index.html").write_bytes(b"home")
    (tmp_path / "hello").write_bytes(b"a file")
    return tmp_path


async def hello(request: Request) -> Response:
    """Greet, unless it was asked not to."""
    if request.query_params:
        raise HTTPException(403, "Not so.")
    body = await request.body()
    return PlainTextResponse(f"hello {len(body)}")


ROUTES = [Route("/hello", hello, methods=["GET", "POST"])]


def now() -> float:
    """Give a time long after all files of a test."""
    return LATER


def test_pages_are_served_within_bounds(public: Path) -> None:
    """The folder is there, and what browsers are told with it."""
    reply = call(create_app(config(), public, now), "/")

    assert b"home" == reply.body
    assert WebConfig().policy == reply.headers["content-security-policy"]


def test_routes_come_first(public: Path) -> None:
    """What answers beside the folder is asked first, and the folder for everything else."""
    site = create_app(config(), public, now, ROUTES)

    assert b"hello 0" == call(site, "/hello").body
    assert b"hello 3" == call(site, "/hello", method="POST", bodies=[b"abc"]).body
    assert b"home" == call(site, "/").body
    assert 405 == call(site, "/hello", method="PUT").status
    assert 404 == call(site, "/hello/").status


def test_routes_that_refuse(public: Path) -> None:
    """A refusal is an answer like any other."""
    refused = call(create_app(config(), public, now, ROUTES), "/hello", query=b"x=1")

    assert 403 == refused.status
    assert "nosniff" == refused.headers["x-content-type-options"]


def test_hammering(public: Path) -> None:
    """Who asks too often is told to wait; nobody is where there is no limit."""
    limited = create_app(config(web=WebConfig(limit=1)), public, now)
    free = create_app(config(web=WebConfig(limit=0)), public, now)

    assert [200, 429] == [call(limited, "/", client="8.8.8.8").status for _ in range(2)]
    assert [200, 200] == [call(free, "/", client="8.8.8.8").status for _ in range(2)]


def test_everything_is_seen(public: Path) -> None:
    """Files, answers of routes and refusals are all told of."""
    told: list[AccessRecord] = []
    site = create_app(config(web=WebConfig(limit=3)), public, now, ROUTES, told.append)
    for path in ("/", "/hello", "/nothing", "/"):
        call(site, path, client="8.8.8.8")

    assert [("/", 200), ("/hello", 200), ("/nothing", 404), ("/", 429)] == [
        (each.path, each.status) for each in told
    ]


def test_compressed_as_configured(public: Path) -> None:
    """What lies compressed beside is served where the configuration has it written."""
    (public / "index.html.gz").write_bytes(b"zipped")
    os.utime(public / "index.html.gz", (LATER, LATER))
    asks = {"accept-encoding": "gzip"}

    assert b"home" == call(create_app(config(), public, now), "/", asks).body
    compressing = config(output=OutputConfig(compress=("gzip",)))
    assert b"zipped" == call(create_app(compressing, public, now), "/", asks).body
