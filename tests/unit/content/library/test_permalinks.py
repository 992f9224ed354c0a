"""A post asks for an address, and gets one that no disk and no browser stumbles over."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import made
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedpub.config import validators
from feedpub.config.schema import Config, ContentConfig, PagesConfig
from feedpub.content.library.permalinks import Permalink, PermalinkBuilder, build_output_path
from feedpub.models.content import ParsedPost
from feedpub.models.text import slugify

NEW_YEAR = datetime(2024, 12, 31, 23, 30, tzinfo=UTC)
DEVICES = re.compile(r"(con|prn|aux|nul|(com|lpt)[0-9¹²³])(\..*)?", re.IGNORECASE)


def config(
    permalink: str = "posts/{slug}/", *, pages: bool = True, zone: str = "UTC", url: str = made.SITE
) -> Config:
    """Give a configuration with another permalink."""
    whole = made.config(
        content=ContentConfig(permalink=permalink), pages=PagesConfig(enabled=pages)
    )
    return replace(whole, site=replace(whole.site, timezone=zone, url=url))


def wanted(one: ParsedPost, whole: Config | None = None) -> Permalink:
    """Give the address a manuscript asks for."""
    return PermalinkBuilder(whole or config()).build(one)


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
    assert f"posts/{address.slug}/index.html" == address.output_path


def test_urls_are_percent_encoded() -> None:
    """The file is named in the post's own script, the URL is ASCII."""
    address = wanted(made.manuscript(stem="über"))

    assert Permalink("über", f"{made.SITE}posts/%C3%BCber/", "posts/über/index.html") == address


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

    assert (output, made.SITE + path) == (address.output_path, address.url)


def test_an_endless_name_is_cut() -> None:
    """No name is longer than disks allow."""
    address = wanted(made.manuscript(permalink=f"a/{'x' * 300}/"))

    assert max(map(len, address.output_path.split("/"))) < 250


@pytest.mark.parametrize(("zone", "expected"), [("UTC", "2024"), ("Asia/Shanghai", "2025")])
def test_dates_are_those_of_the_site(zone: str, expected: str) -> None:
    """The year in a permalink is the one that the site's readers saw."""
    address = wanted(made.manuscript(published=NEW_YEAR), config("{year}/{slug}/", zone=zone))

    assert f"{expected}/hello/index.html" == address.output_path


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

    assert expected == address.output_path


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

    assert Permalink("hello", expected, "") == address


def test_a_whole_url_of_the_site_is_a_page_of_it() -> None:
    """A permalink that begins with the site's own URL is a file, if there are pages."""
    site = "https://example.org/blog/"
    pattern = site + "{slug}/"
    with_pages = wanted(made.manuscript(), config(pattern, url=site))
    without = wanted(made.manuscript(), config(pattern, url=site, pages=False))

    assert Permalink("hello", f"{site}hello/", "hello/index.html") == with_pages
    assert Permalink("hello", f"{site}hello/", "") == without


def test_without_pages_there_is_no_file() -> None:
    """`pages: false` leaves the URL as it would be."""
    address = wanted(made.manuscript(), config(pages=False))

    assert Permalink("hello", f"{made.SITE}posts/hello/", "") == address


@pytest.mark.parametrize(
    ("permalink", "path"),
    [
        ("http://example.org/blog/x/", "x/index.html"),
        ("HTTPS://Example.ORG:443/blog/x.html", "x.html"),
        ("http://example.org:80/blog/2010/%C3%BC/", "2010/ü/index.html"),
        ("http://example.org/blog", "index.html"),
    ],
)
def test_http_and_https_are_the_same_site(permalink: str, path: str) -> None:
    """Front matter of ten years has URLs from before the site had a certificate."""
    address = wanted(made.manuscript(permalink=permalink), config(url="https://example.org/blog/"))

    assert path == address.output_path


@pytest.mark.parametrize(
    "permalink",
    ["http://example.org/other/", "http://www.example.org/blog/x/", "http://a.example/"],
)
def test_another_host_or_folder_is_elsewhere(permalink: str) -> None:
    """Only what lies below the address of the site is a page of it."""
    address = wanted(made.manuscript(permalink=permalink), config(url="https://example.org/blog/"))

    assert (permalink, "") == (address.url, address.output_path)


def test_a_question_to_our_own_server_is_no_address() -> None:
    """WordPress's plain permalinks name a row of a database."""
    one = made.manuscript(permalink="https://example.org/?p=12")

    assert PermalinkBuilder(config()).is_server_query(one)
    assert wanted(one).output_path == "posts/hello/index.html"


@pytest.mark.parametrize(
    ("pattern", "changes", "expected"),
    [
        ("{name}.html", {"stem": "Big-News"}, "Big-News.html"),
        ("{name}.html", {"stem": "release-v1.2_notes"}, "release-v1.2_notes.html"),
        ("{name}.html", {"stem": "given", "slug": "About.Me"}, "About.Me.html"),
        ("{name}/", {"stem": "My Post?"}, "My Post-/index.html"),
        ("{name}/", {"stem": "100%41"}, "100-41/index.html"),
        ("{title}.html", {"stem": "Big News!"}, "Big-News!.html"),
        ("{title}.html", {"stem": "release-v1.2_notes"}, "release-v1.2_notes.html"),
        ("{title}.html", {"slug": "What's / new?"}, "What's-new.html"),
        ("{title}/", {"stem": "人工智能 (2)"}, "人工智能-(2)/index.html"),
        ("{title}/", {"stem": "..."}, f"{slugify('...')}/index.html"),
        ("{name}/", {"stem": ". ."}, f"{slugify('. .')}/index.html"),
        ("{section}/{slug}/", {"path": "Notes/2025/x.md", "stem": "x"}, "Notes/x/index.html"),
        ("{sections}/{slug}/", {"path": "Notes/2025/x.md", "stem": "x"}, "Notes/2025/x/index.html"),
        ("{section}/{slug}/", {"path": "notes/x/index.md", "stem": "x"}, "notes/x/index.html"),
        ("{section}/{slug}/", {"path": "x.md", "stem": "x"}, "x/index.html"),
        ("{categories}/{slug}/", {"categories": ("J", "Up b")}, "j/up b/hello/index.html"),
        (":slugified_categories/{slug}/", {"categories": ("A b",)}, "a-b/hello/index.html"),
        ("{categories}/{slug}/", {"categories": ("a/b", "A/B")}, "a-b/hello/index.html"),
        ("{categories}/{slug}/", {}, "hello/index.html"),
        (":categories/:year/:i_month/:i_day/:title:output_ext", {}, "2025/1/30/hello.html"),
        ("/:short_year/:short_month/:y_day/:slug/", {}, "25/Jan/030/hello/index.html"),
        ("{categories}/{year}/W{week}/{short_day}/{title}.html", {}, "2025/W05/Thu/hello.html"),
        ("/:monthname/:weekdayname/:slugorfilename/", {}, "january/thursday/hello/index.html"),
    ],
)  # fmt: skip
def test_placeholders(pattern: str, changes: dict[str, object], expected: str) -> None:
    """Those of Jekyll and Hugo make the addresses that Jekyll and Hugo made."""
    assert expected == wanted(made.manuscript(**changes), config(pattern)).output_path


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        ("date", "jekyll/update/2025/01/30/Hello.v2.html"),
        ("pretty", "jekyll/update/2025/01/30/Hello.v2/index.html"),
        ("ordinal", "jekyll/update/2025/030/Hello.v2.html"),
        ("weekdate", "jekyll/update/2025/W05/Thu/Hello.v2.html"),
        ("none", "jekyll/update/Hello.v2.html"),
    ],
)
def test_styles_of_jekyll(style: str, expected: str) -> None:
    """A style in the configuration is what Jekyll documents for it."""
    one = made.manuscript(stem="Hello.v2", categories=("jekyll", "update"))

    assert expected == wanted(one, config(validators.validate_permalink(style))).output_path


@pytest.mark.parametrize(
    ("offset", "zone", "expected"),
    [
        (540, "UTC", "2025/01/01"),
        (540, "America/New_York", "2025/01/01"),
        (0, "Asia/Tokyo", "2024/12/31"),
        (-210, "UTC", "2024/12/31"),
        (None, "Asia/Tokyo", "2025/01/01"),
    ],
)
def test_the_day_is_that_of_the_zone_of_the_date(
    offset: int | None, zone: str, expected: str
) -> None:
    """As in Hugo; a date that names no zone is one of the site's."""
    one = made.manuscript(published=NEW_YEAR, offset=offset)
    address = wanted(one, config("{year}/{month}/{day}/{slug}/", zone=zone))

    assert f"{expected}/hello/index.html" == address.output_path


def test_a_url_without_a_host_is_none() -> None:
    """A permalink that cannot be followed gives the usual address."""
    address = wanted(made.manuscript(permalink="https://"))

    assert Permalink("hello", f"{made.SITE}posts/hello/", "posts/hello/index.html") == address


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
    permalinks = PermalinkBuilder(config())
    address = permalinks.add_number(permalinks.build(made.manuscript(permalink=permalink)), 2)

    assert expected == address.output_path
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
    permalinks = PermalinkBuilder(config(ELSEWHERE))
    address = permalinks.add_number(permalinks.build(made.manuscript(permalink=permalink)), 3)

    assert Permalink("hello", expected, "") == address


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
    for name in address.output_path.split("/") if address.output_path else ():
        assert name
        assert name == name.strip(". ")
        assert len(name.encode()) < 256
        assert not re.search(r'[\x00-\x1f\x7f<>:"|?*\\]', name)
        assert not DEVICES.fullmatch(name)


@given(PERMALINKS)
def test_page_is_idempotent(permalink: str) -> None:
    """The file of a file is the file itself."""
    once = build_output_path(permalink)

    assert once == build_output_path(once)
