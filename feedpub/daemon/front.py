"""The site as it is → answers to those who ask over HTTP, in a thread of their own."""

from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from itertools import count
from socket import socket
from threading import Event, Lock
from urllib.parse import urlsplit

from feedpub import admission, newsletter, web
from feedpub.agenda import Duty
from feedpub.config import Config
from feedpub.daemon.gauges import PAGES, Gauges
from feedpub.daemon.insight import Insight
from feedpub.daemon.outward import SIGNUPS
from feedpub.daemon.seldom import Seldom
from feedpub.daemon.site import Site
from feedpub.errors import FeedpubError, TemplateError
from feedpub.journal import Journal
from feedpub.newsletter import signup
from feedpub.newsletter.desk import Desk
from feedpub.web import Seen, closed, notices, operations, readers
from feedpub.web.paths import root
from feedpub.web.traffic import Traffic

_PATIENCE = 5.0  # seconds that somebody waits for others who write into the database


@dataclass(slots=True)
class _Room:
    """What one configuration brings."""

    config: Config
    ends: ExitStack
    desk: Desk | None = None  # None where nobody is mailed
    scene: signup.Scene | None = None  # likewise


class Front:
    """What answers, and changes with the site; its methods are for all threads."""

    def __init__(self, site: Site, journal: Journal, traffic: Traffic) -> None:
        """Nothing is listened to yet; `traffic` counts who asks for feeds."""
        self._site = site
        self._journal = journal
        self._traffic = traffic
        self._turn = Lock()
        self._room: _Room | None = None
        self._app = web.Changing()
        self._opened: socket | None = None
        self._insight: Insight | None = None
        self._faulty = Seldom("answer failed", journal, site.now)
        self._unheeded = Seldom("notice refused", journal, site.now)
        self._dropped = count(1)  # requests to be mailed, since the process began

    def duties(self) -> Iterator[Duty]:
        """Give the duties."""
        yield Duty(PAGES, self.renew)

    def begin(self, insight: Insight) -> None:
        """Open the socket. Raises FeedpubError where that cannot be done."""
        self._insight = insight
        where = self._site.config.web
        self._opened = web.listen(where.host, where.port)
        path = urlsplit(self._site.config.site.url).path
        self._journal.tell("listening", address=web.address(self._opened) + path)

    def renew(self, now: datetime) -> None:
        """Take the site up as it is now: after a build, and where it is configured anew."""
        with self._turn:
            room, config = self._room, self._site.config
            if room is None or room.config != config:
                if room is None:  # a database that is away keeps nobody from the site itself
                    self._show(config, closed.routes(config.site.url) if config.digests else ())
                self._room = self._furnished(config, now)
                if room is not None:
                    room.ends.close()
            elif room.desk is not None:
                room.scene = self._scene(room.desk, now, room.scene)

    def serve(self, stop: Event) -> None:
        """Answer until `stop` is set; the first who come wait until all of it is there."""
        assert self._opened is not None  # noqa: S101 - `begin` came before
        with suppress(FeedpubError, OSError):  # the duty tells of it, and tries again
            self.renew(self._now())
        web.answer(web.server(self._app, self._site.config.web.proxies), self._opened, stop)

    def close(self) -> None:
        """Let go of the socket and of what answers need."""
        if self._opened is not None:
            self._opened.close()
        if self._room is not None:
            self._room.ends.close()

    def _furnished(self, config: Config, now: datetime) -> _Room:
        """Make all that a configuration brings, and answer with it from now on."""
        request, room = self._site.request(now), _Room(config, ExitStack())
        routes: web.Routes = ()
        with ExitStack() as ends:
            if config.digests:
                room.desk = ends.enter_context(newsletter.opened(request, _PATIENCE))
                room.scene = self._scene(room.desk, now)
                routes = (
                    *readers.routes(lambda: _scene(room), self._now, self._heard),
                    *notices.site_routes(request, self._now, self._refused),
                )
            room.ends = ends.pop_all()
        self._show(config, routes)
        return room

    def _show(self, config: Config, routes: web.Routes) -> None:
        """Answer with the files of a configuration, by these routes, and how all stands."""
        gauges = Gauges(self._site, self._traffic, self._insight)
        figures = gauges.figures if config.web.metrics else None
        asked = operations.routes(gauges.unserved, figures, gauges.troubles)
        folder, whole = self._site.place.output, [*asked, *routes]
        self._app.app = web.app(config, folder, lambda: self._now().timestamp(), whole, self._seen)

    def _scene(self, desk: Desk, now: datetime, before: signup.Scene | None = None) -> signup.Scene:
        """Give what readers' pages are made of, with what the last build found out.

        Raises TemplateError where a template of theirs is wrong.
        """
        kept = self._insight.kept() if self._insight else None
        scene = signup.scene(self._site.request(now), desk, kept)
        if before is None or before.templates.digest != scene.templates.digest:
            for each in scene.templates.check():
                if "/web/" in each.path:
                    raise TemplateError(f"{each.path}:{each.line}: {each.message}")
        return scene

    def _now(self) -> datetime:
        return self._site.now()

    def _seen(self, seen: Seen) -> None:
        """Take note of a request, in the event loop."""
        self._traffic.see(seen, root(self._site.config.site.url), self._now())
        failed = seen.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        if failed and not seen.path.startswith("/healthz"):  # there it is the answer
            self._faulty.tell(method=seen.method, path=seen.path, status=seen.status)

    def _heard(self, what: str) -> None:
        """Answer who asks to be mailed; of those who are not, tell ever more rarely how many."""
        if what == admission.MAIL and self._insight:
            self._insight.wake(SIGNUPS)
        if what == admission.DROP:
            number = next(self._dropped)
            if not number & (number - 1):
                self._journal.tell("sign-ups dropped", number=number)

    def _refused(self, line: str) -> None:
        self._unheeded.tell(why=line)


def _scene(room: _Room) -> signup.Scene:
    assert room.scene is not None  # noqa: S101 - it has routes for readers only with one
    return room.scene
