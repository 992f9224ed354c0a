"""The daemon's main loop: start, supervise and stop the threads of `feedpub run`.

`run_forever` is the entry point of the command line; it calls `build_daemon` and `run_daemon`.
"""

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from time import monotonic
from typing import TextIO

from feedpub import __version__
from feedpub.app import BuildRequest, Summary
from feedpub.config.jobs import PeriodicJob
from feedpub.daemon.builder import Rebuild, SiteBuilder
from feedpub.daemon.clock import ClockGuard
from feedpub.daemon.failure_log import FailureLog
from feedpub.daemon.handle import DaemonHandle
from feedpub.daemon.health import PAGES_JOB
from feedpub.daemon.mail_job import MailJobs
from feedpub.daemon.scheduler import JobFailure, Scheduler, run_job
from feedpub.daemon.settings import CurrentSite
from feedpub.daemon.signals import Signals, SystemdNotifier, handle_signals
from feedpub.daemon.state_file import StateFile
from feedpub.daemon.watch_job import SiteWatcher
from feedpub.daemon.web_server import WebServer
from feedpub.daemon.webhook_job import BackgroundJobs
from feedpub.errors import ConfigError, FeedpubError
from feedpub.files import lock
from feedpub.models.log import EventLogger
from feedpub.site import builder as site_builder
from feedpub.web.middleware import HitCounter

_TICK = 1.0  # seconds between checks of clock, configuration and watchdog
_RESTART_SETTINGS = ("enabled", "host", "port", "proxies")  # of `web:`, fixed while listening
_LEAST = 0.5  # seconds for the final writes
_PATIENCE = 9.0  # seconds to finish running work after a stop signal


def _ignore(*told: object) -> None:
    """Do nothing."""
    del told


@dataclass(frozen=True, slots=True)
class Dependencies:
    """The collaborators and callbacks of the daemon."""

    now: Callable[[], datetime]
    logger: EventLogger
    environ: Mapping[str, str]
    rebuild: Rebuild = site_builder.rebuild
    jobs: Sequence[PeriodicJob] = ()  # further jobs, woken after each build
    on_start: Callable[[DaemonHandle], object] = _ignore  # called first; may raise FeedpubError
    on_built: Callable[[Summary], object] = _ignore  # called after each build that changed the site
    serve: Callable[[threading.Event], None] | None = None  # HTTP, until the event is set
    find_warnings: Callable[[], Iterable[str]] = tuple  # what else needs attention
    on_stop: Callable[[], object] = _ignore  # called last, after the web server stopped
    stop_timeout: float = _PATIENCE


def run_daemon(site: CurrentSite, dependencies: Dependencies, signals: Signals) -> tuple[str, ...]:
    """Run the daemon until told to stop; return the names of what did not end in time.

    Raises FeedpubError if another daemon is running for this site.
    """
    with lock.single_instance(site.state_folder):
        return _Daemon(site, dependencies, signals).run()


class _Daemon:
    """One run of the daemon."""

    def __init__(self, site: CurrentSite, dependencies: Dependencies, signals: Signals) -> None:
        self._site = site
        self._dependencies = dependencies
        self._logger = dependencies.logger
        self._signals = signals
        self._systemd = SystemdNotifier(dependencies.environ)
        self._failure_log = FailureLog(dependencies.logger)
        self._builder = SiteBuilder(site, dependencies.logger, dependencies.rebuild, self._on_built)
        self._mail_jobs = MailJobs(site, dependencies.logger, self._builder.rebuild_all, self._wake)
        self._clock = ClockGuard(site, dependencies.logger)
        self._build = self._clock.wrap_job(PeriodicJob("build", self._builder))
        others = (*self._mail_jobs.build_jobs(), *dependencies.jobs)
        # The web server works with any clock: it serves what exists.
        guarded = (
            each if each.name == PAGES_JOB else self._clock.wrap_job(each) for each in others
        )
        jobs = (self._build, *guarded)
        self._scheduler = Scheduler(jobs, dependencies.now, self._failure_log.record)
        self._state_file = StateFile(site, dependencies.now(), self._scheduler.get_statuses)
        self._watcher = SiteWatcher(self._logger, self._state_file, self._on_change)
        self._web = threading.Thread(target=self._serve, name="feedpub-web", daemon=True)
        self._web_settings = site.config.web
        self._ended_early: list[str] = []  # parts that ended unexpectedly
        self._web_failure: JobFailure | None = None  # why the web server ended
        self._is_save_failing = False  # the state file could not be written, and this was logged

    def run(self) -> tuple[str, ...]:
        """Run until told to stop; return the names of what did not end in time."""
        where = str(self._site.state_folder.parent.absolute())
        zone = str(self._site.timezone)
        self._logger.info("started", version=__version__, pid=os.getpid(), folder=where, zone=zone)
        scheduler, builder = self._scheduler, self._builder
        handle = DaemonHandle(
            get_build_stats=lambda: builder.stats,
            get_job_statuses=scheduler.get_statuses,
            get_scheduler_lag=lambda: scheduler.lag,
            wake_job=scheduler.wake,
            get_build_state=lambda: builder.build_state,
            find_warnings=self._find_warnings,
        )
        self._dependencies.on_start(handle)
        try:
            self._run_loop()
        finally:  # after an error, too: threads end only when told to
            unfinished = self._end()
        return unfinished

    def _run_loop(self) -> None:
        """Build once, start the threads, and check on things until told to stop."""
        # The first build may fork worker processes, which must happen before threads exist.
        _, failure = run_job(self._build, self._dependencies.now(), self._dependencies.now)
        self._failure_log.record(self._build.name, failure)
        if not self._signals.stop.is_set():
            self._start_threads()
        while not self._signals.stop.is_set():
            self._tick()
            self._signals.wait(_TICK)

    def _start_threads(self) -> None:
        """Start the watcher, the scheduler and the web server."""
        self._watcher.watch(self._site)
        self._scheduler.start()
        if self._dependencies.serve:
            self._web.start()
        self._systemd.notify_ready()

    def _tick(self) -> None:
        """Check for changes that are not reported: configuration, clock, threads."""
        if self._signals.reload_requested or self._site.has_config_changed():
            self._signals.reload_requested = False
            self._reload()
        jumped = self._scheduler.check_clock()
        if jumped:
            self._logger.info("clock changed", seconds=round(jumped, 1))
        self._systemd.ping_watchdog()
        self._save_state()
        self._check_web_thread()

    def _check_web_thread(self) -> None:
        """Stop if the web server has ended, so that the service manager restarts the process."""
        if self._web.ident is None or self._web.is_alive() or self._signals.stop.is_set():
            return
        fault = self._web_failure
        why, trace = (fault.message, fault.traceback) if fault else ("", "")
        self._logger.info("web ended", why=why, trace=trace)
        self._ended_early.append("web")
        self._signals.request_stop()

    def _save_state(self, *, ended: bool = False) -> None:
        """Save the state file; log the first failure, and retry on the next tick."""
        self._state_file.clock_problem = self._clock.waiting_reason
        try:
            self._state_file.save(ended=ended)
        except OSError as error:
            if not self._is_save_failing:
                self._logger.info("status not kept", why=str(error))
            self._is_save_failing = True
        else:
            if self._is_save_failing:
                self._logger.info("status kept again")
            self._is_save_failing = False

    def _reload(self) -> None:
        """Load a changed configuration; an invalid one changes nothing."""
        self._systemd.notify_reloading()
        try:
            changed = self._site.reload()
        except (FeedpubError, OSError) as error:
            fault = str(error)
            self._state_file.config_error, self._state_file.config_error_at = (
                fault,
                self._dependencies.now(),
            )
            lines = tuple(fault.split("\n")) if isinstance(error, ConfigError) else (fault,)
            self._logger.info("config refused", why=lines, kept="the previous one stays in force")
        else:
            self._state_file.config_error, self._state_file.config_error_at = "", None
            later = tuple(self._find_pending_settings())
            self._logger.info("config reloaded", changed=changed, after_a_restart=later)
            self._watcher.watch(self._site)
            self._mail_jobs.new_posts.set()
            self._scheduler.wake()
        self._systemd.notify_ready()

    def _find_pending_settings(self) -> Iterator[str]:
        """Yield the settings that take effect only after a restart."""
        for name in _RESTART_SETTINGS:
            if getattr(self._site.config.web, name) != getattr(self._web_settings, name):
                yield f"web.{name}"

    def _end(self) -> tuple[str, ...]:
        """Stop claiming and building, finish running work, and close."""
        end = monotonic() + self._dependencies.stop_timeout
        self._signals.stop.set()
        self._systemd.notify_stopping()
        self._logger.info("stopping")
        self._watcher.stop(0)
        self._scheduler.stop(self._dependencies.stop_timeout)
        busy = self._ended_early + [
            each.job_name for each in self._scheduler.get_statuses() if each.is_running
        ]
        if self._web.ident is not None:
            self._web.join(max(end - monotonic(), 0.1))
            busy += ["web"] * self._web.is_alive()
        self._watcher.stop(max(end - monotonic(), 0.1))
        ending = threading.Thread(
            target=self._dependencies.on_stop, name="feedpub-end", daemon=True
        )
        ending.start()
        ending.join(max(end - monotonic(), _LEAST))  # a locked database must not delay the end
        busy += ["readership"] * ending.is_alive()
        self._save_state(ended=True)
        self._logger.info("stopped", unfinished=tuple(busy))
        return tuple(busy)

    def _serve(self) -> None:
        """Run the web server in its thread."""
        serve = self._dependencies.serve
        assert serve is not None  # noqa: S101 - else there is no such thread

        def served(now: datetime) -> None:
            del now
            serve(self._signals.stop)

        _, self._web_failure = run_job(
            PeriodicJob("web", served), self._dependencies.now(), self._dependencies.now
        )

    def _find_warnings(self) -> Iterator[str]:
        """Yield what needs attention, one line each."""
        if self._clock.waiting_reason:
            yield self._clock.waiting_reason
        if self._state_file.config_error:
            yield "the configuration was rejected; the previous one stays in force"
        if self._builder.stats.problems:
            yield "the last build found problems"
        if self._mail_jobs.is_delayed:
            yield "messages are waiting: they could not be sent"
        yield from self._dependencies.find_warnings()

    def _wake(self, *names: str) -> None:
        self._scheduler.wake(*names)

    def _on_change(self, paths: Iterable[str] | None) -> None:
        """Build what has changed; None means any path."""
        self._builder.mark_changed(paths)
        self._wake(self._build.name)

    def _on_built(self, summary: Summary) -> None:
        """Pass on that the site has changed."""
        try:
            self._dependencies.on_built(summary)
        finally:  # digests and pages must not depend on the callback's database
            self._mail_jobs.new_posts.set()
            self._wake("digests", *(each.name for each in self._dependencies.jobs))


def run_forever(
    request: BuildRequest, stream: TextIO, now: Callable[[], datetime], *, human: bool
) -> tuple[str, ...]:
    """Watch, build, mail and serve until a signal stops it; return what did not end in time.

    Events are logged to `stream`, as text for people if `human`, else as JSON.

    Raises:
        FeedpubError: The configuration is invalid, another daemon is running, or the socket cannot
            be opened.
    """
    with handle_signals() as signals:
        site = CurrentSite(request, signals.stop, now)
        clock = (lambda: now().astimezone(site.timezone)) if human else now
        logger = EventLogger(stream, clock, human=human)
        front, dependencies = build_daemon(site, logger, request.environ)
        try:
            return run_daemon(site, dependencies, signals)
        finally:
            front.close()


def build_daemon(
    site: CurrentSite, logger: EventLogger, environ: Mapping[str, str]
) -> tuple[WebServer, Dependencies]:
    """Return the web server, which the caller closes, and the daemon's dependencies."""
    traffic = HitCounter()
    outward = BackgroundJobs(site, logger, traffic)
    front = WebServer(site, logger, traffic)
    served = site.config.web.enabled

    dependencies = Dependencies(
        now=site.now,
        logger=logger,
        environ=environ,
        jobs=(*outward.build_jobs(), *(front.build_jobs() if served else ())),
        on_built=outward.enqueue_webhooks,
        find_warnings=outward.find_warnings,
        on_stop=outward.flush,
    )
    if served:
        dependencies = replace(dependencies, on_start=front.open_socket, serve=front.serve)
    return front, dependencies
