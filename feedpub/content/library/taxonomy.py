"""Merge the spellings of tags and authors into one tag or author each, with a unique slug."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from unicodedata import normalize

from feedpub.content.library.link_index import normalize_absolute_url
from feedpub.models.content import Author, ParsedPost, Tag
from feedpub.models.text import fold_case, make_unique_slug, slugify


def normalize_name(name: str) -> str:
    """Return a name with differences in case, Unicode form and spaces removed."""
    return fold_case(" ".join(name.split()))


def collect_tags(spellings: Iterable[Sequence[str]]) -> dict[str, Tag]:
    """Merge the tags of all posts, oldest post first; return the tag of each spelling.

    A tag's label is its most used spelling (of several, the first in code point order). Its slug
    comes from its first spelling, so later posts do not change it; if two tags would share a slug,
    the one used first keeps it and the other gets a number.
    """
    uses: dict[str, int] = {}
    for names in spellings:
        for name in dict.fromkeys(names):
            uses[name] = uses.get(name, 0) + 1
    groups: dict[str, Counter[str]] = {}
    same = {name: normalize_name(name) for name in uses}
    for name, count in uses.items():
        groups.setdefault(same[name], Counter())[_shown(name)] += count
    taken: set[str] = set()
    merged: dict[str, Tag] = {}
    for key, labels in groups.items():
        label = min(labels, key=lambda name: (-labels[name], name))
        merged[key] = Tag(label, make_unique_slug(slugify(next(iter(labels))), taken))
    return {name: merged[key] for name, key in same.items()}


def _shown(name: str) -> str:
    """Return a name in NFC with single spaces."""
    return normalize("NFC", " ".join(name.split()))


def collect_authors(
    parsed_posts: Iterable[ParsedPost],
    known: Sequence[tuple[str, Author]],
    builder: Author | None = None,
) -> dict[str, Author]:
    """Return the author for every name or key that a post gives.

    `known` holds the configured authors by key; `builder` is the site's own author.
    """
    taken: set[str] = set()
    people = _known(known, taken)
    same: dict[str, str] = {}
    found: dict[str, Author] = {}
    editors = (builder,) if builder else ()
    for written in (editors, *(one.authors for one in parsed_posts)):
        for author in written:
            key = same.get(author.name)
            if key is None:
                key = same[author.name] = normalize_name(author.name)
            if key not in people:
                found[key] = _merged(found[key], author) if key in found else author
    for key, author in found.items():
        people[key] = replace(
            author,
            url=normalize_absolute_url(author.url),
            slug=make_unique_slug(slugify(author.name), taken),
        )
    return {name: people[key] for name, key in same.items()}


def _known(known: Sequence[tuple[str, Author]], taken: set[str]) -> dict[str, Author]:
    """Return the configured authors by key and by name; keys win over names."""
    whole = [
        (key, replace(each, slug=make_unique_slug(slugify(key), taken))) for key, each in known
    ]
    by_name = {normalize_name(author.name): author for _, author in reversed(whole)}
    return by_name | {normalize_name(key): author for key, author in reversed(whole)}


def _merged(first: Author, other: Author) -> Author:
    """Keep the first spelling of a name, and fill in e-mail and URL from other posts."""
    if (first.email or not other.email) and (first.url or not other.url):
        return first
    return replace(first, email=first.email or other.email, url=first.url or other.url)
