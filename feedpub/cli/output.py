"""What came of a command → the lines people read, or the object scripts read.

Words and numbers → what a terminal, or a file in its place, should show.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, tzinfo
from enum import Enum
from itertools import zip_longest
from typing import TYPE_CHECKING, TextIO
from urllib.parse import urlsplit

from feedpub.models.content import Problem
from feedpub.models.log import escape_controls
from feedpub.models.text import to_timezone

if TYPE_CHECKING:
    from feedpub.app import Summary
    from feedpub.site.import_check import OldUrl

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


_COUNTS = (
    "files",
    "published",
    "drafts",
    "scheduled",
    "ignored",
    "feeds",
    "pages",
    "written",
    "unchanged",
    "removed",
)


def summary_to_json(summary: "Summary | None", problems: Sequence[Problem], seconds: float) -> str:
    """Give one object; without a summary (nothing was done) all counts are 0."""
    counts: dict[str, object] = {name: getattr(summary, name, 0) for name in _COUNTS}
    listed = problems_to_dicts(problems)
    return json.dumps({**counts, "seconds": round(seconds, 3), "problems": listed})


def problems_to_json(problems: Sequence[Problem]) -> str:
    """Give the object of a command that told nothing but what is wrong."""
    return json.dumps({"problems": problems_to_dicts(problems)})


def problems_to_dicts(problems: Sequence[Problem]) -> list[dict[str, str | int | bool]]:
    """Give problems by path and line, as JSON knows them."""
    return [
        {
            "path": problem.path,
            "line": problem.line,
            "message": problem.message,
            "left_out": problem.left_out,
        }
        for problem in sort_problems(problems)
    ]


def sort_problems(problems: Sequence[Problem]) -> list[Problem]:
    """Give problems by path and line."""
    return sorted(problems, key=lambda each: (each.path, each.line, each.message))


def print_problems(problems: Sequence[Problem], terminal: Terminal, *, fatal: bool = False) -> None:
    """Write problems as compilers do; the place is coloured by what it means.

    `fatal` are those that keep everything from being done.
    """
    for problem in sort_problems(problems):
        colour = Style.ERROR if fatal or problem.left_out else Style.WARNING
        place = f"{problem.path}:{problem.line}:" if problem.line else f"{problem.path}:"
        message = " ".join(problem.message.split("\n"))
        note = " [left out]" if problem.left_out else ""
        shown = terminal.style(escape(place), colour) if problem.path else ""
        terminal.echo(f"{shown} {escape(message)}{note}".lstrip())


def format_build(summary: "Summary", seconds: float) -> Iterator[str]:
    """Say what a build did."""
    posts, feeds = pluralize(summary.published, "post"), pluralize(summary.feeds, "feed")
    pages = pluralize(summary.pages, "page")
    yield f"Published {posts} as {feeds} and {pages} in {summary.folder}, in {seconds:.1f} s."
    changes = f"{summary.written:,} written, {summary.unchanged:,} unchanged, "
    yield f"  {changes}{summary.removed:,} removed" + _format_unpublished(summary)


def format_rebuild(summary: "Summary") -> Iterator[str]:
    """Say what one of many builds did."""
    posts = pluralize(summary.published, "post")
    yield f"Built {posts}: {summary.written:,} written, {summary.removed:,} removed."


def format_check(summary: "Summary", seconds: float) -> Iterator[str]:
    """Say what a check looked at."""
    files, feeds = pluralize(summary.files, "file"), pluralize(summary.feeds, "feed")
    yield f"Checked {files} and {feeds}, in {seconds:.1f} s."
    yield f"  {pluralize(summary.published, 'post')} to publish{_format_unpublished(summary)}"


def format_old_urls(found: "Sequence[OldUrl]") -> str:
    """Name the old addresses that lead nowhere, and count all."""
    lines: list[str] = []
    for each in found:
        if each.state == "missing":
            parts = urlsplit(each.written)
            path = f"{parts.path}?{parts.query}" if parts.query else parts.path
            add = "" if parts.query else f"; add to it: redirect_from: [{path}]"
            likely = f": probably {each.post}{add}" if each.post else ""
            lines.append(escape(f"{each.written} leads nowhere{likely}"))
    lost, led = len(lines), sum(each.state == "redirect" for each in found)
    addresses = f"{len(found):,} address{'' if len(found) == 1 else 'es'}"
    pages = len(found) - lost - led
    told = f"{pages:,} lead to a page, {led:,} to a redirect, {lost:,} nowhere"
    return "\n".join([*lines, f"{addresses}: {told}"])


def old_urls_to_json(found: "Sequence[OldUrl]") -> str:
    """Give what is at old addresses, for programs."""
    return json.dumps({"addresses": [asdict(each) for each in found]}, ensure_ascii=False)


def suggest_next_step(problems: Sequence[Problem], command: str) -> str:
    """Say what to do about problems, or "" where there are none."""
    if not problems:
        return ""
    out = len({problem.path for problem in problems if problem.left_out})
    rest = sum(not problem.left_out for problem in problems)
    told = [f"{pluralize(out, 'file')} left out"] if out else []
    told += [pluralize(rest, "warning")] if rest else []
    return f"{', '.join(told)}: mend what is listed, then run `feedpub {command}` again."


def pluralize(number: int, noun: str) -> str:
    """Give `1 post`, `2,000 posts`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def format_time(at: datetime, zone: tzinfo) -> str:
    """Give `2025-01-30 09:00 Europe/Lisbon`."""
    return f"{to_timezone(at, zone):%Y-%m-%d %H:%M} {zone}"


def _format_unpublished(summary: "Summary") -> str:
    """Give what is not published, and meant not to be."""
    told = [pluralize(summary.drafts, "draft")] if summary.drafts else []
    told += [f"{summary.scheduled:,} scheduled"] if summary.scheduled else []
    told += [f"{summary.ignored:,} ignored"] if summary.ignored else []
    return f"; {', '.join(told)}" if told else ""
