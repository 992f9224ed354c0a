"""Rows of cells → a table in columns, or where that is too wide, one entry after another."""

from collections.abc import Iterator, Sequence

from feedpub.digests.columns import measure_width, wrap_text

_GAP = "  "

Block = list[str]


def render_table(rows: Sequence[Sequence[str]], columns: int, *, headed: bool) -> list[Block]:
    """Give a table as blocks of lines; `headed` says that its first row names the columns."""
    if not rows:
        return []
    count = max(len(row) for row in rows)
    whole = [[*row, *[""] * (count - len(row))] for row in rows]
    widths = [max(measure_width(row[at]) for row in whole) for at in range(count)]
    if sum(widths) + len(_GAP) * (count - 1) <= columns:
        return [list(_aligned(whole, widths, headed=headed))]
    return list(_listed(whole, columns, headed=headed))


def _aligned(
    rows: Sequence[Sequence[str]], widths: Sequence[int], *, headed: bool
) -> Iterator[str]:
    """Write each row on a line."""
    for number, row in enumerate(rows):
        cells = [
            cell + " " * (wide - measure_width(cell))
            for cell, wide in zip(row, widths, strict=True)
        ]
        yield _GAP.join(cells).rstrip()
        if headed and number == 0:
            yield _GAP.join("-" * wide for wide in widths)


def _listed(rows: Sequence[Sequence[str]], columns: int, *, headed: bool) -> Iterator[Block]:
    """Write each row as a block, every cell on a line of its own behind its column's name."""
    names = [f"{name}: " if name else "" for name in rows[0]] if headed else [""] * len(rows[0])
    for row in rows[1:] if headed else rows:
        yield [
            line
            for name, cell in zip(names, row, strict=True)
            if cell
            for line in wrap_text(name + cell, columns)
        ]
