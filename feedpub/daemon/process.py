"""A site, a stream and a clock → the process `feedpub run`, put together."""

from collections.abc import Callable
from datetime import datetime
from typing import TextIO

from feedpub.daemon.running import Means, run
from feedpub.daemon.signals import heeded
from feedpub.daemon.site import Site
from feedpub.journal import Journal
from feedpub.publish import Request


def forever(
    request: Request, stream: TextIO, now: Callable[[], datetime], *, human: bool
) -> tuple[str, ...]:
    """Watch, publish and mail until signals say stop; give what was in hand and has not ended.

    What happens is written to the stream, for people or as JSON.

    Raises:
        FeedpubError: The configuration cannot be used, or another process does this already.
    """
    means = Means(now, Journal(stream, now, human=human), request.environ)
    with heeded() as signals:
        return run(Site(request, signals.stop), means, signals)
