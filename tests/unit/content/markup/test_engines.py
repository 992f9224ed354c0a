"""What the engines have in common, and how one is picked."""

import re

import pytest

from feedpub.config.schema import MarkdownConfig
from feedpub.content.markup.engines import (
    CommonMarkEngine,
    ComrakEngine,
    MarkdownEngine,
    PythonMarkdownEngine,
    load_engine,
)
from feedpub.content.markup.limits import MarkupError
from feedpub.errors import ConfigError

BOTH = pytest.mark.parametrize(
    "reader",
    [CommonMarkEngine(), ComrakEngine(), PythonMarkdownEngine()],
    ids=["commonmark", "comrak", "python-markdown"],
)


def _flat(html: str) -> str:
    return re.sub(r"\s+|\s*/(?=>)", " ", html).replace("> <", "><").replace(" >", ">").strip()


@BOTH
def test_emphasis_beside_chinese_punctuation(reader: MarkdownEngine) -> None:
    """Bold text may end in a Chinese comma with a letter right behind it."""
    assert (
        "<p>这是<strong>重要的，</strong>中文</p>" == reader.render("这是**重要的，**中文").strip()
    )


@BOTH
@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("~~x~~ and ~y", "<del>x</del> and ~y"),
        ("a https://a.b/c_d_e. b", '<a href="https://a.b/c_d_e">https://a.b/c_d_e</a>. b'),
        ("(www.a.b/c_(d))", '(<a href="http://www.a.b/c_(d)">www.a.b/c_(d)</a>)'),
        ("- [ ] a\n- [x] b", 'type="checkbox"'),
        ("a\n: b", "<dt>a</dt><dd>b</dd>"),
        ("|a|\n|:-:|\n|b|", "<td"),
        ("`https://a.b`", "<p><code>https://a.b</code></p>"),
        ("[https://a.b](https://c.d)", '<p><a href="https://c.d">https://a.b</a></p>'),
        ("```c++\na < b\n```", '<pre><code class="language-c++">a &lt; b </code></pre>'),
        ("> ```\n> a\n> ```", "<pre><code>a </code></pre>"),
        ("> [!NOTE]\n> a", '<div class="admonition note">'),
        ("> [!WARNING] Oh\n> a", '<p class="admonition-title">Oh</p><p>a</p></div>'),
    ],
)
def test_both_engines_read_what_github_made_common(
    reader: MarkdownEngine, body: str, expected: str
) -> None:
    """Strikethrough, bare URLs, tasks, definitions, tables, fences and alerts are read by both."""
    assert expected in _flat(reader.render(body))


@BOTH
def test_footnotes_lead_there_and_back(reader: MarkdownEngine) -> None:
    """Notes stand in the order of their references, with the same ids whichever the engine."""
    html = _flat(reader.render("a[^b] c[^1] d[^b]\n\n[^1]: one\n[^b]: *two*\n"))

    assert '<section class="footnotes"' in html
    assert html.index('<li id="fn:b">') < html.index('<li id="fn:1">')
    for name in ("1", "b"):
        assert f'id="fnref:{name}"' in html
        assert re.search(f'<a class="footnote-ref" href="#fn:{name}">[12]</a>', html)
        assert re.search(f'<a class="footnote-backref" href="#fnref:{name}"[^>]*>', html)
    assert 3 == html.count('class="footnote-backref"')


@BOTH
def test_an_empty_footnote_fails_nothing(reader: MarkdownEngine) -> None:
    """A note that was begun and not written does not lose the post."""
    assert "a" in reader.render("a[^1]\n\n[^1]: \n")
    assert "a" in reader.render("a\n\n[^1]: unused\n\n[^2]: \n")


@BOTH
def test_a_loose_task_list_has_its_box_in_the_paragraph(reader: MarkdownEngine) -> None:
    """The box stands before the words, not above them."""
    html = _flat(reader.render("- [x] a\n\n- [ ] b\n"))

    assert html.startswith("<ul><li><p><input ")


def test_fences_in_lists_are_code_to_python_markdown() -> None:
    """A fence indented as its list item is belongs to it."""
    html = _flat(PythonMarkdownEngine().render("1. a\n\n   ```sh\n   b\n\n   c\n   ```\n\n2. d"))

    assert '<li><p>a</p><pre><code class="language-sh">b c </code></pre></li><li><p>d' in html


def test_a_fence_behind_a_list_is_code_once() -> None:
    """Where Python-Markdown had ended the list, the fence is no code within code."""
    html = _flat(PythonMarkdownEngine().render("- a\n\n  b\n\n  ```sh\n  c\n  ```\n"))

    assert html.endswith('</ul><p>b</p><pre><code class="language-sh">c </code></pre>')


def test_python_markdown_knows_its_extras() -> None:
    """Attribute lists, abbreviations, admonitions and Markdown in HTML are read."""
    html = _flat(
        PythonMarkdownEngine().render(
            '[a](b){: .c}\n\n!!! note\n    x\n\n<div markdown="1">*d*</div>\n\nHTML\n\n*[HTML]: HT'
        )
    )

    assert '<a class="c" href="b">a</a>' in html
    assert '<div class="admonition note">' in html
    assert "<em>d</em>" in html
    assert '<abbr title="HT">HTML</abbr>' in html


def test_a_link_written_as_html_is_not_linked_twice() -> None:
    """A URL within the author's own `<a>` stays text; beside it, it is linked."""
    html = PythonMarkdownEngine().render('<a href="x">https://a.b</a> <b>https://c.d</b>')

    assert '<a href="x">https://a.b</a>' in html
    assert '<b><a href="https://c.d">' in html


def test_a_bare_url_ends_before_chinese_punctuation() -> None:
    """A full stop of another script is no part of a URL, and a word without dot is none."""
    html = PythonMarkdownEngine().render("见https://a.b/c。见 https://a.b/c。是 http://localhost")

    assert '<a href="https://a.b/c">https://a.b/c</a>。' in html
    assert 'href="http://localhost' not in html


def test_a_quotation_that_only_looks_like_an_alert() -> None:
    """Brackets in a quotation make no alert of it."""
    assert "<blockquote>" in PythonMarkdownEngine().render("> [!] a")


@pytest.mark.parametrize("kind", [CommonMarkEngine, PythonMarkdownEngine])
def test_extensions_of_the_user_are_loaded(
    kind: type[CommonMarkEngine] | type[PythonMarkdownEngine],
) -> None:
    """An extension is named as Python-Markdown names it."""
    assert "&ldquo;a&rdquo;" in kind(("smarty",)).render('"a"')


@pytest.mark.parametrize("name", ["nonsense", "json:nothing", "json"])
def test_an_extension_that_is_none_is_an_error_of_the_configuration(name: str) -> None:
    """What cannot be loaded is named."""
    with pytest.raises(ConfigError, match=f'markdown.extensions: cannot load extension "{name}"'):
        load_engine(MarkdownConfig(extensions=(name,)))


def test_comrak_needs_no_extensions() -> None:
    """The engine is chosen by name, and its dialect."""
    assert isinstance(load_engine(MarkdownConfig(engine="comrak")), ComrakEngine)
    assert isinstance(load_engine(MarkdownConfig()), CommonMarkEngine)
    assert isinstance(load_engine(MarkdownConfig(dialect="python-markdown")), PythonMarkdownEngine)


def test_what_is_nested_too_deeply_is_refused_by_name() -> None:
    """Python-Markdown's recursion becomes a reason."""
    nested = "".join(" " * (4 * depth) + "- a\n" for depth in range(300))

    with pytest.raises(MarkupError, match="nested too deeply"):
        PythonMarkdownEngine().render(nested)


@pytest.mark.parametrize("bracket", "[(<")
def test_brackets_without_end_are_refused(bracket: str) -> None:
    """Thousands of open brackets would take Python-Markdown minutes."""
    with pytest.raises(MarkupError, match="never closed"):
        PythonMarkdownEngine().render(bracket * 4000)


def test_what_an_extension_raises_loses_one_post() -> None:
    """A fault of Python-Markdown's becomes a reason, and the next post is read."""
    reader = PythonMarkdownEngine()
    footnotes = "".join(f"[^{number}]: a\n" for number in range(5))
    reader._markdown.treeprocessors.deregister("feedpub_section")
    reader._markdown.treeprocessors.register(_Broken(reader._markdown), "broken", 1)

    with pytest.raises(MarkupError, match="Python-Markdown failed: ValueError: broken"):
        reader.render(footnotes)


class _Broken(__import__("markdown").treeprocessors.Treeprocessor):  # type: ignore[misc]
    """An extension with a fault."""

    def run(self, root: object) -> None:
        """Fail."""
        del root
        reason = "broken"
        raise ValueError(reason)


def test_tabs_nest_and_tabs_in_code_stay() -> None:
    """A tab before a line counts as four columns; one within code is kept."""
    html = _flat(PythonMarkdownEngine().render("-\ta\n\n\tb\n \t \n- c"))

    assert "<ul><li><p>a</p><p>b</p></li><li><p>c</p></li></ul>" == html
    assert "x\ty" in PythonMarkdownEngine().render("    x\ty")
    assert "\tx" in PythonMarkdownEngine().render("~~~\n\tx\n~~~")
