"""A post as plain text."""

import nh3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedpub.newsletter.plaintext import render_plaintext
from feedpub.newsletter.text_tables import measure_width

URL = "https://example.org/a/long/path"


def lines(html: str, own: str = "", columns: int = 72) -> list[str]:
    """Give the lines of a post's text."""
    return render_plaintext(html, own, columns).split("\n")


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("", ""),
        ("<p> </p>", ""),
        ("a &amp; b", "a & b"),
        ("<p>one<br>two <br/> three</p>", "one\ntwo\nthree"),
        ("<p>a</p>b<p>c</p>", "a\n\nb\n\nc"),
        ("<p><em>a</em> <strong> b </strong> <code>c</code><i></i></p>", "_a_ *b* `c`"),
        ("<p><del>a</del> <q>b</q> x<sup>2</sup> H<sub>2</sub>O</p>", "~a~ “b” x^2 H2O"),
        ("<p><ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby></p>", "漢(kan)"),
        ("<p>a<wbr>b</p>", "ab"),
        ("<h2>A heading</h2><p>x</p>", "A heading\n---------\n\nx"),
        ("<h2></h2><p>x</p>", "x"),
        ("<p>a</p><hr><p>b</p>", "a\n\n* * *\n\nb"),
        ("<dl><dt>Term</dt><dd>What</dd><dd></dd></dl>", "Term\n    What"),
        ('<p><img src="x" alt="A  cat"> <img src="y" alt=""></p>', "[A cat]"),
        ("<details><summary>More</summary><p>x</p></details>", "More\n\nx"),
        ("<figure><img src='x' alt='A'><figcaption>B</figcaption></figure>", "[A]\n\nB"),
        ("<section><div><span>x</span></div></section>", "x"),
        ("<ins><p>a</p><p>b</p></ins>", "a\n\nb"),
    ],
)
def test_elements(html: str, expected: str) -> None:
    """Every element is as readable as it is on a page."""
    assert expected == render_plaintext(html)


def test_paragraphs_are_wrapped() -> None:
    """A line has at most so many columns, and half as many Chinese characters."""
    html = f"<p>{'word ' * 40}</p><p>{'字' * 80}</p>"

    assert all(measure_width(line) <= 72 for line in lines(html))
    assert "字" * 36 in lines(html)


def test_links_are_numbered() -> None:
    """The same address has the same number; the addresses stand at the end, in order."""
    other = '<a href="https://b.example/">two</a>'
    html = f'<p><a href="{URL}">one</a>, {other}, <a href="{URL}">3</a>.</p>'
    expected = ["one [1], two [2], 3 [1].", "", f"[1] {URL}", "[2] https://b.example/"]

    assert expected == lines(html)


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (f'<a href="{URL}">{URL}</a>', URL),
        ('<a href="https://example.org/">example.org</a>', "https://example.org/"),
        ('<a href="mailto:a@example.org">a@example.org</a>', "a@example.org"),
        ('<a href="https://own/p/#part">part</a>', "part"),
        ('<a href="https://own/p/#x" class="headerlink">¶</a>x', "x"),
        ('x<sup><a class="footnote-ref" href="https://own/p/#fn">1</a></sup>', "x^1"),
        ('x <a class="footnote-backref" href="https://own/p/#r">↩</a>', "x"),
        ('<section class="footnotes"><ol><li>a</li><li>b</li></ol></section>', "^1 a\n^2 b"),
        ("<a>bare</a>", "bare"),
    ],
)
def test_links_without_a_number(html: str, expected: str) -> None:
    """An address that is its own text, or lies within the post, needs none."""
    assert expected == render_plaintext(html, "https://own/p/")


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (f'<a href="{URL}"><img src="x" alt=""></a>', "[1]"),
        (f'<a href="{URL}"><p>a</p><p>b</p></a>', "a\n\nb [1]"),
        (f'<video><source src="{URL}.mp4"></video>', "path.mp4 [1]"),
    ],
)
def test_links_around_other_things(html: str, expected: str) -> None:
    """A link around a picture, around paragraphs, or to what can be played has a number too."""
    text, _, address = render_plaintext(html).rpartition("\n\n")

    assert expected == text
    assert address.startswith(f"[1] {URL}")


@pytest.mark.parametrize("html", ["<a><p>a</p></a>", f'<a href="{URL}"><p></p></a>'])
def test_links_that_are_none(html: str) -> None:
    """Around paragraphs a link without address, or around nothing, leaves no number."""
    assert "[" not in render_plaintext(html)


def test_lists() -> None:
    """Items stand close together, inner lists below them, and long items hang."""
    html = (
        "<ul><li>one</li><li>two<ul><li>a word or two more</li></ul></li><li></li></ul>"
        '<ol start="9"><li>x</li><li value="20">y</li><li>z</li></ol>'
        "<ol reversed><li>b</li><li>a</li></ol><ul></ul><ol></ol>"
    )
    expected = [
        *("- one", "- two", "  - a word or two more", ""),
        *(" 9. x", "20. y", "21. z", ""),
        *("2. b", "1. a"),
    ]

    assert expected == lines(html)
    assert ["- one two three four", "  five six"] == lines(
        "<ul><li>one two three four five six</li></ul>", columns=24
    )[:2]


def test_lists_of_paragraphs() -> None:
    """Where an item has several paragraphs, or code, an empty line stands between all."""
    html = "<ul><li><p>a</p><p>b</p></li><li>c<pre>d</pre></li></ul>"

    assert ["- a", "", "  b", "", "- c", "", "      d"] == lines(html)
    assert ["astray", "- a"] == lines("<ul>astray<li>a</li></ul>")


def test_tasks() -> None:
    """A box is ticked or not."""
    html = '<ul><li><input type="checkbox" checked> a</li><li><input type="checkbox"> b</li></ul>'

    assert ["- [x] a", "- [ ] b"] == lines(html)


def test_quotations() -> None:
    """Every line of a quotation is marked, also those of what it quotes."""
    empty = "<blockquote></blockquote>"
    html = f"<blockquote><p>a</p><blockquote><p>b</p></blockquote></blockquote>{empty}"

    assert ["> a", ">", "> > b"] == lines(html)


def test_code() -> None:
    """Code keeps its lines and spaces, however long they are."""
    html = f"<pre><code>if x:\n\ty = 1  # {'long ' * 20}\n\n\nz\n</code></pre><pre></pre>"
    code = lines(html)

    assert "    if x:" == code[0]
    assert code[1].startswith("        y = 1  # long long")
    assert ["", "", "    z"] == code[2:]


def test_tables() -> None:
    """A table has its caption and its columns; cells are one line."""
    html = (
        "<table><caption>C</caption><thead><tr><th>A</th><th>B</th></tr></thead>"
        "<tbody><tr><td><p>x</p><p>y</p></td><td>z</td></tr><tr><td></td></tr></tbody></table>"
    )

    assert ["C", "", "A    B", "---  -", "x y  z"] == lines(html)
    assert ["a"] == lines("<table><tr><td>a</td></tr></table>")


def test_deep_quotations_leave_room() -> None:
    """However deep it stands, text is not squeezed into a column of letters."""
    html = "<blockquote>" * 30 + "one two three four" + "</blockquote>" * 30

    assert lines(html)[0].endswith("one two three four")


@given(st.recursive(st.text("ab <&\n中"), lambda inner: st.lists(inner, max_size=3)), st.data())
def test_no_word_is_lost(nested: object, data: st.DataObject) -> None:
    """Whatever stands in whatever, every letter of it is in the text."""
    names = st.sampled_from(["p", "ul", "li", "blockquote", "em", "td", "table", "pre", "h3", "ol"])

    def html(part: object) -> str:
        if isinstance(part, list):
            name = data.draw(names)
            return f"<{name}>{''.join(map(html, part))}</{name}>"
        return str(part).replace("&", "&amp;").replace("<", "&lt;")

    text = render_plaintext(nh3.clean(html(nested)))

    assert sorted(c for c in str(nested) if c in "ab中") == sorted(c for c in text if c in "ab中")
