"""The plan of a site → every file of it, each with a key and the function that makes its bytes.

The key of an output is a digest of all that it is made from, so that what would come out the
same need not be made again.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from hashlib import blake2b
from types import MappingProxyType

from feedpub.config.schema import Config
from feedpub.content.library import Library, link_index
from feedpub.feeds import opml, sitemap, urls
from feedpub.feeds import renderer as feeds_renderer
from feedpub.models.content import UNDATED, Body, Feed, OutputFile, Page, Post, StaticFile
from feedpub.site.archive import render_entry_html
from feedpub.site.plan import SitePlan, strip_posts
from feedpub.site.template_filters import strip_title_heading
from feedpub.site.templates import Templates

_NOTHING: Mapping[str, OutputFile | StaticFile] = MappingProxyType({})


class SiteContext:
    """What the bytes of a site are made with.

    A living process may keep it as long as none of this changes, and with it what the feeds say
    of each post.
    """

    def __init__(
        self, config: Config, templates: Templates, body: Callable[[str], str], base: str
    ) -> None:
        """Use the HTML that `body` gives by digest; `base` tells config, program and libraries."""
        self.config = config
        self.templates = templates
        self.base_digest = base
        self._body = body
        self.feed_renderer = feeds_renderer.FeedRenderer(config, self.render_for_feed)

    def render_for_feed(self, post: Post) -> str:
        """Give a post's HTML as readers elsewhere see it, below its title."""
        filled = link_index.substitute_urls(Body.loads(self._body(post.body_key)), post.links)
        return strip_title_heading(link_index.replace_data_images(filled), post.title)

    def render_for_page(self, post: Post) -> str:
        """Give a post's HTML as its own page shows it."""
        shown = link_index.build_url_rewriter(self.config.site.url, post.url)
        return link_index.substitute_urls(Body.loads(self._body(post.body_key)), post.links, shown)


def build_outputs(
    site: SiteContext,
    library: Library,
    plan: SitePlan,
    known: Mapping[str, OutputFile | StaticFile] = _NOTHING,
) -> Iterator[OutputFile | StaticFile]:
    """Give every file of the site; only the `render` of an Output does any work.

    `known` is, by path, what an earlier plan gave for the very same Site: an output that is made
    of the same is the very one that is there.
    """
    yield from _OutputBuilder(site, plan, known).build_all(library)


class _OutputBuilder:
    """Gives the files of one site, those that are known where they are made of the same."""

    def __init__(
        self, site: SiteContext, plan: SitePlan, known: Mapping[str, OutputFile | StaticFile]
    ) -> None:
        self._site = site
        self._plan = plan
        self._known = known
        self._described: dict[str, str] = {}
        self._keys: dict[str, str] = {}  # of feeds, by id

    def build_all(self, library: Library) -> Iterator[OutputFile | StaticFile]:
        """Give every file, the feeds first: people wait for them."""
        yield from self._feeds()
        if self._site.config.pages.enabled:
            yield from self._pages()
            yield from self._extras(library)
        for source, path in library.files.items():
            yield StaticFile(path, "", source)

    def _feeds(self) -> Iterator[OutputFile]:
        """Give every feed in each of its formats, and the list of them all."""
        editions = self._plan.issue_pages

        def html(post: Post) -> str:
            return render_entry_html(editions[post.body_key], post.language)

        usual, issues = (
            self._site.feed_renderer,
            feeds_renderer.FeedRenderer(self._site.config, html),
        )
        for feed in (*self._plan.feeds, *self._plan.archives):
            paths = {form: feed.folder + urls.get_filename(feed, form) for form in feed.formats}
            found = [each for path in paths.values() if (each := self._find_known(path, feed))]
            if not found:
                found = list(self._feed(feed, paths, issues if feed.kind == "digest" else usual))
            self._keys[feed.id] = found[0].cache_key
            yield from found
        bare = tuple(strip_posts(feed) for feed in self._plan.feeds)
        yield self._find_known("feeds.opml", bare) or self._list(bare)

    def _find_known(self, path: str, of: object) -> OutputFile | None:
        """Give the output that is known at a path if it is made of the same."""
        known = self._known.get(path)
        if isinstance(known, OutputFile) and (known.inputs is of or known.inputs == of):
            return known
        return None

    def _feed(
        self, feed: Feed, paths: Mapping[str, str], renderer: feeds_renderer.FeedRenderer
    ) -> Iterator[OutputFile]:
        """Give a feed in each of its formats."""
        posts = [post.cache_key for post in feed.posts]
        key = _digest(self._site.base_digest, repr(replace(feed, posts=())), *posts)
        render = {
            "rss": renderer.render_rss,
            "atom": renderer.render_atom,
            "json": renderer.render_json,
        }
        for form, path in paths.items():
            yield OutputFile(path, f"{key}-{form}", partial(render[form], feed), feed)

    def _list(self, bare: tuple[Feed, ...]) -> OutputFile:
        """Give the list of all feeds, of which it tells no post."""
        key = _digest(self._site.base_digest, *map(repr, bare))
        return OutputFile(
            "feeds.opml", key, partial(opml.render_opml, self._site.config, bare), bare
        )

    def _pages(self) -> Iterator[OutputFile]:
        """Give every page."""
        for page in self._plan.pages:
            yield self._find_known(page.path, page) or self._page(page)

    def _page(self, page: Page) -> OutputFile:
        """Give a page."""
        told = [self._site.base_digest, self._site.templates.digest, *_page_key_parts(page)]
        told += [self._description(feed) for feed in page.feeds]
        told += [self._keys[feed.id] for feed in page.listing]
        render = partial(self._site.templates.render, page, self._site.render_for_page)
        return OutputFile(page.path, _digest(*told), render, page)

    def _description(self, feed: Feed) -> str:
        """Give all that a page says of a feed that belongs to it."""
        if feed.id not in self._described:
            self._described[feed.id] = repr(feed)
        return self._described[feed.id]

    def _extras(self, library: Library) -> Iterator[OutputFile]:
        """Give what pages need beside them, and what search engines read."""
        own = set(library.files.values())
        dated = tuple(
            (page.url, _last_modified(page)) for page in self._plan.pages if _is_indexed(page)
        )
        made = [
            _prepare_file(path, data) for path, data in self._site.templates.get_assets().items()
        ]
        made += self._sitemaps(dated)
        made.append(_prepare_file("robots.txt", sitemap.render_robots(self._site.config)))
        yield from (each for each in made if each.path not in own)
        if library.redirects:
            yield from self._redirects(library)

    def _redirects(self, library: Library) -> Iterator[OutputFile]:
        """Give the pages at old addresses, and what tells servers of them."""
        config, redirects = self._site.config, library.redirects
        for each in redirects:
            key = _digest(self._site.base_digest, repr(each))
            render = partial(sitemap.render_redirect_page, config, each)
            yield self._find_known(each.path, each) or OutputFile(each.path, key, render, each)
        # These anybody may read, so they name no post that is in no list.
        if listed := [each for each in redirects if not each.unlisted]:
            yield _prepare_file(sitemap.REDIRECTS, sitemap.render_redirects_file(config, listed))
            yield _prepare_file(sitemap.REDIRECT_MAP, sitemap.render_redirect_map(config, listed))

    def _sitemaps(self, dated: tuple[sitemap.SitemapEntry, ...]) -> Iterator[OutputFile]:
        """Give the sitemap of these pages, in as many parts as it takes."""
        known = [path for path in self._known if path.startswith("sitemap")]
        same = [each for path in known if (each := self._find_known(path, dated))]
        if same:
            yield from same
            return
        for path, data in sitemap.render_sitemaps(dated, self._site.config.site.url):
            yield replace(_prepare_file(path, data), inputs=dated)


def _prepare_file(path: str, data: bytes) -> OutputFile:
    """Give a file whose bytes are known already."""
    return OutputFile(path, blake2b(data, digest_size=16).hexdigest(), partial(bytes, data))


def _is_indexed(page: Page) -> bool:
    """Tell whether search engines may find a page."""
    return page.template != "404.html" and not (page.post and page.post.unlisted)


def _last_modified(page: Page) -> datetime | None:
    """Give the time a page's content last changed, as far as its posts tell."""
    if page.post:
        return page.post.updated if page.post.updated != UNDATED else None
    slots = [each.slot for each in (*page.issues, page.issue) if each]
    return max((*(post.updated for post in page.posts), *slots), default=None)


def _page_key_parts(page: Page) -> list[str]:
    """Give all that makes a page, but for its feeds."""
    told = [page.path, page.template, page.url, page.title, page.description, page.language]
    told += [post.cache_key if post else "" for post in (page.post, page.newer, page.older)]
    told += [post.cache_key for post in page.posts]
    more = (page.tag, page.author, page.pager, page.groups, page.issue, page.issues, page.signup)
    if any(more):
        told.append(repr(more))
    if page.menu:
        told.append(repr(page.menu))
    return told


def _digest(*parts: str) -> str:
    """Give a digest of texts, in which no person can write what divides them."""
    return blake2b("\x1f".join(parts).encode(errors="replace"), digest_size=16).hexdigest()
