"""Text becomes URL segments and file names that every disk and browser can hold."""

import hashlib
import itertools
import re
import unicodedata
from urllib.parse import quote as percent_encode

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
