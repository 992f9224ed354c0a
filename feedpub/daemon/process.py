"""A site, a stream and a clock → the process `feedpub run`, put together."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TextIO

from feedpub.daemon.front import WebServer
from feedpub.daemon.outward import BackgroundJobs
from feedpub.daemon.running import Dependencies, run_daemon
from feedpub.daemon.signals import handle_signals
from feedpub.daemon.site import CurrentSite
from feedpub.journal import EventLogger
from feedpub.publish import BuildRequest
from feedpub.web.traffic import HitCounter


def run_forever(
    request: BuildRequest, stream: TextIO, now: Callable[[], datetime], *, human: bool
) -> tuple[str, ...]:
    """Watch, publish, mail and answer until signals say stop; give what has not ended by then.

    What happens is written to the stream, for people or as JSON.

    Raises:
        FeedpubError: The configuration cannot be used, another process does this already, or
            nobody can listen where it says.
    """
    with handle_signals() as signals:
        site = CurrentSite(request, signals.stop, now)
        clock = (lambda: now().astimezone(site.timezone)) if human else now
        journal = EventLogger(stream, clock, human=human)
        front, means = build_daemon(site, journal, request.environ)
        try:
            return run_daemon(site, means, signals)
        finally:
            front.close()


def build_daemon(
    site: CurrentSite, journal: EventLogger, environ: Mapping[str, str]
) -> tuple[WebServer, Dependencies]:
    """Give all that a daemon works with, and the part of it that is to be closed in the end."""
    traffic = HitCounter()
    outward = BackgroundJobs(site, journal, traffic)
    front = WebServer(site, journal, traffic)
    served = site.config.web.enabled

    means = Dependencies(
        now=site.now,
        logger=journal,
        environ=environ,
        jobs=(*outward.build_jobs(), *(front.build_jobs() if served else ())),
        on_built=outward.enqueue_webhooks,
        find_warnings=outward.find_warnings,
        on_stop=outward.flush,
    )
    if served:
        means = replace(means, on_start=front.open_socket, serve=front.serve)
    return front, means
