"""Render statistics as an HTML page or a single SVG, both self-contained.

`render_page` and `render_svg` are the entry points, called by `feedpub stats`. Colours are CSS
classes derived from the site's accent colour, in light and dark.
"""

import math
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

from feedpub.models.stats import IssueSummary, Statistics
from feedpub.site.colour import blend, ensure_contrast
from feedpub.site.i18n import Catalog, direction

_LINE = 22  # line height, in pixels like all sizes here
_ROW = 46  # height of a bar with the label above it
_BAR = 10
_EM = 13.0  # font size
_NARROW = 0.56  # em per letter; wide characters take a whole em
_TALL = 220  # height of a line plot
_STEPS = 4  # grid lines at most, without the axis

DateFormatter = Callable[[date, bool], str]
"""Formats a date, with its year or without."""


@dataclass(frozen=True, slots=True)
class Plot:
    """An SVG fragment and its size in pixels."""

    svg: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its label, and its segments as (class, number)."""

    label: str
    segments: tuple[tuple[str, int], ...]
    value_label: str  # shown at the other end of the label's line


def draw_line(points: Sequence[tuple[date, int]], width: int, dated: DateFormatter) -> Plot:
    """Draw a number per day as a line, with the area below it shaded."""
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
    """Draw horizontal bars below each other, scaled to the largest."""
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
    """Draw a horizontal line at each step of the scale."""
    step = _step(top)
    for number in range(0, top + 1, step):
        y = floor - (floor - ceiling) * number / top
        kind = "axis" if number == 0 else "grid"
        yield f'<path class="{kind}" d="M{left:.1f} {y:.1f}H{right}"/>'
        yield f'<text class="told end" x="{left - 8:.1f}" y="{y + 4.5:.1f}">{number:,}</text>'


def _draw_date_labels(
    points: Sequence[tuple[date, int]], left: float, step: float, width: int, dated: DateFormatter
) -> Iterator[str]:
    """Label some of the days below a line, always the first and the last."""
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
    """Return the end of a scale: the smallest multiple of its step that holds the maximum."""
    step = _step(most)
    return max(math.ceil(most / step) * step, step)


def _step(most: int) -> int:
    """Return 1, 2 or 5 times a power of ten, so that at most _STEPS of them reach the maximum."""
    size = 1
    while True:
        for times in (1, 2, 5):
            if most <= _STEPS * times * size:
                return times * size
        size *= 10


def measure_text(text: str) -> float:
    """Return the approximate width of a text in pixels."""
    return sum(_EM * _wide(each) for each in text)


def _wide(character: str) -> float:
    return 1.0 if unicodedata.east_asian_width(character) in "WF" else _NARROW


def _truncate(text: str, room: float) -> str:
    """Return a text as HTML, shortened with an ellipsis if it is too wide."""
    clean = "".join(each if each.isprintable() else " " for each in text)
    if measure_text(clean) <= room:
        return escape(clean)
    while clean and measure_text(clean) + _EM > room:
        clean = clean[:-1]
    return f"{escape(clean.rstrip())}…"


_LIGHT, _DARK = "#fdfdfc", "#17181a"
_INK, _CHALK = "#1c1d1f", "#e6e5e2"
_WRONG, _AWAY = "#c0282e", "#b0761a"

_PLOTS = """
svg{direction:ltr}
text{fill:var(--soft);font:13px var(--sans);font-variant-numeric:tabular-nums;
unicode-bidi:plaintext}
.name{fill:var(--text)}.end{text-anchor:end}.middle{text-anchor:middle}
.title{fill:var(--text);font:700 19px var(--serif)}
.grid,.axis{fill:none;stroke:var(--line);stroke-width:1}.grid{stroke-dasharray:1 5;
stroke-linecap:round}
.line{fill:none;stroke:var(--accent);stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
.area{fill:var(--accent);opacity:.1}.dot{fill:var(--accent);stroke:var(--paper);stroke-width:2}
.track{fill:var(--wash)}.good{fill:var(--accent)}.bad{fill:var(--wrong)}.rest{fill:var(--away)}
.none{fill:var(--quiet)}
"""

_PAGE = """
*{box-sizing:border-box}
html{font-size:112.5%;-webkit-text-size-adjust:100%}
body{margin:0 auto;padding:2.5rem clamp(1rem,5vw,2.25rem) 4rem;max-width:44.5rem;
background:var(--paper);color:var(--text);font-family:var(--serif);line-height:1.5}
h1{font-size:1.9rem;line-height:1.2;letter-spacing:-.012em;margin:0;text-wrap:balance}
h2{font-size:1.2rem;line-height:1.3;margin:0 0 1rem}
p{margin:0;color:var(--soft)}
section{margin-block-start:2.75rem}
section>p{margin-block:-.75rem 1rem;font-size:.89rem;text-wrap:pretty}
dl>div{display:flex;flex-direction:column;justify-content:flex-end}
dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(7.5rem,1fr));gap:1rem 1.5rem;
margin:2rem 0 0;padding:1.25rem 0;border-block:1px solid var(--line)}
dt{font:.78rem/1.4 var(--sans);color:var(--soft)}
dd{margin:0;font-size:1.6rem;line-height:1.25;font-weight:700;
font-variant-numeric:lining-nums tabular-nums}
svg{display:block;inline-size:100%;block-size:auto;overflow:visible}
.narrow{display:none}
.key{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;margin:1rem 0 0;padding:0;list-style:none;
font:.78rem/1.5 var(--sans);color:var(--soft)}
.key i{display:inline-block;inline-size:.75rem;block-size:.5rem;margin-inline-end:.4rem}
i.good{background:var(--accent)}i.bad{background:var(--wrong)}i.rest{background:var(--away)}
i.none{background:var(--quiet)}
footer{margin-block-start:3.5rem;font:.78rem/1.5 var(--sans);color:var(--soft)}
@media (max-width:36rem){.wide{display:none}.narrow{display:block}h1{font-size:1.6rem}}
@media print{:root{color-scheme:light}body{padding:0}section{break-inside:avoid}}
"""


def build_plot_css(accent: str) -> str:
    """Return the CSS of the plots."""
    light = _scheme(accent, _LIGHT, _INK, 0.045)
    dark = _scheme(accent, _DARK, _CHALK, 0.08)
    fonts = (
        '--serif:Charter,"Bitstream Charter","Iowan Old Style","Noto Serif",Georgia,serif;'
        '--sans:system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",Arial,sans-serif;'
    )
    queried = f"@media (prefers-color-scheme:dark){{:root{{{dark}}}}}"
    wide = ":lang(zh),:lang(ja),:lang(ko),:lang(ar){--serif:var(--sans)}"
    return f":root{{color-scheme:light dark;{light}{fonts}}}{wide}{queried}{_PLOTS}"


def build_page_css(accent: str) -> str:
    """Return the CSS of the page, including that of the plots."""
    return build_plot_css(accent) + _PAGE


def _scheme(accent: str, paper: str, text: str, faint: float) -> str:
    colours = {
        "paper": paper,
        "text": text,
        "soft": ensure_contrast("#6f7278", paper, 7),
        "accent": ensure_contrast(accent, paper, 4.5),
        "wrong": ensure_contrast(_WRONG, paper, 4.5),
        "away": ensure_contrast(_AWAY, paper, 3),
        "quiet": blend(text, paper, 0.42),
        "wash": blend(text, paper, faint),
        "line": blend(text, paper, 0.18),
    }
    return "".join(f"--{name}:{value};" for name, value in colours.items())


_WIDE_PLOT, _NARROW_PLOT = 640, 300
_MARGIN = 32
_FEEDS = 12

_LEGEND = (("good", "accepted"), ("bad", "failed"), ("rest", "waiting"), ("none", "suppressed"))


@dataclass(frozen=True, slots=True)
class _ChartSection:
    """One plot with its title and caption."""

    title: str
    caption: str
    draw: Callable[[int], Plot]
    has_legend: bool = False


def render_page(one: Statistics, words: Catalog) -> str:
    """Render the statistics as a complete HTML page."""
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
        f"<title>{escape(title)}</title>\n<style>{build_page_css(one.accent)}</style>\n</head>\n"
        f"<body>\n<main>\n<h1>{escape(one.title)}</h1>\n<p>{escape(_period(one, words))}</p>\n"
        f"<dl>{cells}</dl>\n{sections}</main>\n<footer>{made}</footer>\n</body>\n</html>\n"
    )


def render_svg(one: Statistics, words: Catalog) -> str:
    """Render all plots as one SVG image."""
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
        f"<title>{title}</title><style>{build_plot_css(one.accent)}</style>"
        f'<rect width="100%" height="100%" fill="var(--paper)"/>{"".join(drawn)}</svg>\n'
    )


def _legend(y: int, words: Catalog) -> str:
    drawn, x = [], float(_MARGIN)
    for kind, key in _LEGEND:
        label = _text(words, key)
        drawn.append(f'<rect class="{kind}" x="{x:.1f}" y="{y - 9}" width="14" height="9"/>')
        drawn.append(f'<text x="{x + 20:.1f}" y="{y}">{escape(label)}</text>')
        x += 44 + measure_text(label)
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
    """Yield the sections for which there is data."""

    def part(
        key: str, said: str, draw: Callable[[int], Plot], *, has_key: bool = False
    ) -> _ChartSection:
        return _ChartSection(_text(words, key), said, draw, has_key)

    yield part("people", _people(one, words), lambda width: _line(one, words, width))
    if one.feeds:
        rows = [_readers(each.feed, each.subscribers) for each in one.feeds[:_FEEDS]]
        more = len(one.feeds) - len(rows)
        said = _text(words, "feeds-more" if more else "feeds-text", number=f"{more:,}")
        yield part("feeds", said, lambda width: draw_bars(rows, width))
    if one.issues:
        issues = [_issue(each, words) for each in one.issues]
        said = _text(words, "issues-text")
        yield part("issues", said, lambda width: draw_bars(issues, width), has_key=True)
    if one.user_agents:
        most = [_readers(name, number) for name, number in one.user_agents[:_FEEDS]]
        said = _text(words, "programs-text")
        yield part("programs", said, lambda width: draw_bars(most, width))


def _people(one: Statistics, words: Catalog) -> str:
    first, last = (one.active[0][1], one.active[-1][1]) if one.active else (0, 0)
    key = "people-text" if last != first else "people-same"
    change = f"{last - first:+,}".replace("-", "−")
    since = words.format_date(one.since)
    return _text(words, key, number=f"{last:,}", change=change, since=since)


def _line(one: Statistics, words: Catalog, width: int) -> Plot:
    return draw_line(one.active, width, lambda day, has_year: words.format_date(day, year=has_year))


def _readers(label: str, number: int) -> Bar:
    return Bar(label, (("good", number),), f"{number:,}")


def _issue(each: IssueSummary, words: Catalog) -> Bar:
    stats = each.stats
    parts = (
        ("good", stats.accepted),
        ("bad", stats.failed),
        ("rest", stats.waiting + stats.deferred + stats.doubt),
        ("none", stats.suppressed),
    )
    share = _text(words, "share", taken=f"{stats.accepted:,}", all=f"{stats.audience:,}")
    day = words.format_date(each.day, year=False)
    return Bar(f"{day} · {each.subject or each.digest}", parts, share)


def _numbers(one: Statistics, words: Catalog) -> Iterator[tuple[str, str]]:
    """Yield the key figures as (label, value)."""
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
