"""Read MDX as Markdown: without its imports, exports, comments and expressions in attributes.

Components become unknown elements, which are reported as such.
"""

import re

from feedpub.markup import fences

_MODULE = re.compile(
    r"import\s+(?:[\"'{*]|\w+\s*(?:,.*)?\sfrom\s)"
    r"|export\s+(?:const|let|var|function|async|class|default|[{*])"
)
_LONGEST = 200  # lines of one import or export
_LINE = 500  # characters that tell whether a line is one
_TOKEN = re.compile(
    r"(?P<code>`[^`\n]*+`)|(?P<comment>\{/\*(?:[^*{]|\*(?!/)|\{(?!/\*))*+\*/\})|(?P<fragment></?>)"
    r"|(?P<name>\s[A-Za-z][\w:-]*+)=\{(?P<value>(?:[^{}`]|\{[^{}]{0,500}+\}){0,500}+)\}"
)
_STRING = re.compile(r"\s*+(?:\"([^\"<>]*)\"|'([^'\"<>]*)')\s*+")


def convert_to_markdown(body: str) -> str:
    """Return the Markdown of MDX, with as many lines."""
    lines = body.split("\n")
    written: list[str] = []
    done = 0
    for fence in fences.find_fences(lines):
        written += _prose(lines[done : fence.first_line])
        written += lines[fence.first_line : fence.last_line + 1]
        done = fence.last_line + 1
    return "\n".join([*written, *_prose(lines[done:])])


def _prose(lines: list[str]) -> list[str]:
    """Return lines with an empty one in the place of each line of an import or an export."""
    written: list[str] = []
    left = 0  # lines that an export may go on for
    depth = 0
    for number, line in enumerate(lines):
        follows = not number or not lines[number - 1].strip() or bool(left)
        if not left and follows and _MODULE.match(line[:_LINE]):
            left, depth = _LONGEST, 0
        if left:
            depth += sum(map(line.count, "{([")) - sum(map(line.count, "})]"))
            left = left - 1 if line.strip() or depth > 0 else 0
        written.append("" if left else line)
    return _TOKEN.sub(_replace, "\n".join(written)).split("\n") if lines else []


def _replace(match: re.Match[str]) -> str:
    if match["code"]:
        return match[0]
    if match["name"]:
        text = _STRING.fullmatch(match["value"])
        return f'{match["name"]}="{text[1] or text[2] or ""}"' if text else ""
    return "\n" * match[0].count("\n")
