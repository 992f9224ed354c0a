"""The blocks of a document while and after it is parsed."""

import re
from dataclasses import dataclass, field

from feedpub.markup.commonmark.links import LinkReference

MAX_NESTING = 100  # containers within each other; nobody means more
CODE_INDENT = 4
CONTAINER_KINDS = frozenset(
    (
        "document",
        "quote",
        "list",
        "item",
        "footnote",
        "admonition",
        "directive",
        "definition",
        "terms",
    )
)
LITERAL_KINDS = frozenset(("code", "fence", "html"))


@dataclass(slots=True, eq=False)
class Block:
    """A block: what kind it is, the blocks or the lines it holds, and what its marker said."""

    kind: str
    start: int  # line, counted from 0
    end: int
    parent: "Block | None" = None
    children: list["Block"] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    is_open: bool = True
    indent: int = 0  # columns that a line needs to go on in an item; of a fence: to take off
    marker: str = ""  # of a list; the signs of a fence; the label of a footnote
    level: int = 0  # of a heading; the first number of an ordered list, -1 for none
    info: str = ""  # language of code; kind and title of an admonition
    end_pattern: re.Pattern[str] | None = None  # ends a block of HTML or a Liquid block
    attributes: str = ""  # `{: ...}` that stands below it
    is_tight: bool = True
    columns: tuple[str, ...] = ()  # alignments of a table
    formula_end: int = -1  # of a paragraph: the line on which a formula ends that is open in it


@dataclass(frozen=True, slots=True)
class Document:
    """What a text holds: its blocks, and what its definitions define."""

    root: Block
    references: dict[str, LinkReference]
    footnotes: dict[str, Block]
    abbreviations: dict[str, str]


class DepthError(ValueError):
    """Blocks nested more than `DEEPEST` deep."""
