"""One process that watches, publishes and mails, until it is told to stop.

forever(request, sys.stdout, now, human=True)
"""

from feedpub.agenda import Duty
from feedpub.daemon.process import forever
from feedpub.daemon.running import Means, run
from feedpub.daemon.signals import Signals, heeded
from feedpub.daemon.site import Site
from feedpub.daemon.status import Status, status
from feedpub.journal import Journal

__all__ = [
    "Duty",
    "Journal",
    "Means",
    "Signals",
    "Site",
    "Status",
    "forever",
    "heeded",
    "run",
    "status",
]
