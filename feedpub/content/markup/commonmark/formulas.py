r"""Find where TeX ends: `$...$` as pandoc delimits it, `$$...$$`, `\(...\)` and `\[...\]`."""

import re
from collections.abc import Callable, Sequence

from feedpub.content.markup import fences

NO_FORMULA, NO_MORE_CLOSERS = -1, -2

_TEX = re.compile(r"\\[A-Za-z]|[\^={}<>+]|_[{\w]")  # what tells a formula from words in brackets


def find_formula_end(text: str, closing: str, begin: int) -> int:
    """Return where the signs stand that close a formula which begins at a place.

    NOT_HERE says that what begins there is no formula, NEVER that the signs do not come any more.
    """
    if closing == "$" and (not text[begin : begin + 1].strip() or text[begin] == "`"):
        return NO_FORMULA
    end = text.find(closing, begin)
    while end >= 0:
        content = text[begin:end]
        if closing == "$$":
            return end
        if closing != "$":
            return end if _TEX.search(content) else NO_FORMULA
        following = text[end + 1 : end + 2]
        if content and content[-1] not in " \t\n\\" and not following.isdigit():
            return end
        end = text.find(closing, end + 1)
    return NO_MORE_CLOSERS


# Formulas of several lines

_LONGEST = 200  # lines
_MARGIN = " \t>"
_SPAN = re.compile(r"`[^`]*+`")
_FENCE = ("```", "~~~")


def get_text_after_formula(line: str) -> str:
    """Return what stands behind the formula that ends on a line."""
    ends = [line.find(sign) + len(sign) for sign in ("$$", "\\]") if sign in line]
    return line[min(ends) :] if ends else ""


def find_last_line(line: str, lines: Sequence[str], following: int) -> int:
    """Return the number of the line on which a formula ends that a line leaves open, else -1.

    A formula may hold an empty line only where it begins with a line of its own.
    """
    bare = _SPAN.sub("", line)
    if bare.count("$$") % 2:
        closing = "$$"
    elif bare.lstrip().startswith("\\[") and "\\]" not in bare:
        closing = "\\]"
    else:
        return -1
    is_alone = bare.strip() in ("$$", "\\[")
    for number in range(following, min(following + _LONGEST, len(lines))):
        text = lines[number].strip(_MARGIN)
        if closing in text:
            return number
        if text.startswith(_FENCE) or not (text or is_alone):
            break
    return -1


def _unquoted(line: str, depth: int) -> str:
    """Return a line without the signs of the quotations that it stands in."""
    for _ in range(depth):
        line = line.lstrip(" \t").removeprefix(">")
    return line.strip(" \t")


class FormulaStash:
    """The formulas of one text, taken out of it while an engine reads it that would damage them."""

    _BEGIN, _END = "\ufdd4", "\ufdd5"  # noncharacters, which no post can hold
    _HELD = re.compile("\ufdd4(\\d{1,9})\ufdd5")

    def __init__(self, signs: Sequence[str]) -> None:
        """Take the signs that formulas within a paragraph begin with."""
        self._formulas: list[str] = []
        self._begin = re.compile("|".join(re.escape(sign) for sign in signs))

    def stash(self, body: str) -> str:
        """Put something in the place of each formula outside of fenced code."""
        if "$" not in body and "\\" not in body:
            return body
        lines = body.split("\n")
        written: list[str] = []
        done = 0
        for fence in (*fences.find_fences(lines), None):
            first = fence.first_line if fence else len(lines)
            written.append(self._inline("\n".join(self._display(lines[done:first]))))
            if fence:
                written.append("\n".join(lines[fence.first_line : fence.last_line + 1]))
                done = fence.last_line + 1
        return "\n".join(written)

    def unstash(self, html: str, write: Callable[[str], str]) -> str:
        """Put the formulas back, each as `write` makes it."""
        if not self._formulas:
            return html

        def held(match: re.Match[str]) -> str:
            number = int(match[1])
            return write(self._formulas[number]) if number < len(self._formulas) else ""

        return self._HELD.sub(held, html)

    def _hold(self, formula: str) -> str:
        self._formulas.append(formula)
        return f"{self._BEGIN}{len(self._formulas) - 1}{self._END}"

    def _display(self, lines: Sequence[str]) -> list[str]:
        """Hold the formulas that have lines of their own."""
        written: list[str] = []
        at = 0
        while at < len(lines):
            line = lines[at]
            text = line.strip(_MARGIN)
            last = find_last_line(text, lines, at + 1) if text.startswith(("$$", "\\[")) else -1
            if last < 0 or not lines[last].rstrip().endswith(("$$", "\\]")):
                written.append(line)
                at += 1
                continue
            margin = line[: len(line) - len(line.lstrip(_MARGIN))]
            quoted = margin.count(">")
            more = (_unquoted(each, quoted) for each in lines[at + 1 : last + 1])
            formula = "\n".join([text, *more])
            written.append(margin + self._hold(formula))
            at = last + 1
        return written

    def _inline(self, text: str) -> str:
        """Hold the formulas that stand within a paragraph."""
        parts: list[str] = []
        done = at = 0
        never: set[str] = set()
        while (found := self._begin.search(text, at)) is not None:
            sign, at = found[0], found.end()
            closing = {"\\(": "\\)", "\\[": "\\]"}.get(sign, sign)
            end = NO_MORE_CLOSERS if closing in never else find_formula_end(text, closing, at)
            if end == NO_MORE_CLOSERS:
                never.add(closing)
            formula = text[found.start() : end + len(closing)]
            if end < 0 or "`" in formula or "\n\n" in formula:
                continue
            at = end + len(closing)
            parts += (text[done : found.start()], self._hold(formula))
            done = at
        return "".join((*parts, text[done:]))
