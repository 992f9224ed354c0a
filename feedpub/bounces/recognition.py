"""Recognise bounces of systems that follow no standard, by the patterns of flufl.bounce.

They tell who, and that it is a bounce; what it means is weighed as for any other. They try one
pattern after the other on every line, some of them in quadratic time, so they see a few short
lines only, in which a notice says what it has to say.
"""

import logging
from email.message import Message

from flufl.bounce import all_failures

from feedpub.bounces.mails import ParsedMessage

# It logs a traceback for each message that one of its patterns cannot bear.
logging.getLogger("flufl.bounce").disabled = True

_LINES = 80
_LINE = 120  # characters
_HEADERS = ("to", "subject", "x-failed-recipients", "x-mailer")
_NOBODY = "nobody@example.invalid"  # some of it fails without a sender
_LONGEST = 320  # characters of an address


def find_failed_address(mail: ParsedMessage) -> str:
    """Return the address that a mail reports as undeliverable; "" where it is no bounce."""
    message = Message()
    sender = mail.header.get_address("from")
    message["from"] = sender if "@" in sender and sender.isascii() else _NOBODY
    for name in _HEADERS:
        if mail.header.has(name):
            message[name] = mail.header.get(name)[:_LINE].replace("\n", " ")
    lines = [line[:_LINE] for line in mail.text.splitlines() if line.strip()]
    message.set_payload("\n".join(lines[:_LINES]).encode("ascii", "replace").decode("ascii"))
    try:
        temporary, permanent = all_failures(message)
    except Exception:  # noqa: BLE001 - it is made of patterns for what others wrote, and may fail
        return ""
    found = sorted(each.decode("ascii", "replace") for each in (*permanent, *temporary))
    named = [each for each in found if "@" in each and len(each) <= _LONGEST]
    return named[0] if named else ""
