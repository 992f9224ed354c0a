"""Front matter in anybody's spelling becomes typed fields."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import TypeVar

from feedpub import languages
from feedpub.config.patterns import PLACEHOLDERS, STYLES, written_placeholders
from feedpub.model import PAGE, UNDATED, Author, Enclosure, Image, MenuEntry, Problem, Reference
from feedpub.posts import dates, keys, media, names, old_addresses, pages, people, prose, subjects
from feedpub.posts.frontmatter import Frontmatter, Value
from feedpub.posts.header import Header, slip
from feedpub.posts.old_addresses import is_address
from feedpub.posts.visibility import truth, visibility
from feedpub.slugs import LONGEST

_HELD_BACK = frozenset({"auto-draft", "draft", "pending", "skip", "unpublished", "wip"})
_PERMALINK_PATH = re.compile(r"([^?#]*)([?#]?)", re.DOTALL)
_WHOLE_URL = re.compile(r"https?://", re.IGNORECASE)
_NO_PAGE = re.compile(r"/*(?:index\.(?:php|aspx?|cgi))?")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s]+")
_UNDATED = datetime(1970, 1, 1, tzinfo=UTC)
_MEANT = ("date", "published", "pubDate", "publishDate")
_EXAMPLE = {
    "toml": "date = 2025-01-30",
    "json": '"date": "2025-01-30"',
    "headers": "Date: 2025-01-30",
}


MOST = 100
"""Tags, authors and the like that a post can have."""
LONGEST_PERMALINK = 2_000  # octets, placeholders filled in: no disk takes more than 4,096
DEEPEST_PERMALINK = 50

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Fields:
    """What the front matter and the file's name say."""

    title: str  # plain text; "" where there is none
    published: datetime
    offset: int | None  # minutes by which `published` was written ahead of UTC; None: not said
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
    translation_of: tuple[Reference, ...]  # at most one: what this is a translation of
    image: Image | None
    enclosures: tuple[Enclosure, ...]
    canonical_url: str
    aliases: tuple[str, ...]
    redirect_from: tuple[Reference, ...]
    redirect_to: tuple[Reference, ...]
    draft: bool
    mailed: bool
    visibility: str
    problems: tuple[Problem, ...]
    kind: str
    menu: MenuEntry | None
    address_line: int
    id_line: int
    spaced_line: int
    takes_inline_tags: bool  # nothing in the front matter says what the post is about


def understand(
    path: str, matter: Frontmatter, zone: tzinfo, tags_split: str, *, listed: bool = False
) -> Fields:
    """Find out what a file's front matter and name say.

    `listed` tells that `content.pages` names the file. Raises PostError for a post without a date.
    """
    header = Header(path, matter)
    name = names.read(path)
    permalink = _permalink(header, path)
    draft = _draft(header, path)
    kind = pages.kind(header, path, listed=listed, dated=_is_dated(header, name))
    is_page = kind == PAGE
    folders = subjects.of_folders(path, matter.format)
    tags, categories = ((), ()) if is_page else subjects.written(header, tags_split, folders)
    has_tags = bool(tags or header.values((*keys.TAGS, *keys.TAXONOMIES)))
    authors = people.people(*(value for _, value in _people(header)))
    published = _published(header, matter.format, name, zone, draft=draft, is_page=is_page)
    return Fields(
        title=prose.line(header.text(keys.TITLE)[1]),
        published=published.astimezone(UTC),
        offset=_offset(published, zone),
        updated=_later(header, keys.UPDATED, zone),
        expires=_later(header, keys.EXPIRES, zone),
        id=_identity(header),
        slug=header.text(keys.SLUG)[1].strip("/"),
        stem=name.stem,
        permalink=permalink,
        authors=_few(header, keys.AUTHORS, authors, "authors"),
        tags=_few(header, keys.TAGS, tags, "tags"),
        categories=_few(header, keys.CATEGORIES, categories, "categories"),
        summary=prose.paragraph(header.text(keys.SUMMARY)[1]),
        language=_language(header),
        translation_key=_word(header, keys.TRANSLATION_KEY)[1],
        translation_of=_original(header),
        image=_image(header),
        enclosures=_few(header, keys.ENCLOSURES, _enclosures(header), "enclosures"),
        canonical_url=_canonical(header),
        aliases=_few(header, keys.ALIASES, _aliases(header), "aliases"),
        redirect_from=old_addresses.read_old_addresses(header),
        redirect_to=old_addresses.read_redirect_target(header),
        draft=draft,
        mailed=_mailed(header) and not is_page,
        visibility=visibility(header),
        kind=kind,
        menu=pages.menu_entry(header) if is_page else None,
        address_line=header.line_of(keys.PERMALINK if permalink else keys.SLUG),
        id_line=header.line_of(keys.ID),
        spaced_line=0 if is_page or tags_split == "space" else subjects.spaced(header),
        takes_inline_tags=not (is_page or has_tags),
        problems=tuple(dict.fromkeys(header.problems)),
    )


def _published(
    header: Header, form: str, name: names.Name, zone: tzinfo, *, draft: bool, is_page: bool
) -> datetime:
    """Give the date of the front matter, else of the file's name, else of its address.

    It is in the zone that it was written with.
    """
    for key, text in _dates(header):
        try:
            return dates.written(text, zone)
        except dates.DateError as error:
            raise header.refuse(key, f"{key}: {error}") from error
    key, address = header.text(keys.PERMALINK)
    for where, text in (("", name.date), (key, names.date_in(address))):
        if text:
            try:
                return dates.written(text, zone)
            except dates.DateError as error:
                said = where or "the file's name"
                raise header.refuse(where, f"{said}: {error}") from error
    if is_page:
        return UNDATED
    example = _EXAMPLE.get(form, "date: 2025-01-30")
    if draft:
        header.warn("", f"this draft has no date yet: add `{example}` before it is published")
        return _UNDATED
    for near in _MEANT:
        if near in header.slips:
            key = header.slips[near]
            raise header.refuse(key, f"no date: {slip(key, near)}")
    raise header.refuse(
        "",
        f"no date: add `{example}` to the front matter, or begin the file's name with "
        f'"2025-01-30-"; if this is no post, name it under content.ignore',
    )


def _offset(published: datetime, zone: tzinfo) -> int | None:
    """Return the minutes by which a date was written ahead of UTC, None where it does not say."""
    ahead = published.utcoffset()
    return None if ahead is None or published.tzinfo is zone else int(ahead.total_seconds()) // 60


def _identity(header: Header) -> str:
    """Return the id that the file gives: `id`, unless that is a database's number of a `guid`."""
    given = header.text(keys.ID[:1])[1]
    if given and not given.isdecimal():
        return given
    guid = header.text(keys.ID[1:])[1]
    return guid if not given or _URI.fullmatch(guid) else given


def _is_dated(header: Header, name: names.Name) -> bool:
    """Tell whether a file says when it was published, or tries to."""
    address = header.text(keys.PERMALINK)[1]
    said = any(_dates(header)) or any(near in header.slips for near in _MEANT)
    return said or bool(name.date or names.date_in(address))


def _dates(header: Header) -> Iterator[tuple[str, str]]:
    """Give every key that tells when the post was published, best first."""
    for name in keys.PUBLISHED:
        for key, value in header.values((name,)):
            text = value.strip() if isinstance(value, str) else str(value)
            # `published: false` says that this is a draft, and nothing of when.
            if text and not (name in keys.SHOWN and truth(text) is not None):
                yield key, text


def _later(header: Header, synonyms: tuple[str, ...], zone: tzinfo) -> datetime | None:
    """Give the date of another field; one that is no date is told of, and not used."""
    key, text = header.text(synonyms)
    if not key:
        return None
    try:
        return dates.instant(text, zone)
    except dates.DateError as error:
        header.warn(key, f"{key}: {error}, so it does not count")
        return None


def _mailed(header: Header) -> bool:
    key, text = header.text(keys.MAILED)
    told = truth(text)
    if key and told is None:
        header.warn(key, f'{key}: "{text}" is neither true nor false; it counts as true')
    return told is not False


def _draft(header: Header, path: str) -> bool:
    """Tell whether the post must wait: `draft: true`, `published: false`, `status: draft`."""
    key, text = header.text(keys.DRAFT)
    draft = truth(text)
    if key and draft is None:
        # Better a post that waits than one that nobody wanted to be seen.
        header.warn(key, f'{key}: "{text}" is neither true nor false; the post waits as a draft')
        return True
    hidden = any(truth(header.text((name,))[1]) is False for name in keys.SHOWN)
    held_back = header.text(keys.STATUS)[1].lower() in _HELD_BACK
    return bool(draft) or hidden or held_back or names.in_drafts(path)


def _people(header: Header) -> Iterator[tuple[str, Value]]:
    """Give all that names authors, Hugo's and Zola's taxonomies too."""
    yield from header.values(keys.AUTHORS)
    for key, value in subjects.taxonomies(header):
        if keys.plain_key(key) in keys.AUTHORS:
            yield key, value


def _few(header: Header, names: tuple[str, ...], found: tuple[T, ...], what: str) -> tuple[T, ...]:
    """Return the first of many; each one costs a page and feeds of its own."""
    if len(found) > MOST:
        key = next((key for key, _ in header.values(names)), "")
        header.warn(key, f"{len(found):,} {what}; only the first {MOST} count")
    return found[:MOST]


def _permalink(header: Header, path: str) -> str:
    key, text = header.text(keys.PERMALINK)
    if not key or text in STYLES:  # where a style is named, the site's own pattern counts
        return ""
    found = written_placeholders(text)
    placed = sum(len(path.encode()) if "path" in whole else LONGEST for whole, _ in found)
    if len(text.encode()) + placed > LONGEST_PERMALINK or text.count("/") > DEEPEST_PERMALINK:
        raise header.refuse(
            key,
            f"{key}: it is longer than a path may be: shorten it to fewer than "
            f"{DEEPEST_PERMALINK} folders",
        )
    for whole, name in found:
        if name not in PLACEHOLDERS:
            header.warn(key, f'{key}: nothing is known for "{whole}", so it does not count')
            return ""
    return text if _WHOLE_URL.match(text) else _page_of(header, key, text)


def _page_of(header: Header, key: str, text: str) -> str:
    """Return a permalink that a page can be at, "" where only a server could answer it."""
    found = _PERMALINK_PATH.match(text)
    path, sign = (found[1], found[2]) if found else (text, "")
    if not sign:
        return text
    if _NO_PAGE.fullmatch(path):
        what = "a question to a server" if sign == "?" else "a place on the home page"
        header.warn(
            key,
            f'{key}: "{text}" is {what}, and no page can be there; the post has its usual address: '
            "write a path, or take the line out",
        )
        return ""
    header.warn(key, f'{key}: no file can be at "{text[len(path) :]}", so only "{path}" counts')
    return path


def _language(header: Header) -> str:
    key, text = header.text(keys.LANGUAGE)
    if not key:
        return ""
    found = languages.normal(text)
    if not found:
        header.warn(key, f'{key}: "{text}" is not a language tag such as "en" or "zh-Hans"')
    return found


def _word(header: Header, names: tuple[str, ...]) -> tuple[str, str]:
    """Return the first of these keys that is a text; other tools may mean another thing by it."""
    for key, value in header.values(names):
        if isinstance(value, str) and value.strip():
            return key, value.strip()
    return "", ""


def _original(header: Header) -> tuple[Reference, ...]:
    key, text = _word(header, keys.TRANSLATION_OF)
    return (Reference(text, header.line(key)),) if key else ()


def _image(header: Header) -> Image | None:
    alt = header.text(keys.IMAGE_ALT)[1]
    for _, value in header.values(keys.IMAGE):
        if found := media.picture(value, alt):
            return found
    return media.cover(header.value(keys.RESOURCES)[1])


def _aliases(header: Header) -> tuple[str, ...]:
    """Return the other names of a post, addresses not among them."""
    found: list[str] = []
    for _, value in header.values(keys.ALIASES):
        names = [value] if isinstance(value, str) else value
        found += (each.strip() for each in names if isinstance(each, str))
    return tuple(dict.fromkeys(each for each in found if each and not is_address(each)))


def _enclosures(header: Header) -> tuple[Enclosure, ...]:
    duration = header.text(keys.DURATION)[1]
    found: dict[str, Enclosure] = {}
    for key, value in header.values(keys.ENCLOSURES):
        files, faults = media.enclosures(value, duration)
        for fault in faults:
            header.warn(key, f"{key}: {fault}")
        for file in files:
            found.setdefault(file.url, file)
    return tuple(found.values())


def _canonical(header: Header) -> str:
    key, text = header.text(keys.CANONICAL)
    if not key or text.startswith(("https://", "http://")):
        return text
    header.warn(key, f'{key}: "{text}" is not a whole URL, so it does not count')
    return ""
