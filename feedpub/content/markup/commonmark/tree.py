"""Build an element tree from parsed blocks and their inline content. Enter at `TreeBuilder`.

The elements match those of Python-Markdown, so that its tree processors (attribute lists,
abbreviations, the user's extensions) work. Raw HTML and code go into its stash, where no later
step processes them.
"""

import re
from collections.abc import Callable
from html import escape
from xml.etree.ElementTree import Element, SubElement

from feedpub.content.markup.commonmark import nodes
from feedpub.content.markup.commonmark.inlines import InlineParser
from feedpub.content.markup.commonmark.nodes import Block, Document
from feedpub.content.markup.unrendered import UNKNOWN_DIRECTIVE_CLASS

BACKLINK_TITLE = "Back to the text"

_TASK = re.compile(r"\[([ xX])\][ \t]+(?=\S)")
_ALERT = re.compile(r"\[!([A-Za-z][\w-]+)\]([+-]?)[ \t]*+(.*)$")


class TreeBuilder:
    """Builds the elements of one document."""

    def __init__(
        self,
        document: Document,
        *,
        stash: Callable[[str], str],
        assign: Callable[[Element, str], str],
        extend: Callable[[Element, str], bool] | None,
        has_wiki_links: bool = True,
        set_formula: Callable[[str], str] | None = None,
    ) -> None:
        """Set the callbacks.

        `stash` stores raw HTML and returns its placeholder. `assign` sets an attribute list on an
        element. `extend` offers a paragraph to extensions and returns whether one took it.
        """
        self._document = document
        self._stash = stash
        self._assign = assign
        self._extend = extend
        self._inlines = InlineParser(
            document.references,
            self._reference,
            stash,
            has_wiki_links=has_wiki_links,
            set_formula=set_formula,
        )
        self._notes: list[str] = []  # labels in order of first reference
        self._counts: dict[str, int] = {}  # number of references by label
        self._makers: dict[str, Callable[[Block, Element], Element | None]] = {
            "paragraph": self._paragraph,
            "heading": self._heading,
            "rule": lambda _block, parent: SubElement(parent, "hr"),
            "code": self._code,
            "fence": self._code,
            "html": self._html,
            "quote": self._quote,
            "list": self._list,
            "table": self._table,
            "terms": self._terms,
            "admonition": self._admonition,
            "directive": self._admonition,
        }

    def build(self, root: Element) -> None:
        """Append the document to `root`, its footnotes last."""
        self._children(self._document.root, root)
        self._footnotes(root)

    def _children(self, block: Block, parent: Element) -> None:
        for child in block.children:
            maker = self._makers.get(child.kind)
            element = maker(child, parent) if maker else None
            if element is not None and child.attributes:
                self._give_attributes(element, child.attributes)

    def _give_attributes(self, element: Element, attributes: str) -> None:
        self._assign(element, attributes.strip("{}"))

    def _paragraph(self, block: Block, parent: Element) -> Element | None:
        text = "\n".join(block.lines)
        if not text or (self._extend and self._extend(parent, text)):
            return None
        element = SubElement(parent, "p")
        self._inlines.parse(text, element)
        return element

    def _heading(self, block: Block, parent: Element) -> Element:
        element = SubElement(parent, f"h{block.level}")
        self._inlines.parse(block.lines[0], element)
        return element

    def _code(self, block: Block, parent: Element) -> None:
        named = f' class="language-{escape(block.info)}"' if block.info else ""
        code = "".join(f"{line}\n" for line in block.lines)
        self._raw(f"<pre><code{named}>{escape(code, quote=False)}</code></pre>", parent)

    def _html(self, block: Block, parent: Element) -> None:
        self._raw("\n".join(block.lines), parent)

    def _raw(self, html: str, parent: Element) -> None:
        text = f"\n{self._stash(html)}\n"
        if len(parent):
            parent[-1].tail = (parent[-1].tail or "") + text
        else:
            parent.text = (parent.text or "") + text

    def _quote(self, block: Block, parent: Element) -> Element:
        first = block.children[0] if block.children else None
        if first is not None and first.kind == "paragraph" and first.lines:
            found = _ALERT.match(first.lines[0])
            if found:
                first.lines = first.lines[1:]
                kind = found[1].lower()
                title = found[3].strip() or kind.capitalize()
                return self._box(block, parent, kind, title, found[2])
        element = SubElement(parent, "blockquote")
        self._children(block, element)
        return element

    def _admonition(self, block: Block, parent: Element) -> Element:
        kind, _, title = block.info.partition("\n")
        if kind.startswith((" ", UNKNOWN_DIRECTIVE_CLASS)):
            return self._division(block, parent, kind.strip(), title)
        sign = {"???": "-", "???+": "+"}.get(block.marker, "-" if kind == "details" else "")
        return self._box(block, parent, kind, title, sign)

    def _division(self, block: Block, parent: Element, classes: str, title: str) -> Element:
        """Build a `<div>` for a `:::` block that is not an admonition."""
        element = SubElement(parent, "div", {"class": classes})
        if title:
            self._inlines.parse(title, SubElement(SubElement(element, "p"), "strong"))
        self._children(block, element)
        return element

    def _box(self, block: Block, parent: Element, kind: str, title: str, sign: str) -> Element:
        """Build an admonition; a foldable one (`-` closed, `+` open) is a `<details>`."""
        element = SubElement(parent, "details" if sign else "div", {"class": f"admonition {kind}"})
        if sign == "+":
            element.set("open", "open")
        if title:
            heading = SubElement(element, "summary" if sign else "p")
            if not sign:
                heading.set("class", "admonition-title")
            self._inlines.parse(title, heading)
        self._children(block, element)
        return element

    def _list(self, block: Block, parent: Element) -> Element:
        element = SubElement(parent, "ul" if block.level < 0 else "ol")
        if block.level not in (-1, 1):
            element.set("start", str(block.level))
        for child in block.children:
            item = SubElement(element, "li")
            self._item(child, item, is_tight=block.is_tight)
        return element

    def _item(self, block: Block, item: Element, *, is_tight: bool) -> None:
        box = self._task(block)
        if not is_tight:
            self._children(block, item)
            if box is not None and len(item) and item[0].tag == "p":
                _insert(item[0], box)
            return
        for child in block.children:
            if child.kind == "paragraph" and child.lines:
                self._tight(child, item)
            else:
                self._children(Block("item", 0, 0, children=[child]), item)
        if box is not None:
            _insert(item, box)
        if block.attributes:
            self._give_attributes(item, block.attributes)

    def _tight(self, block: Block, item: Element) -> None:
        """Add the content of a paragraph to an item without `<p>`, for tight lists."""
        held = Element("p")
        self._inlines.parse("\n".join(block.lines), held)
        text = held.text or ""
        if len(item):
            item[-1].tail = (item[-1].tail or "") + text
        else:
            item.text = (item.text or "") + text
        item.extend(list(held))
        if block.attributes:
            self._give_attributes(item, block.attributes)

    def _task(self, block: Block) -> Element | None:
        first = block.children[0] if block.children else None
        if first is None or first.kind != "paragraph" or not first.lines:
            return None
        found = _TASK.match(first.lines[0])
        if not found:
            return None
        first.lines[0] = first.lines[0][found.end() :]
        box = Element("input", type="checkbox", disabled="disabled")
        if found[1] != " ":
            box.set("checked", "checked")
        return box

    def _table(self, block: Block, parent: Element) -> Element:
        table = SubElement(parent, "table")
        self._row(block, SubElement(SubElement(table, "thead"), "tr"), block.lines[0], "th")
        body: Element | None = None
        for line in block.lines[1:]:
            body = SubElement(table, "tbody") if body is None else body
            self._row(block, SubElement(body, "tr"), line, "td")
        return table

    def _row(self, block: Block, row: Element, line: str, tag: str) -> None:
        texts = nodes.split_cells(line)
        for index, alignment in enumerate(block.columns):
            cell = SubElement(row, tag)
            if alignment:
                cell.set("style", f"text-align: {alignment};")
            if index < len(texts):
                self._inlines.parse(texts[index], cell)

    def _terms(self, block: Block, parent: Element) -> Element:
        element = SubElement(parent, "dl")
        for child in block.children:
            if child.kind == "term":
                for line in child.lines:
                    self._inlines.parse(line, SubElement(element, "dt"))
            else:
                self._item(
                    child,
                    SubElement(element, "dd"),
                    is_tight=child.is_tight and not child.children[1:],
                )
        return element

    # Footnotes

    def _reference(self, label: str) -> Element | None:
        if label not in self._document.footnotes:
            return None
        if label not in self._counts:
            self._notes.append(label)
        count = self._counts[label] = self._counts.get(label, 0) + 1
        mark = Element("sup", id=_reference_id(label, count))
        link = SubElement(mark, "a", {"class": "footnote-ref", "href": f"#fn:{label}"})
        link.text = str(self._notes.index(label) + 1)
        return mark

    def _footnotes(self, root: Element) -> None:
        if not self._notes:
            return
        section = SubElement(root, "section", {"class": "footnotes"})
        items = SubElement(section, "ol")
        for label in self._notes:  # grows if a note refers to another
            item = SubElement(items, "li", id=f"fn:{label}")
            self._children(self._document.footnotes[label], item)
        for label, item in zip(self._notes, items, strict=True):
            last = item[-1] if len(item) and item[-1].tag == "p" else SubElement(item, "p")
            self._link_back(label, last)

    def _link_back(self, label: str, last: Element) -> None:
        space = "\u00a0" if last.text or len(last) else ""
        if len(last):
            last[-1].tail = (last[-1].tail or "") + space
        else:
            last.text = (last.text or "") + space
        for count in range(1, self._counts[label] + 1):
            back = {"class": "footnote-backref", "href": f"#{_reference_id(label, count)}"}
            link = SubElement(last, "a", {**back, "title": BACKLINK_TITLE})
            link.text = "\u21a9"
            if count > 1:
                SubElement(link, "sup").text = str(count)


def _reference_id(label: str, count: int) -> str:
    return f"fnref:{label}" if count == 1 else f"fnref{count}:{label}"


def _insert(parent: Element, box: Element) -> None:
    """Insert a checkbox before the text of an element."""
    box.tail = " " + (parent.text or "")
    parent.text = None
    parent.insert(0, box)
