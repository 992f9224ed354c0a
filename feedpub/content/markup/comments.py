"""Strip Obsidian comments (`%%...%%`) and kramdown extensions (`{::comment}`) from Markdown.

`strip_comments` runs before every engine. It leaves code alone and keeps every line break, so that
line numbers in messages stay right.
"""

import re
from bisect import bisect_right

from feedpub.content.markup import fences

_TOKEN = re.compile(
    r"\\[`%{]|(?P<ticks>`++)|(?P<percent>%%)"
    r"|\{::(?P<name>comment|nomarkdown|options)\b(?P<rest>[^{}\n]*+)\}"
)
_TICKS = re.compile(r"`++")
_WORD = re.compile(r"[\w%]")
_MARGIN = 200  # characters before `%%` searched for the start of its line
_INDENTED = re.compile(r"(?:\n[ \t]*|\A)\n(?: {4}|\t)")


def strip_comments(body: str) -> str:
    """Return a body without comments, `{::options}` and the `{::nomarkdown}` markers."""
    if "%%" not in body and "{::" not in body:
        return body
    return "".join(_Dropper(body).run())


class _Dropper:
    """A single pass that cuts comments out of one text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._code = _code_ranges(text)
        self._starts = [start for start, _ in self._code]
        self._open_ticks: set[int] = set()  # backtick run lengths with no closing run ahead
        self._absent: set[str] = set()  # kramdown end tags that do not occur again
        self._blank = -1  # offset of the next empty line, which ends any code span
        self._parts: list[str] = []
        self._done = 0

    def run(self) -> list[str]:
        """Return the parts of the text that remain."""
        at = 0
        while (token := _TOKEN.search(self._text, at)) is not None:
            code_end = self._code_end(token.start())
            if code_end:
                at = code_end
            elif token["ticks"]:
                at = self._behind_code(token)
            elif token["percent"]:
                at = self._percent(token.start())
            elif token["name"]:
                at = self._element(token)
            else:
                at = token.end()
        self._parts.append(self._text[self._done :])
        return self._parts

    def _code_end(self, at: int) -> int:
        """Return the end of the code block that contains an offset, or 0."""
        number = bisect_right(self._starts, at) - 1
        if number < 0 or at >= self._code[number][1]:
            return 0
        return self._code[number][1]

    def _behind_code(self, token: re.Match[str]) -> int:
        """Return the offset after a code span, or after a backtick run that opens none."""
        length = len(token[0])
        if self._blank < token.end():
            blank = self._text.find("\n\n", token.end())
            self._blank = len(self._text) if blank < 0 else blank
            self._open_ticks.clear()
        if length not in self._open_ticks:
            for closing in _TICKS.finditer(self._text, token.end(), self._blank):
                if len(closing[0]) == length:
                    return closing.end()
            self._open_ticks.add(length)
        return token.end()

    def _percent(self, start: int) -> int:
        text = self._text
        end = text.find("%%", start + 2)
        before = text[max(0, start - _MARGIN) : start].rpartition("\n")[2]
        if end < 0 or self._code_end(end) or not _begins_comment(before):
            return start + 2
        after = text[end + 2 : end + 3]
        between = text[start + 2 : end]
        if not between.strip("%\n\t ") or _WORD.match(after):
            return start + 2
        ends_line = after in ("", "\n")
        if "\n" in between and (before.strip(" \t>") or not ends_line):
            return start + 2
        self._cut(start, end + 2)
        return end + 2

    def _element(self, token: re.Match[str]) -> int:
        if token["name"] == "options" or token["rest"].rstrip().endswith("/"):
            self._cut(*token.span())
            return token.end()
        ends = (f"{{:/{token['name']}}}", "{:/}")
        found: list[tuple[int, int]] = []
        for end in ends:
            place = -1 if end in self._absent else self._text.find(end, token.end())
            if place < 0:
                self._absent.add(end)
            else:
                found.append((place, len(end)))
        if not found:
            return token.end()
        place, length = min(found)
        if token["name"] == "comment":
            self._cut(token.start(), place + length)
        else:
            self._cut(*token.span())
            self._cut(place, place + length)
        return place + length

    def _cut(self, start: int, end: int) -> None:
        lines = "\n" * self._text.count("\n", start, end)
        self._parts += (self._text[self._done : start], lines)
        self._done = end


def _begins_comment(before: str) -> bool:
    """Return whether `%%` may open a comment: not after a word or a number (`50 %%`)."""
    return not (before and _WORD.match(before[-1])) and not before.rstrip()[-1:].isdigit()


def _code_ranges(text: str) -> list[tuple[int, int]]:
    """Return the merged (start, end) offsets of fenced code and of indented lines."""
    found: list[tuple[int, int]] = []
    if fences.has_fence(text):
        lines = text.split("\n")
        place, done = 0, 0
        for fence in fences.find_fences(lines):
            place += sum(len(line) + 1 for line in lines[done : fence.first_line])
            end = place + sum(
                len(line) + 1 for line in lines[fence.first_line : fence.last_line + 1]
            )
            found.append((place, end))
            place, done = end, fence.last_line + 1
    for indented in _INDENTED.finditer(text):
        end = text.find("\n", indented.end())
        found.append((indented.start(), len(text) if end < 0 else end))
    return _merged(sorted(found))


def _merged(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in ranges:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
