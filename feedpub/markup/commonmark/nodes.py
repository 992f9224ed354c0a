"""The pieces of a text while it is parsed, as a chain, and how elements are filled with them."""

from dataclasses import dataclass, field
from xml.etree.ElementTree import Element


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
