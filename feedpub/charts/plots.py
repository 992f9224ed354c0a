"""Numbers → the SVG of a plot, as wide as asked; its colours are classes of `style.py`."""

import math
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

_LINE = 22  # from one line of text to the next
_ROW = 46  # of a bar, with its label above it
_BAR = 10
_EM = 13.0  # the size of the text
_NARROW = 0.56  # of an em: most letters; wide ones take a whole
_TALL = 220  # a line plot
_STEPS = 4  # lines across it, at most

DateFormatter = Callable[[date, bool], str]
"""Says a date, with its year or without."""


@dataclass(frozen=True, slots=True)
class Plot:
    """A piece of SVG, and the room it takes."""

    svg: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: what it is of, and its parts by class."""

    label: str
    segments: tuple[tuple[str, int], ...]
    value_label: str  # beside the label, at the other end


def draw_line(points: Sequence[tuple[date, int]], width: int, dated: DateFormatter) -> Plot:
    """Give numbers over days as a line, with the ground below it shaded."""
    top = _round_scale(max((number for _, number in points), default=0))
    left, right = measure_text(f"{top:,}") + 10, width - 4
    floor, ceiling = _TALL - _LINE - 6, 14

    def height(number: int) -> float:
        return floor - (floor - ceiling) * number / top

    step = (right - left) / max(len(points) - 1, 1)
    path = " L".join(f"{left + i * step:.1f} {height(n):.1f}" for i, (_, n) in enumerate(points))
    drawn = [*_grid(top, left, right, height(0), height(top))]
    if points:
        end = left + (len(points) - 1) * step
        drawn.append(f'<path class="area" d="M{left:.1f} {floor} L{path} L{end:.1f} {floor}Z"/>')
        drawn.append(f'<path class="line" d="M{path}"/>')
        drawn.append(
            f'<circle class="dot" cx="{end:.1f}" cy="{height(points[-1][1]):.1f}" r="3.5"/>'
        )
        drawn += _draw_date_labels(points, left, step, width, dated)
    return Plot("".join(drawn), width, _TALL)


def draw_bars(rows: Sequence[Bar], width: int) -> Plot:
    """Give bars, one below the other, each as long as its number is beside the largest."""
    most = max((sum(number for _, number in each.segments) for each in rows), default=0)
    drawn = []
    for place, each in enumerate(rows):
        y = place * _ROW
        room = width - measure_text(each.value_label) - 16
        drawn.append(f'<text class="name" x="0" y="{y + 15}">{_truncate(each.label, room)}</text>')
        drawn.append(
            f'<text class="told end" x="{width}" y="{y + 15}">{escape(each.value_label)}</text>'
        )
        drawn.append(_track(y + 23, width))
        x = 0.0
        for kind, number in each.segments:
            long = width * number / most if most else 0.0
            if number:
                size = f'x="{x:.1f}" y="{y + 23}" width="{max(long, 1):.1f}" height="{_BAR}"'
                drawn.append(f'<rect class="{kind}" {size}/>')
            x += long
    return Plot("".join(drawn), width, max(len(rows) * _ROW - (_ROW - 23 - _BAR), 1))


def _track(y: int, width: int) -> str:
    return f'<rect class="track" x="0" y="{y}" width="{width}" height="{_BAR}"/>'


def _grid(top: int, left: float, right: float, floor: float, ceiling: float) -> Iterator[str]:
    """Draw a line across for each round number."""
    step = _step(top)
    for number in range(0, top + 1, step):
        y = floor - (floor - ceiling) * number / top
        kind = "axis" if number == 0 else "grid"
        yield f'<path class="{kind}" d="M{left:.1f} {y:.1f}H{right}"/>'
        yield f'<text class="told end" x="{left - 8:.1f}" y="{y + 4.5:.1f}">{number:,}</text>'


def _draw_date_labels(
    points: Sequence[tuple[date, int]], left: float, step: float, width: int, dated: DateFormatter
) -> Iterator[str]:
    """Name some of the days below a line, the first and the last among them."""
    last = len(points) - 1
    wanted = min(max(width // 150, 2), len(points))
    chosen = {round(last * each / max(wanted - 1, 1)) for each in range(wanted)}
    for each in sorted(chosen):
        day = points[each][0]
        said = escape(dated(day, each in {0, last}))
        place = "start" if each == 0 else "end" if each == last else "middle"
        x = left + each * step
        yield f'<text class="told {place}" x="{x:.1f}" y="{_TALL - 4}">{said}</text>'


def _round_scale(most: int) -> int:
    """Give the end of a scale: a multiple of its step, and no less than the most."""
    step = _step(most)
    return max(math.ceil(most / step) * step, step)


def _step(most: int) -> int:
    """Give 1, 2 or 5 times a power of ten, so that a few reach the most."""
    size = 1
    while True:
        for times in (1, 2, 5):
            if most <= _STEPS * times * size:
                return times * size
        size *= 10


def measure_text(text: str) -> float:
    """Give about how long a text is."""
    return sum(_EM * _wide(each) for each in text)


def _wide(character: str) -> float:
    return 1.0 if unicodedata.east_asian_width(character) in "WF" else _NARROW


def _truncate(text: str, room: float) -> str:
    """Give a text that fits, its end left out where it must be, as HTML."""
    clean = "".join(each if each.isprintable() else " " for each in text)
    if measure_text(clean) <= room:
        return escape(clean)
    while clean and measure_text(clean) + _EM > room:
        clean = clean[:-1]
    return f"{escape(clean.rstrip())}…"
