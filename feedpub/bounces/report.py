"""What a message that came to the return path means: the value that `bounces.read` gives."""

from dataclasses import dataclass

from feedpub.tokens import Owner

_LONGEST_ADDRESS, _LONGEST_TEXT = 320, 300  # characters


@dataclass(frozen=True, slots=True)
class Report:
    """A notice that a machine sent about one message to one subscriber.

    `recipient` is what the notice says, and anybody can write one: only `subscriber`, read from
    a token of our own, is sure.
    """

    kind: str  # hard, soft, complaint, unsubscribe, auto (changes nothing) or unknown (a bounce)
    subscriber: Owner | None = None
    recipient: str = ""  # an address, as written
    status: str = ""  # RFC 3463, such as "5.1.1"
    text: str = ""  # the words of the server, or of whoever complains; one line


def make(kind: str, recipient: str = "", status: str = "", text: str = "") -> Report:
    """Give the report of nobody known yet, its words on one line and no longer than is of use."""
    return Report(
        kind,
        recipient=_line(recipient)[:_LONGEST_ADDRESS],
        status=status,
        text=_line(text)[:_LONGEST_TEXT],
    )


def _line(text: str) -> str:
    folded = " ".join(text.split())
    return "".join(each for each in folded if each.isprintable())
