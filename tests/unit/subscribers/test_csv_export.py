"""Cells that no spreadsheet runs."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from feedpub.subscribers.csv_export import escape_formula, unescape_formula

STARTS = "=+-@\t\r\n＝＋－＠"


@pytest.mark.parametrize("value", ['=HYPERLINK("http://x")', "+1 234", "-2", "@sum", "\tx", "＝1"])
def test_a_formula_becomes_text(value: str) -> None:
    """A quotation mark before it makes it text everywhere."""
    assert f"'{value}" == escape_formula(value)


@pytest.mark.parametrize("value", ["'t Hooft", "Ann", "", "'", "1-2", "''"])
def test_what_is_no_formula_stays(value: str) -> None:
    """A name may begin with a quotation mark, and a row added by hand keeps it."""
    assert value == escape_formula(value)
    assert value == unescape_formula(value)


@given(st.text() | st.text("'=+a", max_size=5))
@example("'=1")
@example("''=1")
def test_a_tame_cell_is_the_value_again(value: str) -> None:
    """Whatever a value begins with, it comes back, and its cell begins like no formula."""
    assert value == unescape_formula(escape_formula(value))
    assert not escape_formula(value).startswith(tuple(STARTS))
