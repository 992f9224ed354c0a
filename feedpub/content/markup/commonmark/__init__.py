"""CommonMark and GitHub's extensions for Python-Markdown.

`CommonMarkExtension` replaces the library's block and inline parsers, which read another dialect
(https://python-markdown.github.io/#differences). The library's pipeline, its tree processors and
the user's extensions keep working. `CommonMarkEngine` loads it.
"""

from collections.abc import Callable, Iterable, Sequence
from re import Match
from xml.etree.ElementTree import Element, ElementTree

from markdown import Markdown
from markdown.blockparser import BlockParser
from markdown.extensions import Extension
from markdown.extensions.abbr import AbbrExtension
from markdown.postprocessors import Postprocessor
from markdown.preprocessors import Preprocessor
from markdown.treeprocessors import InlineProcessor
from markdown.util import ETX, HTML_PLACEHOLDER_RE, STX, Registry

from feedpub.content.markup.commonmark.blocks import parse_blocks
from feedpub.content.markup.commonmark.nodes import AttributeListProcessor
from feedpub.content.markup.commonmark.tree import TreeBuilder

# The priorities under which the library registers the processors replaced here.
_NORMALIZE, _INLINE, _ATTRIBUTES, _RAW_HTML = 30, 20, 8, 30


class CommonMarkExtension(Extension):
    """CommonMark 0.31 with GitHub's extensions, and more.

    It adds tables, strikethrough, task lists, autolinks, footnotes, alerts, definition lists,
    admonitions, abbreviations and attribute lists. Load it first: it empties the inline patterns,
    and those registered later run on the text that it leaves.
    """

    def __init__(self, set_formula: Callable[[str], str] | None = None) -> None:
        """Set the renderer of TeX formulas; without one, formulas stay text."""
        super().__init__()
        self._set_formula = set_formula

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802
        """Replace the library's parsers and pre- and postprocessors."""
        md.preprocessors.deregister("html_block")
        md.preprocessors.register(_PlaceholderPreprocessor(md), "normalize_whitespace", _NORMALIZE)
        abbreviations = AbbrExtension()
        abbreviations.extendMarkdown(md)
        attributes = AttributeListProcessor(md)
        md.treeprocessors.register(attributes, "attr_list", _ATTRIBUTES)
        md.parser = _CommonMarkParser(md, abbreviations, attributes, self._set_formula)
        md.inlinePatterns = Registry()
        # A new processor, because the library's keeps a reference to the registry replaced above.
        md.treeprocessors.register(InlineProcessor(md), "inline", _INLINE)
        md.postprocessors.register(_RawHtmlPostprocessor(md), "raw_html", _RAW_HTML)


class _PlaceholderPreprocessor(Preprocessor):
    """Strips the two control characters (STX, ETX) that delimit the library's placeholders."""

    def run(self, lines: list[str]) -> list[str]:
        return [line.replace(STX, "").replace(ETX, "") for line in lines]


class _CommonMarkParser(BlockParser):
    """A Python-Markdown block parser with CommonMark rules.

    Each paragraph is offered to the block processors of other extensions.
    """

    def __init__(
        self,
        md: Markdown,
        abbreviations: AbbrExtension,
        attributes: AttributeListProcessor,
        set_formula: Callable[[str], str] | None,
    ) -> None:
        super().__init__(md)
        self._abbreviations = abbreviations
        self._attributes = attributes
        self._set_formula = set_formula

    def parseDocument(self, lines: Iterable[str]) -> ElementTree:  # noqa: N802
        self.root = Element(self.md.doc_tag)
        self._parse(self.root, list(lines))
        return ElementTree(self.root)

    def parseChunk(self, parent: Element, text: str) -> None:  # noqa: N802
        self._parse(parent, text.split("\n"))

    def parseBlocks(self, parent: Element, blocks: Sequence[str]) -> None:  # noqa: N802
        self._parse(parent, "\n\n".join(blocks).split("\n"))

    def _parse(self, parent: Element, lines: list[str]) -> None:
        document = parse_blocks(lines)
        self._abbreviations.abbrs.update(document.abbreviations)  # type: ignore[attr-defined]
        TreeBuilder(
            document,
            stash=self.md.htmlStash.store,
            assign=self._attributes.assign_attrs,
            extend=self._extend if len(self.blockprocessors) else None,
            has_wiki_links="wikilink" not in self.md.inlinePatterns,
            set_formula=self._set_formula,
        ).build(parent)

    def _extend(self, parent: Element, text: str) -> bool:
        """Offer a paragraph to the block processors; return whether one took it."""
        blocks = [text]
        for processor in self.blockprocessors:
            if processor.test(parent, text) and processor.run(parent, blocks) is not False:
                self._parse(parent, "\n\n".join(blocks).split("\n"))
                return True
        return False


class _RawHtmlPostprocessor(Postprocessor):
    """Restores raw HTML exactly as written."""

    def run(self, text: str) -> str:
        blocks = self.md.htmlStash.rawHtmlBlocks

        def stored(match: Match[str]) -> str:
            return str(blocks[int(match[1])])

        return HTML_PLACEHOLDER_RE.sub(stored, text)
