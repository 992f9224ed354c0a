"""Find fenced code in Markdown: backticks, tildes, and Liquid or Hugo `highlight` blocks.

Steps that run before an engine use `find_fences` to leave code alone; the engines use it too.
"""

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
    """A fenced block, from `first_line` to `last_line` of the body, counted from 0."""

    first_line: int
    last_line: int
    quote_prefix: str  # the ">" markers of the enclosing quotations
    indent: int  # columns; 0 outside lists
    language: str
    code: str
    is_liquid: bool  # written as a Liquid or Hugo block


@dataclass(frozen=True, slots=True)
class LiquidFence:
    """An opening line of a Liquid or Hugo code block, with the pattern that closes it."""

    name: str
    language: str
    closing: re.Pattern[str]


def parse_liquid_fence(line: str) -> LiquidFence | None:
    """Parse `{% highlight ruby %}`, `{% codeblock %}` or `{{< highlight go >}}`, else None."""
    found = _OPENER.fullmatch(line)
    name = found["tag"] or found["short"] if found else ""
    if not found or not name:
        return None
    return LiquidFence(name, parse_info_string(found["liquid"] or found["hugo"] or ""), _ENDS[name])


def parse_info_string(info: str) -> str:
    """Return the language named in an info string, in lower case, or ""."""
    for word in info.strip().lstrip("{").rstrip("}").replace(",", " ").split():
        found = _LANGUAGE.match(word)
        if found and "=" not in word:
            return found[1].lower()
        break
    return ""


def find_fences(lines: Sequence[str]) -> Iterator[Fence]:
    """Yield each fenced block of a body's lines, in order.

    As in CommonMark, an unclosed fence extends to the end of the body or of its quotation; an
    unclosed Liquid or Hugo block is no fence. A fence indented by four columns or more is indented
    code, unless it belongs to a list item.
    """
    at = 0
    column = 0  # content column of the current list item, 0 outside lists
    endless: set[str] = set()  # Liquid and Hugo blocks known to have no end from here on
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
    """Return whether a body, or a line, may contain the start of a fence."""
    # Most lines have none of these characters, and `in` is far faster than the pattern.
    return ("`" in body or "~" in body or "{" in body) and _SIGNS.search(body) is not None


def _read(lines: Sequence[str], first: int, found: re.Match[str], indent: int) -> Fence | None:
    """Return the block that opens on line `first`, or None if it is not one."""
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
    """Strip `depth` quotation markers from a line; None if it has fewer."""
    for _ in range(depth):
        found = _QUOTE.match(line)
        if not found:
            return None
        line = line[found.end() :]
    return line


def _dedented(line: str, columns: int) -> str:
    """Strip up to `columns` columns of leading white space."""
    if not columns:
        return line
    wide = line.expandtabs(4) if "\t" in line[:columns] else line
    margin = len(wide) - len(wide.lstrip(" "))
    return wide[min(margin, columns) :]
