"""Messages → readers, and what comes back → us: the only floor that knows SMTP and IMAP.

A transport gives sessions, a session takes messages one after the other and tells what became of
each. `feedpub.delivery.mailbox` reads the mail that comes back.

What every way of sending can do.

What went wrong with a connection → words that help.
"""

import re
import ssl
from collections.abc import Callable
from typing import Protocol

from feedpub.models.newsletter import Message, SendResult
from feedpub.models.text import one_line

MarkInDoubt = Callable[[], None]
"""Records that a message is about to be handed over; called just before nobody can know."""

RefusalHandler = Callable[[SendResult], None]
"""Hears of a relay that answered and did not let us send, in its words."""


def ignore_refusal(outcome: SendResult) -> None:
    """Hear of a refusal, and do nothing about it."""
    del outcome


class MailSession(Protocol):
    """A way that is open: takes messages one after the other, from one thread."""

    @property
    def relay(self) -> str:
        """The name of what is at the other end."""
        ...

    @property
    def is_open(self) -> bool:
        """Whether another message may be sent; else close this one and connect again."""
        ...

    def send(self, message: Message, doubt: MarkInDoubt) -> SendResult:
        """Send a message and tell what became of it.

        `doubt` is called when the message is almost handed over, just before SMTP's final dot;
        what it raises is raised again, and nothing was handed over then. Nothing else is raised,
        whatever the other side does.
        """
        ...

    def abort(self) -> None:
        """End it at once, whatever the other side does; for all threads.

        What has almost been handed over is in doubt then, and anything else was not sent.
        """
        ...

    def close(self) -> None:
        """Take leave; never raises, and may be called twice."""
        ...


class Transport(Protocol):
    """A way of sending; may be used by several threads at once."""

    def connect(self, chance: float = 0.0, refused: RefusalHandler = ignore_refusal) -> MailSession:
        """Open a way; `chance`, from 0 up to 1, chooses among several by their weights.

        `refused` is called for each relay that answered before that, and refused us.

        Raises:
            MailError: nothing can be sent now; the message says why, and holds no secret.
        """
        ...


_BLANKS = re.compile(" {2,}")
_LONGEST = 300


def clean_reply(said: str) -> str:
    """Give what a server said without control characters, in one line that is not too long."""
    return _BLANKS.sub(" ", one_line(said))[:_LONGEST]


def describe_error(error: Exception) -> str:
    """Say why a server cannot be reached or trusted."""
    match error:
        case ssl.SSLCertVerificationError(verify_message=doubt):
            return f"its certificate cannot be trusted: {doubt}; mend it, or set the right host"
        case ssl.SSLError():
            return f"TLS does not come about ({clean_reply(str(error))}); is this the right port?"
        case TimeoutError():
            return "it does not answer; look at host and port, and whether a firewall is between"
        case OSError():
            return f"it cannot be reached: {clean_reply(error.strerror or str(error))}"
        case UnicodeError():
            return "its name, or what it is told, is not ASCII"
        case _:
            return clean_reply(str(error))
