"""Markdown → safe HTML divided at its references, and what the HTML says of itself."""

import re
from dataclasses import dataclass

from feedpub.config import schema
from feedpub.markup import (
    comments,
    engines,
    excerpt,
    leftovers,
    losses,
    outline,
    references,
    shortcodes,
)
from feedpub.markup.clean import Cleaner
from feedpub.markup.code import Highlighter
from feedpub.markup.limits import MarkupError, check_html, check_length, check_markdown
from feedpub.model import Body, Reference
from feedpub.text import clean, minutes

__all__ = ["MarkupError", "Renderer", "Rendering"]

# Kramdown's attribute lists, in the places where no engine of ours reads them.
_CONTENTS = re.compile(r"^[ ]{0,3}(?:[-*+]|1\.)[ ].*\n[ ]*\{:\s*toc\b[^}\n]*\}[ ]*$", re.MULTILINE)
_ATTRIBUTE_LIST = r"\{:\s*(?:[.#][\w-]|[\w-]+=|[\w-]+\})[^{}<\n]*\}?"
_PARAGRAPH = re.compile(r"</?p>")
_LITTER = re.compile(
    rf"<p>{_ATTRIBUTE_LIST}</p>\n?"
    rf"|\n{_ATTRIBUTE_LIST}(?=</(?:p|li|dd|h[1-6]|td)>)"
    rf"|(?:(?<=</a>)|(?<=/>)|(?<=</em>)|(?<=</strong>)){_ATTRIBUTE_LIST}"
)


@dataclass(frozen=True, slots=True)
class Rendering:
    """What Markdown says, as safe HTML and in a few words."""

    body: Body
    references: tuple[Reference, ...]  # the targets of those URLs, once each
    first_heading: str  # plain text, or ""
    summary: str  # plain text
    image: str  # target or URL of the first picture, or ""
    image_alt: str
    minutes: int  # to read
    problems: tuple[tuple[int, str], ...] = ()  # line of the file, and what is wrong there
    notes: tuple[tuple[int, str], ...] = ()  # likewise: what of the text readers do not get


class Renderer:
    """Reads Markdown with the engine that the configuration names."""

    def __init__(self, config: schema.Markdown) -> None:
        """Raise ConfigError where an extension cannot be loaded."""
        self._engine = engines.load(config)
        self._cleaner = Cleaner()
        self._highlighter = Highlighter()

    def render(self, body: str, first_line: int, *, is_html: bool = False) -> Rendering:
        """Render a body whose first line is number `first_line` of its file.

        A body that is HTML already is made safe, and else left as it is. Raises MarkupError where
        it is nested too deeply, or would become far too large.
        """
        body = clean(body)
        held = shortcodes.Shortcodes(self._inline)
        taken = held.take(body) if shortcodes.any_in(body) else body
        if not is_html:
            taken = comments.drop(taken)
        if "{:" in taken and not is_html:
            taken = _CONTENTS.sub("[TOC]\n", taken)
        if is_html:
            raw = taken
        else:
            check_markdown(taken)
            raw = self._engine.html(taken)
        check_html(raw, body)
        if "{:" in raw and not is_html:
            raw = _LITTER.sub("", raw)
        cleaned = self._cleaner.clean(raw, held)
        summary = excerpt.summary(cleaned.html)
        html = excerpt.undivided(cleaned.html)
        if held.held:
            html = held.put_back(html)
        outlined = outline.outline(html, cleaned.ids)
        coloured = self._highlighter.colour(outlined.html)
        check_length(coloured, body)
        divided = references.divide(coloured)
        return Rendering(
            body=divided,
            references=references.locate(divided, body, first_line),
            first_heading=outlined.first,
            summary=summary,
            image=cleaned.image,
            image_alt=cleaned.image_alt,
            minutes=minutes(body),
            notes=(
                *losses.locate(
                    (*cleaned.losses, *leftovers.find(html, held.left)), body, first_line
                ),
                *losses.unused_footnotes(body, raw, first_line),
                *losses.extra_cells(body, first_line),
            ),
        )

    def _inline(self, text: str) -> str:
        """Return the HTML of a line of Markdown, without the paragraph around it."""
        html = self._engine.html(" ".join(text.split()))
        return " ".join(_PARAGRAPH.sub(" ", html).split())
