"""State of the block parser: the cursor in the current line, and the open blocks."""

import re
from collections.abc import Sequence

from feedpub.content.markup.commonmark.links import LinkReference, extract_definitions
from feedpub.content.markup.commonmark.nodes import (
    CONTAINER_KINDS,
    MAX_NESTING,
    Block,
    DepthError,
    Document,
)

_MARGIN = re.compile(r"[ \t]*(?:(?:[-*+:>]|\d{1,9}[.)])[ \t]+)*")


class LineCursor:
    """One line, and the column up to which block markers have been consumed.

    Tabs in the margin are expanded, so offsets there are columns.
    """

    def __init__(self, raw: str) -> None:
        """Start before the first character."""
        self._raw = self._line = raw
        if "\t" in raw:
            found = _MARGIN.match(raw)
            margin = found[0] if found else ""
            self._line = margin.expandtabs(4) + raw[len(margin) :]
        self.move_to(0)

    def move_to(self, at: int) -> None:
        """Go to a column."""
        self.column = at
        text = self._line[at:].lstrip(" \t")
        self.text_column = len(self._line) - len(text)  # of the next non-space character
        self.indent = self.text_column - at
        self.is_blank = not text

    def skip(self, columns: int) -> None:
        """Move forward by some columns."""
        self.move_to(self.column + columns)

    def rest(self) -> str:
        """Return the line from its next non-space character on."""
        return self._line[self.text_column :]

    def literal(self) -> str:
        """Return the rest as written; a tab cut by the column becomes spaces."""
        if self._raw is self._line:
            return self._line[self.column :]
        width = 0
        for at, character in enumerate(self._raw):
            if width >= self.column:
                return " " * (width - self.column) + self._raw[at:]
            width += 4 - width % 4 if character == "\t" else 1
        return " " * (width - self.column)


class OpenBlocks:
    """The document being built; the open blocks are the path from its root to `tip`."""

    def __init__(self, lines: Sequence[str], references: dict[str, LinkReference]) -> None:
        """Start an empty document; `references` holds the link references known so far."""
        root = Block("document", 0, 0)
        self.document = Document(root, references, {}, {})
        self.lines = lines
        self.line_number = 0
        self.line = LineCursor("")
        self.tip = root
        self.unclosed_fences: set[str] = set()  # Liquid blocks with no end ahead

    def open(self, kind: str, container: Block) -> Block:
        """Close the blocks that the line does not continue, and open a block in a container.

        Raises DepthError if it would be nested too deeply.
        """
        while container.kind not in CONTAINER_KINDS or (
            (container.kind == "list" and kind != "item")
            or (container.kind == "terms" and kind != "definition")
        ):
            if container.parent is None:
                break
            self.close_descendants(container)
            self.close(container)
            container = container.parent
        self.close_descendants(container)
        block = Block(kind, self.line_number, self.line_number, container)
        container.children.append(block)
        self.tip = block
        depth, parent = 0, container.parent
        while parent is not None:
            depth, parent = depth + 1, parent.parent
        if depth > MAX_NESTING:
            raise DepthError
        return block

    def add_leaf(self, kind: str, container: Block, text: str, level: int = 0) -> Block:
        """Add a closed block of one line."""
        block = self.open(kind, container)
        block.lines, block.level = [text], level
        self.close(block)
        return self.consume_line(block)

    def consume_line(self, block: Block) -> Block:
        """Return a closed block, which tells the parser that the line is consumed."""
        return Block("nothing", block.start, block.end, is_open=False) if block.is_open else block

    def close_descendants(self, block: Block) -> None:
        """Close all open blocks inside a block."""
        while self.tip is not block and self.tip.parent is not None:
            self.close(self.tip)

    def close(self, block: Block) -> None:
        """Close a block: extract the definitions of a paragraph, decide if a list is loose."""
        block.is_open = False
        parent = block.parent
        if block.kind == "paragraph" and block.lines and block.lines[0].startswith("["):
            text = extract_definitions("\n".join(block.lines), self.document.references)
            block.lines = text.split("\n") if text else []
        if block.kind == "code":
            while block.lines and not block.lines[-1].strip(" \t"):
                block.lines.pop()
            block.end = block.start + len(block.lines) - 1
        if block.children:
            last = block.children[-1]
            block.end = max(block.end, last.end) if block.kind == "quote" else last.end
        if block.kind == "list":
            block.is_tight = not any(
                _has_gap(block.children[index : index + 2]) for index in range(len(block.children))
            ) and not any(
                _has_gap(item.children[index : index + 2])
                for item in block.children
                for index in range(len(item.children))
            )
        if self.tip is block and parent is not None:
            self.tip = parent

    def close_all(self) -> None:
        """Close all blocks at the end of the text."""
        self.close_descendants(self.document.root)
        self.close(self.document.root)


def _has_gap(pair: Sequence[Block]) -> bool:
    """Return whether a blank line separates two blocks."""
    return len(pair) == 2 and pair[0].end + 1 < pair[1].start  # noqa: PLR2004
