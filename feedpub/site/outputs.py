"""The plan of a site → every file of it, each with a key and the function that makes its bytes.

The key of an output is a digest of all that it is made from, so that what would come out the
same need not be made again.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from hashlib import blake2b

from feedpub import feeds, links, pages
from feedpub.config import Config
from feedpub.library import Library
from feedpub.model import Copy, Feed, Output, Page, Post
from feedpub.site.issues import contents
from feedpub.site.plan import Plan
from feedpub.templates import Templates


@dataclass(frozen=True, slots=True)
class Site:
    """What the bytes of a site are made with."""

    config: Config
    templates: Templates
    body: Callable[[str], str]  # a manuscript's HTML by its digest
    base: str  # digest of config, program and libraries


def outputs(site: Site, library: Library, plan: Plan) -> Iterator[Output | Copy]:
    """Give every file of the site; only the `render` of an Output does any work."""
    keys = {feed.id: _feed_key(site, feed) for feed in plan.feeds}
    yield from _feeds(site, plan, keys)
    if site.config.pages.enabled:
        yield from _pages(site, plan, keys)
        yield from _around(site, library, plan)
    for source, path in library.files.items():
        yield Copy(path, "", source)


def _feeds(site: Site, plan: Plan, keys: dict[str, str]) -> Iterator[Output]:
    """Give every feed in each of its formats, and the list of them all."""

    def html(post: Post) -> str:
        edition = plan.editions.get(post.body)
        if edition:
            return contents(edition, post.language)
        return links.fill(site.body(post.body), post.links)

    renderer = feeds.Renderer(site.config, html)
    formats = {"rss": renderer.rss, "atom": renderer.atom, "json": renderer.json}
    keyed = [(feed, keys[feed.id]) for feed in plan.feeds]
    keyed += [(feed, _feed_key(site, feed)) for feed in plan.archives]
    for feed, key in keyed:
        for form in feed.formats:
            path = feed.folder + feeds.filename(feed, form)
            yield Output(path, f"{key}-{form}", partial(formats[form], feed))
    listed = _digest(site.base, *(_description(feed) for feed in plan.feeds))
    yield Output("feeds.opml", listed, partial(feeds.opml, site.config, plan.feeds))


def _pages(site: Site, plan: Plan, keys: dict[str, str]) -> Iterator[Output]:
    """Give every page; `keys` are those of the feeds, by their ids."""
    base = _digest(site.base, site.templates.digest)
    followed = {feed.id: feed for page in plan.pages for feed in page.feeds}
    described = {name: _description(feed) for name, feed in followed.items()}

    def html(post: Post) -> str:
        shown = links.local(site.config.site.url, post.url)
        return links.fill(site.body(post.body), post.links, shown)

    for page in plan.pages:
        told = _told(page)
        told += [described[feed.id] for feed in page.feeds]
        told += [keys[feed.id] for feed in page.listing]
        yield Output(page.path, _digest(base, *told), partial(site.templates.render, page, html))


def _around(site: Site, library: Library, plan: Plan) -> Iterator[Output]:
    """Give what pages need beside them, and what search engines read."""
    own = set(library.files.values())
    made = dict(site.templates.assets())
    dated = [(page.url, _changed(page)) for page in plan.pages if page.template != "404.html"]
    made.update(pages.sitemaps(dated, site.config.site.url))
    made["robots.txt"] = pages.robots(site.config)
    for path, data in made.items():
        if path not in own:
            yield Output(path, blake2b(data, digest_size=16).hexdigest(), partial(bytes, data))


def _changed(page: Page) -> datetime | None:
    """Give the time a page's content last changed, as far as its posts tell."""
    if page.post:
        return page.post.updated
    slots = [each.slot for each in (*page.issues, page.issue) if each]
    return max((*(post.updated for post in page.posts), *slots), default=None)


def _description(feed: Feed) -> str:
    """Give all that is said of a feed, but for its posts."""
    return repr(replace(feed, posts=()))


def _feed_key(site: Site, feed: Feed) -> str:
    """Give a digest of all that a feed is made from."""
    return _digest(site.base, _description(feed), *[post.key for post in feed.posts])


def _told(page: Page) -> list[str]:
    """Give all that makes a page, but for its feeds."""
    told = [page.path, page.template, page.url, page.title, page.description, page.language]
    told += [post.key if post else "" for post in (page.post, page.newer, page.older)]
    told += [post.key for post in page.posts]
    more = (page.tag, page.author, page.pager, page.groups, page.issue, page.issues, page.signup)
    if any(more):
        told.append(repr(more))
    return told


def _digest(*parts: str) -> str:
    """Give a digest of texts, in which no person can write what divides them."""
    return blake2b("\x1f".join(parts).encode(errors="replace"), digest_size=16).hexdigest()
