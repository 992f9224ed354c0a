"""Tests of whom feeds name."""

from dataclasses import replace

import made
import pytest

from feedpub.feeds.jsonfeed import get_authors, get_valid_email, get_valid_language
from feedpub.models.content import Author


def test_people_are_the_authors() -> None:
    """Who is named is who is credited, in that order."""
    assert (made.BOB, made.ANN) == get_authors(made.config(), (made.BOB, made.ANN))


def test_people_of_a_post_without_authors() -> None:
    """Where nobody is named the site's author is, and else the site itself."""
    config = made.config()
    nobody = replace(config, site=replace(config.site, author=None))

    assert (made.ANN,) == get_authors(config, ())
    assert (Author("Example"),) == get_authors(nobody, ())


@pytest.mark.parametrize(
    ("text", "expected"),
    [("ann@example.org", "ann@example.org"), ("ann", ""), ("@", ""), ("a@b c", ""), ("", "")],
)
def test_email(text: str, expected: str) -> None:
    """What is no e-mail address is not passed off as one (RFC 4287 section 3.2.3)."""
    assert expected == get_valid_email(Author("Ann", text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("en", "en"), ("zh-Hant-TW", "zh-Hant-TW"), ("en_GB", ""), ("中文", ""), ("", "")],
)
def test_language(text: str, expected: str) -> None:
    """What is no language tag is not passed off as one (BCP 47)."""
    assert expected == get_valid_language(text)
