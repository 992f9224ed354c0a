"""The configured relays, the clock of a command and the ids of sending processes.

`build_transport` and `load_relay_limits` read the mail configuration; `create_worker_id` and
`is_dead` let a process take over deliveries claimed by one that has ended.
"""

import os
import re
import secrets
import socket
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

from feedpub.app import NewsletterContext
from feedpub.delivery.file_transport import FileTransport, MaildirTransport
from feedpub.delivery.smtp import SmtpTransport
from feedpub.delivery.smtp_connection import SmtpRelay as Server
from feedpub.delivery.transport import Transport
from feedpub.models.newsletter import RelaySuspension


@dataclass(frozen=True, slots=True)
class RelayLimits:
    """The limits of one relay, or of the folder that stands in for one."""

    name: str  # equal to `MailSession.relay`
    weight: int = 1
    connections: int = 1
    rate: float = 0.0  # messages a second, 0 for no limit


def build_transport(newsletter: NewsletterContext) -> Transport:
    """Return the transport that the configuration names."""
    mail = newsletter.config.mail
    folder = newsletter.paths.cache.parent.parent / mail.folder
    if mail.transport == "folder":
        return FileTransport(folder)
    if mail.transport == "maildir":
        return MaildirTransport(folder)
    return SmtpTransport(_servers(newsletter))


def load_relay_limits(newsletter: NewsletterContext) -> tuple[RelayLimits, ...]:
    """Return the limits of the configured relays; a folder counts as one relay."""
    mail = newsletter.config.mail
    if mail.transport != "smtp" or not mail.relays:
        return (RelayLimits(mail.transport),)
    return tuple(
        RelayLimits(server.name, each.weight, each.connections, each.rate)
        for server, each in zip(_servers(newsletter), mail.relays, strict=True)
    )


def _servers(newsletter: NewsletterContext) -> tuple[Server, ...]:
    places: Counter[tuple[str, int]] = Counter()
    found = []
    for each in newsletter.config.mail.relays:
        places[each.host, each.port] += 1
        found.append(
            Server(
                host=each.host,
                port=each.port,
                security=each.security,
                username=each.username,
                password=each.password,
                weight=each.weight,
                ehlo_hostname=newsletter.get_hostname(),
                ordinal=places[each.host, each.port],
            )
        )
    return tuple(found)


def pick_relay(gates: Sequence[RelayLimits], used: Counter[str], chance: float) -> RelayLimits:
    """Choose the relay for one more connection, by weight, among those with connections to spare.

    If none has any to spare, all are candidates. `chance` is in [0, 1).
    """
    spare = [each for each in gates if used[each.name] < each.connections] or list(gates)
    aim = chance * sum(each.weight for each in spare)
    passed = list(accumulate(each.weight for each in spare))
    return spare[min(bisect_right(passed, aim), len(spare) - 1)]


def compute_connect_chance(gates: Sequence[RelayLimits], gate: RelayLimits) -> float:
    """Return the `chance` that makes a transport connect to this relay first."""
    before = sum(each.weight for each in gates[: gates.index(gate)])
    return (before + gate.weight / 2) / sum(each.weight for each in gates)


def describe_suspension(suspension: RelaySuspension, zone: ZoneInfo) -> str:
    """Return why a relay is suspended, until when and how to resume earlier."""
    until = f"{suspension.until.astimezone(zone):%Y-%m-%d %H:%M} {zone}"
    return (
        f"{suspension.relay} is suspended until {until}, or until `feedpub digest resume`: "
        f"{suspension.reason}"
    )


Clock = Callable[[], datetime]
IN_DOUBT_TIMEOUT = timedelta(minutes=30)
"""Longer than a server may take to reply and a worker to record the reply."""


def build_clock(now: datetime) -> Clock:
    """Return a clock that starts at `now` and ignores changes to the system clock."""
    began = time.monotonic()
    return lambda: now + timedelta(seconds=time.monotonic() - began)


_NAME = re.compile(r"(.*)-([0-9]{1,9})-[0-9a-f]{8}")


def create_worker_id() -> str:
    """Return a unique name for one round of sending by this process."""
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"


def is_dead(worker: str) -> bool:
    """Return whether a worker ran on this machine and its process has ended.

    A process that only seems gone, say in another PID namespace, does no harm: it cannot send
    deliveries whose lease was taken from it.
    """
    found = _NAME.fullmatch(worker)
    if found is None or found[1] != socket.gethostname():
        return False
    try:
        os.kill(int(found[2]), 0)
    except ProcessLookupError:
        return True
    except OSError:  # pragma: no cover - another user's process; root never gets here
        return False
    return False
