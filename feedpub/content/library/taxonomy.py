"""Names as people spelt them → one tag or author each, with a place in URLs."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from unicodedata import normalize

from feedpub.content.library.link_index import normalize_absolute_url
from feedpub.models.content import Author, ParsedPost, Tag
from feedpub.models.text import fold_case, make_unique_slug, slugify


def normalize_name(name: str) -> str:
    """Give the form in which names that differ only in case, Unicode form or spaces are equal."""
    return fold_case(" ".join(name.split()))


def collect_tags(spellings: Iterable[Sequence[str]]) -> dict[str, Tag]:
    """Merge the tags of all posts, oldest post first: each spelling → its tag.

    A tag's label is its most used spelling (the first in code point order of several). Its slug
    is that of its first one, which later posts do not change; the tag that came first keeps the
    plain slug where two would share one.
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
    """Give a name as it is shown: in NFC, and with single spaces."""
    return normalize("NFC", " ".join(name.split()))


def collect_authors(
    manuscripts: Iterable[ParsedPost],
    known: Sequence[tuple[str, Author]],
    editor: Author | None = None,
) -> dict[str, Author]:
    """Find out who wrote: every name or key that a post gives → author.

    `known` are the people of the config by key, `editor` is the site's own author.
    """
    taken: set[str] = set()
    people = _known(known, taken)
    same: dict[str, str] = {}
    found: dict[str, Author] = {}
    editors = (editor,) if editor else ()
    for written in (editors, *(one.authors for one in manuscripts)):
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
    """Find the people of the config by key and by name; a key is never another's name."""
    whole = [
        (key, replace(each, slug=make_unique_slug(slugify(key), taken))) for key, each in known
    ]
    by_name = {normalize_name(author.name): author for _, author in reversed(whole)}
    return by_name | {normalize_name(key): author for key, author in reversed(whole)}


def _merged(first: Author, other: Author) -> Author:
    """Keep the first name a person was given, and whatever else any post tells of them."""
    if (first.email or not other.email) and (first.url or not other.url):
        return first
    return replace(first, email=first.email or other.email, url=first.url or other.url)
