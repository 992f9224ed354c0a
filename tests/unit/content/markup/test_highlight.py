"""Facts about code in colours."""

from feedpub.content.markup.highlight import Highlighter

COLOUR = Highlighter().highlight


def test_code_of_a_known_language_gets_classes() -> None:
    """Pygments' classes stand around the parts of the code, and its language stays a class."""
    html = COLOUR('<pre><code class="language-Python">x = &quot;a&quot; &lt; 1\n</code></pre>')

    assert html.startswith('<div class="highlight"><pre><code class="language-python"><span ')
    assert '<span class="o">&lt;</span>' in html
    assert "style=" not in html


def test_code_of_no_known_language_keeps_its_text() -> None:
    """A block whose language nobody knows looks like the others, without colours."""
    assert (
        '<div class="highlight"><pre><code class="language-xyzzy">a &lt; b\n</code></pre></div>'
    ) == COLOUR('<pre><code class="language-xyzzy">a &lt; b\n</code></pre>')
    assert '<div class="highlight"><pre><code class="language-text">a\n</code></pre></div>' == (
        COLOUR('<pre><code class="language-text">a\n</code></pre>')
    )
    assert '<div class="highlight"><pre><code>a\n</code></pre></div>' == (
        COLOUR('<pre><code class="language-{}">a\n</code></pre>')
    )


def test_code_without_language_is_left_alone() -> None:
    """Nobody guesses."""
    for html in (
        "<pre><code>x = 1\n</code></pre>",
        "<pre><code>#!/bin/sh\n</code></pre>",
        "<pre><code>:::nonsense\nx\n</code></pre>",
        '<pre><code class="language-python"><b>x</b></code></pre>',
    ):
        assert html == COLOUR(html)


def test_the_first_line_may_name_the_language() -> None:
    """`:::python`, as codehilite and Pelican have it, names the language and is not shown."""
    html = COLOUR("<pre><code>:::python\nimport x\n</code></pre>")

    assert ":::" not in html
    assert '<code class="language-python"><span class="kn">import</span>' in html


def test_very_long_code_has_no_colours() -> None:
    """Beyond a size that no reader looks at, colours cost more than they help."""
    html = COLOUR('<pre><code class="language-python">' + "x = 1\n" * 20_000 + "</code></pre>")

    assert "<span" not in html
