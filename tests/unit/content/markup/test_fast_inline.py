"""The walk over inline patterns."""

import markdown
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown.extensions import Extension
from markdown.inlinepatterns import SimpleTagInlineProcessor
from markdown.treeprocessors import InlineProcessor
from markdown.util import AtomicString

from feedpub.content.markup.engines import PythonMarkdownEngine
from feedpub.content.markup.fast_inline import FastInlineProcessor

pieces = st.sampled_from(
    [
        "`", "``", "\\", "[", "]", "[^1]", "(", ")", "!", "<", ">", "*", "**", "_", "~~", "&amp;",
        "  \n", "\n\n", "http://x.example/a", "www.x.example", "<b>", "</b>", "<a@b.example>",
        "<http://x.example>", "[1]: /url\n\n", "[^1]: note\n\n", " ", "word", "字", "- ", "# ", "|",
    ]
)  # fmt: skip


def theirs() -> markdown.Markdown:
    """Give Python-Markdown with our extensions and its own walk."""
    engine = PythonMarkdownEngine()._markdown
    engine.treeprocessors.register(InlineProcessor(engine), "inline", 20)
    return engine


THEIRS, OURS = theirs(), PythonMarkdownEngine()._markdown


@given(st.lists(pieces, max_size=40).map("".join))
def test_the_walk_finds_what_the_whole_one_finds(text: str) -> None:
    """Whatever the text, leaving out patterns that cannot match changes nothing."""
    assert THEIRS.reset().convert(text) == OURS.reset().convert(text)


def test_text_that_is_done_is_left_alone() -> None:
    """What a pattern marked as finished is not read again."""
    walk = FastInlineProcessor(OURS)

    assert "*a*" == walk._InlineProcessor__handleInline(AtomicString("*a*"))


class Marks(Extension):
    """An extension of a user's own."""

    def extendMarkdown(self, md: markdown.Markdown) -> None:  # noqa: N802  # theirs
        """Read `==marked==`."""
        md.inlinePatterns.register(SimpleTagInlineProcessor(r"(==)(.+?)==", "mark"), "marks", 70)


@pytest.mark.parametrize("text", ["==marked==", "**a ==marked== b**"])
def test_patterns_of_others_are_always_tried(text: str) -> None:
    """What an extension adds is found too, and patterns that are missing are not missed."""
    md = markdown.Markdown(extensions=[Marks()])
    md.inlinePatterns.deregister("automail")
    md.treeprocessors.register(FastInlineProcessor(md), "inline", 20)

    assert "<mark>marked</mark>" in md.convert(text)
