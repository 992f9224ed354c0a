"""Normalise the URLs in posts, and decide which are safe to publish.

`normalize_url` returns an absolute URI (RFC 3986) or a relative target to be resolved later;
`is_safe` is the final check before a URL is written.
"""

import re
from html import escape, unescape
from urllib.parse import quote, unquote

from feedpub.models.text import strip_invalid_characters

ALLOWED_SCHEMES = frozenset(
    ("http", "https", "ftp", "mailto", "tel", "sms", "geo", "xmpp", "magnet", "data")
)
"""Schemes that may be published; `data:` is refused here except for images."""

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
# Characters that CommonMark encodes in a destination but targets use literally, such as braces.
_ENCODED_MARK = re.compile(r"%(7[BCDbcd]|5[B-Eb-e]|60)")
_CANDIDATE = re.compile(r"[\s,]*([^\s,]\S*)")
_UP_TO_COMMA = re.compile(r"(?:[^,(]|\([^)]*\)?)++")
_DESCRIPTOR = re.compile(r"\d++w|\d++(?:\.\d++)?x|\.\d++x")


def normalize_url(value: str, *, picture: bool = False) -> tuple[str, str]:
    """Return (escaped value, target) for the escaped URL of an attribute.

    An absolute URL is percent-encoded and its target is empty; `//host` becomes https. The target
    of a relative URL is its readable form, with letters of any script decoded and spaces as %20.
    ("", "") means that the URL is refused: it is empty, its scheme is not allowed, or its host is
    invalid. `picture` allows `data:` images.
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
    """Return whether a URL has no scheme."""
    return _scheme(url) == ""


def is_safe(url: str, *, picture: bool = False) -> bool:
    """Return whether a URL, parsed as browsers do, is relative or has an allowed scheme.

    Call it just before the URL is written, after the last change to it.
    """
    scheme = _scheme(url)
    if scheme == "data":
        return picture and _is_picture(url)
    return not scheme or scheme in ALLOWED_SCHEMES


def normalize_relative_url(url: str) -> str:
    """Return a relative URL in readable form, with spaces and a second "#" encoded."""
    readable = _ENCODED_MARK.sub(lambda match: chr(int(match[1], 16)), url)
    readable = _ENCODED_TEXT.sub(_decoded, readable)
    before, mark, fragment = readable.partition("#")
    return strip_invalid_characters(before + mark + fragment.replace("#", "%23")).replace(
        " ", "%20"
    )


def normalize_srcset(value: str) -> str:
    """Normalise every candidate of an escaped `srcset` (HTML, section 4.8.4.2.1)."""
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
    """Percent-encode an absolute URL; "" if it is refused."""
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
    """Return the scheme that a browser would see, in lower case, or ""."""
    if url.startswith(_HTTP):
        return "https"
    found = _SCHEME.match(_INSIDE.sub("", url.lstrip(_SPACE_AROUND)))
    return found[1].lower() if found else ""


def _is_picture(url: str) -> bool:
    return _PICTURE.fullmatch(url) is not None


def _authority(text: str) -> str:
    """Return the authority with its host in ASCII (IDNA, RFC 3490), or "" if invalid."""
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
    """Percent-encode characters not allowed in a URI; keep existing escapes."""
    return quote(_LONE_PERCENT.sub("%25", text), safe=_SAFE + "#", errors="replace")


def _decoded(match: re.Match[str]) -> str:
    try:
        letters = bytes.fromhex(match[0].replace("%", "")).decode("utf-8")
    except UnicodeDecodeError:
        return match[0]
    return letters if strip_invalid_characters(letters) == letters else match[0]
