"""What went out of a digest has an address, a page, a place in the archive and in a feed."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import made
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedpub.config.schema import Config, DigestConfig, FeedsConfig, PagesConfig
from feedpub.content import library
from feedpub.feeds.urls import build_feed_url
from feedpub.models.content import ArchivedIssue, OutputFile, Page, ParsedPost
from feedpub.models.newsletter import Issue
from feedpub.site.archive import build_archive_url, build_issue_url
from feedpub.site.outputs import SiteContext, build_outputs
from feedpub.site.plan import ARCHIVE_PAGE_SIZE, SitePlan, plan_site
from feedpub.site.templates import Templates

NOW = datetime(2025, 6, 1, tzinfo=UTC)
SLOT = datetime(2025, 2, 3, 8, 0, tzinfo=UTC)
WEEKLY = f"{made.SITE}digests/weekly/"
CONFIG = made.config(digests=(DigestConfig("weekly", "The week"), DigestConfig("Neues & Mehr")))
POSTS = (
    made.manuscript(id="x:1", title="AT&T"),
    made.manuscript(stem="two", id="x:2", title="Two", language="ar", summary="ملخص"),
    made.manuscript(stem="three", id="x:3", title="Three", summary=""),
)


def issue(*posts: str, subject: str = "News", slot: datetime = SLOT, **changes: str) -> Issue:
    """Give an issue of the weekly digest that has gone out."""
    state, digest = changes.get("state", "done"), changes.get("digest", "weekly")
    return Issue(1, digest, slot, slot, state, posts, subject)


def planned(
    *issues: Issue, config: Config = CONFIG, manuscripts: tuple[ParsedPost, ...] = POSTS
) -> SitePlan:
    """Plan the site of the posts after some issues."""
    return plan_site(config, library.build_library(config, manuscripts, {}, NOW), issues)


def page(found: SitePlan, path: str) -> Page:
    """Give the page at a path."""
    (only,) = (each for each in found.pages if each.path == path)
    return only


def digest_pages(found: SitePlan) -> list[str]:
    """Name the pages of digests."""
    return [each.path for each in found.pages if each.path.startswith("digests/")]


def built(
    *issues: Issue, config: Config = CONFIG, manuscripts: tuple[ParsedPost, ...] = POSTS
) -> dict[str, OutputFile]:
    """Give every file of the site by its path."""
    shelved = library.build_library(config, manuscripts, {}, NOW)
    texts = dict.fromkeys(("issue.html", "issues.html", "subscribe.html"), "{{ page.title }}")
    templates = Templates(config, {}, texts, lambda feed, form: build_feed_url(config, feed, form))
    site = SiteContext(config, templates, lambda _: "<p>Text.</p>", "base")
    found = build_outputs(site, shelved, plan_site(config, shelved, issues))
    return {each.path: each for each in found if isinstance(each, OutputFile)}


@pytest.mark.parametrize(
    ("slot", "expected"),
    [
        (SLOT, "2025-02-03-0800"),
        (SLOT.astimezone(ZoneInfo("Asia/Tokyo")), "2025-02-03-0800"),
        (datetime(2025, 2, 3, 0, 0, tzinfo=UTC), "2025-02-03-0000"),
        (datetime(2025, 2, 3, 0, 0, 30, tzinfo=UTC), "2025-02-03-000030"),
    ],
)
def test_the_address_of_an_issue(slot: datetime, expected: str) -> None:
    """It is made of the digest's name and the slot, in UTC, whatever zone that is told in."""

    assert f"{WEEKLY}{expected}/" == build_issue_url(CONFIG, "weekly", slot)


@given(st.datetimes(datetime(1990, 1, 1)), st.datetimes(datetime(1990, 1, 1)))  # noqa: DTZ001
def test_no_two_issues_share_an_address(one: datetime, other: datetime) -> None:
    """Two times have two addresses."""
    first, second = one.replace(tzinfo=UTC), other.replace(tzinfo=UTC)
    addresses = {build_issue_url(CONFIG, "weekly", each) for each in (first, second)}

    assert len({first, second}) == len(addresses)


def test_the_address_of_a_digest() -> None:
    """It is made of the digest's name."""
    assert f"{made.SITE}digests/neues-mehr/" == build_archive_url(CONFIG, "Neues & Mehr")


def test_without_pages_there_is_nothing_to_lead_to() -> None:
    """Neither archive nor issue has an address, and no feed tells of them."""
    bare = made.config(digests=CONFIG.digests, pages=PagesConfig(enabled=False))
    found = planned(issue("x:1"), config=bare)

    assert ("", "") == (build_archive_url(bare, "weekly"), build_issue_url(bare, "weekly", SLOT))
    assert [] == [feed for feed in found.feeds if feed.kind == "digest"]


def test_an_issue_has_a_page() -> None:
    """It shows subject, posts in the order of the issue, and leads to archive and feed."""
    found = page(
        planned(issue("x:2", "x:1", subject="AT&T +1")), "digests/weekly/2025-02-03-0800/index.html"
    )

    assert found.issue == ArchivedIssue(
        "The week", "AT&T +1", SLOT, f"{WEEKLY}2025-02-03-0800/", 2, archive=WEEKLY
    )
    assert ("issue.html", "AT&T +1", "Two · AT&T") == (
        found.template,
        found.title,
        found.description,
    )
    assert f"{WEEKLY}2025-02-03-0800/" == found.url
    assert ["two", "hello"] == [post.slug for post in found.posts]
    assert ["digests/weekly/", ""] == [feed.folder for feed in found.feeds]


def test_a_page_shows_what_is_still_published() -> None:
    """A post that has gone is passed over; the page stays, even with none left."""
    found = planned(issue("x:1", "gone"), issue("gone", slot=SLOT + timedelta(days=7)))
    first = page(found, "digests/weekly/2025-02-03-0800/index.html")
    second = page(found, "digests/weekly/2025-02-10-0800/index.html")

    assert first.issue
    assert (1, ["hello"]) == (first.issue.total, [post.slug for post in first.posts])
    assert ((), "An example.") == (second.posts, second.description)


def test_an_archive_lists_the_issues() -> None:
    """The newest comes first, whatever the order they are given in."""
    found = planned(
        issue("x:1", subject="One"), issue("x:2", subject="Two", slot=SLOT + timedelta(days=7))
    )
    archive = page(found, "digests/weekly/index.html")

    assert ("issues.html", "The week", WEEKLY) == (archive.template, archive.title, archive.url)
    assert ["Two", "One"] == [each.subject for each in archive.issues]
    assert "digests/weekly/" == archive.feeds[0].folder


def test_a_digest_may_be_followed_before_its_first_issue() -> None:
    """Archive and feed are there, and empty; a digest without a title goes by its name."""
    found = planned()
    feeds = [feed for feed in found.feeds if feed.kind == "digest"]

    assert ["digests/weekly/index.html", "digests/neues-mehr/index.html"] == digest_pages(found)
    assert "Neues & Mehr" == page(found, "digests/neues-mehr/index.html").title
    assert ["The week", "Neues & Mehr"] == [feed.name for feed in feeds]
    assert [(), ()] == [feed.posts for feed in feeds]


def test_long_archives_are_divided() -> None:
    """As other lists are."""
    issues = [
        issue("x:1", subject=str(number), slot=SLOT - timedelta(days=number))
        for number in range(ARCHIVE_PAGE_SIZE + 1)
    ]
    found = planned(*issues)
    last = page(found, "digests/weekly/page/2/index.html")

    assert [str(ARCHIVE_PAGE_SIZE)] == [each.subject for each in last.issues]
    assert last.pager
    assert WEEKLY == last.pager.newer


@pytest.mark.parametrize(
    "one",
    [issue("x:1", state="cancelled"), issue("gone")],
    ids=["cancelled", "of nothing that is there"],
)
def test_some_issues_are_not_listed(one: Issue) -> None:
    """Who got the message finds the page all the same; archive and feed do not lead there."""
    found = planned(one)
    (feed, _) = (each for each in found.feeds if each.kind == "digest")

    assert "digests/weekly/2025-02-03-0800/index.html" in digest_pages(found)
    assert () == page(found, "digests/weekly/index.html").issues
    assert (0, ()) == (feed.total, feed.posts)


def test_some_issues_have_no_page() -> None:
    """Those that were skipped, and those of digests that are no more."""
    found = planned(issue(state="skipped"), issue("x:1", digest="old"))

    assert ["digests/weekly/index.html", "digests/neues-mehr/index.html"] == digest_pages(found)


def test_a_digest_has_a_feed() -> None:
    """Its entries are issues, the newest first and as many as the feeds of posts have."""
    config = made.config(digests=CONFIG.digests, feeds=FeedsConfig(limit=1))
    later = issue("x:2", "x:1", subject="Later", slot=SLOT + timedelta(days=7))
    found = planned(issue("x:1"), later, config=config)
    (feed, _) = (each for each in found.feeds if each.kind == "digest")
    (entry,) = feed.posts

    assert ("Example: The week", "digests/weekly/", WEEKLY) == (feed.title, feed.folder, feed.url)
    assert ("tag:example.org,2026:feeds/digest/weekly", 2) == (feed.id, feed.total)
    assert later.slot == feed.updated
    assert "tag:example.org,2026:digests/weekly/2025-02-10-0800" == entry.id
    assert ("Later", later.slot, "Two · AT&T") == (entry.title, entry.published, entry.summary)
    assert f"{WEEKLY}2025-02-10-0800/" == entry.url


def test_an_entry_lists_the_posts() -> None:
    """Each with a link and its summary, where it has one, and its language, where it is another."""
    found = built(issue("x:1", "x:2", "x:3"))["digests/weekly/feed.json"].render().decode()

    assert (
        rf"<h2><a href=\"{made.SITE}posts/hello/\">AT&amp;T</a></h2>\n<p>What it is about.</p>\n"
        rf"<h2 lang=\"ar\" dir=\"rtl\"><a href=\"{made.SITE}posts/two/\">Two</a></h2>\n"
        r"<p lang=\"ar\" dir=\"rtl\">ملخص</p>\n"
        rf'<h2><a href=\"{made.SITE}posts/three/\">Three</a></h2>"' in found
    )


def test_every_list_of_feeds_names_the_digests() -> None:
    """The Subscribe page and the OPML file do."""
    found = built()

    assert f'xmlUrl="{WEEKLY}atom.xml"' in found["feeds.opml"].render().decode()
    assert "digest" in {each.kind for each in page(planned(), "subscribe/index.html").listing}


def test_the_sitemap_tells_when_an_issue_went_out() -> None:
    """The archive is as new as its newest issue."""
    found = built(issue("x:1"))["sitemap.xml"].render().decode()

    assert f"<loc>{WEEKLY}</loc><lastmod>2025-02-03T08:00:00Z</lastmod>" in found
    assert f"<loc>{made.SITE}digests/neues-mehr/</loc></url>" in found


def test_a_new_issue_changes_only_what_shows_it() -> None:
    """Its page, the digest's archive and feed, and where feeds and pages are listed."""
    before, after = built(issue("x:1")), built(issue("x:1"), issue("x:2", slot=SLOT + 7 * _DAY))

    assert {
        "digests/weekly/2025-02-10-0800/index.html",
        *(f"digests/weekly/{each}" for each in ("index.html", "rss.xml", "atom.xml", "feed.json")),
        "subscribe/index.html",
        "feeds.opml",
        "sitemap.xml",
    } == _changed(before, after) | {"feeds.opml", "sitemap.xml"}


def test_an_edited_post_changes_the_issues_it_was_in() -> None:
    """Their pages, and the feed, which shows its title."""
    slot = SLOT + 7 * _DAY
    edited = (made.manuscript(id="x:1", title="Edited", digest="edited"), *POSTS[1:])
    issues = issue("x:1"), issue("x:2", slot=slot)
    found = _changed(built(*issues), built(*issues, manuscripts=edited))

    assert "digests/weekly/2025-02-03-0800/index.html" in found
    assert "digests/weekly/2025-02-10-0800/index.html" not in found
    assert "digests/weekly/rss.xml" in found


_DAY = timedelta(days=1)


def _changed(before: dict[str, OutputFile], after: dict[str, OutputFile]) -> set[str]:
    """Give the paths whose key is not what it was."""
    return {
        path
        for path in before.keys() | after.keys()
        if path not in before
        or path not in after
        or before[path].cache_key != after[path].cache_key
    }
