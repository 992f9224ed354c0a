"""A site, a stream and a clock → the process `feedpub run`, put together."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TextIO

from feedpub.daemon.front import Front
from feedpub.daemon.outward import Outward
from feedpub.daemon.running import Means, run
from feedpub.daemon.signals import heeded
from feedpub.daemon.site import Site
from feedpub.journal import Journal
from feedpub.publish import Request
from feedpub.web.traffic import Traffic


def forever(
    request: Request, stream: TextIO, now: Callable[[], datetime], *, human: bool
) -> tuple[str, ...]:
    """Watch, publish, mail and answer until signals say stop; give what has not ended by then.

    What happens is written to the stream, for people or as JSON.

    Raises:
        FeedpubError: The configuration cannot be used, another process does this already, or
            nobody can listen where it says.
    """
    with heeded() as signals:
        site = Site(request, signals.stop, now)
        clock = (lambda: now().astimezone(site.zone)) if human else now
        journal = Journal(stream, clock, human=human)
        front, means = whole(site, journal, request.environ)
        try:
            return run(site, means, signals)
        finally:
            front.close()


def whole(site: Site, journal: Journal, environ: Mapping[str, str]) -> tuple[Front, Means]:
    """Give all that a daemon works with, and the part of it that is to be closed in the end."""
    traffic = Traffic()
    outward = Outward(site, journal, traffic)
    front = Front(site, journal, traffic)
    served = site.config.web.enabled

    means = Means(
        now=site.now,
        journal=journal,
        environ=environ,
        duties=(*outward.duties(), *(front.duties() if served else ())),
        built=outward.built,
        troubles=outward.troubles,
        end=outward.end,
    )
    if served:
        means = replace(means, begin=front.begin, serve=front.serve)
    return front, means
