"""The configuration → the ways that messages leave by: which, how many at once, how fast.

The time that a command began → what time it is now; and how long an answer may take.

The processes that send → their names, and which of them are no more.
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
    """One relay, or the folder that stands in for one."""

    name: str  # as its sessions call it
    weight: int = 1
    connections: int = 1
    rate: float = 0.0  # messages a second, 0 for no limit


def build_transport(desk: NewsletterContext) -> Transport:
    """Give the way that messages leave by, as the configuration says."""
    mail = desk.config.mail
    folder = desk.paths.cache.parent.parent / mail.folder
    if mail.transport == "folder":
        return FileTransport(folder)
    if mail.transport == "maildir":
        return MaildirTransport(folder)
    return SmtpTransport(_servers(desk))


def load_relay_limits(desk: NewsletterContext) -> tuple[RelayLimits, ...]:
    """Give the relays of the configuration, at least one: a folder is one too."""
    mail = desk.config.mail
    if mail.transport != "smtp" or not mail.relays:
        return (RelayLimits(mail.transport),)
    return tuple(
        RelayLimits(server.name, each.weight, each.connections, each.rate)
        for server, each in zip(_servers(desk), mail.relays, strict=True)
    )


def _servers(desk: NewsletterContext) -> tuple[Server, ...]:
    places: Counter[tuple[str, int]] = Counter()
    found = []
    for each in desk.config.mail.relays:
        places[each.host, each.port] += 1
        found.append(
            Server(
                host=each.host,
                port=each.port,
                security=each.security,
                username=each.username,
                password=each.password,
                weight=each.weight,
                ehlo_hostname=desk.get_hostname(),
                ordinal=places[each.host, each.port],
            )
        )
    return tuple(found)


def pick_relay(gates: Sequence[RelayLimits], used: Counter[str], chance: float) -> RelayLimits:
    """Give the relay for one more connection, among those that have one to spare by their weights.

    Where none has, all count as if they had. `chance` goes from 0 up to 1.
    """
    spare = [each for each in gates if used[each.name] < each.connections] or list(gates)
    aim = chance * sum(each.weight for each in spare)
    passed = list(accumulate(each.weight for each in spare))
    return spare[min(bisect_right(passed, aim), len(spare) - 1)]


def compute_connect_chance(gates: Sequence[RelayLimits], gate: RelayLimits) -> float:
    """Give the chance that makes a transport connect to this one first."""
    before = sum(each.weight for each in gates[: gates.index(gate)])
    return (before + gate.weight / 2) / sum(each.weight for each in gates)


def describe_suspension(suspension: RelaySuspension, zone: ZoneInfo) -> str:
    """Say why a relay is not used, until when, and how to use it before."""
    until = f"{suspension.until.astimezone(zone):%Y-%m-%d %H:%M} {zone}"
    return (
        f"{suspension.relay} is not used until {until}, or until `feedpub digest resume`: "
        f"{suspension.reason}"
    )


Clock = Callable[[], datetime]
IN_DOUBT_TIMEOUT = timedelta(minutes=30)
"""Longer than a server takes to answer, and a worker to record it."""


def build_clock(now: datetime) -> Clock:
    """Give a clock that goes on from `now`, whatever is done to the machine's."""
    began = time.monotonic()
    return lambda: now + timedelta(seconds=time.monotonic() - began)


_NAME = re.compile(r"(.*)-([0-9]{1,9})-[0-9a-f]{8}")


def create_worker_id() -> str:
    """Give a name for one round of sending of this process, that none had before."""
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"


def is_dead(worker: str) -> bool:
    """Tell whether a worker's process was on this machine, and is there no more.

    Should it be there all the same, behind a wall that we cannot see through, it sends nothing
    that was taken from it.
    """
    found = _NAME.fullmatch(worker)
    if found is None or found[1] != socket.gethostname():
        return False
    try:
        os.kill(int(found[2]), 0)
    except ProcessLookupError:
        return True
    except OSError:  # pragma: no cover - somebody else's; root, as whom tests may run, is told
        return False
    return False
