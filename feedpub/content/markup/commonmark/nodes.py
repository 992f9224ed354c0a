"""The pieces of a text while it is parsed, as a chain, and how elements are filled with them.

The blocks of a document while and after it is parsed.

Patterns of HTML within Markdown (CommonMark 0.31, sections 4.6, 6.5 and 6.6).

Attribute lists: `{: .wide}`, `{#id}`, `{.class}`, `{key="value"}`. Other braces are text.

Split the rows of a table into cells (GitHub Flavored Markdown, section 4.10).
"""

import re
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from markdown.extensions.attr_list import AttrListTreeprocessor

from feedpub.content.markup.commonmark.links import LinkReference


@dataclass(slots=True, eq=False)
class DelimiterRun:
    """A run of one of the delimiters; `length` shrinks as it is used."""

    delimiter: str
    length: int
    can_open: bool
    can_close: bool
    original_length: int = field(init=False)

    def __post_init__(self) -> None:
        """Remember the length as written, which the rules of three ask for."""
        self.original_length = self.length

    def matches_closer(self, closer: "DelimiterRun") -> bool:
        """Return whether this run and a later one enclose emphasis (rules 9 to 17)."""
        if self.delimiter != closer.delimiter or not self.can_open or not self.length:
            return False
        if self.delimiter == "~":
            return self.length == closer.length
        if not (self.can_close or closer.can_open):
            return True
        return (self.original_length + closer.original_length) % 3 != 0 or (
            self.original_length % 3 == 0 and closer.original_length % 3 == 0
        )


@dataclass(slots=True, eq=False)
class InlineNode:
    """A piece of the text: characters, an element, or a run of delimiters yet to be matched."""

    text: str = ""
    element: Element | None = None
    run: DelimiterRun | None = None
    is_autolink: bool = False
    previous: "InlineNode | None" = None
    next: "InlineNode | None" = None


@dataclass(slots=True, eq=False)
class Bracket:
    """A `[` or `![` that may begin a link or a picture."""

    node: InlineNode
    is_image: bool
    start: int  # of the text behind the bracket
    stack_bottom: int  # delimiter runs that stood before it
    is_active: bool = True
    has_bracket_after: bool = False


def append_nodes(parent: Element, node: InlineNode | None) -> None:
    """Append a chain of nodes to an element."""
    texts: list[str] = []
    last: Element | None = None
    while node is not None:
        if node.element is not None:
            _put(parent, last, "".join(texts))
            texts = []
            last = node.element
            parent.append(last)
        elif node.text:
            texts.append(node.text)
        node = node.next
    _put(parent, last, "".join(texts))


def _put(parent: Element, last: Element | None, text: str) -> None:
    if not text:
        return
    if last is None:
        parent.text = text
    else:
        last.tail = text


def get_alt_text(element: Element) -> str:
    """Return the plain text of what stands between the brackets of a picture."""
    pieces: list[str] = []
    for each in element.iter():
        if each is not element and each.tag == "img":
            pieces.append(each.get("alt", ""))
        pieces.append(each.text or "")
        if each is not element:
            pieces.append(each.tail or "")
    return "".join(pieces)


def normalize_code_span(raw: str) -> str:
    """Return the text of a code span as HTML has it (section 6.1)."""
    text = raw.replace("\n", " ")
    if text.startswith(" ") and text.endswith(" ") and not text.isspace():
        text = text[1:-1]
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


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


_ATTRIBUTE = r"\s++[A-Za-z_:][\w.:-]*+(?:\s*+=\s*+(?:[^\s\"'=<>`]++|'[^']*+'|\"[^\"]*+\"))?+"
OPEN_TAG = rf"<[A-Za-z][A-Za-z0-9-]*+(?:{_ATTRIBUTE})*+\s*+/?>"
CLOSE_TAG = r"</[A-Za-z][A-Za-z0-9-]*+\s*+>"
_TAG = re.compile(rf"{OPEN_TAG}|{CLOSE_TAG}")
_SHORT_COMMENT = re.compile(r"<!--(?:>|->)")
# How the other kinds of inline HTML begin and end; of a declaration the first letter is looked at.
_ENCLOSED = (("<!--", "-->"), ("<?", "?>"), ("<![CDATA[", "]]>"), ("<!", ">"))
URI_AUTOLINK = re.compile(r"<([A-Za-z][A-Za-z0-9+.-]{1,31}:[^\s<>\x00-\x20]*)>")
EMAIL_AUTOLINK = re.compile(
    r"<([A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?)>"
)


def match_inline_html(text: str, at: int, absent: set[str]) -> str:
    """Return the tag, comment or other HTML that begins at a place, or "" (section 6.6).

    `absent` remembers the ends that the text does not have any more, so that nobody looks for one
    again from each beginning.
    """
    found = _TAG.match(text, at) or _SHORT_COMMENT.match(text, at)
    if found:
        return found[0]
    for opening, closing in _ENCLOSED:
        if text.startswith(opening, at):
            if opening == "<!" and not text[at + 2 : at + 3].isalpha():
                return ""
            end = text.find(closing, at + len(opening)) if closing not in absent else -1
            if end < 0:
                absent.add(closing)
                return ""
            return text[at : end + len(closing)]
    return ""


_BLOCK_NAMES = (
    "address|article|aside|base|basefont|blockquote|body|caption|center|col|colgroup|dd|details|"
    "dialog|dir|div|dl|dt|fieldset|figcaption|figure|footer|form|frame|frameset|h1|h2|h3|h4|h5|h6|"
    "head|header|hr|html|iframe|legend|li|link|main|menu|menuitem|nav|noframes|ol|optgroup|option|"
    "p|param|search|section|summary|table|tbody|td|tfoot|th|thead|title|tr|track|ul"
)
# Section 4.6: how each of the seven kinds of HTML block begins, and how it ends (None: blank line).
HTML_BLOCKS: tuple[tuple[re.Pattern[str], re.Pattern[str] | None], ...] = (
    (
        re.compile(r"<(?:script|pre|textarea|style)(?:\s|>|$)", re.IGNORECASE),
        re.compile(r"</(?:script|pre|textarea|style)>", re.IGNORECASE),
    ),
    (re.compile(r"<!--"), re.compile(r"-->")),
    (re.compile(r"<\?"), re.compile(r"\?>")),
    (re.compile(r"<![A-Za-z]"), re.compile(r">")),
    (re.compile(r"<!\[CDATA\["), re.compile(r"\]\]>")),
    (re.compile(rf"</?(?:{_BLOCK_NAMES})(?:\s|/?>|$)", re.IGNORECASE), None),
    (re.compile(rf"(?:{OPEN_TAG}|{CLOSE_TAG})\s*+$"), None),
)
NON_INTERRUPTING_KIND = 6  # index of the kind that cannot interrupt a paragraph
MARKDOWN_ATTRIBUTE = re.compile(r"\smarkdown(?:=[\"']?(?:1|block|span)[\"']?)?(?=[\s>])")


_ONE = r"(?:[#.][\w:-]++|[A-Za-z][\w:-]*+=(?:\"[^\"{}\n]*+\"|'[^'{}\n]*+'|[^\s\"'{}=<>]++))"
_LIST = rf"\{{(:[^{{}}\n]*+|[ ]*+{_ONE}(?:[ ]++{_ONE})*+[ ]*+)\}}"


class AttributeListProcessor(AttrListTreeprocessor):
    """Python-Markdown's attribute lists, for what is certain to be one."""

    HEADER_RE = re.compile(rf"(?<![ ])[ ]++{_LIST}[ ]*+$")  # type: ignore[misc]  # final in the stubs alone
    BLOCK_RE = re.compile(rf"\n[ ]*+{_LIST}[ ]*+$")  # type: ignore[misc]  # final in the stubs alone
    INLINE_RE = re.compile(rf"^{_LIST}")  # type: ignore[misc]  # final in the stubs alone

    def assign_attrs(self, elem: Element, attrs_string: str, *, strict: bool = False) -> str:
        """Give an element the attributes of a list; return what is left of the list."""
        return super().assign_attrs(elem, attrs_string.lstrip(": "), strict=strict)


_DELIMITER = re.compile(r"\|?[ \t]*+:?-++:?[ \t]*+(?:\|[ \t]*+:?-++:?[ \t]*+)*+\|?[ \t]*+$")
_ALIGNMENT = {(True, True): "center", (True, False): "left", (False, True): "right"}


def split_cells(row: str) -> list[str]:
    r"""Return the text of each cell; `\|` within is a `|`, in code too."""
    row = row.strip(" \t")
    row = row.removeprefix("|")
    found: list[str] = []
    cell: list[str] = []
    at = 0
    while at < len(row):
        bar = row.find("|", at)
        if bar < 0:
            cell.append(row[at:])
            break
        if bar and row[bar - 1] == "\\":
            cell.append(row[at : bar - 1] + "|")
        else:
            found.append(("".join(cell) + row[at:bar]).strip(" \t"))
            cell = []
        at = bar + 1
    rest = "".join(cell).strip(" \t")
    if rest or not row.endswith("|") or row.endswith("\\|"):
        found.append(rest)
    return found


def parse_alignments(row: str) -> tuple[str, ...]:
    """Return how each column is aligned ("" for not at all); () where this is no delimiter row."""
    if (
        "-" not in row
        or not ("|" in row or ":" in row or row.strip(" \t-") == "")
        or not _DELIMITER.match(row)
    ):
        return ()
    return tuple(
        _ALIGNMENT.get((cell.startswith(":"), cell.endswith(":")), "") for cell in split_cells(row)
    )
