"""Data structures and shared helpers of the CommonMark parser.

`InlineNode` and `Block` are the inline and block nodes. The rest matches raw HTML (CommonMark
0.31, sections 4.6, 6.5 and 6.6), attribute lists such as `{: .wide}` or `{#id}`, and table rows
(GitHub Flavored Markdown, section 4.10).
"""

import re
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from markdown.extensions.attr_list import AttrListTreeprocessor

from feedpub.content.markup.commonmark.links import LinkReference


@dataclass(slots=True, eq=False)
class DelimiterRun:
    """A run of `*`, `_` or `~`; `length` shrinks as delimiters are matched."""

    delimiter: str
    length: int
    can_open: bool
    can_close: bool
    original_length: int = field(init=False)

    def __post_init__(self) -> None:
        """Keep the length as written, which the multiple-of-3 rules need."""
        self.original_length = self.length

    def matches_closer(self, closer: "DelimiterRun") -> bool:
        """Return whether this run and a later one enclose emphasis (section 6.2, rules 9 to 17)."""
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
    """A node of the inline chain: text, an element, or an unmatched delimiter run."""

    text: str = ""
    element: Element | None = None
    run: DelimiterRun | None = None
    is_autolink: bool = False
    previous: "InlineNode | None" = None
    next: "InlineNode | None" = None


@dataclass(slots=True, eq=False)
class Bracket:
    """A `[` or `![` that may start a link or an image."""

    node: InlineNode
    is_image: bool
    start: int  # offset of the text after the bracket
    stack_bottom: int  # number of delimiter runs before it
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
    """Return the plain text between the brackets of an image."""
    pieces: list[str] = []
    for each in element.iter():
        if each is not element and each.tag == "img":
            pieces.append(each.get("alt", ""))
        pieces.append(each.text or "")
        if each is not element:
            pieces.append(each.tail or "")
    return "".join(pieces)


def normalize_code_span(raw: str) -> str:
    """Return the content of a code span, stripped and escaped (section 6.1)."""
    text = raw.replace("\n", " ")
    if text.startswith(" ") and text.endswith(" ") and not text.isspace():
        text = text[1:-1]
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


MAX_NESTING = 100  # nested containers; more is never intended
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
    """A block: its kind, child blocks or lines, and the data from its marker."""

    kind: str
    start: int  # line, counted from 0
    end: int
    parent: "Block | None" = None
    children: list["Block"] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    is_open: bool = True
    indent: int = 0  # columns a line needs to continue an item; of a fence: columns to strip
    marker: str = ""  # of a list or directive; fence characters; footnote label
    level: int = 0  # of a heading; the first number of an ordered list, -1 for bullets
    info: str = ""  # language of code; "kind\ntitle" of an admonition or directive
    end_pattern: re.Pattern[str] | None = None  # closes an HTML or Liquid block
    attributes: str = ""  # the `{: ...}` line below it
    is_tight: bool = True
    columns: tuple[str, ...] = ()  # alignments of a table
    formula_end: int = -1  # of a paragraph: the line where its open formula ends


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed document: the root block, and the definitions by label."""

    root: Block
    references: dict[str, LinkReference]
    footnotes: dict[str, Block]
    abbreviations: dict[str, str]


class DepthError(ValueError):
    """Blocks nested more than MAX_NESTING deep."""


_ATTRIBUTE = r"\s++[A-Za-z_:][\w.:-]*+(?:\s*+=\s*+(?:[^\s\"'=<>`]++|'[^']*+'|\"[^\"]*+\"))?+"
OPEN_TAG = rf"<[A-Za-z][A-Za-z0-9-]*+(?:{_ATTRIBUTE})*+\s*+/?>"
CLOSE_TAG = r"</[A-Za-z][A-Za-z0-9-]*+\s*+>"
_TAG = re.compile(rf"{OPEN_TAG}|{CLOSE_TAG}")
_SHORT_COMMENT = re.compile(r"<!--(?:>|->)")
# Delimiters of the other kinds of inline HTML. A declaration (`<!`) also needs a letter next.
_ENCLOSED = (("<!--", "-->"), ("<?", "?>"), ("<![CDATA[", "]]>"), ("<!", ">"))
URI_AUTOLINK = re.compile(r"<([A-Za-z][A-Za-z0-9+.-]{1,31}:[^\s<>\x00-\x20]*)>")
EMAIL_AUTOLINK = re.compile(
    r"<([A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?)>"
)


def match_inline_html(text: str, at: int, absent: set[str]) -> str:
    """Return the tag, comment or other HTML that starts at an offset, or "" (section 6.6).

    `absent` collects closing delimiters that do not occur again, so that many unclosed openings
    do not each search the rest of the text.
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
# Section 4.6: start and end conditions of the seven kinds of HTML block (None: a blank line).
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
    """Python-Markdown's attribute lists, with stricter patterns: other braces stay text."""

    HEADER_RE = re.compile(rf"(?<![ ])[ ]++{_LIST}[ ]*+$")  # type: ignore[misc]  # final in the stubs alone
    BLOCK_RE = re.compile(rf"\n[ ]*+{_LIST}[ ]*+$")  # type: ignore[misc]  # final in the stubs alone
    INLINE_RE = re.compile(rf"^{_LIST}")  # type: ignore[misc]  # final in the stubs alone

    def assign_attrs(self, elem: Element, attrs_string: str, *, strict: bool = False) -> str:
        """Set the attributes of a list on an element; return the unparsed rest."""
        return super().assign_attrs(elem, attrs_string.lstrip(": "), strict=strict)


_DELIMITER = re.compile(r"\|?[ \t]*+:?-++:?[ \t]*+(?:\|[ \t]*+:?-++:?[ \t]*+)*+\|?[ \t]*+$")
_ALIGNMENT = {(True, True): "center", (True, False): "left", (False, True): "right"}


def split_cells(row: str) -> list[str]:
    r"""Return the text of each cell; `\|` becomes `|`, in code too."""
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
    """Return the alignment of each column ("" for none), or () if this is no delimiter row."""
    if (
        "-" not in row
        or not ("|" in row or ":" in row or row.strip(" \t-") == "")
        or not _DELIMITER.match(row)
    ):
        return ()
    return tuple(
        _ALIGNMENT.get((cell.startswith(":"), cell.endswith(":")), "") for cell in split_cells(row)
    )
