"""Convert TeX formulas to MathML with latex2mathml, and back.

The MathML carries its TeX as an annotation, so that `replace_mathml_with_tex` can restore the TeX
for feeds and mail.
"""

import re
from html import escape

_SIGNS = (("$$", "$$", True), ("\\[", "\\]", True), ("\\(", "\\)", False), ("$", "$", False))
# Environments that latex2mathml supports only as `align`.
_ENVIRONMENT = re.compile(r"\\(begin|end)\{(aligned|alignedat|gathered|split|gather|multline)\}")
_MATH = re.compile(r'^<math xmlns="[^"]*" display="\w+">(.*)</math>$', re.DOTALL)
_UNKNOWN = re.compile(r"<m[io][^<>]*>(\\[A-Za-z]+)</m[io]>")
_LONGEST = 4000  # characters of a formula
_RENDERED_FORMULA = re.compile(
    r"<math [^<>]*><semantics>(?:(?!<annotation|</math>).)*+"
    r'<annotation encoding="application/x-tex">([^<]*+)</annotation></semantics></math>',
    re.DOTALL,
)


def render_formula(formula: str) -> str:
    """Return MathML for a delimited formula, or its escaped text if it cannot be converted."""
    opening, closing, is_display = next(
        signs for signs in _SIGNS if formula.startswith(signs[0]) and formula.endswith(signs[1])
    )
    tex = formula[len(opening) : -len(closing)].strip()
    written = escape(formula, quote=False)
    inner = _converted(tex) if tex and len(tex) <= _LONGEST else ""
    if not inner:
        return written
    display = "block" if is_display else "inline"
    return (
        f'<math xmlns="http://www.w3.org/1998/Math/MathML" display="{display}"><semantics>{inner}'
        f'<annotation encoding="application/x-tex">{written}</annotation></semantics></math>'
    )


def replace_mathml_with_tex(html: str) -> str:
    """Replace each formula's MathML in sanitised HTML with its TeX."""
    return _RENDERED_FORMULA.sub(r"\1", html) if "<annotation" in html else html


def _converted(tex: str) -> str:
    """Return the content of `<math>`, or "" if the TeX cannot be converted."""
    from latex2mathml.converter import convert  # noqa: PLC0415  # few sites have formulas

    try:
        whole = convert(_ENVIRONMENT.sub(r"\\\1{align}", tex))
    except Exception:  # noqa: BLE001  # bad TeX raises anything, even IndexError
        return ""
    found = _MATH.match(whole)
    return "" if found is None or _UNKNOWN.search(whole) else found[1]
