"""A faster inline processor for Python-Markdown, used by `PythonMarkdownEngine`.

The library spends half of its time on inline patterns that cannot match. Most patterns need a
character or two that most texts lack, so those are checked first. The overridden method is private
to the library; a test checks that both give the same result.
"""

from collections.abc import Mapping

import markdown as python_markdown
from markdown.inlinepatterns import Pattern
from markdown.treeprocessors import InlineProcessor
from markdown.util import AtomicString

_REQUIRED_TEXT: Mapping[str, tuple[str, ...]] = {
    "backtick": ("`",),
    "escape": ("\\",),
    "footnote": ("[^",),
    "reference": ("[",),
    "link": ("[",),
    "image_link": ("![",),
    "image_reference": ("![",),
    "short_reference": ("[",),
    "short_image_ref": ("![",),
    "autolink": ("<",),
    "automail": ("<",),
    "linebreak": ("  \n",),
    "html": ("<",),
    "feedpub_bare_url": ("http", "www."),
    "entity": ("&",),
    "feedpub_strike": ("~~",),
    "em_strong": ("*", "_"),
}
"""Text that a pattern needs to match, or either of two; patterns not listed are always tried."""


class FastInlineProcessor(InlineProcessor):
    """Replaces the `inline` tree processor; create it after all patterns are registered."""

    def __init__(self, md: python_markdown.Markdown) -> None:
        super().__init__(md)
        # Either of the two texts is enough; "" is in every text, so the pattern is always tried.
        steps: list[tuple[Pattern, str, str]] = [(each, "", "") for each in md.inlinePatterns]
        for name, needed in _REQUIRED_TEXT.items():
            if name in md.inlinePatterns:
                index = md.inlinePatterns.get_index_for_name(name)
                steps[index] = (steps[index][0], needed[0], needed[-1])
        self._steps = steps

    def _InlineProcessor__handleInline(  # noqa: N802  # name-mangled override
        self,
        data: str,
        patternIndex: int = 0,  # noqa: N803
    ) -> str:
        """Replace matches with placeholders, starting with the pattern at `patternIndex`."""
        if isinstance(data, AtomicString):
            return data
        index, start = patternIndex, 0
        while index < len(self._steps):
            pattern, one, other = self._steps[index]
            matched = False
            if one in data or other in data:
                data, matched, start = self._InlineProcessor__applyPattern(  # type: ignore[attr-defined]
                    pattern, data, index, start
                )
            if not matched:
                index, start = index + 1, 0
        return data
