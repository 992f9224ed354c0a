"""Styles in the elements they are for."""

from feedpub.newsletter.html import inline_css

PAGE = """<!doctype html><html><head><meta charset="utf-8"><title>x</title><style>
p{color:red}
@media (prefers-color-scheme:dark){p{color:blue !important}}
</style></head><body><p>\ufdd2name|dear &amp; reader\ufdd3</p>
<!--[if mso]><table><tr><td><![endif]--></body></html>"""


def test_styles_are_written_into_elements() -> None:
    """What can stand in an element does, what cannot is kept, and marks and comments stay."""
    document = inline_css(PAGE)

    assert '<p style="color: red;">\ufdd2name|dear &amp; reader\ufdd3</p>' in document
    assert "@media (prefers-color-scheme:dark){p{color:blue !important}}" in document
    assert "p{color:red}" not in document
    assert "<!--[if mso]><table><tr><td><![endif]-->" in document


def test_the_encoding_comes_first() -> None:
    """Browsers look for it at the beginning, before a long style sheet."""
    assert '<head><meta charset="utf-8"><style>@media' in inline_css(PAGE)


def test_a_document_without_encoding() -> None:
    """A template of one's own may leave it out."""
    assert "<p>x</p>" in inline_css("<p>x</p>")
    assert "charset" not in inline_css("<p>x</p>")
