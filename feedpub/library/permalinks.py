"""A manuscript → the address it asks for: slug, URL and file."""

import re
from dataclasses import dataclass
from unicodedata import normalize
from urllib.parse import unquote, urljoin, urlsplit
from zoneinfo import ZoneInfo

from feedpub.config import Config
from feedpub.library import bundles
from feedpub.links import web
from feedpub.model import Manuscript
from feedpub.slugs import quote, slugify
from feedpub.times import in_zone

# Ours in braces; Jekyll's, which a post may bring along, after a colon.
_TOKEN = re.compile(r"\{(year|month|day|slug|path)\}|:(year|month|day|slug|title|path)\b")
_WEB = re.compile(r"https?://", re.IGNORECASE)
_TAIL = re.compile(r"[?#].*", re.DOTALL)
_TIDY = re.compile(r"(?:[a-z0-9_-]{5,100}/)+")  # no device of Windows has so long a name
_HARMFUL = re.compile(r'[\x00-\x1f\x7f<>:"|?*#%]')
_DEVICE = re.compile(r"(?:con|prn|aux|nul|(?:com|lpt)[0-9¹²³])(?:\..*)?", re.IGNORECASE)
_LONGEST = 240  # octets: disks allow 255, and a number may have to fit too
_INDEX = "index.html"
_MARKUP = (".html", ".htm", ".xhtml")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a post is published."""

    slug: str
    url: str
    output: str  # "" where its page is elsewhere


class Permalinks:
    """Knows what the addresses of one site look like."""

    def __init__(self, config: Config) -> None:
        self._site = config.site.url
        self._pattern = config.content.permalink
        self._pages = config.pages.enabled
        self._zone = ZoneInfo(config.site.timezone)
        self._elsewhere = self._pattern if self._leads_away(self._pattern) else ""

    def wanted(self, one: Manuscript) -> Address:
        """Give the address a manuscript asks for, whoever else may want it."""
        slug = slugify(one.slug or one.stem or one.title)
        filled = self._filled(one.permalink or self._pattern, one, slug)
        if self._elsewhere and not _WEB.match(filled):
            # Where all posts are pages of another site, a path means one of that site.
            filled = urljoin(self._elsewhere, "/" + filled.lstrip("/"))
        if not self._leads_away(filled):
            return self.at(slug, page(filled.removeprefix(self._site)))
        url = web(filled)
        return Address(slug, url, "") if url else self.usual(slug)

    def usual(self, slug: str) -> Address:
        """Give the address a post has where it cannot have another."""
        return self.at(slug, page(f"posts/{slug}/"))

    def at(self, slug: str, output: str) -> Address:
        """Give the address of a page that is this file of the output folder."""
        folder, _, name = output.rpartition("/")
        path = output if name != _INDEX else f"{folder}/" if folder else ""
        return Address(slug, self._site + quote(path), output if self._pages else "")

    def known(self, place: str) -> Address:
        """Return the address of a page that was published: by its file, or its URL elsewhere."""
        return Address("", place, "") if _WEB.match(place) else self.at("", place)

    def numbered(self, address: Address, number: int) -> Address:
        """Give an address with a number after its last name: `a/index.html` → `a-2/index.html`."""
        if address.output:
            return self.at(address.slug, _numbered(address.output, number))
        parts = urlsplit(address.url)
        url = parts._replace(path=_numbered(parts.path or "/", number)).geturl()
        return Address(address.slug, url, "")

    def _leads_away(self, text: str) -> bool:
        """Tell whether a permalink is a whole URL that no page of ours is published at."""
        return bool(_WEB.match(text)) and not (self._pages and text.startswith(self._site))

    def _filled(self, pattern: str, one: Manuscript, slug: str) -> str:
        """Put a post's own values into a permalink's placeholders."""

        def put(match: re.Match[str]) -> str:
            name = match[1] or match[2]
            if name in ("slug", "title"):
                return slug
            if name == "path":
                return _path(one, slug)
            day = in_zone(one.published, self._zone)
            return {"year": f"{day.year:04}", "month": f"{day.month:02}"}.get(name, f"{day.day:02}")

        return _TOKEN.sub(put, pattern)


def page(path: str) -> str:
    """Turn a permalink's path into a file below the output folder: never outside it, never hidden.

    `a/b/` is the file `a/b/index.html`, and so is `a/b`, but `a/b.html` is itself.
    """
    if _TIDY.fullmatch(path):
        return path + _INDEX
    whole = normalize("NFC", unquote(_TAIL.sub("", path))).replace("\\", "/")
    parts = [_segment(part) for part in whole.split("/") if part.strip(". ")]
    if whole.endswith("/") or not parts or not parts[-1].lower().endswith(_MARKUP):
        parts.append(_INDEX)
    return "/".join(parts)


def _path(one: Manuscript, slug: str) -> str:
    """Give the place of a post below the content folder, without the name of its file."""
    folder = one.path.rpartition("/")[0]
    if folder in bundles.folders((one.path,)):
        folder = folder.rpartition("/")[0]
    names = [*folder.split("/"), one.stem or slug]
    return "/".join(slugify(name) for name in names if name)


def _segment(part: str) -> str:
    """Keep a path segment as its author wrote it, but for what could harm a disk or a URL."""
    kept = _HARMFUL.sub("-", part).strip(". ")
    if not kept or len(kept.encode()) > _LONGEST:
        return slugify(part)
    return f"x-{kept}" if _DEVICE.fullmatch(kept) else kept


def _numbered(path: str, number: int) -> str:
    """Put a number after the name of a page, before its suffix."""
    for end in (f"/{_INDEX}", "/", *_MARKUP):
        if path.lower().endswith(end) and len(path) > len(end):
            cut = len(path) - len(end)
            return f"{path[:cut]}-{number}{path[cut:]}"
    return f"{path}-{number}"
