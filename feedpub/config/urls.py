"""Validate URLs and hosts, and normalise them (RFC 3986) so that equal ones compare equal."""

import re
import unicodedata
from urllib.parse import SplitResult, quote, urlsplit

_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_ADDRESS = re.compile(r"\[[0-9a-f:.]+\]")  # IPv6
_AUTHORITY = re.compile(
    r"(?:[A-Za-z0-9._-]+@)?[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
    r"(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*"
)
_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_ENCODED = re.compile(r"%[0-9A-Fa-f]{2}")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_PATH = "/%~!$&'()*+,;=:@-._{}"  # braces delimit permalink placeholders
_HOST_LENGTH = 253


def is_absolute_url(text: str) -> bool:
    """Return whether the text begins with a scheme and `://`."""
    return bool(_ABSOLUTE.match(text))


def normalize_url(text: str) -> str:
    """Return an absolute http or https URL in normal form.

    The host is lower-case ASCII (Punycode, RFC 3492), a default port is dropped, other characters
    are percent-encoded, and an empty path becomes "/".

    Raises:
        ValueError: not such a URL.
    """
    parts = _split(text)
    path = _encode(unicodedata.normalize("NFC", parts.path)) or "/"
    if ".." in path.split("/"):
        raise ValueError('must not have ".." in its path')
    query = f"?{_encode(parts.query, more='?')}" if parts.query else ""
    fragment = f"#{_encode(parts.fragment, more='?')}" if parts.fragment else ""
    return f"{parts.scheme}://{_network(parts)}{path}{query}{fragment}"


def normalize_site_url(text: str) -> str:
    """Return the site's base URL, ending in "/"; every path of the site is appended to it.

    Raises:
        ValueError: not an absolute http or https URL, or one with a query or fragment.
    """
    url = normalize_url(text)
    if "?" in url or "#" in url or text.endswith(("?", "#")):
        raise ValueError('must not have a query ("?") or fragment ("#")')
    if "{" in url or "}" in url:
        raise ValueError("must not contain braces")
    return url if url.endswith("/") else url + "/"


def normalize_origin(text: str) -> str:
    """Return a scheme and host as in a browser's Origin header (RFC 6454).

    Raises:
        ValueError: not an http or https URL, or one with a path.
    """
    url = normalize_url(text)
    if url.count("/") != len("://") or not url.endswith("/"):
        raise ValueError('is not an origin such as "https://ann.example", without a path')
    return url.removesuffix("/")


def normalize_readers_host(text: str) -> str:
    """Return the origin of a host given by name or as a URL; "" for "".

    Raises:
        ValueError: it is neither.
    """
    if not text:
        return ""
    return normalize_origin(text.removesuffix("/") if is_absolute_url(text) else f"https://{text}")


def normalize_reference(text: str) -> str:
    """Return a URL in normal form, or a path unchanged.

    Raises:
        ValueError: it has a scheme other than http and https.
    """
    if is_absolute_url(text):
        return normalize_url(text)
    if text.startswith("//"):
        return normalize_url(f"https:{text}")
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:", text):
        raise ValueError("is neither a file nor an http or https URL")
    return text


def validate_authority(text: str) -> str:
    """Accept a host name or e-mail address usable as a tag URI authority (RFC 4151 section 2.1)."""
    if not text.isascii():
        mailbox, at, host = text.rpartition("@")
        text = mailbox + at + _ascii_host(host)
    if _AUTHORITY.fullmatch(text):
        return text
    raise ValueError('is neither a host such as "example.org" nor an e-mail address')


def _split(text: str) -> SplitResult:
    """Split an absolute http or https URL."""
    if not is_absolute_url(text):
        bare = text.lstrip("/")
        likely = "." in bare.split("/")[0] and ":" not in bare and " " not in bare
        hint = f'; did you mean "https://{bare}"?' if likely else ""
        raise ValueError("is not an absolute URL; begin it with https:// or http://" + hint)
    if "\\" in text or re.search(r"[^\S ]", text):
        raise ValueError("is not a URL: it contains a line break or a backslash")
    try:
        parts = urlsplit(text)
    except ValueError:  # bad brackets, or characters that NFKC turns into "/" or "@"
        raise ValueError("is not a URL: invalid host") from None
    if parts.scheme not in _DEFAULT_PORTS:
        raise ValueError(f"must begin with https:// or http://, not {parts.scheme}://")
    return parts


def _network(parts: SplitResult) -> str:
    """Return the host in ASCII, with the port unless it is the default."""
    if "@" in parts.netloc:
        raise ValueError("must not contain a user name or password")
    try:
        port = parts.port
    except ValueError:
        raise ValueError("has an invalid port; use 0 to 65535") from None
    host = parts.hostname or ""
    if "[" in parts.netloc:
        host = f"[{host}]"
        if not _ADDRESS.fullmatch(host):
            raise ValueError("is not a URL: invalid host")
    else:
        host = _ascii_host(host)
    return host if port in (None, _DEFAULT_PORTS[parts.scheme]) else f"{host}:{port}"


def _ascii_host(host: str) -> str:
    """Return a host name in ASCII by IDNA 2008, which keeps ß and ς distinct (RFC 5891)."""
    labels = unicodedata.normalize("NFKC", host).lower().replace("。", ".").split(".")
    if len(labels) > 1 and not labels[-1]:  # "example.org." is the same host
        labels.pop()
    written = [unicodedata.normalize("NFC", label) for label in labels]
    ascii_only = [
        label if label.isascii() else "xn--" + label.encode("punycode").decode("ascii")
        for label in written
        if not any(_forbidden(character) for character in label)
    ]
    whole = ".".join(ascii_only)
    sound = len(ascii_only) == len(labels) and len(whole) <= _HOST_LENGTH
    if sound and all(_LABEL.fullmatch(label) for label in ascii_only):
        return whole
    raise ValueError("has an invalid host name")


def _forbidden(character: str) -> bool:
    """Return whether a character may not occur in a host name: not a letter, mark or number."""
    joins = "·\u200c\u200d・\u05f3\u05f4"  # allowed inside a label (RFC 5892, appendix A)
    return (
        not character.isascii()
        and character not in joins
        and (unicodedata.category(character)[0] not in "LMN")
    )


def _encode(text: str, more: str = "") -> str:
    """Percent-encode `text`, keeping existing escapes, which are put in upper case."""
    encoded = quote(_PERCENT.sub("%25", text), safe=_PATH + more)
    return _ENCODED.sub(lambda match: match[0].upper(), encoded)
