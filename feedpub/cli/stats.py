"""The command `feedpub stats`: print statistics as a table or JSON, or draw them."""

import json
import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from feedpub.cli import charts
from feedpub.cli.context import EXIT_OK, CommandContext
from feedpub.cli.output import format_columns, pluralize
from feedpub.models.stats import IssueSummary, Statistics

_SHOWN = 10  # rows per table
_BAR = 24  # characters
_WEEK = 7
_DAY = "%Y-%m-%d"


def _stats(session: CommandContext) -> int:
    arguments = session.arguments
    newsletter, request = session.app.newsletter(), session.build_request()
    found = newsletter.collect_statistics(request, arguments.days)
    for file, draw in ((arguments.html, charts.render_page), (arguments.svg, charts.render_svg)):
        if file:
            drawn = draw(found, newsletter.load_catalog(request))
            Path(file).write_text(drawn, encoding="utf-8")
            session.echo([f"Wrote {file}."])
    if arguments.json:
        session.app.stdout.write(json.dumps(_as_object(found)) + "\n")
    elif not (arguments.html or arguments.svg):
        session.echo(_table(found), always=True)
        session.echo_hint(_next(found))
    return EXIT_OK


def _next(found: Statistics) -> str:
    if found.feeds or found.issues:
        return "Next: `feedpub stats --html stats.html` draws charts."
    return "Feeds are counted while `feedpub run` serves them."


def _table(found: Statistics) -> Iterator[str]:
    """Yield the statistics as lines of text."""
    active = dict(found.states).get("active", 0)
    yield f"{found.title}, {found.since:{_DAY}} to {found.today:{_DAY}}"
    yield from _part(f"Active subscribers: {active:,}", _weekly(found))
    yield from _part(
        "Feeds by subscribers",
        [
            (f"{each.subscribers:,}", pluralize(each.requests, "request"), each.feed)
            for each in found.feeds[:_SHOWN]
        ],
    )
    yield from _part("Issues by outcome", [_outcome(each) for each in found.issues])
    yield from _part(
        "User agents by requests",
        [(f"{number:,}", name) for name, number in found.user_agents[:_SHOWN]],
    )


def _part(title: str, rows: list[tuple[str, ...]]) -> Iterator[str]:
    if rows:
        room = max(len(row[0]) for row in rows)
        yield ""
        yield title
        yield from format_columns([(row[0].rjust(room), *row[1:]) for row in rows]).split("\n")


def _weekly(found: Statistics) -> list[tuple[str, ...]]:
    """Return the number of subscribers at weekly or longer steps, with bars."""
    step = max(_WEEK, math.ceil(len(found.active) / _SHOWN))
    weeks = found.active[::-1][::step][::-1]
    most = max((number for _, number in weeks), default=0)
    return [
        (f"{number:,}", f"{day:{_DAY}}", "=" * (_BAR * number // most))
        for day, number in (weeks if most else ())
    ]


def _outcome(each: IssueSummary) -> tuple[str, ...]:
    stats = each.stats
    told = [f"{stats.accepted:,} of {stats.audience:,} accepted"]
    rest = stats.waiting + stats.deferred + stats.doubt
    parts = ((stats.failed, "failed"), (rest, "open"), (stats.suppressed, "suppressed"))
    for number, word in parts:
        told += [f"{number:,} {word}"] if number else []
    return (f"{each.day:{_DAY}}", ", ".join(told), each.subject or each.digest)


def _as_object(found: Statistics) -> dict[str, object]:
    """Return the statistics as a JSON object."""
    return {
        "since": found.since.isoformat(),
        "today": found.today.isoformat(),
        "subscribers": dict(found.states),
        "active": [{"day": day.isoformat(), "number": number} for day, number in found.active],
        "feeds": [
            {"feed": each.feed, "readers": each.subscribers, "requests": each.requests}
            for each in found.feeds
        ],
        "programs": dict(found.user_agents),
        "issues": [
            {
                "day": each.day.isoformat(),
                "digest": each.digest,
                "subject": each.subject,
                "state": each.state,
                "audience": each.stats.audience,
                "accepted": each.stats.accepted,
                "deferred": each.stats.deferred,
                "failed": each.stats.failed,
                "suppressed": each.stats.suppressed,
                "in_doubt": each.stats.doubt,
                "waiting": each.stats.waiting,
            }
            for each in found.issues
        ],
    }


COMMANDS: Mapping[str, Callable[[CommandContext], int]] = {"stats": _stats}
