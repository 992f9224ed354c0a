"""Measured rounds become a table that says which promise is kept."""

from benchmarks.measure import Run
from benchmarks.table import COMRAK, HUGO, MARKDOWN, PELICAN, table


def test_a_kept_and_a_missed_promise_are_told_apart() -> None:
    """A ratio above the limit says so."""
    one = {
        (MARKDOWN, "first"): Run(10, 100),
        (PELICAN, "first"): Run(30, 100),
        (COMRAK, "first"): Run(8, 100 * 2**20),
        (HUGO, "first"): Run(4, 1000 * 2**20),
    }

    rows = table([one]).splitlines()

    assert "| first build, markdown | 10.00 s | Pelican 30.00 s | 0.333 | 0.5 | kept |" in rows
    assert "| first build, comrak | 8.00 s | Hugo 4.00 s | 2.000 | 1.3 | missed |" in rows
    assert "| peak memory, comrak | 100.00 MiB | Hugo 1000.00 MiB | 0.100 | 0.5 | kept |" in rows


def test_the_ratio_is_the_median_of_the_rounds() -> None:
    """One bad round does not decide."""
    rounds = [
        {(MARKDOWN, "first"): Run(ours, 1), (PELICAN, "first"): Run(10, 1)} for ours in (1, 2, 90)
    ]

    assert "| first build, markdown | 2.00 s | Pelican 10.00 s | 0.200 |" in table(rounds)


def test_what_was_not_measured_has_no_row() -> None:
    """A run of some sites prints the rows of those."""

    assert ["first build", "peak"] == [
        row[2:].split(",")[0].removesuffix(" memory")
        for row in table([{(COMRAK, "first"): Run(1, 1), (HUGO, "first"): Run(1, 1)}]).splitlines()[
            2:
        ]
    ]
