"""Parse links and link reference definitions (CommonMark 0.31, sections 4.7 and 6.3).

The parsing functions look at one offset of a text. They return what they found and where it ends,
or None.
"""

import re
from dataclasses import dataclass
from html import unescape
from html.entities import html5

_ESCAPED = re.compile(
    r"\\([!-/:-@\[-`{-~])"
    r"|(&(?:#[xX][0-9a-fA-F]{1,6}|#[0-9]{1,7}|[A-Za-z][A-Za-z0-9]{1,31});)"
)
_SPACE = re.compile(r"[ \t\n]*")
_POINTED = re.compile(r"<((?:[^<>\\\n]|\\.)*)>")
_TITLE = {
    '"': re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL),
    "'": re.compile(r"'((?:[^'\\]|\\.)*)'", re.DOTALL),
    "(": re.compile(r"\(((?:[^()\\]|\\.)*)\)", re.DOTALL),
}
_LABEL = re.compile(r"\[((?:[^\[\]\\]|\\.){0,999})\]", re.DOTALL)
_DEEPEST = 32  # nested parentheses in a destination, as in other CommonMark parsers


@dataclass(frozen=True, slots=True)
class LinkReference:
    """The URL and title of a link, with `&` escaped as in HTML."""

    url: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class InlineLink:
    """The target of an inline link, and the offset after it."""

    reference: LinkReference
    end: int


def normalize_label(label: str) -> str:
    """Return a label for comparison: case-folded, with white space collapsed."""
    return " ".join(label.split()).casefold()


def parse_inline_link(text: str, at: int) -> InlineLink | None:
    """Parse `(destination "title")` at an offset."""
    if not text.startswith("(", at):
        return None
    at = _skip(text, at + 1)
    if text.startswith(")", at):
        return InlineLink(LinkReference(""), at + 1)
    destination = _destination(text, at)
    if destination is None:
        return None
    url, at = destination
    title = ""
    begin = _skip(text, at)
    if begin > at:
        found = _title(text, begin)
        if found:
            title, begin = found
            begin = _skip(text, begin)
    if not text.startswith(")", begin):
        return None
    return InlineLink(LinkReference(_plain(url), _plain(title)), begin + 1)


def parse_link_label(text: str, at: int) -> tuple[str, int] | None:
    """Parse `[label]`, or the `[]` of a collapsed reference, at an offset."""
    found = _LABEL.match(text, at)
    return (found[1], found.end()) if found else None


def extract_definitions(text: str, known: dict[str, LinkReference]) -> str:
    """Move the definitions at the start of a paragraph to `known`; return the rest.

    The first definition of a label wins.
    """
    while text.startswith("["):
        found = _definition(text)
        if found is None:
            break
        label, reference, end = found
        known.setdefault(label, reference)
        text = text[end:].lstrip(" \t\n")
    return text


def _definition(text: str) -> tuple[str, LinkReference, int] | None:
    found = _LABEL.match(text)
    if not found or not found[1].strip() or not text.startswith(":", found.end()):
        return None
    at = _skip(text, found.end() + 1)
    if at >= len(text):
        return None
    destination = _destination(text, at)
    if destination is None:
        return None
    url, at = destination
    begin = _skip(text, at)
    title = _title(text, begin) if begin > at else None
    label = normalize_label(found[1])
    if title:
        end = _line_end(text, title[1])
        if end >= 0:
            return label, LinkReference(_plain(url), _plain(title[0])), end
    end = _line_end(text, at)
    return (label, LinkReference(_plain(url)), end) if end >= 0 else None


def _line_end(text: str, at: int) -> int:
    """Return the offset of the line end if only white space precedes it, else -1."""
    while at < len(text) and text[at] in " \t":
        at += 1
    return at if at == len(text) or text[at] == "\n" else -1


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _destination(text: str, at: int) -> tuple[str, int] | None:
    if text.startswith("<", at):
        pointed = _POINTED.match(text, at)
        return (pointed[1], pointed.end()) if pointed else None
    begin, depth = at, 0
    while at < len(text):
        character = text[at]
        if character == "\\" and text[at + 1 : at + 2] not in ("", " ", "\n"):
            at += 2
            continue
        if character in " \t\n" or character < " ":
            break
        if character == "(":
            depth += 1
            if depth > _DEEPEST:
                return None
        elif character == ")":
            if not depth:
                break
            depth -= 1
        at += 1
    if depth or at == begin:
        return None
    return text[begin:at], at


def _title(text: str, at: int) -> tuple[str, int] | None:
    pattern = _TITLE.get(text[at : at + 1])
    found = pattern.match(text, at) if pattern else None
    return (found[1], found.end()) if found else None


def _plain(text: str) -> str:
    """Resolve escapes and entities, and escape `&` as the serializer expects."""
    if "\\" in text or "&" in text:
        text = _ESCAPED.sub(_character, text)
        text = text.replace("&", "&amp;")
    return text


def _character(match: re.Match[str]) -> str:
    if match[1]:
        return match[1]
    return unescape(match[2]) if match[2][1] == "#" or match[2][1:] in html5 else match[2]
