"""What came of a command → the lines people read, or the object scripts read."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from feedpub.cli.terminal import Colour, Terminal, safe
from feedpub.model import Problem
from feedpub.times import in_zone

if TYPE_CHECKING:
    from feedpub.publish import Summary
    from feedpub.publish.comparing import OldAddress

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


def as_json(summary: "Summary | None", problems: Sequence[Problem], seconds: float) -> str:
    """Give one object; without a summary (nothing was done) all counts are 0."""
    counts: dict[str, object] = {name: getattr(summary, name, 0) for name in _COUNTS}
    listed = as_objects(problems)
    return json.dumps({**counts, "seconds": round(seconds, 3), "problems": listed})


def problems_as_json(problems: Sequence[Problem]) -> str:
    """Give the object of a command that told nothing but what is wrong."""
    return json.dumps({"problems": as_objects(problems)})


def as_objects(problems: Sequence[Problem]) -> list[dict[str, str | int | bool]]:
    """Give problems by path and line, as JSON knows them."""
    return [
        {
            "path": problem.path,
            "line": problem.line,
            "message": problem.message,
            "left_out": problem.left_out,
        }
        for problem in ordered(problems)
    ]


def ordered(problems: Sequence[Problem]) -> list[Problem]:
    """Give problems by path and line."""
    return sorted(problems, key=lambda each: (each.path, each.line, each.message))


def tell(problems: Sequence[Problem], terminal: Terminal, *, fatal: bool = False) -> None:
    """Write problems as compilers do; the place is coloured by what it means.

    `fatal` are those that keep everything from being done.
    """
    for problem in ordered(problems):
        colour = Colour.FAULT if fatal or problem.left_out else Colour.WARNING
        place = f"{problem.path}:{problem.line}:" if problem.line else f"{problem.path}:"
        message = " ".join(problem.message.split("\n"))
        note = " [left out]" if problem.left_out else ""
        shown = terminal.paint(safe(place), colour) if problem.path else ""
        terminal.say(f"{shown} {safe(message)}{note}".lstrip())


def built(summary: "Summary", seconds: float) -> Iterator[str]:
    """Say what a build did."""
    posts, feeds = counted(summary.published, "post"), counted(summary.feeds, "feed")
    pages = counted(summary.pages, "page")
    yield f"Published {posts} as {feeds} and {pages} in {summary.folder}, in {seconds:.1f} s."
    changes = f"{summary.written:,} written, {summary.unchanged:,} unchanged, "
    yield f"  {changes}{summary.removed:,} removed" + _aside(summary)


def refreshed(summary: "Summary") -> Iterator[str]:
    """Say what one of many builds did."""
    posts = counted(summary.published, "post")
    yield f"Built {posts}: {summary.written:,} written, {summary.removed:,} removed."


def checked(summary: "Summary", seconds: float) -> Iterator[str]:
    """Say what a check looked at."""
    files, feeds = counted(summary.files, "file"), counted(summary.feeds, "feed")
    yield f"Checked {files} and {feeds}, in {seconds:.1f} s."
    yield f"  {counted(summary.published, 'post')} to publish{_aside(summary)}"


def old_addresses(found: "Sequence[OldAddress]") -> str:
    """Name the old addresses that lead nowhere, and count all."""
    lines: list[str] = []
    for each in found:
        if each.state == "missing":
            parts = urlsplit(each.written)
            path = f"{parts.path}?{parts.query}" if parts.query else parts.path
            add = "" if parts.query else f"; add to it: redirect_from: [{path}]"
            likely = f": probably {each.post}{add}" if each.post else ""
            lines.append(safe(f"{each.written} leads nowhere{likely}"))
    lost, led = len(lines), sum(each.state == "redirect" for each in found)
    addresses = f"{len(found):,} address{'' if len(found) == 1 else 'es'}"
    pages = len(found) - lost - led
    told = f"{pages:,} lead to a page, {led:,} to a redirect, {lost:,} nowhere"
    return "\n".join([*lines, f"{addresses}: {told}"])


def old_as_json(found: "Sequence[OldAddress]") -> str:
    """Give what is at old addresses, for programs."""
    return json.dumps({"addresses": [asdict(each) for each in found]}, ensure_ascii=False)


def next_step(problems: Sequence[Problem], command: str) -> str:
    """Say what to do about problems, or "" where there are none."""
    if not problems:
        return ""
    out = len({problem.path for problem in problems if problem.left_out})
    rest = sum(not problem.left_out for problem in problems)
    told = [f"{counted(out, 'file')} left out"] if out else []
    told += [counted(rest, "warning")] if rest else []
    return f"{', '.join(told)}: mend what is listed, then run `feedpub {command}` again."


def counted(number: int, noun: str) -> str:
    """Give `1 post`, `2,000 posts`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def moment(at: datetime, zone: tzinfo) -> str:
    """Give `2025-01-30 09:00 Europe/Lisbon`."""
    return f"{in_zone(at, zone):%Y-%m-%d %H:%M} {zone}"


def _aside(summary: "Summary") -> str:
    """Give what is not published, and meant not to be."""
    told = [counted(summary.drafts, "draft")] if summary.drafts else []
    told += [f"{summary.scheduled:,} scheduled"] if summary.scheduled else []
    told += [f"{summary.ignored:,} ignored"] if summary.ignored else []
    return f"; {', '.join(told)}" if told else ""
