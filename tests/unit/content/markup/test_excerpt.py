"""Facts about summaries."""

from feedpub.content.markup import excerpt
from feedpub.content.markup.excerpt import SUMMARY_DIVIDER, extract_summary


def test_the_author_marks_the_summary_off() -> None:
    """All words before `<!-- more -->` are the summary, headings and code left out."""
    raw = "<h1>T</h1><p>a</p><pre>x</pre><p>b <em>c</em></p><!-- More --><p>d</p><!--more-->"

    assert "a b c" == extract_summary(excerpt.strip_html_comments(raw))


def test_the_mark_leaves_no_trace() -> None:
    """Neither the mark nor a paragraph that held nothing else is left."""
    assert "a" == excerpt.remove_divider(f"a<p>{SUMMARY_DIVIDER}</p>")
    assert "<p>a b</p>" == excerpt.remove_divider(f"<p>a {SUMMARY_DIVIDER}b</p>")
    assert "a" == excerpt.remove_divider("a")


def test_only_comments_are_marks() -> None:
    """Other comments go without a trace, whatever they hold, and a second mark too."""
    html = "a<!-- more --><!-- <b>c --><!---->d<!-- more --><!--[if IE]>e<![endif]-->f"

    assert f"a{SUMMARY_DIVIDER}df" == excerpt.strip_html_comments(html)
    assert "a" == excerpt.strip_html_comments("a")


def test_a_mark_with_nothing_before_it_is_ignored() -> None:
    """Where only a picture or a heading stands before the mark, the first paragraph counts."""
    assert "b" == extract_summary(
        excerpt.strip_html_comments("<p><img src=a></p><!--more--><p>b</p>")
    )


def test_a_long_text_before_the_mark_is_cut() -> None:
    """What the author marked off is kept whole up to a thousand characters."""
    text = extract_summary(f"<p>{'word ' * 190}</p>{SUMMARY_DIVIDER}")

    assert " ".join(["word"] * 190) == text
    assert 1000 >= len(extract_summary(f"<p>{'word ' * 900}</p>{SUMMARY_DIVIDER}"))


def test_the_first_paragraphs_are_the_summary() -> None:
    """Paragraphs are read until they say enough; pictures, headings and notes say nothing."""
    html = (
        '<h2>H</h2><p><img src="x"></p><p class="admonition-title">Note</p>'
        '<p>a<sup class="footnote-ref" id="x"><a href="#y">1</a></sup> '
        "\U0010f8d00123456789abn0\U0010f8d1b</p>"
        f"<pre>x</pre><p>c</p><p>{'d' * 200}</p><p>e</p>"
    )

    assert "a b c " + "d" * 200 == extract_summary(html)


def test_wide_marks_need_no_space_after_them() -> None:
    """Where a paragraph ends with one, the next follows at once, as Chinese is written."""
    html = "<p>好。</p><p>“再见。”</p><p>再见</p><p>“ok.”</p><p>bye</p>"

    assert "好。“再见。”再见 “ok.” bye" == extract_summary(html)


def test_a_long_paragraph_is_cut_at_a_word() -> None:
    """A summary has at most 280 characters."""
    text = extract_summary(f"<p>{'word ' * 100}</p>")

    assert text.endswith("word…")
    assert 280 >= len(text)


def test_without_paragraphs_the_rest_is_read() -> None:
    """A post that is a list has a summary too; one of code and tables alone has none."""
    assert "a b" == extract_summary("<h2>x</h2><ul><li>a</li><li>b</li></ul>")
    assert "" == extract_summary("<pre><code>x</code></pre><table><tr><td>y</td></tr></table>")
