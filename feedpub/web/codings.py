"""Accept-Encoding → the codings in which a client wants an answer, the best one first."""

import re
from collections.abc import Mapping

SUFFIXES: Mapping[str, str] = {"br": ".br", "gzip": ".gz"}
"""Coding → what the compressed file is called beside the plain one; the smaller one first."""

_ITEM = re.compile(
    r"\s*([!#$%&'*+.^_`|~0-9a-z-]+)\s*(?:;\s*q\s*=\s*(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?))?\s*"
)
_ALIASES = {"x-gzip": "gzip"}


def accepted(header: str) -> tuple[str, ...]:
    """Give the codings of SUFFIXES that are welcome, and more so than none at all.

    What cannot be understood counts for nothing (RFC 9110 section 12.5.3).
    """
    weights: dict[str, float] = {}
    for item in header.lower().split(","):
        found = _ITEM.fullmatch(item)
        if found:
            weights[_ALIASES.get(found[1], found[1])] = float(found[2] or 1)
    plain = weights.get("identity", 0.0)
    others = weights.get("*", 0.0)
    welcome = [
        (-weight, place, coding)
        for place, coding in enumerate(SUFFIXES)
        if (weight := weights.get(coding, others)) > 0 and weight >= plain
    ]
    return tuple(coding for *_, coding in sorted(welcome))
