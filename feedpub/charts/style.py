"""The site's accent → the style of plots and of the page around them, light and dark."""

from feedpub.colour import blend, ensure_contrast

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
    """Give the style of plots."""
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
    """Give the style of the page as well."""
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
