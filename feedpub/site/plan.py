"""Plan the site: which feeds, pages and menus there are.

`plan_site` returns a `SitePlan`, from which `outputs` makes the files.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple
from urllib.parse import urljoin

from feedpub.config.schema import Config
from feedpub.content.library import Library
from feedpub.models.content import (
    PAGE,
    Author,
    Feed,
    MenuEntry,
    MenuLink,
    Page,
    Pagination,
    Post,
    Problem,
    Tag,
    TaxonomyTerm,
)
from feedpub.models.languages import score_language_match
from feedpub.models.newsletter import Issue
from feedpub.models.text import quote
from feedpub.site.archive import DigestArchive, IssuePage, build_archives
from feedpub.site.feeds import EPOCH, FEED_FOLDERS, FeedSet, build_feeds, build_signup_options

_LAST = 10**9  # the weight of entries without one, as in Hugo


def build_menus(config: Config, library: Library) -> dict[str, tuple[MenuLink, ...]]:
    """Return the menu for each language of the posts and pages."""
    spoken = {each.language for each in (*library.posts, *library.pages)}
    return {
        each: build_menu(config, library, each) for each in sorted({config.site.language, *spoken})
    }


def build_menu(config: Config, library: Library, language: str = "") -> tuple[MenuLink, ...]:
    """Return the links of the menu in order, no URL twice.

    Of a page with translations, the one nearest to `language` is linked.
    """
    found: dict[str, MenuLink] = {}
    wanted = language or config.site.language
    for link in (*_configured(config, library, wanted), *_page_links(library, wanted)):
        found.setdefault(link.url, link)
    return tuple(found.values())


def find_missing_pages(config: Config, library: Library, path: str) -> Iterator[Problem]:
    """Yield a problem for each menu entry of the configuration that names no published page."""
    known = _by_path(library)
    for item in config.pages.menu:
        if item.page and item.page not in known:
            message = (
                f'pages.menu: "{item.page}" is not a published file of {config.content.folder}/'
            )
            yield Problem(path, 0, message)


def _configured(config: Config, library: Library, language: str) -> Iterator[MenuLink]:
    known = _by_path(library) if config.pages.menu else {}
    for item in config.pages.menu:
        if item.url:
            yield MenuLink(item.name, urljoin(config.site.url, item.url))
        elif found := known.get(item.page):
            page = _translated(found, library, language)
            yield MenuLink((item.name if page is found else "") or page.title, page.url)


def _page_links(library: Library, language: str) -> Iterator[MenuLink]:
    asked = [(each.menu, each) for each in library.pages if each.menu]
    for entry, page in sorted(asked, key=_order):
        shown = _translated(page, library, language)
        label = entry.label if shown is page else shown.menu.label if shown.menu else ""
        yield MenuLink(label or shown.title, shown.url)


def _translated(page: Post, library: Library, language: str) -> Post:
    """Return the translation of a page that is nearest to a language, or the page itself."""
    if not page.translations:
        return page
    url = max(page.translations, key=lambda each: score_language_match(each.language, language)).url
    if url == page.url:
        return page
    return next((each for each in (*library.pages, *library.posts) if each.url == url), page)


def _order(asked: tuple[MenuEntry, Post]) -> tuple[int, str]:
    entry, page = asked
    return entry.weight or _LAST, (entry.label or page.title).casefold()


def _by_path(library: Library) -> dict[str, Post]:
    return {each.path: each for each in (*library.posts, *library.pages)}


ARCHIVE_PAGE_SIZE = 500
"""Titles on one page of the archive: few enough for a phone, enough to search within."""

LATEST_POSTS = 5
"""Posts listed on the 404 page."""

_NOT_FOUND = "404.html"


@dataclass(frozen=True, slots=True)
class SitePlan:
    """Every feed and page of the site."""

    feeds: tuple[Feed, ...]
    archives: tuple[Feed, ...]
    pages: tuple[Page, ...]
    issue_pages: Mapping[str, IssuePage]  # of digests, by folder: the content of their feed entries
    menu: tuple[MenuLink, ...] = ()  # in the site's language
    menus: Mapping[str, tuple[MenuLink, ...]] = field(default_factory=dict)  # by language


def plan_site(
    config: Config, library: Library, issues: Iterable[Issue] = (), known: SitePlan | None = None
) -> SitePlan:
    """Return the feeds and pages of the site; `issues` are the digest issues that have been sent.

    `known` is an earlier plan with the same configuration: unchanged pages are reused from it as
    the same objects, which later steps compare by identity.
    """
    digests = build_archives(config, library, issues)
    subscribed = build_feeds(config, library, digests)
    laid_out = _PagePlanner(config, library, subscribed, known)
    found = laid_out.plan_pages(digests) if config.pages.enabled else ()
    editions = {each.folder: each for digest in digests for each in digest.listed_issues}
    return SitePlan(
        subscribed.list_feeds(),
        subscribed.archives,
        tuple(found),
        editions,
        laid_out.menu,
        laid_out.menus,
    )


class _Term(NamedTuple):
    """A tag or author with its posts."""

    folder: str
    page: Page  # first page of its list, without posts
    posts: tuple[Post, ...]


class _PagePlanner:
    """Plans the pages of one site."""

    def __init__(
        self, config: Config, library: Library, subscribed: FeedSet, known: SitePlan | None
    ) -> None:
        self._site = config.site
        self._size = config.pages.per_page
        self._library = library
        self._listing = subscribed.list_feeds()
        self._feeds = _by_folder(self._listing)
        self.menus = build_menus(config, library)
        self.menu = self.menus[config.site.language]
        same = (
            known is not None
            and self._feeds == _by_folder(known.feeds)
            and self.menus == known.menus
        )
        self._known = {page.path: page for page in known.pages} if known and same else {}
        self._languages = {feed.language: self._feeds[feed.folder] for feed in subscribed.languages}
        self._signup = build_signup_options(config, library) if config.subscribers.form else None
        self._whole = tuple(self._feeds[feed.folder] for feed in subscribed.site)

    def plan_pages(self, digests: Iterable[DigestArchive]) -> Iterator[Page]:
        """Yield every page: lists first, then issues and posts, newest first."""
        posts, page = self._library.posts, self._page
        tags = [self._tag(tag, group) for tag, group in self._library.tags]
        authors = [self._author(author, group) for author, group in self._library.authors]
        yield from self._paginate("", page("home.html", self._site.title, ""), posts, self._size)
        archive = page("archive.html", "Archive", "archive/")
        yield from self._paginate("archive/", archive, posts, ARCHIVE_PAGE_SIZE)
        for each in (*tags, *authors):
            yield from self._paginate(each.folder, each.page, each.posts, self._size)
        yield replace(page("tags.html", "Tags", "tags/"), groups=_groups(tags))
        yield replace(page("authors.html", "Authors", "authors/"), groups=_groups(authors))
        subscribe = page("subscribe.html", "Subscribe", "subscribe/")
        yield replace(subscribe, listing=self._listing, signup=self._signup)
        if _NOT_FOUND not in self._library.files.values():
            yield replace(
                page("404.html", "Page not found", ""),
                path=_NOT_FOUND,
                url=self._site.url + _NOT_FOUND,
                posts=posts[:LATEST_POSTS],
            )
        for digest in digests:
            yield from self._digest(digest)
        yield from self._posts()
        yield from self._standalone_pages()

    def _page(self, template: str, title: str, folder: str) -> Page:
        """Return a page in the site's default language."""
        own = self._feeds.get(folder) if folder else None
        return Page(
            path=f"{folder}index.html",
            template=template,
            url=self._site.url + quote(folder),
            title=title,
            description=self._site.description,
            language=self._site.language,
            feeds=(own, *self._whole) if own else self._whole,
            menu=self.menu,
        )

    def _paginate(
        self, folder: str, first: Page, posts: Sequence[Post], size: int
    ) -> Iterator[Page]:
        """Yield the pages of a paginated list of posts."""
        places = _page_folders(len(posts), size)
        for index, place in enumerate(places):
            part = tuple(posts[index * size : (index + 1) * size])
            known = self._known.get(f"{folder}{place}index.html")
            yield (
                known
                if known and known.posts == part and _is_same_list(known, first, len(places))
                else replace(_paginated_page(folder, first, places, index), posts=part)
            )

    def _tag(self, tag: Tag, posts: tuple[Post, ...]) -> _Term:
        """Return the page and posts of a tag."""
        folder = f"{FEED_FOLDERS['tag']}{tag.slug}/"
        page = replace(self._page("tag.html", tag.label, folder), tag=tag)
        return _Term(folder, page, posts)

    def _author(self, author: Author, posts: tuple[Post, ...]) -> _Term:
        """Return the page and posts of an author."""
        folder = f"{FEED_FOLDERS['author']}{author.slug}/"
        page = replace(self._page("author.html", author.name, folder), author=author)
        return _Term(folder, page, posts)

    def _digest(self, digest: DigestArchive) -> Iterator[Page]:
        """Yield the archive pages of a digest and the page of each issue."""
        archive = self._page("issues.html", digest.name, digest.folder)
        issues = tuple(each.issue for each in digest.listed_issues)
        places = _page_folders(len(issues), ARCHIVE_PAGE_SIZE)
        for index in range(len(places)):
            part = issues[index * ARCHIVE_PAGE_SIZE : (index + 1) * ARCHIVE_PAGE_SIZE]
            yield replace(_paginated_page(digest.folder, archive, places, index), issues=part)
        for each in digest.issues:
            yield replace(
                self._page("issue.html", each.issue.subject, each.folder),
                description=each.summary or self._site.description,
                feeds=archive.feeds,
                posts=each.posts,
                issue=each.issue,
            )

    def _posts(self) -> Iterator[Page]:
        """Yield the page of every post that has one here."""
        posts = self._library.posts
        for newer, post, older in zip((None, *posts), posts, (*posts[1:], None), strict=False):
            known = self._known.get(post.output_path)
            if known and known.post is post and known.newer is newer and known.older is older:
                yield known
            elif post.output_path and not post.redirect_url:
                yield self._post(post, newer, older)
        for post in self._library.unlisted:
            known = self._known.get(post.output_path)
            if post.kind != PAGE and known and known.post is post:
                yield known
            elif post.kind != PAGE and post.output_path and not post.redirect_url:
                yield self._post(post, None, None)

    def _post(self, post: Post, newer: Post | None, older: Post | None) -> Page:
        """Return the page of a post."""
        return Page(
            path=post.output_path,
            template="post.html",
            url=post.url,
            title=post.title,
            description=post.summary,
            language=post.language,
            feeds=(*self._whole, *self._followed(post)),
            post=post,
            newer=newer,
            older=older,
            menu=self.menus.get(post.language, self.menu),
        )

    def _standalone_pages(self) -> Iterator[Page]:
        """Yield the standalone pages, such as About."""
        hidden = (each for each in self._library.unlisted if each.kind == PAGE)
        for each in (*self._library.pages, *hidden):
            known = self._known.get(each.output_path)
            if known and known.post is each:
                yield known
            elif each.output_path and not each.redirect_url:
                yield replace(self._post(each, None, None), template="page.html", feeds=self._whole)

    def _followed(self, post: Post) -> Iterator[Feed]:
        """Yield the feeds of a post's tags, authors, categories and language."""
        for folder, named in (
            (FEED_FOLDERS["tag"], post.tags),
            (FEED_FOLDERS["author"], post.authors),
            (FEED_FOLDERS["category"], post.categories),
        ):
            for each in named:
                feed = self._feeds.get(f"{folder}{each.slug}/")
                if feed:
                    yield feed
        if post.language in self._languages:
            yield self._languages[post.language]


def strip_posts(feed: Feed) -> Feed:
    """Return a feed without its posts, for use where only its URL and title matter."""
    return replace(feed, posts=(), total=0, updated=EPOCH)


def _by_folder(feeds: Iterable[Feed]) -> dict[str, Feed]:
    return {feed.folder: strip_posts(feed) for feed in feeds}


def _groups(subjects: Sequence[_Term]) -> tuple[TaxonomyTerm, ...]:
    """Return the entries of the tag or author list."""
    return tuple(
        TaxonomyTerm(each.page.title, each.page.url, len(each.posts), each.posts[0].published)
        for each in subjects
    )


def _page_folders(length: int, size: int) -> list[str]:
    """Return the folders of a list's pages, relative to its first page."""
    total = max(1, -(-length // size))
    return ["", *(f"page/{number}/" for number in range(2, total + 1))]


def _paginated_page(folder: str, first: Page, places: Sequence[str], index: int) -> Page:
    """Return one page of a list: at `folder`, then at `folder/page/2/` and so on."""
    pager = Pagination(
        number=index + 1,
        total=len(places),
        newer=first.url + places[index - 1] if index else "",
        older=first.url + places[index + 1] if index + 1 < len(places) else "",
    )
    place = places[index]
    return replace(first, path=f"{folder}{place}index.html", url=first.url + place, pager=pager)


def _is_same_list(page: Page, first: Page, total: int) -> bool:
    """Return whether a page belongs to the list that starts with `first` and has `total` pages."""
    own = (page.template, page.title, page.tag, page.author)
    return (
        own == (first.template, first.title, first.tag, first.author)
        and page.pager is not None
        and page.pager.total == total
    )
