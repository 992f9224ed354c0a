"""Words and numbers → what a terminal, or a file in its place, should show."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from itertools import zip_longest
from typing import TextIO

from feedpub.journal import escape_controls

_PATIENCE = 1.0  # seconds that nobody minds waiting without being told
_EVERY = 0.1  # seconds between two drawings
_BAR = 24  # characters
_OWN_COLOURS = re.compile(r"(\x1b\[[0-9]{1,2}m)")


escape = escape_controls


class Style(Enum):
    """One colour for each meaning."""

    ERROR = "31"  # something is not published
    WARNING = "33"  # published, but to be mended
    HEADING = "1"  # what happened
    NONE = ""


class Terminal:
    """A stream for people: colours and progress where it is a terminal, plain text elsewhere."""

    def __init__(
        self, stream: TextIO, environ: Mapping[str, str], clock: Callable[[], float], columns: int
    ) -> None:
        self.is_interactive = stream.isatty()
        self._stream = stream
        self._clock = clock
        self._columns = columns
        # TERM=dumb cannot move the cursor; NO_COLOR: https://no-color.org
        self._moves = self.is_interactive and environ.get("TERM") != "dumb"
        self._colours = self._moves and not environ.get("NO_COLOR")
        self._began = clock()
        self._drawn = float("-inf")
        self._shown = 0  # characters of progress on the line

    def echo(self, text: str) -> None:
        """Write lines, in place of the progress that may stand there.

        Whatever they quote, they drive the terminal by nothing but the colours of `paint`.
        """
        self.clear_progress()
        parts = _OWN_COLOURS.split(text)
        parts[::2] = ["\n".join(map(escape, each.split("\n"))) for each in parts[::2]]
        self._stream.write("".join(parts) + "\n")
        self._stream.flush()

    def style(self, text: str, colour: Style) -> str:
        """Give the text in a colour, where there are colours."""
        if not self._colours or colour is Style.NONE:
            return text
        return f"\x1b[{colour.value}m{text}\x1b[0m"

    def show_progress(self, stage: str, done: int, total: int) -> None:
        """Show how far the work has come, once it has taken more than a second.

        A stage of nothing (`total` and `done` 0) is waited for, and told at once. Where
        nobody knows how much there is (`total` 0) it is told how much is done.
        """
        now = self._clock()
        soon = (total or done) and (now - self._began < _PATIENCE or now - self._drawn < _EVERY)
        if soon or not self._moves:
            return
        self._drawn = now
        line = escape(stage)
        if total > 0:
            full = _BAR * min(done, total) // total
            line += f"  {'=' * full}{'-' * (_BAR - full)}  {done:,} of {total:,}"
        elif done:
            line += f"  {done:,}"
        line = line[: max(self._columns - 1, 0)]
        self._stream.write(f"\r{line:{self._shown}}")
        self._stream.flush()
        self._shown = len(line)

    def clear_progress(self) -> None:
        """Take the progress away."""
        if self._shown:
            self._stream.write(f"\r{'':{self._shown}}\r")
            self._stream.flush()
            self._shown = 0


def format_columns(rows: Sequence[Sequence[str]], least: Sequence[int] = ()) -> str:
    """Lay rows out in columns that line up, with wide characters too; cells are made safe.

    Args:
        rows: Of as many cells each.
        least: How wide the columns are at least.
    """
    rows = [[escape(cell) for cell in row] for row in rows]
    wide = measure_columns(rows, least)
    return "\n".join(
        "".join(
            f"  {cell}{' ' * (room - measure_width(cell))}"
            for cell, room in zip(row, wide, strict=True)
        ).rstrip(" ")
        for row in rows
    )


def measure_columns(rows: Sequence[Sequence[str]], least: Sequence[int] = ()) -> tuple[int, ...]:
    """Give the widths of columns that rows need, and no less than they were."""
    return tuple(
        max(found)
        for found in zip_longest(
            *([measure_width(escape(cell)) for cell in row] for row in rows), least, fillvalue=0
        )
    )


def measure_width(text: str) -> int:
    """Give the columns that a terminal needs for a text."""
    return sum(
        0 if unicodedata.combining(each) else 2 if unicodedata.east_asian_width(each) in "WF" else 1
        for each in text
    )
