r"""Find TeX formulas: `$...$` as delimited by pandoc, `$$...$$`, `\(...\)` and `\[...\]`.

The CommonMark parser uses `find_formula_end` and `find_last_line`; engines whose own parser would
change the TeX take formulas out first with `FormulaStash`.
"""

import re
from collections.abc import Callable, Sequence

from feedpub.content.markup import fences

NO_FORMULA, NO_MORE_CLOSERS = -1, -2

_TEX = re.compile(r"\\[A-Za-z]|[\^={}<>+]|_[{\w]")  # TeX, not escaped brackets around words


def find_formula_end(text: str, closing: str, begin: int) -> int:
    """Return the offset of the closing delimiter of a formula whose content starts at `begin`.

    Return NO_FORMULA if the content is not TeX, NO_MORE_CLOSERS if no delimiter follows.
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
        describer = text[end + 1 : end + 2]
        if content and content[-1] not in " \t\n\\" and not describer.isdigit():
            return end
        end = text.find(closing, end + 1)
    return NO_MORE_CLOSERS


# Formulas that span several lines

_LONGEST = 200  # lines
_MARGIN = " \t>"
_SPAN = re.compile(r"`[^`]*+`")
_FENCE = ("```", "~~~")


def get_text_after_formula(line: str) -> str:
    """Return the text after the formula that ends on a line."""
    ends = [line.find(sign) + len(sign) for sign in ("$$", "\\]") if sign in line]
    return line[min(ends) :] if ends else ""


def find_last_line(line: str, lines: Sequence[str], describer: int) -> int:
    """Return the number of the line that closes a formula left open by `line`, or -1.

    `describer` is the number of the next line. A formula may contain an empty line only if its
    opening delimiter is on a line of its own.
    """
    bare = _SPAN.sub("", line)
    if bare.count("$$") % 2:
        closing = "$$"
    elif bare.lstrip().startswith("\\[") and "\\]" not in bare:
        closing = "\\]"
    else:
        return -1
    is_alone = bare.strip() in ("$$", "\\[")
    for number in range(describer, min(describer + _LONGEST, len(lines))):
        text = lines[number].strip(_MARGIN)
        if closing in text:
            return number
        if text.startswith(_FENCE) or not (text or is_alone):
            break
    return -1


def _unquoted(line: str, depth: int) -> str:
    """Return a line without `depth` quotation markers."""
    for _ in range(depth):
        line = line.lstrip(" \t").removeprefix(">")
    return line.strip(" \t")


class FormulaStash:
    """Replaces formulas with placeholders while an engine that would change them runs."""

    _BEGIN, _END = "\ufdd4", "\ufdd5"  # noncharacters, stripped from every body
    _HELD = re.compile("\ufdd4(\\d{1,9})\ufdd5")

    def __init__(self, signs: Sequence[str]) -> None:
        """Set the opening delimiters of formulas within a paragraph."""
        self._formulas: list[str] = []
        self._begin = re.compile("|".join(re.escape(sign) for sign in signs))

    def stash(self, body: str) -> str:
        """Replace each formula outside fenced code with a placeholder."""
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
        """Replace each placeholder with its formula, rendered by `write`."""
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
        """Stash the formulas that occupy whole lines."""
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
        """Stash the formulas within paragraphs."""
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
