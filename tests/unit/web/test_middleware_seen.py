"""What is told of requests."""

import asyncio

import pytest
from starlette.responses import PlainTextResponse
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send
from webs import call, called

from feedpub.web.middleware import AccessRecord, RequestLogMiddleware


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer anything."""
    await PlainTextResponse("done", 202)(scope, receive, send)


def test_a_request_is_told_of() -> None:
    """What was asked, by which program, and what came of it; nothing of the person."""
    told: list[AccessRecord] = []
    call(
        RequestLogMiddleware(answer, told.append),
        "/a%0Ab",
        {"user-agent": "Feedly/1.0 (12 subscribers)"},
        query=b"token=secret",
        client="192.0.2.1",
    )

    assert [AccessRecord("GET", "/a%0Ab", 202, "Feedly/1.0 (12 subscribers)")] == told


def test_no_agent() -> None:
    """A program that does not say what it is has no name."""
    told: list[AccessRecord] = []
    call(RequestLogMiddleware(answer, told.append), "/")

    assert "" == told[0].user_agent


def test_tokens_are_not_told() -> None:
    """Where a link holds what is a person's, its name in the route is told instead."""
    told: list[AccessRecord] = []
    routes = Router([Route("/confirm/{token}/{way}", answer_endpoint)])
    call(RequestLogMiddleware(routes, told.append), "/confirm/se-cret/x")
    asyncio.run(called(RequestLogMiddleware(routes, told.append), "/confirm/a/a"))

    assert ["/confirm/{token}/{way}", "/confirm/{way}/{way}"] == [each.path for each in told]


async def answer_endpoint(_: object) -> PlainTextResponse:
    """Answer a route."""
    return PlainTextResponse("done")


def test_failures_are_told() -> None:
    """A bug is told of as what the client will see: 500."""
    told: list[AccessRecord] = []

    async def fail(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        call(RequestLogMiddleware(fail, told.append), "/")

    assert 500 == told[0].status
