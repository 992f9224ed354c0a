"""Build the permalink that a post asks for: slug, URL and output path; see `PermalinkBuilder`."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from unicodedata import normalize
from urllib.parse import unquote, urljoin, urlsplit
from zoneinfo import ZoneInfo

from feedpub.config.schema import Config
from feedpub.config.validators import PLACEHOLDER_PATTERN
from feedpub.content.library import bundles
from feedpub.content.library.link_index import normalize_absolute_url
from feedpub.models.content import PAGE, ParsedPost
from feedpub.models.text import quote, slugify, to_timezone

_WEB = re.compile(r"https?://", re.IGNORECASE)
_URL = re.compile(r"https?://([^/?#]*)([^?#]*)(.*)", re.IGNORECASE | re.DOTALL)
_PORT = re.compile(r":(?:80|443)?$")
_TAIL = re.compile(r"[?#].*", re.DOTALL)
_TIDY = re.compile(r"(?:[a-z0-9_-]{5,100}/)+")  # too long for a Windows device name
_HARMFUL = re.compile(r'[\x00-\x1f\x7f<>:"|?*#%]')
_DEVICE = re.compile(r"(?:con|prn|aux|nul|(?:com|lpt)[0-9¹²³])(?:\..*)?", re.IGNORECASE)
_LONGEST = 240  # bytes: file systems allow 255, and a number may be added
_INDEX = "index.html"
_MARKUP = (".html", ".htm", ".xhtml")
# What Jekyll replaces in `:title` (slug mode "pretty", with the case kept).
_NOT_PRETTY = re.compile(r"[^\w.~!$&'()+,;=@\u0300-\u036f]+")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class Permalink:
    """The address of a post."""

    slug: str
    url: str
    output_path: str  # "" if the page is on another site


class PermalinkBuilder:
    """Builds the permalinks of one site from its configuration."""

    def __init__(self, config: Config) -> None:
        self._site = config.site.url
        parts = urlsplit(config.site.url)
        self._host, self._root = _PORT.sub("", parts.netloc), parts.path
        self._pattern = config.content.permalink
        self._page_pattern = config.content.page_permalink
        self._translations = config.content.translations
        self._pages = config.pages.enabled
        self._zone = ZoneInfo(config.site.timezone)
        self._elsewhere = self._pattern if self._leads_away(self._pattern) else ""

    def build(self, one: ParsedPost) -> Permalink:
        """Return the permalink that a post asks for, even if it is taken."""
        slug = slugify(one.slug or one.stem or one.title)
        given = "" if self.is_server_query(one) else one.permalink
        pattern = self._page_pattern if one.kind == PAGE else self._pattern
        filled = self._filled(given or pattern, one, slug)
        if self._elsewhere and not _WEB.match(filled):
            # If all posts are pages of another site, a path is relative to that site.
            filled = urljoin(self._elsewhere, "/" + filled.lstrip("/"))
        if not self._leads_away(filled):
            return self.build_for_output(slug, build_output_path(self._below(filled)))
        url = normalize_absolute_url(filled)
        return Permalink(slug, url, "") if url else self.build_default(slug)

    def build_default(self, slug: str) -> Permalink:
        """Return the fallback permalink, `posts/SLUG/`."""
        return self.build_for_output(slug, build_output_path(f"posts/{slug}/"))

    def build_for_output(self, slug: str, output: str) -> Permalink:
        """Return the permalink of a page with this output path."""
        folder, _, name = output.rpartition("/")
        path = output if name != _INDEX else f"{folder}/" if folder else ""
        return Permalink(slug, self._site + quote(path), output if self._pages else "")

    def parse_location(self, place: str) -> Permalink:
        """Return the permalink of a published page from its output path or external URL."""
        return Permalink("", place, "") if _WEB.match(place) else self.build_for_output("", place)

    def add_language(self, address: Permalink, language: str) -> Permalink:
        """Return the permalink of a translation, given the one it would have as an original."""
        tag = language.lower()
        if address.output_path or address.url.startswith(self._site):
            output = address.output_path or build_output_path(address.url.removeprefix(self._site))
            return self.build_for_output(
                address.slug, build_output_path(self._with_language(output, tag))
            )
        parts = urlsplit(address.url)
        path = "/" + self._with_language(parts.path.lstrip("/"), tag)
        return Permalink(address.slug, parts._replace(path=path).geturl(), "")

    def _with_language(self, path: str, tag: str) -> str:
        folder = path.removesuffix(_INDEX)
        return self._translations.replace("{language}", tag).replace("{permalink}", folder)

    def parse_old_address(self, written: str) -> tuple[Permalink, str]:
        """Return the permalink of an old page of this site, and an error message or ""."""
        nowhere = Permalink("", "", "")
        if _WEB.match(written):
            if not self._is_own(written):
                return nowhere, "is on another host, which has to redirect it itself; remove it"
            path = self._below(written)
        else:
            root = self._root.strip("/")
            path = written.lstrip("/")
            if root and f"{path}/".startswith(f"{root}/"):
                path = path[len(root) :].lstrip("/")
        path, mark, _ = path.partition("#")[0].partition("?")
        if mark:
            return nowhere, "has a query string, so no page can be there; remove it"
        output = build_output_path(path)
        asked = normalize("NFC", unquote(path)).strip("/").removesuffix(_INDEX).strip("/")
        if output.removesuffix(_INDEX).strip("/") != asked:
            return nowhere, "is not a possible file name; remove it"
        return self.build_for_output("", output), ""

    def add_number(self, address: Permalink, number: int) -> Permalink:
        """Return a permalink with a number added: `a/index.html` becomes `a-2/index.html`."""
        if address.output_path:
            return self.build_for_output(address.slug, _numbered(address.output_path, number))
        parts = urlsplit(address.url)
        url = parts._replace(path=_numbered(parts.path or "/", number)).geturl()
        return Permalink(address.slug, url, "")

    def is_server_query(self, one: ParsedPost) -> bool:
        """Return whether a permalink is a query to this site's server: `https://…/?p=12`."""
        if not _WEB.match(one.permalink) or self._leads_away(one.permalink):
            return False
        path, mark, _ = self._below(one.permalink).partition("?")
        return bool(mark) and not path.strip("/")

    def _leads_away(self, text: str) -> bool:
        """Return whether a permalink is an absolute URL outside the pages of this site."""
        return bool(_WEB.match(text)) and not (self._pages and self._is_own(text))

    def _is_own(self, text: str) -> bool:
        """Return whether an absolute URL is on this site, by http or https."""
        found = _URL.match(text)
        return (
            found is not None
            and _PORT.sub("", found[1]).lower() == self._host
            and f"{found[2]}/".startswith(self._root)
        )

    def _below(self, text: str) -> str:
        """Return the part of a permalink below the site's base URL."""
        found = _URL.match(text)
        return found[2][len(self._root) :] + found[3] if found else text

    def _filled(self, pattern: str, one: ParsedPost, slug: str) -> str:
        """Fill the placeholders of a permalink pattern."""
        day = to_timezone(one.published, self._zone if one.offset is None else _zone(one.offset))

        def put(match: re.Match[str]) -> str:
            if match[2] == "name":  # Jekyll's; from the file name alone
                return slugify(one.stem or one.title)
            return _VALUES[match[1] or match[2]](one, slug, day)

        return PLACEHOLDER_PATTERN.sub(put, pattern)


def _zone(offset: int) -> timezone:
    """Return the time zone with this offset from UTC in minutes."""
    return timezone(timedelta(minutes=offset))


def build_output_path(path: str) -> str:
    """Return the file below the output folder for a permalink's path.

    It is never outside that folder and never hidden. `a/b/` and `a/b` are the file
    `a/b/index.html`; `a/b.html` stays itself.
    """
    if _TIDY.fullmatch(path):
        return path + _INDEX
    whole = normalize("NFC", unquote(_TAIL.sub("", path))).replace("\\", "/")
    parts = [_segment(part) for part in whole.split("/") if part.strip(". ")]
    if whole.endswith("/") or not parts or not parts[-1].lower().endswith(_MARKUP):
        parts.append(_INDEX)
    return "/".join(parts)


def _path(one: ParsedPost, slug: str) -> str:
    """Return the slugified path of a post in the content folder, without its suffix."""
    folder = one.path.rpartition("/")[0]
    if folder in bundles.find_bundles((one.path,)):
        folder = folder.rpartition("/")[0]
    folders = folder.split("/")
    if one.kind == PAGE:  # Jekyll's `_pages` is not part of a URL
        folders = [name for name in folders if not name.startswith("_")]
    names = [*folders, slug if one.kind == PAGE else one.stem or slug]
    return "/".join(slugify(name) for name in names if name)


def _jekyll_title(one: ParsedPost, slug: str) -> str:
    """Return `:title` as Jekyll does, keeping capitals and dots."""
    kept = _NOT_PRETTY.sub("-", normalize("NFC", one.slug or one.stem)).strip("-")
    return kept if kept.strip(".") else slug


def _name(one: ParsedPost, slug: str) -> str:
    """Return the slug or file name as written, without characters special in a URL."""
    kept = _HARMFUL.sub("-", one.slug or one.stem).replace("/", "-").replace("\\", "-")
    return kept if kept.strip(". ") else slug


def _categories(one: ParsedPost, written: Callable[[str], str]) -> str:
    """Return a folder for each category, as Jekyll does: `jekyll/update`."""
    names = (written(each).replace("/", "-") for each in one.categories)
    return "/".join(dict.fromkeys(names))


def _sections(one: ParsedPost) -> list[str]:
    """Return the folders of a post without that of its bundle, like Hugo's sections."""
    folder = one.path.rpartition("/")[0]
    if folder in bundles.find_bundles((one.path,)):
        folder = folder.rpartition("/")[0]
    return [_HARMFUL.sub("-", each) for each in folder.split("/")]


_Value = Callable[[ParsedPost, str, datetime], str]
_VALUES: Mapping[str, _Value] = {
    "year": lambda _one, _slug, day: f"{day.year:04}",
    "month": lambda _one, _slug, day: f"{day.month:02}",
    "day": lambda _one, _slug, day: f"{day.day:02}",
    "slug": lambda _one, slug, _day: slug,
    "path": lambda one, slug, _day: _path(one, slug),
    "title": lambda one, slug, _day: _jekyll_title(one, slug),
    "name": lambda one, slug, _day: _name(one, slug),
    "section": lambda one, _slug, _day: _sections(one)[0],
    "sections": lambda one, _slug, _day: "/".join(_sections(one)),
    "categories": lambda one, _slug, _day: _categories(one, _lowered),
    "slugified_categories": lambda one, _slug, _day: _categories(one, slugify),
    "short_year": lambda _one, _slug, day: f"{day.year % 100:02}",
    "i_month": lambda _one, _slug, day: str(day.month),
    "short_month": lambda _one, _slug, day: _MONTHS[day.month - 1][:3],
    "long_month": lambda _one, _slug, day: _MONTHS[day.month - 1],
    "i_day": lambda _one, _slug, day: str(day.day),
    "y_day": lambda _one, _slug, day: f"{day.timetuple().tm_yday:03}",
    "w_year": lambda _one, _slug, day: f"{day.isocalendar().year:04}",
    "week": lambda _one, _slug, day: f"{day.isocalendar().week:02}",
    "w_day": lambda _one, _slug, day: str(day.isoweekday()),
    "short_day": lambda _one, _slug, day: _DAYS[day.weekday()][:3],
    "long_day": lambda _one, _slug, day: _DAYS[day.weekday()],
    "hour": lambda _one, _slug, day: f"{day.hour:02}",
    "minute": lambda _one, _slug, day: f"{day.minute:02}",
    "second": lambda _one, _slug, day: f"{day.second:02}",
    "output_ext": lambda _one, _slug, _day: ".html",
    "monthname": lambda _one, _slug, day: _MONTHS[day.month - 1].lower(),
    "weekday": lambda _one, _slug, day: str(day.isoweekday() % 7),
    "weekdayname": lambda _one, _slug, day: _DAYS[day.weekday()].lower(),
    "yearday": lambda _one, _slug, day: str(day.timetuple().tm_yday),
    "filename": lambda one, slug, _day: slugify(one.stem) if one.stem else slug,
    "slugorfilename": lambda _one, slug, _day: slug,
    "contentbasename": lambda one, slug, _day: slugify(one.stem) if one.stem else slug,
    "slugorcontentbasename": lambda _one, slug, _day: slug,
}


def _lowered(category: str) -> str:
    """Return a category in the form of Jekyll's URLs: lower case, otherwise as written."""
    return _HARMFUL.sub("-", category.lower())


def _segment(part: str) -> str:
    """Return a path segment as written, without what is unsafe on a disk or in a URL."""
    kept = _HARMFUL.sub("-", part).strip(". ")
    if not kept or len(kept.encode()) > _LONGEST:
        return slugify(part)
    return f"x-{kept}" if _DEVICE.fullmatch(kept) else kept


def _numbered(path: str, number: int) -> str:
    """Insert a number after the name of a page, before its suffix."""
    for end in (f"/{_INDEX}", "/", *_MARKUP):
        if path.lower().endswith(end) and len(path) > len(end):
            cut = len(path) - len(end)
            return f"{path[:cut]}-{number}{path[cut:]}"
    return f"{path}-{number}"
