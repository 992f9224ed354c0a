"""Numbers as SVG: the right lengths, and text that fits."""

import re
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from feedpub.cli.charts import Bar, Plot, draw_bars, draw_line

DAY = date(2025, 1, 30)


def parsed(plot: Plot) -> etree._Element:
    """Read a plot; it must be well-formed."""
    return etree.fromstring(f"<svg>{plot.svg}</svg>")


def texts(plot: Plot, kind: str) -> list[str]:
    """Give the texts of a class."""
    return [
        "".join(map(str, each.itertext()))
        for each in parsed(plot).iter("text")
        if kind in str(each.get("class")).split()
    ]


def dated(day: date, has_year: bool) -> str:
    """Say a date."""
    return f"{day.day} {day:%b}" + (f" {day:%Y}" if has_year else "")


def days(*numbers: int) -> list[tuple[date, int]]:
    """Give numbers over days."""
    return [(DAY + timedelta(days=place), number) for place, number in enumerate(numbers)]


def test_bars_are_as_long_as_their_numbers() -> None:
    """Beside the largest; what is nothing is not drawn, and what is little can be seen."""
    rows = [
        Bar("a", (("good", 150), ("bad", 50)), "200"),
        Bar("b", (("good", 100), ("bad", 0)), "100"),
        Bar("c", (("good", 1),), "1"),
    ]
    found = [
        (each.get("class"), float(str(each.get("x"))), float(str(each.get("width"))))
        for each in parsed(draw_bars(rows, 100)).iter("rect")
        if each.get("class") != "track"
    ]

    assert [("good", 0, 75), ("bad", 75, 25), ("good", 0, 50), ("good", 0, 1)] == found


def test_bars_of_nothing_are_drawn_too() -> None:
    """Without any length."""
    assert ["a"] == texts(draw_bars([Bar("a", (("good", 0),), "0")], 100), "name")
    assert Plot("", 100, 1) == draw_bars([], 100)


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("short", "short"),
        ("a <b> & c", "a <b> & c"),
        ("one\x1b\ntwo", "one  two"),
        ("人" * 40, "人" * 14 + "…"),
        ("x" * 99, "x" * 25 + "…"),
    ],
)
def test_a_label_fits(label: str, expected: str) -> None:
    """Beside the number at the other end, and wide characters count twice."""
    assert [expected] == texts(draw_bars([Bar(label, (("good", 1),), "1")], 220), "name")


def test_a_line_begins_and_ends_with_its_days() -> None:
    """With round numbers beside it that reach above the most."""
    plot = draw_line(days(1180, 1300, 1507), 640, dated)

    assert ["2,000", "1,500", "1,000", "500", "0"] == texts(plot, "told")[:5][::-1]
    assert ["30 Jan 2025", "31 Jan", "1 Feb 2025"] == texts(plot, "told")[5:]


@pytest.mark.parametrize("numbers", [(), (0,), (5,), (0, 0)])
def test_a_line_of_little_is_drawn_too(numbers: tuple[int, ...]) -> None:
    """From nothing to one."""
    plot = draw_line(days(*numbers), 340, dated)

    assert texts(plot, "told")[0] == "0"
    assert "nan" not in plot.svg


@given(st.lists(st.integers(0, 10**9), max_size=50), st.sampled_from([340, 640]))
def test_a_line_stays_inside(numbers: list[int], width: int) -> None:
    """Whatever the numbers are; and there are few lines across it, evenly apart."""
    plot = draw_line(days(*numbers), width, dated)
    for path in parsed(plot).iter("path"):
        places = re.findall(r"(-?[0-9.]+) (-?[0-9.]+)", str(path.get("d")))
        assert all(0 <= float(x) <= width and 0 <= float(y) <= plot.height for x, y in places)
    ticks = [int(each.replace(",", "")) for each in texts(plot, "told") if " " not in each]

    assert 2 <= len(ticks) <= 6
    assert 1 == len({after - before for before, after in pairwise(ticks)})
    assert max(numbers, default=0) <= ticks[-1]


@given(st.text(), st.text(max_size=5), st.integers(0, 10**9))
def test_no_text_breaks_a_picture(label: str, told: str, number: int) -> None:
    """It is well-formed, whatever is written in it."""
    clean = "".join(each for each in told if each.isprintable())
    parsed(draw_bars([Bar(label, (("good", number),), clean)], 340))
