"""CommonMark and GitHub's extensions for Python-Markdown.

`CommonMark` is a Python-Markdown extension. It puts a block parser and an inline parser of its own
in place of the library's, which read another dialect (https://python-markdown.github.io/#differences);
the library's pipeline, its tree processors and the extensions of a user work as ever.
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

# The priorities that the library itself gives to its processors.
_NORMALIZE, _INLINE, _ATTRIBUTES, _RAW_HTML = 30, 20, 8, 30


class CommonMarkExtension(Extension):
    """Reads CommonMark 0.31 with tables, strikethrough, task lists, autolinks, footnotes, alerts,
    definition lists, admonitions, abbreviations and attribute lists.

    Load it first: block processors and inline patterns that are registered later see the
    paragraphs and the text that it leaves.
    """

    def __init__(self, set_formula: Callable[[str], str] | None = None) -> None:
        """Take what makes HTML of a formula of TeX; without it formulas stay text."""
        super().__init__()
        self._set_formula = set_formula

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802  # theirs
        """Put the parsers in their places."""
        md.preprocessors.deregister("html_block")
        md.preprocessors.register(_PlaceholderPreprocessor(md), "normalize_whitespace", _NORMALIZE)
        abbreviations = AbbrExtension()
        abbreviations.extendMarkdown(md)
        attributes = AttributeListProcessor(md)
        md.treeprocessors.register(attributes, "attr_list", _ATTRIBUTES)
        md.parser = _CommonMarkParser(md, abbreviations, attributes, self._set_formula)
        md.inlinePatterns = Registry()
        md.treeprocessors.register(InlineProcessor(md), "inline", _INLINE)  # it keeps the registry
        md.postprocessors.register(_RawHtmlPostprocessor(md), "raw_html", _RAW_HTML)


class _PlaceholderPreprocessor(Preprocessor):
    """Takes out the two characters that the library marks its placeholders with."""

    def run(self, lines: list[str]) -> list[str]:
        return [line.replace(STX, "").replace(ETX, "") for line in lines]


class _CommonMarkParser(BlockParser):
    """Python-Markdown's block parser, with CommonMark's rules.

    Block processors that extensions register are asked about each paragraph.
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

    def parseDocument(self, lines: Iterable[str]) -> ElementTree:  # noqa: N802  # theirs
        self.root = Element(self.md.doc_tag)
        self._parse(self.root, list(lines))
        return ElementTree(self.root)

    def parseChunk(self, parent: Element, text: str) -> None:  # noqa: N802  # theirs
        self._parse(parent, text.split("\n"))

    def parseBlocks(self, parent: Element, blocks: Sequence[str]) -> None:  # noqa: N802  # theirs
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
        """Let the processors of extensions read a paragraph; return whether one did."""
        blocks = [text]
        for processor in self.blockprocessors:
            if processor.test(parent, text) and processor.run(parent, blocks) is not False:
                self._parse(parent, "\n\n".join(blocks).split("\n"))
                return True
        return False


class _RawHtmlPostprocessor(Postprocessor):
    """Puts the HTML of the author back, as it was written."""

    def run(self, text: str) -> str:
        blocks = self.md.htmlStash.rawHtmlBlocks

        def stored(match: Match[str]) -> str:
            return str(blocks[int(match[1])])

        return HTML_PLACEHOLDER_RE.sub(stored, text)
