"""Addresses as people write them, and as programs compare them."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from feedpub.config.urls import (
    normalize_origin,
    normalize_reference,
    normalize_site_url,
    normalize_url,
    validate_authority,
)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("https://example.org", "https://example.org/"),
        ("HTTPS://Example.ORG/Blog", "https://example.org/Blog"),
        ("http://example.org:80/", "http://example.org/"),
        ("http://example.org:8080/a", "http://example.org:8080/a"),
        ("https://example.org./", "https://example.org/"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("https://BÜCHER.example/", "https://xn--bcher-kva.example/"),
        ("https://straße.example/", "https://xn--strae-oqa.example/"),
        ("https://例え。テスト/", "https://xn--r8jz45g.xn--zckzah/"),
        ("https://[2001:DB8::1]:8000/", "https://[2001:db8::1]:8000/"),
        ("https://example.org/日本 語", "https://example.org/%E6%97%A5%E6%9C%AC%20%E8%AA%9E"),
        ("https://example.org/e\u0301", "https://example.org/%C3%A9"),
        ("https://example.org/%e6%97%a5", "https://example.org/%E6%97%A5"),
        ("https://example.org/100%", "https://example.org/100%25"),
        ("https://example.org/?a=b c&d=é#f/g?", "https://example.org/?a=b%20c&d=%C3%A9#f/g?"),
    ],
)
def test_web_address(written: str, expected: str) -> None:
    """A URL comes in its normal form: lower-case ASCII host, path in percent-encoded NFC."""
    actual = normalize_url(written)

    assert expected == actual


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("example.org/blog", 'did you mean "https://example.org/blog"?'),
        ("//example.org", 'did you mean "https://example.org"?'),
        ("blog", "is not an absolute URL; begin it with https:// or http://"),
        ("ftp://example.org/", "must begin with https:// or http://, not ftp://"),
        ("https://", "has an invalid host name"),
        ("https://exa mple.org/", "has an invalid host name"),
        ("https://-a.example/", "has an invalid host name"),
        ("https://a..example/", "has an invalid host name"),
        ("https://☃.example/", "has an invalid host name"),
        (f"https://{'a' * 64}.example/", "has an invalid host name"),
        (f"https://{'.'.join(['a' * 60] * 5)}/", "has an invalid host name"),
        ("https://ann@example.org/", "must not contain a user name or password"),
        ("https://example.org:70000/", "has an invalid port; use 0 to 65535"),
        ("https://[::1/", "is not a URL: invalid host"),
        ("https://[v1.x]/", "is not a URL: invalid host"),
        ("https://example.org\\blog", "is not a URL: it contains a line break or a backslash"),
        ("https://example.org/\na", "is not a URL: it contains a line break or a backslash"),
        ("https://example.org/../a", 'must not have ".." in its path'),
    ],
)
def test_no_web_address(written: str, reason: str) -> None:
    """What is no http or https URL is refused, with the reason."""
    with pytest.raises(ValueError, match=re.escape(reason)):
        normalize_url(written)


LABELS = st.text(st.characters(categories=["Lu", "Ll", "Lo", "Mn", "Nd"]), min_size=1, max_size=8)
PATHS = st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="\\"), max_size=20)


@given(LABELS, PATHS)
@example("ß", "a%zz")
@example("İ", "ς")
def test_normal_form_stays(label: str, path: str) -> None:
    """A URL in its normal form is left as it is, and is ASCII."""
    try:
        once = normalize_url(f"https://{label}.example/{path}")
    except ValueError:
        once = "https://example.org/"

    assert once == normalize_url(once)
    assert once.isascii()


def test_site_address_ends_in_a_slash() -> None:
    """The site's URL ends in "/", so that paths can be appended."""
    assert normalize_site_url("https://example.org/blog") == "https://example.org/blog/"
    assert normalize_site_url("https://example.org/blog/") == "https://example.org/blog/"


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("https://example.org/?a", "must not have a query"),
        ("https://example.org/#a", "must not have a query"),
        ("https://example.org/#", "must not have a query"),
        ("https://example.org/{slug}/", "must not contain braces"),
    ],
)
def test_no_site_address(written: str, reason: str) -> None:
    """Query, fragment and placeholders have no place in the site's URL."""
    with pytest.raises(ValueError, match=reason):
        normalize_site_url(written)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("img/logo.png", "img/logo.png"),
        ("/logo.png", "/logo.png"),
        ("//cdn.example/logo.png", "https://cdn.example/logo.png"),
        ("https://CDN.example/a b.png", "https://cdn.example/a%20b.png"),
    ],
)
def test_reference(written: str, expected: str) -> None:
    """A reference is a path, left as it is, or a URL in its normal form."""
    actual = normalize_reference(written)

    assert expected == actual


def test_reference_by_another_scheme() -> None:
    """A picture cannot be a script."""
    with pytest.raises(ValueError, match="neither a file nor an http or https URL"):
        normalize_reference("javascript:alert(1)")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("example.org", "example.org"),
        ("ann@example.org", "ann@example.org"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("ann@bücher.example", "ann@xn--bcher-kva.example"),
    ],
)
def test_authority(written: str, expected: str) -> None:
    """An id's authority is a host or an e-mail address, in ASCII (RFC 4151)."""
    actual = validate_authority(written)

    assert expected == actual


@pytest.mark.parametrize("written", ["https://example.org", "example.org,2020", "a b", "-", "☃"])
def test_no_authority(written: str) -> None:
    """A URL, a date or a sign is no authority."""
    with pytest.raises(ValueError, match="host"):
        validate_authority(written)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("https://ann.example", "https://ann.example"),
        ("HTTPS://Ann.Example:443/", "https://ann.example"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
    ],
)
def test_origin(written: str, expected: str) -> None:
    """An origin is written as browsers write it."""
    assert expected == normalize_origin(written)


@pytest.mark.parametrize("written", ["https://ann.example/a", "https://ann.example/?a", "ann"])
def test_no_origin(written: str) -> None:
    """One with a path would never be met."""
    with pytest.raises(ValueError, match=r"origin|URL"):
        normalize_origin(written)
