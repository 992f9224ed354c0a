"""The rules of CommonMark and of GitHub's extensions, as the default engine follows them."""

import re

import pytest

from feedpub.content.markup.engines import CommonMarkEngine
from feedpub.content.markup.limits import MarkupError


def _flat(html: str) -> str:
    return re.sub(r"\s+", " ", html).replace("> <", "><").strip()


def _read(body: str) -> str:
    return _flat(CommonMarkEngine().render(body))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("- a\n  - b\n    - c", "<ul><li>a<ul><li>b<ul><li>c</li></ul></li></ul></li></ul>"),
        ("1. a\n   - b", "<ol><li>a<ul><li>b</li></ul></li></ol>"),
        ("text\n- a", "<p>text</p><ul><li>a</li></ul>"),
        ("text\n1. a", "<p>text</p><ol><li>a</li></ol>"),
        ("text\n2. a", "<p>text 2. a</p>"),
        ("text\n> a", "<p>text</p><blockquote><p>a</p></blockquote>"),
        ("1) a\n2) b", "<ol><li>a</li><li>b</li></ol>"),
        ("7. a", '<ol start="7"><li>a</li></ol>'),
        ("- a\n\n- b", "<ul><li><p>a</p></li><li><p>b</p></li></ul>"),
        ("- a\n- b\n* c", "<ul><li>a</li><li>b</li></ul><ul><li>c</li></ul>"),
        ("> a\n\n> b", "<blockquote><p>a</p></blockquote><blockquote><p>b</p></blockquote>"),
        ("> a\nb", "<blockquote><p>a b</p></blockquote>"),
        ("- \tcode?\n\n\t  b", "<ul><li><p>code?</p><p>b</p></li></ul>"),
    ],
)
def test_containers(body: str, expected: str) -> None:
    """Lists and quotations begin, nest, go on and end as sections 5.1 to 5.3 say."""
    assert _read(body) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("#tag\n\n#1", "<p>#tag</p><p>#1</p>"),
        ("# a #", "<h1>a</h1>"),
        ("a\n---", "<h2>a</h2>"),
        ("***", "<hr>"),
        ("    a\n\n    b", "<pre><code>a b </code></pre>"),
        ("```py x\n\ta\n```", '<pre><code class="language-py"> a </code></pre>'),
        ("~~~\n```\n~~~", "<pre><code>``` </code></pre>"),
        ("<div>\n*a*\n\n*b*\n\n</div>", "<div> *a* <p><em>b</em></p></div>"),
        ("<details>\n<summary>s</summary>\n\n- a\n\n</details>", "<ul><li>a</li></ul>"),
        ("a\n<div>", "<p>a</p><div>"),
        ("|a|b|\n|-|-|\n|`x\\|y`|z|", "<td><code>x|y</code></td><td>z</td>"),
        ("text\n|a|\n|-|\n|b|", "<p>text</p><table>"),
        ("a | b\n-- | --\nc", "<tr><td>c</td><td></td></tr>"),
        ("{% highlight ruby %}\na *b*\n{% endhighlight %}", 'class="language-ruby">a *b* </code>'),
        ('!!! note "T"\n    *a*\n\nb', '<p class="admonition-title">T</p><p><em>a</em></p></div>'),
        ("??? tip\n    a", '<details class="admonition tip"><summary>Tip</summary><p>a</p>'),
        (":::note\n\na\n\n:::\nb", '<div class="admonition note"><p class="admonition-title">Note'),
        ("> [!info]- T\n> a", '<details class="admonition info"><summary>T</summary><p>a</p>'),
        ("*[HTML]: Hypertext\n\nHTML", '<abbr title="Hypertext">HTML</abbr>'),
    ],
)
def test_leaf_blocks(body: str, expected: str) -> None:
    """Headings, code, HTML, tables and admonitions are read where they stand."""
    assert expected in _read(body)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (r"\!\"\#\$\%\&\'\*\+\,", "!\"#$%&amp;'*+,"),
        ("a\\\nb", "a<br> b"),
        ("a  \nb", "a<br> b"),
        ("`` a`b ``", "<code>a`b</code>"),
        ("`a`` b", "`a`` b"),
        ("*a **b** c*", "<em>a <strong>b</strong> c</em>"),
        ("a_b_c *d_", "a_b_c *d_"),
        ("~~a~~ ~b~", "<del>a</del><del>b</del>"),
        ("**“重要”**的", "<strong>“重要”</strong>的"),
        ("[a *b*](</c d> 't')", '<a href="/c d" title="t">a <em>b</em></a>'),
        ("[a][B]\n\n[b]: /c", '<a href="/c">a</a>'),
        ("[a]\n\n[a]: /b 'c'", '<a href="/b" title="c">a</a>'),
        ("[a [b](/c)](/d)", '[a <a href="/c">b</a>](/d)'),
        ("![a *b*](/c)", '<img alt="a b" src="/c">'),
        ("<https://a.example/*b*>", '<a href="https://a.example/*b*">https://a.example/*b*</a>'),
        ("see https://a.example/b_c_(d).", '<a href="https://a.example/b_c_(d)">'),
        ("见 https://a.example/b，然后", '<a href="https://a.example/b">https://a.example/b</a>，'),
        ("www.a.example", '<a href="http://www.a.example">www.a.example</a>'),
        ("me@a.example.", '<a href="mailto:me@a.example">me@a.example</a>.'),
        ("[www.a.example](/b)", '<a href="/b">www.a.example</a>'),
        ("<a href='/b'>www.a.example</a>", "<a href='/b'>www.a.example</a>"),
        ("&copy; &#65; &nope; AT&T", "© A &amp;nope; AT&amp;T"),
        ("[a](/b){: .c} [d](/e){x}", '<a class="c" href="/b">a</a><a href="/e">d</a>{x}'),
        ("_foo a* bar_ *b*", "<p><em>foo a* bar</em><em>b</em></p>"),
    ],
)
def test_inlines(body: str, expected: str) -> None:
    """Escapes, code, emphasis, links and autolinks are read as section 6 says."""
    assert expected in _read(body)


@pytest.mark.parametrize(
    "formula",
    [
        r"$a_1 * b_2 * c$",
        r"$$\sum_{i} x_i \\ y$$",
        r"\(x_1 \in \{a, b\}\)",
        r"\[f^* = g^*\]",
        "$a<b$",
    ],
)
def test_formulas_are_kept_letter_by_letter(formula: str) -> None:
    """TeX between its signs is nobody's Markdown."""
    shown = formula.replace("&", "&amp;").replace("<", "&lt;")

    assert _read(f"See {formula} here.") == f"<p>See {shown} here.</p>"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("$5 and *b* for $6", "$5 and <em>b</em> for $6"),
        (r"\[CLOSED\] and \(a trend\)", "[CLOSED] and (a trend)"),
        ("US$100 or *US$200*", "US$100 or <em>US$200</em>"),
    ],
)
def test_prices_and_escaped_brackets_are_no_formulas(body: str, expected: str) -> None:
    """A sum of money stays one, and so does an escaped bracket."""
    assert _read(body) == f"<p>{expected}</p>"


def test_braces_that_are_no_attributes_stay() -> None:
    """Only what is certain to be an attribute list is taken for one."""
    assert _read("# Set {a, b}") == "<h1>Set {a, b}</h1>"
    assert _read("# A {#b .c}") == '<h1 class="c" id="b">A</h1>'
    assert _read("|a|\n|-|\n|b|\n{: .wide}").startswith('<table class="wide">')


def test_a_block_processor_of_an_extension_sees_paragraphs() -> None:
    """Extensions that the user names go on working."""
    html = CommonMarkEngine(("wikilinks",)).render("*a* [[B]]")

    assert '<em>a</em> <a class="wikilink" href="/B/">B</a>' in html


@pytest.mark.parametrize("body", [">" * 200 + "a", "- " * 200 + "a"])
def test_blocks_nested_too_deeply_are_refused(body: str) -> None:
    """Nobody means a hundred quotations within each other."""
    with pytest.raises(MarkupError, match="too deeply"):
        CommonMarkEngine().render(body)


def _box(kind: str, title: str) -> str:
    heading = f'<p class="admonition-title">{title}</p>'
    return f'<div class="admonition {kind}">\n{heading}\n<p>x</p>\n</div>'


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (":::note[My *title*]\nx\n:::", _box("note", "My <em>title</em>")),
        (':::tip{title="Mine" open}\nx\n:::', _box("tip", "Mine")),
        ("::: warning Take care :::\nx\n:::", _box("warning", "Take care")),
        ("::: {.caution}\nx\n:::", _box("caution", "Caution")),
        ("::: {.column}\nx\n:::", '<div class="column">\n<p>x</p>\n</div>'),
        (":::tabs\nx\n:::", '<div class="directive tabs">\n<p>x</p>\n</div>'),
        ("::::info\n:::tip\nx\n:::\ny\n::::", "<p>x</p>\n</div>\n<p>y</p>\n</div>"),
        (":::info\n:::tip\nx\n:::\ny\n:::\nz", "<p>x</p>\n</div>\n<p>y</p>\n</div>\n<p>z</p>"),
        (":::info\n```\n:::\n```\n:::\nz", "<pre><code>:::\n</code></pre>\n</div>\n<p>z</p>"),
    ],
)  # fmt: skip
def test_directives_are_boxes_and_divisions(body: str, expected: str) -> None:
    """As Docusaurus, Starlight, VitePress and pandoc write them, nested too."""
    assert expected in CommonMarkEngine().render(body)
