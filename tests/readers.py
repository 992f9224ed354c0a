"""Feeds as other programs read them: feedparser for RSS and Atom, json for JSON Feed."""

import json
from calendar import timegm
from dataclasses import dataclass
from datetime import UTC, datetime
from html.entities import entitydefs
from pathlib import Path

import feedparser
from lxml import etree

FORMATS = {"rss": "rss.xml", "atom": "atom.xml", "json": "feed.json"}


@dataclass(frozen=True, slots=True)
class Entry:
    """What a reader shows of a post."""

    id: str
    url: str
    title: str
    published: datetime
    authors: tuple[str, ...]
    tags: tuple[str, ...]
    content: str  # HTML
    enclosures: tuple[tuple[str, str, int], ...]  # address, type, length


@dataclass(frozen=True, slots=True)
class Read:
    """What a reader shows of a feed."""

    title: str
    entries: tuple[Entry, ...]


def read(folder: Path, form: str) -> Read:
    """Read the feed of a folder in one of the formats."""
    data = (folder / FORMATS[form]).read_bytes()
    return _json(data) if form == "json" else _xml(data)


def _xml(data: bytes) -> Read:
    etree.fromstring(data, etree.XMLParser(resolve_entities=False))
    parsed = feedparser.parse(data, sanitize_html=False, resolve_relative_uris=False)

    assert not parsed.bozo

    return Read(parsed.feed.title, tuple(map(_entry, parsed.entries)))


def _entry(entry: feedparser.FeedParserDict) -> Entry:
    return Entry(
        id=entry.id,
        url=entry.link,
        title=entry.title,
        published=datetime.fromtimestamp(timegm(entry.published_parsed), UTC),
        authors=tuple(each.name for each in entry.get("authors", ())),
        tags=tuple(each.term for each in entry.get("tags", ())),
        content=(
            entry.content[0].value if "content" in entry else entry.get("summary", "")
        ).strip(),
        enclosures=tuple((each.href, each.type, int(each.length)) for each in entry.enclosures),
    )


def _json(data: bytes) -> Read:
    document = json.loads(data)
    return Read(
        document["title"],
        tuple(
            Entry(
                id=item["id"],
                url=item["url"],
                title=item["title"],
                published=datetime.fromisoformat(item["date_published"]),
                authors=tuple(each["name"] for each in item.get("authors", ())),
                tags=tuple(item.get("tags", ())),
                content=item["content_html"].strip(),
                enclosures=tuple(
                    (each["url"], each["mime_type"], each.get("size_in_bytes", 0))
                    for each in item.get("attachments", ())
                ),
            )
            for item in document["items"]
        ),
    )


def unambiguous(text: str) -> bool:
    """Tell whether feedparser takes a text for what it is.

    It takes for HTML what has a closing tag or an entity that HTML knows, and for wrongly
    decoded UTF-8 what could be: guesses about other people's feeds.
    """
    try:
        guess = text.encode("latin-1").decode()
    except UnicodeError:
        guess = text
    known = any(f"&{name};" in text for name in entitydefs)
    return guess == text and not known and "</" not in text and "&#" not in text
