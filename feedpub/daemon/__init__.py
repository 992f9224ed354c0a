"""One process that watches, publishes and mails, until it is told to stop.

forever(request, sys.stdout, now, human=True)
"""

from feedpub.agenda import PeriodicJob
from feedpub.daemon.process import run_forever
from feedpub.daemon.running import Dependencies, run_daemon
from feedpub.daemon.signals import Signals, handle_signals
from feedpub.daemon.site import CurrentSite
from feedpub.daemon.status import SiteStatus, get_status
from feedpub.journal import EventLogger

__all__ = [
    "CurrentSite",
    "Dependencies",
    "EventLogger",
    "PeriodicJob",
    "Signals",
    "SiteStatus",
    "get_status",
    "handle_signals",
    "run_daemon",
    "run_forever",
]
