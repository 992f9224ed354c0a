"""A form counts where it was on this site, or on one that the publisher names."""

import pytest

from feedpub.web.signup_forms import is_allowed_origin

HOME = "https://example.org/blog/"
FRIEND = "https://ann.example"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, True),  # no browser
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "same-origin", "origin": "null"}, True),
        ({"sec-fetch-site": "none"}, True),
        ({"sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "cross-site", "origin": "https://evil.example"}, False),
        ({"sec-fetch-site": "cross-site", "origin": "https://example.org"}, False),
        ({"sec-fetch-site": "cross-site", "origin": FRIEND}, True),
        ({"sec-fetch-site": ""}, False),
        ({"origin": "https://example.org"}, True),
        ({"origin": "https://example.org.evil.example"}, False),
        ({"origin": "https://example.or"}, False),
        ({"origin": "http://example.org"}, False),
        ({"origin": "null"}, False),
        ({"origin": "https://evil.example", "host": "127.0.0.1:8000"}, False),
        ({"origin": "http://127.0.0.1:8000", "host": "127.0.0.1:8000"}, True),
        ({"origin": "file://127.0.0.1:8000", "host": "127.0.0.1:8000"}, False),
        ({"origin": FRIEND}, True),
        ({"origin": "http://ann.example"}, False),
    ],
)
def test_where_a_form_was(headers: dict[str, str], expected: bool) -> None:
    """Browsers say so, each in its way."""
    assert expected == is_allowed_origin(headers, HOME, (FRIEND,))
