"""Parse the block structure of a document. Enter at `parse_blocks`; `tree` builds the elements.

It follows CommonMark 0.31 (sections 3 to 5 and the appendix "A parsing strategy"), with GitHub's
tables and footnotes, definition lists, admonitions, and Liquid and Hugo fences.
"""

from collections.abc import Callable, Mapping, Sequence

from feedpub.content.markup.commonmark import formulas
from feedpub.content.markup.commonmark.block_starts import BLOCK_STARTS, is_directive_end
from feedpub.content.markup.commonmark.links import LinkReference
from feedpub.content.markup.commonmark.nodes import (
    CODE_INDENT,
    CONTAINER_KINDS,
    LITERAL_KINDS,
    Block,
    Document,
)
from feedpub.content.markup.commonmark.open_blocks import LineCursor, OpenBlocks


def parse_blocks(
    lines: Sequence[str], references: dict[str, LinkReference] | None = None
) -> Document:
    """Parse lines without line ends; add link definitions to `references`.

    Raises DepthError if blocks are nested too deeply.
    """
    blocks = OpenBlocks(lines, {} if references is None else references)
    for number, line in enumerate(lines):
        blocks.line_number, blocks.line = number, LineCursor(line)
        _read(blocks)
    blocks.close_all()
    return blocks.document


def _read(blocks: OpenBlocks) -> None:
    container, is_matched = _continue_open(blocks)
    if container is None:
        return
    if blocks.line_number <= container.formula_end:
        container.lines.append(blocks.line.literal())
        container.end = blocks.line_number
        _expect_formula(blocks, container)
        return
    tip = blocks.tip
    started: Block | None = container
    if container.kind not in LITERAL_KINDS:
        started = _start_blocks(blocks, container)
    if started is None:
        return
    is_lazy = not is_matched and started is container and tip.kind == "paragraph" and tip.is_open
    if is_lazy and not blocks.line.is_blank:
        tip.lines.append(blocks.line.rest())
        tip.end = blocks.line_number
    else:
        _add_text(blocks, started)


def _start_blocks(blocks: OpenBlocks, container: Block) -> Block | None:
    """Open the blocks that start on the line; return the last, or None if it is consumed."""
    line = blocks.line
    while not line.is_blank:
        if line.indent >= CODE_INDENT:
            if blocks.tip.kind == "paragraph":
                return container
            line.skip(CODE_INDENT)
            return blocks.open("code", container)
        opened = _start(blocks, container)
        if opened is None:
            return container
        if not opened.is_open:
            return None
        if opened.kind not in CONTAINER_KINDS:
            return opened
        container = opened
    return container


def _start(blocks: OpenBlocks, container: Block) -> Block | None:
    rest = blocks.line.rest()
    for starter in BLOCK_STARTS.get(rest[0], ()):
        block = starter(blocks, container, rest)
        if block is not None:
            return block
    return None


def _add_text(blocks: OpenBlocks, container: Block) -> None:
    line = blocks.line
    blocks.close_descendants(container)
    if container.kind in LITERAL_KINDS:
        text = line.literal()
        container.lines.append(text)
        container.end = blocks.line_number
        if (
            container.kind == "html"
            and container.end_pattern
            and container.end_pattern.search(text)
        ):
            blocks.close(container)
    elif line.is_blank:
        return
    elif container.kind in ("table", "paragraph"):
        container.lines.append(line.rest())
        container.end = blocks.line_number
        _expect_formula(blocks, container)
    else:
        paragraph = blocks.open("paragraph", container)
        paragraph.lines.append(line.rest())
        _expect_formula(blocks, paragraph)


def _expect_formula(blocks: OpenBlocks, paragraph: Block) -> None:
    """Note where a formula left open by the last line ends, so its lines start no blocks."""
    written = paragraph.lines[-1]
    if paragraph.kind == "paragraph" and ("$$" in written or "\\[" in written):
        before = (
            formulas.get_text_after_formula(written)
            if paragraph.formula_end == blocks.line_number
            else written
        )
        last = formulas.find_last_line(before, blocks.lines, blocks.line_number + 1)
        paragraph.formula_end = max(paragraph.formula_end, last)


# Whether the line continues each open block


def _continue_open(blocks: OpenBlocks) -> tuple[Block | None, bool]:
    """Return the deepest open block that the line continues, and whether all were continued.

    The block is None if the line only closed a block.
    """
    container = blocks.document.root
    while container.children and container.children[-1].is_open:
        child = container.children[-1]
        goes_on = _CONTINUE_RULES[child.kind](blocks, child)
        if goes_on is None:
            return None, True
        if not goes_on:
            return container, False
        container = child
    return container, True


def _always(blocks: OpenBlocks, block: Block) -> bool:  # noqa: ARG001  # table signature
    return True


def _paragraph(blocks: OpenBlocks, block: Block) -> bool:
    return not blocks.line.is_blank or blocks.line_number <= block.formula_end


def _quote(blocks: OpenBlocks, block: Block) -> bool:
    line = blocks.line
    if line.indent >= CODE_INDENT or not line.rest().startswith(">"):
        return False
    line.move_to(line.text_column + 1)
    line.skip(min(line.indent, 1))
    block.end = blocks.line_number
    return True


def _indented(blocks: OpenBlocks, block: Block) -> bool:
    """Continue while lines are blank or indented by at least the width of the marker."""
    line = blocks.line
    if line.is_blank:
        line.move_to(line.text_column)
        return block.kind != "item" or bool(block.children)
    if line.indent < block.indent:
        return False
    line.skip(block.indent)
    return True


def _directive(blocks: OpenBlocks, block: Block) -> bool | None:
    line = blocks.line
    if line.indent < CODE_INDENT and is_directive_end(line.rest(), block):
        if _has_open_directive(line.rest(), block):
            return True  # it closes a nested directive, or is code in a fence
        _end(blocks, block)
        return None
    return True


def _has_open_directive(rest: str, block: Block) -> bool:
    """Return whether an open block inside this one takes the closing line."""
    while block.children and block.children[-1].is_open:
        block = block.children[-1]
        if block.kind == "fence":
            return True
        if block.kind == "directive" and is_directive_end(rest, block):
            return True
    return False


def _fence(blocks: OpenBlocks, block: Block) -> bool | None:
    line = blocks.line
    rest = line.rest().rstrip(" \t")
    if block.end_pattern:
        is_end = block.end_pattern.fullmatch(rest) is not None
    else:
        is_end = line.indent < CODE_INDENT and rest.startswith(block.marker)
        is_end = is_end and not rest.strip(block.marker[0])
    if is_end:
        _end(blocks, block)
        return None
    line.skip(min(line.indent, block.indent))
    return True


def _end(blocks: OpenBlocks, block: Block) -> None:
    blocks.close_descendants(block)
    blocks.close(block)
    block.end = blocks.line_number


def _code(blocks: OpenBlocks, block: Block) -> bool:  # noqa: ARG001  # table signature
    line = blocks.line
    if line.indent >= CODE_INDENT:
        line.skip(CODE_INDENT)
        return True
    if line.is_blank:
        line.move_to(line.text_column)
    return line.is_blank


def _html(blocks: OpenBlocks, block: Block) -> bool:
    return block.end_pattern is not None or not blocks.line.is_blank


def _table(blocks: OpenBlocks, block: Block) -> bool:  # noqa: ARG001  # table signature
    return not blocks.line.is_blank and blocks.line.indent < CODE_INDENT


_CONTINUE_RULES: Mapping[str, Callable[[OpenBlocks, Block], bool | None]] = {
    "list": _always,
    "terms": _always,
    "paragraph": _paragraph,
    "quote": _quote,
    "item": _indented,
    "footnote": _indented,
    "admonition": _indented,
    "definition": _indented,
    "directive": _directive,
    "fence": _fence,
    "code": _code,
    "html": _html,
    "table": _table,
}
