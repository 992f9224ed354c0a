"""Text helpers: clean, shorten and measure plain text, make slugs, and find similar words.

Cleaned text can be carried by every feed format; slugs are valid as URL segments and as file
names on every common file system.
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
# A pre-check, four times as fast as _INVALID on clean text: it has no single characters beyond the
# first plane, which the regular expression engine would compare one by one.
_SUSPECT = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe-\U0010ffff]"
)
_ASCII_DIRT = bytes((*range(9), 11, 12, *range(14, 32), 127))
_LINE_END = re.compile(r"\r\n?")
# Control characters, line ends of every kind, and noncharacters.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufdd0-\ufdef]+")

# Han, Kana, Bopomofo, Yi and their punctuation: reading time counts characters.
_IDEOGRAPHS = (
    "\u2e80-\u2fdf\u3001-\u30ff\u3105-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\ua000-\ua4cf\uf900-\ufaff\uff01-\uff60\U0001b000-\U0001b16f"
    "\U00020000-\U0003fffd"
)
_IDEOGRAPH = re.compile(f"[{_IDEOGRAPHS}]")
# Also the scripts of South-East Asia and Tibet, which do not put spaces between words.
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

_LEADS_ON = "\u200d"  # ZERO WIDTH JOINER: joins the next character to the previous one
_TRAILING = " \t\n,;:-\u2013\u2014(\u201c\u2018\u3001\uff0c\uff1b\uff1a\uff08\u300c\u300a"


def strip_invalid_characters(text: str) -> str:
    """Remove characters that no feed can carry, and normalise line endings to line feeds.

    Removed are control characters except tab and line feed, lone surrogates and noncharacters
    (XML 1.0 section 2.2; the Unicode Standard, section 23.7).
    """
    if "\r" in text:
        text = _LINE_END.sub("\n", text)
    if text.isascii():
        return text.encode("ascii").translate(None, _ASCII_DIRT).decode("ascii")
    return _INVALID.sub("", text) if _SUSPECT.search(text) else text


def find_invalid_characters(text: str) -> Iterator[tuple[int, str]]:
    """Yield the line (1-based) and name (`U+0008`) of each invalid character.

    These are the characters that `strip_invalid_characters` removes.
    """
    lined = _LINE_END.sub("\n", text)
    line, seen = 1, 0
    for match in _INVALID.finditer(lined):
        line += lined.count("\n", seen, match.start())
        seen = match.start()
        yield line, f"U+{ord(match[0]):04X}"


def one_line(text: str) -> str:
    """Return text on one line; each run of control characters and line ends becomes a space."""
    return _UNSEEN.sub(" ", text).strip()


def shorten(text: str, limit: int = 280) -> str:
    """Shorten plain text to at most `limit` characters, including the final "…".

    White space is collapsed. The cut is made between words, or between characters in scripts
    without spaces, and never within a letter with combining marks or an emoji sequence.
    """
    folded = " ".join(text.split())
    if len(folded) <= limit:
        return folded
    cut = max(limit - 1, 0)
    floor = cut // 2  # cut a word rather than drop more than half of the text
    while cut > floor and not _divides(folded, cut):
        cut -= 1
    if cut == floor and not (cut and _divides(folded, cut)):
        cut = max(limit - 1, 0)
        while cut > 0 and _inside_letter(folded, cut):
            cut -= 1
    return (folded[:cut].rstrip(_TRAILING) + "…")[:limit]


def _divides(text: str, at: int) -> bool:
    """Return whether the text may be cut before index `at`."""
    before, after = text[at - 1], text[at]
    if before == " " or after == " ":
        return True
    if _inside_letter(text, at):
        return False
    return bool(_SPACELESS.match(before) or _SPACELESS.match(after))


def _inside_letter(text: str, at: int) -> bool:
    """Return whether a cut at `at` would split a letter with marks, or an emoji sequence."""
    after = text[at]
    return (
        category(after).startswith("M")
        or after == _LEADS_ON
        or text[at - 1] == _LEADS_ON
        or "\U0001f3fb" <= after <= "\U0001f3ff"  # skin tones
        or ("\U0001f1e6" <= after <= "\U0001f1ff" and "\U0001f1e6" <= text[at - 1] <= "\U0001f1ff")
    )


def estimate_reading_time(text: str) -> int:
    """Return the reading time of plain text in whole minutes, at least one."""
    if text.isascii():
        return max(1, round(len(text.split()) / _WORDS_PER_MINUTE))
    rest, characters = _IDEOGRAPH.subn(" ", text) if _IDEOGRAPH.search(text) else (text, 0)
    spent = characters / _CHARACTERS_PER_MINUTE + len(rest.split()) / _WORDS_PER_MINUTE
    return max(1, round(spent))


def extract_text(html: str) -> str:
    """Return the visible text of sanitised HTML, entities resolved and white space collapsed.

    Block elements are separated by a space, so that words do not run together.
    """
    text = _INLINE.sub("", _BLOCK.sub(" ", html))
    return " ".join(entities.unescape(text).split())


def find_close_match(word: str, known: Iterable[str]) -> str:
    """Return the known word that `word` is probably a typo of, or "".

    A short word may differ by one edit (a wrong, extra, missing or swapped letter), a long one by
    two if its first letter matches: `outdated` is not a typo of `updated`.
    """
    folded = word.casefold()
    spellings = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(folded, spellings, n=3, cutoff=0.7)
    return next((spellings[each] for each in near if _is_slip(folded, each)), "")


def _is_slip(word: str, meant: str) -> bool:
    """Return whether `word` is close enough to `meant` to be a typo of it."""
    longest = max(len(word), len(meant))
    allowed = 2 if longest >= _LONG_WORD and word[:1] == meant[:1] else 1
    return abs(len(word) - len(meant)) <= allowed and compute_edit_distance(word, meant) <= allowed


def compute_edit_distance(word: str, meant: str) -> int:
    """Return the number of insertions, deletions, substitutions and swaps between two words.

    This is the optimal string alignment distance.
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
MAX_SLUG_BYTES = 200  # UTF-8; file systems allow 255, and a number and ".xml" must fit too

_SPELLED = str.maketrans({"+": "plus", "＋": "plus", "#": "sharp", "＃": "sharp", "♯": "sharp"})
_APART = re.compile(r"[^a-z0-9_]+")
_UNRESERVED = re.compile(r"[A-Za-z0-9._~/-]*")  # fast path: nothing to encode
_DASHES = re.compile(r"-{2,}")
# Device names that Windows reserves in every folder and with any suffix.
_DEVICE = re.compile(r"(?:con|prn|aux|nul|(?:com|lpt)[0-9¹²³])", re.IGNORECASE)
_SILENT = frozenset("'’ʼ`´\N{SOFT HYPHEN}")
_ZWNJ = "\N{ZERO WIDTH NON-JOINER}"


def slugify(text: str) -> str:
    """Convert `text` to a URL segment in NFC and lower case; letters of every script are kept.

    The result is never empty, "." or "..", contains no "/" and is not a Windows device name.
    """
    lowered = unicodedata.normalize("NFC", text).translate(_SPELLED).lower()
    if lowered.isascii():
        apart = _APART.sub("-", lowered.replace("'", "").replace("`", ""))
    else:
        # Lowercasing may decompose a letter: "İ" becomes "i" and a combining dot.
        apart = unicodedata.normalize("NFC", _keep_letters(lowered))
    slug = _cut(_DASHES.sub("-", apart).strip("-_"))
    if not slug:
        return _digest_slug(text)
    return f"x-{slug}" if _DEVICE.fullmatch(slug) else slug


def make_unique_slug(slug: str, taken: set[str]) -> str:
    """Return the first of slug, slug-2, slug-3, … whose folded form is free; add it to `taken`."""
    numbered = (f"{slug}-{number}" for number in itertools.count(2))
    free = next(each for each in itertools.chain((slug,), numbered) if fold_case(each) not in taken)
    taken.add(fold_case(free))
    return free


def fold_case(path: str) -> str:
    """Return `path` as compared by a file system that ignores case and Unicode normalisation."""
    if path.isascii():
        return path.lower()
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", path).casefold())


def quote(path: str) -> str:
    """Percent-encode `path`, in NFC, for use as a URL path (RFC 3986 section 3.3)."""
    if _UNRESERVED.fullmatch(path):
        return path
    whole = unicodedata.normalize("NFC", path)
    return percent_encode(whole, safe="/~!$&'()*+,;=:@-._", errors="replace")


def _keep_letters(text: str) -> str:
    """Replace everything but letters, digits and the marks on them with "-"."""
    kept: list[str] = []
    for character in text:
        if character.isalnum() or character == "_":
            kept.append(character)
            continue
        category = unicodedata.category(character)
        if category in {"Mn", "Mc"}:
            # Keep a mark on its letter; drop a lone one and an emoji's variation selector.
            if kept and kept[-1] != "-" and not _is_variation(character):
                kept.append(character)
        elif character == _ZWNJ or (category != "Cf" and character not in _SILENT):
            kept.append("-")
    return "".join(kept)


def _is_variation(mark: str) -> bool:
    return "\ufe00" <= mark <= "\ufe0f" or "\U000e0100" <= mark <= "\U000e01ef"


def _cut(slug: str) -> str:
    """Truncate `slug` to MAX_SLUG_BYTES."""
    if len(slug.encode()) <= MAX_SLUG_BYTES:
        return slug
    return slug.encode()[:MAX_SLUG_BYTES].decode(errors="ignore").rstrip("-_")


def _digest_slug(text: str) -> str:
    """Name text without letters by its digest, so that two emoji get different slugs."""
    bare = text.strip()
    if not bare:
        return UNTITLED
    return "x-" + hashlib.sha256(bare.encode(errors="replace")).hexdigest()[:8]


def to_timezone(moment: datetime, zone: tzinfo) -> datetime:
    """Convert a time to a zone; return it unchanged if the result is outside years 1 to 9999."""
    try:
        return moment.astimezone(zone)
    except OverflowError:
        return moment
