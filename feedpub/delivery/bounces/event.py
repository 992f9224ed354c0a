"""`BounceEvent`, the result of parsing a bounce, complaint or other notice."""

from dataclasses import dataclass

from feedpub.delivery.bounce_classifier import Refusal
from feedpub.models.tokens import TokenSubject

_LONGEST_ADDRESS, _LONGEST_TEXT = 320, 300  # characters


@dataclass(frozen=True, slots=True)
class BounceEvent:
    """A notice sent by a machine about a message to a subscriber.

    `recipient` is what the notice claims and can be forged; only `subscriber`, read from one of our
    tokens, is certain.
    """

    kind: str  # hard, soft, unknown (bounces), complaint, unsubscribe or auto (changes nothing)
    subscriber: TokenSubject | None = None
    recipient: str = ""  # an address, as written
    status: str = ""  # RFC 3463, such as "5.1.1"
    text: str = ""  # the text of the server or the complaint, on one line
    refusal: Refusal | None = None  # the subject of a bounce

    @property
    def is_about_sender(self) -> bool:
        """Whether a server refused us rather than the subscriber's address."""
        return self.refusal is not None and self.refusal.is_about_sender


def build_event(
    kind: str,
    recipient: str = "",
    status: str = "",
    text: str = "",
    refusal: Refusal | None = None,
) -> BounceEvent:
    """Return an event without a subscriber, its texts on one line and limited in length."""
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
