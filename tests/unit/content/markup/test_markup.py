"""Facts about Markdown as a whole, whichever the engine."""

import contextlib
import re

import lxml.html
import made
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedpub.config.schema import MarkdownConfig
from feedpub.content.markup import MarkdownRenderer, RenderResult
from feedpub.content.markup.limits import MarkupError
from feedpub.models.content import Reference

RENDERERS = {name: MarkdownRenderer(MarkdownConfig(engine=name)) for name in ("markdown", "comrak")}
BOTH = pytest.mark.parametrize("renderer", RENDERERS.values(), ids=RENDERERS)

SCRAPS = (
    "[a](", ")", "[", "]", "!", '<a href="', "<img src='", '">', "javascript:x", "//h", "http://",
    "x.md", "#", "{{ ", "}}", "{% raw %}", "{% endraw %}", "{% highlight x %}\n", "```", "~~~",
    "{% endhighlight %}\n", "\n", "\n\n", "    ", "> ", "- ", "1. ", "|", "---", "**", "_", "`",
    "<div>", "</div>", "<p>", "<table>", "<td>", "<svg>", "<math>", "<style>", "<script>",
    "</script>", "<!-- more -->", "<!--", "-->", "&#8;", "&#xfdd0;", "&lt;", "&", "\ufdd0", "\x08",
    "\ufdd1", "\ud800", "[^1]", "[^1]: ", "[TOC]", "# ", "中文", "，", "{: .a}", "{#id}", " id=a",
    " onclick=x", "<iframe src=", "<object data=", "<embed src=", "<center>", "<b>", "<h1>",
    "</h1>", "<noscript>", "<xmp>", "<plaintext>", "<select>", "~~", "http://a.b/c", "www.x.y",
    "\t", "\r", "srcset='a, b 2x'", "\\", "\x02", "\x03", "wzxhzdk:0", "<?", "<!", "<![CDATA[",
    "%", "%E4", "{{< figure src=x >}}", "{{< ref a >}}", "!!! note\n", "*[a]: b\n", ": ",
)  # fmt: skip
BODIES = st.lists(st.sampled_from(SCRAPS) | st.text(max_size=3), max_size=20).map("".join)
KEPT = re.compile(r"(?:https?|ftp|mailto|tel|sms|geo|xmpp|magnet):|data:image/")
FORBIDDEN = {"script", "style", "iframe", "object", "embed", "form", "link", "meta", "base"}


def _urls(node: lxml.html.HtmlElement) -> list[str]:
    urls = [node.get(name, "") for name in ("href", "src", "poster", "cite") if node.get(name)]
    return urls + [part.split()[0] for part in node.get("srcset", "").split(", ") if part]


@BOTH
@given(body=BODIES)
def test_whatever_was_written_is_safe_and_marked(renderer: MarkdownRenderer, body: str) -> None:
    """No text raises; nothing that runs is left; every relative URL is marked; ids are unique."""
    try:
        rendering = renderer.render(body, 1)
    except MarkupError:
        return
    root = lxml.html.fragment_fromstring(made.marked(rendering.body), create_parent="div")
    nodes = [node for node in root.iter() if isinstance(node.tag, str)]
    ids = [node.get("id") for node in nodes if node.get("id")]
    urls = [url for node in nodes for url in _urls(node)]

    assert rendering == renderer.render(body, 1)
    assert set() == FORBIDDEN & {str(node.tag) for node in nodes}
    assert [] == [name for node in nodes for name in node.attrib if name.startswith("on")]
    assert len(ids) == len(set(ids))
    assert [] == [url for url in urls if not (KEPT.match(url) or url[0] + url[-1] == "⟦⟧")]
    assert len(rendering.body.pieces) // 2 == sum(url.startswith("⟦") for url in urls)


@BOTH
def test_a_rendering_says_all_of_a_post(renderer: MarkdownRenderer) -> None:
    """HTML, references with their lines, heading, summary, picture and time to read."""
    rendering = renderer.render("# T\n\n![A](a.png) [b](b.md)\n\ntext", 5)

    assert ('<h2 id="t">T</h2>\n<p><img ⟦⟧> <a href="⟦b.md⟧">b</a></p>\n<p>text</p>') == re.sub(
        "(?<=<img )[^>]*", "⟦⟧", made.marked(rendering.body)
    ).strip()
    assert (
        RenderResult(
            body=rendering.body,
            references=(Reference("a.png", 7), Reference("b.md", 7)),
            first_heading="T",
            summary="b text",
            image="a.png",
            image_alt="A",
            minutes=1,
        )
        == rendering
    )


@BOTH
def test_tags_survive_the_engines(renderer: MarkdownRenderer) -> None:
    """A Liquid tag is neither emphasis nor HTML to an engine, and is found again in a URL."""
    body = "a {{< b_c *d* >}} `{% e %}` [f]({{ site.baseurl }}/g) {% include x y=1 %}\n"
    rendering = renderer.render(body, 1)

    assert (
        "<p>a {{&lt; b_c *d* &gt;}} <code>{% e %}</code> "
        '<a href="⟦{site}/g⟧">f</a> {% include x y=1 %}</p>'
    ) == made.marked(rendering.body).strip()
    assert 2 == len(rendering.notes)
    assert "a f" == rendering.summary


@BOTH
def test_kramdown_leaves_no_litter(renderer: MarkdownRenderer) -> None:
    """Attribute lists are read or dropped, and never shown; in code they stay."""
    body = "[a](b){: .c}\n{: .d}\n\n* x\n{:toc}\n\n## e\n\n{: .f}\n\n`{:?}` **g**{:target='_x'}"
    html = made.marked(renderer.render(body, 1).body)

    assert ["{:?}"] == re.findall(r"\{:[^}]*\}", html)
    assert '<div class="toc"><ul><li>' in html


@BOTH
def test_code_is_coloured_by_both(renderer: MarkdownRenderer) -> None:
    """Both engines write the same block."""
    html = made.marked(renderer.render("```python\nx = '{{ a }}'\n```", 1).body)

    assert html.startswith('<div class="highlight"><pre><code class="language-python"><span ')
    assert "{{ a }}" in re.sub("<[^>]*>", "", html)


@BOTH
def test_control_characters_never_come_through(renderer: MarkdownRenderer) -> None:
    """Neither raw nor as character references; tabs and line ends in code stay."""
    html = made.marked(
        renderer.render("a\x08&#8;&#x1F;&#xfdd0;\ud800b\n\n```\n\tc\r\nd\n```", 1).body
    )

    assert "<p>ab</p>" in html
    assert "\tc\nd\n" in html


@BOTH
def test_a_thousand_brackets_or_quotations_are_no_danger(renderer: MarkdownRenderer) -> None:
    """What is nested without end is rendered, or refused by name, and soon."""
    for scrap in (">", "[", "<div>", "* ", "- [a](", "`", "{{"):
        with contextlib.suppress(MarkupError):
            renderer.render(scrap * 1000, 1)


@pytest.mark.parametrize(
    ("body", "html"),
    [
        ("![sea|300](a.png)", 'alt="sea" width="300"'),
        ("![sea|300x200](a.png)", 'alt="sea" height="200" width="300"'),
        ("![a|b|40](a.png)", 'alt="a|b" width="40"'),
        ("![a|b](a.png)", 'alt="a|b">'),
        ('<img src="a.png" alt="x|30" width="50">', 'alt="x" width="50"'),
    ],
)
@pytest.mark.parametrize("engine", ["markdown", "comrak"])
def test_a_size_in_the_text_of_a_picture_is_its_size(engine: str, body: str, html: str) -> None:
    """As Obsidian writes it; whatever is no number stays text."""
    shown = "".join(MarkdownRenderer(MarkdownConfig(engine=engine)).render(body, 1).body.pieces)
    tag = re.search("<img [^>]*>", shown)

    assert tag is not None
    assert (
        dict(re.findall(r'([a-z]+)="([^"]*)"', html)).items()
        <= dict(re.findall(r'([a-z]+)="([^"]*)"', tag[0])).items()
    )


def test_comments_of_other_tools_are_not_shown() -> None:
    """Neither in the text nor in the summary."""
    rendering = MarkdownRenderer(MarkdownConfig()).render("%%secret%% a {::comment}hidden{:/} b", 1)

    assert "a b" == " ".join(rendering.summary.split())
    assert "secret" not in str(rendering)
    assert "hidden" not in str(rendering)
