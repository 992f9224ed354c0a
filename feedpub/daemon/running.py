"""A site, a clock and signals → a process that does all there is to do, and ends when told to."""

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import monotonic

from feedpub import __version__, files, publish
from feedpub.agenda import Duty
from feedpub.daemon.building import Builder, Rebuild
from feedpub.daemon.clock import ClockGuard
from feedpub.daemon.faults import Faults
from feedpub.daemon.gauges import PAGES
from feedpub.daemon.insight import Insight
from feedpub.daemon.mailing import Mailer
from feedpub.daemon.record import Record
from feedpub.daemon.signals import Signals
from feedpub.daemon.site import Site
from feedpub.daemon.systemd import Systemd
from feedpub.daemon.watching import Watch
from feedpub.errors import ConfigError, FeedpubError
from feedpub.journal import Journal
from feedpub.publish import Summary
from feedpub.scheduler import Failure, Scheduler, called

_TICK = 1.0  # seconds between two looks at clocks, configuration and watchdog
_LASTING = ("enabled", "host", "port", "proxies")  # of `web:`: in force as long as a socket is open
_LEAST = 0.5  # seconds for what is written last
_PATIENCE = 9.0  # seconds for what is in hand, once we are told to stop


def _nothing(*told: object) -> None:
    """Take no notice."""
    del told


@dataclass(frozen=True, slots=True)
class Means:
    """What the daemon works with."""

    now: Callable[[], datetime]
    journal: Journal
    environ: Mapping[str, str]
    rebuild: Rebuild = publish.rebuild
    duties: Sequence[Duty] = ()  # what else is to be done, after a build
    begin: Callable[[Insight], object] = _nothing  # called first, and once; may raise FeedpubError
    built: Callable[[Summary], object] = _nothing  # told of each build that changed the site
    serve: Callable[[threading.Event], None] | None = None  # readers, until the event is set
    troubles: Callable[[], Iterable[str]] = tuple  # what else needs looking at
    end: Callable[[], object] = _nothing  # called last, when nobody is served any more
    patience: float = _PATIENCE


def run(site: Site, means: Means, signals: Signals) -> tuple[str, ...]:
    """Watch, publish and mail until told to stop; give what did not end then, as it should.

    Raises FeedpubError where another one runs already.
    """
    with files.only(site.home):
        return _Daemon(site, means, signals).run()


class _Daemon:
    """One run."""

    def __init__(self, site: Site, means: Means, signals: Signals) -> None:
        self._site = site
        self._means = means
        self._journal = means.journal
        self._signals = signals
        self._systemd = Systemd(means.environ)
        self._faults = Faults(means.journal)
        self._builder = Builder(site, means.journal, means.rebuild, self._built)
        self._mailer = Mailer(site, means.journal, self._builder.whole, self._wake)
        self._clock = ClockGuard(site, means.journal)
        self._build = self._clock.guard(Duty("build", self._builder))
        others = (*self._mailer.duties(), *means.duties)
        # Readers are answered by any clock, with what there is.
        guarded = (each if each.name == PAGES else self._clock.guard(each) for each in others)
        duties = (self._build, *guarded)
        self._scheduler = Scheduler(duties, means.now, self._faults.ended)
        self._record = Record(site, means.now(), self._scheduler.standings)
        self._watch = Watch(self._journal, self._record, self._noticed)
        self._web = threading.Thread(target=self._serve, name="feedpub-web", daemon=True)
        self._served = site.config.web
        self._lost: list[str] = []  # what ended before it should
        self._fault: Failure | None = None  # that ended it
        self._unkept = False  # that nothing can be written down was told

    def run(self) -> tuple[str, ...]:
        """Do all there is to do."""
        where = str(self._site.home.parent.absolute())
        zone = str(self._site.zone)
        self._journal.tell("started", version=__version__, pid=os.getpid(), folder=where, zone=zone)
        scheduler, builder = self._scheduler, self._builder
        insight = Insight(
            builds=lambda: builder.builds,
            standings=scheduler.standings,
            lag=lambda: scheduler.lag,
            wake=scheduler.wake,
            kept=lambda: builder.kept,
            troubles=self._troubles,
        )
        self._means.begin(insight)
        try:
            self._go()
        finally:  # whatever happened: what runs in threads ends only when it is told to
            unfinished = self._end()
        return unfinished

    def _go(self) -> None:
        """Go on until told to stop."""
        # Before there are threads: it may share the work among processes, and they may not.
        _, failure = called(self._build, self._means.now(), self._means.now)
        self._faults.ended(self._build.name, failure)
        if not self._signals.stop.is_set():
            self._begin()
        while not self._signals.stop.is_set():
            self._tick()
            self._signals.wait(_TICK)

    def _begin(self) -> None:
        """Begin all that goes on by itself."""
        self._watch.follow(self._site)
        self._scheduler.start()
        if self._means.serve:
            self._web.start()
        self._systemd.ready()

    def _tick(self) -> None:
        """Look at what may have changed without a word."""
        if self._signals.reload or self._site.touched():
            self._signals.reload = False
            self._reload()
        jumped = self._scheduler.pulse()
        if jumped:
            self._journal.tell("clock changed", seconds=round(jumped, 1))
        self._systemd.feed()
        self._keep()
        self._look_after_web()

    def _look_after_web(self) -> None:
        """End where nobody is served any more, so that whoever started us does so again."""
        if self._web.ident is None or self._web.is_alive() or self._signals.stop.is_set():
            return
        fault = self._fault
        why, trace = (fault.why, fault.trace) if fault else ("", "")
        self._journal.tell("web ended", why=why, trace=trace)
        self._lost.append("web")
        self._signals.end()

    def _keep(self, *, ended: bool = False) -> None:
        """Write down how all stands; where that cannot be done it is told, and tried again."""
        self._record.clock = self._clock.waiting
        try:
            self._record.keep(ended=ended)
        except OSError as error:
            if not self._unkept:
                self._journal.tell("status not kept", why=str(error))
            self._unkept = True
        else:
            if self._unkept:
                self._journal.tell("status kept again")
            self._unkept = False

    def _reload(self) -> None:
        """Take a changed configuration up; one that is wrong changes nothing."""
        self._systemd.reloading()
        try:
            changed = self._site.reload()
        except (FeedpubError, OSError) as error:
            fault = str(error)
            self._record.fault, self._record.refused = fault, self._means.now()
            lines = tuple(fault.split("\n")) if isinstance(error, ConfigError) else (fault,)
            self._journal.tell("config refused", why=lines, kept="the one before stays in force")
        else:
            self._record.fault, self._record.refused = "", None
            later = tuple(self._lasting())
            self._journal.tell("config reloaded", changed=changed, after_a_restart=later)
            self._watch.follow(self._site)
            self._mailer.posted.set()
            self._scheduler.wake()
        self._systemd.ready()

    def _lasting(self) -> Iterator[str]:
        """Give the settings that are not in force as they are now."""
        for name in _LASTING:
            if getattr(self._site.config.web, name) != getattr(self._served, name):
                yield f"web.{name}"

    def _end(self) -> tuple[str, ...]:
        """Stop claiming and building, finish what is in hand, and close."""
        end = monotonic() + self._means.patience
        self._signals.stop.set()
        self._systemd.stopping()
        self._journal.tell("stopping")
        self._watch.end(0)
        self._scheduler.stop(self._means.patience)
        busy = self._lost + [each.duty for each in self._scheduler.standings() if each.running]
        if self._web.ident is not None:
            self._web.join(max(end - monotonic(), 0.1))
            busy += ["web"] * self._web.is_alive()
        self._watch.end(max(end - monotonic(), 0.1))
        ending = threading.Thread(target=self._means.end, name="feedpub-end", daemon=True)
        ending.start()
        ending.join(max(end - monotonic(), _LEAST))  # a database that is locked is not waited for
        busy += ["readership"] * ending.is_alive()
        self._keep(ended=True)
        self._journal.tell("stopped", unfinished=tuple(busy))
        return tuple(busy)

    def _serve(self) -> None:
        """Serve readers, in a thread."""
        serve = self._means.serve
        assert serve is not None  # noqa: S101 - else there is no such thread

        def served(now: datetime) -> None:
            del now
            serve(self._signals.stop)

        _, self._fault = called(Duty("web", served), self._means.now(), self._means.now)

    def _troubles(self) -> Iterator[str]:
        """Tell in a line each what needs looking at."""
        if self._clock.waiting:
            yield self._clock.waiting
        if self._record.fault:
            yield "the configuration was refused, and the one before is in force"
        if self._builder.builds.problems:
            yield "the last build found problems"
        if self._mailer.waits:
            yield "messages wait: they could not be sent"
        yield from self._means.troubles()

    def _wake(self, *names: str) -> None:
        self._scheduler.wake(*names)

    def _noticed(self, paths: Iterable[str] | None) -> None:
        """Build what has changed; None is that anything may have."""
        self._builder.heard(paths)
        self._wake(self._build.name)

    def _built(self, summary: Summary) -> None:
        """Tell those who want to know that the site has changed."""
        try:
            self._means.built(summary)
        finally:  # readers do not wait for a database that is away
            self._mailer.posted.set()
            self._wake("digests", *(each.name for each in self._means.duties))
