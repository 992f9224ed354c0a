"""Every file of a site has a place of its own, and a key that tells when to make it again."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations

import made
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from feedpub.config.schema import Config, ExtraFeedConfig, FeedsConfig, PagesConfig
from feedpub.content import library
from feedpub.feeds.urls import build_feed_url
from feedpub.models.content import Author, Body, OutputFile, ParsedPost, Reference, StaticFile
from feedpub.models.text import fold_case
from feedpub.site.outputs import SiteContext, build_outputs
from feedpub.site.plan import plan_site
from feedpub.site.templates import Templates

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LIST = "{% for post in page.posts %}{{ post.title }} {% endfor %}"
TEMPLATES = {
    **dict.fromkeys(
        ("home.html", "archive.html", "tag.html", "author.html", "404.html", "subscribe.html"), LIST
    ),
    **dict.fromkeys(("tags.html", "authors.html"), "{{ page.groups|length }}"),
    "post.html": "{{ page.title }} {{ body(post) }}{{ page.older.summary if page.older }}",
    "style.css": "body {}",
}
BODY = Body(
    ('<p><a href="', "cat.png", '">Cat</a> <a href="', "#part", '">Part</a></p>'),
).dumps()
REFERENCES = (Reference("cat.png", 1), Reference("#part", 1))


def built(
    *manuscripts: ParsedPost,
    files: dict[str, int] | None = None,
    config: Config | None = None,
    templates: dict[str, str] | None = None,
    base: str = "base",
    body: str = BODY,
) -> list[OutputFile | StaticFile]:
    """Give every file of the site of these manuscripts."""
    whole = config or made.config()
    shelved = library.build_library(whole, manuscripts, files or {}, NOW)
    texts = Templates(
        whole, templates or {}, TEMPLATES, lambda feed, form: build_feed_url(whole, feed, form)
    )
    return list(
        build_outputs(
            SiteContext(whole, texts, lambda _: body, base), shelved, plan_site(whole, shelved)
        )
    )


def rendered(found: list[OutputFile | StaticFile], path: str) -> str:
    """Give the text of the file at a path."""
    (only,) = (each for each in found if each.path == path and isinstance(each, OutputFile))
    return only.render().decode()


def keys(found: list[OutputFile | StaticFile]) -> dict[str, str]:
    """Give the key of every file by its path."""
    return {each.path: each.cache_key for each in found}


def posts(count: int) -> list[ParsedPost]:
    """Give so many posts, a day apart, named 1, 2, 3, oldest first, without tags or authors."""
    return [
        made.manuscript(
            stem=str(number),
            title=f"Post {number}",
            published=NOW - timedelta(days=99 - number),
            tags=(),
            authors=(),
        )
        for number in range(1, count + 1)
    ]


def test_feeds_have_the_text_of_a_picture_within_the_html() -> None:
    """A post's page shows the picture itself."""
    picture = '<img src="data:image/png;base64,iVBORw0KGgo=" alt="A cat &amp; a dog">'
    found = built(*posts(1), body=Body((f"<p>{picture}</p>",)).dumps())
    (item,) = json.loads(rendered(found, "feed.json"))["items"]
    page = rendered(found, next(each.path for each in found if "/1" in f"/{each.path}"))

    assert "<p>A cat &amp; a dog</p>" == item["content_html"]
    for path in ("rss.xml", "atom.xml"):
        assert "data:" not in rendered(found, path)
    assert picture in page


def test_the_layout() -> None:
    """A small site has the files that the README promises."""
    found = built(made.manuscript(), files={"cat.png": 9, "robots.txt": 9})
    paths = [each.path for each in found]
    style = next(path for path in paths if path.startswith("assets/style-"))

    groups = ["", "tags/python/", "tags/web-feeds/", "authors/ann-lee/"]
    assert sorted(paths) == sorted(
        [
            *(folder + name for folder in groups for name in ("rss.xml", "atom.xml", "feed.json")),
            *(folder + "index.html" for folder in groups),
            *("feeds.opml", "archive/index.html", "tags/index.html", "authors/index.html"),
            *("subscribe/index.html", "404.html", "posts/hello/index.html", "sitemap.xml"),
            *(style, "cat.png", "robots.txt"),
        ]
    )
    assert {"cat.png", "robots.txt"} == {
        each.path for each in found if isinstance(each, StaticFile)
    }


def test_without_pages() -> None:
    """`pages: false` publishes feeds and files alone, robots.txt among them."""
    config = made.config(pages=PagesConfig(enabled=False))
    found = built(made.manuscript(), files={"index.html": 9, "robots.txt": 9}, config=config)
    names = {each.path.rpartition("/")[2] for each in found}

    assert {"rss.xml", "atom.xml", "feed.json", "feeds.opml", "index.html", "robots.txt"} == names


def test_robots_are_let_in() -> None:
    """Without a robots.txt of the user's own there is one that names the sitemap."""
    found = rendered(built(), "robots.txt")

    assert "Sitemap: https://example.org/sitemap.xml\n" in found


def test_the_sitemap_tells_when_pages_changed() -> None:
    """A list is as new as the newest change of its posts; what was not found is not there."""
    one = made.manuscript(updated=made.UPDATED)
    found = etree.fromstring(rendered(built(one), "sitemap.xml").encode())
    dated = {url[0].text: url[1].text if len(url) > 1 else "" for url in found}

    assert "2025-02-01T12:30:00Z" == dated[f"{made.SITE}posts/hello/"]
    assert "2025-02-01T12:30:00Z" == dated[made.SITE]
    assert not dated[f"{made.SITE}tags/"]
    assert f"{made.SITE}404.html" not in dated


def test_feeds_have_absolute_urls() -> None:
    """In a feed every reference is a whole URL, in all formats."""
    found = built(made.manuscript(references=REFERENCES), files={"cat.png": 9})
    document = json.loads(rendered(found, "feed.json"))

    assert (
        f'<p><a href="{made.SITE}cat.png">Cat</a> '
        f'<a href="{made.SITE}posts/hello/#part">Part</a></p>'
        == document["items"][0]["content_html"]
    )
    assert f"{made.SITE}cat.png" in rendered(found, "rss.xml")
    assert f"{made.SITE}cat.png" in rendered(found, "tags/python/atom.xml")


def test_pages_have_urls_without_a_host() -> None:
    """On a page, the site's own URLs work wherever the folder is served."""
    found = built(made.manuscript(references=REFERENCES), files={"cat.png": 9})

    assert 'Hello <p><a href="/cat.png">Cat</a> <a href="#part">Part</a></p>' == rendered(
        found, "posts/hello/index.html"
    )


def test_opml_lists_the_feeds() -> None:
    """Every feed is in it once."""
    found = rendered(built(made.manuscript()), "feeds.opml")

    assert 4 == found.count("xmlUrl=")


def test_archives_are_written() -> None:
    """Archives are Atom documents at the top of the site."""
    config = made.config(feeds=FeedsConfig(archive=True, limit=1))
    found = built(*posts(2), config=config)

    assert "Post 1" in rendered(found, "archive-1.xml")
    assert "Post 2" in rendered(found, "archive-2.xml")


def test_assets_are_written() -> None:
    """What the templates folder holds for pages is published with them."""
    found = built()
    style = next(each.path for each in found if each.path.startswith("assets/"))

    assert "body {}" == rendered(found, style)


def test_a_file_of_the_users_own_is_published_once() -> None:
    """A file that lies where an asset would be is the one that is published."""
    style = next(each.path for each in built() if each.path.startswith("assets/"))
    found = [each for each in built(files={style: 9}) if each.path == style]

    assert [StaticFile(style, "", style)] == found


def changed(
    before: list[OutputFile | StaticFile], after: list[OutputFile | StaticFile]
) -> set[str]:
    """Give the paths whose key is not what it was."""
    old, new = keys(before), keys(after)
    return {path for path in old.keys() | new.keys() if old.get(path) != new.get(path)}


FEEDS = {"rss.xml", "atom.xml", "feed.json"}


def test_nothing_changes_of_itself() -> None:
    """The same site has the same keys."""
    found = built(*posts(3), made.manuscript(), files={"cat.png": 9})
    again = built(*posts(3), made.manuscript(), files={"cat.png": 9})

    assert set() == changed(found, again)


def test_an_edited_post_changes_only_what_shows_it() -> None:
    """Its page, the lists and feeds it is in, and the pages beside it; not those farther off."""
    before = posts(5)
    after = [*before[:1], replace(before[1], title="Edited", digest="edited"), *before[2:]]
    found = changed(built(*before), built(*after))

    assert {
        *FEEDS,
        *(f"authors/ann-lee/{name}" for name in (*FEEDS, "index.html")),
        "index.html",
        "archive/index.html",
        "404.html",
        "subscribe/index.html",
        "posts/1/index.html",
        "posts/2/index.html",
        "posts/3/index.html",
    } == found


def test_a_new_post_changes_no_page_of_an_old_one() -> None:
    """But for the one that was the newest before."""
    found = changed(built(*posts(4)), built(*posts(5)))

    assert {"posts/4/index.html", "posts/5/index.html"} == {
        path for path in found if path.startswith("posts/")
    }


def test_the_order_of_posts_changes_pages_around() -> None:
    """Which post is newer and which is older can be seen."""
    one, two, three = posts(3)
    moved = replace(one, published=NOW)
    before, after = built(one, two, three), built(moved, two, three)

    assert "posts/2/index.html" in changed(before, after)
    assert rendered(before, "posts/2/index.html") != rendered(after, "posts/2/index.html")


def test_a_tag_written_otherwise_changes_every_page_that_names_it() -> None:
    """Tags take the spelling that most posts use."""
    one, two, three = (replace(each, tags=("web",)) for each in posts(3))
    after = built(one, replace(two, tags=("Web",)), replace(three, tags=("Web",)))
    found = changed(built(one, two, three), after)

    assert "posts/1/index.html" in found
    assert "tags/index.html" in found
    assert "tags/web/rss.xml" in found


def test_templates_change_pages_alone() -> None:
    """Feeds and sitemaps know nothing of templates."""
    before = built(made.manuscript())
    found = changed(before, built(made.manuscript(), templates={"post.html": "Other"}))

    assert {each.path for each in before if each.path.endswith(".html")} == found


@pytest.mark.parametrize("path", ["rss.xml", "feeds.opml", "index.html", "posts/hello/index.html"])
def test_everything_hangs_on_the_base(path: str) -> None:
    """Another config, program or library makes everything anew."""
    found = changed(built(made.manuscript()), built(made.manuscript(), base="other"))

    assert path in found


def test_each_format_has_a_key_of_its_own() -> None:
    """Two files never share a key by being made of the same posts."""
    found = keys(built(made.manuscript()))

    assert len({found[path] for path in FEEDS}) == len(FEEDS)


STEMS = st.sampled_from(["a", "A", "index", "page", "tags", "rss", "é", "e\u0301", "archive-1"])
NAMES = (
    "a posts tags TAGS page 2 c authors ann archive subscribe feeds x index.html rss.xml 404.html "
    "assets .. .feedpub sitemap.xml archive-1.xml"
)
PERMALINKS = st.just("") | st.lists(st.sampled_from(NAMES.split()), min_size=1, max_size=4).map(
    "/".join
)
MANUSCRIPTS = st.lists(
    st.builds(
        lambda folder, **changes: replace(
            made.manuscript(**changes), path=f"{folder}{changes['stem']}.md"
        ),
        folder=st.sampled_from(["", "tags/", "a/b/"]),
        stem=STEMS,
        permalink=PERMALINKS,
        tags=st.lists(st.sampled_from(["C", "c++", "page", "rss.xml", "2", "é"]), max_size=2).map(
            tuple
        ),
        categories=st.lists(st.sampled_from(["C", "x"]), max_size=1).map(tuple),
        authors=st.lists(st.sampled_from(["Ann", "page", "Bob"]).map(Author), max_size=1).map(
            tuple
        ),
        language=st.sampled_from(["", "de"]),
    ),
    max_size=6,
    unique_by=lambda one: one.path,
)
FILES = st.dictionaries(
    PERMALINKS.filter(lambda path: path and not any(part[0] == "." for part in path.split("/"))),
    st.just(9),
    max_size=6,
)


@given(MANUSCRIPTS, FILES, st.booleans())
def test_no_two_files_at_one_place(
    manuscripts: list[ParsedPost], files: dict[str, int], pages: bool
) -> None:
    """Posts, files, pages and feeds never meet, on the least of disks, nor leave the folder."""
    config = made.config(
        pages=PagesConfig(enabled=pages, per_page=1),
        feeds=FeedsConfig(
            kinds=("site", "tags", "authors", "languages", "categories"),
            limit=1,
            archive=True,
            extra=(ExtraFeedConfig("x", tags=("C",)), ExtraFeedConfig("X", tags=("C",))),
        ),
    )
    paths = [fold_case(each.path) for each in built(*manuscripts, files=files, config=config)]

    for one, other in combinations(paths, 2):
        assert one != other
        assert not one.startswith(f"{other}/")
        assert not other.startswith(f"{one}/")
    for path in paths:
        assert not path.startswith("/")
        assert not any(part.startswith(".") or not part for part in path.split("/"))


def test_an_output_that_stays_is_the_very_one() -> None:
    """What is made of the same is not even given another key; the rest has the key it must."""
    config = made.config(feeds=FeedsConfig(limit=1, archive=True))
    manuscripts = [
        made.manuscript(path=f"{stem}.md", stem=stem, tags=(stem,), authors=(Author(stem),))
        for stem in ("a", "b", "c")
    ]
    edited = [replace(manuscripts[0], digest="other", summary="Other."), *manuscripts[1:]]
    texts = Templates(config, {}, TEMPLATES, lambda feed, form: build_feed_url(config, feed, form))
    site = SiteContext(config, texts, lambda _: BODY, "base")
    first, second = (library.build_library(config, each, {}, NOW) for each in (manuscripts, edited))
    known = {each.path: each for each in build_outputs(site, first, plan_site(config, first))}

    found = {
        each.path: each for each in build_outputs(site, second, plan_site(config, second), known)
    }

    anew = {each.path: each for each in build_outputs(site, second, plan_site(config, second))}
    assert {path: each.cache_key for path, each in anew.items()} == {
        path: each.cache_key for path, each in found.items()
    }
    assert {
        *(f"{folder}/a/{name}" for folder in ("tags", "authors") for name in FEEDS),
        *("tags/a/index.html", "authors/a/index.html", "posts/a/index.html"),
        *("posts/b/index.html", "archive-1.xml", "subscribe/index.html"),
        *("index.html", "archive/index.html", "404.html"),
    } == {path for path, each in found.items() if known[path] is not each} - {
        path for path, each in known.items() if isinstance(each, OutputFile) and each.inputs is None
    }
