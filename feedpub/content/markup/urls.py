"""Turn URLs as people wrote them into absolute URIs (RFC 3986), or into references that are
resolved later, and judge whether a finished URL may be written at all.
"""

import re
from html import escape, unescape
from urllib.parse import quote, unquote

from feedpub.models.text import strip_invalid_characters

ALLOWED_SCHEMES = frozenset(
    ("http", "https", "ftp", "mailto", "tel", "sms", "geo", "xmpp", "magnet", "data")
)
"""Schemes the sanitiser lets through; `data:` is refused here but for pictures."""

_SAFE = "%/:?@!$&'()*+,;=~-._"
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_HTTP = ("http://", "https://")
_SPACE_AROUND = "".join(map(chr, range(33)))
_INSIDE = re.compile(r"[\t\n\r]")
_ENCODED = re.compile(
    r"https?://[A-Za-z0-9.-]+(?::\d+)?(?:[/?](?:[\w.~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*+)?"
    r"(?:\#(?:[\w.~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*+)?",
    re.ASCII,
)
_PLAIN = re.compile(r"(?!//)(?=.)[\w./?=-]*(?:#[\w./?=-]*)?", re.ASCII)
_WEB = re.compile(r"(https?|ftp):[/\\]*([^/\\?#]*)([^?#]*)([^#]*)(.*)", re.IGNORECASE | re.DOTALL)
_HOST = re.compile(r"[A-Za-z0-9._~-]+(?::\d*)?|\[[0-9A-Fa-f:.]+\](?::\d*)?")
_LONE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PICTURE = re.compile(r"data:image/(?:png|jpe?g|gif|webp|avif)[;,][\w+/=%;,.:-]*", re.IGNORECASE)
_ENCODED_TEXT = re.compile(r"(?:%[89A-Fa-f][0-9A-Fa-f])+")
# What CommonMark encodes in a destination and an author or a generator means as it stands.
_ENCODED_MARK = re.compile(r"%(7[BCDbcd]|5[B-Eb-e]|60)")
_CANDIDATE = re.compile(r"[\s,]*([^\s,]\S*)")
_UP_TO_COMMA = re.compile(r"(?:[^,(]|\([^)]*\)?)++")
_DESCRIPTOR = re.compile(r"\d++w|\d++(?:\.\d++)?x|\.\d++x")


def normalize_url(value: str, *, picture: bool = False) -> tuple[str, str]:
    """Turn an attribute's escaped URL into (escaped value, target).

    An absolute URL comes back percent-encoded, with an empty target; `//host` becomes https. A
    relative one comes back as its target: the text as it was meant, with letters of any script
    unencoded and spaces as %20. ("", "") says that the URL is refused:
    it is empty, its scheme runs something, or its host cannot be one. `picture` allows
    `data:` images.
    """
    if _ENCODED.fullmatch(value):
        return value, ""
    if _PLAIN.fullmatch(value):
        return value, value
    url = strip_invalid_characters(_INSIDE.sub("", unescape(value).strip(_SPACE_AROUND)))
    if not url:
        return "", ""
    if url.startswith(("//", "\\\\")):
        url = "https:" + url
    found = _SCHEME.match(url)
    if found:
        return escape(_absolute(url, found[1].lower(), picture=picture)), ""
    target = normalize_relative_url(url)
    return escape(target), target


def is_relative(url: str) -> bool:
    """Return whether a URL has no scheme of its own."""
    return _scheme(url) == ""


def is_safe(url: str, *, picture: bool = False) -> bool:
    """Return whether a URL, read as browsers read it, is relative or has an allowed scheme.

    Ask this of a URL just before it is written, when nothing will change it any more.
    """
    scheme = _scheme(url)
    if scheme == "data":
        return picture and _is_picture(url)
    return not scheme or scheme in ALLOWED_SCHEMES


def normalize_relative_url(url: str) -> str:
    """Give the target of a relative URL: what was meant, free of spaces and of a second "#"."""
    readable = _ENCODED_MARK.sub(lambda match: chr(int(match[1], 16)), url)
    readable = _ENCODED_TEXT.sub(_decoded, readable)
    before, mark, fragment = readable.partition("#")
    return strip_invalid_characters(before + mark + fragment.replace("#", "%23")).replace(
        " ", "%20"
    )


def normalize_srcset(value: str) -> str:
    """Settle every candidate of an escaped `srcset` (HTML, section 4.8.4.2.1)."""
    kept: list[str] = []
    text = unescape(value)
    found = _CANDIDATE.match(text)
    while found:
        url, at = found[1], found.end()
        descriptor = _UP_TO_COMMA.match(text, at)
        if url.endswith(",") or not descriptor:
            url, descriptor = url.rstrip(","), None
        settled, _ = normalize_url(escape(url))
        if settled:
            size = descriptor[0].strip() if descriptor else ""
            kept.append(f"{settled} {size}" if _DESCRIPTOR.fullmatch(size) else settled)
        found = _CANDIDATE.match(text, descriptor.end() if descriptor else at)
    return ", ".join(kept)


def _absolute(url: str, scheme: str, *, picture: bool) -> str:
    """Percent-encode an absolute URL; "" where it is refused."""
    if scheme == "data":
        return url if picture and _is_picture(url) else ""
    if scheme not in ALLOWED_SCHEMES:
        return ""
    match = _WEB.match(url)
    if not match:
        return _encoded(url)
    _, authority, path, query, fragment = match.groups()
    host = _authority(authority)
    if not host:
        return ""
    rest = _encoded(path.replace("\\", "/")) + _encoded(query)
    if fragment:
        rest += "#" + _encoded(fragment[1:]).replace("#", "%23")
    return f"{scheme}://{host}{rest}"


def _scheme(url: str) -> str:
    """Return the scheme that a browser would read, in lower case; "" where there is none."""
    if url.startswith(_HTTP):
        return "https"
    found = _SCHEME.match(_INSIDE.sub("", url.lstrip(_SPACE_AROUND)))
    return found[1].lower() if found else ""


def _is_picture(url: str) -> bool:
    return _PICTURE.fullmatch(url) is not None


def _authority(text: str) -> str:
    """Give the authority with its host in ASCII (RFC 3490); "" where it cannot be one."""
    user, at, host = text.rpartition("@")
    if "%" in host:
        host = unquote(host)
    if not host.isascii():
        name, colon, port = host.partition(":")
        try:
            host = name.encode("idna").decode("ascii") + colon + port
        except UnicodeError:
            return ""
    return _encoded(user) + at + host if _HOST.fullmatch(host) else ""


def _encoded(text: str) -> str:
    """Percent-encode what a URI cannot hold, and leave what is encoded already."""
    return quote(_LONE_PERCENT.sub("%25", text), safe=_SAFE + "#", errors="replace")


def _decoded(match: re.Match[str]) -> str:
    try:
        letters = bytes.fromhex(match[0].replace("%", "")).decode("utf-8")
    except UnicodeDecodeError:
        return match[0]
    return letters if strip_invalid_characters(letters) == letters else match[0]
