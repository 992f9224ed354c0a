"""The configuration → the ways that messages leave by: which, how many at once, how fast."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from zoneinfo import ZoneInfo

from feedpub.mail import Folder, Maildir, Smtp, Transport
from feedpub.mail import Relay as Server
from feedpub.mailing import Suspension
from feedpub.newsletter.desk import Desk


@dataclass(frozen=True, slots=True)
class Gate:
    """One relay, or the folder that stands in for one."""

    name: str  # as its sessions call it
    weight: int = 1
    connections: int = 1
    rate: float = 0.0  # messages a second, 0 for no limit


def transport(desk: Desk) -> Transport:
    """Give the way that messages leave by, as the configuration says."""
    mail = desk.config.mail
    folder = desk.where.memory.parent.parent / mail.folder
    if mail.transport == "folder":
        return Folder(folder)
    if mail.transport == "maildir":
        return Maildir(folder)
    return Smtp(_servers(desk))


def gates(desk: Desk) -> tuple[Gate, ...]:
    """Give the relays of the configuration, at least one: a folder is one too."""
    mail = desk.config.mail
    if mail.transport != "smtp" or not mail.relays:
        return (Gate(mail.transport),)
    return tuple(
        Gate(server.name, each.weight, each.connections, each.rate)
        for server, each in zip(_servers(desk), mail.relays, strict=True)
    )


def _servers(desk: Desk) -> tuple[Server, ...]:
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
                hello=desk.host(),
                which=places[each.host, each.port],
            )
        )
    return tuple(found)


def free(gates: Sequence[Gate], used: Counter[str], chance: float) -> Gate:
    """Give the relay for one more connection, among those that have one to spare by their weights.

    Where none has, all count as if they had. `chance` goes from 0 up to 1.
    """
    spare = [each for each in gates if used[each.name] < each.connections] or list(gates)
    aim = chance * sum(each.weight for each in spare)
    passed = list(accumulate(each.weight for each in spare))
    return spare[min(bisect_right(passed, aim), len(spare) - 1)]


def toward(gates: Sequence[Gate], gate: Gate) -> float:
    """Give the chance that makes a transport connect to this one first."""
    before = sum(each.weight for each in gates[: gates.index(gate)])
    return (before + gate.weight / 2) / sum(each.weight for each in gates)


def told(suspension: Suspension, zone: ZoneInfo) -> str:
    """Say why a relay is not used, until when, and how to use it before."""
    until = f"{suspension.until.astimezone(zone):%Y-%m-%d %H:%M} {zone}"
    return (
        f"{suspension.relay} is not used until {until}, or until `feedpub digest resume`: "
        f"{suspension.reason}"
    )
