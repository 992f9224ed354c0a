"""Format results for terminals and as JSON; `Terminal` writes them safely.

Used by all commands of `feedpub.cli`.
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

_PATIENCE = 1.0  # seconds before progress is shown
_EVERY = 0.1  # seconds between two updates
_BAR = 24  # characters
_OWN_COLOURS = re.compile(r"(\x1b\[[0-9]{1,2}m)")


escape = escape_controls


class Style(Enum):
    """The meanings that have a colour, as ANSI SGR codes."""

    ERROR = "31"  # not published, or not done
    WARNING = "33"  # published, but with a problem
    HEADING = "1"  # the result
    NONE = ""


class Terminal:
    """A stream with colours and progress if it is a terminal, and plain text otherwise."""

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
        self._shown = 0  # length of the progress line on the screen

    def echo(self, text: str) -> None:
        """Write lines, replacing a progress line.

        Control characters are escaped, except the colour codes that `style` adds.
        """
        self.clear_progress()
        parts = _OWN_COLOURS.split(text)
        parts[::2] = ["\n".join(map(escape, each.split("\n"))) for each in parts[::2]]
        self._stream.write("".join(parts) + "\n")
        self._stream.flush()

    def style(self, text: str, colour: Style) -> str:
        """Return a text in a colour, if colours are enabled."""
        if not self._colours or colour is Style.NONE:
            return text
        return f"\x1b[{colour.value}m{text}\x1b[0m"

    def show_progress(self, stage: str, done: int, total: int) -> None:
        """Show the progress of a stage, once the work has taken more than a second.

        A stage with `done` and `total` 0 is something waited for, and is shown at once. If only
        `total` is 0, it is unknown, and just `done` is shown.
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
        """Remove the progress line."""
        if self._shown:
            self._stream.write(f"\r{'':{self._shown}}\r")
            self._stream.flush()
            self._shown = 0


def format_columns(rows: Sequence[Sequence[str]], least: Sequence[int] = ()) -> str:
    """Lay out rows in aligned columns, escaping the cells and counting wide characters as two.

    Args:
        rows: Rows with the same number of cells.
        least: Minimum widths of the columns.
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
    """Return the column widths that rows need, at least `least`."""
    return tuple(
        max(found)
        for found in zip_longest(
            *([measure_width(escape(cell)) for cell in row] for row in rows), least, fillvalue=0
        )
    )


def measure_width(text: str) -> int:
    """Return the terminal columns that a text takes."""
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
    """Return a build's result as JSON; without a summary (nothing was done) all counts are 0."""
    counts: dict[str, object] = {name: getattr(summary, name, 0) for name in _COUNTS}
    listed = problems_to_dicts(problems)
    return json.dumps({**counts, "seconds": round(seconds, 3), "problems": listed})


def problems_to_json(problems: Sequence[Problem]) -> str:
    """Return the JSON object of a command that only reports problems."""
    return json.dumps({"problems": problems_to_dicts(problems)})


def problems_to_dicts(problems: Sequence[Problem]) -> list[dict[str, str | int | bool]]:
    """Return problems, sorted by path and line, as JSON objects."""
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
    """Return problems sorted by path and line."""
    return sorted(problems, key=lambda each: (each.path, each.line, each.message))


def print_problems(problems: Sequence[Problem], terminal: Terminal, *, fatal: bool = False) -> None:
    """Print problems in the format of compilers, with the location coloured by severity.

    `fatal` marks them as errors that stopped the whole command.
    """
    for problem in sort_problems(problems):
        colour = Style.ERROR if fatal or problem.left_out else Style.WARNING
        place = f"{problem.path}:{problem.line}:" if problem.line else f"{problem.path}:"
        message = " ".join(problem.message.split("\n"))
        note = " [left out]" if problem.left_out else ""
        shown = terminal.style(escape(place), colour) if problem.path else ""
        terminal.echo(f"{shown} {escape(message)}{note}".lstrip())


def format_build(summary: "Summary", seconds: float) -> Iterator[str]:
    """Yield the result of a build."""
    posts, feeds = pluralize(summary.published, "post"), pluralize(summary.feeds, "feed")
    pages = pluralize(summary.pages, "page")
    yield f"Published {posts} as {feeds} and {pages} in {summary.folder}, in {seconds:.1f} s."
    changes = f"{summary.written:,} written, {summary.unchanged:,} unchanged, "
    yield f"  {changes}{summary.removed:,} removed" + _format_unpublished(summary)


def format_rebuild(summary: "Summary") -> Iterator[str]:
    """Yield the result of one of many builds."""
    posts = pluralize(summary.published, "post")
    yield f"Built {posts}: {summary.written:,} written, {summary.removed:,} removed."


def format_check(summary: "Summary", seconds: float) -> Iterator[str]:
    """Yield the result of a check."""
    files, feeds = pluralize(summary.files, "file"), pluralize(summary.feeds, "feed")
    yield f"Checked {files} and {feeds}, in {seconds:.1f} s."
    yield f"  {pluralize(summary.published, 'post')} to publish{_format_unpublished(summary)}"


def format_old_urls(found: "Sequence[OldUrl]") -> str:
    """Return the old URLs that lead nowhere, and the counts of all."""
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
    """Return the result for each old URL as JSON."""
    return json.dumps({"addresses": [asdict(each) for each in found]}, ensure_ascii=False)


def suggest_next_step(problems: Sequence[Problem], command: str) -> str:
    """Return what to do about problems, "" if there are none."""
    if not problems:
        return ""
    out = len({problem.path for problem in problems if problem.left_out})
    rest = sum(not problem.left_out for problem in problems)
    told = [f"{pluralize(out, 'file')} left out"] if out else []
    told += [pluralize(rest, "warning")] if rest else []
    return f"{', '.join(told)}: fix what is listed, then run `feedpub {command}` again."


def pluralize(number: int, noun: str) -> str:
    """Return a number with its noun: `1 post`, `2,000 posts`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def format_time(at: datetime, zone: tzinfo) -> str:
    """Return a time in a zone: `2025-01-30 09:00 Europe/Lisbon`."""
    return f"{to_timezone(at, zone):%Y-%m-%d %H:%M} {zone}"


def _format_unpublished(summary: "Summary") -> str:
    """Return the counts of files left unpublished on purpose."""
    told = [pluralize(summary.drafts, "draft")] if summary.drafts else []
    told += [f"{summary.scheduled:,} scheduled"] if summary.scheduled else []
    told += [f"{summary.ignored:,} ignored"] if summary.ignored else []
    return f"; {', '.join(told)}" if told else ""
