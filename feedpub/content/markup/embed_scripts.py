"""Recognise embed scripts (gists, snippets, players) by URL; used by `embeds`."""

import re
from collections.abc import Mapping
from urllib.parse import unquote

# Script URL patterns with the page that the script embeds; `{name}` is an attribute of its tag.
_PAGES = tuple(
    (re.compile(rf"(?:https?:)?//(?:www\.)?{pattern}", re.IGNORECASE), page)
    for pattern, page in (
        (r"(gist\.github\.com/[\w-]+(?:/\w+)?)\.(?:js|pibb)\b.*", r"https://\1"),
        (r"asciinema\.org/a/([\w-]+)\.js\b.*", r"https://asciinema.org/a/\1"),
        (r"((?:gitlab|framagit)\.[a-z]{2,4}/[\w./-]*snippets/\d+)\.js\b.*", r"https://\1"),
        (r"(bitbucket\.org/(?:!api/2\.0/)?snippets/[\w./-]+)\.js\b.*", r"https://\1"),
        (r"pastebin\.com/embed_js(?:\.php\?i=|/)(\w+).*", r"https://pastebin.com/\1"),
        (r"(jsfiddle\.net/[\w/-]+?)/embed/.*", r"https://\1/"),
        (r"emgithub\.com/embed[\w.-]*\.js\?(?:[^#]*&)?target=([^&#]+).*", r"\1"),
        (r"(genius\.com/songs/\d+)/embed\.js.*", r"https://\1"),
        (r"(speakerdeck\.com)/assets/embed\.js.*", r"https://\1/player/{data-id}"),
        (r"(rpubs\.com/[\w/-]+)/embed\.js.*", r"https://\1"),
        (r"(replit\.com/@[\w-]+/[\w-]+)\.js.*", r"https://\1"),
        (r"(datawrapper\.dwcdn\.net/\w+)(?:/\d+)?/embed\.js.*", r"https://\1/"),
    )
)
# Scripts that only decorate markup already in the post: a quotation, a link or a frame.
_HELPER = re.compile(
    r"(?:https?:)?//(?:[\w-]+\.)*?(?:platform\.(?:twitter|x)\.com|instagram\.com|tiktok\.com"
    r"|redditmedia\.com|reddit\.com|bsky\.app|threads\.(?:net|com)|pinterest\.com"
    r"|static\.codepen\.io|(?:cpwebassets|assets)\.codepen\.io|codepen\.io|embedr\.flickr\.com"
    r"|imgur\.com|tumblr\.com|tenor\.com|ted\.com|strava-embeds\.com|linkedin\.com"
    r"|player\.vimeo\.com|w\.soundcloud\.com|embed\.redditmedia\.com)/"
    r"|(?:https?:)?//[\w.-]+/embed\.js$",
    re.IGNORECASE,
)
_LONGEST = 1000  # characters of a URL
_PLACE = re.compile(r"\{([\w-]+)\}")
_GIST_FILE = re.compile(r"\?(?:.*&)?file=([^&#]+)")
_NOT_IN_ANCHOR = re.compile(r"[^a-z0-9]+")


def find_embedded_page(source: str, given: Mapping[str, str]) -> str:
    """Return the URL of the page that a script embeds, or "" if it is unknown.

    `given` holds the attributes of the script tag, where some scripts take an id from.
    """
    if len(source) > _LONGEST:
        return ""
    for pattern, page in _PAGES:
        found = pattern.fullmatch(source)
        if found:
            url = found.expand(page) if page != r"\1" else _web(found[1])
            filled = _PLACE.sub(lambda place: given.get(place[1], ""), url)
            return filled + _gist_anchor(source)
    return ""


def is_embed_helper(source: str) -> bool:
    """Return whether a script only decorates markup that the post already holds."""
    return len(source) <= _LONGEST and _HELPER.match(source) is not None


def _web(written: str) -> str:
    """Decode a URL given as a query parameter; "" unless it is http or https."""
    url = unquote(written)
    return url if url.startswith(("https://", "http://")) else ""


def _gist_anchor(source: str) -> str:
    """Return the fragment for the `file` parameter of a gist URL, or ""."""
    found = _GIST_FILE.search(source) if "gist.github.com" in source else None
    name = _NOT_IN_ANCHOR.sub("-", found[1].lower()) if found else ""
    return f"#file-{name}" if name else ""
