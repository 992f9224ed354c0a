"""Tokens: what they hold, who can read them, and what they look like."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from feedpub.models.tokens import (
    PURPOSES,
    SigningKeys,
    is_for_address,
    sign_form,
    sign_token,
    verify_form,
    verify_token,
)

KEYS = SigningKeys(b"k" * 32)
ANN, BOB = "ann@example.org", "bob@example.org"
IDS = st.integers(0, 2**63 - 1)
PURPOSE = st.sampled_from(PURPOSES)


def id_of(keys: SigningKeys, purpose: str, token: str) -> int | None:
    """Give the id that a token was made of."""
    owner = verify_token(keys, purpose, token)
    return owner.id if owner else None


@given(IDS, PURPOSE)
@example(0, "confirm")
@example(2**63 - 1, "bounce")
def test_a_token_gives_back_its_subscriber(subscriber: int, purpose: str) -> None:
    """What was minted is read, whatever became of its letter case on the way."""
    token = sign_token(KEYS, purpose, subscriber, ANN)

    assert subscriber == id_of(KEYS, purpose, token)
    assert verify_token(KEYS, purpose, token) == verify_token(KEYS, purpose, token.upper())
    assert verify_token(KEYS, purpose, token) == verify_token(KEYS, purpose, token.title())


@given(IDS, PURPOSE)
def test_a_token_is_of_one_address(subscriber: int, purpose: str) -> None:
    """However it is spelled; who has the id in another database is somebody else."""
    owner = verify_token(KEYS, purpose, sign_token(KEYS, purpose, subscriber, "Ann@Example.org"))

    assert owner is not None
    assert is_for_address(KEYS, owner, ANN)
    assert not is_for_address(KEYS, owner, BOB)
    assert not is_for_address(SigningKeys(b"x" * 32), owner, ANN)
    assert is_for_address(SigningKeys(b"x" * 32, older=(b"k" * 32,)), owner, ANN)


@given(IDS, PURPOSE, st.text())
@example(0, "bounce", "\ud800")
def test_a_token_can_be_made_of_any_address(subscriber: int, purpose: str, address: str) -> None:
    """It is no shorter or longer for it."""
    token = sign_token(KEYS, purpose, subscriber, address)
    owner = verify_token(KEYS, purpose, token)

    assert owner is not None
    assert is_for_address(KEYS, owner, address)
    assert len(sign_token(KEYS, purpose, subscriber, ANN)) == len(token)


@given(st.integers(0, 2**32 - 1), PURPOSE)
@example(2**32 - 1, "unsubscribe")
def test_a_token_is_short_and_stands_anywhere(subscriber: int, purpose: str) -> None:
    """It needs no encoding in a URL, none in a mailbox name, and no folding in a header."""
    token = sign_token(KEYS, purpose, subscriber, ANN)

    assert set(token) <= set("abcdefghijklmnopqrstuvwxyz234567")
    assert 32 >= len(token)


def test_a_token_never_changes() -> None:
    """What is in mails sent years ago must still be read."""

    assert "aers2nclij3vv576gaoijauxm6fq" == sign_token(KEYS, "unsubscribe", 1, ANN)


@given(IDS, PURPOSE, PURPOSE)
def test_a_token_is_good_for_one_purpose(subscriber: int, purpose: str, other: str) -> None:
    """Whoever may unsubscribe may not confirm."""
    expected = subscriber if purpose == other else None

    assert expected == id_of(KEYS, other, sign_token(KEYS, purpose, subscriber, ANN))


def test_older_keys_still_count() -> None:
    """A rotation makes tokens with the new key and reads both; what a dropped key made is none."""
    old, new = SigningKeys(b"a" * 32), SigningKeys(b"b" * 32, older=(b"c" * 32, b"a" * 32))
    token = sign_token(old, "confirm", 7, ANN)

    assert 7 == id_of(new, "confirm", token)
    assert token != sign_token(new, "confirm", 7, ANN)
    assert 7 == id_of(new, "confirm", sign_token(new, "confirm", 7, ANN))
    assert verify_token(SigningKeys(b"b" * 32), "confirm", token) is None


@given(IDS, PURPOSE, st.data())
def test_a_changed_token_is_none(subscriber: int, purpose: str, data: st.DataObject) -> None:
    """Another letter anywhere, one more or one less: nobody's."""
    token = sign_token(KEYS, purpose, subscriber, ANN)
    at = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.sampled_from("abcdefghijklmnopqrstuvwxyz234567").filter(token[at].__ne__))

    assert verify_token(KEYS, purpose, token[:at] + letter + token[at + 1 :]) is None
    assert verify_token(KEYS, purpose, token[:at] + token[at + 1 :]) is None
    assert verify_token(KEYS, purpose, token[:at] + letter + token[at:]) is None


@given(st.text(), st.text(max_size=12))
@example("é", "confirm")
@example("1" * 21, "confirm")
@example("a" * 40, "confirm")
@example("", "confirm")
@example("aaaaaaa=", "confirm")
@example("a" * 28, "\ud800")
def test_anything_else_is_none(text: str, purpose: str) -> None:
    """Reading never raises."""

    assert verify_token(KEYS, purpose, text) is None


@given(st.text(), st.text(), st.text())
@example("é", "_", "\ud800")
def test_a_seal_is_good_for_one_token_and_moment(token: str, moment: str, other: str) -> None:
    """Whatever these are, and whatever stands in its place; older keys count."""
    old, new = SigningKeys(b"a" * 16), SigningKeys(b"b" * 16, (b"a" * 16,))
    made = sign_form(old, token, moment)

    assert verify_form(old, token, moment, made)
    assert verify_form(new, token, moment, made.upper())
    assert not verify_form(SigningKeys(b"c" * 16), token, moment, made)
    assert not verify_form(old, token, moment, other)
    assert verify_form(old, token, other, made) == (moment == other)
    assert re.fullmatch("[a-z2-7]{16}", made)


def test_a_key_that_can_be_guessed_is_refused() -> None:
    """Sixteen octets are the least, of older keys too."""
    with pytest.raises(ValueError, match="at least 16 bytes"):
        SigningKeys(b"secret")
    with pytest.raises(ValueError, match="at least 16 bytes"):
        SigningKeys(b"k" * 32, older=(b"",))


@pytest.mark.parametrize("subscriber", [-1, 2**63])
def test_no_token_for_what_is_no_id(subscriber: int) -> None:
    """An id is that of a row."""
    with pytest.raises(ValueError, match="invalid subscriber id"):
        sign_token(KEYS, "confirm", subscriber, ANN)


def test_no_token_for_an_unknown_purpose() -> None:
    """A purpose with a slip in it would make tokens that nobody reads."""
    with pytest.raises(ValueError, match="confirm, preferences, unsubscribe, bounce"):
        sign_token(KEYS, "unsub", 1, ANN)
