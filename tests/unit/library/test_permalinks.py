"""A post asks for an address, and gets one that no disk and no browser stumbles over."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import made
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedpub.config import Config, Content, Pages
from feedpub.library.permalinks import Address, Permalinks, page
from feedpub.model import Manuscript

NEW_YEAR = datetime(2024, 12, 31, 23, 30, tzinfo=UTC)
DEVICES = re.compile(r"(con|prn|aux|nul|(com|lpt)[0-9¹²³])(\..*)?", re.IGNORECASE)


def config(
    permalink: str = "posts/{slug}/", *, pages: bool = True, zone: str = "UTC", url: str = made.SITE
) -> Config:
    """Give a configuration with another permalink."""
    whole = made.config(content=Content(permalink=permalink), pages=Pages(enabled=pages))
    return replace(whole, site=replace(whole.site, timezone=zone, url=url))


def wanted(one: Manuscript, whole: Config | None = None) -> Address:
    """Give the address a manuscript asks for."""
    return Permalinks(whole or config()).wanted(one)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "hello"),
        ({"slug": "Bye Bye"}, "bye-bye"),
        ({"stem": "", "title": "C++ & C#"}, "cplusplus-csharp"),
        ({"slug": "../.."}, "x-"),
        ({"stem": "人工智能"}, "人工智能"),
    ],
)
def test_slug(changes: dict[str, str], expected: str) -> None:
    """A slug is the one given, or that of the file's name, or made of the title."""
    address = wanted(made.manuscript(**changes))

    assert address.slug.startswith(expected)
    assert f"posts/{address.slug}/index.html" == address.output


def test_urls_are_percent_encoded() -> None:
    """The file is named in the post's own script, the URL is ASCII."""
    address = wanted(made.manuscript(stem="über"))

    assert Address("über", f"{made.SITE}posts/%C3%BCber/", "posts/über/index.html") == address


@pytest.mark.parametrize(
    ("permalink", "output", "path"),
    [
        ("about.html", "about.html", "about.html"),
        ("/a/b/", "a/b/index.html", "a/b/"),
        ("a/b", "a/b/index.html", "a/b/"),
        ("a/index.html", "a/index.html", "a/"),
        ("my-index.html", "my-index.html", "my-index.html"),
        ("A/Page.HTM", "A/Page.HTM", "A/Page.HTM"),
        ("a/b.aspx", "a/b.aspx/index.html", "a/b.aspx/"),
        ("a/b/?x=1#y", "a/b/index.html", "a/b/"),
        ("/:year/:month/:day/:title.html", "2025/01/30/hello.html", "2025/01/30/hello.html"),
        ("{year}/{month}/{day}/{slug}/", "2025/01/30/hello/index.html", "2025/01/30/hello/"),
        ("https://example.org/x/", "x/index.html", "x/"),
        ("", "posts/hello/index.html", "posts/hello/"),
        ("/", "index.html", ""),
        ("../../etc/passwd", "etc/passwd/index.html", "etc/passwd/"),
        ("%2e%2e/%2Fa\\..\\b/", "a/b/index.html", "a/b/"),
        (".well-known/.x/", "well-known/x/index.html", "well-known/x/"),
        ("a:b|c/con/aux.html", "a-b-c/x-con/x-aux.html", "a-b-c/x-con/x-aux.html"),
        ("u\u0308/", "ü/index.html", "%C3%BC/"),
        ("//[x/", "[x/index.html", "%5Bx/"),
    ],
)
def test_permalinks(permalink: str, output: str, path: str) -> None:
    """A post's own permalink is a file below the output folder, and never a hidden one."""
    address = wanted(made.manuscript(permalink=permalink))

    assert (output, made.SITE + path) == (address.output, address.url)


def test_an_endless_name_is_cut() -> None:
    """No name is longer than disks allow."""
    address = wanted(made.manuscript(permalink=f"a/{'x' * 300}/"))

    assert max(map(len, address.output.split("/"))) < 250


@pytest.mark.parametrize(("zone", "expected"), [("UTC", "2024"), ("Asia/Shanghai", "2025")])
def test_dates_are_those_of_the_site(zone: str, expected: str) -> None:
    """The year in a permalink is the one that the site's readers saw."""
    address = wanted(made.manuscript(published=NEW_YEAR), config("{year}/{slug}/", zone=zone))

    assert f"{expected}/hello/index.html" == address.output


@pytest.mark.parametrize(
    ("path", "stem", "expected"),
    [
        ("hello.md", "hello", "hello/index.html"),
        ("Blog/2025/hello.md", "hello", "blog/2025/hello/index.html"),
        ("blog/hello/index.md", "hello", "blog/hello/index.html"),
        ("_posts/hello.md", "", "posts/hello/index.html"),
    ],
)
def test_path(path: str, stem: str, expected: str) -> None:
    """{path} is where a post lies below the content folder; a bundle is its folder."""
    address = wanted(replace(made.manuscript(), path=path, stem=stem), config("{path}/"))

    assert expected == address.output


ELSEWHERE = "https://their.site/{year}/{slug}/"


@pytest.mark.parametrize("pages", [True, False])
@pytest.mark.parametrize(
    ("permalink", "expected"),
    [
        ("", "https://their.site/2025/hello/"),
        ("/2008/old.html", "https://their.site/2008/old.html"),
        ("old/:title/", "https://their.site/old/hello/"),
        ("https://third.site/ü?a={slug}", "https://third.site/%C3%BC?a=hello"),
        ("https://例え.jp/", "https://xn--r8jz45g.jp/"),
    ],
)
def test_pages_may_be_elsewhere(permalink: str, expected: str, *, pages: bool) -> None:
    """Where permalinks are whole URLs, posts lead there, and a path means one of that site."""
    address = wanted(made.manuscript(permalink=permalink), config(ELSEWHERE, pages=pages))

    assert Address("hello", expected, "") == address


def test_a_whole_url_of_the_site_is_a_page_of_it() -> None:
    """A permalink that begins with the site's own URL is a file, if there are pages."""
    site = "https://example.org/blog/"
    pattern = site + "{slug}/"
    with_pages = wanted(made.manuscript(), config(pattern, url=site))
    without = wanted(made.manuscript(), config(pattern, url=site, pages=False))

    assert Address("hello", f"{site}hello/", "hello/index.html") == with_pages
    assert Address("hello", f"{site}hello/", "") == without


def test_without_pages_there_is_no_file() -> None:
    """`pages: false` leaves the URL as it would be."""
    address = wanted(made.manuscript(), config(pages=False))

    assert Address("hello", f"{made.SITE}posts/hello/", "") == address


def test_a_url_without_a_host_is_none() -> None:
    """A permalink that cannot be followed gives the usual address."""
    address = wanted(made.manuscript(permalink="https://"))

    assert Address("hello", f"{made.SITE}posts/hello/", "posts/hello/index.html") == address


@pytest.mark.parametrize(
    ("permalink", "expected"),
    [
        ("a/b/", "a/b-2/index.html"),
        ("a/b.html", "a/b-2.html"),
        ("a/B.HTM", "a/B-2.HTM"),
        ("index.html", "index-2.html"),
    ],
)
def test_numbered_files(permalink: str, expected: str) -> None:
    """The number is part of the name, not of the suffix."""
    permalinks = Permalinks(config())
    address = permalinks.numbered(permalinks.wanted(made.manuscript(permalink=permalink)), 2)

    assert expected == address.output
    assert made.SITE + expected.removesuffix("index.html") == address.url


@pytest.mark.parametrize(
    ("permalink", "expected"),
    [
        ("https://a.site/b/", "https://a.site/b-3/"),
        ("https://a.site/b.html?c#d", "https://a.site/b-3.html?c#d"),
        ("https://a.site/b", "https://a.site/b-3"),
        ("https://a.site", "https://a.site/-3"),
        ("https://a.site/", "https://a.site/-3"),
    ],
)
def test_numbered_urls(permalink: str, expected: str) -> None:
    """A page elsewhere is numbered in the path of its URL."""
    permalinks = Permalinks(config(ELSEWHERE))
    address = permalinks.numbered(permalinks.wanted(made.manuscript(permalink=permalink)), 3)

    assert Address("hello", expected, "") == address


PIECES = (
    "\x7f .. . / \\ %2e %2F ~ con NUL.html ? # : a A .html {slug} :title https:// [ % %00 "
    f"index.html é e\u0301 {made.SITE}"
)
PERMALINKS = st.text() | st.lists(st.sampled_from([" ", *PIECES.split()]), max_size=8).map("".join)


@given(PERMALINKS, st.text())
def test_no_permalink_leads_out_or_hides(permalink: str, slug: str) -> None:
    """Whatever is written, each name of the path is one that every disk takes, and shows."""
    address = wanted(made.manuscript(permalink=permalink, slug=slug))

    assert re.fullmatch(r"https?://[!-~]+", address.url)
    for name in address.output.split("/") if address.output else ():
        assert name
        assert name == name.strip(". ")
        assert len(name.encode()) < 256
        assert not re.search(r'[\x00-\x1f\x7f<>:"|?*\\]', name)
        assert not DEVICES.fullmatch(name)


@given(PERMALINKS)
def test_page_is_idempotent(permalink: str) -> None:
    """The file of a file is the file itself."""
    once = page(permalink)

    assert once == page(once)
