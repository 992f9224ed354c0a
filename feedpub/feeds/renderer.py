"""A feed → its bytes in each format, rendering each post once however many feeds hold it."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Protocol, TypeVar, cast

from feedpub.config.schema import Config
from feedpub.feeds.atom import Atom
from feedpub.feeds.jsonfeed import Json
from feedpub.feeds.rss import Rss
from feedpub.markup.mathml import as_tex
from feedpub.model import Feed, Html, Post
from feedpub.text import clean

KEPT = 64_000_000  # bytes

_T = TypeVar("_T")


class Form(Protocol):
    """A format that feeds are written in."""

    name: str

    def entry(self, post: Post, html: str) -> bytes:
        """Give a post's part. Raises ValueError for a character the format cannot hold."""

    def document(self, feed: Feed, entries: Sequence[bytes]) -> bytes:
        """Give the whole. Raises ValueError likewise."""


class Renderer:
    """Writes the feeds of one site.

    What is made of a post is the same in every feed. It is made in all formats at once, so that
    its HTML is asked for once, and kept under the post's key until there are more than `kept`
    bytes; that is never to be seen in what is written.
    """

    def __init__(self, config: Config, html: Html, kept: int = KEPT) -> None:
        config = fit(config)
        self._html = html
        self._atom, self._rss, self._json = Atom(config), Rss(config), Json(config)
        usual = (*config.feeds.formats, "atom") if config.feeds.archive else config.feeds.formats
        forms: tuple[Form, ...] = (self._rss, self._atom, self._json)
        self._usual = tuple(form for form in forms if form.name in usual)
        self._made: OrderedDict[str, Mapping[str, bytes]] = OrderedDict()
        self._room = kept

    def atom(self, feed: Feed) -> bytes:
        """Give a feed in Atom 1.0 (RFC 4287), or an archive of one (RFC 5005)."""
        return self._document(self._atom, feed)

    def rss(self, feed: Feed) -> bytes:
        """Give a feed in RSS 2.0."""
        return self._document(self._rss, feed)

    def json(self, feed: Feed) -> bytes:
        """Give a feed in JSON Feed 1.1."""
        return self._document(self._json, feed)

    def _document(self, form: Form, feed: Feed) -> bytes:
        entries = [self._entry(form, post) for post in feed.posts]
        try:
            return form.document(feed, entries)
        except ValueError:
            return form.document(fit(feed), entries)

    def _entry(self, form: Form, post: Post) -> bytes:
        """Give a post's part of a document, from what is kept where it can be."""
        made = self._made.get(post.key)
        if made is None or form.name not in made:
            html = as_tex(self._html(post))
            forms = self._usual if form in self._usual else (*self._usual, form)
            made = {each.name: _render(each, post, html) for each in forms}
            self._keep(post.key, made)
        else:
            self._made.move_to_end(post.key)
        return made[form.name]

    def _keep(self, key: str, made: Mapping[str, bytes]) -> None:
        """Keep what was made of a post, and let go of what was longest unused for want of room."""
        self._room += _size(self._made.pop(key, {})) - _size(made)
        self._made[key] = made
        while self._room < 0:
            self._room += _size(self._made.popitem(last=False)[1])


def _size(made: Mapping[str, bytes]) -> int:
    return sum(len(part) for part in made.values())


def _render(form: Form, post: Post, html: str) -> bytes:
    """Give a post's part, cleaned first should it hold what the format cannot.

    Text is cleaned where it is read, so that is never needed; but no character may ever cost a
    whole feed. lxml looks at every one anyhow, so asking it is free.
    """
    try:
        return form.entry(post, html)
    except ValueError:
        return form.entry(fit(post), clean(html))


def fit(value: _T) -> _T:
    """Give the same value with every text in it cleaned."""
    return cast("_T", _fit(value))


def _fit(value: object) -> object:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, tuple):
        return tuple(_fit(each) for each in value)
    if is_dataclass(value) and not isinstance(value, type):
        changes = {each.name: _fit(getattr(value, each.name)) for each in fields(value)}
        return replace(value, **changes)
    return value
