"""What every way of sending can do."""

from collections.abc import Callable
from typing import Protocol

from feedpub.mailing import Message, SendResult

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
