"""Text as people wrote it → text that every format and every reader can carry."""

import difflib
import html as entities
import re
from collections.abc import Iterable, Iterator
from unicodedata import category

_LONG_WORD = 10  # letters
_WORDS_PER_MINUTE = 230
_CHARACTERS_PER_MINUTE = 400  # of scripts that write a word in one or two characters

# Noncharacters end every plane: U+FFFE, U+FFFF, U+1FFFE, ... U+10FFFF.
_PLANE_ENDS = "".join(chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
_INVALID = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef" + _PLANE_ENDS + "]"
)
# Found four times as fast as the dirt itself, in text that has none: no single characters beyond
# the first plane, which the regular expression would compare one by one.
_SUSPECT = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe-\U0010ffff]"
)
_ASCII_DIRT = bytes((*range(9), 11, 12, *range(14, 32), 127))
_LINE_END = re.compile(r"\r\n?")
# Control characters, line ends of every kind, and noncharacters.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufdd0-\ufdef]+")

# Han, Kana, Bopomofo, Yi and their punctuation: read character by character.
_IDEOGRAPHS = (
    "\u2e80-\u2fdf\u3001-\u30ff\u3105-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\ua000-\ua4cf\uf900-\ufaff\uff01-\uff60\U0001b000-\U0001b16f"
    "\U00020000-\U0003fffd"
)
_IDEOGRAPH = re.compile(f"[{_IDEOGRAPHS}]")
# With them the scripts of South-East Asia and Tibet, whose words are not divided by spaces.
_SPACELESS = re.compile(
    f"[{_IDEOGRAPHS}\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u1950-\u19df\u1a20-\u1aaf]"
)

_ATTRIBUTES = r"(?:\s(?:\"[^\"]*\"|'[^']*'|[^\"'<>])*+|/)?>"
_BLOCK = re.compile(
    r"</?(?:address|article|aside|audio|blockquote|br|caption|dd|details|div|dl|dt|figcaption|"
    r"figure|footer|h[1-6]|header|hr|li|main|nav|ol|option|p|pre|section|summary|table|tbody|td|"
    r"tfoot|th|thead|tr|ul|video)" + _ATTRIBUTES,
    re.IGNORECASE,
)
_INLINE = re.compile(
    r"<(?:/?[A-Za-z][^\s<>/\"']*" + _ATTRIBUTES + "|!--(?:(?!-->|<!--).)*+-->)", re.DOTALL
)

_LEADS_ON = "\u200d"  # ZERO WIDTH JOINER: what follows belongs to what is before
_TRAILING = " \t\n,;:-\u2013\u2014(\u201c\u2018\u3001\uff0c\uff1b\uff1a\uff08\u300c\u300a"


def strip_invalid_characters(text: str) -> str:
    """Remove what no feed can carry, and end every line with a line feed.

    Gone are control characters but for tab and line feed, lone surrogates and noncharacters
    (XML 1.0 section 2.2; the Unicode Standard, section 23.7).
    """
    if "\r" in text:
        text = _LINE_END.sub("\n", text)
    if text.isascii():
        return text.encode("ascii").translate(None, _ASCII_DIRT).decode("ascii")
    return _INVALID.sub("", text) if _SUSPECT.search(text) else text


def find_invalid_characters(text: str) -> Iterator[tuple[int, str]]:
    """Give the line (1-based) and name (`U+0008`) of each character that `clean` removes."""
    lined = _LINE_END.sub("\n", text)
    line, seen = 1, 0
    for match in _INVALID.finditer(lined):
        line += lined.count("\n", seen, match.start())
        seen = match.start()
        yield line, f"U+{ord(match[0]):04X}"


def one_line(text: str) -> str:
    """Give a text without control characters and line ends; each run of them becomes a space."""
    return _UNSEEN.sub(" ", text).strip()


def shorten(text: str, limit: int = 280) -> str:
    """Cut plain text to at most `limit` characters, the "…" that then ends it among them.

    It is cut between words, or between characters where the script has no spaces; a letter is
    never parted from its accents. White space is folded.
    """
    folded = " ".join(text.split())
    if len(folded) <= limit:
        return folded
    cut = max(limit - 1, 0)
    floor = cut // 2  # a word longer than half of it all is cut rather than left out
    while cut > floor and not _divides(folded, cut):
        cut -= 1
    if cut == floor and not (cut and _divides(folded, cut)):
        cut = max(limit - 1, 0)
        while cut > 0 and _inside_letter(folded, cut):
            cut -= 1
    return (folded[:cut].rstrip(_TRAILING) + "…")[:limit]


def _divides(text: str, at: int) -> bool:
    """Tell whether a text may be cut before its character number `at`."""
    before, after = text[at - 1], text[at]
    if before == " " or after == " ":
        return True
    if _inside_letter(text, at):
        return False
    return bool(_SPACELESS.match(before) or _SPACELESS.match(after))


def _inside_letter(text: str, at: int) -> bool:
    """Tell whether what people see as one letter, or one emoji, reaches across `at`."""
    after = text[at]
    return (
        category(after).startswith("M")
        or after == _LEADS_ON
        or text[at - 1] == _LEADS_ON
        or "\U0001f3fb" <= after <= "\U0001f3ff"  # skin tones
        or ("\U0001f1e6" <= after <= "\U0001f1ff" and "\U0001f1e6" <= text[at - 1] <= "\U0001f1ff")
    )


def estimate_reading_time(text: str) -> int:
    """Give the time to read a plain text, in whole minutes, at least one."""
    if text.isascii():
        return max(1, round(len(text.split()) / _WORDS_PER_MINUTE))
    rest, characters = _IDEOGRAPH.subn(" ", text) if _IDEOGRAPH.search(text) else (text, 0)
    spent = characters / _CHARACTERS_PER_MINUTE + len(rest.split()) / _WORDS_PER_MINUTE
    return max(1, round(spent))


def extract_text(html: str) -> str:
    """Give the visible text of sanitised HTML: entities resolved, white space folded.

    Blocks are parted by a space, so that no two words become one.
    """
    text = _INLINE.sub("", _BLOCK.sub(" ", html))
    return " ".join(entities.unescape(text).split())


def find_close_match(word: str, known: Iterable[str]) -> str:
    """Give the known word that was probably meant, or "" where none is a slip away.

    `outdated` is no slip of `updated`: in a short word one letter may be wrong, too many, too few
    or in its neighbour's place, in a long one two, after the first.
    """
    folded = word.casefold()
    spellings = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(folded, spellings, n=3, cutoff=0.7)
    return next((spellings[each] for each in near if _is_slip(folded, each)), "")


def _is_slip(word: str, meant: str) -> bool:
    """Tell whether a word is so little different from another that it was meant to be that."""
    longest = max(len(word), len(meant))
    allowed = 2 if longest >= _LONG_WORD and word[:1] == meant[:1] else 1
    return abs(len(word) - len(meant)) <= allowed and compute_edit_distance(word, meant) <= allowed


def compute_edit_distance(word: str, meant: str) -> int:
    """Count the letters to add, take away, replace or swap to turn a word into another.

    That is the optimal string alignment distance.
    """
    before: list[int] = []
    above = list(range(len(meant) + 1))
    for row, letter in enumerate(word, 1):
        line = [row]
        for column, other in enumerate(meant, 1):
            cost = above[column - 1] + (letter != other)
            least = min(cost, above[column] + 1, line[column - 1] + 1)
            if row > 1 and column > 1 and letter == meant[column - 2] and word[row - 2] == other:
                least = min(least, before[column - 2] + 1)
            line.append(least)
        before, above = above, line
    return above[-1]
