"""Render a post's Markdown or HTML body to sanitised HTML, with its summary and references.

Enter at `MarkdownRenderer`: the content reader calls `render` once per body. The HTML is split at
its relative URLs, which are resolved only after every post has a permalink.
"""

import re
from dataclasses import dataclass

from feedpub.config import schema
from feedpub.content.markup import (
    comments,
    content_loss,
    engines,
    excerpt,
    shortcodes,
    toc,
    unrendered,
)
from feedpub.content.markup.highlight import Highlighter
from feedpub.content.markup.limits import check_html, check_length, check_markdown
from feedpub.content.markup.sanitize import Sanitizer
from feedpub.models.content import Body, Reference
from feedpub.models.text import estimate_reading_time, strip_invalid_characters

# Kramdown attribute lists where no engine supports them: `{:toc}` below a list item becomes a
# table of contents, and the others are removed so that they do not show as text.
_CONTENTS = re.compile(r"^[ ]{0,3}(?:[-*+]|1\.)[ ].*\n[ ]*\{:\s*toc\b[^}\n]*\}[ ]*$", re.MULTILINE)
_ATTRIBUTE_LIST = r"\{:\s*(?:[.#][\w-]|[\w-]+=|[\w-]+\})[^{}<\n]*\}?"
_PARAGRAPH = re.compile(r"</?p>")
_UNREAD_ATTRIBUTE_LISTS = re.compile(
    rf"<p>{_ATTRIBUTE_LIST}</p>\n?"
    rf"|\n{_ATTRIBUTE_LIST}(?=</(?:p|li|dd|h[1-6]|td)>)"
    rf"|(?:(?<=</a>)|(?<=/>)|(?<=</em>)|(?<=</strong>)){_ATTRIBUTE_LIST}"
)


@dataclass(frozen=True, slots=True)
class RenderResult:
    """A rendered body: safe HTML, metadata taken from it, and what was found wrong in it."""

    body: Body
    references: tuple[Reference, ...]  # one per distinct relative URL in `body`
    first_heading: str  # plain text, or ""
    summary: str  # plain text
    image: str  # target or URL of the first image, or ""
    image_alt: str
    minutes: int  # estimated reading time
    problems: tuple[tuple[int, str], ...] = ()  # (line of the file, message)
    notes: tuple[tuple[int, str], ...] = ()  # the same, for content left out of feeds and mail


class MarkdownRenderer:
    """Renders bodies with the configured Markdown engine, then sanitises the HTML."""

    def __init__(self, config: schema.MarkdownConfig) -> None:
        """Load the engine. Raises ConfigError if an extension cannot be loaded."""
        self._engine = engines.load_engine(config)
        self._cleaner = Sanitizer()
        self._highlighter = Highlighter()

    def render(self, body: str, first_line: int, *, is_html: bool = False) -> RenderResult:
        """Render a body whose first line is number `first_line` of its file.

        An HTML body (`is_html`) skips the Markdown steps but is sanitised as usual. Raises
        MarkupError if the body is nested too deeply or its HTML would be far too large.
        """
        body = strip_invalid_characters(body)
        held = shortcodes.ShortcodeStash(self._inline)
        taken = held.stash(body) if shortcodes.has_shortcode(body) else body
        if not is_html:
            taken = comments.strip_comments(taken)
        if "{:" in taken and not is_html:
            taken = _CONTENTS.sub("[TOC]\n", taken)
        if is_html:
            raw = taken
        else:
            check_markdown(taken)
            raw = self._engine.render(taken)
        check_html(raw, body)
        if "{:" in raw and not is_html:
            raw = _UNREAD_ATTRIBUTE_LISTS.sub("", raw)
        cleaned = self._cleaner.sanitize(raw, held)
        summary = excerpt.extract_summary(cleaned.html)
        html = excerpt.remove_divider(cleaned.html)
        if held.stashed:
            html = held.unstash(html)
        outlined = toc.process_headings(html, cleaned.ids)
        coloured = self._highlighter.highlight(outlined.html)
        check_length(coloured, body)
        divided = content_loss.split_references(coloured)
        return RenderResult(
            body=divided,
            references=content_loss.locate_references(divided, body, first_line),
            first_heading=outlined.first_heading,
            summary=summary,
            image=cleaned.image,
            image_alt=cleaned.image_alt,
            minutes=estimate_reading_time(body),
            notes=(
                *content_loss.locate_losses(
                    (*cleaned.losses, *unrendered.find_leftovers(html, held.unrendered)),
                    body,
                    first_line,
                ),
                *content_loss.find_unused_footnotes(body, raw, first_line),
                *content_loss.find_extra_cells(body, first_line),
            ),
        )

    def _inline(self, text: str) -> str:
        """Render one line of Markdown without the enclosing `<p>`."""
        html = self._engine.render(" ".join(text.split()))
        return " ".join(_PARAGRAPH.sub(" ", html).split())
