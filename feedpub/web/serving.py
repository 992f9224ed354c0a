"""`feedpub serve`: the web side alone, of the site as it was built or as it is being written."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from socket import socket
from threading import Event
from urllib.parse import urlsplit

from starlette.types import ASGIApp
from watchfiles import watch

from feedpub import publish
from feedpub.errors import FeedpubError
from feedpub.files import is_built
from feedpub.model import Problem
from feedpub.publish import Request, Summary
from feedpub.publish.request import Place, place
from feedpub.web.live import Live
from feedpub.web.server import Server, address, listen, run, server
from feedpub.web.site import app

Changes = Callable[[Event], Iterator[object]]
"""Gives something whenever files of the site may have changed, until the event is set."""


@dataclass(frozen=True, slots=True)
class Stand:
    """Where to serve, and whom to tell."""

    host: str  # "" for the configuration's
    port: int | None  # likewise None
    now: Callable[[], datetime]
    ready: Callable[[Path, str], None]  # told which folder is served, and at which URL


def serve(request: Request, stand: Stand) -> None:
    """Serve the site as it was built last, until SIGINT or SIGTERM.

    Raises FeedpubError where nothing was built, or nothing can be served.
    """
    where = place(request, sends=False)
    if not is_built(where.output):
        raise FeedpubError(f"{where.output}: nothing is built there; run `feedpub build` first")
    opened, running = _server(where, stand, _app(where, stand))
    run(running, opened, lambda _: None, running.stop)


def live(
    request: Request,
    stand: Stand,
    built: Callable[[Summary], None],
    failed: Callable[[FeedpubError], None],
    changes: Changes | None = None,
) -> None:
    """Serve the site as it is written, drafts and what is still to come included.

    It is built into a folder of its own, and again at each change; whoever looks at a page sees
    it change. `built` is told what came of each build that did anything, `failed` why one could
    not go on, but for the first: that is raised.
    """
    preview = request.config_path.parent / ".feedpub" / "live"
    request = replace(request, output=preview, drafts=True, future=True)
    first = publish.build(request)
    built(first)
    where = place(request, sends=False)
    shown = Live(_app(where, stand))
    opened, running = _server(where, stand, shown)
    ended = Event()

    def rebuild(loop: asyncio.AbstractEventLoop) -> None:
        problems: tuple[Problem, ...] | None = first.problems
        for _ in (changes or partial(watched, where, request.config_path))(ended):
            try:
                summary = publish.build(replace(request, now=stand.now()))
                again = _app(place(request, sends=False), stand)
            except FeedpubError as error:
                failed(error)
                problems = None  # that all is well again is told too
                continue
            if summary.written or summary.removed:
                loop.call_soon_threadsafe(shown.changed, again)
            elif summary.problems == problems:
                continue
            built(summary)
            problems = summary.problems

    def begin(loop: asyncio.AbstractEventLoop) -> None:
        loop.run_in_executor(None, rebuild, loop)  # the end waits for it

    def end() -> None:
        ended.set()
        shown.end()
        running.stop()

    run(running, opened, begin, end)


def _app(where: Place, stand: Stand) -> ASGIApp:
    return app(where.config, where.output, lambda: stand.now().timestamp())


def _server(where: Place, stand: Stand, answering: ASGIApp) -> tuple[socket, Server]:
    """Open a socket, tell where, and make a server for it."""
    web = where.config.web
    opened = listen(stand.host or web.host, web.port if stand.port is None else stand.port)
    stand.ready(where.output, address(opened) + urlsplit(where.config.site.url).path)
    return opened, server(answering, web.proxies)


def watched(where: Place, config: Path, ended: Event, beat: int = 500) -> Iterator[object]:
    """Give changes of the content, the templates and the configuration, as the kernel tells.

    The first, of what may have happened before, comes after no more than `beat` milliseconds.
    """
    places = [each for each in (where.content, where.templates, config) if each.exists()]
    told = False
    for batch in watch(
        *places,
        stop_event=ended,
        raise_interrupt=False,
        rust_timeout=beat,
        yield_on_timeout=True,
    ):
        if batch or not told:  # what happened before the watch began, nobody told of
            yield batch
        told = True
