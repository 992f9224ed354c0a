"""Measured rounds become the table that `make bench` prints."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.measure import Run

Round = Mapping[tuple[str, str], Run]
"""One round: what each (site, step) took; steps are `first`, `again` and `edited`."""


@dataclass(frozen=True, slots=True)
class Row:
    """A promise: one figure of ours, compared with one of a peer's."""

    title: str
    ours: tuple[str, str]  # site, step
    theirs: tuple[str, str]
    most: float  # ours / theirs may be this at most
    figure: Callable[[Run], float]
    unit: str


def _seconds(run: Run) -> float:
    return run.seconds


def _mebibytes(run: Run) -> float:
    return run.peak / 2**20


MARKDOWN, COMRAK, PELICAN, HUGO = "feedpub, markdown", "feedpub, comrak", "Pelican", "Hugo"

ROWS = (
    Row("first build, markdown", (MARKDOWN, "first"), (PELICAN, "first"), 0.5, _seconds, "s"),
    Row("first build, comrak", (COMRAK, "first"), (HUGO, "first"), 1.3, _seconds, "s"),
    Row("nothing changed, markdown", (MARKDOWN, "again"), (HUGO, "again"), 0.12, _seconds, "s"),
    Row("nothing changed, comrak", (COMRAK, "again"), (HUGO, "again"), 0.12, _seconds, "s"),
    Row("one post edited, markdown", (MARKDOWN, "edited"), (HUGO, "edited"), 0.2, _seconds, "s"),
    Row("one post edited, comrak", (COMRAK, "edited"), (HUGO, "edited"), 0.2, _seconds, "s"),
    Row("peak memory, markdown", (MARKDOWN, "first"), (HUGO, "first"), 0.5, _mebibytes, "MiB"),
    Row("peak memory, comrak", (COMRAK, "first"), (HUGO, "first"), 0.5, _mebibytes, "MiB"),
)


def table(rounds: Sequence[Round], rows: Iterable[Row] = ROWS) -> str:
    """The rows whose two sides were measured: medians, and the median of each round's ratio."""
    lines = [
        "| | feedpub | peer | ratio | at most | |",
        "|---|---:|---:|---:|---:|---|",
    ]
    for row in rows:
        pairs = [
            (row.figure(one[row.ours]), row.figure(one[row.theirs]))
            for one in rounds
            if row.ours in one and row.theirs in one
        ]
        if not pairs:
            continue
        ours, theirs = (median(column) for column in zip(*pairs, strict=True))
        ratio = median(our / their for our, their in pairs)
        lines.append(
            f"| {row.title} | {ours:.2f} {row.unit} | {row.theirs[0]} {theirs:.2f} {row.unit} "
            f"| {ratio:.3f} | {row.most} | {'kept' if ratio <= row.most else 'missed'} |"
        )
    return "\n".join(lines)
