"""Old addresses and posts that lead elsewhere, as a build of a small site publishes them."""

import re
from html import unescape
from pathlib import Path

import pytest
from folders import Site, told

CONFIG = 'site: {title: "Site", url: "https://example.org/"}\n'


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Give an empty site at the root of its host."""
    site = Site(tmp_path)
    site.config(CONFIG)
    return site


def post(site: Site, name: str, *lines: str, date: str = "2024-05-01") -> None:
    """Write a post with more lines of front matter, the first of which is line 4."""
    front = "\n".join([f"title: About {name}", f"date: {date}", *lines])
    site.put(f"content/{name}.md", f"---\n{front}\n---\nWords.\n")


def leads(site: Site, path: str) -> str:
    """Give where the page at a path leads on to, "" where it does not."""
    file = site.public / path
    if not file.is_file():
        return ""
    text = file.read_text(encoding="utf-8")
    refresh = re.search(r'<meta http-equiv="refresh" content="0; url=([^"]+)">', text)
    canonical = re.search(r'<link rel="canonical" href="([^"]+)">', text)
    if not refresh or not canonical:
        return ""
    assert canonical[1].endswith(refresh[1])
    assert f" {unescape(refresh[1])} 301" in site.read("_redirects")
    return unescape(canonical[1])


A = "https://example.org/posts/a/"


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("aliases: [/old/one/]", "old/one/index.html"),
        ("aliases: [/old/one]", "old/one/index.html"),
        ("aliases: [old/one/]", "old/one/index.html"),
        ("aliases: /2010/one.html", "2010/one.html"),
        ("alias: /a.html, /b.html", "b.html"),
        ("aliases: [../old/]", "old/index.html"),
        ("aliases: [./old/]", "posts/old/index.html"),
        ("aliases: [one.html]", "one.html"),
        ("aliases: ['http://example.org/x/y/']", "x/y/index.html"),
        ("aliases: [/caf%C3%A9/]", "café/index.html"),
        ("aliases: [/old/#part]", "old/index.html"),
        ("redirect_from: /post/123/", "post/123/index.html"),
        ("redirect_from: [post-123]", "post-123/index.html"),
        ("redirect_from: ['/a, b/']", "a, b/index.html"),
        ("url_path: archive/one", "archive/one/index.html"),
        ("Redirect-From: [/One.HTML]", "One.HTML"),
    ],
)
def test_an_old_address_leads_to_the_post(site: Site, line: str, path: str) -> None:
    """By a page, and by the lists that servers read; nothing is wrong with it."""
    post(site, "a", line)
    summary = site.build()

    assert leads(site, path) == A
    assert not summary.problems
    assert "/posts/a/" in site.read("redirects.map")
    assert path.removesuffix("index.html") not in site.read("sitemap.xml")


@pytest.mark.parametrize(
    "line",
    [
        "aliases: [My other name, AC/DC, hello]",
        "alias: TCP/IP",
        "aliases: ['Me & you / us']",
        "redirects: [/x/]",
    ],
)
def test_names_of_obsidian_are_no_addresses(site: Site, line: str) -> None:
    """What is written as a name leads nowhere, and nothing is wrong with it."""
    post(site, "a", line)
    summary = site.build()

    assert not summary.problems
    assert not (site.public / "_redirects").exists()
    assert not (site.public / "redirects.map").exists()


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("aliases: [/posts/b/]", "used by b.md"),
        ("aliases: [/posts/b/index.html]", "used by b.md"),
        ("redirect_from: [/posts/B]", "used by b.md"),
        ("aliases: [/pictures/cat.png/]", "used by pictures/cat.png"),
        ("aliases: [/tags/]", "used by feedpub"),
        ("aliases: [/]", "used by feedpub"),
        ("aliases: [/rss.xml]", "used by feedpub"),
        ("aliases: [/posts/a/]", "the current URL of this post"),
        ("aliases: ['/?p=12']", "query string"),
        ("aliases: ['https://old.example/a/']", "another host"),
        ("aliases: ['/a:b*c/']", "not a possible file name"),
        ("aliases: [/shared/]", "redirects to b.md"),
    ],
)
def test_an_address_that_is_taken_is_told(site: Site, line: str, part: str) -> None:
    """With the line that asks for it, and the page that is there stays as it is."""
    post(site, "b", "aliases: [/shared/]", date="2020-01-01")
    post(site, "a", line)
    site.put("content/pictures/cat.png", b"png")
    summary = site.build()

    (problem,) = summary.problems
    assert (problem.path, problem.line) == ("content/a.md", 4)
    assert part in problem.message
    assert "Words." in site.read("posts/b/index.html")
    assert leads(site, "shared/index.html") == "https://example.org/posts/b/"
    assert told(site.build()) == told(summary)


@pytest.mark.parametrize(
    ("target", "found"),
    [
        ("https://example.com/new/", "https://example.com/new/"),
        ("/posts/b/", "https://example.org/posts/b/"),
        ("b.md", "https://example.org/posts/b/"),
        ("/old/b/", "https://example.org/posts/b/"),
        ("/old/b", "https://example.org/posts/b/"),
        ("['/posts/c/']", "https://example.com/c/"),
    ],
)
def test_a_post_may_lead_on(site: Site, target: str, found: str) -> None:
    """Its page does, and the old addresses that led to it do at once; feeds have its text."""
    post(site, "a", f"redirect_to: {target}", "aliases: [/old/a/]")
    post(site, "b", "aliases: [/old/b/]")
    post(site, "c", "redirect_to: https://example.com/c/")
    summary = site.build()

    assert not summary.problems
    assert leads(site, "posts/a/index.html") == found
    assert leads(site, "old/a/index.html") == found
    assert "Words." in site.read("rss.xml")
    assert "/posts/a/" not in site.read("sitemap.xml")
    assert not site.check().problems


@pytest.mark.parametrize(
    ("target", "part"),
    [
        ("/posts/a/", "leads back"),
        ("/old/a/", "leads back"),
        ("/posts/b/", "leads back"),
        ("javascript:alert(1)", "neither a path nor a URL"),
        ("mailto:ann@example.org", "neither a path nor a URL"),
    ],
)
def test_circles_are_told(site: Site, target: str, part: str) -> None:
    """The posts of a circle have their pages, and whoever leads into it arrives there."""
    post(site, "a", f"redirect_to: '{target}'", "aliases: [/old/a/]")
    post(site, "b", "redirect_to: /posts/a/")
    post(site, "c", "redirect_to: /old/a/")
    summary = site.build()

    assert any(
        (each.path, each.line) == ("content/a.md", 4) and part in each.message
        for each in summary.problems
    )
    assert "Words." in site.read("posts/a/index.html")
    assert leads(site, "posts/a/index.html") == ""
    assert leads(site, "old/a/index.html") == A
    assert leads(site, "posts/c/index.html") == A


def test_a_dead_end_is_told_by_check(site: Site) -> None:
    """A page of this site that a post leads on to has to be there."""
    post(site, "a", "redirect_to: /posts/nothing/")
    site.build()

    (problem,) = site.check().problems
    assert (problem.path, problem.line) == ("content/a.md", 4)
    assert "/posts/nothing/" in problem.message


def test_below_a_path_addresses_begin_there(tmp_path: Path) -> None:
    """`/blog/x/` and `/x/` are one address of a site at /blog/."""
    site = Site(tmp_path)
    post(site, "a", "aliases: [/blog/x/, /y/]", "redirect_from: [/x/]")
    post(site, "b", "redirect_to: /posts/a/")
    post(site, "c", "redirect_to: /blog/posts/a/")
    summary = site.build()

    assert not summary.problems
    target = "https://example.org/blog/posts/a/"
    for path in ("x", "y", "posts/b", "posts/c"):
        assert leads(site, f"{path}/index.html") == target
    assert '"/blog/x/" "/blog/posts/a/" ;' in site.read("redirects.map").splitlines()
    assert "/blog/y/ /blog/posts/a/ 301" in site.read("_redirects").splitlines()


@pytest.mark.parametrize("pages", ["false", "{redirects: none}"])
def test_without_redirects(site: Site, pages: str) -> None:
    """A site of feeds alone has no pages to lead on; others may not want them."""
    site.config(f"{CONFIG}pages: {pages}\n")
    post(site, "a", "aliases: [/old/]", "redirect_to: https://example.com/")
    site.build()

    assert not (site.public / "old").exists()
    assert not (site.public / "_redirects").exists()


def test_a_renamed_file_leads_on_by_itself(site: Site) -> None:
    """What was published stays to be found: at each address that it ever had."""
    post(site, "a")
    site.build()
    for old, new in (("a", "b"), ("b", "c")):
        (site.content / f"{old}.md").rename(site.content / f"{new}.md")
        site.build()

    for path in ("posts/a", "posts/b"):
        assert leads(site, f"{path}/index.html") == "https://example.org/posts/c/"
    before = site.written()
    site.build(clean=True)
    assert before == site.written()


@pytest.mark.parametrize(
    ("lines", "config"),
    [
        (["slug: other"], ""),
        (["permalink: /posts/other/"], ""),
        ([], 'content: {permalink: "{year}/{slug}/"}\n'),
    ],
)
def test_a_moved_post_leads_on_by_itself(site: Site, lines: list[str], config: str) -> None:
    """Whatever gives it another address: its own front matter, or the pattern of the site."""
    post(site, "a")
    site.build()
    site.config(CONFIG + config)
    post(site, "a", *lines)
    summary = site.build()

    assert leads(site, "posts/a/index.html") in site.read("rss.xml")
    assert leads(site, "posts/a/index.html") != ""
    assert not summary.problems


def test_a_post_that_comes_back_has_its_page(site: Site) -> None:
    """The address it had in between leads there."""
    post(site, "a")
    site.build()
    post(site, "a", "slug: b")
    site.build()
    post(site, "a")
    site.build()

    assert "Words." in site.read("posts/a/index.html")
    assert leads(site, "posts/b/index.html") == A


def test_a_new_post_takes_an_address_that_led_on(site: Site) -> None:
    """Nobody is told: nobody asked for that redirect."""
    post(site, "a")
    site.build()
    post(site, "a", "slug: b")
    site.build()
    post(site, "new", "slug: a", date="2024-06-01")
    summary = site.build()

    assert leads(site, "posts/a/index.html") == ""
    assert "About new" in site.read("posts/a/index.html")
    assert not summary.problems


def test_other_posts_are_no_renamed_files(site: Site) -> None:
    """One with another title or date is another post; the page of the old one is gone."""
    post(site, "a")
    site.build()
    (site.content / "a.md").unlink()
    post(site, "b")
    site.build()

    assert not (site.public / "posts/a").exists()


def test_renamed_files_may_be_left_alone(site: Site) -> None:
    """With `given` only what the front matter says leads on."""
    site.config(f"{CONFIG}pages: {{redirects: given}}\n")
    post(site, "a", "aliases: [/old/]")
    site.build()
    (site.content / "a.md").rename(site.content / "b.md")
    site.build()

    assert leads(site, "old/index.html") == "https://example.org/posts/b/"
    assert not (site.public / "posts/a").exists()


def test_many_old_addresses_are_bounded(site: Site) -> None:
    """Each costs a page: the first hundred count."""
    post(site, "a", f"aliases: [{', '.join(f'/old/{number}/' for number in range(101))}]")
    summary = site.build()

    (problem,) = summary.problems
    assert problem.line == 4
    assert leads(site, "old/99/index.html") == A
    assert not (site.public / "old/100").exists()


def test_a_file_for_servers_is_nobody_elses(site: Site) -> None:
    """A server's configuration takes in what is written there."""
    post(site, "a", "aliases: [/old/]")
    site.put("content/redirects.map", '"/x/" "/y/" ;\n} respond "mine"')
    summary = site.build()

    assert "mine" not in site.read("redirects.map")
    assert any("redirects.map" in each.path for each in summary.problems)


def test_an_unlisted_post_is_in_no_list_of_redirects(site: Site) -> None:
    """Its old address leads there, and no file that anybody may read names it."""
    post(site, "a", "unlisted: true", "aliases: [/old/]")
    post(site, "b", "aliases: [/other/]")
    site.build()

    page = site.read("old/index.html")
    assert 'content="0; url=/posts/a/"' in page
    assert "noindex" in page
    for path in ("_redirects", "redirects.map"):
        assert "/other/" in site.read(path)
        assert "/posts/a/" not in site.read(path)


@pytest.mark.parametrize("line", ["draft: true", "private: true", "expires: 2024-06-01"])
def test_what_nobody_may_see_leads_nowhere(site: Site, line: str) -> None:
    """Old addresses come and go with the post."""
    post(site, "a", line, "aliases: [/old/]")
    post(site, "b")
    site.build()

    assert not (site.public / "old").exists()


def test_a_page_has_old_addresses_too(site: Site) -> None:
    """About and the like may have moved, or be elsewhere now."""
    post(site, "about", "kind: page", "aliases: [/me.html]")
    post(site, "contact", "kind: page", "redirect_to: https://example.com/")
    site.build()

    assert leads(site, "me.html").endswith("/about/")
    assert leads(site, "contact/index.html") == "https://example.com/"
