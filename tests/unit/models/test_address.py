"""Addresses, and what makes two of them one person."""

import unicodedata

import pytest
from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email
from hypothesis import assume, example, given
from hypothesis import strategies as st

from feedpub.models.address import InvalidValueError, normalize_address

# Near what is an address: much of it is one, the rest is wrong in one place.
LOCALS = st.text("abzABZ019.+-_'%&/=?^`{|}~!#$*éß字\"\\ @", max_size=12)
LABELS = st.one_of(
    st.from_regex(r"[a-zA-Z0-9][a-zA-Z0-9-]{0,5}", fullmatch=True),
    st.sampled_from([*SPECIAL_USE_DOMAIN_NAMES, "com", "ORG", "c", "x1", "xn--bcher-kva", "XN--"]),
    st.sampled_from(["bücher", "中国", "ab--c", "-a", "", "a" * 63, "a" * 64, "مثال", "１"]),
)
NEARLY = st.builds(
    lambda local, labels: f"{local}@{'.'.join(labels)}", LOCALS, st.lists(LABELS, max_size=4)
)


def judged(address: str) -> str | None:
    """What email-validator makes of an address, without the case of its local part."""
    try:
        valid = validate_email(address, check_deliverability=False)
    except EmailNotValidError:
        return None
    local = unicodedata.normalize("NFD", valid.local_part).lower()
    return f"{unicodedata.normalize('NFC', local)}@{valid.domain}"


def understood(address: str) -> str | None:
    """What we make of it."""
    try:
        return normalize_address(address)
    except InvalidValueError:
        return None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ann@Example.ORG", "ann@example.org"),
        ("ann@bücher.example", "Ann@XN--BCHER-KVA.example"),
        ("JOSÉ@example.org", "jose\u0301@example.org"),
        ("info@example.org", "INFO@example.org"),
        ("李@例子.中国", "李@xn--fsqu00a.xn--fiqs8s"),
    ],
)
def test_two_spellings_of_one_address_are_one(one: str, other: str) -> None:
    """Case, Punycode and the Unicode form make no second person."""
    assert normalize_address(one) == normalize_address(other)


def test_what_follows_a_plus_is_another_address() -> None:
    """Nothing is guessed of what a provider does with plus signs and dots."""
    assert normalize_address("ann+news@example.org") != normalize_address("ann@example.org")
    assert normalize_address("a.nn@gmail.com") != normalize_address("ann@gmail.com")


def test_letters_that_are_written_otherwise_are_another_address() -> None:
    """They are mailboxes of two people, who could else unsubscribe each other."""
    assert normalize_address("weiß@example.org") != normalize_address("weiss@example.org")
    assert normalize_address("ﬁnn@example.org") != normalize_address("finn@example.org")


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("", 'it has no "@"'),
        ("ann", 'it has no "@"'),
        ("ann@intranet", "should have a period"),
        ("ann@printer.local", "special-use or reserved"),
        ("ann@mail.LOCALHOST", "special-use or reserved"),
        ("Ann <ann@example.org>", "display name"),
        ("ann@example.org\nBcc: x@example.org", "invalid characters"),
        ('"ann lee"@example.org', "Quoting"),
        ("ann@[127.0.0.1]", "bracketed IP address"),
        ("ann@ab--c.org", "two letters followed by two dashes"),
        (f"ann@{'a' * 64}.org", "so many characters"),
        ("a" * 249 + "@example.org", "longer than 254 characters"),
    ],
)
def test_what_is_no_address_says_why(address: str, reason: str) -> None:
    """The message repeats the text and tells what is wrong with it."""
    with pytest.raises(InvalidValueError, match="is not an e-mail address") as caught:
        normalize_address(address)

    assert reason in str(caught.value)


@given(NEARLY | st.emails() | st.text(max_size=30))
@example("a@b.c")
@example("a@b.test")
@example("a@ba.test.org")
@example("a@" + "b." * 125 + "org")
@example("a@" + "b" * 63 + ".org")
@example("a@1.2x")
@example("\ud800@example.org")
@example("K@example.org")
def test_the_fast_path_is_email_validator(address: str) -> None:
    """Every text is an address, and the same one, exactly where email-validator says so."""
    assert judged(address) == understood(address)


@given(NEARLY | st.emails())
def test_the_canonical_form_is_its_own(address: str) -> None:
    """Made canonical twice is made canonical once."""
    once = understood(address)
    assume(once is not None)

    assert once == normalize_address(once or "")
