"""Serve the site over HTTP in a thread, and follow configuration changes; see `WebServer`."""

from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from itertools import count
from socket import socket
from threading import Event, Lock
from urllib.parse import urlsplit

from feedpub import app as feedpub_app
from feedpub.app import NewsletterContext
from feedpub.config.jobs import PeriodicJob
from feedpub.config.schema import Config
from feedpub.daemon.failure_log import RateLimitedLog
from feedpub.daemon.handle import DaemonHandle
from feedpub.daemon.health import PAGES_JOB, HealthReporter
from feedpub.daemon.settings import CurrentSite
from feedpub.daemon.webhook_job import SIGNUPS_JOB
from feedpub.errors import FeedpubError, TemplateError
from feedpub.models import signup as models_signup
from feedpub.models.log import EventLogger
from feedpub.newsletter import signup
from feedpub.web import app, health, server, webhooks
from feedpub.web import signup as web_signup
from feedpub.web.middleware import AccessRecord, HitCounter
from feedpub.web.static import get_root_path

_PATIENCE = 5.0  # seconds a request waits for a database lock


@dataclass(slots=True)
class _NewsletterApp:
    """The resources of one configuration."""

    config: Config
    exit_stack: ExitStack
    newsletter: NewsletterContext | None = None  # None without digests
    page_context: signup.PageContext | None = None  # None without digests


class WebServer:
    """The web server, reloadable while it runs; thread-safe."""

    def __init__(self, site: CurrentSite, logger: EventLogger, traffic: HitCounter) -> None:
        """Set up; the socket is not open yet. `traffic` counts feed requests."""
        self._site = site
        self._logger = logger
        self._traffic = traffic
        self._turn = Lock()
        self._current: _NewsletterApp | None = None
        self._app = app.SwappableApp()
        self._socket: socket | None = None
        self._handle: DaemonHandle | None = None
        self._error_log = RateLimitedLog("answer failed", logger, site.now)
        self._refused_log = RateLimitedLog("notice refused", logger, site.now)
        self._dropped = count(1)  # dropped sign-ups, since the process started

    def build_jobs(self) -> Iterator[PeriodicJob]:
        """Yield the jobs."""
        yield PeriodicJob(PAGES_JOB, self.reload)

    def open_socket(self, handle: DaemonHandle) -> None:
        """Open the listening socket. Raises FeedpubError if that fails."""
        self._handle = handle
        where = self._site.config.web
        self._socket = server.open_socket(where.host, where.port)
        path = urlsplit(self._site.config.site.url).path
        self._logger.info("listening", address=server.get_socket_url(self._socket) + path)

    def reload(self, now: datetime) -> None:
        """Load the site as it is now, after a build or a change of the configuration."""
        with self._turn:
            room, config = self._current, self._site.config
            if room is None or room.config != config:
                if room is None:  # serve the files even if the database is unavailable
                    self._install_app(
                        config,
                        app.build_unavailable_routes(config.site.url) if config.digests else (),
                    )
                self._current = self._build_app(config, now)
                if room is not None:
                    room.exit_stack.close()
            elif room.newsletter is not None:
                room.page_context = self._load_page_context(room.newsletter, now, room.page_context)

    def serve(self, stop: Event) -> None:
        """Serve until `stop` is set; the first requests wait until everything is loaded."""
        assert self._socket is not None  # noqa: S101 - open_socket came before
        with suppress(FeedpubError, OSError):  # the job logs it, and retries
            self.reload(self._now())
        server.run_until_set(
            server.create_server(self._app, self._site.config.web.proxies), self._socket, stop
        )

    def close(self) -> None:
        """Close the socket and the resources of the current configuration."""
        if self._socket is not None:
            self._socket.close()
        if self._current is not None:
            self._current.exit_stack.close()

    def _build_app(self, config: Config, now: datetime) -> _NewsletterApp:
        """Open the resources of a configuration, and start to serve it."""
        request, room = self._site.build_request(now), _NewsletterApp(config, ExitStack())
        routes: app.Routes = ()
        with ExitStack() as ends:
            if config.digests:
                room.newsletter = ends.enter_context(
                    feedpub_app.open_newsletter(request, _PATIENCE)
                )
                room.page_context = self._load_page_context(room.newsletter, now)
                routes = (
                    *web_signup.build_signup_routes(
                        lambda: _get_page_context(room), self._now, self._on_signup
                    ),
                    *webhooks.build_site_webhook_routes(
                        request, self._now, self._on_webhook_refused
                    ),
                )
            room.exit_stack = ends.pop_all()
        self._install_app(config, routes)
        return room

    def _install_app(self, config: Config, routes: app.Routes) -> None:
        """Serve a configuration's files, these routes, and the health endpoints."""
        gauges = HealthReporter(self._site, self._traffic, self._handle)
        figures = gauges.collect_metrics if config.web.metrics else None
        asked = health.build_health_routes(gauges.describe_not_ready, figures, gauges.find_warnings)
        folder, whole = self._site.paths.output, [*asked, *routes]
        self._app.app = app.create_app(
            config, folder, lambda: self._now().timestamp(), whole, self._on_request
        )

    def _load_page_context(
        self, newsletter: NewsletterContext, now: datetime, before: signup.PageContext | None = None
    ) -> signup.PageContext:
        """Load what the subscriber pages are rendered from, reusing the last build's state.

        Raises TemplateError if one of their templates is invalid.
        """
        kept = self._handle.get_build_state() if self._handle else None
        page_context = signup.load_page_context(self._site.build_request(now), newsletter, kept)
        if before is None or before.templates.digest != page_context.templates.digest:
            for each in page_context.templates.check():
                if "/web/" in each.path:
                    raise TemplateError(f"{each.path}:{each.line}: {each.message}")
        return page_context

    def _now(self) -> datetime:
        return self._site.now()

    def _on_request(self, seen: AccessRecord) -> None:
        """Count a request, in the event loop, and log server errors."""
        self._traffic.record(seen, get_root_path(self._site.config.site.url), self._now())
        failed = seen.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        if failed and not seen.path.startswith("/healthz"):  # there 503 is a regular answer
            self._error_log.info(method=seen.method, path=seen.path, status=seen.status)

    def _on_signup(self, what: str) -> None:
        """Trigger confirmation mail for accepted sign-ups; log dropped ones at a falling rate."""
        if what == models_signup.SEND_MAIL and self._handle:
            self._handle.wake_job(SIGNUPS_JOB)
        if what == models_signup.DROP:
            number = next(self._dropped)
            if not number & (number - 1):
                self._logger.info("sign-ups dropped", number=number)

    def _on_webhook_refused(self, line: str) -> None:
        self._refused_log.info(why=line)


def _get_page_context(room: _NewsletterApp) -> signup.PageContext:
    assert room.page_context is not None  # noqa: S101 - sign-up routes exist only with one
    return room.page_context
