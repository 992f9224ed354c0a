"""Text as people wrote it → text that every format and every reader can carry.

Text becomes URL segments and file names that every disk and browser can hold.

Times shown in a time zone, the first and the last day of all calendars among them.
"""

import difflib
import hashlib
import html as entities
import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import datetime, tzinfo
from unicodedata import category
from urllib.parse import quote as percent_encode

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


UNTITLED = "untitled"
MAX_SLUG_BYTES = 200  # octets of UTF-8: disks allow 255, a suffix and ".xml" must fit too

_SPELLED = str.maketrans({"+": "plus", "＋": "plus", "#": "sharp", "＃": "sharp", "♯": "sharp"})
_APART = re.compile(r"[^a-z0-9_]+")
_UNRESERVED = re.compile(r"[A-Za-z0-9._~/-]*")  # most paths: there is nothing to encode
_DASHES = re.compile(r"-{2,}")
# Windows keeps these names for devices, whatever folder and suffix they stand in.
_DEVICE = re.compile(r"(?:con|prn|aux|nul|(?:com|lpt)[0-9¹²³])", re.IGNORECASE)
_SILENT = frozenset("'’ʼ`´\N{SOFT HYPHEN}")
_ZWNJ = "\N{ZERO WIDTH NON-JOINER}"


def slugify(text: str) -> str:
    """Make one URL segment of `text`, in NFC and lower case; letters of every script stay.

    The segment is never empty, never "." or "..", holds no "/" and is no device of Windows.
    """
    lowered = unicodedata.normalize("NFC", text).translate(_SPELLED).lower()
    if lowered.isascii():
        apart = _APART.sub("-", lowered.replace("'", "").replace("`", ""))
    else:
        # Lower case may have taken a letter apart: "İ" becomes "i" and a dot.
        apart = unicodedata.normalize("NFC", _keep_letters(lowered))
    slug = _cut(_DASHES.sub("-", apart).strip("-_"))
    if not slug:
        return _digest_slug(text)
    return f"x-{slug}" if _DEVICE.fullmatch(slug) else slug


def make_unique_slug(slug: str, taken: set[str]) -> str:
    """Give `slug`, or the first of slug-2, slug-3, … whose `fold` is free; it is then `taken`."""
    numbered = (f"{slug}-{number}" for number in itertools.count(2))
    free = next(each for each in itertools.chain((slug,), numbered) if fold_case(each) not in taken)
    taken.add(fold_case(free))
    return free


def fold_case(path: str) -> str:
    """Give the form in which a disk that ignores letter case and Unicode form sees `path`."""
    if path.isascii():
        return path.lower()
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", path).casefold())


def quote(path: str) -> str:
    """Percent-encode `path`, in NFC, as the path of a URL (RFC 3986 section 3.3)."""
    if _UNRESERVED.fullmatch(path):
        return path
    whole = unicodedata.normalize("NFC", path)
    return percent_encode(whole, safe="/~!$&'()*+,;=:@-._", errors="replace")


def _keep_letters(text: str) -> str:
    """Put "-" for all that is neither letter, digit, nor a mark on one of them."""
    kept: list[str] = []
    for character in text:
        if character.isalnum() or character == "_":
            kept.append(character)
            continue
        category = unicodedata.category(character)
        if category in {"Mn", "Mc"}:
            # A mark stays on its letter; alone, or choosing an emoji's style, it is invisible.
            if kept and kept[-1] != "-" and not _is_variation(character):
                kept.append(character)
        elif character == _ZWNJ or (category != "Cf" and character not in _SILENT):
            kept.append("-")
    return "".join(kept)


def _is_variation(mark: str) -> bool:
    return "\ufe00" <= mark <= "\ufe0f" or "\U000e0100" <= mark <= "\U000e01ef"


def _cut(slug: str) -> str:
    """Shorten `slug` to what a file name can hold."""
    if len(slug.encode()) <= MAX_SLUG_BYTES:
        return slug
    return slug.encode()[:MAX_SLUG_BYTES].decode(errors="ignore").rstrip("-_")


def _digest_slug(text: str) -> str:
    """Name what has no letter: by its digest, so that two emoji get two names."""
    bare = text.strip()
    if not bare:
        return UNTITLED
    return "x-" + hashlib.sha256(bare.encode(errors="replace")).hexdigest()[:8]


def to_timezone(moment: datetime, zone: tzinfo) -> datetime:
    """Return a moment as clocks of a zone show it; where they have no year for it, as it is."""
    try:
        return moment.astimezone(zone)
    except OverflowError:
        return moment
