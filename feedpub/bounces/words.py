"""The words of a bounce → which address it names, and what the refusing server said."""

import re

from feedpub import refusals

_RECIPIENT = re.compile(r"^[ \t]*<?(?P<address>[^\s<>@:]+@[^\s<>@:]+)>?:?[ \t]*$", re.MULTILINE)
_LONGEST = 1000  # characters of an excerpt


def recipient(words: str) -> str:
    """Give the first address that has a line to itself, "" where there is none."""
    named = _RECIPIENT.search(words)
    return named["address"] if named else ""


def excerpt(words: str) -> str:
    """Give what a refusing server said, without what the mail system says around it.

    That is the first line with a reply code, the one before it, which tells to what command it
    was the answer, and what follows in that paragraph; or else what follows an address.
    """
    lines = [line.strip() for line in words.splitlines()]
    for number, line in enumerate(lines):
        if refusals.reply(line) != (0, ""):
            end = lines.index("", number) if "" in lines[number:] else len(lines)
            return "\n".join(lines[max(number - 1, 0) : end])[:_LONGEST]
    named = _RECIPIENT.search(words)
    return words[named.end() if named else 0 :].strip()[:_LONGEST]
