"""Whose export a header is, and what its words mean."""

import pytest

from feedpub.mailing import STATES
from feedpub.roster import exports

EXPORTS = {
    "feedpub": "id,email,name,state,consented_at,consent_how",
    "Mailchimp": "Email Address,First Name,MEMBER_RATING,LEID",
    "Substack": "email,active_subscription,expiry,email_disabled,created_at",
    "Ghost": "id,email,name,note,subscribed_to_emails,complimentary_plan",
    "Buttondown": "id,email,subscriber_type,creation_date",
    "listmonk": "uuid,email,name,attributes,status,created_at,updated_at",
    "": "email,name,created_at,status",
}


@pytest.mark.parametrize("name", EXPORTS)
def test_an_export_is_known_by_its_columns(name: str) -> None:
    """A few columns that nobody else has are enough."""
    names = frozenset(map(exports.simple, EXPORTS[name].split(",")))

    assert name == exports.whose(names).name


@pytest.mark.parametrize(
    ("name", "simple"),
    [("E-Mail", "e mail"), ("EMAIL_Address ", "email address"), ("メール", "メール"), ("(?)", "")],
)
def test_a_name_is_the_same_however_it_is_joined(name: str, simple: str) -> None:
    """Case, dashes and underscores are how programs differ."""
    assert simple == exports.simple(name)


@pytest.mark.parametrize("state", STATES)
def test_our_own_word_for_a_state_is_known(state: str) -> None:
    """Whatever others call it."""
    assert state == exports.state(state.upper())


def test_no_word_has_two_meanings() -> None:
    """No column and no state stands in two of the lists."""
    for lists in (exports._MEANINGS, exports._WORDS):
        words = [word for line in lists.values() for word in line.split("; ")]

        assert len(words) == len(set(words))
        assert words == [exports.simple(word) for word in words]


@pytest.mark.parametrize(
    ("word", "answer"), [("Yes", True), ("1", True), (" ", False), ("F", False), ("maybe", None)]
)
def test_a_yes_and_a_no(word: str, *, answer: bool | None) -> None:
    """A blank is a no."""
    assert answer is exports.answer(word)
