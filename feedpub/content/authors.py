"""Parse the `author` field in all its forms; start at `parse_authors`."""

import re
from collections.abc import Iterator, Mapping

from feedpub.content import field_reader
from feedpub.content.frontmatter import Value
from feedpub.models.content import Author

_NAMES = ("name", "title", "display_name", "displayName", "fullname", "full_name")
_EMAILS = ("email", "mail", "e-mail")
_URLS = ("url", "uri", "link", "homepage", "website", "site", "web")
_MAIL = re.compile(r"[^<>\s@,;]+@[^<>\s@,;]+\.[^<>\s@,;]+")
_LONGEST_MAIL = 320  # characters: 64 before the "@" and 255 after it
_WEB = ("https://", "http://")
_BETWEEN = re.compile(r"[,，、;；\n]")
# Pelican separates people by semicolons if names are written "Family, Given".
_SEMICOLON = re.compile(r"[;；\n]")
_SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv", "phd", "md", "esq"})


def parse_authors(*values: Value) -> tuple[Author, ...]:
    """Return the distinct authors named, in order; each list item is one person."""
    found: dict[str, Author] = {}
    for value in values:
        for author in _iter_authors(value):
            if author.name:
                found.setdefault(author.name.casefold(), author)
    return tuple(found.values())


def _iter_authors(value: Value) -> Iterator[Author]:
    if isinstance(value, str):
        yield from map(_parse_author, _split_names(field_reader.unescape_entities(value)))
    elif isinstance(value, Mapping):
        yield _parse_author_table(value)
    else:
        for item in value:
            if isinstance(item, str):
                yield _parse_author(item)
            else:
                yield from _iter_authors(item)


def _split_names(text: str) -> list[str]:
    """Split a text into names: "A, B" is two, "Martin Luther King, Jr." is one."""
    between = _SEMICOLON if _SEMICOLON.search(text) else _BETWEEN
    parts: list[str] = []
    for part in between.split(text):
        if parts and part.strip().replace(".", "").casefold() in _SUFFIXES:
            parts[-1] += f", {part.strip()}"
        else:
            parts.append(part)
    return parts


def _parse_author(text: str) -> Author:
    """Parse "Ann", "Ann <ann@example.org>", "Ann <https://ann.example>" or "ann@example.org"."""
    named, beside = _split_address(text.strip())
    name = field_reader.strip_html(named).strip("\"'")
    beside = beside or name
    email = beside if len(beside) <= _LONGEST_MAIL and _MAIL.fullmatch(beside) else ""
    url = beside if beside.startswith(_WEB) else ""
    if email and (not name or name == email):
        name = email.partition("@")[0]
    return Author(name, email, url)


def _split_address(text: str) -> tuple[str, str]:
    """Split "Ann <ann@example.org>" into name and address; "Ann <ann>" has a nickname."""
    name, opening, rest = text.rpartition("<")
    beside = rest.removesuffix(">").strip().removeprefix("mailto:")
    if not opening or not rest.endswith(">") or not beside or ">" in beside or beside.split()[1:]:
        return text, ""
    return name.strip(), beside


def _parse_author_table(table: Mapping[str, Value]) -> Author:
    """Parse a table of name, email and URL."""
    lowered = {key.lower(): value for key, value in table.items()}
    author = _parse_author(_first(lowered, _NAMES))
    email = _first(lowered, _EMAILS).removeprefix("mailto:")
    url = _first(lowered, _URLS)
    return Author(
        author.name,
        email if "@" in email else author.email,
        url if url.startswith(_WEB) else author.url,
    )


def _first(table: Mapping[str, Value], names: tuple[str, ...]) -> str:
    """Return the first of these keys with a text, or ""."""
    texts = (table.get(name.lower()) for name in names)
    return next((text.strip() for text in texts if isinstance(text, str) and text.strip()), "")
