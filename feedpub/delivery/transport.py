"""The interface of transports: `Transport.connect` returns a `MailSession`, which sends messages.

`smtp` and `file_transport` implement it. `clean_reply` and `describe_error` word server replies and
connection errors for all of `feedpub.delivery`.
"""

import re
import ssl
from collections.abc import Callable
from typing import Protocol

from feedpub.models.newsletter import Message, SendResult
from feedpub.models.text import one_line

MarkInDoubt = Callable[[], None]
"""Records that a message is about to be handed over, after which its fate may be unknown."""

RefusalHandler = Callable[[SendResult], None]
"""Receives the reply of a relay that refused a connection."""


def ignore_refusal(outcome: SendResult) -> None:
    """Ignore a refusal."""
    del outcome


class MailSession(Protocol):
    """An open session that sends messages one after the other, from one thread."""

    @property
    def relay(self) -> str:
        """The name of the relay at the other end."""
        ...

    @property
    def is_open(self) -> bool:
        """Whether another message may be sent; otherwise close this session and connect again."""
        ...

    def send(self, message: Message, doubt: MarkInDoubt) -> SendResult:
        """Send a message and return the result.

        `doubt` is called just before the message is handed over, which in SMTP is the final dot. An
        exception it raises propagates, and the message is not handed over then. Nothing else is
        raised, whatever the server does.
        """
        ...

    def abort(self) -> None:
        """End the session at once, whatever the server does. Thread-safe.

        A message about to be handed over is in doubt then; any other was not sent.
        """
        ...

    def close(self) -> None:
        """Close the session; never raises and may be called twice."""
        ...


class Transport(Protocol):
    """A way of sending. Thread-safe."""

    def connect(self, chance: float = 0.0, refused: RefusalHandler = ignore_refusal) -> MailSession:
        """Open a session; `chance`, in [0, 1), selects among several relays by weight.

        `refused` is called for each relay that refused us before one accepted.

        Raises:
            MailError: Nothing can be sent now; the message says why and contains no secret.
        """
        ...


_BLANKS = re.compile(" {2,}")
_LONGEST = 300


def clean_reply(said: str) -> str:
    """Return a server's text on one line, limited in length and without control characters."""
    return _BLANKS.sub(" ", one_line(said))[:_LONGEST]


def describe_error(error: Exception) -> str:
    """Describe for a person why a server cannot be reached or trusted."""
    match error:
        case ssl.SSLCertVerificationError(verify_message=doubt):
            return f"untrusted certificate: {doubt}; fix it, or correct the host"
        case ssl.SSLError():
            return f"TLS handshake failed ({clean_reply(str(error))}); is this the right port?"
        case TimeoutError():
            return "no response; check host, port and firewalls"
        case OSError():
            return f"connection failed: {clean_reply(error.strerror or str(error))}"
        case UnicodeError():
            return "host name or command is not ASCII"
        case _:
            return clean_reply(str(error))
