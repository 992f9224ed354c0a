"""Rows of cells → a table in columns, or where that is too wide, one entry after another.

Text → lines of so many columns, in which a Chinese character takes two.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence

from feedpub.delivery.merge_tags import TAG_END, TAG_START

LINE_WIDTH = 72
"""What every mail program shows without a second line, quoted once or twice as well."""

_INVISIBLE = frozenset(("Mn", "Me", "Cf"))
_MERGE_TAG = re.compile(f"{TAG_START}[^{TAG_START}{TAG_END}]*{TAG_END}")
_MERGE_TAG_WIDTH = (
    24  # columns of a reader's own value, which nobody knows yet: an address has as many
)
_WORD = re.compile(f"(?:{_MERGE_TAG.pattern}|[^ \t\n])+")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?://|[^ ]+@)")
# Wide, and in words: Hangul, and what is around a mark.
_IN_WORDS = re.compile(f"[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af{TAG_START}{TAG_END}]")
_CLOSING = frozenset(
    "、。，．：；？！）」』】〕〉》〗〙”’…—・ー々ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ%℃"
)
_OPENING = frozenset("（「『【〔〈《〖〘“‘")
_JOINER = "\u200d"


def measure_width(text: str) -> int:
    """Give how many columns a text takes where letters are of one width."""
    if text.isascii():
        return len(text)
    return sum(_width(each) for each in _MERGE_TAG.sub("x" * _MERGE_TAG_WIDTH, text))


def wrap_text(text: str, columns: int = LINE_WIDTH) -> list[str]:
    """Divide text into lines of at most so many columns; white space is folded.

    It is divided at spaces, and between the characters of scripts that have none, but not so that
    a line begins with a closing mark or ends with an opening one. Only an address is too long for
    a line; any other long word is cut, but not within the mark of a reader's own value.
    """
    lines = [""]
    filled = 0
    for word in _WORD.findall(text):
        gap = 1 if filled else 0
        for atom in _split_unbreakable(word, columns):
            taken = measure_width(atom)
            if filled and filled + gap + taken > columns:
                lines.append("")
                filled = gap = 0
            lines[-1] += " " * gap + atom
            filled += gap + taken
            gap = 0
    return lines if lines != [""] else []


def draw_rule(text: str, sign: str = "=", columns: int = LINE_WIDTH) -> str:
    """Give a line of `sign` as long as the longest line of `text`."""
    longest = max((measure_width(line) for line in text.split("\n")), default=0)
    return sign * max(1, min(longest, columns))


def _width(character: str) -> int:
    if unicodedata.category(character) in _INVISIBLE:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _is_breakable(character: str) -> bool:
    """Tell whether a line may end before and after a character."""
    return unicodedata.east_asian_width(character) in "WF" and not _IN_WORDS.match(character)


def _split_unbreakable(word: str, columns: int) -> Iterator[str]:
    """Give what of a word must stay on one line, piece by piece."""
    if word.isascii() and len(word) <= columns:
        yield word
        return
    if _URL.match(word):
        yield word
        return
    atom = ""
    for character in word:
        if atom and _may_break(atom, character, columns):
            yield atom
            atom = ""
        atom += character
    yield atom


def _may_break(atom: str, character: str, columns: int) -> bool:
    """Tell whether a line may end between what was read of a word and its next character."""
    before = atom[-1]
    if atom.rfind(TAG_START) > atom.rfind(TAG_END):
        return False
    if not _width(character) or _JOINER in (before, character):
        return False
    if measure_width(atom) + _width(character) > columns:
        return True
    if character in _CLOSING or before in _OPENING:
        return False
    return (
        _is_breakable(before)
        or _is_breakable(character)
        or (before in _CLOSING and character in _OPENING)
    )


_GAP = "  "

Block = list[str]


def render_table(rows: Sequence[Sequence[str]], columns: int, *, headed: bool) -> list[Block]:
    """Give a table as blocks of lines; `headed` says that its first row names the columns."""
    if not rows:
        return []
    count = max(len(row) for row in rows)
    whole = [[*row, *[""] * (count - len(row))] for row in rows]
    widths = [max(measure_width(row[at]) for row in whole) for at in range(count)]
    if sum(widths) + len(_GAP) * (count - 1) <= columns:
        return [list(_aligned(whole, widths, headed=headed))]
    return list(_listed(whole, columns, headed=headed))


def _aligned(
    rows: Sequence[Sequence[str]], widths: Sequence[int], *, headed: bool
) -> Iterator[str]:
    """Write each row on a line."""
    for number, row in enumerate(rows):
        cells = [
            cell + " " * (wide - measure_width(cell))
            for cell, wide in zip(row, widths, strict=True)
        ]
        yield _GAP.join(cells).rstrip()
        if headed and number == 0:
            yield _GAP.join("-" * wide for wide in widths)


def _listed(rows: Sequence[Sequence[str]], columns: int, *, headed: bool) -> Iterator[Block]:
    """Write each row as a block, every cell on a line of its own behind its column's name."""
    names = [f"{name}: " if name else "" for name in rows[0]] if headed else [""] * len(rows[0])
    for row in rows[1:] if headed else rows:
        yield [
            line
            for name, cell in zip(names, row, strict=True)
            if cell
            for line in wrap_text(name + cell, columns)
        ]
