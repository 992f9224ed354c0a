"""Titles and summaries as plain text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedpub.content import field_reader


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("AT&amp;T", "AT&T"),
        ("AT&T", "AT&T"),
        ("a < b", "a < b"),
        ("if a<b and c>d", "if a<b and c>d"),
        ("&ldquo;agile&rdquo; &#39;x&#x27;", "“agile” 'x'"),
        ("a&copy=1", "a&copy=1"),
        ("The <code> element", "The <code> element"),
        ("From <b> to </b>", "From <b> to </b>"),
        ("Using <code>foo</code> now", "Using foo now"),
        ("如何理解 <code>document</code> 对象", "如何理解 document 对象"),
        ("<em>a <b class='x'>b</b></em> c", "a b c"),
        ("<b><b>x</b></b>", "x"),
        ("One<br>two<br/>three", "One two three"),
        ("x<!-- no -->y", "x y"),
        ("&lt;code&gt;", "<code>"),
        ("vector<int>", "vector<int>"),
        ("`async fn` and **x**", "`async fn` and **x**"),
        ("  a\n\tb  ", "a b"),
        ("Quoi\u00a0?", "Quoi\u00a0?"),
        ("&#8;&#xfdd0;x", "x"),
    ],
)
def test_a_title_is_what_its_author_meant(written: str, plain: str) -> None:
    """Formatting is taken away, entities are resolved, and what only looks like HTML stays."""
    assert plain == field_reader.strip_html(written)


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("See [the docs](https://x.org/a_(b)) and [c](d 'e').", "See the docs and c."),
        ("![A cat](cat.png) Hello", "Hello"),
        (
            "A **bold** _word_ or *two*, 2**3**4, A* and B*",
            "A bold word or two, 2**3**4, A* and B*",
        ),
        ("Call __init__ and a_b_c", "Call __init__ and a_b_c"),
        ("<p>One</p><p>two</p>", "One two"),
        ("a[0](1) and [x] (y)", "a[0](1) and [x] (y)"),
        ("Trees &mdash; nested", "Trees — nested"),
    ],
)
def test_a_summary_loses_its_markdown(written: str, plain: str) -> None:
    """Links become their text, pictures go, emphasis is plain."""
    assert plain == field_reader.strip_markdown(written)


@given(st.text(alphabet="<>/b i&;amp*[]()!") | st.text())
def test_any_text_is_folded_and_ends(text: str) -> None:
    """Whatever it is given, the result has no space at its ends and no line break."""
    for plain in (field_reader.strip_html(text), field_reader.strip_markdown(text)):
        assert plain == plain.strip(" \n")
        assert "\n" not in plain
