"""Rules for how each kind of block starts (CommonMark 0.31, sections 4 and 5).

Each function gets the rest of the line from its next character. It opens the block that starts
there, or returns None. A block returned closed has consumed the line. `blocks` looks the functions
up in `BLOCK_STARTS`.
"""

import re
from collections.abc import Callable, Mapping

from feedpub.content.markup import fences
from feedpub.content.markup.commonmark import nodes
from feedpub.content.markup.commonmark.links import extract_definitions
from feedpub.content.markup.commonmark.nodes import (
    CODE_INDENT,
    CONTAINER_KINDS,
    HTML_BLOCKS,
    MARKDOWN_ATTRIBUTE,
    NON_INTERRUPTING_KIND,
    Block,
)
from feedpub.content.markup.commonmark.open_blocks import OpenBlocks
from feedpub.content.markup.unrendered import UNKNOWN_DIRECTIVE_CLASS

BlockStart = Callable[[OpenBlocks, Block, str], Block | None]

_HEADING = re.compile(r"(#{1,6})(?:[ \t]++|$)")
_CLOSING_HASHES = re.compile(r"(?:^|[ \t])#+$")
_RULE = re.compile(r"(?:(?:\*[ \t]*+){3,}+|(?:-[ \t]*+){3,}+|(?:_[ \t]*+){3,}+)$")
_UNDERLINE = re.compile(r"(?:=++|-++)[ \t]*+$")
_FENCE = re.compile(r"(`{3,}+)([^`]*+)$|(~{3,}+)(.*)$")
_ITEM = re.compile(r"([-*+]|(\d{1,9})([.)]))(?=[ \t]|$)")
_DEFINITION = re.compile(r":(?=[ \t])")
_FOOTNOTE = re.compile(r"\[\^([^\s\[\]]{1,200})\]:[ \t]*")
_ABBREVIATION = re.compile(r"\*\[([^\[\]\n]{1,200})\]:[ \t]*+(.*)$")
_ATTRIBUTES = re.compile(r"\{:[^{}\n]*\}[ \t]*+$")
_ADMONITION = re.compile(
    r"(!!!|\?\?\?\+?)[ \t]++([\w-]++(?:[ \t]++[\w-]++)*+)?(?:[ \t]*+\"([^\"\n]*)\")?$"
)
_DIRECTIVE = re.compile(
    r"(:{3,})[ \t]*+(?:\{(?P<braces>[^{}\n]*+)\}|(?P<name>\.?[A-Za-z][\w-]*+))[ \t]*+(?P<rest>.*)$"
)
_DIRECTIVE_TITLE = re.compile(r"\[([^\]\n]*+)\]")
_DIRECTIVE_ATTRIBUTES = re.compile(r"[ \t]*+\{([^{}\n]*+)\}")
_TITLE_ATTRIBUTE = re.compile(r"\btitle=(?:\"([^\"\n]*+)\"|'([^'\n]*+)'|([^\s\"'}]++))")
_CLASS = re.compile(r"\.?([A-Za-z][\w-]*+)(?![\w=-])")
_DIRECTIVE_END = re.compile(r"(:{3,})[ \t]*+$")


def _quote(blocks: OpenBlocks, container: Block, rest: str) -> Block | None:  # noqa: ARG001
    blocks.line.move_to(blocks.line.text_column + 1)
    if blocks.line.indent:
        blocks.line.skip(1)
    return blocks.open("quote", container)


def _heading(blocks: OpenBlocks, container: Block, rest: str) -> Block | None:
    found = _HEADING.match(rest)
    if not found:
        return None
    text = rest[found.end() :].rstrip(" \t")
    text = _CLOSING_HASHES.sub("", text).rstrip(" \t")
    return blocks.add_leaf("heading", container, text, level=len(found[1]))


def _underline(blocks: OpenBlocks, container: Block, rest: str) -> Block | None:
    """Turn the paragraph above a line of `=` or `-` into a heading."""
    if container.kind != "paragraph" or not _UNDERLINE.match(rest):
        return None
    text = extract_definitions("\n".join(container.lines), blocks.document.references)
    if not text:
        container.lines = []
        return None
    blocks.close(container)
    container.kind, container.lines = "heading", [text]
    container.level = 1 if rest[0] == "=" else 2
    container.end = blocks.line_number
    return container


def _rule(blocks: OpenBlocks, container: Block, rest: str) -> Block | None:
    if _RULE.match(rest):
        return blocks.add_leaf("rule", container, "")
    return None


def _code_fence(blocks: OpenBlocks, container: Block, rest: str) -> Block | None:
    found = _FENCE.match(rest)
    if not found:
        return None
    info = found[2] if found[1] else found[4]
    indent = blocks.line.indent
    block = blocks.open("fence", container)
    block.marker, block.indent = found[1] or found[3], indent
    block.info = fences.parse_info_string(info)
    return blocks.consume_line(block)


def _liquid_fence(blocks: OpenBlocks, container: Block, rest: str) -> Block | None:
    found = fences.parse_liquid_fence(rest)
    if not found or found.name in blocks.unclosed_fences:
        return None
    if not any(
        found.closing.fullmatch(line.lstrip(" \t>"))
        for line in blocks.lines[blocks.line_number + 1 :]
    ):
        blocks.unclosed_fences.add(found.name)
        return None
    indent = blocks.line.indent
    block = blocks.open("fence", container)
    block.indent, block.info, block.end_pattern = indent, found.language, found.closing
    return blocks.consume_line(block)


def _html(blocks: OpenBlocks, container: Block, rest: str) -> Block | None:
    for index, (opening, closing) in enumerate(HTML_BLOCKS):
        if not opening.match(rest):
            continue
        if index == NON_INTERRUPTING_KIND and blocks.tip.kind == "paragraph":
            return None
        block = blocks.open("html", container)
        block.end_pattern = closing
        text = blocks.line.literal()
        block.lines.append(
            MARKDOWN_ATTRIBUTE.sub("", text, count=1) if "markdown" in text else text
        )
        if (closing is None and MARKDOWN_ATTRIBUTE.search(rest)) or (
            closing is not None and closing.search(rest)
        ):
            blocks.close(block)
        return blocks.consume_line(block)
    return None


def _item(blocks: OpenBlocks, container: Block, rest: str) -> Block | None:
    found = _ITEM.match(rest)
    if not found:
        return None
    is_empty = not rest[found.end() :].strip(" \t")
    number = int(found[2]) if found[2] else -1
    if container.kind == "paragraph" and (is_empty or number not in (-1, 1)):
        return None
    marker = found[3] or found[1]
    offset = blocks.line.indent
    blocks.line.move_to(blocks.line.text_column + found.end())
    width = found.end()
    if is_empty or blocks.line.indent > CODE_INDENT:
        padding = 1
        blocks.line.skip(0 if is_empty else 1)
    else:
        padding = blocks.line.indent
        blocks.line.move_to(blocks.line.text_column)
    if container.kind != "list" or container.marker != marker:
        container = blocks.open("list", container)
        container.marker, container.level = marker, number
    block = blocks.open("item", container)
    block.indent = offset + width + padding
    return block


def _definition(blocks: OpenBlocks, container: Block, rest: str) -> Block | None:
    """Open the definition `: text`; the lines of the paragraph above are its terms."""
    if not _DEFINITION.match(rest):
        return None
    parent = container.parent if container.kind == "paragraph" else container
    if parent is None:
        return None
    group = parent if parent.kind == "terms" else None
    last = parent.children[-1] if parent.children else None
    if last is None:
        return None
    is_loose = last.end + 1 < blocks.line_number
    if group is None:
        group = _terms(blocks, parent, last)
    if group is None:
        return None
    group.is_open = True
    blocks.close_descendants(group)
    blocks.tip = group
    offset = blocks.line.indent
    blocks.line.move_to(blocks.line.text_column + 1)
    padding = blocks.line.indent if blocks.line.indent <= CODE_INDENT else 1
    blocks.line.skip(padding)
    block = blocks.open("definition", group)
    block.indent, block.is_tight = offset + 1 + padding, not is_loose
    return block


def _terms(blocks: OpenBlocks, parent: Block, last: Block) -> Block | None:
    """Return the definition list that the block above is, or starts."""
    if last.kind == "terms":
        return last
    if last.kind != "paragraph":
        return None
    blocks.close_descendants(parent)
    if parent.children[-1:] != [last] or not last.lines:
        return None
    parent.children.pop()
    group = parent.children[-1] if parent.children else None
    if group is None or group.kind != "terms":
        group = blocks.open("terms", parent)
        group.start = last.start
    term = Block("term", last.start, last.end, group, lines=last.lines, is_open=False)
    group.children.append(term)
    return group


def _footnote(blocks: OpenBlocks, container: Block, rest: str) -> Block | None:
    found = _FOOTNOTE.match(rest)
    if not found:
        return None
    block = blocks.open("footnote", container)
    block.marker, block.indent = found[1], CODE_INDENT
    blocks.document.footnotes.setdefault(found[1], block)
    blocks.line.move_to(blocks.line.text_column + found.end())
    return block


def _abbreviation(blocks: OpenBlocks, container: Block, rest: str) -> Block | None:
    found = _ABBREVIATION.match(rest)
    if not found or container.kind == "paragraph":
        return None
    blocks.document.abbreviations.setdefault(found[1].strip(), found[2].strip())
    return blocks.consume_line(
        Block("nothing", blocks.line_number, blocks.line_number, is_open=False)
    )


def _attribute_list(blocks: OpenBlocks, container: Block, rest: str) -> Block | None:
    """Attach a line `{: .class}` to the block directly above it."""
    if not _ATTRIBUTES.match(rest):
        return None
    target = container
    if container.kind in CONTAINER_KINDS:
        if not container.children or container.children[-1].end + 1 != blocks.line_number:
            return None
        target = container.children[-1]
    if target.kind in ("html", "rule"):
        return None
    if target.kind == "paragraph":
        blocks.close_descendants(target)
        blocks.close(target)
    target.attributes = rest.strip()
    target.end = blocks.line_number
    return blocks.consume_line(
        Block("nothing", blocks.line_number, blocks.line_number, is_open=False)
    )


def _admonition(blocks: OpenBlocks, container: Block, rest: str) -> Block | None:
    found = _ADMONITION.match(rest.rstrip(" \t"))
    if not found or not (found[2] or found[3]):
        return None
    block = blocks.open("admonition", container)
    block.indent, block.marker = CODE_INDENT, found[1]
    kind = (found[2] or "note").split()
    block.info = f"{' '.join(kind)}\n{kind[0].capitalize() if found[3] is None else found[3]}"
    return blocks.consume_line(block)


def _directive(blocks: OpenBlocks, container: Block, rest: str) -> Block | None:
    """Open `:::note Title`, `:::note[Title]{...}` or `::: {.note title="..."}`."""
    found = _DIRECTIVE.match(rest)
    kind = _CLASS.match((found["name"] or found["braces"]).strip()) if found else None
    if not found or not kind:
        return None
    name = kind[1].lower()
    block = blocks.open("directive", container)
    block.marker = found[1]
    title = _directive_title(found["rest"], found["braces"] or "")
    if name in _DIRECTIVES:
        block.info = f"{name}\n{title or name.capitalize()}"
    elif found["name"]:
        block.info = f"{UNKNOWN_DIRECTIVE_CLASS} {name}\n{title}"
    else:  # a pandoc fenced div: just a class
        block.info = f" {name}\n{title}"
    return blocks.consume_line(block)


def _directive_title(rest: str, attributes: str) -> str:
    """Return the title after the kind of a directive, or from its attributes."""
    bracketed = _DIRECTIVE_TITLE.match(rest)
    title = bracketed[1] if bracketed else ""
    rest = rest[bracketed.end() :] if bracketed else rest
    braces = _DIRECTIVE_ATTRIBUTES.match(rest)
    rest = rest[braces.end() :] if braces else rest
    found = _TITLE_ATTRIBUTE.search(braces[1] if braces else attributes)
    given = next(filter(None, found.groups()), "") if found else ""
    return title.strip() or given or rest.strip(" \t:")


def _table(blocks: OpenBlocks, container: Block, rest: str) -> Block | None:
    """Open a table at a delimiter row; the last line of the paragraph is its header."""
    if container.kind != "paragraph" or not container.lines:
        return None
    columns = nodes.parse_alignments(rest)
    if not columns or len(nodes.split_cells(container.lines[-1])) != len(columns):
        return None
    parent = container.parent
    if parent is None:
        return None
    header = container.lines.pop()
    if not container.lines:
        parent.children.remove(container)
        blocks.tip = parent
    else:
        container.end -= 1
        blocks.close(container)
    block = blocks.open("table", parent)
    block.start, block.columns, block.lines = blocks.line_number - 1, columns, [header]
    return blocks.consume_line(block)


def is_directive_end(rest: str, block: Block) -> bool:
    """Return whether a line of colons closes a `:::` block."""
    found = _DIRECTIVE_END.match(rest)
    return found is not None and len(found[1]) >= len(block.marker)


_DIRECTIVES = frozenset(
    (
        "note",
        "tip",
        "info",
        "caution",
        "danger",
        "warning",
        "important",
        "details",
        "success",
        "question",
        "example",
        "quote",
        "aside",
        "abstract",
        "attention",
        "bug",
        "check",
        "error",
        "failure",
        "fail",
        "faq",
        "help",
        "hint",
        "missing",
        "notice",
        "alert",
        "primary",
        "secondary",
        "seealso",
        "summary",
        "tldr",
        "todo",
    )
)
_LISTS = (_rule, _item)
BLOCK_STARTS: Mapping[str, tuple[BlockStart, ...]] = {
    ">": (_quote,),
    "#": (_heading,),
    "`": (_code_fence,),
    "~": (_code_fence,),
    "<": (_html,),
    "=": (_underline,),
    "-": (_underline, *_LISTS, _table),
    "*": (_abbreviation, *_LISTS),
    "_": (_rule,),
    "+": (_item,),
    ":": (_directive, _table, _definition),
    "|": (_table,),
    "[": (_footnote,),
    "{": (_attribute_list, _liquid_fence),
    "!": (_admonition,),
    "?": (_admonition,),
    **dict.fromkeys("0123456789", (_item,)),
}
"""The rules to try, in order, by the first character of the rest of the line."""
