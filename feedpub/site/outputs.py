"""List every file of a planned site, each with a cache key and a function that renders it.

The cache key is a digest of all inputs, so a file with an unchanged key need not be rendered.
Enter at `build_outputs`.
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
    """Everything that rendering depends on apart from the plan.

    A long-lived process may keep it, with the cached entries of its feed renderer, as long as
    configuration, templates and program stay the same.
    """

    def __init__(
        self, config: Config, templates: Templates, body: Callable[[str], str], base: str
    ) -> None:
        """`body` returns HTML by digest; `base` digests configuration and program."""
        self.config = config
        self.templates = templates
        self.base_digest = base
        self._body = body
        self.feed_renderer = feeds_renderer.FeedRenderer(config, self.render_for_feed)

    def render_for_feed(self, post: Post) -> str:
        """Return a post's HTML for feed readers, without a heading that repeats the title."""
        filled = link_index.substitute_urls(Body.loads(self._body(post.body_key)), post.links)
        return strip_title_heading(link_index.replace_data_images(filled), post.title)

    def render_for_page(self, post: Post) -> str:
        """Return a post's HTML for its own page."""
        shown = link_index.build_url_rewriter(self.config.site.url, post.url)
        return link_index.substitute_urls(Body.loads(self._body(post.body_key)), post.links, shown)


def build_outputs(
    site: SiteContext,
    library: Library,
    plan: SitePlan,
    known: Mapping[str, OutputFile | StaticFile] = _NOTHING,
) -> Iterator[OutputFile | StaticFile]:
    """Yield every file of the site; rendering is deferred to `OutputFile.render`.

    `known` maps paths to the outputs of an earlier plan with the same context; an output with equal
    inputs is reused as the same object.
    """
    yield from _OutputBuilder(site, plan, known).build_all(library)


class _OutputBuilder:
    """Builds the outputs of one site, reusing known ones with equal inputs."""

    def __init__(
        self, site: SiteContext, plan: SitePlan, known: Mapping[str, OutputFile | StaticFile]
    ) -> None:
        self._site = site
        self._plan = plan
        self._known = known
        self._described: dict[str, str] = {}
        self._keys: dict[str, str] = {}  # cache keys of feeds, by feed id

    def build_all(self, library: Library) -> Iterator[OutputFile | StaticFile]:
        """Yield every file, feeds first, since feed readers poll them."""
        yield from self._feeds()
        if self._site.config.pages.enabled:
            yield from self._pages()
            yield from self._extras(library)
        for source, path in library.files.items():
            yield StaticFile(path, "", source)

    def _feeds(self) -> Iterator[OutputFile]:
        """Yield every feed in each of its formats, and the OPML list of feeds."""
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
        """Return the known output at a path if its inputs are equal."""
        known = self._known.get(path)
        if isinstance(known, OutputFile) and (known.inputs is of or known.inputs == of):
            return known
        return None

    def _feed(
        self, feed: Feed, paths: Mapping[str, str], renderer: feeds_renderer.FeedRenderer
    ) -> Iterator[OutputFile]:
        """Yield a feed in each of its formats."""
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
        """Return the OPML list of feeds, which does not depend on their posts."""
        key = _digest(self._site.base_digest, *map(repr, bare))
        return OutputFile(
            "feeds.opml", key, partial(opml.render_opml, self._site.config, bare), bare
        )

    def _pages(self) -> Iterator[OutputFile]:
        """Yield every page."""
        for page in self._plan.pages:
            yield self._find_known(page.path, page) or self._page(page)

    def _page(self, page: Page) -> OutputFile:
        """Return the output of a page."""
        told = [self._site.base_digest, self._site.templates.digest, *_page_key_parts(page)]
        told += [self._description(feed) for feed in page.feeds]
        told += [self._keys[feed.id] for feed in page.listing]
        render = partial(self._site.templates.render, page, self._site.render_for_page)
        return OutputFile(page.path, _digest(*told), render, page)

    def _description(self, feed: Feed) -> str:
        """Return what a page's key depends on for one of its feeds, computed once."""
        if feed.id not in self._described:
            self._described[feed.id] = repr(feed)
        return self._described[feed.id]

    def _extras(self, library: Library) -> Iterator[OutputFile]:
        """Yield assets, sitemap, robots.txt and redirects; files of the content take precedence."""
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
        """Yield the redirect pages at old URLs, and the redirect lists for web servers."""
        config, redirects = self._site.config, library.redirects
        for each in redirects:
            key = _digest(self._site.base_digest, repr(each))
            render = partial(sitemap.render_redirect_page, config, each)
            yield self._find_known(each.path, each) or OutputFile(each.path, key, render, each)
        # These files are public, so they leave out unlisted posts.
        if listed := [each for each in redirects if not each.unlisted]:
            yield _prepare_file(sitemap.REDIRECTS, sitemap.render_redirects_file(config, listed))
            yield _prepare_file(sitemap.REDIRECT_MAP, sitemap.render_redirect_map(config, listed))

    def _sitemaps(self, dated: tuple[sitemap.SitemapEntry, ...]) -> Iterator[OutputFile]:
        """Yield the sitemap of these pages, in as many files as needed."""
        known = [path for path in self._known if path.startswith("sitemap")]
        same = [each for path in known if (each := self._find_known(path, dated))]
        if same:
            yield from same
            return
        for path, data in sitemap.render_sitemaps(dated, self._site.config.site.url):
            yield replace(_prepare_file(path, data), inputs=dated)


def _prepare_file(path: str, data: bytes) -> OutputFile:
    """Return an output whose bytes are already known."""
    return OutputFile(path, blake2b(data, digest_size=16).hexdigest(), partial(bytes, data))


def _is_indexed(page: Page) -> bool:
    """Return whether a page belongs in the sitemap."""
    return page.template != "404.html" and not (page.post and page.post.unlisted)


def _last_modified(page: Page) -> datetime | None:
    """Return when a page's content last changed, None if unknown."""
    if page.post:
        return page.post.updated if page.post.updated != UNDATED else None
    slots = [each.slot for each in (*page.issues, page.issue) if each]
    return max((*(post.updated for post in page.posts), *slots), default=None)


def _page_key_parts(page: Page) -> list[str]:
    """Return everything that a page's key depends on, apart from its feeds."""
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
    """Return a digest of texts, joined by a separator that cannot occur in them."""
    return blake2b("\x1f".join(parts).encode(errors="replace"), digest_size=16).hexdigest()
