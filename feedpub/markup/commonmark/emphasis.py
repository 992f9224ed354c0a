"""Decide which runs of `*`, `_` and `~` open and close emphasis (CommonMark 0.31, section 6.2),
with the rules for text in Chinese, Japanese and Korean, which has no spaces around words
(the "CJK friendly" amendments to CommonMark).
"""

import unicodedata
from collections.abc import Sequence
from xml.etree.ElementTree import Element

from feedpub.markup.commonmark.nodes import InlineNode, append_nodes

_ASCII_PUNCTUATION = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
_SPACES = frozenset(" \t\n\r\f\u00a0")
_CJK = (
    (0x1100, 0x11FF),
    (0x2E80, 0x303E),
    (0x3040, 0xA4CF),
    (0xA960, 0xA97F),
    (0xAC00, 0xD7FF),
    (0xF900, 0xFAFF),
    (0xFE30, 0xFE4F),
    (0xFF01, 0xFFEE),
    (0x1B000, 0x1B16F),
    (0x20000, 0x3FFFF),
)
_FIRST_CJK = 0x1100


def get_flanking(sign: str, before: str, after: str) -> tuple[bool, bool]:
    """Return whether a run between these two characters can open, and can close, emphasis."""
    space_before, space_after = _is_space(before), _is_space(after)
    stop_before, stop_after = _is_punctuation(before), _is_punctuation(after)
    cjk_before, cjk_after = _is_cjk(before), _is_cjk(after)
    other_before, other_after = stop_before and not cjk_before, stop_after and not cjk_after
    left = not space_after and (not other_after or space_before or other_before or cjk_before)
    right = not space_before and (not other_before or space_after or other_after or cjk_after)
    if sign == "_":
        return left and (not right or stop_before), right and (not left or stop_after)
    return left, right


def _is_space(character: str) -> bool:
    return character in _SPACES or unicodedata.category(character) == "Zs"


def _is_punctuation(character: str) -> bool:
    if character < "\x80":
        return character in _ASCII_PUNCTUATION
    return unicodedata.category(character)[0] in "PS"


def _is_cjk(character: str) -> bool:
    code = ord(character)
    return code >= _FIRST_CJK and any(low <= code <= high for low, high in _CJK)


def process_emphasis(runs: list[InlineNode], bottom: int) -> None:
    """Make elements of the runs above `bottom` of the stack; the rest of them is text."""
    lowest: dict[tuple[str, bool, int], int] = {}  # below this there is no opener for such
    index = bottom
    while index < len(runs):
        closer = runs[index]
        run = closer.run
        if run is None or not run.can_close or not run.length:
            index += 1
            continue
        kind = (run.delimiter, run.can_open, run.original_length % 3)
        opening = _opener(runs, index, max(bottom, lowest.get(kind, bottom)))
        if opening < 0:
            lowest[kind] = index
            index += 1
            continue
        _wrap(runs[opening], closer)
        del runs[opening + 1 : index]
        index = opening + 1
        if not _length(runs[opening]):
            del runs[opening]
            index -= 1
        if not run.length:
            del runs[index]
    del runs[bottom:]


def _opener(runs: Sequence[InlineNode], index: int, lowest: int) -> int:
    closer = runs[index].run
    for at in range(index - 1, lowest - 1, -1):
        opener = runs[at].run
        if opener is not None and closer is not None and opener.matches_closer(closer):
            return at
    return -1


def _wrap(opener: InlineNode, closer: InlineNode) -> None:
    """Put what stands between two runs into an element, and shorten the runs."""
    first, last = opener.run, closer.run
    if first is None or last is None:
        return
    used = 2 if first.length >= 2 and last.length >= 2 else 1  # noqa: PLR2004
    if first.delimiter == "~":
        used = first.length
    tag = "del" if first.delimiter == "~" else "strong" if used == 2 else "em"  # noqa: PLR2004
    element = Element(tag)
    inner = opener.next if opener.next is not closer else None
    if inner is not None and closer.previous is not None:
        closer.previous.next = None
        append_nodes(element, inner)
    node = InlineNode(element=element, previous=opener, next=closer)
    opener.next, closer.previous = node, node
    for each, run in ((opener, first), (closer, last)):
        run.length -= used
        each.text = each.text[used:]


def _length(node: InlineNode) -> int:
    return node.run.length if node.run else 0
