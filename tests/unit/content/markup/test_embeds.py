"""What only browsers with scripts could show is shown to every reader, or its loss is told."""

import pytest
from made import marked

from feedpub.config.schema import MarkdownConfig
from feedpub.content.markup import MarkdownRenderer, RenderResult
from feedpub.newsletter.html import adapt_for_email
from feedpub.newsletter.plaintext import render_plaintext

_RENDERER = MarkdownRenderer(MarkdownConfig())


def _rendered(body: str) -> RenderResult:
    return _RENDERER.render(body, 10)


def _html(body: str) -> str:
    return marked(_rendered(body).body)


def _notes(body: str) -> tuple[tuple[int, str], ...]:
    return _rendered(body).notes


@pytest.mark.parametrize(
    "lazy",
    [
        '<img class="lazy" src="wait.gif" data-src="a.jpg" alt="Cat">',
        '<img src="wait.gif" data-original="a.jpg" alt="Cat">',
        '<img data-lazy-src="a.jpg" alt="Cat">',
        '<img src="wait.gif" srcset="wait.gif 1x" data-src="a.jpg" alt="Cat">',
        '<img src="wait.gif" data-srcset="b.jpg 320w, a.jpg 900w" alt="Cat">',
        '<img src="wait.gif" data-lazy-srcset="a.jpg" alt="Cat">',
        '<img style="opacity: 0" src="data:image/gif;base64,AA" data-src="a.jpg" alt="Cat">',
    ],
)
def test_the_real_picture_wins_over_what_waits_for_it(lazy: str) -> None:
    """It is shown, and stands for the post."""
    rendering = _rendered(lazy)

    assert 'src="⟦a.jpg⟧"' in marked(rendering.body)
    assert "wait.gif" not in marked(rendering.body)
    assert ("a.jpg", "Cat") == (rendering.image, rendering.image_alt)
    assert () == rendering.notes


def test_a_lazy_address_that_is_refused_leaves_the_picture() -> None:
    """What runs something is no picture."""
    assert 'src="⟦a.jpg⟧"' in _html('<img src="a.jpg" data-src="javascript:x">')
    assert 'src="⟦a.jpg⟧"' in _html("<img src=\"a.jpg\" data-src='{&quot;large&quot;: 1}'>")


def test_sources_of_pictures_and_films_wake_up_too() -> None:
    """`<picture>`, `<video>` and `<source>` are put off in the same way."""
    html = _html(
        '<picture><source data-srcset="a.webp"><img data-src="a.jpg"></picture>\n\n'
        '<video data-src="a.mp4"></video>'
    )

    assert '<source srcset="⟦a.webp⟧">' in html
    assert '<video src="⟦a.mp4⟧" controls="">' in html


def test_a_picture_that_counts_readers_goes_even_if_it_is_lazy() -> None:
    """One pixel is nothing to look at, and nothing to be told of."""
    rendering = _rendered('<img width="1" height="1" data-src="https://t.example/x" alt="">')

    assert ("", ()) == (marked(rendering.body).strip(), rendering.notes)


@pytest.mark.parametrize(
    "body",
    [
        '<p><img class="lazy" data-src="a.jpg"><noscript><img src="a.jpg"></noscript></p>',
        '<noscript><img src="a.jpg"></noscript><img data-src="a.jpg">',
        '<a href="b"><img src="data:,x"></a><noscript><a href="b"><img src="a.jpg"></a></noscript>',
        (
            '<picture><source data-srcset="a.webp"><img data-src="a.jpg"></picture>'
            '<noscript><img src="a.jpg"></noscript>'
        ),
    ],
)
def test_noscript_and_its_lazy_picture_are_one_picture(body: str) -> None:
    """What stands in `<noscript>` takes the place of the picture beside it."""
    html = _html(body)

    assert (1, 1) == (html.count("<img"), html.count("⟦a.jpg⟧"))
    assert "noscript" not in html


def test_other_content_of_noscript_is_shown() -> None:
    """Text, several pictures, and a picture beside one that is not lazy."""
    assert "<p>a <em>b</em></p>" in _html("<p>a <noscript><em>b</em></noscript></p>")
    assert 2 == _html('<img src="a.png"> <noscript><img src="b.png"></noscript>').count("<img")
    assert "never closed" in _html("a <noscript>never closed")


@pytest.mark.parametrize(
    ("script", "page"),
    [
        ("https://gist.github.com/ann/0123abc.js", "https://gist.github.com/ann/0123abc"),
        ("//gist.github.com/ann/0123abc.js?file=My_File.py",
         "https://gist.github.com/ann/0123abc#file-my-file-py"),
        ("https://asciinema.org/a/14.js", "https://asciinema.org/a/14"),
        ("https://gitlab.com/ann/x/-/snippets/12.js", "https://gitlab.com/ann/x/-/snippets/12"),
        ("https://pastebin.com/embed_js/AbC1", "https://pastebin.com/AbC1"),
        ("//jsfiddle.net/ann/x1/embed/result/", "https://jsfiddle.net/ann/x1/"),
        ("https://emgithub.com/embed-v2.js?style=x&target=https%3A%2F%2Fgithub.com%2Fa%2Fb",
         "https://github.com/a/b"),
    ],
)  # fmt: skip
def test_a_script_that_embeds_a_page_becomes_a_link(script: str, page: str) -> None:
    """As a frame does; nothing is lost, and nothing told."""
    rendering = _rendered(f'Text:\n\n<script src="{script}"></script>\n\nEnd.')

    assert f'<p><a href="{page}">' in marked(rendering.body)
    assert "<p>End.</p>" in marked(rendering.body)
    assert () == rendering.notes


def test_a_script_that_shows_something_of_its_attributes_is_a_link() -> None:
    """Speaker Deck names the talk beside the address."""
    body = '<script class="speakerdeck-embed" data-id="a1" src="//speakerdeck.com/assets/embed.js">'

    assert 'href="https://speakerdeck.com/player/a1"' in _html(f"{body}</script>")


@pytest.mark.parametrize(
    "source",
    [
        "https://platform.twitter.com/widgets.js", "//www.instagram.com/embed.js",
        "https://social.example/embed.js", "https://cpwebassets.codepen.io/assets/embed/ei.js",
    ],
)  # fmt: skip
def test_a_script_that_decorates_a_quotation_is_not_missed(source: str) -> None:
    """The quotation has the text and the link."""
    body = f'<blockquote><p>a</p></blockquote>\n<script async src="{source}"></script>'

    assert () == _notes(body)
    assert "<blockquote><p>a</p></blockquote>" in _html(body)


def test_formulas_in_scripts_are_text() -> None:
    """KaTeX and old kramdown put TeX into scripts of their own type."""
    html = _html('<p>a <script type="math/tex">x < y_1</script></p>')

    assert "<p>a $x &lt; y_1$</p>" in html
    assert "$$x$$" in _html('<script type="math/tex; mode=display">x</script>')


@pytest.mark.parametrize(
    ("body", "line", "what"),
    [
        ('a\n\n<script src="https://x.example/chart.js"></script>', 12, "x.example/chart.js"),
        ("```\n<script>\n```\n\n<script>draw()</script>", 14, "script"),
        ("a\n\n<form><p>Name</p></form>", 12, "<form>"),
        ("<p>a</p>\n<textarea>b</textarea>", 11, "<textarea>"),
        ("A `Vec<T>` and a Vec<String>", 10, "<String>"),
        ("a\n\n<iframe></iframe>", 12, "frame"),
        ('a\n\n<MyChart data="x" />', 12, "<MyChart>"),
        ("![a drawing](data:image/svg+xml,x)", 10, "a drawing"),
        ("a\n![b]()", 11, '"b"'),
        ("[a](javascript:x())", 10, "javascript:x()"),
        ("a\n\n[c](file:///home/c)", 12, "file:///home/c"),
        ("<svg><foreignObject>a</foreignObject></svg>", 10, "foreignObject"),
        ("a\n\nThe <title> of it.", 12, "<title>"),
        ("a\n\n<canvas></canvas>", 12, "<canvas>"),
        ("a[^1]\n\n[^1]: b\n\n[^1]: c", 14, "[^1]"),
        ("a\n\n[^note]: b", 12, "[^note]"),
        ("a\n\n> [^x]: b", 12, "[^x]"),
        ("| a | b |\n|---|---|\n| c | d | e |", 12, "2 columns"),
        ("> a | b\n> -- | --\n> c | d | e\n\n| f | g | h", 12, "2 columns"),
        ("a\n\n<video controls></video>", 12, "<video>"),
    ],
)
def test_what_readers_miss_is_told_with_its_line(body: str, line: int, what: str) -> None:
    """An element with text, a picture, a frame, a link: with the place where it stands."""
    ((at, message),) = _notes(body)

    assert line == at
    assert what in message


@pytest.mark.parametrize(
    "body",
    [
        "`<script>` and `<MyTag>`", "```html\n<form>\n```", "<!-- <form><MyTag> -->a",
        "<style>p { color: red }</style>a", "<address>a</address> <big>b</big>",
        '<script type="application/ld+json">{"a": 1}</script>a', "- [ ] a\n- [x] b",
        "<iframe src='https://t.example/ns' style='display: none'></iframe>a", "<center>a</center>",
        "[a](mailto:a@example.org) ![b](data:image/png;base64,AA) https://example.org/?a=b:c",
        '<code>href="javascript:x"</code>',
    ],
)  # fmt: skip
def test_nothing_is_told_of_what_nobody_misses(body: str) -> None:
    """Code is shown; styles, comments, data and counters are not for reading."""
    assert () == _notes(body)


@pytest.mark.parametrize("name", ["title", "script", "textarea", "style", "iframe"])
def test_an_element_that_is_never_closed_takes_nothing_with_it(name: str) -> None:
    """A tag that somebody forgot to escape costs that tag, and is told."""
    rendering = _rendered(f"The <{name}> element.\n\nMore *text*.")

    assert "element." in marked(rendering.body)
    assert "<p>More <em>text</em>.</p>" in marked(rendering.body)
    assert 1 == len(rendering.notes)


@pytest.mark.parametrize("sign", ["a <b c", "a <x y", "a </b c", "x<y and"])
def test_a_tag_without_an_end_is_text(sign: str) -> None:
    """Within HTML too, where no rule of Markdown makes text of it."""
    html = _html(f"<div>\n{sign}\n</div>\n\nMore.")

    assert sign.replace("<", "&lt;") in html
    assert "<p>More.</p>" in html


def test_a_tag_with_a_stray_quotation_mark_is_still_a_tag() -> None:
    """Browsers read it, and so do we."""
    assert "<p>it</p>" in _html("<p title='it's'>it</p>").replace(' title="it"', "")


DRAWING = (
    '<svg viewBox="0 0 10 10" width="100%"><title>A dot</title><defs><linearGradient id="g">'
    '<stop offset="0" stop-color="red"/></linearGradient></defs>'
    '<circle cx="5" cy="5" r="4" fill="url(#g)"/><use href="#g"/><text x="1" y="2">Dot</text></svg>'
)


def test_a_drawing_is_kept() -> None:
    """Shapes, paint, gradients and words; its title is its label."""
    rendering = _rendered(f"a\n\n<div>{DRAWING}</div>\n\nb")
    html = marked(rendering.body)

    for part in (
        'viewBox="0 0 10 10"', 'aria-label="A dot"', "<linearGradient", 'fill="url(#g)"',
        '<use href="#g">', ">Dot</text>", "<p>b</p>",
    ):  # fmt: skip
        assert part in html
    assert () == rendering.notes


@pytest.mark.parametrize(
    "attack",
    [
        '<svg onload="alert(1)"><path d="M0"/></svg>',
        "<svg><script>alert(1)</script></svg>",
        '<svg><a xlink:href="javascript:alert(1)"><text>a</text></a></svg>',
        '<svg><use href="https://x.example/#a"/><use xlink:href="data:image/svg+xml,x"/></svg>',
        '<svg><image href="https://x.example/t.png"/></svg>',
        '<svg><rect fill="url(https://x.example/t)" style="background: url(//x.example)"/></svg>',
        "<svg><foreignObject><iframe src=//x.example></iframe></foreignObject></svg>",
        '<svg><animate attributeName="href" values="javascript:alert(1)"/></svg>',
        '<svg><set attributeName="onload" to="alert(1)"/></svg>',
        '<svg><style>@import "//x.example";</style></svg>',
        "<svg><desc><img src=x onerror=alert(1)></desc></svg>",
        "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph>",
        '<math><annotation-xml encoding="text/html"><img src=x onerror=alert(1)></annotation-xml>',
        '<math href="javascript:alert(1)"><mi xlink:href="javascript:alert(1)">x</mi></math>',
        '<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">',
        '<svg><a xlink:href="java&#8;script:alert(1)"><text>a</text></a></svg>',
        '<svg><rect fill="u&#8;rl(https://x.example/t)"/></svg>',
        '<svg><rect fill="u{% raw %}rl(https://x.example/t)"/></svg>',
        '<svg><a xlink:href="java{% raw %}script:alert(1)"><text>a</text></a></svg>',
        "<svg><path d='<img src=x onerror=alert(1)>'/></svg>",
    ],
)  # fmt: skip
def test_nothing_in_a_drawing_or_formula_is_run_or_fetched(attack: str) -> None:
    """What browsers would run or load is gone, wherever it stands."""
    html = _html(f"<div>{attack}</div>")

    for sign in ("alert", "x.example", "javascript", "onerror", "<style", "<img src=x", "data:"):
        assert sign not in html.replace("&lt;img src=x onerror=alert(1)&gt;", "")


def test_of_equal_ids_of_drawings_the_first_is_kept() -> None:
    """The same drawing twice on a page is still valid HTML."""
    assert 1 == _html(f"{DRAWING}\n\n{DRAWING}").count('id="g"')


def test_a_drawing_in_mail_is_its_words() -> None:
    """Mail programs show no drawings."""
    html = _html(f"<p>a</p>\n\n{DRAWING}")

    assert "A dot Dot" in adapt_for_email(html, "T")
    assert "svg" not in adapt_for_email(html, "T")
    assert "[A dot Dot]" in render_plaintext(html)


@pytest.mark.parametrize(
    "hidden",
    ['<img src="a.png" style="color: red; display: none">', '<img src="a.png" hidden>'],
)
def test_a_hidden_picture_is_not_shown(hidden: str) -> None:
    """It counts readers; nothing is told."""
    assert ("", ()) == (_html(hidden).strip(), _notes(hidden))


def test_ids_of_a_drawing_are_not_those_of_headings() -> None:
    """A link to a heading leads to the heading."""
    assert 'id="dot-1"' in _html('# Dot\n\n<svg viewBox="0 0 1 1"><g id="dot"></g></svg>')
