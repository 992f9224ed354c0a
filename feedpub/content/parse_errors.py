"""Explain parser errors in front matter: the header line, and what the author can do."""

import re
from dataclasses import dataclass

_TOML_LINE = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)")
# A key followed by a lookalike of ": " or "="; Option-Space on a Mac types a no-break space.
_KEY = r"""[ \t]*(?:- )?["']?[A-Za-z][A-Za-z0-9_-]{0,60}["']?[ \t]*"""
_LOOKS_LIKE_SPACE = "\u00a0\u2000-\u200b\u202f\u205f\u2060\u3000\ufeff"
_NO_SPACE = re.compile(rf"{_KEY}:([{_LOOKS_LIKE_SPACE}])")
_WIDE = re.compile(rf"{_KEY}([\uff1a\uff1d\ufe55])")
_SPACES = {
    "\u00a0": "a no-break space",
    "\u202f": "a narrow no-break space",
    "\u200b": "a zero-width space",
    "\u2060": "a word joiner",
    "\u3000": "an ideographic space",
    "\ufeff": "a byte order mark",
}
_QUOTE = "put the whole value in quotes"
_CODE = "in YAML a backslash in double quotes starts an escape: use single quotes"
# Part of LibYAML's message, whether to report the line where the construct began, our message.
_YAML_ERRORS = (
    ("nesting depth", False, "the front matter is nested too deeply"),
    ("tab character", False, "a tab where YAML needs spaces"),
    ("mapping values", False, f'a value contains ": ", which starts a key in YAML: {_QUOTE}'),
    ("start any token", False, f'in YAML a value cannot start with "{{at}}": {_QUOTE}'),
    ("block sequence entries", False, f'in YAML a value cannot start with "- ": {_QUOTE}'),
    ("alias", False, f'in YAML a value cannot start with "*": {_QUOTE}'),
    ("an anchor", False, f'in YAML a value cannot start with "&": {_QUOTE}'),
    ("hexdecimal", False, _CODE),  # LibYAML's own spelling
    ("escape", False, _CODE),
    ("quoted scalar", True, "a quotation mark opened here is never closed"),
    ("flow", True, "a bracket opened here is not closed, or a comma is missing"),
    ("simple key", True, 'this line is not "key: value"'),
    (
        "did not find expected",
        False,
        "neither a key nor part of a value: put a value with quotes or brackets in quotes",
    ),
    ("", False, "invalid YAML: {problem}"),
)


@dataclass(frozen=True, slots=True)
class ErrorPosition:
    """The position of a YAML error, 0-based in the header."""

    line: int = 0
    column: int = 0
    start_line: int = 0  # the line where the failing construct began


def describe_unterminated(fence: str) -> str:
    """Return the message for a missing closing delimiter."""
    return f'unterminated front matter: put a line "{fence}" below its last key'


def describe_yaml_error(
    problem: str, context: str, spot: ErrorPosition, header: str
) -> tuple[int, str]:
    """Return the 0-based header line of a YAML error, and how to fix it."""
    lines = header.split("\n")
    # An error at the end of the header is reported on an empty line after the last one.
    line = min(spot.line, max(len(lines) - 2, 0))
    at = lines[line][spot.column : spot.column + 1] if line == spot.line else ""
    told = "tab character" if at == "\t" else f"{context}: {problem}"
    begun, message = next((begun, message) for said, begun, message in _YAML_ERRORS if said in told)
    return spot.start_line if begun else line, message.format(at=at, problem=problem)


def find_lookalike_character(header: str, form: str) -> tuple[int, str] | None:
    """Find the first line with a character that only resembles the format's own syntax.

    Return the 0-based header line and a message, or None.
    """
    for number, line in enumerate(header.split("\n")):
        if found := _WIDE.match(line):
            wanted = "=" if found[1] == "\uff1d" or form == "TOML" else ":"
            return number, f'"{found[1]}" where {form} needs "{wanted}" and a space: replace it'
        if found := _NO_SPACE.match(line):
            named = f"{_SPACES.get(found[1], 'an unusual space')} (U+{ord(found[1]):04X})"
            return number, f"{named} where {form} needs a plain space: retype it"
    return None


def describe_json_error(problem: str) -> str:
    """Return the message for a JSON error."""
    if problem.startswith(("Invalid control", "Unterminated")):
        return "invalid JSON: a quotation mark is never closed"
    return f"invalid JSON: {problem[:1].lower()}{problem[1:]}"


def describe_toml_error(problem: str) -> tuple[int, str]:
    """Return the 0-based line named by a tomllib message, and a message of our own."""
    found = _TOML_LINE.search(problem)
    line = int(found[1]) - 1 if found and found[1] else 0
    bare = _TOML_LINE.sub("", problem)
    if "integer string conversion" in bare:
        bare = "A number has too many digits"
    help_ = " (strings need quotes, lists brackets)" if "Invalid value" in bare else ""
    return line, f"invalid TOML: {bare[:1].lower()}{bare[1:]}{help_}"
