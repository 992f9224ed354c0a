"""What a reader is told that they follow."""

from datetime import UTC, datetime

import made
import mails
import pytest

from feedpub.digests.following import Following, Names
from feedpub.library import Library
from feedpub.mailing import CADENCES, Consent, Follows, Subscriber
from feedpub.model import Tag

LIBRARY = Library(
    posts=(),
    tags=((Tag("C++", "cplusplus"), ()),),
    categories=((Tag("How-to", "howto"), ()),),
    authors=((made.ANN, ()),),
    languages=(),
    files={},
    drafts=0,
    scheduled=0,
    expired=0,
    since=None,
    until=None,
    problems=(),
)
FOLLOWING = Following(mails.templates(), Names.of(LIBRARY))


def told(follows: Follows, cadence: str = "digest", language: str = "en") -> str:
    """Give the sentence for a reader."""
    consent = Consent(datetime(2025, 1, 1, tzinfo=UTC), "form")
    reader = Subscriber(1, "a@example.org", consent, follows=follows, cadence=cadence)
    return FOLLOWING.sentence(reader, language)


@pytest.mark.parametrize(
    ("follows", "expected"),
    [
        (Follows(), "You follow all posts, in every issue."),
        (Follows(everything=False), "You follow all posts, in every issue."),
        (
            Follows(everything=False, tags=("cplusplus", "gone", "howto")),
            "You follow posts about C++, gone, How-to, in every issue.",
        ),
        (
            Follows(everything=False, tags=("howto",), authors=("ann-lee",)),
            "You follow posts about How-to, posts by Ann Lee, in every issue.",
        ),
    ],
)
def test_what_is_followed(follows: Follows, expected: str) -> None:
    """Tags and authors have their names, or their slugs where they are gone."""
    assert expected == told(follows)


@pytest.mark.parametrize("language", ["en", "zh-CN", "ar", "sv"])
def test_how_often(language: str) -> None:
    """Each cadence has its words, in each language, and one that nobody knows has some."""
    for cadence in (*CADENCES, "hourly"):
        assert told(Follows(), cadence, language)

    assert "at most once a week" in told(Follows(), "weekly")
    assert "每周" in told(Follows(), "weekly", "zh-CN")


def test_the_same_again() -> None:
    """Who follows the same is told the same."""
    assert told(Follows()) is told(Follows())
