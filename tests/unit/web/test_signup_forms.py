"""What is written into a form is taken as far as it makes sense, and no further."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mailings import reader
from signups import LIBRARY, config

from feedpub.models import address as models_address
from feedpub.models.newsletter import CADENCES, SignupRequest, SubscriptionFilter
from feedpub.site.feeds import build_signup_options
from feedpub.web import signup_forms
from feedpub.web.signup_forms import FieldError

CHOICES = build_signup_options(config(), LIBRARY)
ADDRESS = ("address", "ann@example.org")


def faults(*fields: tuple[str, str]) -> list[str]:
    """Give what is wrong with a form, by its words."""
    return [each.words for each in signup_forms.parse_signup(fields, CHOICES).faults]


def test_a_whole_form() -> None:
    """What is followed, how often, and in which language."""
    fields = [
        ("address", " Ann@Example.org\n"),
        ("follow", "some"),
        ("tag", "python"),
        ("tag", "cplusplus"),
        ("author", "ann-lee"),
        ("cadence", "weekly"),
        ("language", "zh"),
        ("subject", ""),
    ]
    given = signup_forms.parse_signup(fields, CHOICES)
    follows = SubscriptionFilter(
        everything=False, tags=("cplusplus", "python"), authors=("ann-lee",)
    )

    assert SignupRequest("Ann@Example.org", follows, "weekly", "zh") == given.signup_request
    assert not given.faults
    assert not given.is_spam


def test_an_address_alone_will_do() -> None:
    """All posts then, as the digest goes out, in the site's language."""
    assert (
        SignupRequest("ann@example.org")
        == signup_forms.parse_signup([ADDRESS], CHOICES).signup_request
    )


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ([("follow", "everything"), ("tag", "python")], SubscriptionFilter()),
        ([("tag", "python")], SubscriptionFilter(everything=False, tags=("python",))),
        ([("author", "ann-lee")], SubscriptionFilter(everything=False, authors=("ann-lee",))),
        ([("tag", "nothing")], SubscriptionFilter()),
    ],
)
def test_a_form_may_have_few_fields(
    fields: list[tuple[str, str]], expected: SubscriptionFilter
) -> None:
    """As one on somebody else's site has; what nobody offers is not followed."""
    assert expected == signup_forms.parse_signup([ADDRESS, *fields], CHOICES).follows


def test_what_is_wrong_is_told() -> None:
    """With the field that it is about."""
    assert ["address-missing"] == faults()
    assert ["address-missing"] == faults(("address", " "))
    assert ["address-wrong"] == faults(("address", "ann@"))
    assert ["wanted-none"] == faults(ADDRESS, ("follow", "some"), ("tag", "nothing"))
    assert (FieldError("some", "wanted-none"),) == signup_forms.parse_signup(
        [ADDRESS, ("follow", "some")], CHOICES
    ).faults


@pytest.mark.parametrize(
    "address",
    [
        "ann@example.org\r\nBcc: bob@example.org",
        "ann@example.org, bob@example.org",
        "Ann <ann@example.org>",
        "ann@example.org\x00",
        '"ann\r\n"@example.org',
        "ann@[192.0.2.1]",
        "ann@localhost",
        "a" * 300 + "@example.org",
    ],
)
def test_a_header_cannot_be_written_through_the_form(address: str) -> None:
    """What is more than one address is none."""
    assert ["address-wrong"] == faults(("address", address))


def test_words_that_are_none_of_ours_count_as_nothing() -> None:
    """A cadence, a language."""
    given = signup_forms.parse_signup([ADDRESS, ("cadence", "hourly"), ("language", "xx")], CHOICES)

    assert ("digest", "") == (given.cadence, given.language)


def test_a_program_falls_into_the_trap() -> None:
    """It fills in what people do not see."""
    assert signup_forms.parse_signup([ADDRESS, (signup_forms.HONEYPOT, "Buy")], CHOICES).is_spam


def test_what_is_followed_can_be_kept() -> None:
    """Also where nobody writes about it any more."""
    follows = SubscriptionFilter(everything=False, tags=("gone",), authors=("left",))
    one = replace(reader(), follows=follows, cadence="daily", language="zh")
    fields = [("tag", "gone"), ("tag", "other"), ("author", "left")]

    assert follows == signup_forms.parse_preferences(fields, CHOICES, one).follows
    shown = signup_forms.fill_form(one)
    assert ("ann@example.org", follows) == (shown.address, shown.follows)
    assert ("daily", "zh") == (shown.cadence, shown.language)


@given(st.lists(st.tuples(st.sampled_from(("address", "tag", "follow", "language")), st.text())))
def test_any_form_is_a_wish_or_a_fault(fields: list[tuple[str, str]]) -> None:
    """And nothing else; no field makes it fall over."""
    found = signup_forms.parse_signup(fields, CHOICES)

    assert found.faults or models_address.normalize_address(found.signup_request.address)
    assert found.cadence in CADENCES
    assert found.language in {"", *CHOICES.languages}
