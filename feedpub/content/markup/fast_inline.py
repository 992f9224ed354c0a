"""Python-Markdown's walk over a text's inline patterns → the same walk without those that cannot
match, for which it spends half of its time.

Each pattern begins with a character or two that most texts do not have. The walk itself is a
private method of the library: a test holds ours to give what theirs gives.
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
"""What a text must hold for a pattern to match, or either of two; patterns not named here are
always tried."""


class FastInlineProcessor(InlineProcessor):
    """Takes the place of the treeprocessor `inline`, once all patterns are registered."""

    def __init__(self, md: python_markdown.Markdown) -> None:
        super().__init__(md)
        # Of two texts that a pattern needs one is enough; "" is in every text.
        steps: list[tuple[Pattern, str, str]] = [(each, "", "") for each in md.inlinePatterns]
        for name, needed in _REQUIRED_TEXT.items():
            if name in md.inlinePatterns:
                index = md.inlinePatterns.get_index_for_name(name)
                steps[index] = (steps[index][0], needed[0], needed[-1])
        self._steps = steps

    def _InlineProcessor__handleInline(  # noqa: N802  # overrides theirs
        self,
        data: str,
        patternIndex: int = 0,  # noqa: N803  # likewise
    ) -> str:
        """Put placeholders for what the patterns, from a given one on, find in a text."""
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
