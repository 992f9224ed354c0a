"""What came of a command → the lines people read, or the object scripts read."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from feedpub.cli.terminal import Style, Terminal, escape
from feedpub.model import Problem
from feedpub.times import to_timezone

if TYPE_CHECKING:
    from feedpub.publish import Summary
    from feedpub.publish.comparing import OldUrl

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
