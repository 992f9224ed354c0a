"""References lead where the tools that authors come from would lead them."""

import re
from urllib.parse import urljoin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedpub.content.library.link_index import (
    LinkIndex,
    build_url_rewriter,
    index_names,
    iri_to_uri,
    is_named_reference,
    normalize_absolute_url,
    replace_data_images,
    resolve,
    resolve_all,
    substitute_urls,
)
from feedpub.models.content import Body, Problem, Reference

SITE = "https://example.org/blog/"
OWN = f"{SITE}posts/hello/"
POSTS = {
    "hello.md": OWN,
    "blog/other.md": f"{SITE}posts/other/",
    "blog/2020-01-02-dated.md": f"{SITE}posts/dated/",
    "trip/index.md": f"{SITE}posts/trip/",
    "über uns.md": f"{SITE}posts/%C3%BCber-uns/",
}
FILES = {
    "cat.png": f"{SITE}cat.png",
    "blog/dog.png": f"{SITE}blog/dog.png",
    "images/map 1.png": f"{SITE}images/map%201.png",
    "100%.pdf": f"{SITE}100%25.pdf",
}
PLACES = LinkIndex(SITE, POSTS, FILES, index_names(POSTS))
NOWHERE = LinkIndex(SITE, {}, {}, {})
TARGETS = st.text() | st.builds(
    "".join,
    st.lists(
        st.sampled_from(
            [
                *("{filename}", "{static}", "{attach}", "|filename|", "{ref}", "{link}"),
                *("{post_url}", "{site}", "{index}", "{photo}", "@/", "//", "/", "./", "../"),
                *("other.md", "javascript:", "host:80", "[", "]", "%", "%41", "#", "?", "\\", " "),
                *("\t", "\u00fc", "u\u0308", "a", ":", "<", "&", "index.md"),
            ]
        ),
        max_size=6,
    ),
)


def url(target: str, path: str = "hello.md") -> str:
    """Give the URL of a reference in a post of the site."""
    return resolve(Reference(target, 1), path, OWN, PLACES)[0]


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("#part", f"{OWN}#part"),
        ("#über", f"{OWN}#%C3%BCber"),
        ("?page=2", f"{OWN}?page=2"),
        ("blog/other.md", f"{SITE}posts/other/"),
        ("./blog/other.md#part", f"{SITE}posts/other/#part"),
        ("blog/../blog/other.md?a=b", f"{SITE}posts/other/?a=b"),
        ("blog\\other.md", f"{SITE}posts/other/"),
        ("/blog/other.md", f"{SITE}posts/other/"),
        ("/blog/blog/other.md", f"{SITE}posts/other/"),
        ("cat.png", f"{SITE}cat.png"),
        ("/images/map%201.png", f"{SITE}images/map%201.png"),
        ("100%25.pdf", f"{SITE}100%25.pdf"),
        ("u\u0308ber%20uns.md", f"{SITE}posts/%C3%BCber-uns/"),
        ("%C3%BCber%20uns.md", f"{SITE}posts/%C3%BCber-uns/"),
        ("trip/index.md", f"{SITE}posts/trip/"),
        ("gone.png", f"{OWN}gone.png"),
        ("../else/", f"{SITE}posts/else/"),
        ("/about/", "https://example.org/about/"),
        ("host:80", f"{OWN}host:80"),
    ],
)
def test_plain_references(target: str, expected: str) -> None:
    """A reference is a source file of the site, or what a browser would make of it."""
    found = url(target)

    assert expected == found


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("{filename}blog/other.md", f"{SITE}posts/other/"),
        ("{filename}/blog/other.md#x", f"{SITE}posts/other/#x"),
        ("|filename|blog/other.md", f"{SITE}posts/other/"),
        ("{static}/images/map%201.png", f"{SITE}images/map%201.png"),
        ("{static}gone.png", f"{SITE}gone.png"),
        ("{attach}cat.png", f"{SITE}cat.png"),
        ("|static|cat.png", f"{SITE}cat.png"),
        ("{photo}/gone.png", f"{SITE}gone.png"),
        ("{index}", SITE),
        ("{index}#top", f"{SITE}#top"),
        ("{site}", SITE),
        ("{site}/images/map%201.png", f"{SITE}images/map%201.png"),
        ("{site}/about/?a#b", f"{SITE}about/?a#b"),
        ("@/blog/other.md", f"{SITE}posts/other/"),
        ("@/trip/index.md", f"{SITE}posts/trip/"),
        ("{link}blog/other.md", f"{SITE}posts/other/"),
        ("{link}_posts/2020-01-02-dated.md", f"{SITE}posts/dated/"),
        ("{post_url}2020-01-02-dated", f"{SITE}posts/dated/"),
        ("{post_url}/blog/2020-01-02-dated", f"{SITE}posts/dated/"),
        ("{ref}other.md", f"{SITE}posts/other/"),
        ("{ref}Other#x", f"{SITE}posts/other/#x"),
        ("{ref}/blog/other.md", f"{SITE}posts/other/"),
        ("{ref}dated", f"{SITE}posts/dated/"),
        ("{ref}blog/dated.md", f"{SITE}posts/dated/"),
        ("{ref}trip", f"{SITE}posts/trip/"),
        ("{ref}elsewhere/trip/index.md", f"{SITE}posts/trip/"),
        ("{ref}#part", f"{OWN}#part"),
    ],
)
def test_references_of_other_tools(target: str, expected: str) -> None:
    """What Pelican, Jekyll, Hugo and Zola mean by a reference is what it leads to."""
    found, fault = resolve(Reference(target, 1), "hello.md", OWN, PLACES)

    assert (expected, "") == (found, fault)


def test_a_reference_begins_in_the_folder_of_its_post() -> None:
    """`dog.png` in blog/other.md is blog/dog.png; a `ref` looks there first, then at the top."""
    found = [url(each, "blog/other.md") for each in ("dog.png", "{ref}other.md", "{ref}hello.md")]

    assert [f"{SITE}blog/dog.png", f"{SITE}posts/other/", OWN] == found


def test_a_rooted_path_may_begin_like_the_site() -> None:
    """On a site below /blog/, /blog/dog.png is the file dog.png, or else blog/dog.png."""
    found = url("/blog/dog.png")

    assert f"{SITE}blog/dog.png" == found


@pytest.mark.parametrize(
    "target",
    [
        "gone.md",
        "gone.MARKDOWN#x",
        "{filename}gone.png",
        "{post_url}2020-01-01-x",
        "{ref}gone",
        "@/x.md",
        "{ref}no/index.md",
    ],
)
def test_a_missing_source_is_told(target: str) -> None:
    """A reference that names a source file of the site must lead to one."""
    _, fault = resolve(Reference(target, 1), "hello.md", OWN, PLACES)

    assert f'link to "{target}": no such file is published' == fault


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/2020/01/02/dated.html", f"{SITE}posts/dated/"),
        ("/blog/2020/01/02/dated/#part", f"{SITE}posts/dated/#part"),
        ("{site}/2020/01/02/Dated?x=1", f"{SITE}posts/dated/?x=1"),
        ("{site}/2020/01/03/dated/", f"{SITE}2020/01/03/dated/"),
        ("2020/01/02/dated/", f"{OWN}2020/01/02/dated/"),
        ("{static}/2020/01/02/dated/", f"{SITE}2020/01/02/dated/"),
    ],
)
def test_the_urls_that_posts_had_with_jekyll(target: str, expected: str) -> None:
    """A rooted link to /2020/01/02/dated/ leads to 2020-01-02-dated.md, wherever that is now."""
    reference = Reference(target, 1)
    (pair,), problems = resolve_all([reference], "hello.md", OWN, PLACES)

    assert (target, expected) == pair
    assert () == problems


def test_a_missing_picture_is_not_told() -> None:
    """What is no source file may be published by somebody else on the same host."""
    _, fault = resolve(Reference("gone.png", 1), "hello.md", OWN, PLACES)

    assert not fault


def test_resolve_all() -> None:
    """Every reference is paired with its URL; a fault comes with path and line."""
    references = [Reference("cat.png", 3), Reference("gone.md", 7)]
    pairs, problems = resolve_all(references, "hello.md", OWN, PLACES)

    assert (("cat.png", f"{SITE}cat.png"), ("gone.md", f"{OWN}gone.md")) == pairs
    assert (Problem("hello.md", 7, 'link to "gone.md": no such file is published'),) == problems


@pytest.mark.parametrize("prefix", ["{static}", "{filename}", "{ref}", "@/", "{site}", "|attach|"])
def test_a_prefix_is_no_way_past_the_sanitiser(prefix: str) -> None:
    """`{static}javascript:alert(1)` is a path, as every reference is."""
    found = url(f"{prefix}javascript:alert(1)")

    assert found.startswith(SITE)


@given(TARGETS)
def test_every_reference_becomes_a_uri(target: str) -> None:
    """Whatever is written, its URL is absolute, of the web, and in the characters of RFC 3986."""
    found = url(target)

    assert re.fullmatch(r"https?://[!$&'()*+,\-./0-9:;=?@A-Z_a-z~%#]*", found)
    assert found.count("#") <= 1


@given(
    st.text("aB1-_~.%/:;?#&", max_size=12).map(lambda text: f"https://example.org{text}"),
    st.text("aB1-_~.", min_size=1, max_size=6),
)
def test_a_name_is_joined_as_a_browser_would(own: str, name: str) -> None:
    """The short way that most names take leads where the long one does."""
    written = f"x{name}.png" if name.endswith((".md", ".")) else f"{name}.png"

    assert urljoin(own, written) == resolve(Reference(written, 1), "hello.md", own, NOWHERE)[0]


@given(TARGETS)
def test_uri_is_idempotent_and_ascii(text: str) -> None:
    """What is encoded once stays as it is, and holds nothing but what a URI may."""
    once = iri_to_uri(text)

    assert once == iri_to_uri(once)
    assert re.fullmatch(r"([!$&'()*+,\-./0-9:;=?@A-Z_a-z~#]|%[0-9A-Fa-f]{2})*", once)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a b", "a%20b"),
        ("100%", "100%25"),
        ("%41%zz", "%41%25zz"),
        ("a#b#c", "a#b%23c"),
        ("[1]", "%5B1%5D"),
        ("人", "%E4%BA%BA"),
        ("e\u0301", "%C3%A9"),
        ("a/b?c=d&e#f", "a/b?c=d&e#f"),
    ],
)
def test_uri(text: str, expected: str) -> None:
    """What RFC 3986 does not allow is encoded, in NFC; what is encoded already stays."""
    encoded = iri_to_uri(text)

    assert expected == encoded


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://example.org/a b", "https://example.org/a%20b"),
        ("//example.org/?a&b", "https://example.org/?a&b"),
        ("https://例え.jp/", "https://xn--r8jz45g.jp/"),
        ("javascript:alert(1)", ""),
        ("posts/hello/", ""),
        ("", ""),
    ],
)
def test_web(text: str, expected: str) -> None:
    """A whole URL is written as programs write it; anything else is none."""
    found = normalize_absolute_url(text)

    assert expected == found


def test_names_prefer_the_exact() -> None:
    """A whole path wins over a bare name, and this over a name without its date."""
    found = index_names(
        ["2020-01-01-x.md", "z/y.md", "x.md", "a/y.md", "y.markdown", "2020-01-01-.md"]
    )

    assert "x.md" == found["x"]
    assert "y.markdown" == found["y"]
    assert "a/y.md" == found["a/y"]
    assert "" not in found


def test_names_of_jekyll_files_with_two_suffixes() -> None:
    """2011-11-01-x.aspx.markdown can be named with its date, without, and in any letter case."""
    found = index_names(["2011-11-01-X.aspx.markdown"])

    assert {"2011-11-01-x.aspx.markdown", "2011-11-01-x", "x"} == found.keys()


def test_uses_names() -> None:
    """Only references of Jekyll, Hugo and Zola are looked up by name."""
    by_name = ("{ref}x", "@/x.md", "/2020/01/02/x", "{site}/news/2020/01/02/x.html#y")
    others = ("x.md", "{static}x", "/2020/x", "2020/01/02/x", "{site}/x")
    found = [is_named_reference(Reference(each, 1)) for each in (*by_name, *others)]

    assert [each in by_name for each in (*by_name, *others)] == found


@given(st.lists(st.text()))
def test_names_do_not_depend_on_order(paths: list[str]) -> None:
    """The order in which files are found changes nothing."""
    found = index_names(paths)

    assert index_names(reversed(paths)) == found


def test_fill_puts_urls_in_the_place_of_references() -> None:
    """A reference becomes its URL, escaped as HTML is."""
    body = Body(('<a href="', "a?b&c", '">x</a> <img srcset="', "s", " 2x, ", "l", '">'))
    links = [("a?b&c", "https://e.org/?b&c"), ("s", "https://e.org/s"), ("l", "https://e.org/l")]
    filled = substitute_urls(body, links)

    assert (
        '<a href="https://e.org/?b&amp;c">x</a> '
        '<img srcset="https://e.org/s 2x, https://e.org/l">' == filled
    )


def test_fill_shows_urls_as_asked() -> None:
    """`shown` decides what an absolute URL looks like."""
    filled = substitute_urls(
        Body(("", "a", "")), [("a", f"{SITE}a")], build_url_rewriter(SITE, OWN)
    )

    assert "/blog/a" == filled


@pytest.mark.parametrize(
    "url", ["javascript:x", " java\nscript:x", "JavaScript:x", "data:image/png,x", "vbscript:x"]
)
def test_fill_writes_no_url_that_runs_something(url: str) -> None:
    """Whatever a reference is said to mean, and however it is shown, the scheme is judged last."""
    body = Body(("<a href='", "a", "'></a>"))

    assert "<a href=''></a>" == substitute_urls(body, [("a", url)])
    assert "<a href=''></a>" == substitute_urls(body, [("a", "https://e.org/")], lambda _: url)
    assert "<a href=''></a>" == substitute_urls(Body(("<a href='", url, "'></a>")), [])


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (
            '<img src="data:image/gif,x" alt="A &lt;b&gt; &amp; &quot;c&quot;">',
            'A &lt;b&gt; &amp; "c"',
        ),
        ('<p>a <img alt="cat" src="DATA:image/png,x" width="9"> b', "<p>a cat b"),
        ('<img src="data:image/png,x">', ""),
        ('<img src="https://e.org/data:x" alt="y">', '<img src="https://e.org/data:x" alt="y">'),
        ('<img src="https://e.org/" alt="data:x">', '<img src="https://e.org/" alt="data:x">'),
        ("<code>data:image/png</code>", "<code>data:image/png</code>"),
    ],
)
def test_a_picture_within_the_html_becomes_its_text(html: str, expected: str) -> None:
    """Only such a picture, in whatever order its attributes stand."""

    assert expected == replace_data_images(html)


@given(st.text())
def test_fill_finds_every_target(target: str) -> None:
    """Any text may be a target, and comes back from where it was kept."""
    body = Body.loads(Body(("<", target, ">")).dumps())

    assert "<https://example.org/>" == substitute_urls(body, [(target, "https://example.org/")])


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (f"{OWN}#part", "#part"),
        (OWN, "/blog/posts/hello/"),
        (f"{OWN}?a", "/blog/posts/hello/?a"),
        (SITE, "/blog/"),
        ("https://example.org/about/", "https://example.org/about/"),
        ("https://else.example/", "https://else.example/"),
    ],
)
def test_local(written: str, expected: str) -> None:
    """On a page, the site's own URLs need no host, and those of the page itself no path."""
    shown = build_url_rewriter(SITE, OWN)(written)

    assert expected == shown


def test_local_never_makes_a_path_a_host() -> None:
    """A path that begins with two slashes keeps its host, lest it be taken for one."""
    shown = build_url_rewriter("https://example.org/", OWN)("https://example.org//evil.example/")

    assert "https://example.org//evil.example/" == shown


def test_links_of_pelican_lead_to_pages_of_subjects() -> None:
    """By name or slug, in both spellings of the prefix; what nobody has is told."""
    pages = {
        ("tag", "python"): f"{SITE}tags/python/",
        ("tag", "machine learning"): f"{SITE}tags/machine-learning/",
        ("tag", "machine-learning"): f"{SITE}tags/machine-learning/",
        ("author", "ann"): f"{SITE}authors/ann/",
        ("category", "news"): f"{SITE}tags/news/",
    }
    places = LinkIndex(SITE, POSTS, FILES, {}, term_urls=pages)
    expected = {
        "{tag}python": pages["tag", "python"],
        "{tag}Machine%20Learning": pages["tag", "machine learning"],
        "|tag|machine-learning": pages["tag", "machine learning"],
        "{author}Ann": pages["author", "ann"],
        "{category}News": pages["category", "news"],
    }

    found = {each: resolve(Reference(each, 1), "hello.md", OWN, places) for each in expected}

    assert {each: (page, "") for each, page in expected.items()} == found
    assert "ruby" in resolve(Reference("{tag}ruby", 1), "hello.md", OWN, places)[1]


@pytest.mark.parametrize(
    ("target", "path", "expected"),
    [
        ("blog/other.md", "blog/deep/a.md", f"{SITE}posts/other/"),
        ("images/map%201.png", "blog/a.md", f"{SITE}images/map%201.png"),
        ("blog/dog.png", "trip/index.md", f"{SITE}blog/dog.png"),
        ("blog/other", "hello.md", f"{SITE}posts/other/"),
        ("/blog/other#part", "trip/index.md", f"{SITE}posts/other/#part"),
        ("other", "blog/2020-01-02-dated.md", f"{SITE}posts/other/"),
        ("%C3%BCber%20uns", "hello.md", f"{SITE}posts/%C3%BCber-uns/"),
        ("trip", "hello.md", f"{SITE}posts/trip/"),
        ("map 1.png", "images.md", f"{SITE}images/map%201.png"),
        ("../trip/", "hello.md", f"{SITE}posts/trip/"),
        ("tags", "hello.md", f"{SITE}posts/hello/tags"),
        ("nothing", "hello.md", f"{SITE}posts/hello/nothing"),
    ],
)
def test_links_from_the_root_and_without_suffix_find_posts(
    target: str, path: str, expected: str
) -> None:
    """Where nothing lies beside the post; an address of the site wins over a file's name."""
    places = LinkIndex(SITE, POSTS, FILES, {}, post_urls=frozenset(POSTS.values()))

    assert (expected, "") == resolve(Reference(target, 1), path, OWN, places)
