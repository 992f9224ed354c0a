"""What pages show of addresses, of sizes and of a post's HTML."""

import made
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedpub.models.content import Author, Feed, Image, Tag
from feedpub.site.template_filters import (
    FeedLink,
    LinkBuilder,
    convert_inline_styles,
    duration,
    feed_anchor,
    file_name,
    prepare_for_page,
    size,
)

HOME = "https://example.org/blog/"


def address(feed: Feed, form: str) -> str:
    """Give a feed's address, as feedpub.feeds does."""
    return f"{HOME}{feed.folder}{form}"


LINKS = LinkBuilder(HOME, address)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (HOME, "/blog/"),
        (f"{HOME}posts/a/#b", "/blog/posts/a/#b"),
        ("https://example.org/elsewhere/", "https://example.org/elsewhere/"),
        ("https://example.net/", "https://example.net/"),
        ("mailto:ann@example.org", "mailto:ann@example.org"),
    ],
)
def test_links_within_the_site_need_no_host(url: str, expected: str) -> None:
    """A preview under another host works, and what is no page of the site stays whole."""

    assert expected == LINKS.href(url)


def test_paths_become_addresses() -> None:
    """A path is below the site; a whole URL stays as it is."""

    assert f"{HOME}icon.svg" == LINKS.absolute("icon.svg")
    assert "https://example.org/icon.svg" == LINKS.absolute("/icon.svg")
    assert "https://cdn.example/i.png" == LINKS.absolute("https://cdn.example/i.png")
    assert "/blog/archive/" == LINKS.below("archive/")


def test_tags_and_authors_have_pages() -> None:
    """Letters of other scripts are percent-encoded in an address."""

    assert "/blog/tags/c-plus/" == LINKS.tag_page(Tag("C+", "c-plus"))
    assert "/blog/tags/%E4%B8%AD%E6%96%87/" == LINKS.tag_page(Tag("中文", "中文"))
    assert "/blog/authors/ann/" == LINKS.author_page(Author("Ann", slug="ann"))


def test_a_feed_has_a_document_for_each_format() -> None:
    """Each has its label, its media type, its address, and the link to it."""
    (atom,) = LINKS.documents(made.feed(formats=("atom",), folder="tags/x/"))

    url = f"{HOME}tags/x/atom"
    assert FeedLink("Atom", "application/atom+xml", url, "/blog/tags/x/atom") == atom


def test_the_whole_sites_feed_is_found_among_others() -> None:
    """The colophon links to the feed of all posts, where there is one."""
    tag = made.feed(kind="tag", folder="tags/x/")
    found = LINKS.site_feed_links([tag, made.feed(formats=("rss",))])

    assert ["RSS"] == [each.label for each in found]
    assert [] == LINKS.site_feed_links([tag])


def test_readers_discover_every_feed_of_a_page() -> None:
    """The page's own feed and the site's come in all formats, the others in one; all escaped."""
    own = made.feed(kind="tag", folder="tags/x/", title='Say "<x>"', formats=("rss", "json"))
    other = made.feed(kind="author", folder="authors/a/", title="Ann")
    found = LINKS.alternates([own, made.feed(formats=("atom", "rss")), other])

    assert 5 == found.count("<link ")
    assert (
        '<link rel="alternate" type="application/rss+xml" title="Say &#34;&lt;x&gt;&#34; (RSS)"'
        ' href="/blog/tags/x/rss">'
    ) in found
    assert 1 == found.count("authors/a/")
    assert "" == LINKS.alternates([])


def test_every_feed_has_a_place_on_the_subscribe_page() -> None:
    """The place has an id, and the way to it is a link."""
    tag = made.feed(kind="tag", folder="tags/中文/")

    assert "all" == feed_anchor(made.feed(folder=""))
    assert "tags/中文" == feed_anchor(tag)
    assert "/blog/subscribe/#tags/%E4%B8%AD%E6%96%87" == LINKS.subscription(tag)


def test_a_picture_in_the_text_is_not_shown_twice() -> None:
    """The picture is recognised by its address, however it is written in the HTML."""
    image = Image(f"{HOME}a.png?x=1&y=2")

    assert LINKS.contains_image('<img src="/blog/a.png?x=1&amp;y=2">', image)
    assert LINKS.contains_image('<img src="https://example.org/blog/a.png?x=1&amp;y=2">', image)
    assert not LINKS.contains_image("<p>a.png</p>", image)


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<h1>Hello &amp; you</h1><p>x</p>", "<p>x</p>"),
        ('\n<h2 class="t" id="hello">HELLO <em>&amp;</em> you</h2>x', '<span id="hello"></span>x'),
        ("<h2>Another</h2>", "<h2>Another</h2>"),
        ("<p>x</p><h2>Hello &amp; you</h2>", "<p>x</p><h2>Hello &amp; you</h2>"),
    ],
)
def test_the_title_is_not_shown_twice(html: str, expected: str) -> None:
    """A heading that opens the text and says the title goes; links to it go on working."""

    assert expected == prepare_for_page(html, "Hello & you")


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ([2, 3, 3, 2], [2, 3, 3, 2]),
        ([1, 2, 1], [2, 3, 2]),
        ([3, 5, 4, 3], [2, 3, 3, 2]),
        ([4, 2, 4], [2, 2, 3]),
        ([1, 2, 3, 4, 5, 6], [2, 3, 4, 5, 6, 6]),
    ],
)
def test_headings_follow_the_pages_own(levels: list[int], expected: list[int]) -> None:
    """Below the title there is no second h1 and no level left out (the Nu checker minds)."""
    html, after = (
        "<hr>".join(f'<h{level} id="x">A</h{level}>' for level in each)
        for each in (levels, expected)
    )

    assert after == prepare_for_page(html, "T")


def test_tables_scroll_inside_themselves() -> None:
    """A wide table does not make the page wide."""

    assert '<div class="scroll"><table class="x"></table></div>' == prepare_for_page(
        '<table class="x"></table>', "T"
    )


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<td style="text-align: left">x</td>', '<td data-align="left">x</td>'),
        (
            '<td colspan="2" style="text-align: end" id="a">',
            '<td colspan="2" data-align="end" id="a">',
        ),
        ('<p> style="text-align: left"</p>', '<p> style="text-align: left"</p>'),
        ('<p title=" style=">x</p>', '<p title=" style=">x</p>'),
        ("<p>x</p>", "<p>x</p>"),
    ],
)
def test_pages_have_no_style_of_their_own(html: str, expected: str) -> None:
    """An alignment is said so that a policy without inline styles lets it be."""

    assert expected == convert_inline_styles(html)


@given(st.text(st.characters(exclude_characters="<"), max_size=200))
def test_text_without_markup_stays(text: str) -> None:
    """Nothing is done to a text that has neither heading nor table."""

    assert text == prepare_for_page(text, "Title")


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (33119, "33.1 kB"),
        (999_900, "1 MB"),
        (12_345_678, "12.3 MB"),
        (2_500_000_000, "2.5 GB"),
    ],
)
def test_sizes_are_read_by_people(octets: int, expected: str) -> None:
    """Three figures and a unit are enough, with a space that does not break."""

    assert expected.replace(" ", "\u00a0") == size(octets)


def test_lengths_of_time_look_as_in_a_player() -> None:
    """Hours only where there are any."""

    assert ["0:05", "12:34", "1:02:03"] == [duration(seconds) for seconds in (5, 754, 3723)]


def test_a_file_has_the_name_in_its_address() -> None:
    """A name is decoded; an address without one stands for itself."""

    assert "größe 1.pdf" == file_name("https://example.org/a/gr%C3%B6%C3%9Fe%201.pdf?x#y")
    assert "https://example.org/" == file_name("https://example.org/")
    assert "a b.mp3" == file_name("https://example.org/a%00b%EF%BF%BE.mp3".replace("%00", "%0A"))
    assert "ab.mp3" == file_name("https://example.org/a%00b.mp3")
