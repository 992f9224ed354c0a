"""TeX is kept letter by letter, wherever it stands and whichever engine reads the post."""

from pathlib import Path

import lxml.html
import pytest
from made import marked

from feedpub.config.schema import MarkdownConfig
from feedpub.content.markup import MarkdownRenderer, RenderResult
from feedpub.content.markup.engines import PythonMarkdownEngine

ENGINES = {
    "commonmark": MarkdownRenderer(MarkdownConfig()),
    "comrak": MarkdownRenderer(MarkdownConfig(engine="comrak")),
    "python-markdown": MarkdownRenderer(MarkdownConfig(dialect="python-markdown")),
}
EVERY = pytest.mark.parametrize("renderer", ENGINES.values(), ids=list(ENGINES))


def _shown(rendering: RenderResult) -> str:
    root = lxml.html.fragment_fromstring(marked(rendering.body), create_parent="div")
    return str(root.text_content())


@EVERY
@pytest.mark.parametrize(
    "formula",
    [
        r"$a_1 * b_2 * c_{*}$", r"$$\sum_{k=1}^n k$$", r"\(x_{i} \\ y_{j} < z\)",
        r"\[ \{ a_1 \} *b* _c_ \]", r"$\mathbf{x}_i$ and $\mathbf{y}_j$",
    ],
)  # fmt: skip
def test_formulas_in_a_sentence(renderer: MarkdownRenderer, formula: str) -> None:
    """No letter is taken for Markdown."""
    assert f"See {formula} here." == _shown(renderer.render(f"See {formula} here.", 1)).strip()


@EVERY
@pytest.mark.parametrize(
    "lines",
    [
        "$$\na\n+ b_1 * c_2 * d\n- e\n$$",
        "$$\n\\begin{aligned}\nf &= \\{ a_1 \\} \\\\\n\n  &= *b*\n\\end{aligned}\n$$",
        "$$\na\n=\nb\n$$",
        "$$\n> 0\n# 1\n$$",
        "\\[\nx_1 \\\\\n\n* y_2\n\\]",
        "$$ a\n+ b\n= c $$",
    ],
)
def test_formulas_of_several_lines(renderer: MarkdownRenderer, lines: str) -> None:
    """Lists, headings, quotations and empty lines do not begin within one."""
    shown = _shown(renderer.render(f"Before.\n\n{lines}\n\nAfter *it*.", 1))

    assert lines.split() == shown.split()[1:-2]
    assert ["After", "it."] == shown.split()[-2:]


@EVERY
def test_formulas_in_lists_and_quotations(renderer: MarkdownRenderer) -> None:
    """What they stand in goes on behind them."""
    shown = _shown(renderer.render("> $$\n> a_1 * b * c\n> $$\n>\n> b\n\nc", 1))

    assert ["$$", "a_1", "*", "b", "*", "c", "$$", "b", "c"] == shown.split()


def test_a_formula_in_an_item_stays_there() -> None:
    """It is indented as the item is."""
    html = marked(
        ENGINES["commonmark"].render("- a\n\n  $$\n  + b_1\n\n  - c_1\n  $$\n- d", 1).body
    )

    assert 2 == html.count("<li>")
    assert "+ b_1" in html


def test_formulas_in_tables_headings_and_summaries() -> None:
    """A cell, a heading with its id, and the first lines of a post."""
    rendering = ENGINES["commonmark"].render(
        "The $x_1 * y_1 * z$ of it.\n\n## On $a_1$\n\n| a |\n|---|\n| $b_1 * b_2 * b_3$ |", 1
    )
    html = marked(rendering.body)

    assert "The $x_1 * y_1 * z$ of it." == rendering.summary
    assert '<h2 id="on-a_1">On $a_1$</h2>' in html
    assert "<td>$b_1 * b_2 * b_3$</td>" in html


@EVERY
@pytest.mark.parametrize(
    "body",
    [
        "It costs $5, and *that* is $6.", "A $$ and *b*.", "\\[not *b*\\] \\(no\\)",
        "$$\n\na *b* c", "`$$` and *b* `$$`", "$HOME and *b* and $PATH_X",
    ],
)  # fmt: skip
def test_what_is_no_formula_is_markdown(renderer: MarkdownRenderer, body: str) -> None:
    """Money, variables of a shell, and signs that nothing closes."""
    html = marked(renderer.render(body, 1).body)

    assert "*" not in html
    assert "<em>" in html


def test_code_is_no_formula() -> None:
    """Two dollar signs in a block of code begin nothing."""
    for renderer in ENGINES.values():
        html = marked(renderer.render("```\n$$\n```\n\n- a\n- b\n\n```\n$$\n```", 1).body)

        assert 2 == html.count("<li>")
        assert 2 == html.count("$$")


def test_an_extension_that_sets_formulas_gets_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With an extension for TeX the dialect of Python-Markdown leaves them to it."""
    (tmp_path / "my_katex.py").write_text(
        "from markdown.extensions.toc import TocExtension as Katex\n"
        "def makeExtension(**_):\n    return Katex()\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    engine = PythonMarkdownEngine(["my_katex"])

    assert "<em>b * c</em>" in engine.render("$*b * c*$")
