"""Dates as people write them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedpub.content.dates import DateError, parse_date

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    "text",
    [
        "2025-01-30",
        " 2025-1-30 ",
        "2025/01/30",
        "2025.01.30",
        "20250130",
        "2025-01-30 00:00",
        "2025-01-30T00:00:00",
        "2025-01-30T00:00:00.000",
        "2025-01-30T00:00:00+01:00",
        "2025-01-30 00:00:00 +0100",
        "2025-01-30 00:00:00 +1",
        "2025-01-29T23:00:00Z",
        "2025-01-29 23:00 UTC",
        "2025-01-29 23:00:00 GMT",
        "2025-01-29 23:00:00 +0000 UTC",
        "2025-01-29 18:00:00 -5",
        "2025-01-29 18:00:00 EST",
        "2025-01-29T18:00:00−05:00",
        "20250130T0000",
        "20250129T230000Z",
        "202501300000",
        "20250130000000",
        "Thu, 30 Jan 2025 00:00:00 +0100",
        "Wed, 29 Jan 2025 23:00:00 GMT",
        "Thu Jan 30 00:00:00 2025",
        "Thu Jan 30 00:00:00 2025 +0100",
        "Thu Jan 30 00:00:00 CET 2025",
        "Thu Jan 30 2025 00:00:00 GMT+0100 (Central European Standard Time)",
        "January 30, 2025",
        "Jan 30 2025",
        "Jan. 30th, 2025 at 12:00 AM",
        "30 January 2025",
        "30th of January, 2025",
        "30-Jan-2025",
        "Thursday, 30 January 2025, 0:00",
        "30.01.2025",
        "30. 1. 2025 00:00",
        "2025年1月30日",
        "2025年01月30日 00:00",
        "2025年1月30日 0时00分",
        "2025年1月30日 0時0分0秒",
        "2025년 1월 30일",
        "٢٠٢٥-٠١-٣٠",
        "1738191600",
        "1738191600000",
    ],
)
def test_every_common_form_of_a_date_is_understood(text: str) -> None:
    """ISO 8601, RFC 5322, what Jekyll, Go, Git and JavaScript print, and how people write."""
    assert datetime(2025, 1, 29, 23, tzinfo=UTC) == parse_date(text, BERLIN)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-01-30 9:05 pm", datetime(2025, 1, 30, 20, 5, tzinfo=UTC)),
        ("2025-01-30 12:00 PM", datetime(2025, 1, 30, 11, tzinfo=UTC)),
        ("2025-01-30T10:00:05.1234567Z", datetime(2025, 1, 30, 10, 0, 5, 123456, tzinfo=UTC)),
        ("2016-12-31T23:59:60Z", datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("2025-03-30 02:30", datetime(2025, 3, 30, 1, 30, tzinfo=UTC)),
        ("2025-10-26 02:30", datetime(2025, 10, 26, 0, 30, tzinfo=UTC)),
        ("1970-01-01", datetime(1969, 12, 31, 23, tzinfo=UTC)),
        ("12 October 1492", datetime(1492, 10, 11, 23, 6, 32, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=UTC)),
        ("0001-01-01", datetime(1, 1, 1, tzinfo=UTC)),
        ("9999-12-31 23:00 -10", datetime(9999, 12, 31, 23, tzinfo=UTC)),
    ],
)
def test_times_keep_their_moment(text: str, expected: datetime) -> None:
    """Halves of the day, fractions, leap seconds, and hours that clocks skip or show twice."""
    assert expected == parse_date(text, BERLIN)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "2025",
        "2025-01",
        "2024-02-30",
        "2024-13-01",
        "Jan 32, 2025",
        "01/30/2025",
        "2025-01-301",
        "2025-01-30x",
        "2025-01-30 25:00",
        "2025-01-30 10:61",
        "2025-01-30 10:00:61",
        "2025-01-30 13:00 PM",
        "2025-01-30 tomorrow",
        "2025-01-30 10:00 localtime",
        "0000-01-01",
        "2025-01-30 10:00 +99:00",
        "123456789012",
    ],
)
def test_what_is_no_date_is_refused(text: str) -> None:
    """Impossible days and times, words, and orders that could mean two days."""
    with pytest.raises(DateError, match="is not a date"):
        parse_date(text, BERLIN)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-04-01 20:00.000000000 +08:00", datetime(2025, 4, 1, 12, tzinfo=UTC)),
        ("2025-04-01 20:00:00.000000000 +08:00", datetime(2025, 4, 1, 12, tzinfo=UTC)),
        ("2024-10-14 +0800", datetime(2024, 10, 13, 16, tzinfo=UTC)),
        ("2024-10-14 +08:00", datetime(2024, 10, 13, 16, tzinfo=UTC)),
        ("2024-10-14 UTC", datetime(2024, 10, 14, tzinfo=UTC)),
        ("2024-10-14 8pm", datetime(2024, 10, 14, 18, tzinfo=UTC)),
        ("2024-10-14 8 a.m. CET", datetime(2024, 10, 14, 7, tzinfo=UTC)),
        ("2024-10-14 20:5", datetime(2024, 10, 14, 18, 5, tzinfo=UTC)),
        ("2024-10-14 20:00 AEDT", datetime(2024, 10, 14, 9, tzinfo=UTC)),
        ("2024-10-14 20:00 IST", datetime(2024, 10, 14, 14, 30, tzinfo=UTC)),
    ],
)
def test_forms_that_only_ruby_reads_are_dates(text: str, expected: datetime) -> None:
    """So do the posts of a Jekyll site keep the dates they had there."""
    assert expected == parse_date(text, BERLIN)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-10-14 20:00 Europe/Lisbon", datetime(2024, 10, 14, 19, tzinfo=UTC)),
        ("2024-07-14T20:00 America/Argentina/Buenos_Aires", datetime(2024, 7, 14, 23, tzinfo=UTC)),
        ("2024-10-14 America/New_York", datetime(2024, 10, 14, 4, tzinfo=UTC)),
    ],
)
def test_a_zone_may_be_named_as_on_computers(text: str, expected: datetime) -> None:
    """The names of the time zone database know about summer time."""
    assert expected == parse_date(text, BERLIN)


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("2025-01-30 10:00 XYZ", "XYZ"),
        ("2025-01-30 10:00:05 America/Nowhere", "America/Nowhere"),
        ("2025-01-30 QQST", "QQST"),
    ],
)
def test_an_unknown_zone_is_named(text: str, zone: str) -> None:
    """The rest of the date is right, and nobody need look for what is wrong with it."""
    with pytest.raises(DateError, match=f'time zone "{zone}"'):
        parse_date(text, BERLIN)


@given(st.datetimes(datetime(1971, 1, 1), datetime(9000, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_iso_and_rfc_forms_read_back(moment: datetime) -> None:
    """Any moment written in ISO 8601 is read as itself."""
    assert moment == parse_date(moment.isoformat(), BERLIN)
    assert moment == parse_date(moment.astimezone(BERLIN).isoformat(" "), UTC)


@given(st.text(alphabet="0123456789-/.:TZ +年月日JanPM", max_size=24) | st.text(max_size=24))
def test_anything_else_is_a_date_error(text: str) -> None:
    """No text makes any other error, and what is understood is in UTC."""
    try:
        moment = parse_date(text, BERLIN)
    except DateError:
        return

    assert UTC == moment.tzinfo
