"""What is told of feedpub beside nginx."""

from benchmarks.web.__main__ import QUESTIONS, Answered, table


def test_the_table() -> None:
    """Medians of both, and the median of each round's ratio; memory at the end."""
    ours = [Answered((100.0,) * len(QUESTIONS), 40 << 20), Answered((300.0,) * 4, 42 << 20)]
    theirs = [Answered((1000.0,) * len(QUESTIONS), 4 << 20), Answered((1000.0,) * 4, 4 << 20)]
    lines = table(list(zip(ours, theirs, strict=True))).splitlines()

    assert "| feed, whole | 200 | 1,000 | 0.20 |" == lines[2]
    assert "| memory | 41 MiB | 4 MiB | 10.25 |" == lines[-1]
    assert len(QUESTIONS) + 3 == len(lines)
