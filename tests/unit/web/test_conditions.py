"""What is answered to the conditions of a request."""

from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedpub.web.conditions import Answer, Version, answer

VERSION = Version('"a"', 1_000_000, 100)
THEN, BEFORE, AFTER = (formatdate(1_000_000 + by, usegmt=True) for by in (0, -1, 1))
WHOLE = Answer(200, 0, 100)


def asked(*, ranges: bool = True, **headers: str) -> Answer:
    """Give the answer to conditions."""
    named = {name.replace("_", "-").encode(): value for name, value in headers.items()}
    return answer(named, VERSION, ranges=ranges)


@pytest.mark.parametrize(
    ("tags", "status"),
    [
        ('"a"', 304),
        ('W/"a"', 304),
        ('"b", W/"a" ,"c"', 304),
        ("*", 304),
        (" * ", 304),
        ('"b"', 200),
        ("a", 200),
        ("", 200),
        ('"a', 200),
        ('"b,"a"', 200),
    ],
)
def test_if_none_match(tags: str, status: int) -> None:
    """Any of a list will do, weak or strong."""
    assert status == asked(if_none_match=tags).status


@pytest.mark.parametrize(
    ("date", "status"),
    [
        (THEN, 304),
        (AFTER, 304),
        (BEFORE, 200),
        (THEN.replace("GMT", "-0000"), 304),
        (BEFORE.replace(" GMT", ""), 200),
        ("yesterday", 200),
        ("", 200),
    ],
)
def test_if_modified_since(date: str, status: int) -> None:
    """What has not changed since is not sent; what is no date says nothing."""
    assert status == asked(if_modified_since=date).status


def test_tags_count_more_than_dates() -> None:
    """Where there is a tag nobody looks at the date."""
    assert 200 == asked(if_none_match='"b"', if_modified_since=AFTER).status
    assert 304 == asked(if_none_match='"a"', if_modified_since=BEFORE).status
    assert 200 == asked(if_match='"a"', if_unmodified_since=BEFORE).status


@pytest.mark.parametrize(
    ("tags", "status"), [('"a"', 200), ("*", 200), ('"b", "a"', 200), ('W/"a"', 412), ('"b"', 412)]
)
def test_if_match(tags: str, status: int) -> None:
    """Only the same octets will do."""
    assert status == asked(if_match=tags).status


@pytest.mark.parametrize(("date", "status"), [(THEN, 200), (BEFORE, 412), ("never", 200)])
def test_if_unmodified_since(date: str, status: int) -> None:
    """What has changed since is refused."""
    assert status == asked(if_unmodified_since=date).status


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bytes=0-0", Answer(206, 0, 1)),
        ("bytes=10-19", Answer(206, 10, 20)),
        ("bytes=90-", Answer(206, 90, 100)),
        ("bytes=90-1000", Answer(206, 90, 100)),
        ("bytes=-10", Answer(206, 90, 100)),
        ("bytes=-1000", Answer(206, 0, 100)),
        ("bytes=100-", Answer(416)),
        ("bytes=-0", Answer(416)),
        ("bytes=5-4", WHOLE),
        ("bytes=0-1, 5-6", WHOLE),
        ("bytes=", WHOLE),
        ("bytes=-", WHOLE),
        ("lines=1-2", WHOLE),
        ("bytes=1-2000000000000000000000", WHOLE),
    ],
)
def test_range(text: str, expected: Answer) -> None:
    """One part is given, several are not: then all of it is."""
    assert expected == asked(range=text)


def test_range_where_there_are_none() -> None:
    """HEAD asks for no part."""
    assert WHOLE == asked(range="bytes=0-0", ranges=False)


@pytest.mark.parametrize(
    ("validator", "status"),
    [('"a"', 206), ('W/"a"', 200), ('"b"', 200), (THEN, 206), (AFTER, 200), ("x", 200)],
)
def test_if_range(validator: str, status: int) -> None:
    """A part is given only of what the client has the rest of."""
    assert status == asked(range="bytes=0-0", if_range=validator).status


def test_no_conditions() -> None:
    """Without any, all of it is sent."""
    assert WHOLE == asked()


NAMES = ("if-match", "if-none-match", "if-range", "range", "if-modified-since")


@given(st.dictionaries(st.sampled_from(NAMES).map(str.encode), st.text(max_size=30)))
def test_any_conditions(headers: dict[bytes, str]) -> None:
    """Whatever a client writes, what is sent is part of the file."""
    given = answer(headers, VERSION, ranges=True)

    assert 0 <= given.first <= given.end <= VERSION.size
    assert given.status in {200, 206, 304, 412, 416}
