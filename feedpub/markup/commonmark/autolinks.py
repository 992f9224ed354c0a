"""Find URLs and e-mail addresses that stand in a text without brackets (GitHub Flavored Markdown,
section 6.9), up to punctuation that belongs to the sentence, Chinese punctuation too.
"""

import re
from dataclasses import dataclass
from html import unescape

_BARE_URL = re.compile(r"(?:(?:https?|ftp)://|www\.)[^\s<>\x02\x03\"`]{1,2000}+", re.IGNORECASE)
_HOST = re.compile(r"(?:[A-Za-z]+://(?:[^\s/?#@]{1,200}@)?|www\.)\w[\w-]*(?:\.\w[\w-]*)+")
_TRAILING = "?!.,:;*_~'\""
_TRAILING_ENTITY = re.compile(r"&[A-Za-z0-9]{1,31};$")
_CJK_STOP = re.compile(r"[\u3000-\u303f\uff00-\uffef\u2018-\u201f\u2026]")
_LOCAL_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$")
_TOP_LEVEL = re.compile(r"\.[A-Za-z][A-Za-z0-9-]*$")
_DOMAIN = re.compile(r"[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63}){1,8}")


@dataclass(frozen=True, slots=True)
class Autolink:
    """What is shown, where it leads, and how many characters it takes up."""

    text: str
    url: str
    length: int


def find_url(text: str, at: int, *, in_brackets: bool) -> Autolink | int:
    """Read the URL at a place where `https://`, `ftp://` or `www.` stands.

    Return how many characters are text where this is no URL. Within brackets it ends before `]`.
    """
    found = _BARE_URL.match(text, at)
    url = found[0] if found else ""
    if in_brackets:
        url = url.partition("]")[0]
    written = _trimmed(url)
    if not _HOST.match(written):
        return url.find("//") + 2 if "//" in url else len("www.")
    shown = unescape(written)
    return Autolink(shown, shown if "://" in written else f"http://{shown}", len(written))


def find_domain(text: str, at: int) -> str:
    """Return the domain that stands behind the `@` of a mail address, or ""."""
    found = _DOMAIN.match(text, at)
    name = found[0].rstrip("-_") if found else ""
    return name if found and name == found[0] and _TOP_LEVEL.search(name) else ""


def find_local_part(text: str) -> str:
    """Return what may stand before the `@` of a mail address at the end of a text, or ""."""
    found = _LOCAL_PART.search(text)
    return found[0] if found else ""


def _trimmed(url: str) -> str:
    """Take off what belongs to the sentence and not to the URL (GFM section 6.9)."""
    stop = _CJK_STOP.search(url)
    url = url[: stop.start()] if stop else url
    closing = url.count(")") - url.count("(")
    while url:
        if url[-1] == ";":
            entity = _TRAILING_ENTITY.search(url)
            url = url[: entity.start()] if entity else url[:-1]
        elif url[-1] in _TRAILING:
            url = url[:-1]
        elif url[-1] == ")" and closing > 0:
            url, closing = url[:-1], closing - 1
        else:
            break
    return url
