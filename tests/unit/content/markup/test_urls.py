"""Facts about URLs, absolute and relative."""

from html import escape, unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedpub.content.markup import urls


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("https://example.org/a?b=c&amp;d#e", "https://example.org/a?b=c&amp;d#e"),
        ("https://example.org", "https://example.org"),
        ("//example.org/a", "https://example.org/a"),
        (r"\\example.org\a", "https://example.org/a"),
        ("HTTP://Example.org/ä b", "http://Example.org/%C3%A4%20b"),
        ("https://例子.cn/路%20%", "https://xn--fsqu00a.cn/%E8%B7%AF%20%25"),
        ("https://%E4%BE%8B%E5%AD%90.cn:8080", "https://xn--fsqu00a.cn:8080"),
        ("http://a.b/c#d#e", "http://a.b/c#d%23e"),
        ("http:/a.b/c[1]|{2}", "http://a.b/c%5B1%5D%7C%7B2%7D"),
        (" ht\ntps://a.b/ ", "https://a.b/"),
        ("http://[::1]:80/", "http://[::1]:80/"),
        ("http://me@a.b/", "http://me@a.b/"),
        ("mailto:a@b.c?subject=ü", "mailto:a@b.c?subject=%C3%BC"),
        ("tel:+1", "tel:+1"),
        ("magnet:?xt=urn:btih:1&amp;dn=a", "magnet:?xt=urn:btih:1&amp;dn=a"),
    ],
)
def test_absolute_urls_are_percent_encoded_once(written: str, expected: str) -> None:
    """An absolute URL comes back as a URI, what was encoded left as it was."""
    assert (expected, "") == urls.normalize_url(written)


@pytest.mark.parametrize(
    "written",
    [
        "", " ", "javascript:alert(1)", "JaVa\nScRiPt:x", "vbscript:x", "data:text/html,x",
        "data:image/png;base64,AA", "foo:bar", "C:\\x", "http://", "http://a b/", "http://<x>/",
        "http://\u00ad.\u00ad/", "https://a.b:x/",
    ],
)  # fmt: skip
def test_dangerous_and_senseless_urls_are_refused(written: str) -> None:
    """A scheme that runs something, an unknown one or a host that cannot be gives nothing."""
    assert ("", "") == urls.normalize_url(escape(written))


def test_data_is_for_pictures_only() -> None:
    """A `data:` URL is kept for a picture of a known kind, and for nothing else."""
    assert (
        "data:image/png;base64,AA=="
        == urls.normalize_url("data:image/png;base64,AA==", picture=True)[0]
    )
    assert ("", "") == urls.normalize_url("data:image/svg+xml,x", picture=True)


@pytest.mark.parametrize(
    ("written", "target"),
    [
        ("cat.png", "cat.png"),
        ("#part", "#part"),
        ("/about/?a=b#c", "/about/?a=b#c"),
        ("a b.md#x#y", "a%20b.md#x%23y"),
        ("a%20b.md", "a%20b.md"),
        ("%E4%BD%A0.md", "你.md"),
        ("你.md", "你.md"),
        ("%FF%E4.md", "%FF%E4.md"),
        ("%C2%85.md", "%C2%85.md"),
        ("%7Bfilename%7Dx.md", "{filename}x.md"),
        ("{static}/a.png", "{static}/a.png"),
        ("%7Cfilename%7Cx.md", "|filename|x.md"),
        ("@/x.md", "@/x.md"),
        ("img\\a.png", "img\\a.png"),
        ("a?x=1&amp;y=2", "a?x=1&y=2"),
        ("&lt;a&gt;", "<a>"),
    ],
)
def test_relative_urls_are_targets(written: str, target: str) -> None:
    """A relative URL comes back as its target, which is what was meant."""
    assert (escape(target), target) == urls.normalize_url(written)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("a.png", "a.png"),
        ("a.png 1x, /b.png 2x", "a.png 1x, /b.png 2x"),
        ("a,b.png 100w,c.png 200w", "a,b.png 100w, c.png 200w"),
        ("a.png, b.png 1.5x", "a.png, b.png 1.5x"),
        ("//h/a.png 1x", "https://h/a.png 1x"),
        ("a.png nonsense(1,2), b.png", "a.png, b.png"),
        ("javascript:x 1x, b.png 2x", "b.png 2x"),
        (" , ", ""),
    ],
)
def test_srcset_is_read_as_browsers_do(written: str, expected: str) -> None:
    """Each candidate is settled by itself; a comma within a URL belongs to the URL."""
    assert expected == urls.normalize_srcset(written)


@given(st.text())
def test_whatever_is_settled_stays_settled(anything: str) -> None:
    """A settled target, and a settled URL, settle to themselves."""
    value, target = urls.normalize_url(escape(anything))

    again = urls.normalize_url(escape(target) if target else value)

    assert (value, target) == again or "%" in unescape(value)
    assert not value or urls.is_safe(unescape(value))
    assert bool(target) == (value != "" and urls.is_relative(unescape(value)))
