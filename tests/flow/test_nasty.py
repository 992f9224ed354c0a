"""The posts on which other generators fail, each in all three formats."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from folders import Site
from lxml import html
from readers import FORMATS, Entry, Read, read

ENGINES = ("markdown", "comrak")
CONFIG = """
site:
  title: Salt & Pepper <Weekly>
  url: https://example.org/blog/
  timezone: America/New_York
  author: The Editors
markdown:
  engine: {engine}
"""
EVERY = pytest.mark.parametrize("form", FORMATS)


def begin(folder: Path, engine: str) -> Site:
    """Begin a site with "&" and "<" in its name, and one good post."""
    site = Site(folder / "site")
    site.config(CONFIG.format(engine=engine))
    site.post("good.md", "Good", "2024-01-01")
    return site


@pytest.fixture(params=ENGINES)
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Site:
    """A site to which a test adds what is nasty."""
    return begin(tmp_path, request.param)


def entry(site: Site, form: str, folder: str = "") -> Entry:
    """Give the newest entry of a feed of two."""
    found = read(site.public / folder, form).entries

    assert len(found) == 2
    assert "Good" == found[1].title

    return found[0]


@EVERY
def test_control_character(site: Site, form: str) -> None:
    """A control character costs itself alone, and is told with its place."""
    site.post("bell.md", "Be\x08ll", body="a\x0bb\x00c")
    summary = site.build()
    found = entry(site, form)

    assert ("Bell", "<p>abc</p>") == (found.title, found.content.strip())
    assert [("content/bell.md", 2), ("content/bell.md", 5)] == [
        (each.path, each.line) for each in summary.problems
    ]
    assert "U+0008" in summary.problems[0].message
    assert not any(each.left_out for each in summary.problems)


@EVERY
def test_tags_that_only_symbols_tell_apart(site: Site, form: str) -> None:
    """C, C++, C# and 人工智能 are four tags, and each has a feed of its own."""
    tags = ("C", "C++", "C#", "人工智能")
    site.put(
        "content/four.md", f"---\ntitle: Four\ndate: 2025-01-30\ntags: [{', '.join(tags)}]\n---\n"
    )
    for number, tag in enumerate(tags):
        site.put(
            f"content/{number}.md",
            f"---\ntitle: About {tag}\ndate: 2024-05-05\ntags:\n- {tag}\n---\n",
        )
    site.build()
    folders = {
        path.parent.name: read(path.parent, form) for path in site.public.glob("tags/*/rss.xml")
    }

    assert {"c", "cplusplus", "csharp", "人工智能"} == folders.keys()
    assert tags == read(site.public, form).entries[0].tags
    for tag, slug in zip(tags, ("c", "cplusplus", "csharp", "人工智能"), strict=True):
        assert ["Four", f"About {tag}"] == [each.title for each in folders[slug].entries]
        assert f"Salt & Pepper <Weekly>: {tag}" == folders[slug].title


@EVERY
def test_date_without_a_zone(site: Site, form: str) -> None:
    """A naive time is one of the site's time zone, and no year is 1."""
    site.post("naive.md", "Naive", "2025-01-30 21:36:44")
    site.build()

    assert datetime(2025, 1, 31, 2, 36, 44, tzinfo=UTC) == entry(site, form).published


@EVERY
def test_draft(site: Site, form: str) -> None:
    """A draft is nowhere, unless it is asked for."""
    site.put("content/draft.md", "---\ntitle: Not yet\ndate: 2025-01-30\ndraft: true\n---\nHush.\n")
    summary = site.build()

    assert (1, 1) == (summary.published, summary.drafts)
    assert ["Good"] == [each.title for each in read(site.public, form).entries]
    assert [] == [path for path, data in site.written().items() if b"Hush" in data]

    site.build(drafts=True)

    assert "Not yet" == entry(site, form).title


@EVERY
def test_post_dated_2099(site: Site, form: str) -> None:
    """A post of the future is nowhere until its time has come."""
    site.post("later.md", "At last", "2099-01-01T00:00:00Z", "Hush.")
    summary = site.build()

    assert (1, 1) == (summary.published, summary.scheduled)
    assert ["Good"] == [each.title for each in read(site.public, form).entries]
    assert [] == [path for path, data in site.written().items() if b"Hush" in data]

    site.now = datetime(2099, 1, 1, tzinfo=UTC)
    site.build()

    assert "At last" == entry(site, form).title


BUNDLE = """---
title: Links
date: 2025-01-30
---
[other](../good.md#part) [root](/about/) [own](#end) [dots](../../x)

![alt](cat.png)

<img src="cat.png" srcset="cat.png 1x, big%20cat.png 2x" alt="">
<picture><source srcset="/cat.webp 640w, cat.png 1280w"><img src="./cat.png" alt=""></picture>
<video poster="cat.png" src="film.mp4"></video>
<blockquote cite="source.html">Said.</blockquote>
"""


@EVERY
def test_relative_urls(site: Site, form: str) -> None:
    """Wherever a URL can hide, srcset among it, it is absolute and leads where it should."""
    site.put("content/links/index.md", BUNDLE)
    site.put("content/links/cat.png", b"cat")
    site.build()
    here = "https://example.org/blog/posts/links/"
    root = html.fromstring(f"<div>{entry(site, form).content}</div>")

    assert [
        "https://example.org/blog/posts/good/#part",
        "https://example.org/about/",
        f"{here}#end",
        "https://example.org/blog/x",
    ] == root.xpath("//a/@href")
    assert [f"{here}cat.png"] * 3 == root.xpath("//img/@src")
    assert [
        f"{here}cat.png 1x, {here}big%20cat.png 2x",
        f"https://example.org/cat.webp 640w, {here}cat.png 1280w",
    ] == root.xpath("//@srcset")
    assert [f"{here}cat.png"] == root.xpath("//video/@poster")
    assert [f"{here}film.mp4"] == root.xpath("//video/@src")
    assert [f"{here}source.html"] == root.xpath("//blockquote/@cite")
    assert b"cat" == site.written()["posts/links/cat.png"]


@EVERY
def test_name_of_the_site(site: Site, form: str) -> None:
    """What XML would take for markup is the site's name, in every feed."""
    site.build()

    assert "Salt & Pepper <Weekly>" == read(site.public, form).title
    assert "Salt & Pepper <Weekly>: The Editors" == (
        read(site.public / "authors/the-editors", form).title
    )
    assert "<title>Salt &amp; Pepper &lt;Weekly&gt;</title>" in site.read("index.html")


ESSAY = """\ufeff---
layout: default
Lastmod: 2025-03-02T10:20:30.123456+00:00
date: 2025-03-01T08:00:00.654321+00:00
title: "雨后读史，能照见今天吗？"
author: "林晓"
tags: [读史,城市,纸张,天气,人工智能]
---

原创 林晓 [纸上城](javascript:void(0);)

![](https://images.example.net/?url=https%3A//cdn.example.net/a%3Fw%3D640%26h%3D1)

雨停之后，街上的石板**一块一块地亮起来，**好像有人把灯埋在水下。

书里说：**“凡事皆有来处。”**读到这里，窗外又响起了雷声。

![窗](images/window.jpg)

1. 翻书
2. 听雨
"""


@pytest.fixture(scope="module", params=ENGINES)
def essay(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The site with a Chinese post, as people export it from elsewhere."""
    site = begin(tmp_path_factory.mktemp("essay"), request.param)
    site.put("content/2025-03-01-yu.md", ESSAY)
    site.put("content/images/window.jpg", b"window")
    site.build()
    return site


@EVERY
def test_chinese_post(essay: Site, form: str) -> None:
    """Title, author, tags and date of a Chinese post are those it gives."""
    found = entry(essay, form)

    assert "雨后读史，能照见今天吗？" == found.title
    assert ("林晓",) == found.authors
    assert ("读史", "城市", "纸张", "天气", "人工智能") == found.tags
    assert datetime(2025, 3, 1, 8, 0, tzinfo=UTC) == found.published.replace(microsecond=0)


@EVERY
def test_text_of_a_chinese_post(essay: Site, form: str) -> None:
    """Bold beside Chinese punctuation is bold, pictures are there, and no link runs a script."""
    found = entry(essay, form)
    root = html.fromstring(f"<div>{found.content}</div>")

    assert "javascript" not in found.content
    assert "纸上城" in found.content
    assert ["一块一块地亮起来，", "“凡事皆有来处。”"] == root.xpath("//strong/text()")
    assert [
        "https://images.example.net/?url=https%3A//cdn.example.net/a%3Fw%3D640%26h%3D1",
        "https://example.org/blog/images/window.jpg",
    ] == root.xpath("//img/@src")
    assert ["翻书", "听雨"] == root.xpath("//ol/li/text()")


@EVERY
@pytest.mark.parametrize("tag", ["读史", "城市", "纸张", "天气", "人工智能"])
def test_each_chinese_tag_has_a_feed(essay: Site, form: str, tag: str) -> None:
    """The feed of a tag lies under the tag's own name, and so does its author's."""
    expected: tuple[Entry, ...] = (entry(essay, form),)
    feeds: list[Read] = [
        read(essay.public / "tags" / tag, form),
        read(essay.public / "authors" / "林晓", form),
    ]

    assert [expected] * 2 == [each.entries for each in feeds]


def test_page_of_a_chinese_post(essay: Site) -> None:
    """The page shows title, author, tags, both dates and the pictures, and runs no script."""
    text = essay.read("posts/yu/index.html")
    root = html.fromstring(text.encode())

    assert ["雨后读史，能照见今天吗？"] == root.xpath("//h1/text()")
    assert ["林晓"] == root.xpath("//a[@rel='author']/text()")
    assert ["读史", "城市", "纸张", "天气", "人工智能"] == root.xpath("//a[@rel='tag']/text()")
    assert ["2025-03-01T03:00:00-05:00", "2025-03-02T05:20:30-05:00"] == (
        root.xpath("//header/p//time/@datetime")
    )
    assert [
        "https://images.example.net/?url=https%3A//cdn.example.net/a%3Fw%3D640%26h%3D1",
        "/blog/images/window.jpg",
    ] == root.xpath("//article//img/@src")
    assert ["一块一块地亮起来，", "“凡事皆有来处。”"] == root.xpath("//strong/text()")
    assert "javascript" not in text


def test_times_of_a_chinese_post(essay: Site) -> None:
    """Both dates are in the feeds that can say both: Atom, and JSON Feed."""
    atom, data = essay.read("atom.xml"), essay.read("feed.json")

    assert "<updated>2025-03-02T10:20:30" in atom
    assert '"date_modified":"2025-03-02T10:20:30' in data
