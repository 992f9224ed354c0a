"""Wrap plain text by display width, and lay out tables in columns or as lists.

Wide characters, such as Chinese ones, take two columns (Unicode Standard Annex #11).
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence

from feedpub.delivery.merge_tags import TAG_END, TAG_START

LINE_WIDTH = 72
"""Columns that mail clients show without wrapping, even when the text is quoted once or twice."""

_INVISIBLE = frozenset(("Mn", "Me", "Cf"))
_MERGE_TAG = re.compile(f"{TAG_START}[^{TAG_START}{TAG_END}]*{TAG_END}")
_MERGE_TAG_WIDTH = 24  # assumed columns of a merge tag's value: about as long as an address
_WORD = re.compile(f"(?:{_MERGE_TAG.pattern}|[^ \t\n])+")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?://|[^ ]+@)")
# Wide, but not breakable: Hangul, which separates words, and merge tag delimiters.
_IN_WORDS = re.compile(f"[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af{TAG_START}{TAG_END}]")
_CLOSING = frozenset(
    "、。，．：；？！）」』】〕〉》〗〙”’…—・ー々ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ%℃"
)
_OPENING = frozenset("（「『【〔〈《〖〘“‘")
_JOINER = "\u200d"


def measure_width(text: str) -> int:
    """Return the columns a text takes in a monospaced font."""
    if text.isascii():
        return len(text)
    return sum(_width(each) for each in _MERGE_TAG.sub("x" * _MERGE_TAG_WIDTH, text))


def wrap_text(text: str, columns: int = LINE_WIDTH) -> list[str]:
    """Wrap text into lines of at most `columns` columns, collapsing white space.

    Lines break at spaces and between characters of scripts without spaces, but never before closing
    or after opening punctuation. Other long words are cut, except URLs, which may exceed the line,
    and merge tags, which stay whole.
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
    """Return a line of `sign` as wide as the longest line of `text`."""
    longest = max((measure_width(line) for line in text.split("\n")), default=0)
    return sign * max(1, min(longest, columns))


def _width(character: str) -> int:
    if unicodedata.category(character) in _INVISIBLE:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _is_breakable(character: str) -> bool:
    """Return whether a line may break before and after a character."""
    return unicodedata.east_asian_width(character) in "WF" and not _IN_WORDS.match(character)


def _split_unbreakable(word: str, columns: int) -> Iterator[str]:
    """Yield the parts of a word that must each stay on one line."""
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
    """Return whether a line may break between the part read so far and the next character."""
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
    """Render a table as blocks of lines; with `headed`, the first row holds the column names.

    A table too wide for `columns` becomes one block per row.
    """
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
    """Yield each row as one line."""
    for number, row in enumerate(rows):
        cells = [
            cell + " " * (wide - measure_width(cell))
            for cell, wide in zip(row, widths, strict=True)
        ]
        yield _GAP.join(cells).rstrip()
        if headed and number == 0:
            yield _GAP.join("-" * wide for wide in widths)


def _listed(rows: Sequence[Sequence[str]], columns: int, *, headed: bool) -> Iterator[Block]:
    """Yield each row as a block, with every cell on its own line after its column name."""
    names = [f"{name}: " if name else "" for name in rows[0]] if headed else [""] * len(rows[0])
    for row in rows[1:] if headed else rows:
        yield [
            line
            for name, cell in zip(names, row, strict=True)
            if cell
            for line in wrap_text(name + cell, columns)
        ]
