"""A URL's path as it came → a path below the output folder, or None where there can be none."""

import re
from urllib.parse import unquote, unquote_to_bytes, urlsplit

# What most paths are, in which there is nothing to decode and nothing to refuse.
_PLAIN = re.compile(rb"(?:[A-Za-z0-9_~-][A-Za-z0-9._~-]*/)*(?:[A-Za-z0-9_~-][A-Za-z0-9._~-]*)?")
_MALFORMED = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_FORBIDDEN = re.compile(rb"[\x00-\x1f\x7f/\\]")
_WELL_KNOWN = b".well-known"  # RFC 8615


def resolve_path(raw: bytes, root: bytes) -> str | None:
    """Give the path below the folder that a URL's path names, "" for the folder itself.

    It is decoded once, name by name, so that nothing encoded divides names; what ends in "/" is
    a folder. None is for what leaves the folder, hides in it, or is no path of this site.

    Args:
        raw: As it stands in the request, still percent-encoded.
        root: The path of the site's address, "/" or as "/blog/".
    """
    if not raw.startswith(root):
        return None
    rest = raw[len(root) :]
    if _PLAIN.fullmatch(rest):
        return rest.decode("ascii")
    if _MALFORMED.search(rest):
        return None
    names = [unquote_to_bytes(name) for name in rest.removesuffix(b"/").split(b"/")]
    shown = names[1:] if names[0] == _WELL_KNOWN else names
    if any(map(_is_refused, shown)):
        return None
    # Names that are not UTF-8 are those of no file that feedpub wrote.
    path = b"/".join(names).decode(errors="replace")
    return f"{path}/" if rest.endswith(b"/") else path


def get_root_path(url: str) -> str:
    """Give the path of a site's address as routes are matched against it: decoded."""
    return unquote(urlsplit(url).path)


def _is_refused(name: bytes) -> bool:
    """Tell whether a name leads elsewhere or to what is hidden, such as ".." and ".feedpub"."""
    return not name or name.startswith(b".") or _FORBIDDEN.search(name) is not None
