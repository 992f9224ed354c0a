"""Times as exports write them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedpub.roster.times import given as is_given
from feedpub.roster.times import moment

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
    ],
)
def test_every_program_has_its_own_way(text: str) -> None:
    """Mailchimp's, Substack's, Ghost's, Buttondown's and Go's ways of writing mean one moment."""
    assert TEN == moment(text)


def test_a_day_begins_at_midnight() -> None:
    """A date without a time is its first moment in UTC."""
    assert datetime(2018, 2, 5, tzinfo=UTC) == moment("2018-02-05")


@pytest.mark.parametrize(
    "text",
    [
        *("", "yes", "02/05/2018", "5.2.2018 10:28", "0001-01-01 00:00:00 +0000 UTC"),
        *("1970-01-01", "0001-01-01T00:00:00+05:00", "2018-13-01"),
    ],
)
def test_what_has_two_meanings_or_none_is_not_guessed(text: str) -> None:
    """A month before a day, a zero and a word are no moments."""
    assert moment(text) is None


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

    assert aware == moment(aware.isoformat())


@given(st.text())
def test_no_text_is_too_odd(text: str) -> None:
    """Any text is a moment in UTC or none."""
    read = moment(text)

    assert read is None or read.tzinfo is UTC
