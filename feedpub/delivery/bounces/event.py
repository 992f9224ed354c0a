"""What a message that came to the return path means: the value that `bounces.read` returns."""

from dataclasses import dataclass

from feedpub.delivery.bounce_classifier import Refusal
from feedpub.models.tokens import TokenSubject

_LONGEST_ADDRESS, _LONGEST_TEXT = 320, 300  # characters


@dataclass(frozen=True, slots=True)
class BounceEvent:
    """A notice that a machine sent about one message to one subscriber.

    `recipient` is what the notice says, and anybody can write one: only `subscriber`, read from
    a token of our own, is sure.
    """

    kind: str  # hard, soft, complaint, unsubscribe, auto (changes nothing) or unknown (a bounce)
    subscriber: TokenSubject | None = None
    recipient: str = ""  # an address, as written
    status: str = ""  # RFC 3463, such as "5.1.1"
    text: str = ""  # the words of the server, or of whoever complains; one line
    refusal: Refusal | None = None  # of a bounce: what it is about

    @property
    def is_about_sender(self) -> bool:
        """Whether a server refused us, and not this subscriber's address."""
        return self.refusal is not None and self.refusal.is_about_sender


def build_event(
    kind: str,
    recipient: str = "",
    status: str = "",
    text: str = "",
    refusal: Refusal | None = None,
) -> BounceEvent:
    """Return a report about nobody yet, with its words on one line and no longer than is of use."""
    return BounceEvent(
        kind,
        recipient=_line(recipient)[:_LONGEST_ADDRESS],
        status=status,
        text=_line(text)[:_LONGEST_TEXT],
        refusal=refusal,
    )


def _line(text: str) -> str:
    folded = " ".join(text.split())
    return "".join(each for each in folded if each.isprintable())
