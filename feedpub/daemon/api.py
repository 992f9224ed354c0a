"""The public functions of the daemon, one process that watches, builds, mails and serves a site.

Example: run_forever(request, sys.stdout, now, human=True)
"""

from feedpub.config.jobs import PeriodicJob
from feedpub.daemon.main import Dependencies, run_daemon, run_forever
from feedpub.daemon.settings import CurrentSite
from feedpub.daemon.signals import Signals, handle_signals
from feedpub.daemon.status import SiteStatus, get_status
from feedpub.models.log import EventLogger

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
