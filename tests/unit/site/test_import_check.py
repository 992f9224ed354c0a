"""Which addresses of an old site lead somewhere now, as `feedpub import-check` tells it."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from folders import Site

from feedpub.errors import FeedpubError
from feedpub.site import api

SITEMAP = """\
<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
<url><loc>http://old.example/2024/05/01/big-news.html</loc></url>
<url><loc> https://example.org/posts/big-news/ </loc></url>
<url><loc>https://example.org/?p=12&amp;x=1</loc></url>
</urlset>
"""


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Give a site that came from elsewhere."""
    site = Site(tmp_path)
    site.config('site: {title: "Site", url: "https://example.org/"}\n')
    front = "title: Big news\ndate: 2024-05-01\naliases: [/old/]\nguid: 'http://e.example/?p=7'"
    site.put("content/_posts/2024-05-01-big-news.md", f"---\n{front}\n---\nx\n")
    site.post("Über uns.md", title="Über uns")
    return site


def compared(site: Site, *lines: str) -> list[tuple[str, str, str]]:
    """Give what is at the addresses of a list."""
    old = site.put("old.txt", "\n".join(lines))
    found = api.import_check(site.request(), old)
    return [(each.state, each.target, each.post) for each in found]


NEWS = "content/_posts/2024-05-01-big-news.md"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/posts/big-news/", ("page", "https://example.org/posts/big-news/", "")),
        ("https://example.org/posts/big-news", ("page", "https://example.org/posts/big-news", "")),
        ("http://old.example/", ("page", "https://example.org/", "")),
        ("/rss.xml", ("page", "https://example.org/rss.xml", "")),
        ("/posts/%C3%BCber-uns/", ("page", "https://example.org/posts/%C3%BCber-uns/", "")),
        ("/old/", ("redirect", "https://example.org/posts/big-news/", "")),
        ("/old/index.html", ("redirect", "https://example.org/posts/big-news/", "")),
        ("/2024/05/01/big-news.html", ("missing", "", NEWS)),
        ("/blog/2024-05-01-Big-News/", ("missing", "", NEWS)),
        ("/bignews.php", ("missing", "", NEWS)),
        ("/?p=7", ("missing", "", NEWS)),
        ("/?p=8", ("missing", "", "")),
        ("/x/%C3%9Cber%20uns.html", ("missing", "", "content/Über uns.md")),
        ("/something/else/", ("missing", "", "")),
    ],
)
def test_each_address_is_looked_up(site: Site, address: str, expected: tuple[str, ...]) -> None:
    """A page, a redirect, or nothing: then with the post that probably was there."""
    assert [expected] == compared(site, address)


def test_a_list_has_remarks_and_tables(site: Site) -> None:
    """What an analytics program exports begins with the address."""
    assert len(compared(site, "# old", "Page\tViews", "/old/\t12", "", '"/old2/"', "/old/")) == 2


def test_a_sitemap_and_those_it_names(site: Site) -> None:
    """The parts of a sitemap lie beside it."""
    site.put("sitemap-1.xml", SITEMAP)
    index = '<sitemapindex xmlns="x"><sitemap><loc>https://e.example/sitemap-{}.xml</loc></sitemap>'
    found = api.import_check(site.request(), site.put("sitemap.xml", index.format(1)))

    assert [each.state for each in found] == ["missing", "page", "missing"]
    with pytest.raises(FeedpubError, match=r"save that beside it as sitemap-2\.xml"):
        api.import_check(site.request(), site.put("sitemap.xml", index.format(2)))


def test_the_folder_of_the_old_site(site: Site) -> None:
    """Its pages and feeds are what people knew; the rest is not asked for."""
    for path in ("index.html", "404.html", "a b/index.html", "old.HTML", "feed.xml", "style.css"):
        site.put(f"_site/{path}", "x")
    found = api.import_check(site.request(), site.root / "_site")

    assert [each.written for each in found] == ["/feed.xml", "/", "/old.HTML", "/a%20b/"]


@pytest.mark.parametrize("name", ["missing.xml", "empty.txt"])
def test_an_old_site_that_is_none(site: Site, name: str) -> None:
    """Nothing to compare with is no success."""
    site.put("empty.txt", "# nothing\n")
    with pytest.raises(FeedpubError, match=name):
        api.import_check(site.request(), site.root / name)


@pytest.mark.parametrize(("addresses", "status"), [("/old/\n", 0), ("/old/\n/bignews\n", 1)])
def test_the_command(site: Site, addresses: str, status: int) -> None:
    """People read what leads nowhere, and programs all of it; nothing is written."""
    site.put("old.txt", addresses)
    command = [sys.executable, "-m", "feedpub", "import-check", "old.txt"]
    shown = subprocess.run(command, cwd=site.root, capture_output=True, text=True, check=False)
    read = subprocess.run(
        [*command, "--json"], cwd=site.root, capture_output=True, text=True, check=False
    )

    assert (status, status) == (shown.returncode, read.returncode)
    assert ("redirect_from: [/bignews]" in shown.stdout) is bool(status)
    states = [each["state"] for each in json.load(io.StringIO(read.stdout))["addresses"]]
    assert states == ["redirect", "missing"][: 1 + status]
    assert not site.public.exists()


def test_the_path_of_the_site_may_be_percent_encoded(tmp_path: Path) -> None:
    """An address below it leads to one page, and its own path stands in the target once."""
    site = Site(tmp_path)
    site.config('site: {title: "Site", url: "https://example.org/caf%C3%A9/"}\n')
    site.post("a.md")
    target = "https://example.org/caf%C3%A9/posts/a/"

    assert [("page", target, "")] == compared(site, "/caf%C3%A9/posts/a/")
    assert [("page", target, "")] == compared(site, "/café/posts/a/")
