"""Tables in lines of letters."""

from feedpub.newsletter.text_tables import render_table


def test_columns_line_up() -> None:
    """Cells of wide characters too, and the first row is set off where it names the columns."""
    rows = [["Name", "名字"], ["a", "林晓"], ["longer", ""]]
    expected = ["Name    名字", "------  ----", "a       林晓", "longer"]

    assert [expected] == render_table(rows, 72, headed=True)
    assert [["a  b", "c"]] == render_table([["a", "b"], ["c"]], 72, headed=False)


def test_a_table_that_is_too_wide() -> None:
    """Each row is an entry of its own, its cells behind the names of their columns."""
    rows = [["Name", "", "What it does"], ["one", "two", "three"], ["four", "", "five"]]
    expected = [["Name: one", "two", "What it does: three"], ["Name: four", "What it does: five"]]

    assert expected == render_table(rows, 20, headed=True)
    assert [["aaa", "bbb"]] == render_table([["aaa", "bbb"]], 5, headed=False)


def test_nothing_in_it() -> None:
    """A table without rows is nothing."""
    assert [] == render_table([], 72, headed=False)
