"""Find the Message-IDs of deliveries in logs of mail servers and in copies of messages.

A publisher who restores the database from a backup settles with it what went out meanwhile.
"""

import re
from collections.abc import Iterable

# Postfix writes "postfix/smtp[123]: 4Cq0: to=<ann@example.org>, …, status=sent (…)".
_POSTFIX = re.compile(r"\bpostfix[^\s\[]{0,60}\[[0-9]{1,10}\]: ([0-9A-Za-z]{5,30}): ")
_MESSAGE_ID = re.compile(r"<([0-9a-f]{24})@([^<>@\s]{1,255})>")
_LONGEST = 2_000  # letters of a line that are looked at
_TAKEN = ("status=", "(queue active)")


def find_sent_keys(lines: Iterable[str]) -> frozenset[tuple[str, str]]:
    """Return (key of a delivery, domain) for each message that a server has taken.

    Postfix names the Message-ID when the message comes in, and what became of it by a number of
    its own: it counts once it was queued or handed on. Any other line that names a Message-ID
    counts, as in other logs, in copies of messages that were sent, and in bounces.
    """
    coming: dict[str, tuple[str, str]] = {}
    found: set[tuple[str, str]] = set()
    for whole in lines:
        line = whole[:_LONGEST]
        named = [(key, domain.lower()) for key, domain in _MESSAGE_ID.findall(line)]
        queued = _POSTFIX.search(line)
        if queued is None:
            found.update(named)
        elif named and "message-id=" in line:
            coming[queued[1]] = named[0]
        elif queued[1] in coming and any(each in line for each in _TAKEN):
            found.add(coming.pop(queued[1]))
    return frozenset(found)
