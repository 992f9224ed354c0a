"""How a message repeats what somebody wrote."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedpub.models.address import quote_value


@pytest.mark.parametrize(
    ("text", "shown"),
    [("Ann", '"Ann"'), ("a\x1b[31m\n", '"a\ufffd[31m\ufffd"'), ("x" * 99, f'"{"x" * 59}…"')],
)
def test_a_text_is_shown_on_one_line(text: str, shown: str) -> None:
    """Nothing in it can move the cursor, and only its beginning is repeated."""
    assert shown == quote_value(text)


@given(st.text(st.characters()))
def test_every_text_can_be_shown(text: str) -> None:
    """It is printable and UTF-8 can carry it."""
    assert quote_value(text).isprintable()
    assert quote_value(text).encode()
