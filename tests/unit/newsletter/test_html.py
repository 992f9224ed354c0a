"""A post's HTML as mail programs show it."""

import pytest

from feedpub.newsletter.html import adapt_for_email

WIDE = '<img src="a" width="536" alt="">'


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("", ""),
        ('<p id="a" class="b">x</p>', "<p>x</p>"),
        ('<p style="text-align: right">x</p>', '<p style="text-align: right">x</p>'),
        ("<h1>Title</h1><h2>a</h2><h3>b</h3>", "<h3>a</h3><h4>b</h4>"),
        ('<h2>a<a class="headerlink" href="#a">¶</a></h2>', "<h3>a</h3>"),
        ('<pre><code><span class="k">def</span> x</code></pre>', "<pre><code>def x</code></pre>"),
        ('<p><span lang="ar" dir="rtl">x</span></p>', '<p><span lang="ar" dir="rtl">x</span></p>'),
        ('<p><time datetime="2025">x</time> <kbd>y</kbd></p>', "<p>x <code>y</code></p>"),
        ("<p>a<wbr>b</p>", "<p>ab</p>"),
        (
            "<details><summary>a</summary>b</details>",
            '<div><p class="summary">a</p>b</div>',
        ),
        (
            '<ul><li><input type="checkbox" checked> a</li><li><input type="checkbox"> b</li></ul>',
            "<ul><li>☑ a</li><li>☐ b</li></ul>",
        ),
        (
            '<section class="footnotes">a<a class="footnote-backref" href="#">b</a></section>',
            '<div class="notes">a</div>',
        ),
        (
            "<table><tr><td>a</td></tr></table>",
            '<div class="scroll"><table><tr><td>a</td></tr></table></div>',
        ),
    ],
)
def test_elements(html: str, expected: str) -> None:
    """What mail programs do not know becomes what they do, and what only a page needs goes."""
    assert expected == adapt_for_email(html, "Title")


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<p><img src="a" alt="A"></p>', '<p><img src="a" alt="A" width="536"></p>'),
        ('<p>x <img src="a" alt="A"></p>', '<p>x <img src="a" alt="A"></p>'),
        (
            '<p><img src="a" alt="" width="300" height="200"></p>',
            '<p><img src="a" alt="" width="300" height="200"></p>',
        ),
        (
            '<p><img src="a" width="1200" height="800" srcset="b 2x" alt="A"></p>',
            '<p><img src="a" width="536" alt="A"></p>',
        ),
        ('<p>x <img src="data:image/png;base64,iVBORw0K" alt="A cat"> y</p>', "<p>x A cat y</p>"),
        ('<p><img src="DATA:image/png;base64,iVBORw0K" alt="A &lt; B"></p>', "<p>A &lt; B</p>"),
        (
            '<p><a href="b"><img src="data:image/gif;base64,R0lG" alt=""></a></p>',
            '<p><a href="b"></a></p>',
        ),
        ('<p>x<img src="a" width="1" height="1" alt="">y</p>', "<p>xy</p>"),
        ('<p><img src="a" height="0" alt=""></p>', "<p></p>"),
        (
            '<figure><a href="b"><img src="a"></a><figcaption>C</figcaption></figure>',
            f'<div><a href="b">{WIDE}</a><p class="figcaption">C</p></div>',
        ),
        (
            '<figure><picture><source srcset="c"><img src="a"></picture></figure>',
            f"<div>{WIDE}</div>",
        ),
        ('<p><a href="b">x <img src="a"></a></p>', '<p><a href="b">x <img src="a" alt=""></a></p>'),
    ],
)
def test_pictures(html: str, expected: str) -> None:
    """A picture has a text, and a width unless it is a sign among words; one pixel is none."""
    assert expected == adapt_for_email(html, "Title")


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<audio src="x/a.mp3">b</audio>', '<p><a href="x/a.mp3">▶ a.mp3</a></p>'),
        (
            '<p>See <video><source src="x/b.mp4"><a href="c">d</a></video>!</p>',
            '<p>See <a href="x/b.mp4">▶ b.mp4</a>!</p>',
        ),
    ],
)
def test_what_can_be_played(html: str, expected: str) -> None:
    """Sound and film are links to them."""
    assert expected == adapt_for_email(html, "Title")


def test_a_file_name_may_hold_anything() -> None:
    """A name with an encoded NUL or noncharacter stops no digest."""
    shown = adapt_for_email('<video src="https://e.org/a%00%EF%BF%BFb.mp4"></video>', "")

    assert "▶ ab.mp4" in shown
