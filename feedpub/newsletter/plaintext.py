"""Render a post's HTML as readable plain text: wrapped, with numbered links listed at the end.

`render_plaintext` is the entry point, used for the text part of digest messages.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml.html import HtmlElement

from feedpub.newsletter import html as newsletter_html
from feedpub.newsletter import text_tables
from feedpub.newsletter.text_tables import LINE_WIDTH, draw_rule, wrap_text
from feedpub.site.template_filters import file_name

_BLOCKS = frozenset(
    (
        *("address", "article", "aside", "blockquote", "caption", "center", "dd", "details", "div"),
        *("dl", "dt", "figcaption", "figure", "footer", "h1", "h2", "h3", "h4", "h5", "h6"),
        *("header", "hr", "li", "main", "nav", "ol", "p", "pre", "section", "summary", "table"),
        *("tbody", "td", "tfoot", "th", "thead", "tr", "ul"),
    )
)
_VOID_TAGS = frozenset(("audio", "br", "img", "input", "rp", "source", "track", "video", "wbr"))
_DELIMITERS = {
    **dict.fromkeys(("em", "i", "cite", "dfn", "var"), ("_", "_")),
    **dict.fromkeys(("strong", "b"), ("*", "*")),
    **dict.fromkeys(("code", "kbd", "samp", "tt"), ("`", "`")),
    **dict.fromkeys(("del", "s", "strike"), ("~", "~")),
    "q": ("“", "”"),
    "rt": ("(", ")"),
    "sup": ("^", ""),
}
_NUMBER = re.compile(r"-?[0-9]{1,9}")
_INDENT = 4
_MIN_WIDTH = 24  # columns kept for text at any nesting depth
_ENDLESS = 2**16

Block = list[str]


def render_plaintext(html: str, own: str = "", columns: int = LINE_WIDTH) -> str:
    """Render a post's HTML as text in lines of at most `columns` columns.

    Only code, tables and URLs may exceed that. A link is shown as a number in brackets, and the
    URLs are listed below the text in order. Links within the page at the URL `own` are left out.
    """
    root = newsletter_html.parse_html(html)
    writer = _TextRenderer(own)
    blocks = writer.render_blocks(root, columns)
    if writer.links:
        blocks.append([f"[{number}] {url}" for url, number in writer.links.items()])
    return "\n\n".join("\n".join(block) for block in blocks)


@dataclass(slots=True)
class _TextRenderer:
    """Renders one post, and collects the URLs it links to."""

    page_url: str
    links: dict[str, int] = field(default_factory=dict)

    def render_blocks(self, element: HtmlElement, columns: int) -> list[Block]:
        """Render an element's content as blocks of lines: paragraphs, lists, code."""
        found: list[Block] = []
        running = [newsletter_html.collapse_whitespace(element.text)]
        for child in element:
            if newsletter_html.get_tag(child) in _BLOCKS or _holds_blocks(child):
                found += _paragraph(running, columns)
                running = []
                found += self._block(child, max(columns, _MIN_WIDTH))
            else:
                running.append(self._inline(child))
            running.append(newsletter_html.collapse_whitespace(child.tail))
        return found + _paragraph(running, columns)

    def _block(self, element: HtmlElement, columns: int) -> list[Block]:
        match newsletter_html.get_tag(element):
            case "h1" | "h2" | "h3" | "h4" | "h5" | "h6":
                lines = _join_blocks(self.render_blocks(element, columns))
                lines += [draw_rule("\n".join(lines), "-", columns)] if lines else []
            case "pre":
                code = newsletter_html.get_text(element).strip("\n").expandtabs(_INDENT)
                lines = _prefix_lines([code.split("\n")], " " * _INDENT) if code else []
            case "blockquote":
                lines = _prefix_lines(self.render_blocks(element, columns - len("> ")), "> ")
            case "dd":
                lines = _prefix_lines(self.render_blocks(element, columns - _INDENT), " " * _INDENT)
            case "dl":
                lines = _join_blocks(self.render_blocks(element, columns), apart=False)
            case "hr":
                lines = ["* * *"]
            case name:
                return self._blocks(name, element, columns)
        return _as_blocks(lines)

    def _blocks(self, name: str, element: HtmlElement, columns: int) -> list[Block]:
        """Render an element that may yield several blocks."""
        if name in ("ul", "ol"):
            return self._list(element, columns)
        if name == "table":
            return self._table(element, columns)
        blocks = self.render_blocks(element, columns)
        return self._append_link(element, blocks, columns) if name == "a" else blocks

    def _list(self, element: HtmlElement, columns: int) -> list[Block]:
        """Render a list; items are separated by empty lines if one has several paragraphs."""
        astray = [
            newsletter_html.collapse_whitespace(element.text),
            *(newsletter_html.collapse_whitespace(item.tail) for item in element),
        ]
        items = _paragraph(astray, columns)
        loose = any(map(_is_loose, element))
        for item, lead in zip(element, _list_markers(element), strict=True):
            blocks = self.render_blocks(item, columns - len(lead))
            lines = _join_blocks(blocks, apart=_is_loose(item))
            items += _as_blocks(_prefix_lines([lines], " " * len(lead), lead) if lines else [])
        return items if loose else _as_blocks(_join_blocks(items, apart=False))

    def _table(self, element: HtmlElement, columns: int) -> list[Block]:
        """Render a table in columns or, if it is too wide, row by row."""
        found: list[Block] = []
        rows: list[list[str]] = []
        headed = False
        for each in element:
            if newsletter_html.get_tag(each) == "caption":
                found += self.render_blocks(each, columns)
        for each in newsletter_html.find_rows(element):
            cells = [self._cell(cell) for cell in each]
            headed = headed or (
                not rows and all(newsletter_html.get_tag(cell) == "th" for cell in each)
            )
            rows += [cells] if any(cells) else []
        return found + text_tables.render_table(rows, columns, headed=headed)

    def _cell(self, cell: HtmlElement) -> str:
        return " ".join(line for block in self.render_blocks(cell, _ENDLESS) for line in block)

    def _inline(self, element: HtmlElement) -> str:
        """Render an inline element."""
        name = newsletter_html.get_tag(element)
        if name == "svg":
            return _surround(newsletter_html.get_svg_text(element), "[", "]")
        if name in _VOID_TAGS:
            return self._render_void(name, element)
        inner = self._render_children(element)
        if name == "a":
            return self._anchor(element, inner)
        if name == "sup" and inner.startswith("^"):
            return inner
        return _surround(inner, *_DELIMITERS.get(name, ("", "")))

    def _render_void(self, name: str, element: HtmlElement) -> str:
        """Render an element without readable content."""
        match name:
            case "br":
                return "\n"
            case "img":
                return _surround(
                    newsletter_html.collapse_whitespace(element.get("alt")).strip(), "[", "]"
                )
            case "input":
                return "[x]" if "checked" in element.attrib else "[ ]"
            case "audio" | "video":
                url = newsletter_html.find_media_url(element)
                return self._link(url, file_name(url))
            case _:
                return ""

    def _render_children(self, element: HtmlElement) -> str:
        parts = [newsletter_html.collapse_whitespace(element.text)]
        for child in element:
            parts += (self._inline(child), newsletter_html.collapse_whitespace(child.tail))
        return "".join(parts)

    def _anchor(self, element: HtmlElement, inner: str) -> str:
        kind = element.get("class", "")
        url = element.get("href", "")
        if "footnote-backref" in kind or "headerlink" in kind:
            return ""
        if "footnote-ref" in kind:
            return f"^{inner}"
        if self.page_url and url.startswith(f"{self.page_url}#"):
            return inner
        return self._link(url, inner)

    def _link(self, url: str, inner: str) -> str:
        """Render a link as its text and number, or as the URL alone if that is its text."""
        bare = url.removeprefix("mailto:")
        if not url or inner.strip() in (bare, url.partition("://")[2].rstrip("/")):
            return bare or inner
        return f"{inner} [{self._number(url)}]" if inner.strip() else f"[{self._number(url)}]"

    def _append_link(self, element: HtmlElement, blocks: list[Block], columns: int) -> list[Block]:
        """Append the number of a link around whole blocks to the last block."""
        url = element.get("href", "")
        if not url or not blocks:
            return blocks
        last = wrap_text(f"{blocks[-1][-1]} [{self._number(url)}]", columns)
        return [*blocks[:-1], [*blocks[-1][:-1], *last]]

    def _number(self, url: str) -> int:
        return self.links.setdefault(url, len(self.links) + 1)


def _holds_blocks(element: HtmlElement) -> bool:
    """Return whether an inline element contains block elements."""
    return any(newsletter_html.get_tag(each) in _BLOCKS for each in element.iterdescendants())


def _is_loose(item: HtmlElement) -> bool:
    """Return whether a list item has several paragraphs, or a block such as code or a table."""
    names = [newsletter_html.get_tag(child) for child in item]
    return names.count("p") > 1 or any(name in ("pre", "blockquote", "table") for name in names)


def _list_markers(element: HtmlElement) -> Iterator[str]:
    """Yield the marker of each list item."""
    if newsletter_html.get_tag(element) == "ul":
        yield from ("- " for _ in element)
        return
    form = "^{} " if "footnotes" in element.getparent().get("class", "") else "{}. "
    backwards = "reversed" in element.attrib
    number = _parse_integer(element.get("start"), len(element) if backwards else 1)
    numbers = []
    for item in element:
        number = _parse_integer(item.get("value"), number)
        numbers.append(form.format(number))
        number += -1 if backwards else 1
    longest = max(map(len, numbers), default=0)
    yield from (each.rjust(longest) for each in numbers)


def _parse_integer(written: str | None, otherwise: int) -> int:
    return int(written) if written and _NUMBER.fullmatch(written) else otherwise


def _surround(inner: str, before: str, after: str) -> str:
    """Put delimiters around a text, inside its outer spaces; leave empty text as it is."""
    core = inner.strip(" \n")
    if not core or not (before or after):
        return inner
    start = inner.index(core)
    return f"{inner[:start]}{before}{core}{after}{inner[start + len(core) :]}"


def _paragraph(running: list[str], columns: int) -> list[Block]:
    """Return a paragraph as one block, or no block if it is empty."""
    lines = [line for part in "".join(running).split("\n") for line in wrap_text(part, columns)]
    return _as_blocks(lines)


def _as_blocks(lines: Block) -> list[Block]:
    return [lines] if lines else []


def _join_blocks(blocks: list[Block], *, apart: bool = True) -> Block:
    """Join blocks into one, with or without empty lines between them."""
    lines: Block = []
    for block in blocks:
        if lines and apart:
            lines.append("")
        lines += block
    return lines


def _prefix_lines(blocks: list[Block], lead: str, first: str = "") -> Block:
    """Join blocks into one, each line prefixed with `lead`, the first one with `first`."""
    lines = _join_blocks(blocks)
    return [
        f"{(first or lead) if number == 0 else lead}{line}".rstrip()
        for number, line in enumerate(lines)
    ]
