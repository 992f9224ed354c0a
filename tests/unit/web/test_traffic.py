"""Requests for feeds, counted as they pass."""

import asyncio
from datetime import UTC, datetime

from asgi import ask
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from feedpub.readership import OTHER, Visit
from feedpub.web.traffic import Counting, Traffic

NOW = datetime(2025, 6, 1, 23, 0, tzinfo=UTC)
FEEDLY = "Feedly/1.0 (+http://www.feedly.com/fetcher.html; 32 subscribers)"


async def served(request: Request) -> Response:
    """Answer with the status that the path begins with."""
    return PlainTextResponse("feed", int(request.path_params["status"]))


def app(traffic: Traffic, root: str = "/") -> Counting:
    """Give a site that is counted."""
    inner = Starlette(routes=[Route("/{status:int}/{rest:path}", served)])
    return Counting(inner, traffic, lambda: NOW, root)


def test_requests_for_feeds_are_counted() -> None:
    """By status, and by day, feed and program."""
    traffic = Traffic()
    for path, program in (
        ("/200/rss.xml", FEEDLY),
        ("/200/rss.xml", FEEDLY.replace("32", "33")),
        ("/304/atom.xml", "NetNewsWire (RSS Reader; https://netnewswire.com/)"),
        ("/404/rss.xml", "x"),
        ("/200/index.html", FEEDLY),
        ("/200/not-rss.xml", FEEDLY),
    ):
        ask(app(traffic), "GET", path, headers={"User-Agent": program})

    assert (("200", 2), ("304", 1), ("404", 1)) == traffic.statuses()
    assert (
        Visit("2025-06-01", "200/rss.xml", "Feedly", 33, 2),
        Visit("2025-06-01", "304/atom.xml", "NetNewsWire", 0, 1),
    ) == traffic.taken()
    assert () == traffic.taken()
    assert (("200", 2), ("304", 1), ("404", 1)) == traffic.statuses()


def test_a_site_below_a_path_has_feeds_there() -> None:
    """And their paths are told without it."""
    traffic = Traffic()
    ask(app(traffic, "/200/"), "GET", "/200/tags/a/feed.json")
    ask(app(traffic, "/blog/"), "GET", "/200/tags/a/feed.json")

    assert (Visit("2025-06-01", "tags/a/feed.json", OTHER, 0, 1),) == traffic.taken()


def test_there_is_an_end_of_memory() -> None:
    """Whatever programs call themselves; those that are known are counted on."""
    traffic = Traffic()
    for number in range(20_010):
        traffic.count("rss.xml", f"a{number}", 200, NOW)
    traffic.count("rss.xml", "a0", 200, NOW)
    found = {each.agent: each.requests for each in traffic.taken()}

    assert 20_000 == len(found)
    assert 2 == found["a0"]
    assert (("200", 20_011),) == traffic.statuses()

    traffic.count("rss.xml", "a20009", 200, NOW)

    assert ["a20009"] == [each.agent for each in traffic.taken()]


def test_all_else_passes_as_it_is() -> None:
    """What is no request of HTTP."""
    seen: list[str] = []

    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        del receive, send
        seen.append(scope["type"])

    async def receive() -> Message:
        raise AssertionError

    async def send(message: Message) -> None:
        raise AssertionError(message)

    asyncio.run(Counting(inner, Traffic(), lambda: NOW)({"type": "lifespan"}, receive, send))

    assert ["lifespan"] == seen
