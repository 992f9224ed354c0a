"""What a reader is told that they follow."""

from datetime import UTC, datetime

import made
import mails
import pytest

from feedpub.content.library import Library
from feedpub.models.content import Tag
from feedpub.models.newsletter import CADENCES, Consent, Subscriber, SubscriptionFilter
from feedpub.site.describe import FilterDescriber, FilterNames

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
    valid_from=None,
    valid_until=None,
    problems=(),
)
FOLLOWING = FilterDescriber(mails.templates(), FilterNames.from_library(LIBRARY))


def told(follows: SubscriptionFilter, cadence: str = "digest", language: str = "en") -> str:
    """Give the sentence for a reader."""
    consent = Consent(datetime(2025, 1, 1, tzinfo=UTC), "form")
    reader = Subscriber(1, "a@example.org", consent, follows=follows, cadence=cadence)
    return FOLLOWING.describe(reader, language)


@pytest.mark.parametrize(
    ("follows", "expected"),
    [
        (SubscriptionFilter(), "You follow all posts, in every issue."),
        (SubscriptionFilter(everything=False), "You follow all posts, in every issue."),
        (
            SubscriptionFilter(everything=False, tags=("cplusplus", "gone", "howto")),
            "You follow posts about C++, gone, How-to, in every issue.",
        ),
        (
            SubscriptionFilter(everything=False, tags=("howto",), authors=("ann-lee",)),
            "You follow posts about How-to, posts by Ann Lee, in every issue.",
        ),
    ],
)
def test_what_is_followed(follows: SubscriptionFilter, expected: str) -> None:
    """Tags and authors have their names, or their slugs where they are gone."""
    assert expected == told(follows)


@pytest.mark.parametrize("language", ["en", "zh-CN", "ar", "sv"])
def test_how_often(language: str) -> None:
    """Each cadence has its words, in each language, and one that nobody knows has some."""
    for cadence in (*CADENCES, "hourly"):
        assert told(SubscriptionFilter(), cadence, language)

    assert "at most once a week" in told(SubscriptionFilter(), "weekly")
    assert "每周" in told(SubscriptionFilter(), "weekly", "zh-CN")


def test_the_same_again() -> None:
    """Who follows the same is told the same."""
    assert told(SubscriptionFilter()) is told(SubscriptionFilter())
