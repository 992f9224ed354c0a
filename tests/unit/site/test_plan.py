"""Which pages there are, and what each of them shows."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import made
import pytest

from feedpub.config.schema import Config, ContentConfig, FeedsConfig, PagesConfig, SubscribersConfig
from feedpub.content import library
from feedpub.models.content import Author, Page, Pagination, ParsedPost, Tag, TaxonomyTerm
from feedpub.site.plan import ARCHIVE_PAGE_SIZE, LATEST_POSTS, SitePlan, plan_site

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def posts(count: int) -> list[ParsedPost]:
    """Give so many posts, a minute apart, named 1, 2, 3, oldest first."""
    start = NOW - timedelta(minutes=count + 1)
    return [
        made.manuscript(stem=str(number), published=start + timedelta(minutes=number))
        for number in range(1, count + 1)
    ]


def planned(
    *manuscripts: ParsedPost, files: dict[str, int] | None = None, config: Config | None = None
) -> SitePlan:
    """Plan the site of these manuscripts and files."""
    whole = config or made.config()
    return plan_site(whole, library.build_library(whole, manuscripts, files or {}, NOW))


def pages(template: str, found: SitePlan) -> list[Page]:
    """Give the pages that a template shows."""
    return [page for page in found.pages if page.template == template]


def page(template: str, found: SitePlan) -> Page:
    """Give the only page that a template shows."""
    (only,) = pages(template, found)
    return only


def slugs(shown: Page) -> list[str]:
    """Name the posts of a page."""
    return [post.slug for post in shown.posts]


def test_every_page() -> None:
    """A site of one post has all the pages there are, each once."""
    found = planned(made.manuscript())

    assert [
        ("index.html", "home.html", "Example"),
        ("archive/index.html", "archive.html", "Archive"),
        ("tags/python/index.html", "tag.html", "Python"),
        ("tags/web-feeds/index.html", "tag.html", "Web feeds"),
        ("authors/ann-lee/index.html", "author.html", "Ann Lee"),
        ("tags/index.html", "tags.html", "Tags"),
        ("authors/index.html", "authors.html", "Authors"),
        ("subscribe/index.html", "subscribe.html", "Subscribe"),
        ("404.html", "404.html", "Page not found"),
        ("posts/hello/index.html", "post.html", "Hello"),
    ] == [(each.path, each.template, each.title) for each in found.pages]
    for each in found.pages:
        assert made.SITE + each.path.removesuffix("index.html") == each.url


def test_no_pages() -> None:
    """`pages: false` leaves feeds alone."""
    found = planned(made.manuscript(), config=made.config(pages=PagesConfig(enabled=False)))

    assert () == found.pages
    assert 4 == len(found.feeds)


def test_a_list_is_divided_into_pages() -> None:
    """Each leads to the one before and the one after; the first is the list itself."""
    config = made.config(pages=PagesConfig(per_page=2))
    found = pages("home.html", planned(*posts(5), config=config))
    second, third = f"{made.SITE}page/2/", f"{made.SITE}page/3/"

    assert [["5", "4"], ["3", "2"], ["1"]] == [slugs(each) for each in found]
    assert ["index.html", "page/2/index.html", "page/3/index.html"] == [each.path for each in found]
    assert [made.SITE, second, third] == [each.url for each in found]
    assert [
        Pagination(1, 3, "", second),
        Pagination(2, 3, made.SITE, third),
        Pagination(3, 3, second, ""),
    ] == [each.pager for each in found]


def test_a_site_without_posts_has_a_home() -> None:
    """An empty list is one page."""
    found = page("home.html", planned())

    assert ((), Pagination(1, 1, "", "")) == (found.posts, found.pager)


def test_the_archive_is_long() -> None:
    """Its pages hold many titles."""
    found = pages("archive.html", planned(*posts(ARCHIVE_PAGE_SIZE + 1)))

    assert [ARCHIVE_PAGE_SIZE, 1] == [len(each.posts) for each in found]
    assert "archive/page/2/index.html" == found[1].path


def test_tags_and_authors_are_paged() -> None:
    """Their pages show their posts, and name their own feed before the site's."""
    config = made.config(pages=PagesConfig(per_page=2))
    found = planned(*posts(3), made.manuscript(tags=(), authors=(Author("Bob"),)), config=config)
    first, second = pages("tag.html", found)[:2]
    bob = pages("author.html", found)[2]

    assert (["3", "2"], ["1"]) == (slugs(first), slugs(second))
    assert "tags/python/page/2/index.html" == second.path
    assert Tag("Python", "python") == first.tag == second.tag
    assert ["tags/python/", ""] == [feed.folder for feed in second.feeds]
    assert (Author("Bob", slug="bob"), ["hello"]) == (bob.author, slugs(bob))
    assert ["authors/bob/", ""] == [feed.folder for feed in bob.feeds]


@pytest.mark.parametrize("feeds", [FeedsConfig(min_posts=2), FeedsConfig(kinds=("site",))])
def test_a_tag_without_a_feed_has_a_page(feeds: FeedsConfig) -> None:
    """Every tag and every author is listed, whichever feeds there are."""
    found = planned(made.manuscript(), config=made.config(feeds=feeds))
    newest = made.PUBLISHED

    assert (
        TaxonomyTerm("Python", f"{made.SITE}tags/python/", 1, newest),
        TaxonomyTerm("Web feeds", f"{made.SITE}tags/web-feeds/", 1, newest),
    ) == page("tags.html", found).groups
    assert (TaxonomyTerm("Ann Lee", f"{made.SITE}authors/ann-lee/", 1, newest),) == page(
        "authors.html", found
    ).groups
    assert [[""], [""]] == [
        [feed.folder for feed in each.feeds] for each in pages("tag.html", found)
    ]


def test_groups_tell_of_all_posts() -> None:
    """A tag is as new as its newest post, however many pages it has."""
    found = planned(*posts(3), config=made.config(pages=PagesConfig(per_page=1)))
    python = page("tags.html", found).groups[0]

    assert (3, NOW - timedelta(minutes=1)) == (python.total, python.newest)


def test_subscribe_lists_every_feed() -> None:
    """Each comes with its posts, for its size and its newest."""
    found = planned(*posts(2))

    assert found.feeds == page("subscribe.html", found).listing


def test_not_found_proposes_the_latest() -> None:
    """Somebody who is lost may find something new."""
    found = page("404.html", planned(*posts(LATEST_POSTS + 1)))

    assert ["6", "5", "4", "3", "2"] == slugs(found)


def test_a_404_of_the_users_own() -> None:
    """Where the content folder has one, feedpub makes none."""
    found = planned(files={"404.html": 9})

    assert [] == pages("404.html", found)


def test_posts_know_their_neighbours() -> None:
    """The newest has none newer, the oldest none older."""
    found = pages("post.html", planned(*posts(3)))
    around = [(each.newer, each.older) for each in found]

    assert [(None, "2"), ("3", "1"), ("2", None)] == [
        (newer and newer.slug, older and older.slug) for newer, older in around
    ]


def test_the_page_of_a_post() -> None:
    """It is in the post's language, and has the feeds that the post is in."""
    feeds = FeedsConfig(kinds=("site", "tags", "authors", "categories", "languages"))
    one = made.manuscript(language="de", categories=("News",))
    found = page("post.html", planned(one, config=made.config(feeds=feeds)))

    assert ("Hello", "What it is about.", "de") == (found.title, found.description, found.language)
    assert [
        "",
        "tags/python/",
        "tags/web-feeds/",
        "authors/ann-lee/",
        "categories/news/",
        "languages/de/",
    ] == [feed.folder for feed in found.feeds]


def test_what_a_page_tells_of_its_feeds_does_not_change_with_posts() -> None:
    """Otherwise every page would have to be made again for each new post."""
    one, other = posts(2)
    before = pages("post.html", planned(one))[0]
    after = pages("post.html", planned(one, other))[1]

    assert before.feeds == after.feeds
    assert {((), 0)} == {(feed.posts, feed.total) for feed in after.feeds}


def test_a_post_elsewhere_has_no_page() -> None:
    """It is listed all the same, and is a neighbour."""
    one, two, three = posts(3)
    away = replace(two, permalink="https://else.example/")
    found = planned(one, away, three)

    assert ["3", "1"] == [each.post.slug for each in pages("post.html", found) if each.post]
    assert ["3", "2", "1"] == slugs(page("home.html", found))
    assert "https://else.example/" == getattr(pages("post.html", found)[0].older, "url", "")


def test_archives_are_planned() -> None:
    """They are no feeds to follow, and so in no list."""
    config = made.config(feeds=FeedsConfig(archive=True, limit=1), content=ContentConfig())
    found = planned(*posts(2), config=config)

    assert ["archive-1", "archive-2"] == [feed.stem for feed in found.archives]
    assert not any(feed.stem for feed in found.feeds)


def test_who_signs_up_may_choose() -> None:
    """Where the configuration has a form: of all tags, authors and languages, the site's first."""
    manuscripts = (made.manuscript(), made.manuscript(stem="b", language="ar", tags=("C",)))
    form = SubscribersConfig(form=True, double_opt_in=False)
    found = page("subscribe.html", planned(*manuscripts, config=made.config(subscribers=form)))

    assert page("subscribe.html", planned(*manuscripts)).signup is None
    assert found.signup is not None
    assert ["C", "Python", "Web feeds"] == [tag.label for tag in found.signup.tags]
    assert ["Ann Lee"] == [author.name for author in found.signup.authors]
    assert ("en", "ar") == found.signup.languages
    assert not found.signup.confirms


def test_a_page_that_stays_is_the_very_one() -> None:
    """An edit changes the pages that show the post; what is known changes nothing of a plan."""
    config = made.config(pages=PagesConfig(per_page=2))
    before = [replace(each, path=f"{each.stem}.md", tags=("all", each.stem)) for each in posts(9)]
    after = [*before[:4], replace(before[4], digest="other", title="Other"), *before[5:]]
    first = library.build_library(config, before, {}, NOW)
    known = plan_site(config, first)
    second = library.build_library(config, after, {}, NOW, known=first)

    found = plan_site(config, second, known=known)

    assert plan_site(config, second) == found
    same = {id(page) for page in known.pages}
    made_anew = {each.path for each in found.pages if id(each) not in same}
    assert {"posts/5/index.html", "posts/4/index.html", "posts/6/index.html"} < made_anew
    assert {f"posts/{number}/index.html" for number in (1, 2, 3, 7, 8, 9)}.isdisjoint(made_anew)
    assert {"page/3/index.html", "tags/5/index.html"} < made_anew
    assert {"page/2/index.html", "tags/4/index.html", "page/4/index.html"}.isdisjoint(made_anew)


def test_no_page_stays_where_the_feeds_are_others() -> None:
    """A page names its feeds, so that other feeds make other pages."""
    config = made.config()
    first = library.build_library(config, [made.manuscript()], {}, NOW)
    second = library.build_library(config, [made.manuscript(tags=("Else",))], {}, NOW, known=first)

    assert plan_site(config, second) == plan_site(config, second, known=plan_site(config, first))
