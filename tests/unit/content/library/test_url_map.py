"""Everything has a place of its own, and an older post is never moved by a newer one."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import combinations

import made
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedpub.config.schema import Config, ContentConfig, DigestConfig, PagesConfig
from feedpub.content.library.url_map import UrlMap, assign_urls, get_location
from feedpub.models.content import ParsedPost, Problem, Publication
from feedpub.models.text import fold_case

ELSEWHERE = "https://their.site/{slug}/"


def config(permalink: str = "posts/{slug}/", *, pages: bool = True) -> Config:
    """Give a configuration with another permalink, or without pages."""
    return made.config(content=ContentConfig(permalink=permalink), pages=PagesConfig(enabled=pages))


def posts(*permalinks: str) -> list[ParsedPost]:
    """Give posts of these permalinks, oldest first: 0.md, 1.md and so on."""
    return [made.manuscript(stem=str(n), permalink=each) for n, each in enumerate(permalinks)]


def outputs(found: UrlMap) -> list[str]:
    """Give the files of posts."""
    return [address.output_path for address in found.posts.values()]


def test_posts_are_where_they_ask_to_be() -> None:
    """Where nobody else wants the place, there is nothing to tell."""
    found = assign_urls(config(), posts("a/", "b/"), [])

    assert ["a/index.html", "b/index.html"] == outputs(found)
    assert () == found.problems


def test_the_older_post_keeps_its_place() -> None:
    """The second has a number, and a warning that names the first."""
    found = assign_urls(config(), posts("a/", "a/", "a/"), [])

    assert ["a/index.html", "a-2/index.html", "a-3/index.html"] == outputs(found)
    assert (
        Problem(
            "1.md",
            0,
            f"0.md already uses {made.SITE}a/, so this post is at {made.SITE}a-2/; "
            "give it another permalink",
        )
        == found.problems[0]
    )


def published(found: UrlMap) -> dict[str, Publication]:
    """Give what posts are published as where they have these addresses."""
    return {
        path: Publication(path, get_location(each), found.requested[path], "id", "id", None)
        for path, each in found.posts.items()
    }


@pytest.mark.parametrize("pattern", ["posts/{slug}/", ELSEWHERE])
def test_who_was_published_first_keeps_the_address(pattern: str) -> None:
    """However old those are that come later, and however often it is asked."""
    site = config(pattern, pages=pattern != ELSEWHERE)
    first, second, third = (made.manuscript(stem=f"{n}", slug="same") for n in range(3))
    known: dict[str, Publication] = {}
    found = assign_urls(site, [], [])
    for shown in ([third], [second, third], [second, third], [first, second, third]):
        found = assign_urls(site, shown, [], known)
        known = published(found)

        assert list(known) == [one.path for one in shown]

    assert ["same-3", "same-2", "same"] == [
        each.url.rstrip("/").rpartition("/")[2] for each in found.posts.values()
    ]
    assert ["0.md", "1.md"] == [problem.path for problem in found.problems]
    assert "2.md already uses" in found.problems[0].message


def test_a_number_is_kept_when_the_address_becomes_free() -> None:
    """Links to it are out in the world; who asks anew, in other words, gets what is free."""
    one, two = (made.manuscript(stem=f"{n}", slug="same") for n in range(2))
    known = published(assign_urls(config(), [one, two], []))
    left = {two.path: known[two.path]}

    stays = assign_urls(config(), [two], [], left)
    moves = assign_urls(config(), [replace(two, permalink="posts/same/")], [], left)

    assert ["posts/same-2/index.html"] == outputs(stays)
    assert () == stays.problems
    assert ["posts/same/index.html"] == outputs(moves)


def test_posts_that_exchange_their_addresses_get_them() -> None:
    """What was published binds nobody who asks for something else."""
    one, two = made.manuscript(stem="one", slug="a"), made.manuscript(stem="two", slug="b")
    known = published(assign_urls(config(), [one, two], []))
    found = assign_urls(config(), [replace(one, slug="b"), replace(two, slug="a")], [], known)

    assert ["posts/b/index.html", "posts/a/index.html"] == outputs(found)
    assert () == found.problems


def test_the_address_of_a_post_that_is_away_stays_free() -> None:
    """Whoever asks for it gets a number, and is told by whom it is held."""
    one, two = (made.manuscript(stem=f"{n}", slug="same") for n in range(2))
    known = published(assign_urls(config(), [two], []))
    found = assign_urls(config(), [one], [], known)

    assert ["posts/same-2/index.html"] == outputs(found)
    assert ["0.md"] == [problem.path for problem in found.problems]
    assert "1.md" in found.problems[0].message


def test_feedpubs_own_places_are_given_to_nobody_who_was_there_before() -> None:
    """A newsletter that is begun needs its addresses; the post is told."""
    site = config("{slug}/")
    post = made.manuscript(slug="forget")
    known = published(assign_urls(site, [post], []))
    found = assign_urls(replace(site, digests=(DigestConfig("weekly"),)), [post], [], known)

    assert ["posts/forget/index.html"] == outputs(found)
    assert 1 == len(found.problems)


def test_a_number_may_be_taken_too() -> None:
    """The first free number is found, wherever the others come from."""
    found = assign_urls(config(), posts("a-2/", "a/", "a/", "a-2/"), [])

    assert ["a-2", "a", "a-3", "a-2-2"] == [
        each.removesuffix("/index.html") for each in outputs(found)
    ]


def test_many_posts_of_one_name() -> None:
    """Ten thousand posts named alike are numbered without trying every number for each."""
    found = assign_urls(config(), posts(*["a/"] * 10_000), [])

    assert "a-10000/index.html" == outputs(found)[-1]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("a.html", "A.HTML"),
        ("é.html", "e\u0301.html"),
        ("a.html/b/", "a.html"),
        ("Straße/", "STRASSE/"),
    ],
)
def test_disks_that_ignore_case_hold_both(first: str, second: str) -> None:
    """Names are told apart as the least of disks does, and a file is no folder."""
    found = assign_urls(config(), posts(first, second), [])

    assert 1 == len(found.problems)
    assert "-2" in outputs(found)[1]


def test_no_page_is_below_a_page() -> None:
    """Where a permalink leads below another post's file, no number would help."""
    found = assign_urls(config(), posts("a.html", "A.html/b/", "A.html/b/"), [])

    assert ["a.html", "posts/1/index.html", "posts/2/index.html"] == outputs(found)
    assert found.problems[0].message.startswith(f"0.md already uses {made.SITE}a.html")


def test_posts_elsewhere() -> None:
    """Two posts never have one URL, be it another site's."""
    whole = config(ELSEWHERE, pages=False)
    same = [made.manuscript(), replace(made.manuscript(), path="b/hello.md")]
    found = assign_urls(whole, same, [])

    assert [("https://their.site/hello/", ""), ("https://their.site/hello-2/", "")] == [
        (address.url, address.output_path) for address in found.posts.values()
    ]
    assert ["b/hello.md"] == [problem.path for problem in found.problems]


@pytest.mark.parametrize(
    "permalink",
    [
        "/",
        "Index.HTML",
        "404.html",
        "robots.txt",
        "rss.xml",
        "sitemap-2.xml/",
        "tags/python/",
        "TAGS/",
        "authors/",
        "archive/",
        "archive/page/2/",
        "subscribe/",
        "page/2/",
        "feeds/",
        "tags/python/atom.xml/x/",
        "digests/weekly/",
        "digests/weekly/2025-01-30-0800/",
    ],
)
def test_a_place_of_feedpubs_own_is_not_given_away(permalink: str) -> None:
    """A post that asks for one has the usual address, and is told."""
    found = assign_urls(config(), posts(permalink), [])

    assert ["posts/0/index.html"] == outputs(found)
    assert found.problems[0].message.startswith(f"feedpub writes {made.SITE}")
    assert found.problems[0].message.endswith("give it another permalink")


@pytest.mark.parametrize(
    "permalink",
    [
        "archive/2008/x/",
        "page/about/",
        "feeds/2020/x.html",
        "tags.html",
        "assets/x/",
        "pages/2/",
        "digests/weekly/2025/",
    ],
)
def test_other_places_are_free(permalink: str) -> None:
    """Only what feedpub writes is its own, not all that is named like it."""
    found = assign_urls(config(), posts(permalink), [])

    assert () == found.problems


FORMS = ["confirm", "forget", "preferences", "resubscribe", "subscribe", "unsubscribe"]


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("below", ["/", "/abc234/", "/a/b.html", ".html/../{0}/x/"])
def test_no_post_takes_the_address_of_a_form_for_subscribers(name: str, below: str) -> None:
    """Where there is a newsletter, what looks like one of its forms is feedpub's own."""
    newsletter = replace(config(), digests=(DigestConfig("weekly"),))
    wanted = name.upper() + below.format(name)
    found = assign_urls(newsletter, posts(wanted), [])

    if below.startswith("/"):
        assert ["posts/0/index.html"] == outputs(found)
        assert ["0.md"] == [problem.path for problem in found.problems]
    assert not any(each.casefold().startswith(f"{name}/") for each in outputs(found))


@pytest.mark.parametrize(
    "path",
    ["unsubscribe/abc.html", "Confirm/x", "preferences", "healthz", "healthz/ready", "metrics"],
)
def test_no_file_takes_the_address_of_a_form_for_subscribers(path: str) -> None:
    """A file that is copied is not published there either."""
    found = assign_urls(replace(config(), digests=(DigestConfig("weekly"),)), [], [path])

    assert {} == found.files
    assert [path] == [problem.path for problem in found.problems]


@pytest.mark.parametrize("name", [*FORMS[:3], "metrics"])
def test_without_a_newsletter_there_are_no_forms(name: str) -> None:
    """So their addresses are as good as any."""
    found = assign_urls(config(), posts(f"{name}/"), [f"{name}.txt"])

    assert [f"{name}/index.html"] == outputs(found)
    assert () == found.problems


@pytest.mark.parametrize(
    "path",
    [
        "cat.png",
        "images/Über Cat.png",
        "assets/app.js",
        "authors/ann.jpg",
        "authors/ann/photo.jpg",
        "archive/old.pdf",
        "feeds/old.xml",
        "404.html",
        "robots.txt",
        "page/robots.txt",
    ],
)
def test_files_stay_where_they_lie(path: str) -> None:
    """A file that is no post is published at its own path; some win over a page of feedpub's."""
    found = assign_urls(config(), [], [path])

    assert {path: path} == found.files
    assert () == found.problems


@pytest.mark.parametrize(
    "path",
    [
        "index.html",
        "rss.xml",
        "archive-1.xml",
        "feeds.opml",
        "tags",
        "authors/ann",
        "authors/ann/rss.xml",
        "assets",
        "archive/index.html",
        "page/2",
        "ROBOTS.TXT",
        "digests/weekly/2025-01-30-080030",
        "digests/weekly/2025-01-30-0800/index.html",
        "404.html/x",
    ],
)
def test_files_in_the_way_are_not_published(path: str) -> None:
    """A file where feedpub writes one, or needs a folder, is left out and told."""
    found = assign_urls(config(), [], [path])

    assert {} == found.files
    assert (
        Problem(path, 0, f"not published: feedpub writes {path} itself; rename this file"),
    ) == found.problems


def test_without_pages_only_feeds_are_feedpubs_own() -> None:
    """`pages: false` leaves index.html, robots.txt and assets to the publisher."""
    files = [
        "index.html",
        "robots.txt",
        "assets",
        "archive/index.html",
        "rss.xml",
        "tags/c/rss.xml",
    ]
    found = assign_urls(config(pages=False), [], files)

    assert ["archive/index.html", "assets", "index.html", "robots.txt"] == list(found.files)


def test_a_file_never_takes_the_place_of_a_post() -> None:
    """The file is left out, and told which post is there."""
    found = assign_urls(config(), posts("a.html"), ["A.html"])

    assert {} == found.files
    assert (
        Problem("A.html", 0, "not published: 0.md already uses A.html; rename this file"),
    ) == found.problems


def test_files_of_a_name_composed_and_apart() -> None:
    """A place is in NFC, as URLs are, so of two spellings one is left out."""
    found = assign_urls(config(), [], ["e\u0301.png", "é.png"])

    assert {"e\u0301.png": "é.png"} == found.files
    assert 1 == len(found.problems)


@pytest.mark.parametrize(
    ("permalink", "expected"),
    [
        ("posts/trip/", "posts/trip"),
        ("2025/trip.html", "2025/trip"),
        ("trip/index.html", "trip"),
        ("https://else.example/trip/", "blog/trip"),
    ],
)
def test_the_files_of_a_bundle_go_with_their_post(permalink: str, expected: str) -> None:
    """They lie beside the page, or where they lay if the page is elsewhere."""
    one = replace(made.manuscript(permalink=permalink), path="blog/trip/index.md")
    files = ["blog/trip/cat.png", "blog/trip/more/dog.png", "blog/bird.png"]
    found = assign_urls(config(), [one], files)

    assert {
        "blog/bird.png": "blog/bird.png",
        "blog/trip/cat.png": f"{expected}/cat.png",
        "blog/trip/more/dog.png": f"{expected}/more/dog.png",
    } == found.files


def test_a_bundle_in_a_bundle() -> None:
    """A file goes with the innermost bundle around it."""
    bundles = [
        replace(made.manuscript(permalink="x/"), path="a/index.md"),
        replace(made.manuscript(permalink="y/"), path="a/b/index.md"),
    ]
    found = assign_urls(config(), bundles, ["a/1.png", "a/b/2.png"])

    assert {"a/1.png": "x/1.png", "a/b/2.png": "y/2.png"} == found.files


SEGMENTS = (
    "a A b é e\u0301 index index.html a.html tags posts page 2 rss.xml .. .x a-2 archive "
    "404.html assets x.png"
)
NAMES = st.sampled_from(SEGMENTS.split())
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)
SAFE_PATHS = st.lists(NAMES.filter(lambda name: name[0] != "."), min_size=1, max_size=3)
MANUSCRIPTS = st.lists(
    st.builds(
        lambda folder, stem, permalink: replace(
            made.manuscript(stem=stem, permalink=permalink), path=f"{folder}/{stem}.md"
        ),
        st.sampled_from(["a", "b/c", "posts"]),
        st.sampled_from(["a", "A", "index", "index.de", "é", "a-2"]),
        st.just("") | PATHS | PATHS.map(lambda path: f"{path}/"),
    ),
    max_size=8,
    unique_by=lambda one: one.path,
)
FILES = st.lists(SAFE_PATHS.map("/".join), max_size=8, unique=True)


def apart(paths: Iterable[str]) -> bool:
    """Tell whether no path is another, or in a folder that another is, on the least of disks."""
    return all(
        one != other and not one.startswith(f"{other}/") and not other.startswith(f"{one}/")
        for one, other in combinations([fold_case(path) for path in paths], 2)
    )


@given(MANUSCRIPTS, FILES, st.booleans())
def test_no_two_things_at_one_place(
    manuscripts: list[ParsedPost], files: list[str], pages: bool
) -> None:
    """Whatever is asked for, every post has an address, and every file a place or a problem."""
    found = assign_urls(config(pages=pages), manuscripts, files)
    places = [output for output in outputs(found) if output]
    told = {problem.path for problem in found.problems}

    assert [one.path for one in manuscripts] == list(found.posts)
    assert len(manuscripts) == len({address.url for address in found.posts.values()})
    assert apart([*places, *found.files.values()])
    assert all(path in found.files or path in told for path in files)


@given(MANUSCRIPTS, FILES)
def test_a_new_post_moves_no_old_one(manuscripts: list[ParsedPost], files: list[str]) -> None:
    """The addresses of posts are the same with and without those that come after them."""
    before = assign_urls(config(), manuscripts[:-1], files).posts
    after = assign_urls(config(), manuscripts, files).posts

    assert dict(before) == {path: after[path] for path in before}


@given(st.permutations(["a.png", "A.png", "é.png", "e\u0301.png", "b/c.png", "b"]))
def test_the_order_of_files_changes_nothing(files: list[str]) -> None:
    """Of two files that want one place, the first in order of their names has it."""
    found = assign_urls(config(), [], files)

    assert assign_urls(config(), [], sorted(files)) == found
