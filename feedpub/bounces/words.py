"""Find the address in the words of a bounce, and what the refusing server said."""

import re
from collections.abc import Collection

from feedpub import refusals

_ADDRESS = r"[^\s<>@:;,()\[\]\"']{1,128}@[^\s<>@:;,()\[\]\"']{1,255}"
_ALONE = re.compile(rf"^[ \t]*<?(?P<address>{_ADDRESS})>?:?[ \t]*$", re.MULTILINE)
_NAMED = (
    _ALONE,
    # What follows an address tells what became of it.
    re.compile(rf"^[ \t]*<(?P<address>{_ADDRESS})>(?:[:. (]|$)", re.MULTILINE),
    re.compile(rf"^[ \t]*(?P<address>{_ADDRESS})(?::[ \t]| - | on [0-9A-Z]|[ \t])", re.MULTILINE),
    re.compile(
        r"\b(?:rcpt to|deliver(?:ing|ed)?(?: [a-z]{1,10}){0,3} to|recipients?|userid|user"
        rf"|address(?:es)?|size|to)[:( \t]{{1,9}}<?(?:mailto:|smtp:)?(?P<address>{_ADDRESS})",
        re.IGNORECASE,
    ),
    re.compile(rf"<(?P<address>{_ADDRESS})>"),
    re.compile(rf"(?:^|[\s(\[\"':;])(?P<address>{_ADDRESS})", re.MULTILINE),
)
"""Where a bounce names the address, the surest first."""
_LONGEST = 1000  # characters of an excerpt
_LOOKED_AT = 10_000  # characters that are searched for an address
_TRIED = 50  # addresses


def find_recipient(words: str, others: Collection[str] = ()) -> str:
    """Return the address that a bounce is about, "" where it names none.

    `others` are addresses that it is not about: the notice's own sender and recipient.
    """
    excluded = {each.lower() for each in others}
    text = words[:_LOOKED_AT]
    for pattern in _NAMED:
        for found, _ in zip(pattern.finditer(text), range(_TRIED), strict=False):
            address = found["address"].rstrip(".!?*")
            local = address.partition("@")[0].lower()
            if address.lower() not in excluded and local not in ("postmaster", "mailer-daemon"):
                return address
    return ""


def extract_reply(words: str) -> str:
    """Return what a refusing server said, without what the mail system says around it.

    That is the first line with a reply code, the one before it, which tells to what command it
    was the answer, and what follows in that paragraph; or else what follows an address, or all.
    """
    lines = [line.strip() for line in words.splitlines()]
    for number, line in enumerate(lines):
        if refusals.find_reply_codes(line) != (0, ""):
            end = lines.index("", number) if "" in lines[number:] else len(lines)
            return "\n".join(lines[max(number - 1, 0) : end])[:_LONGEST]
    named = _ALONE.search(words)
    rest = words[named.end() :].strip() if named else ""
    return (rest or words.strip())[:_LONGEST]


def is_preceded_by_address(words: str, address: str, line: str) -> bool:
    """Return whether an address stands by itself just before a line."""
    named = re.escape(address), re.escape(line[:200])
    pattern = rf"^[ \t]{{0,20}}<?{named[0]}>?:?[ \t]{{0,20}}\r?\n\s{{0,20}}{named[1]}"
    return re.search(pattern, words, re.MULTILINE) is not None
