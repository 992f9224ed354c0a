"""When a message came in."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from notices import dsn, mail

from feedpub.delivery.bounces import find_received_time

NOW = datetime(2025, 6, 8, 12, 0, tzinfo=UTC)
BEFORE = datetime(2025, 6, 1, 8, 0, 1, tzinfo=UTC)
TAKEN = "Received: from a.example (b; c) by d.example\n with ESMTPS; {}\nReceived: x; 1 May 2020"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (TAKEN.format("Sun, 1 Jun 2025 10:00:01 +0200 (CEST)"), BEFORE),
        (TAKEN.format("soon") + "\nDate: Sun, 1 Jun 2025 08:00:01 GMT", BEFORE),
        ("Date: 1 Jun 2025 08:00:01 -0000", BEFORE),
        ("Date: Mon, 9 Jun 2025 00:00:00 +0000", NOW),
        ("Date: Mon, 99 Jun 2025 00:00:00 +0000", NOW),
        ("Date: Fri, 31 Dec 9999 23:59:59 -1200", NOW),
        ("Date: \xff\xfe", NOW),
        ("Subject: x", NOW),
    ],
)
def test_a_message_says_when_it_came(header: str, expected: datetime) -> None:
    """The server that took it in first, then the sender; never that it is still to come."""
    assert expected == find_received_time(mail(header, "Gone."), NOW)


def test_a_notice_is_not_as_old_as_what_it_returns() -> None:
    """Dates in the copy are those of another message."""
    assert NOW == find_received_time(dsn(), NOW)


@given(st.binary() | st.text().map(lambda text: f"Date: {text}\n\n".encode("utf-8", "replace")))
def test_nothing_breaks_it(data: bytes) -> None:
    """Whatever comes, it is a time that has come."""
    assert NOW - find_received_time(data, NOW) >= timedelta()
