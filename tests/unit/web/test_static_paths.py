"""Which path below the folder a URL's path names."""

import pytest

from feedpub.web.static import get_root_path, resolve_path


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"/", ""),
        (b"/posts/a/", "posts/a/"),
        (b"/posts/a", "posts/a"),
        (b"/tags/%E4%BA%BA/rss.xml", "tags/人/rss.xml"),
        (b"/a%20b.png", "a b.png"),
        (b"/a+b", "a+b"),
        (b"/%7Ea", "~a"),
        (b"/.well-known/security.txt", ".well-known/security.txt"),
    ],
)
def test_paths_of_the_site(raw: bytes, expected: str) -> None:
    """A path is decoded once; a slash at its end stays."""
    assert expected == resolve_path(raw, b"/")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"*",
        b"a",
        b"/..",
        b"/../x",
        b"/a/../../x",
        b"/%2e%2e/x",
        b"/%2E./x",
        b"/a%2fb",
        b"/..%2fx",
        b"/..%5cx",
        b"/a\\..\\x",
        b"/a%00.html",
        b"/a%0d%0aX: y",
        b"/a%7f",
        b"/%",
        b"/%zz",
        b"//example.net/",
        b"/a//b",
        b"/./a",
        b"/.feedpub",
        b"/a/.git/config",
        b"/.well-known/.x",
        b"/.well-known/../x",
        b"/a/.well-known/x",
        b"/%2ewell-known/../x",
    ],
)
def test_paths_that_lead_elsewhere(raw: bytes) -> None:
    """What leaves the folder, hides in it or divides names in disguise names nothing."""
    assert resolve_path(raw, b"/") is None


def test_decoded_once() -> None:
    """What was encoded twice is the name that it says, and leads nowhere."""
    assert "%2e%2e/x" == resolve_path(b"/%252e%252e/x", b"/")


def test_names_that_are_not_utf_8() -> None:
    """Octets that are no text name a file that is not there."""
    assert "\N{REPLACEMENT CHARACTER}" == resolve_path(b"/%ff", b"/")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [(b"/blog/", ""), (b"/blog/a/", "a/"), (b"/blog", None), (b"/", None), (b"/a/", None)],
)
def test_a_site_below_a_path(raw: bytes, expected: str | None) -> None:
    """The site's paths begin where its address ends."""
    assert expected == resolve_path(raw, b"/blog/")


def test_the_path_of_a_site() -> None:
    """As servers decode it: in any script."""
    assert "/" == get_root_path("https://example.org/")
    assert "/bücher/a b/" == get_root_path("https://example.org/b%C3%BCcher/a%20b/")
