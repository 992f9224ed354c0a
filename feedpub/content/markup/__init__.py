"""Markdown → safe HTML divided at its references, and what the HTML says of itself."""

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

# Kramdown's attribute lists, in the places where no engine of ours reads them.
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


class MarkdownRenderer:
    """Reads Markdown with the engine that the configuration names."""

    def __init__(self, config: schema.MarkdownConfig) -> None:
        """Raise ConfigError where an extension cannot be loaded."""
        self._engine = engines.load_engine(config)
        self._cleaner = Sanitizer()
        self._highlighter = Highlighter()

    def render(self, body: str, first_line: int, *, is_html: bool = False) -> RenderResult:
        """Render a body whose first line is number `first_line` of its file.

        A body that is HTML already is made safe, and else left as it is. Raises MarkupError where
        it is nested too deeply, or would become far too large.
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
        """Return the HTML of a line of Markdown, without the paragraph around it."""
        html = self._engine.render(" ".join(text.split()))
        return " ".join(_PARAGRAPH.sub(" ", html).split())
