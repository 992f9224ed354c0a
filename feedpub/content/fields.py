"""Convert front matter to typed fields, accepting the keys of many generators.

`parse_fields` does the work; `reader` merges the result with the rendered body.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import TypeVar

from feedpub.config.validators import JEKYLL_STYLES, PLACEHOLDERS, find_placeholders
from feedpub.content import authors as content_authors
from feedpub.content import dates, field_reader, filenames, keys, page_kind
from feedpub.content import enclosures as content_enclosures
from feedpub.content import tags as content_tags
from feedpub.content.field_reader import FieldReader, format_suggestion, is_address
from feedpub.content.frontmatter import Frontmatter, Value
from feedpub.content.page_kind import parse_bool, parse_visibility
from feedpub.models import languages
from feedpub.models.content import (
    PAGE,
    UNDATED,
    Author,
    Enclosure,
    Image,
    MenuEntry,
    Problem,
    Reference,
)
from feedpub.models.text import MAX_SLUG_BYTES

_DRAFT_STATUSES = frozenset({"auto-draft", "draft", "pending", "skip", "unpublished", "wip"})
_PERMALINK_PATH = re.compile(r"([^?#]*)([?#]?)", re.DOTALL)
_WHOLE_URL = re.compile(r"https?://", re.IGNORECASE)
_NO_PAGE = re.compile(r"/*(?:index\.(?:php|aspx?|cgi))?")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s]+")
_UNDATED = datetime(1970, 1, 1, tzinfo=UTC)
_DATE_KEYS = ("date", "published", "pubDate", "publishDate")
_EXAMPLE = {
    "toml": "date = 2025-01-30",
    "json": '"date": "2025-01-30"',
    "headers": "Date: 2025-01-30",
}


MAX_ITEMS = 100
"""Most tags, authors, aliases or enclosures of one post."""
MAX_PERMALINK_BYTES = 2_000  # with placeholders filled in; file systems allow 4,096
MAX_PERMALINK_FOLDERS = 50

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PostFields:
    """The fields of a post, from its front matter and file name."""

    title: str  # plain text; "" if not given
    published: datetime
    offset: int | None  # minutes from UTC that `published` was written with; None if not given
    updated: datetime | None
    expires: datetime | None
    id: str
    slug: str
    stem: str
    permalink: str
    authors: tuple[Author, ...]
    tags: tuple[str, ...]
    categories: tuple[str, ...]
    summary: str
    language: str
    translation_key: str
    translation_of: tuple[Reference, ...]  # at most one: the original
    image: Image | None
    enclosures: tuple[Enclosure, ...]
    canonical_url: str
    aliases: tuple[str, ...]
    redirect_from: tuple[Reference, ...]
    redirect_to: tuple[Reference, ...]
    draft: bool
    in_digests: bool
    visibility: str
    problems: tuple[Problem, ...]
    kind: str
    menu: MenuEntry | None
    address_line: int
    id_line: int
    spaced_tags_line: int
    allows_inline_tags: bool  # the front matter has no tags


def parse_fields(
    path: str, matter: Frontmatter, zone: tzinfo, tags_split: str, *, listed: bool = False
) -> PostFields:
    """Return the fields given by a file's front matter and name.

    `listed` is true if `content.pages` names the file. Raises PostError for a post without a date
    and for a field that cannot be used.
    """
    header = FieldReader(path, matter)
    name = filenames.parse_filename(path)
    permalink = _permalink(header, path)
    draft = _draft(header, path)
    kind = page_kind.detect_kind(header, path, listed=listed, dated=_is_dated(header, name))
    is_page = kind == PAGE
    folders = content_tags.derive_categories(path, matter.format)
    tags, categories = ((), ()) if is_page else content_tags.parse_tags(header, tags_split, folders)
    has_tags = bool(tags or header.get_values((*keys.TAGS, *keys.TAXONOMIES)))
    authors = content_authors.parse_authors(*(value for _, value in _iter_author_values(header)))
    published = _published(header, matter.format, name, zone, draft=draft, is_page=is_page)
    return PostFields(
        title=field_reader.strip_html(header.get_text(keys.TITLE)[1]),
        published=published.astimezone(UTC),
        offset=_offset(published, zone),
        updated=_parse_optional_date(header, keys.UPDATED, zone),
        expires=_parse_optional_date(header, keys.EXPIRES, zone),
        id=_parse_id(header),
        slug=header.get_text(keys.SLUG)[1].strip("/"),
        stem=name.stem,
        permalink=permalink,
        authors=_limit_items(header, keys.AUTHORS, authors, "authors"),
        tags=_limit_items(header, keys.TAGS, tags, "tags"),
        categories=_limit_items(header, keys.CATEGORIES, categories, "categories"),
        summary=field_reader.strip_markdown(header.get_text(keys.SUMMARY)[1]),
        language=_language(header),
        translation_key=_get_text(header, keys.TRANSLATION_KEY)[1],
        translation_of=_original(header),
        image=_image(header),
        enclosures=_limit_items(header, keys.ENCLOSURES, _enclosures(header), "enclosures"),
        canonical_url=_canonical(header),
        aliases=_limit_items(header, keys.ALIASES, _aliases(header), "aliases"),
        redirect_from=field_reader.parse_old_addresses(header),
        redirect_to=field_reader.parse_redirect_target(header),
        draft=draft,
        in_digests=_mailed(header) and not is_page,
        visibility=parse_visibility(header),
        kind=kind,
        menu=page_kind.parse_menu_entry(header) if is_page else None,
        address_line=header.find_first_line(keys.PERMALINK if permalink else keys.SLUG),
        id_line=header.find_first_line(keys.ID),
        spaced_tags_line=0
        if is_page or tags_split == "space"
        else content_tags.find_spaced_tags_line(header),
        allows_inline_tags=not (is_page or has_tags),
        problems=tuple(dict.fromkeys(header.problems)),
    )


def _published(
    header: FieldReader,
    form: str,
    name: filenames.PostName,
    zone: tzinfo,
    *,
    draft: bool,
    is_page: bool,
) -> datetime:
    """Return the date of the front matter, else of the file name, else of the permalink.

    The result has the zone that the date was written with.
    """
    for key, text in _dates(header):
        try:
            return dates.parse_zoned_date(text, zone)
        except dates.DateError as error:
            raise header.build_error(key, f"{key}: {error}") from error
    key, address = header.get_text(keys.PERMALINK)
    for where, text in (("", name.date), (key, filenames.find_date(address))):
        if text:
            try:
                return dates.parse_zoned_date(text, zone)
            except dates.DateError as error:
                said = where or "file name"
                raise header.build_error(where, f"{said}: {error}") from error
    if is_page:
        return UNDATED
    example = _EXAMPLE.get(form, "date: 2025-01-30")
    if draft:
        header.warn("", f"this draft has no date yet; add `{example}` before publishing it")
        return _UNDATED
    for near in _DATE_KEYS:
        if near in header.misspelled_keys:
            key = header.misspelled_keys[near]
            raise header.build_error(key, f"no date: {format_suggestion(key, near)}")
    raise header.build_error(
        "",
        f"no date: add `{example}` to the front matter, or start the file name with "
        f'"2025-01-30-"; if this is not a post, list it in content.ignore',
    )


def _offset(published: datetime, zone: tzinfo) -> int | None:
    """Return the UTC offset that a date was written with, in minutes; None without one."""
    ahead = published.utcoffset()
    return None if ahead is None or published.tzinfo is zone else int(ahead.total_seconds()) // 60


def _parse_id(header: FieldReader) -> str:
    """Return the id given by the file: `id`, unless it is a number and `guid` is a URI."""
    given = header.get_text(keys.ID[:1])[1]
    if given and not given.isdecimal():
        return given
    guid = header.get_text(keys.ID[1:])[1]
    return guid if not given or _URI.fullmatch(guid) else given


def _is_dated(header: FieldReader, name: filenames.PostName) -> bool:
    """Return whether a file has a publication date, even under a misspelled key."""
    address = header.get_text(keys.PERMALINK)[1]
    said = any(_dates(header)) or any(near in header.misspelled_keys for near in _DATE_KEYS)
    return said or bool(name.date or filenames.find_date(address))


def _dates(header: FieldReader) -> Iterator[tuple[str, str]]:
    """Yield the keys that hold a publication date, in order of precedence."""
    for name in keys.PUBLISHED:
        for key, value in header.get_values((name,)):
            text = value.strip() if isinstance(value, str) else str(value)
            # `published: false` marks a draft and is not a date.
            if text and not (name in keys.PUBLISHED_FLAGS and parse_bool(text) is not None):
                yield key, text


def _parse_optional_date(
    header: FieldReader, synonyms: tuple[str, ...], zone: tzinfo
) -> datetime | None:
    """Return the date of another field; warn about an invalid one and ignore it."""
    key, text = header.get_text(synonyms)
    if not key:
        return None
    try:
        return dates.parse_date(text, zone)
    except dates.DateError as error:
        header.warn(key, f"{key}: {error}; ignored")
        return None


def _mailed(header: FieldReader) -> bool:
    key, text = header.get_text(keys.DIGEST)
    told = parse_bool(text)
    if key and told is None:
        header.warn(key, f'{key}: "{text}" is neither true nor false; treated as true')
    return told is not False


def _draft(header: FieldReader, path: str) -> bool:
    """Return whether the post is a draft: `draft: true`, `published: false`, `status: draft`."""
    key, text = header.get_text(keys.DRAFT)
    draft = parse_bool(text)
    if key and draft is None:
        # Holding a post back is safer than publishing one by mistake.
        header.warn(key, f'{key}: "{text}" is neither true nor false; the post stays a draft')
        return True
    hidden = any(parse_bool(header.get_text((name,))[1]) is False for name in keys.PUBLISHED_FLAGS)
    held_back = header.get_text(keys.STATUS)[1].lower() in _DRAFT_STATUSES
    return bool(draft) or hidden or held_back or filenames.is_in_drafts(path)


def _iter_author_values(header: FieldReader) -> Iterator[tuple[str, Value]]:
    """Yield every value that names authors, including Hugo's and Zola's taxonomies."""
    yield from header.get_values(keys.AUTHORS)
    for key, value in content_tags.iter_taxonomies(header):
        if keys.normalize_key(key) in keys.AUTHORS:
            yield key, value


def _limit_items(
    header: FieldReader, names: tuple[str, ...], found: tuple[T, ...], what: str
) -> tuple[T, ...]:
    """Return the first `MAX_ITEMS`: each may cost a page and feeds of its own."""
    if len(found) > MAX_ITEMS:
        key = next((key for key, _ in header.get_values(names)), "")
        header.warn(key, f"{len(found):,} {what}; only the first {MAX_ITEMS} are used")
    return found[:MAX_ITEMS]


def _permalink(header: FieldReader, path: str) -> str:
    key, text = header.get_text(keys.PERMALINK)
    if not key or text in JEKYLL_STYLES:  # a named style is ignored in favor of the site's pattern
        return ""
    found = find_placeholders(text)
    placed = sum(len(path.encode()) if "path" in whole else MAX_SLUG_BYTES for whole, _ in found)
    if len(text.encode()) + placed > MAX_PERMALINK_BYTES or text.count("/") > MAX_PERMALINK_FOLDERS:
        raise header.build_error(
            key,
            f"{key}: too long for a path; shorten it to fewer than {MAX_PERMALINK_FOLDERS} folders",
        )
    for whole, name in found:
        if name not in PLACEHOLDERS:
            header.warn(key, f'{key}: unknown placeholder "{whole}"; ignored')
            return ""
    return text if _WHOLE_URL.match(text) else _parse_page_path(header, key, text)


def _parse_page_path(header: FieldReader, key: str, text: str) -> str:
    """Return the path of a permalink, or "" if no static page can be there."""
    found = _PERMALINK_PATH.match(text)
    path, sign = (found[1], found[2]) if found else (text, "")
    if not sign:
        return text
    if _NO_PAGE.fullmatch(path):
        what = "a query string" if sign == "?" else "a fragment of the home page"
        header.warn(
            key,
            f'{key}: "{text}" is {what}, so no page can be there; the post gets its default URL; '
            "use a path, or remove the line",
        )
        return ""
    header.warn(key, f'{key}: "{text[len(path) :]}" cannot be in a path; only "{path}" is used')
    return path


def _language(header: FieldReader) -> str:
    key, text = header.get_text(keys.LANGUAGE)
    if not key:
        return ""
    found = languages.normalize_tag(text)
    if not found:
        header.warn(key, f'{key}: "{text}" is not a language tag such as "en" or "zh-Hans"')
    return found


def _get_text(header: FieldReader, names: tuple[str, ...]) -> tuple[str, str]:
    """Return the first of these keys with a text; other types are ignored without a warning."""
    for key, value in header.get_values(names):
        if isinstance(value, str) and value.strip():
            return key, value.strip()
    return "", ""


def _original(header: FieldReader) -> tuple[Reference, ...]:
    key, text = _get_text(header, keys.TRANSLATION_OF)
    return (Reference(text, header.find_line(key)),) if key else ()


def _image(header: FieldReader) -> Image | None:
    alt = header.get_text(keys.IMAGE_ALT)[1]
    for _, value in header.get_values(keys.IMAGE):
        if found := content_enclosures.parse_image(value, alt):
            return found
    return content_enclosures.find_cover_image(header.get_value(keys.RESOURCES)[1])


def _aliases(header: FieldReader) -> tuple[str, ...]:
    """Return a post's alternative names. Aliases that are addresses are redirects instead."""
    found: list[str] = []
    for _, value in header.get_values(keys.ALIASES):
        names = [value] if isinstance(value, str) else value
        found += (each.strip() for each in names if isinstance(each, str))
    return tuple(dict.fromkeys(each for each in found if each and not is_address(each)))


def _enclosures(header: FieldReader) -> tuple[Enclosure, ...]:
    duration = header.get_text(keys.DURATION)[1]
    found: dict[str, Enclosure] = {}
    for key, value in header.get_values(keys.ENCLOSURES):
        files, faults = content_enclosures.parse_enclosures(value, duration)
        for fault in faults:
            header.warn(key, f"{key}: {fault}")
        for file in files:
            found.setdefault(file.url, file)
    return tuple(found.values())


def _canonical(header: FieldReader) -> str:
    key, text = header.get_text(keys.CANONICAL)
    if not key or text.startswith(("https://", "http://")):
        return text
    header.warn(key, f'{key}: "{text}" is not an absolute URL; ignored')
    return ""
