"""Adjust a colour's lightness until it is readable on a background; see `ensure_contrast`.

Lightness changes in OKLab (https://bottosson.github.io/posts/oklab/), which keeps the hue.
Contrast is the WCAG 2.2 ratio (section 1.4.3), from 1 to 21.
"""

import re

HEX_COLOUR = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE)
BISECTION_STEPS = 9
"""Precision of the search: 1/512 of the lightness range, less than is visible."""

_STRAIGHT = 0.0031308
_SHOWN = 0.5005  # distance from 0.5 within which a channel can be displayed

Triple = tuple[float, float, float]


def contrast_ratio(one: str, other: str) -> float:
    """Return the WCAG contrast ratio of two colours, 1 to 21.

    Raises:
        ValueError: A colour is not written as `#rgb` or `#rrggbb`.
    """
    darker, lighter = sorted((_luminance(_linear(one)), _luminance(_linear(other))))
    return (lighter + 0.05) / (darker + 0.05)


def ensure_contrast(colour: str, ground: str, ratio: float) -> str:
    """Return a colour of the same hue, changed as little as possible, with at least that contrast.

    It gets darker on a light background and lighter on a dark one. If even black or white has too
    little contrast, that is returned.

    Raises:
        ValueError: A colour is not written as `#rgb` or `#rrggbb`.
    """
    if contrast_ratio(colour, ground) >= ratio:
        return _hex(_linear(colour))
    extreme = max("#000000", "#ffffff", key=lambda end: contrast_ratio(end, ground))
    lightness, a, b = _oklab(_linear(colour))
    too_near, best, answer = lightness, 0.0 if extreme == "#000000" else 1.0, extreme
    for _ in range(BISECTION_STEPS):
        tried = (too_near + best) / 2
        found = _hex(_within_gamut(tried, a, b))
        if contrast_ratio(found, ground) >= ratio:
            best, answer = tried, found
        else:
            too_near = tried
    return answer


def blend(colour: str, ground: str, share: float) -> str:
    """Return `ground` with a share (0 to 1) of `colour`, mixed in sRGB as screens do.

    Raises:
        ValueError: A colour is not written as `#rgb` or `#rrggbb`.
    """
    pairs = zip(_channels(colour), _channels(ground), strict=True)
    return "#" + "".join(f"{round(c * share + g * (1 - share)):02x}" for c, g in pairs)


def _channels(colour: str) -> tuple[int, int, int]:
    if not HEX_COLOUR.fullmatch(colour):
        raise ValueError(f'"{colour}" is not a colour like "#1a5fb4"')
    digits = colour[1:] if len(colour) == len("#rrggbb") else "".join(d * 2 for d in colour[1:])
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)


def _linear(colour: str) -> Triple:
    red, green, blue = (_decoded(channel / 255) for channel in _channels(colour))
    return red, green, blue


def _decoded(value: float) -> float:
    """Decode the sRGB transfer curve (IEC 61966-2-1): linear near 0, then a power."""
    return value / 12.92 if value <= _STRAIGHT * 12.92 else ((value + 0.055) / 1.055) ** 2.4


def _encoded(value: float) -> float:
    return value * 12.92 if value <= _STRAIGHT else 1.055 * value ** (1 / 2.4) - 0.055


def _hex(linear: Triple) -> str:
    clipped = (min(max(value, 0.0), 1.0) for value in linear)
    return "#" + "".join(f"{round(_encoded(value) * 255):02x}" for value in clipped)


def _luminance(linear: Triple) -> float:
    red, green, blue = linear
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _oklab(linear: Triple) -> Triple:
    red, green, blue = linear
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    medium = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )


def _of_oklab(lightness: float, a: float, b: float) -> Triple:
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def _within_gamut(lightness: float, a: float, b: float) -> Triple:
    """Return a displayable colour, reducing chroma and keeping the hue."""
    for step in range(20, 0, -1):
        linear = _of_oklab(lightness, a * step / 20, b * step / 20)
        if all(abs(value - 0.5) <= _SHOWN for value in linear):
            return linear
    return (lightness**3,) * 3
