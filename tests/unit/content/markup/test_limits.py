"""What the Markdown of one post may become."""

import pytest

from feedpub.config import schema
from feedpub.content.markup import MarkdownRenderer
from feedpub.content.markup.limits import MarkupError, check_html, check_length, check_markdown


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("x\n\n" + ">" * 101 + " x\n", "line 3"),
        ("> " * 101 + "x\n", "line 1"),
        ("- " * 101 + "x\n", "line 1"),
        ("1. - > " * 40 + "x\n", "line 1"),
    ],
)
def test_quotations_and_lists_in_one_line_are_bounded(body: str, said: str) -> None:
    """The line is told."""
    with pytest.raises(MarkupError, match=said):
        check_markdown(body)


@pytest.mark.parametrize("body", [">" * 100 + "x", "-" * 500, "*" * 500, "> text\n" * 500, ""])
def test_what_only_looks_so_is_let_through(body: str) -> None:
    """A line of dashes is a rule, and five hundred quoted lines are one quotation."""
    check_markdown(body)


@pytest.mark.parametrize(
    ("html", "said"),
    [
        ("<div>" * 201, "nested more than 200"),
        ("<DIV><b>" * 101 + "</b>" * 50, "nested more than 200"),
        ("<h2>x</h2>" * 5_001, "5,000 headings"),
        ("<td>" * 50_001, "50,000 table cells"),
        ('<a class="footnote-ref">x</a>' * 2_001, "2,000 footnote references"),
    ],
)
def test_html_out_of_all_proportion_is_refused(html: str, said: str) -> None:
    """Whatever the Markdown was like."""
    with pytest.raises(MarkupError, match=said):
        check_html(html, html)


@pytest.mark.parametrize(
    "html",
    ["<div>x</div>" * 3_000, "<p>x<br>" * 3_000, "<div>" * 200 + "</div>" * 900 + "<b>" * 200],
)
def test_elements_side_by_side_are_not_in_one_another(html: str) -> None:
    """Nor are those without an end tag, or with more end tags than there should be."""
    check_html(html, html)


def test_the_length_of_html_is_bounded_by_that_of_its_markdown() -> None:
    """At most twenty times, but that little becomes a little more is no harm."""
    check_length("x" * 64_000, "")
    check_length("x" * 200_000, "x" * 10_000)

    with pytest.raises(MarkupError, match="20 times"):
        check_length("x" * 200_001, "x" * 10_000)


@pytest.mark.parametrize("engine", ["markdown", "comrak"])
def test_only_the_first_table_of_contents_is_one(engine: str) -> None:
    """Each would hold all headings again."""
    renderer = MarkdownRenderer(schema.MarkdownConfig(engine=engine))
    body = renderer.render("[TOC]\n\n# One\n\n[TOC]\n\n# Two\n\n[TOC]\n", 1).body

    assert 1 == "".join(body.pieces).count('<div class="toc">')
