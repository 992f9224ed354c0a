"""Manuscripts become posts in their place, newest first, by tag, author and language."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import made
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedpub.config.schema import Config, ContentConfig, PagesConfig
from feedpub.content import library
from feedpub.content.library import Library
from feedpub.models.content import (
    Author,
    Enclosure,
    Image,
    ParsedPost,
    Post,
    Problem,
    Reference,
    Tag,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def build(
    *manuscripts: ParsedPost,
    files: dict[str, int] | None = None,
    config: Config | None = None,
    drafts: bool = False,
    future: bool = False,
) -> Library:
    """Build a library as of the first of January 2026."""
    whole = config or made.config()
    return library.build_library(whole, manuscripts, files or {}, NOW, drafts=drafts, future=future)


def post(files: dict[str, int] | None = None, **changes: object) -> Post:
    """Give the only post of a library, of a manuscript with these changes."""
    return build(made.manuscript(**changes), files=files).posts[0]


def stems(posts: Sequence[Post]) -> list[str]:
    """Name posts by their slugs."""
    return [each.slug for each in posts]


def test_a_post_is_whole() -> None:
    """Everything that a manuscript leaves open is decided."""
    found = post(references=(Reference("#part", 3),), minutes=4, in_digests=False)

    assert found == Post(
        id="tag:example.org,2026:hello.md",
        path="hello.md",
        slug="hello",
        url=f"{made.SITE}posts/hello/",
        output_path="posts/hello/index.html",
        title="Hello",
        published=made.PUBLISHED,
        updated=made.PUBLISHED,
        authors=(replace(made.ANN, slug="ann-lee"),),
        tags=(Tag("Python", "python"), Tag("Web feeds", "web-feeds")),
        categories=(),
        summary="What it is about.",
        language="en",
        image=None,
        enclosures=(),
        canonical_url=f"{made.SITE}posts/hello/",
        in_digests=False,
        minutes=4,
        draft=False,
        body_key="digest-hello",
        links=(("#part", f"{made.SITE}posts/hello/#part"),),
        cache_key=found.cache_key,
    )


def test_posts_come_newest_first() -> None:
    """Of posts of one moment, the last in order of their paths comes first."""
    dates = {"a": made.PUBLISHED, "b": made.PUBLISHED, "c": made.PUBLISHED - DAY}
    found = build(*(made.manuscript(stem=stem, published=when) for stem, when in dates.items()))

    assert ["b", "a", "c"] == stems(found.posts)


def test_a_post_is_never_updated_before_it_is_published() -> None:
    """An `updated` that is too early does not count."""
    found = [post(updated=made.PUBLISHED + delta).updated for delta in (DAY, -DAY)]

    assert [made.PUBLISHED + DAY, made.PUBLISHED] == found


def test_a_post_without_an_author_is_the_editors() -> None:
    """`site.author` stands for posts that name nobody; without one nobody does."""
    nobody = made.config(site=replace(made.config().site, author=None))
    found = build(made.manuscript(authors=()), config=nobody)

    assert ("Ann Lee",) == tuple(each.name for each in post(authors=()).authors)
    assert () == found.posts[0].authors
    assert () == found.authors


def test_authors_by_key() -> None:
    """A key of `authors:` stands for the person; who is named twice is there once."""
    config = made.config(authors=(("bob", Author("Bob B.", url="https://bob.example/")),))
    one = made.manuscript(authors=(Author("bob"), Author("Zoe"), Author("BOB B.")))
    found = build(one, config=config)

    bob = Author("Bob B.", url="https://bob.example/", slug="bob")
    assert (bob, Author("Zoe", slug="zoe")) == found.posts[0].authors
    assert ((bob, found.posts), (Author("Zoe", slug="zoe"), found.posts)) == found.authors


def test_tags_equal_but_for_case_are_one() -> None:
    """A post that names a tag twice has it once, and groups are in order of their names."""
    found = build(
        made.manuscript(stem="a", tags=("web", "Web", "C++"), categories=("News",)),
        made.manuscript(stem="b", tags=("Web", "C")),
    )

    assert [
        (Tag("C", "c"), ["b"]),
        (Tag("C++", "cplusplus"), ["a"]),
        (Tag("Web", "web"), ["b", "a"]),
    ] == [(tag, stems(posts)) for tag, posts in found.tags]
    assert ((Tag("News", "news"), (found.posts[1],)),) == found.categories


def test_languages() -> None:
    """A post is in its own language or the site's; case does not tell languages apart."""
    languages = ("", "de", "DE", "zh-Hant")
    found = build(
        *(made.manuscript(stem=str(n), language=each) for n, each in enumerate(languages))
    )

    assert [("DE", ["2", "1"]), ("en", ["0"]), ("zh-Hant", ["3"])] == [
        (language, stems(posts)) for language, posts in found.languages
    ]


FATES = (
    made.manuscript(stem="shown"),
    made.manuscript(stem="draft", draft=True),
    made.manuscript(stem="scheduled", published=NOW + DAY),
    made.manuscript(stem="later", published=NOW + 9 * DAY, draft=True),
    made.manuscript(stem="expired", expires=NOW),
    made.manuscript(stem="expiring", expires=NOW + 2 * DAY),
    made.manuscript(stem="just-now", published=NOW),
)


@pytest.mark.parametrize(
    ("drafts", "future", "shown"),
    [
        (False, False, {"shown", "expiring", "just-now"}),
        (True, False, {"shown", "expiring", "just-now", "draft"}),
        (False, True, {"shown", "expiring", "just-now", "scheduled"}),
        (True, True, {"shown", "expiring", "just-now", "draft", "scheduled", "later"}),
    ],
)
def test_who_is_shown(drafts: bool, future: bool, shown: set[str]) -> None:
    """Drafts and scheduled posts stay out unless asked for, expired ones always."""
    found = build(*FATES, drafts=drafts, future=future)

    assert shown == set(stems(found.posts))
    assert 1 == found.expired
    assert len(FATES) == len(found.posts) + found.drafts + found.scheduled + found.expired


def test_how_long_a_library_holds() -> None:
    """It is the same from the last moment at which a post appeared or went, until the next."""
    found = build(*FATES)
    with_drafts = build(made.manuscript(draft=True, published=NOW + DAY), drafts=True)

    assert (NOW, NOW + DAY) == (found.valid_from, found.valid_until)
    assert (None, NOW + DAY) == (with_drafts.valid_from, with_drafts.valid_until)
    assert (None, None) == (build().valid_from, build().valid_until)


def test_references_are_resolved() -> None:
    """Links to other files become URLs; one that leads nowhere is told with its line."""
    references = (Reference("other.md", 3), Reference("{ref}other", 4), Reference("gone.md", 5))
    found = build(
        made.manuscript(references=references), made.manuscript(stem="other", permalink="o/")
    )

    assert (
        ("other.md", f"{made.SITE}o/"),
        ("{ref}other", f"{made.SITE}o/"),
        ("gone.md", f"{made.SITE}posts/hello/gone.md"),
    ) == found.posts[1].links
    assert (
        Problem("hello.md", 5, 'link to "gone.md": no such file is published'),
    ) == found.problems


def test_a_draft_cannot_be_linked_to() -> None:
    """A link to what is not published is told."""
    found = build(
        made.manuscript(references=(Reference("other.md", 3),)),
        made.manuscript(stem="other", draft=True),
    )

    assert ["hello.md"] == [problem.path for problem in found.problems]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("cat.png", f"{made.SITE}cat.png"),
        ("gone.png", f"{made.SITE}posts/hello/gone.png"),
        ("https://else.example/ü.png", "https://else.example/%C3%BC.png"),
        ("//else.example/a b.png", "https://else.example/a%20b.png"),
    ],
)
def test_images_are_absolute(written: str, expected: str) -> None:
    """An image is a file of the site, or a URL."""
    found = post({"cat.png": 9}, image=Image(written, "A cat"))

    assert Image(expected, "A cat") == found.image


def test_an_image_that_is_no_file_is_none() -> None:
    """What is neither a file nor of the web stands for nothing."""
    found = post(image=Image("data:image/png;base64,AAAA"))

    assert found.image is None


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (
            Enclosure("show/one.mp3", title="One", duration=60),
            Enclosure(f"{made.SITE}show/one.mp3", "audio/mpeg", 1234, "One", 60),
        ),
        (
            Enclosure("show/one.mp3#t=9", "audio/mp4", 99),
            Enclosure(f"{made.SITE}show/one.mp3#t=9", "audio/mp4", 1234),
        ),
        (
            Enclosure("https://example.org/show/one.mp3"),
            Enclosure(f"{made.SITE}show/one.mp3", "audio/mpeg", 1234),
        ),
        (
            Enclosure("https://else.example/two.ogg", length=5),
            Enclosure("https://else.example/two.ogg", "audio/ogg", 5),
        ),
        (
            Enclosure("https://example.org/elsewhere.pdf"),
            Enclosure("https://example.org/elsewhere.pdf", "application/pdf"),
        ),
    ],
)
def test_enclosures(written: Enclosure, expected: Enclosure) -> None:
    """Type and length are found out; what lies on the disk is as long as it is."""
    found = build(made.manuscript(enclosures=(written,)), files={"show/one.mp3": 1234})

    assert (expected,) == found.posts[0].enclosures
    assert () == found.problems


@pytest.mark.parametrize(("written", "kept"), [("gone.mp3", 1), ("javascript:alert(1)", 0)])
def test_an_enclosure_that_is_not_there_is_told(written: str, kept: int) -> None:
    """A file that the site does not have is a mistake; what nobody may follow is dropped."""
    found = build(made.manuscript(enclosures=(Enclosure(written),)))

    assert kept == len(found.posts[0].enclosures)
    assert (Problem("hello.md", 0, f'enclosure "{written}": file not found'),) == found.problems


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("https://first.example/ü", "https://first.example/%C3%BC"),
        ("", f"{made.SITE}posts/hello/"),
        ("javascript:alert(1)", f"{made.SITE}posts/hello/"),
    ],
)
def test_canonical_url(written: str, expected: str) -> None:
    """A post is where it was published first, if it says where."""
    found = post(canonical_url=written)

    assert expected == found.canonical_url


def test_the_files_of_a_bundle_go_with_it() -> None:
    """They lie beside its page, and links and images lead there."""
    one = replace(
        made.manuscript(image=Image("cat.png"), references=(Reference("cat.png", 1),)),
        path="hello/index.md",
    )
    found = build(one, files={"hello/cat.png": 9, "dog.png": 9})

    url = f"{made.SITE}posts/hello/cat.png"
    assert {"hello/cat.png": "posts/hello/cat.png", "dog.png": "dog.png"} == found.files
    assert (Image(url), (("cat.png", url),)) == (found.posts[0].image, found.posts[0].links)


def test_the_files_of_a_bundle_nobody_may_see_stay_out() -> None:
    """The pictures of a draft are as private as its text; those of a bundle inside are its own."""
    hidden = replace(made.manuscript(draft=True), path="trip/index.md")
    inner = replace(made.manuscript(stem="day"), path="trip/day/index.md")
    files = {"trip/cat.png": 1, "trip/more/cat.png": 1, "trip/day/dog.png": 1, "cow.png": 1}
    found = build(hidden, inner, files=files)

    assert {"trip/day/dog.png": "posts/day/dog.png", "cow.png": "cow.png"} == found.files
    assert len(files) == len(build(hidden, inner, files=files, drafts=True).files)


def test_a_translation_opens_a_bundle() -> None:
    """Where one index of a folder is shown, its files are."""
    hidden = replace(made.manuscript(draft=True), path="trip/index.de.md")
    shown = replace(made.manuscript(), path="trip/index.md")
    found = build(hidden, shown, files={"trip/cat.png": 1})

    assert {"trip/cat.png": "posts/hello/cat.png"} == found.files


def test_pages_elsewhere() -> None:
    """Without pages, files stay where they lie and links to posts lead to the other site."""
    config = made.config(
        content=ContentConfig(permalink="https://their.site/{slug}/"),
        pages=PagesConfig(enabled=False),
    )
    references = (Reference("cat.png", 1), Reference("index.md", 2))
    one = replace(made.manuscript(references=references), path="hello/index.md")
    found = build(one, files={"hello/cat.png": 9}, config=config)

    assert ("https://their.site/hello/", "") == (found.posts[0].url, found.posts[0].output_path)
    assert (
        ("cat.png", f"{made.SITE}hello/cat.png"),
        ("index.md", "https://their.site/hello/"),
    ) == found.posts[0].links


def test_problems_of_places_and_ids_are_told() -> None:
    """Two posts of one address, or one id, are warned of."""
    found = build(
        replace(made.manuscript(id="urn:x:1"), path="a/hello.md"),
        replace(made.manuscript(id="urn:x:1"), path="b/hello.md"),
    )

    assert ["b/hello.md", "b/hello.md"] == [problem.path for problem in found.problems]
    assert not any(problem.left_out for problem in found.problems)


CHANGES: dict[str, object] = {
    "digest": "other",
    "path": "other/hello.md",
    "id": "urn:x:1",
    "permalink": "x/",
    "authors": (Author("Bob"),),
    "tags": ("Python", "Web Feeds"),
    "categories": ("Python",),
    "image": Image("cat.png"),
    "enclosures": (Enclosure("https://else.example/a.mp3"),),
    "references": (Reference("#part", 1),),
}


@pytest.mark.parametrize("name", CHANGES)
def test_the_key_tells_what_can_be_seen(name: str) -> None:
    """A post that would look different has another key, and the same one has the same."""
    changed = build(made.manuscript(**{name: CHANGES[name]})).posts[0]

    assert post().cache_key != changed.cache_key
    assert post().cache_key == post().cache_key


def test_the_key_tells_what_another_post_decides() -> None:
    """The spelling of a tag may change with other posts, and so may the length of a file."""
    enclosure = (Enclosure("a.mp3"),)
    keys = [
        build(made.manuscript(enclosures=enclosure), *others, files={"a.mp3": size})
        .posts[-1]
        .cache_key
        for others, size in (
            ((), 1),
            ((made.manuscript(stem="a", tags=("PYTHON",), published=NOW),), 1),
            ((), 2),
        )
    ]

    assert len(keys) == len(set(keys))


MANUSCRIPTS = st.lists(
    st.builds(
        made.manuscript,
        stem=st.sampled_from(["a", "A", "b", "c", "index", "é", "e\u0301"]),
        permalink=st.sampled_from(["", "a/", "A/", "tags/", "x.html", "x.html/y/"]),
        id=st.sampled_from(["", "", "a.md", "x"]),
        tags=st.lists(st.sampled_from(["C", "c", "C++", "é", "É"]), max_size=3).map(tuple),
        authors=st.lists(
            st.builds(
                Author, st.sampled_from(["Ann", "ann", "Bob"]), st.sampled_from(["", "a@b.c"])
            ),
            max_size=2,
        ).map(tuple),
        language=st.sampled_from(["", "de", "DE"]),
        published=st.integers(0, 2).map(lambda days: NOW - days * DAY),
        draft=st.booleans(),
        references=st.just((Reference("a.md", 1), Reference("{ref}b", 2), Reference("é.md", 3))),
    ),
    unique_by=lambda one: one.path,
)
FILES = st.dictionaries(
    st.sampled_from(["a.png", "A.png", "x.html", "tags/x", "b"]), st.integers(0)
)


@given(st.data())
def test_the_order_of_files_changes_nothing(data: st.DataObject) -> None:
    """However the disk lists its files, the library is the same."""
    manuscripts = data.draw(MANUSCRIPTS)
    files = data.draw(FILES)
    shuffled = data.draw(st.permutations(manuscripts))
    found = build(*manuscripts, files=files)
    again = build(*shuffled, files=dict(reversed(files.items())))

    assert found == again
    assert list(found.files) == list(again.files)


@given(MANUSCRIPTS, FILES)
def test_every_post_is_told_apart(manuscripts: list[ParsedPost], files: dict[str, int]) -> None:
    """No two posts have one id, URL, file or key, and every one is in the groups it names."""
    found = build(*manuscripts, files=files, drafts=True)

    assert len(manuscripts) == len(found.posts)
    for name in ("id", "url", "output_path", "cache_key"):
        assert len(found.posts) == len({getattr(each, name) for each in found.posts})
    assert sum(len(each.tags) for each in found.posts) == sum(len(group) for _, group in found.tags)
    assert all(each in group for tag, group in found.tags for each in group if tag in each.tags)


def again(known: Library, *manuscripts: ParsedPost, **changes: object) -> Library:
    """Build a library that may take over what is known of an earlier one."""
    config = made.config(**changes)
    return library.build_library(config, manuscripts, {}, NOW, known=known)


def one(stem: str, **changes: object) -> ParsedPost:
    """Give a manuscript of a name."""
    return made.manuscript(path=f"{stem}.md", stem=stem, **changes)


def test_a_post_that_stays_is_the_very_one() -> None:
    """An edit changes no other post; what is told of the library is what a new one tells."""
    first, second = one("a"), one("b", references=(Reference("gone.md", 3),))
    known = build(first, second)
    edited = replace(first, digest="other", summary="Other.")

    found = again(known, edited, second)

    assert build(edited, second) == found
    assert {post.path: post for post in known.posts}["b.md"] is found.posts[
        [post.path for post in found.posts].index("b.md")
    ]
    assert known.problems == found.problems


@pytest.mark.parametrize(
    "changes",
    [
        {"slug": "other"},
        {"title": "Other", "stem": ""},
        {"id": "urn:x:1"},
        {"tags": ("PYTHON",)},
        {"authors": (Author("Ann Lee", "ann@example.org"),)},
        {"published": NOW - 5 * DAY},
        {"references": (Reference("{post_url}b", 1),)},
        {"draft": True},
    ],
)
def test_a_post_that_others_see_differently_is_made_anew(changes: dict[str, object]) -> None:
    """Where an edit may show in other posts, every one is what a new library has."""
    others = [one(stem, references=(Reference("a.md", 3),)) for stem in ("b", "c")]
    known = build(one("a"), *others)
    edited = replace(one("a"), digest="other", **changes)  # type: ignore[arg-type]  # as named

    assert build(edited, *others) == again(known, edited, *others)


def test_a_post_that_comes_or_goes_leaves_the_others() -> None:
    """Those that do not refer to it are the very ones."""
    first, second = one("a"), one("b")
    known = build(first, second)
    more = again(known, first, second, one("c", published=NOW - DAY))
    fewer = again(more, second)

    assert build(first, second, one("c", published=NOW - DAY)) == more
    assert build(second) == fewer
    assert {id(post) for post in known.posts} < {id(post) for post in more.posts}


def test_another_configuration_makes_everything_anew() -> None:
    """Whatever is known is of use only where it is the same."""
    first = one("a")
    known = build(first)
    found = again(known, first, content=ContentConfig(permalink="{year}/{slug}/"))

    assert (
        build(first, config=made.config(content=ContentConfig(permalink="{year}/{slug}/"))) == found
    )
