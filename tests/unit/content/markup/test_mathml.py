"""Formulas as MathML on pages, and as TeX where MathML is not shown."""

import json
from pathlib import Path

import pytest
from folders import Site
from made import marked

from feedpub.config.schema import MarkdownConfig
from feedpub.content.markup import MarkdownRenderer
from feedpub.content.markup.mathml import replace_mathml_with_tex
from feedpub.newsletter.html import adapt_for_email
from feedpub.newsletter.plaintext import render_plaintext

ENGINES = {
    "commonmark": MarkdownRenderer(MarkdownConfig(math="mathml")),
    "comrak": MarkdownRenderer(MarkdownConfig(math="mathml", engine="comrak")),
    "python-markdown": MarkdownRenderer(MarkdownConfig(math="mathml", dialect="python-markdown")),
}
EVERY = pytest.mark.parametrize("renderer", ENGINES.values(), ids=list(ENGINES))


def _html(renderer: MarkdownRenderer, body: str) -> str:
    return marked(renderer.render(body, 1).body)


@EVERY
@pytest.mark.parametrize(
    ("formula", "part"),
    [
        ("$x_1 < 2$", "<msub>"), (r"\(\frac{a}{b}\)", "<mfrac>"), (r"$$\sqrt{2}$$", "<msqrt>"),
        (r"\[ \begin{aligned} a &= b \\ c &= d \end{aligned} \]", "<mtable"),
    ],
)  # fmt: skip
def test_a_formula_is_set(renderer: MarkdownRenderer, formula: str, part: str) -> None:
    """Its TeX goes with it, letter by letter."""
    html = _html(renderer, f"See {formula} here.")
    written = formula.replace("&", "&amp;").replace("<", "&lt;")

    assert part in html
    assert f'<annotation encoding="application/x-tex">{written}</annotation>' in html
    assert f"<p>See {written} here.</p>" == replace_mathml_with_tex(html).strip()


@EVERY
@pytest.mark.parametrize("formula", [r"$\frac{$", r"$\nosuchcommand{x}$", "$$$$", r"\(\left( x\)"])
def test_what_cannot_be_set_stays_tex(renderer: MarkdownRenderer, formula: str) -> None:
    """Readers see what the author wrote."""
    html = _html(renderer, f"See {formula} here.")

    assert "<math" not in html


@EVERY
def test_headings_and_summaries_have_the_tex(renderer: MarkdownRenderer) -> None:
    """Ids of headings are the same with MathML as without."""
    rendering = renderer.render("The $x_1$ of it.\n\n## On $a_1$", 1)

    assert 'id="on-a_1"' in marked(rendering.body)
    assert "The $x_1$ of it." == rendering.summary


def test_mail_has_the_tex() -> None:
    """No mail program shows MathML."""
    html = _html(ENGINES["commonmark"], "See $x_1$ here.")

    assert "See $x_1$ here." in adapt_for_email(html, "T")
    assert "See $x_1$ here." == render_plaintext(html)


def test_pages_have_mathml_and_feeds_have_tex(tmp_path: Path) -> None:
    """By default both have the TeX."""
    site = Site(tmp_path / "site")
    site.post("a.md", body="See $x_1$ here.")
    site.build()
    page = site.public / "posts/a/index.html"
    plain = page.read_text(encoding="utf-8")
    site.config('site: {title: "E", url: "https://example.org/blog/"}\nmarkdown: {math: mathml}\n')
    site.build()
    (item,) = json.loads((site.public / "feed.json").read_text(encoding="utf-8"))["items"]

    assert "See $x_1$ here." in plain
    assert "<msub><mi>x</mi><mn>1</mn></msub>" in page.read_text(encoding="utf-8")
    assert "<p>See $x_1$ here.</p>" == item["content_html"].strip()
