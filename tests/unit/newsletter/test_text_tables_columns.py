"""Lines of so many columns."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedpub.delivery.merge_tags import TAG_END, TAG_START
from feedpub.newsletter.text_tables import draw_rule, measure_width, wrap_text

CHINESE = "标点符号不应该出现在行首，也不应该把“引号”拆开（括号也一样）。"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("abc", 3), ("中文", 4), ("é", 1), ("e\u0301", 1), ("한글", 4), ("a\u200db", 2), ("", 0)],
)
def test_width(text: str, expected: int) -> None:
    """Wide characters take two columns, marks on letters none."""
    assert expected == measure_width(text)


def test_lines_end_between_words() -> None:
    """Words stay whole, and white space is folded."""
    assert ["one two", "three"] == wrap_text("  one \n two\t three ", 8)
    assert [] == wrap_text(" \n")


def test_lines_of_chinese() -> None:
    """Half as many characters fit; no line begins or ends with the wrong mark."""
    lines = wrap_text(CHINESE, 20)

    assert CHINESE == "".join(lines)
    assert all(measure_width(line) <= 20 for line in lines)
    assert not any(re.match("[，。”）]", line) for line in lines)
    assert not any(re.search("[“（]$", line) for line in lines)


def test_words_among_chinese() -> None:
    """Latin words are not broken, and Korean ones neither."""
    assert ["中文 Hello", "world中文"] == wrap_text("中文 Hello world中文", 11)
    assert ["한국어는", "띄어쓰기"] == wrap_text("한국어는 띄어쓰기", 10)


def test_what_does_not_fit() -> None:
    """A long word is cut, an address never; an emoji of several characters stays whole."""
    url = "https://example.org/" + "x" * 80

    assert ["aaaa", "aaaa", "a b"] == wrap_text("aaaaaaaaa b", 4)
    assert ["see", url, "now"] == wrap_text(f"see {url} now", 10)
    assert ["ab", "👩\u200d💻"] == wrap_text("ab👩\u200d💻", 4)


def test_no_line_begins_with_a_mark_of_its_own() -> None:
    """A closing mark before an opening one: a line may end between them."""
    assert ["aa”", "“bb"] == wrap_text("aa”“bb", 4)


def test_the_mark_of_a_value_is_never_cut() -> None:
    """It is one word, as long as an address, whatever is in it; elsewhere nobody could fill it."""
    mark = f"{TAG_START}name|dear reader{TAG_END}"

    assert 24 == measure_width(mark)
    assert [f"to {mark},", "yes"] == wrap_text(f"to {mark}, yes", 28)
    assert ["to", f"{mark},", "yes"] == wrap_text(f"to {mark}, yes", 27)
    assert ["寄给", f"{mark}。"] == wrap_text(f"寄给{mark}。", 26)
    assert [mark, "中"] == wrap_text(f"{mark}中", 2)


@given(
    st.text(
        st.characters(
            codec="utf-8",
            exclude_categories=["Cc", "Cf", "Zl", "Zp"],
            exclude_characters=[TAG_START, TAG_END],
        )
    )
)
def test_any_text(text: str) -> None:
    """Nothing is lost but white space, and only an address is longer than a line."""
    lines = wrap_text(text, 12)

    folded = re.sub("[ \t\n]+", "", text)
    assert folded == re.sub("[ \t\n]+", "", "".join(lines))
    assert all(measure_width(line) <= 12 or ":" in line for line in lines)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("中文", "===="), ("a\nlonger", "======"), ("", "="), ("x" * 99, "=" * 72)],
)
def test_rule(text: str, expected: str) -> None:
    """A rule is as long as the longest line, and never longer than all columns."""
    assert expected == draw_rule(text)
