"""Statistics and words → a page of plots, or one SVG that holds them all."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape

from feedpub.charts import plots, style
from feedpub.charts.plots import Bar, Plot
from feedpub.readership import IssueSummary, Statistics
from feedpub.words import Catalog, direction

_WIDE_PLOT, _NARROW_PLOT = 640, 300
_MARGIN = 32
_FEEDS = 12

_LEGEND = (("good", "accepted"), ("bad", "failed"), ("rest", "waiting"), ("none", "suppressed"))


@dataclass(frozen=True, slots=True)
class _ChartSection:
    """One plot, and what is said of it."""

    title: str
    caption: str
    draw: Callable[[int], Plot]
    has_legend: bool = False


def render_page(one: Statistics, words: Catalog) -> str:
    """Give a whole page of HTML."""
    language, title = escape(words.language), _text(words, "title", title=one.title)
    cells = "".join(
        f"<div><dt>{escape(label)}</dt><dd>{escape(told)}</dd></div>"
        for label, told in _numbers(one, words)
    )
    sections = "".join(_section(part, words) for part in _parts(one, words))
    made = escape(words.gettext("stats-made")).format(command="<code>feedpub stats</code>")
    return (
        f'<!doctype html>\n<html lang="{language}" dir="{direction(words.language)}">\n<head>\n'
        '<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{style.build_page_css(one.accent)}</style>\n</head>\n"
        f"<body>\n<main>\n<h1>{escape(one.title)}</h1>\n<p>{escape(_period(one, words))}</p>\n"
        f"<dl>{cells}</dl>\n{sections}</main>\n<footer>{made}</footer>\n</body>\n</html>\n"
    )


def render_svg(one: Statistics, words: Catalog) -> str:
    """Give one SVG with every plot, to be shown wherever pictures are."""
    drawn, y = [], _MARGIN + 12
    for part in _parts(one, words):
        plot = part.draw(_WIDE_PLOT)
        drawn.append(f'<text class="title" x="{_MARGIN}" y="{y + 8}">{escape(part.title)}</text>')
        drawn.append(f'<text x="{_MARGIN}" y="{y + 30}">{escape(part.caption)}</text>')
        drawn.append(f'<g transform="translate({_MARGIN} {y + 48})">{plot.svg}</g>')
        y += 48 + plot.height + 56
        if part.has_legend:
            drawn.append(_legend(y - 22, words))
            y += 44
    width, title = _WIDE_PLOT + 2 * _MARGIN, escape(_text(words, "title", title=one.title))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xml:lang="{escape(words.language)}" '
        f'viewBox="0 0 {width} {y}" width="{width}" height="{y}" role="img">'
        f"<title>{title}</title><style>{style.build_plot_css(one.accent)}</style>"
        f'<rect width="100%" height="100%" fill="var(--paper)"/>{"".join(drawn)}</svg>\n'
    )


def _legend(y: int, words: Catalog) -> str:
    drawn, x = [], float(_MARGIN)
    for kind, key in _LEGEND:
        label = _text(words, key)
        drawn.append(f'<rect class="{kind}" x="{x:.1f}" y="{y - 9}" width="14" height="9"/>')
        drawn.append(f'<text x="{x + 20:.1f}" y="{y}">{escape(label)}</text>')
        x += 44 + plots.measure_text(label)
    return "".join(drawn)


def _section(part: _ChartSection, words: Catalog) -> str:
    shown = "".join(
        f'<svg class="{name}" viewBox="0 0 {plot.width} {plot.height}" role="img" '
        f'aria-label="{escape(part.title)}">{plot.svg}</svg>'
        for name, plot in (("wide", part.draw(_WIDE_PLOT)), ("narrow", part.draw(_NARROW_PLOT)))
    )
    key = "".join(
        f'<li><i class="{kind}"></i>{escape(_text(words, name))}</li>' for kind, name in _LEGEND
    )
    listed = f'<ul class="key">{key}</ul>' if part.has_legend else ""
    said = f"<p>{escape(part.caption)}</p>"
    return f"<section>\n<h2>{escape(part.title)}</h2>\n{said}{shown}{listed}\n</section>\n"


def _parts(one: Statistics, words: Catalog) -> Iterator[_ChartSection]:
    """Give the plots of what there is to show."""

    def part(
        key: str, said: str, draw: Callable[[int], Plot], *, has_key: bool = False
    ) -> _ChartSection:
        return _ChartSection(_text(words, key), said, draw, has_key)

    yield part("people", _people(one, words), lambda width: _line(one, words, width))
    if one.feeds:
        rows = [_readers(each.feed, each.subscribers) for each in one.feeds[:_FEEDS]]
        more = len(one.feeds) - len(rows)
        said = _text(words, "feeds-more" if more else "feeds-text", number=f"{more:,}")
        yield part("feeds", said, lambda width: plots.draw_bars(rows, width))
    if one.issues:
        issues = [_issue(each, words) for each in one.issues]
        said = _text(words, "issues-text")
        yield part("issues", said, lambda width: plots.draw_bars(issues, width), has_key=True)
    if one.user_agents:
        most = [_readers(name, number) for name, number in one.user_agents[:_FEEDS]]
        said = _text(words, "programs-text")
        yield part("programs", said, lambda width: plots.draw_bars(most, width))


def _people(one: Statistics, words: Catalog) -> str:
    first, last = (one.active[0][1], one.active[-1][1]) if one.active else (0, 0)
    key = "people-text" if last != first else "people-same"
    change = f"{last - first:+,}".replace("-", "−")
    since = words.format_date(one.since)
    return _text(words, key, number=f"{last:,}", change=change, since=since)


def _line(one: Statistics, words: Catalog, width: int) -> Plot:
    return plots.draw_line(
        one.active, width, lambda day, has_year: words.format_date(day, year=has_year)
    )


def _readers(label: str, number: int) -> Bar:
    return Bar(label, (("good", number),), f"{number:,}")


def _issue(each: IssueSummary, words: Catalog) -> Bar:
    tally = each.stats
    parts = (
        ("good", tally.accepted),
        ("bad", tally.failed),
        ("rest", tally.waiting + tally.deferred + tally.doubt),
        ("none", tally.suppressed),
    )
    share = _text(words, "share", taken=f"{tally.accepted:,}", all=f"{tally.audience:,}")
    day = words.format_date(each.day, year=False)
    return Bar(f"{day} · {each.subject or each.digest}", parts, share)


def _numbers(one: Statistics, words: Catalog) -> Iterator[tuple[str, str]]:
    """Give the few numbers that somebody looks for first."""
    active = dict(one.states).get("active", 0)
    audience = sum(each.stats.audience for each in one.issues)
    taken = sum(each.stats.accepted for each in one.issues)
    share = f"{100 * taken / audience:.1f}%" if audience else _text(words, "none")
    yield _text(words, "list"), f"{active:,}"
    yield _text(words, "most"), f"{max((each.subscribers for each in one.feeds), default=0):,}"
    yield _text(words, "taken"), share


def _period(one: Statistics, words: Catalog) -> str:
    return _text(
        words, "period", since=words.format_date(one.since), today=words.format_date(one.today)
    )


def _text(words: Catalog, key: str, **values: str) -> str:
    return words.gettext(f"stats-{key}").format(**values)
