"""The `feedpub serve` command: serve the last build, or a preview that follows every change."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from socket import gethostname, socket
from threading import Event, Thread
from urllib.parse import urlsplit

from starlette.types import ASGIApp

from feedpub.app import BuildRequest, SitePaths, Summary, resolve_paths
from feedpub.errors import FeedpubError
from feedpub.files.scanner import is_built
from feedpub.files.watch import Watcher, WatchOptions, get_stat_key
from feedpub.models.content import Problem
from feedpub.site import builder
from feedpub.web.app import create_app
from feedpub.web.live import LiveReload
from feedpub.web.middleware import HostCheckMiddleware
from feedpub.web.server import Server, create_server, get_socket_url, open_socket, run_server

_HERE = "127.0.0.1"

ChangeSource = Callable[[Event], Iterator[object]]
"""Yields a value whenever files of the site may have changed, until the event is set."""


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """Where to serve, and how to report it."""

    host: str  # "" for the configured host; for the live preview, 127.0.0.1
    port: int | None  # None for the configured port
    now: Callable[[], datetime]
    on_ready: Callable[[Path, str], None]  # called with the served folder and its URL


def serve(request: BuildRequest, stand: ServeOptions) -> None:
    """Serve the last build until SIGINT or SIGTERM.

    Raises FeedpubError where nothing has been built or the socket cannot be opened.
    """
    where = resolve_paths(request, sends=False)
    if not is_built(where.output):
        raise FeedpubError(f"{where.output}: not built yet; run `feedpub build` first")
    opened, running = _server(where, stand, _app(where, stand))
    run_server(running, opened, lambda _: None, running.stop)


def serve_live(
    request: BuildRequest,
    stand: ServeOptions,
    built: Callable[[Summary], None],
    failed: Callable[[FeedpubError], None],
    changes: ChangeSource | None = None,
) -> None:
    """Serve a preview of the site, with drafts and scheduled posts, and rebuild it at each change.

    The preview is built into a folder of its own, and open pages reload after a change. `built` is
    called after the first build and each one that changed files or problems, `failed` when a
    rebuild fails. A failure of the first build is raised.
    """
    preview = request.config_path.parent / ".feedpub" / "live"
    request = replace(request, output=preview, drafts=True, future=True)
    stand = replace(stand, host=stand.host or _HERE)  # drafts stay on this machine by default
    first = builder.build(request)
    built(first)
    where = resolve_paths(request, sends=False)
    shown = LiveReload(_app(where, stand))
    guarded = HostCheckMiddleware(shown, stand.host, (gethostname(),))
    opened, running = _server(where, stand, guarded)
    ended = Event()

    def rebuild(loop: asyncio.AbstractEventLoop) -> None:
        problems: tuple[Problem, ...] | None = first.problems
        for _ in (changes or partial(watch_changes, where, request.config_path))(ended):
            try:
                summary = builder.build(replace(request, now=stand.now()))
                again = _app(resolve_paths(request, sends=False), stand)
            except (FeedpubError, OSError) as error:
                failed(error if isinstance(error, FeedpubError) else FeedpubError(str(error)))
                problems = None  # report the next build even if it changes nothing
                continue
            if summary.written or summary.removed:
                loop.call_soon_threadsafe(shown.replace_app, again)
            elif summary.problems == problems:
                continue
            built(summary)
            problems = summary.problems

    def begin(loop: asyncio.AbstractEventLoop) -> None:
        loop.run_in_executor(None, rebuild, loop)  # joined when the loop closes

    def end() -> None:
        ended.set()
        shown.close()
        running.stop()

    run_server(running, opened, begin, end)


def _app(where: SitePaths, stand: ServeOptions) -> ASGIApp:
    return create_app(where.config, where.output, lambda: stand.now().timestamp())


def _server(where: SitePaths, stand: ServeOptions, answering: ASGIApp) -> tuple[socket, Server]:
    """Open the socket, report its URL and create the server."""
    web = where.config.web
    port = web.port if stand.port is None else stand.port
    opened = open_socket(stand.host or web.host, port, "--host and --port")
    stand.on_ready(where.output, get_socket_url(opened) + urlsplit(where.config.site.url).path)
    return opened, create_server(answering, web.proxies)


def watch_changes(
    where: SitePaths, config: Path, ended: Event, beat: float = 0.5
) -> Iterator[object]:
    """Yield a value whenever content, templates or the configuration may have changed.

    The watcher reports first what may have changed before it started. The configuration file is
    checked every `beat` seconds.
    """
    told: SimpleQueue[object] = SimpleQueue()
    run, known = where.config.run, get_stat_key(config)
    folders = [each.absolute() for each in (where.content, where.templates)]
    follow_links = where.config.content.follow_links
    options = WatchOptions(run.events, run.sweep, follow_links=follow_links)
    watcher = Watcher(folders, told.put, lambda _: None, options)
    Thread(target=watcher.run, args=(ended,), name="feedpub-watch", daemon=True).start()
    while not ended.is_set():
        with suppress(Empty):
            yield told.get(timeout=beat)
        before, known = known, get_stat_key(config)
        if known != before:
            yield config
