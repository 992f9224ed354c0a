"""Parse the inline content of a block. `tree` calls `InlineParser.parse` to fill an element.

It follows CommonMark 0.31, section 6, with GitHub's strikethrough, autolinks and footnotes, wiki
links, and TeX formulas. The algorithm is the one in the specification's appendix ("An algorithm
for parsing nested emphasis and links"): one pass from left to right, with a stack of delimiter
runs and a stack of brackets.
"""

import re
from collections.abc import Callable, Mapping
from html import unescape
from html.entities import html5
from xml.etree.ElementTree import Element

from markdown.util import AtomicString

from feedpub.content.markup.commonmark.emphasis import (
    build_wikilink_element,
    find_domain,
    find_local_part,
    find_url,
    get_flanking,
    process_emphasis,
)
from feedpub.content.markup.commonmark.formulas import NO_MORE_CLOSERS, find_formula_end
from feedpub.content.markup.commonmark.links import (
    LinkReference,
    normalize_label,
    parse_inline_link,
    parse_link_label,
)
from feedpub.content.markup.commonmark.nodes import (
    EMAIL_AUTOLINK,
    URI_AUTOLINK,
    Bracket,
    DelimiterRun,
    InlineNode,
    append_nodes,
    get_alt_text,
    match_inline_html,
    normalize_code_span,
)

# Where the scanner stops; everything between is copied.
_SPECIAL = re.compile(
    r"[\\`*_~\[\]!<&\n$@]|(?<![0-9A-Za-z])(?:https?|ftp)://|"
    r"(?<![^\s*_~(\[\u3000-\u303f\uff00-\uffef\u2018-\u201f])www\."
)
_PLAIN = re.compile(r"[\\`*_~\[\]!<&\n$@:]|www\.")
_PUNCTUATION = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
_ENTITY = re.compile(r"&(?:#[xX][0-9a-fA-F]{1,6}|#[0-9]{1,7}|[A-Za-z][A-Za-z0-9]{1,31});")
_TICKS = re.compile(r"`+")
_FOOTNOTE = re.compile(r"\[\^([^\s\[\]]{1,200})\]")


class InlineParser:
    """An inline parser for one document, with its link references and footnotes."""

    def __init__(
        self,
        references: Mapping[str, LinkReference],
        footnotes: Callable[[str], Element | None],
        stash: Callable[[str], str],
        *,
        has_wiki_links: bool = True,
        set_formula: Callable[[str], str] | None = None,
    ) -> None:
        """Set the references by label and the callbacks.

        `footnotes` returns the link to a footnote, or None if there is no such footnote. `stash`
        stores raw HTML and returns its placeholder. `set_formula` renders TeX to HTML; without it
        formulas stay text.
        """
        self._set_formula = set_formula
        self._references = references
        self._footnotes = footnotes
        self._stash = stash
        self._has_wiki_links = has_wiki_links

    def parse(self, text: str, parent: Element) -> None:
        """Parse `text` into `parent`, which must be empty."""
        text = text.strip(" \t\n")
        if _PLAIN.search(text) is None:
            parent.text = text
            return
        scanner = _Scanner(text, self._references, self._footnotes, self._stash)
        scanner.has_wiki_links = self._has_wiki_links
        scanner.set_formula = self._set_formula
        scanner.run(parent)


class _Scanner:
    """A single pass over one text, which builds a chain of InlineNodes."""

    def __init__(
        self,
        text: str,
        references: Mapping[str, LinkReference],
        footnotes: Callable[[str], Element | None],
        stash: Callable[[str], str],
    ) -> None:
        self._text = text
        self._references = references
        self._footnotes = footnotes
        self._stash = stash
        self.has_wiki_links = True
        self.set_formula: Callable[[str], str] | None = None
        self._at = 0
        self._first = InlineNode()  # sentinel head of the chain
        self._last = self._first
        self._runs: list[InlineNode] = []
        self._brackets: list[Bracket] = []
        self._no_ticks: dict[int, int] = {}  # run length -> offset from which no run closes it
        self._no_math: set[str] = set()  # closing delimiters that do not occur again
        self._no_html: set[str] = set()  # the same for comments and other enclosed HTML
        self._raw_links = 0  # open `<a>` elements written as raw HTML
        self._handlers: dict[str, Callable[[], None]] = {
            "\\": self._backslash,
            "`": self._code,
            "*": self._delimiters,
            "_": self._delimiters,
            "~": self._delimiters,
            "[": self._open_bracket,
            "]": self._close_bracket,
            "!": self._exclamation,
            "<": self._angle,
            "&": self._entity,
            "\n": self._newline,
            "$": self._dollar,
            "@": self._email,
        }

    def run(self, parent: Element) -> None:
        text = self._text
        search = _SPECIAL.search
        while self._at < len(text):
            found = search(text, self._at)
            if found is None:
                self._add_text(text[self._at :])
                break
            if found.start() > self._at:
                self._add_text(text[self._at : found.start()])
                self._at = found.start()
            self._handlers.get(text[self._at], self._bare_url)()
        process_emphasis(self._runs, 0)
        append_nodes(parent, self._first.next)

    # Output

    def _append(self, node: InlineNode) -> None:
        node.previous, self._last.next = self._last, node
        self._last = node

    def _add_text(self, text: str) -> None:
        self._append(InlineNode(text.replace("&", "&amp;") if "&" in text else text))

    def _add_element(self, element: Element) -> None:
        self._append(InlineNode(element=element))

    def _take(self, length: int = 1) -> None:
        """Copy characters as plain text."""
        self._add_text(self._text[self._at : self._at + length])
        self._at += length

    # Backslash escapes and line breaks (sections 2.4 and 6.7)

    def _backslash(self) -> None:
        describer = self._text[self._at + 1 : self._at + 2]
        if describer == "\n":
            self._at += 2
            self._break()
        elif describer and describer in "([" and self._math("\\" + ")]"["([".index(describer)], 2):
            return
        elif describer in _PUNCTUATION and describer:
            self._add_text(describer)
            self._at += 2
        else:
            self._take()

    def _newline(self) -> None:
        """Add a line break: hard after two spaces, else soft."""
        before = self._last.text if self._last.element is None and self._last.run is None else ""
        stripped = before.rstrip(" ")
        self._at += 1
        if len(before) - len(stripped) >= 2:  # noqa: PLR2004  # spaces, section 6.7
            self._last.text = stripped
            self._break()
            return
        self._last.text = stripped if before else self._last.text
        self._skip_spaces()
        self._append(InlineNode("\n"))

    def _break(self) -> None:
        self._skip_spaces()
        self._add_element(Element("br"))
        self._append(InlineNode("\n"))

    def _skip_spaces(self) -> None:
        while self._text[self._at : self._at + 1] in (" ", "\t"):
            self._at += 1

    # Code spans (section 6.1)

    def _code(self) -> None:
        found = _TICKS.match(self._text, self._at)
        length = len(found[0]) if found else 0
        begin = self._at + length
        if self._no_ticks.get(length, len(self._text)) <= begin:
            self._take(length)
            return
        for closing in _TICKS.finditer(self._text, begin):
            if len(closing[0]) == length:
                self._at = closing.end()
                code = Element("code")
                code.text = AtomicString(normalize_code_span(self._text[begin : closing.start()]))
                self._add_element(code)
                return
        self._no_ticks[length] = begin
        self._take(length)

    # TeX, delimited as in pandoc

    def _dollar(self) -> None:
        double = self._text.startswith("$$", self._at)
        if not self._math("$$" if double else "$", 2 if double else 1):
            self._take(2 if double else 1)

    def _math(self, closing: str, length: int) -> bool:
        """Take a formula with its delimiters; return whether there is one."""
        begin = self._at + length
        if closing in self._no_math:
            return False
        end = find_formula_end(self._text, closing, begin)
        if end < 0:
            if end == NO_MORE_CLOSERS:
                self._no_math.add(closing)
            return False
        formula = self._text[self._at : end + len(closing)]
        self._at = end + len(closing)
        if self.set_formula and not any(each.is_image for each in self._brackets):
            self._append(InlineNode(self._stash(self.set_formula(formula))))
        else:
            self._append(InlineNode(AtomicString(formula.replace("&", "&amp;"))))
        return True

    def _delimiters(self) -> None:
        text, begin = self._text, self._at
        sign = text[begin]
        end = begin
        while end < len(text) and text[end] == sign:
            end += 1
        self._at = end
        before = text[begin - 1] if begin else "\n"
        after = text[end] if end < len(text) else "\n"
        run = DelimiterRun(sign, end - begin, *get_flanking(sign, before, after))
        if sign == "~" and run.length > 2:  # noqa: PLR2004  # GitHub: one or two tildes
            self._add_text(text[begin:end])
            return
        node = InlineNode(text[begin:end], run=run)
        self._append(node)
        self._runs.append(node)

    # Links, images (sections 6.3 and 6.4), footnotes and wiki links

    def _open_bracket(self) -> None:
        if not (self._footnote(self._at) or self._wiki_link()):
            self._push_bracket("[", is_image=False)

    def _footnote(self, at: int) -> bool:
        """Add a link to the footnote named at an offset; return whether there is one."""
        found = _FOOTNOTE.match(self._text, at)
        link = self._footnotes(found[1]) if found else None
        if found is None or link is None:
            return False
        self._at = found.end()
        self._add_element(link)
        return True

    def _wiki_link(self) -> bool:
        """Add the wiki link that starts here; return whether there is one."""
        found = (
            build_wikilink_element(self._text, self._at, self._references)
            if self.has_wiki_links
            else None
        )
        if found is None:
            return False
        element, self._at = found
        if element.tag == "a":
            for bracket in self._brackets:
                bracket.is_active = bracket.is_active and bracket.is_image
        self._add_element(element)
        return True

    def _exclamation(self) -> None:
        if self._wiki_link():
            return
        if not self._text.startswith("[", self._at + 1) or _FOOTNOTE.match(
            self._text, self._at + 1
        ):
            self._take()
        else:
            self._push_bracket("![", is_image=True)

    def _push_bracket(self, sign: str, *, is_image: bool) -> None:
        self._at += len(sign)
        node = InlineNode(sign)
        self._append(node)
        if self._brackets:
            self._brackets[-1].has_bracket_after = True
        self._brackets.append(Bracket(node, is_image, self._at, len(self._runs)))

    def _close_bracket(self) -> None:
        self._at += 1
        if not self._brackets:
            self._add_text("]")
            return
        opener = self._brackets.pop()
        target = self._target(opener) if opener.is_active else None
        if target is None:
            self._add_text("]")
            return
        process_emphasis(self._runs, opener.stack_bottom)
        element = Element("img" if opener.is_image else "a")
        self._cut(opener.node, element)
        if opener.is_image:
            alt = get_alt_text(element)
            element = Element("img", src=target.url, alt=alt)
        else:
            element.set("href", target.url)
            for bracket in self._brackets:
                bracket.is_active = bracket.is_active and bracket.is_image
        if target.title:
            element.set("title", target.title)
        self._add_element(element)

    def _cut(self, bracket: InlineNode, element: Element) -> None:
        """Move the nodes after a bracket into an element, and drop the bracket.

        Bare URLs become text again, because links cannot nest.
        """
        content, before = bracket.next, bracket.previous
        if before is not None:
            before.next, self._last = None, before
        node = content
        while node is not None:
            if node.is_autolink and node.element is not None:
                node.text, node.element = "".join(node.element.itertext()), None
            node = node.next
        append_nodes(element, content)

    def _target(self, opener: Bracket) -> LinkReference | None:
        """Return the target of the link that ends here, and move past it; None if no link."""
        found = parse_inline_link(self._text, self._at)
        if found:
            self._at = found.end
            return found.reference
        name, end = self._text[opener.start : self._at - 1], self._at
        label = parse_link_label(self._text, self._at)
        if label:
            end = label[1]
        if label and label[0]:
            name = label[0]
        elif opener.has_bracket_after:
            return None
        reference = self._references.get(normalize_label(name)) if self._references else None
        if reference is not None:
            self._at = end
        return reference

    # Autolinks and raw HTML (sections 6.5 and 6.6)

    def _angle(self) -> None:
        text = self._text
        uri = URI_AUTOLINK.match(text, self._at)
        mail = None if uri else EMAIL_AUTOLINK.match(text, self._at)
        found = uri or mail
        if found:
            self._at = found.end()
            self._add_link(found[1], found[1] if uri else f"mailto:{found[1]}")
            return
        html = match_inline_html(text, self._at, self._no_html)
        if not html:
            self._take()
            return
        raw = html.lower()
        if raw.startswith(("<a ", "<a>", "<a\n")):
            self._raw_links += 1
        elif raw.startswith("</a") and self._raw_links:
            self._raw_links -= 1
        self._at += len(html)
        self._append(InlineNode(self._stash(html)))

    def _add_link(self, shown: str, url: str, *, is_bare: bool = False) -> None:
        link = Element("a", href=url.replace("&", "&amp;"))
        link.text = AtomicString(shown.replace("&", "&amp;"))
        self._append(InlineNode(element=link, is_autolink=is_bare))

    # Character references (section 2.5)

    def _entity(self) -> None:
        found = _ENTITY.match(self._text, self._at)
        if not found or (found[0][1] != "#" and found[0][1:] not in html5):
            self._take()
            return
        self._at = found.end()
        character = unescape(found[0]).replace("\x00", "\ufffd")
        self._append(InlineNode(character.replace("&", "&amp;")))

    # GitHub's extended autolinks

    def _bare_url(self) -> None:
        found = find_url(self._text, self._at, in_brackets=bool(self._brackets))
        if isinstance(found, int):
            self._take(found)
        elif self._raw_links:
            self._take(found.length)
        else:
            self._at += found.length
            self._add_link(found.text, found.url, is_bare=True)

    def _email(self) -> None:
        before = self._last
        is_text = before.element is None and before.run is None
        local = find_local_part(before.text) if is_text and not self._raw_links else ""
        domain = find_domain(self._text, self._at + 1) if local else ""
        if not domain:
            self._take()
            return
        before.text = before.text.removesuffix(local)
        self._at += 1 + len(domain)
        self._add_link(f"{local}@{domain}", f"mailto:{local}@{domain}", is_bare=True)
