"""Render a feed in each format; each post is rendered once however many feeds hold it."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Protocol, TypeVar, cast

from feedpub.config.schema import Config
from feedpub.content.markup.mathml import replace_mathml_with_tex
from feedpub.feeds.atom import AtomFormat
from feedpub.feeds.jsonfeed import JsonFeedFormat
from feedpub.feeds.rss import RssFormat
from feedpub.models.content import Feed, HtmlRenderer, Post
from feedpub.models.text import strip_invalid_characters

MAX_CACHE_BYTES = 64_000_000  # for the rendered entries of one renderer

_T = TypeVar("_T")


class FeedFormat(Protocol):
    """The interface of a feed format."""

    name: str

    def render_entry(self, post: Post, html: str) -> bytes:
        """Return a post's entry. Raises ValueError for a character the format cannot hold."""

    def render_document(self, feed: Feed, entries: Sequence[bytes]) -> bytes:
        """Return the whole document. Raises ValueError as `render_entry` does."""


class FeedRenderer:
    """Renders the feeds of one site, with a cache of rendered entries.

    An entry is the same in every feed. A post is rendered in all configured formats at once, so
    that its HTML is built once, and cached by its key. The least recently used entries are evicted
    beyond `kept` bytes; this never changes the output.
    """

    def __init__(self, config: Config, html: HtmlRenderer, kept: int = MAX_CACHE_BYTES) -> None:
        config = sanitize_value(config)
        self._html = html
        self._atom, self._rss, self._json = (
            AtomFormat(config),
            RssFormat(config),
            JsonFeedFormat(config),
        )
        usual = (*config.feeds.formats, "atom") if config.feeds.archive else config.feeds.formats
        forms: tuple[FeedFormat, ...] = (self._rss, self._atom, self._json)
        self._usual = tuple(form for form in forms if form.name in usual)
        self._made: OrderedDict[str, Mapping[str, bytes]] = OrderedDict()
        self._room = kept

    def render_atom(self, feed: Feed) -> bytes:
        """Return a feed, or an archive of one (RFC 5005), in Atom 1.0 (RFC 4287)."""
        return self._document(self._atom, feed)

    def render_rss(self, feed: Feed) -> bytes:
        """Return a feed in RSS 2.0."""
        return self._document(self._rss, feed)

    def render_json(self, feed: Feed) -> bytes:
        """Return a feed in JSON Feed 1.1."""
        return self._document(self._json, feed)

    def _document(self, form: FeedFormat, feed: Feed) -> bytes:
        entries = [self._entry(form, post) for post in feed.posts]
        try:
            return form.render_document(feed, entries)
        except ValueError:
            return form.render_document(sanitize_value(feed), entries)

    def _entry(self, form: FeedFormat, post: Post) -> bytes:
        """Return a post's entry, from the cache where possible."""
        made = self._made.get(post.cache_key)
        if made is None or form.name not in made:
            html = replace_mathml_with_tex(self._html(post))
            forms = self._usual if form in self._usual else (*self._usual, form)
            made = {each.name: _render(each, post, html) for each in forms}
            self._keep(post.cache_key, made)
        else:
            self._made.move_to_end(post.cache_key)
        return made[form.name]

    def _keep(self, key: str, made: Mapping[str, bytes]) -> None:
        """Cache a post's entries and evict the least recently used ones if room is short."""
        self._room += _size(self._made.pop(key, {})) - _size(made)
        self._made[key] = made
        while self._room < 0:
            self._room += _size(self._made.popitem(last=False)[1])


def _size(made: Mapping[str, bytes]) -> int:
    return sum(len(part) for part in made.values())


def _render(form: FeedFormat, post: Post, html: str) -> bytes:
    """Return a post's entry, sanitizing the post first if the format refuses a character.

    Text is sanitized when it is read, so this should never happen, but one character must not cost
    a whole feed. lxml checks every character anyway, so the check is free.
    """
    try:
        return form.render_entry(post, html)
    except ValueError:
        return form.render_entry(sanitize_value(post), strip_invalid_characters(html))


def sanitize_value(value: _T) -> _T:
    """Return a copy of the value without characters that feeds cannot carry."""
    return cast("_T", _sanitize(value))


def _sanitize(value: object) -> object:
    if isinstance(value, str):
        return strip_invalid_characters(value)
    if isinstance(value, tuple):
        return tuple(_sanitize(each) for each in value)
    if is_dataclass(value) and not isinstance(value, type):
        changes = {each.name: _sanitize(getattr(value, each.name)) for each in fields(value)}
        return replace(value, **changes)
    return value
