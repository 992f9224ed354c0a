"""Markdown → its blocks of code that begin and end with a line of their own."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_OPENER = re.compile(
    r"(?P<lead>(?:[ ]{0,3}+>[ ]?+)*+)(?P<indent>[ \t]*+)"
    r"(?:(?P<mark>`{3,}+|~{3,}+)(?P<info>.*)"
    r"|\{%-?\s*(?P<tag>highlight|codeblock)(?P<liquid>\s[^%]*)?-?%\}\s*"
    r"|\{\{[<%]\s*(?P<short>highlight)\s(?P<hugo>[^}]*?)[>%]\}\}\s*)"
)
_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})[ \t]*")
_ENDS = {
    "highlight": re.compile(
        r"\s*(?:\{%-?\s*endhighlight\s*-?%\}|\{\{[<%]\s*/highlight\s*[>%]\}\})\s*"
    ),
    "codeblock": re.compile(r"\s*\{%-?\s*endcodeblock\s*-?%\}\s*"),
}
_LIST_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]")
_QUOTE = re.compile(r"[ ]{0,3}>[ ]?")
_LANGUAGE = re.compile(r"\.?(?:lang(?:uage)?[:=-])?([\w+#.-]+)")
_SIGNS = re.compile(r"`{3}|~{3}|\{%-?\s*(?:highlight|codeblock)|\{\{[<%]\s*highlight")


@dataclass(frozen=True, slots=True)
class Fence:
    """A block of code: lines `first` to `last` of the body, counted from 0."""

    first_line: int
    last_line: int
    quote_prefix: str  # ">" of the quotations it stands in
    indent: int  # columns; 0 where it belongs to no list
    language: str
    code: str
    is_liquid: bool  # written as a Liquid or Hugo block


@dataclass(frozen=True, slots=True)
class LiquidFence:
    """The line that opens a block of code of Liquid or Hugo, and the pattern of its last line."""

    name: str
    language: str
    closing: re.Pattern[str]


def parse_liquid_fence(line: str) -> LiquidFence | None:
    """Read `{% highlight ruby %}`, `{% codeblock %}` or `{{< highlight go >}}`."""
    found = _OPENER.fullmatch(line)
    name = found["tag"] or found["short"] if found else ""
    if not found or not name:
        return None
    return LiquidFence(name, parse_info_string(found["liquid"] or found["hugo"] or ""), _ENDS[name])


def parse_info_string(info: str) -> str:
    """Give the language that the text behind a fence names, in lower case, or ""."""
    for word in info.strip().lstrip("{").rstrip("}").replace(",", " ").split():
        found = _LANGUAGE.match(word)
        if found and "=" not in word:
            return found[1].lower()
        break
    return ""


def find_fences(lines: Sequence[str]) -> Iterator[Fence]:
    """Give each fenced block of a body's lines, in order.

    As in CommonMark, a fence that nobody closes reaches to the end, or to the end of its
    quotation. Four columns of indentation make code of a fence, unless it belongs to a list.
    """
    at = 0
    column = 0  # where the text of the list item begins that a line may belong to
    endless: set[str] = set()  # Liquid blocks that are known to have no end from here on
    while at < len(lines):
        line = lines[at]
        found = _OPENER.match(line) if has_fence(line) else None
        if found:
            indent = len(found["indent"].expandtabs(4))
            block = (found["tag"] or found["short"] or "") + found["lead"]
            if indent < column + 4 and block not in endless:
                fence = _read(lines, at, found, indent if column else 0)
                if fence:
                    yield fence
                    at = fence.last_line + 1
                    continue
                if not found["mark"]:
                    endless.add(block)
        if line and not line.isspace():
            item = _LIST_ITEM.match(line)
            if item:
                column = len(item[0].expandtabs(4))
            elif line[0] not in " \t":
                column = 0
        at += 1


def has_fence(body: str) -> bool:
    """Tell whether there may be fenced blocks in a body, or in a line of it, at all."""
    # To look for single characters first is much the fastest: most lines have none of them.
    return ("`" in body or "~" in body or "{" in body) and _SIGNS.search(body) is not None


def _read(lines: Sequence[str], first: int, found: re.Match[str], indent: int) -> Fence | None:
    """Read the block that begins with the line `first`; None where it turns out to be none."""
    mark = found["mark"]
    if mark and mark[0] == "`" and "`" in found["info"]:
        return None
    depth = found["lead"].count(">")
    strip = len(found["indent"].expandtabs(4))
    content: list[str] = []
    tag = found["tag"] or found["short"] or ""
    for at in range(first + 1, len(lines)):
        line = _unquoted(lines[at], depth)
        if line is None:
            return _fence(found, first, at - 1, indent, content) if mark else None
        if _closes(line, mark or "", tag):
            return _fence(found, first, at, indent, content)
        content.append(_dedented(line, strip))
    return _fence(found, first, len(lines) - 1, indent, content) if mark else None


def _fence(
    found: re.Match[str], first: int, last: int, indent: int, content: Sequence[str]
) -> Fence:
    info = found["info"] or found["liquid"] or found["hugo"] or ""
    code = "".join(f"{line}\n" for line in content)
    return Fence(
        first,
        last,
        found["lead"],
        indent,
        parse_info_string(info),
        code,
        is_liquid=not found["mark"],
    )


def _closes(line: str, mark: str, tag: str) -> bool:
    if tag:
        return _ENDS[tag].fullmatch(line) is not None
    found = _FENCE.fullmatch(line)
    return found is not None and found[1].startswith(mark)


def _unquoted(line: str, depth: int) -> str | None:
    """Take `depth` marks of quotation off a line; None where it has not as many."""
    for _ in range(depth):
        found = _QUOTE.match(line)
        if not found:
            return None
        line = line[found.end() :]
    return line


def _dedented(line: str, columns: int) -> str:
    """Take up to `columns` columns of white space off a line."""
    if not columns:
        return line
    wide = line.expandtabs(4) if "\t" in line[:columns] else line
    margin = len(wide) - len(wide.lstrip(" "))
    return wide[min(margin, columns) :]
