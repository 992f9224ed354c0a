"""Times as exports write them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedpub.subscribers.csv_survey import detect_day_first, parse_time
from feedpub.subscribers.csv_survey import has_value as is_given

TEN = datetime(2018, 2, 5, 10, 28, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2018-02-05 10:28:23",
        "2018-02-05 10:28:23 UTC",
        "2018-02-05T10:28:23.000Z",
        '"2018-02-05T10:28:23Z"',
        "2018-02-05T11:28:23+01:00",
        "2018-02-05 10:28:23 +0000 UTC",
        "2018-02-05 15:58:23.000000000 +0530 IST",
        "2018-02-05 05:28:23.000 -0500",
        "2018/02/05 10:28:23",
        "Feb 5, 2018 10:28:23 AM",
        "February 5 2018, 10:28:23 UTC",
        "Mon, 05 Feb 2018 10:28:23 +0000",
        "5 February 2018 10:28:23",
        "1517826503",
        "1517826503000",
    ],
)
def test_every_program_has_its_own_way(text: str) -> None:
    """Mailchimp's, Substack's, Ghost's, Buttondown's and Go's ways of writing mean one moment."""
    assert TEN == parse_time(text)


def test_a_day_begins_at_midnight() -> None:
    """A date without a time is its first moment in UTC."""
    assert datetime(2018, 2, 5, tzinfo=UTC) == parse_time("2018-02-05")


@pytest.mark.parametrize(
    ("text", "day_first", "first"),
    [
        ("05-02-2018 10:28:23", True, None),
        ("5.2.2018, 10:28:23", True, None),
        ("02/05/2018 10:28:23 AM", False, None),
        ("25/12/2018", None, True),
        ("12/25/2018 9:00 PM", None, False),
        ("25/25/2018", None, None),
        ("2018-02-05", None, None),
    ],
)
def test_the_order_of_numbers_has_to_be_known(
    text: str, *, day_first: bool | None, first: bool | None
) -> None:
    """And some dates prove it."""
    assert first is detect_day_first(text)
    assert parse_time(text) is None or text.startswith("2018")
    if day_first is not None:
        assert TEN == parse_time(text, day_first=day_first)


def test_noon_and_midnight_have_their_hours() -> None:
    """12 AM is the first hour of a day, 12 PM the first of its afternoon."""
    hours = [parse_time(f"Feb 5, 2018 {clock}") for clock in ("12:30 AM", "12:30 PM", "1:30 p.m.")]

    assert [0, 12, 13] == [at.hour for at in hours if at]


@pytest.mark.parametrize(
    "text",
    [
        *("Foo 5, 2018", "31 Feb 2018", "Feb 5, 2018 25:00", "2018-02-05 10:28 +9999", "9" * 5_000),
        *("", "yes", "02/05/2018", "5.2.2018 10:28", "0001-01-01 00:00:00 +0000 UTC"),
        *("1970-01-01", "0001-01-01T00:00:00+05:00", "2018-13-01"),
    ],
)
def test_what_has_two_meanings_or_none_is_not_guessed(text: str) -> None:
    """A month before a day, a zero and a word are no moments."""
    assert parse_time(text) is None


@pytest.mark.parametrize("text", ["", " ", "null", "None", "0", "false", '"null"'])
def test_a_blank_has_many_forms(text: str) -> None:
    """What programs write for nothing is nothing."""
    assert not is_given(text)


def test_a_time_is_given() -> None:
    """Anything else is something."""
    assert is_given("02/05/2018")


@given(st.datetimes(min_value=datetime(1971, 1, 1)))  # noqa: DTZ001 - Hypothesis wants it naive
def test_what_python_writes_is_read(when: datetime) -> None:
    """Every moment comes back from its ISO form."""
    aware = when.replace(tzinfo=UTC)

    assert aware == parse_time(aware.isoformat())


@given(st.text())
def test_no_text_is_too_odd(text: str) -> None:
    """Any text is a moment in UTC or none."""
    read = parse_time(text)

    assert read is None or read.tzinfo is UTC
