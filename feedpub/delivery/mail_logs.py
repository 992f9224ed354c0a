"""Find the Message-IDs of sent deliveries in mail server logs and copies of messages.

After restoring the database from a backup, `feedpub.newsletter.recovery` marks these as sent.
"""

import re
from collections.abc import Iterable

# Postfix writes "postfix/smtp[123]: 4Cq0: to=<ann@example.org>, …, status=sent (…)".
_POSTFIX = re.compile(r"\bpostfix[^\s\[]{0,60}\[[0-9]{1,10}\]: ([0-9A-Za-z]{5,30}): ")
_MESSAGE_ID = re.compile(r"<([0-9a-f]{24})@([^<>@\s]{1,255})>")
_LONGEST = 2_000  # characters of a line that are searched
_TAKEN = ("status=", "(queue active)")


def find_sent_keys(lines: Iterable[str]) -> frozenset[tuple[str, str]]:
    """Return (delivery key, domain) for each message that a server has accepted.

    Postfix logs the Message-ID once and the rest under a queue id, so its messages count when they
    were queued or delivered. In other logs, sent copies and bounces, every Message-ID counts.
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
