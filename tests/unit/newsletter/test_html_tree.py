"""HTML as a tree."""

import pytest

from feedpub.newsletter import html as newsletter_html


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
    assert html == newsletter_html.serialize(newsletter_html.parse_html(html))


def test_elements_without_an_end() -> None:
    """What follows a source or a place to break is not inside it."""
    root = newsletter_html.parse_html(
        '<picture><source srcset="a.webp"><img src="a.png"></picture>x<wbr>y'
    )

    assert "<wbr></wbr>y" in newsletter_html.serialize(root)
    assert [] == list(next(root.iter("source")))


def test_too_deep() -> None:
    """What is nested without end is no more than its text."""
    root = newsletter_html.parse_html("<blockquote>" * 500 + "<b>x</b>y" + "</blockquote>" * 500)

    assert "xy" == newsletter_html.get_text(root)
    assert newsletter_html.MAX_DEPTH == len(list(root.iterdescendants()))


def test_rows() -> None:
    """A table has its own rows, and not those of the tables in its cells."""
    inner = "<table><tr><td>x</td></tr></table>"
    root = newsletter_html.parse_html(f"<table><tbody><tr><td>{inner}</td></tr></tbody></table>")

    assert 1 == len(list(newsletter_html.find_rows(next(root.iter("table")))))


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
    assert expected == newsletter_html.find_media_url(newsletter_html.parse_html(html)[0])


def test_white_space() -> None:
    """White space is folded, a no-break space stays."""
    assert " a b\u00a0 " == newsletter_html.collapse_whitespace("\n a\t b\u00a0 ")
    assert "" == newsletter_html.collapse_whitespace(None)
