"""HTML as a tree."""

import pytest

from feedpub.digests import tree


@pytest.mark.parametrize(
    "html",
    [
        "",
        "a",
        "a<p>b</p>c",
        "<p>x &amp; &lt;y&gt; \u00a0ü 😀</p>",
        '<p title="a b">c</p>',
    ],
)
def test_there_and_back(html: str) -> None:
    """What is read is written again as it was."""
    assert html == tree.serialize(tree.parse_html(html))


def test_elements_without_an_end() -> None:
    """What follows a source or a place to break is not inside it."""
    root = tree.parse_html('<picture><source srcset="a.webp"><img src="a.png"></picture>x<wbr>y')

    assert "<wbr></wbr>y" in tree.serialize(root)
    assert [] == list(next(root.iter("source")))


def test_too_deep() -> None:
    """What is nested without end is no more than its text."""
    root = tree.parse_html("<blockquote>" * 500 + "<b>x</b>y" + "</blockquote>" * 500)

    assert "xy" == tree.get_text(root)
    assert tree.MAX_DEPTH == len(list(root.iterdescendants()))


def test_rows() -> None:
    """A table has its own rows, and not those of the tables in its cells."""
    inner = "<table><tr><td>x</td></tr></table>"
    root = tree.parse_html(f"<table><tbody><tr><td>{inner}</td></tr></tbody></table>")

    assert 1 == len(list(tree.find_rows(next(root.iter("table")))))


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<video src="a.mp4"></video>', "a.mp4"),
        ('<video><source type="x"><source src="b.mp4"></video>', "b.mp4"),
        ("<video></video>", ""),
    ],
)
def test_what_is_played(html: str, expected: str) -> None:
    """A film's address is its own, or that of the first source that has one."""
    assert expected == tree.find_media_url(tree.parse_html(html)[0])


def test_white_space() -> None:
    """White space is folded, a no-break space stays."""
    assert " a b\u00a0 " == tree.collapse_whitespace("\n a\t b\u00a0 ")
    assert "" == tree.collapse_whitespace(None)
