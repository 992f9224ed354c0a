"""Facts about the last step of rendering: URLs are judged, and relative ones set apart."""

import pytest

from feedpub.content.markup import content_loss
from feedpub.models.content import Body, Reference


def test_html_is_divided_at_its_relative_urls() -> None:
    """Each is a piece of its own, unescaped; text that looks like an attribute is left alone."""
    html = (
        '<p title="x"> href="a"</p><a href="b?c&amp;d">e</a>'
        '<img src="f" alt="" srcset="f 1x, https://g.example/ 2x, h,i 3x">'
    )

    assert Body(
        (
            '<p title="x"> href="a"</p><a href="', "b?c&d", '">e</a><img src="', "f",
            '" alt="" srcset="', "f", " 1x, https://g.example/ 2x, ", "h,i", ' 3x">',
        )
    ) == content_loss.split_references(html)  # fmt: skip


@pytest.mark.parametrize(
    "html",
    [
        "<p>No links.</p>", "", '<a href="https://e.org/">e</a>', '<a href="mailto:a@e.org">e</a>',
        '<img src="data:image/png;base64,AA==" alt="">',
    ],
)  # fmt: skip
def test_other_html_is_one_piece(html: str) -> None:
    """HTML without relative URLs stays as it is."""
    assert Body((html,)) == content_loss.split_references(html)


@pytest.mark.parametrize(
    ("html", "left"),
    [
        ('<a href="javascript:x" title="t">a</a>', '<a title="t">a</a>'),
        ('<a href=" java&#10;script&colon;x">a</a>', "<a>a</a>"),
        ('<a href="data:image/png;base64,AA==">a</a>', "<a>a</a>"),
        ('<video src="https://e.org/" poster="vbscript:x">', '<video src="https://e.org/">'),
        ('<img src="https://e.org/" srcset="https://e.org/ 1x, javascript:x 2x">',
         '<img src="https://e.org/">'),
        ('<img src="data:text/html,x">', "<img>"),
    ],
)  # fmt: skip
def test_what_nobody_should_follow_goes(html: str, left: str) -> None:
    """However such a URL came through: this is the last place where it can be stopped."""
    assert Body((left,)) == content_loss.split_references(html)


def test_targets_are_found_behind_one_another_or_anywhere() -> None:
    """The second of two is looked for behind the first; one that stands before it is found too."""
    body = Body(("", "x", "", "y", "", "x y", "", "w", "", "none", ""))

    assert (
        Reference("x", 2), Reference("y", 3), Reference("x y", 5), Reference("w", 1),
        Reference("none", 0),
    ) == content_loss.locate_references(body, "w\nx\ny\n\nx y", 1)  # fmt: skip


def test_many_targets_in_a_long_post_cost_little() -> None:
    """Targets that stand nowhere are not looked for without end."""
    pieces = tuple(part for number in range(20_000) for part in ("", f"nowhere-{number}"))

    assert 20_000 == len(content_loss.locate_references(Body((*pieces, "")), "text " * 200_000, 1))
