"""Find the lines of a post on which something stands that readers do not get."""

from collections.abc import Iterable

from feedpub.markup import fences
from feedpub.markup.embeds import Loss


def locate(losses: Iterable[Loss], body: str, first_line: int) -> tuple[tuple[int, str], ...]:
    """Return the line of the file, 0 where it cannot be told, and the message of each loss."""
    found: list[tuple[int, str]] = []
    text, at = "", 0
    for loss in losses:
        text = text or _without_code(body).lower()
        place = _place(text, loss.clues, at)
        at = max(at, place + 1)
        line = first_line + text.count("\n", 0, place) if place >= 0 else 0
        found.append((line, loss.message))
    return tuple(found)


def _place(text: str, clues: Iterable[str], at: int) -> int:
    """Return where the first clue stands that does, behind the one before if possible."""
    for clue in clues:
        for start in (at, 0):
            place = text.find(clue.lower(), start)
            if place >= 0:
                return place
    return -1


def _without_code(body: str) -> str:
    """Return a text whose blocks of code are empty lines."""
    if not fences.any_in(body):
        return body
    lines = body.split("\n")
    for fence in fences.find(lines):
        lines[fence.first : fence.last + 1] = [""] * (fence.last + 1 - fence.first)
    return "\n".join(lines)
