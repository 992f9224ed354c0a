"""Statistics → a page of plots, or one SVG that holds them all."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from html import escape

from feedpub.charts import plots, style
from feedpub.charts.plots import Bar, Plot
from feedpub.readership import Sending, Statistics

_WIDE, _NARROW = 640, 300
_MARGIN = 32
_FEEDS = 12

_KEY = (
    ("good", "accepted"),
    ("bad", "failed"),
    ("rest", "waiting or in doubt"),
    ("none", "not to be mailed any more"),
)


@dataclass(frozen=True, slots=True)
class _Part:
    """One plot, and what is said of it."""

    title: str
    said: str
    draw: Callable[[int], Plot]
    has_key: bool = False


def page(one: Statistics) -> str:
    """Give a whole page of HTML."""
    title = f"{one.title}: how it is read"
    numbers = "".join(f"<dt>{label}</dt><dd>{told}</dd>" for label, told in _numbers(one))
    # A term and what it is stand together in one cell.
    cells = numbers.replace("<dt>", "<div><dt>").replace("</dd>", "</dd></div>")
    sections = "".join(map(_section, _parts(one)))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{style.page(one.accent)}</style>\n</head>\n"
        f"<body>\n<main>\n<h1>{escape(one.title)}</h1>\n<p>{_period(one)}</p>\n"
        f"<dl>{cells}</dl>\n{sections}</main>\n"
        "<footer>Made by <code>feedpub stats</code> of counts alone: of readers nothing is kept "
        "that tells one from another.</footer>\n</body>\n</html>\n"
    )


def picture(one: Statistics) -> str:
    """Give one SVG with every plot, to be shown wherever pictures are."""
    drawn, y = [], _MARGIN + 12
    for part in _parts(one):
        plot = part.draw(_WIDE)
        drawn.append(f'<text class="title" x="{_MARGIN}" y="{y + 8}">{escape(part.title)}</text>')
        drawn.append(f'<text x="{_MARGIN}" y="{y + 30}">{escape(part.said)}</text>')
        drawn.append(f'<g transform="translate({_MARGIN} {y + 48})">{plot.svg}</g>')
        y += 48 + plot.height + 56
        if part.has_key:
            drawn.append(_legend(y - 22))
            y += 44
    width, title = _WIDE + 2 * _MARGIN, escape(f"{one.title}: how it is read")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {y}" width="{width}" '
        f'height="{y}" role="img"><title>{title}</title><style>{style.plots(one.accent)}</style>'
        f'<rect width="100%" height="100%" fill="var(--paper)"/>{"".join(drawn)}</svg>\n'
    )


def _legend(y: int) -> str:
    drawn, x = [], float(_MARGIN)
    for kind, label in _KEY:
        drawn.append(f'<rect class="{kind}" x="{x:.1f}" y="{y - 9}" width="14" height="9"/>')
        drawn.append(f'<text x="{x + 20:.1f}" y="{y}">{label}</text>')
        x += 44 + 6.6 * len(label)
    return "".join(drawn)


def _section(part: _Part) -> str:
    shown = "".join(
        f'<svg class="{name}" viewBox="0 0 {plot.width} {plot.height}" role="img" '
        f'aria-label="{escape(part.title)}">{plot.svg}</svg>'
        for name, plot in (("wide", part.draw(_WIDE)), ("narrow", part.draw(_NARROW)))
    )
    key = "".join(f'<li><i class="{kind}"></i>{label}</li>' for kind, label in _KEY)
    listed = f'<ul class="key">{key}</ul>' if part.has_key else ""
    said = f"<p>{escape(part.said)}</p>"
    return f"<section>\n<h2>{escape(part.title)}</h2>\n{said}{shown}{listed}\n</section>\n"


def _parts(one: Statistics) -> Iterator[_Part]:
    """Give the plots of what there is to show."""
    first, last = (one.active[0][1], one.active[-1][1]) if one.active else (0, 0)
    change = f"{last - first:+,} since".replace("-", "−") if last != first else "as many as on"
    yield _Part(
        "People on the list",
        f"{last:,} are mailed now, {change} {_said(one.since)}.",
        lambda width: plots.line(one.active, width),
    )
    if one.feeds:
        rows = [
            Bar(each.feed, (("good", each.readers),), f"{each.readers:,}")
            for each in one.feeds[:_FEEDS]
        ]
        more = len(one.feeds) - len(rows)
        hidden = f" {more:,} more are read by fewer." if more else ""
        yield _Part(
            "Feeds by readers",
            f"At least so many, as the programs that fetch them say.{hidden}",
            lambda width: plots.bars(rows, width),
        )
    if one.issues:
        issues = [_issue(each.subject, each) for each in one.issues]
        yield _Part(
            "Issues by outcome",
            "The newest first; each bar is as long as its audience.",
            lambda width: plots.bars(issues, width),
            has_key=True,
        )
    if one.programs:
        most = [
            Bar(name, (("good", number),), f"{number:,}") for name, number in one.programs[:_FEEDS]
        ]
        yield _Part(
            "Programs by requests",
            "What fetches the feeds, by the name it gives itself.",
            lambda width: plots.bars(most, width),
        )


def _issue(subject: str, each: Sending) -> Bar:
    tally = each.tally
    parts = (
        ("good", tally.accepted),
        ("bad", tally.failed),
        ("rest", tally.waiting + tally.deferred + tally.doubt),
        ("none", tally.suppressed),
    )
    share = f"{tally.accepted:,} of {tally.audience:,}"
    return Bar(f"{each.day.day} {each.day:%b} · {subject or each.digest}", parts, share)


def _numbers(one: Statistics) -> Iterator[tuple[str, str]]:
    """Give the few numbers that somebody looks for first."""
    states = dict(one.states)
    yield "people on the list", f"{states.get('active', 0):,}"
    yield "readers of the most read feed", f"{max((e.readers for e in one.feeds), default=0):,}"
    audience = sum(each.tally.audience for each in one.issues)
    taken = sum(each.tally.accepted for each in one.issues)
    yield "messages taken", f"{100 * taken / audience:.1f} %" if audience else "none sent"


def _period(one: Statistics) -> str:
    return f"{_said(one.since)} to {_said(one.today)}"


def _said(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
