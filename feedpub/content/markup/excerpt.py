"""Extract the plain-text summary of a post from its sanitised HTML; used by `MarkdownRenderer`."""

import re

from feedpub.content.markup.mathml import replace_mathml_with_tex
from feedpub.content.markup.shortcodes import remove_stashed_tags
from feedpub.models.text import extract_text, shorten

SUMMARY_DIVIDER = "<!--more-->"
"""The only comment that `strip_html_comments` keeps; no text can imitate it after sanitising."""

_ENOUGH = 200  # characters of text after which no further paragraph is read
_LONGEST_GIVEN = 1000  # characters of a summary that the author marked with `more`

_WIDE_END = re.compile("[。！？：；）》」』][’”]?$")  # full-width, so no space after it
_COMMENT = re.compile(r"<!--(.*?)-->", re.DOTALL)
_PARAGRAPH = re.compile(r"<p(?: [^>]*)?>(.*?)</p>", re.DOTALL)
_TITLE = '<p class="admonition-title">'
_NOT_PROSE = re.compile(
    r"<(h[1-6]|pre|table|figure|audio|video|section)[ >].*?(?:</\1>|$)"
    r'|<(?:div class="toc").*?</div>|<p class="admonition-title">.*?</p>',
    re.DOTALL,
)
_NOTES = '<section class="footnotes">'
_NOTE = re.compile(
    r'<sup[^>]*?(?: class="footnote-ref"[^>]*>|><a class="footnote-ref").*?</sup>', re.DOTALL
)


def strip_html_comments(html: str) -> str:
    """Drop the comments of sanitised HTML, except that the first `more` becomes SUMMARY_DIVIDER.

    Sanitised HTML escapes "<" in text and attributes, so anything like a comment is one.
    """
    if "<!--" not in html:
        return html
    before, *rest = _COMMENT.split(html)
    parts = [before]
    for comment, after in zip(rest[::2], rest[1::2], strict=True):
        if comment.strip().lower() == "more" and SUMMARY_DIVIDER not in parts:
            parts.append(SUMMARY_DIVIDER)
        parts.append(after)
    return "".join(parts)


def remove_divider(html: str) -> str:
    """Return the HTML without SUMMARY_DIVIDER."""
    return (
        html.replace(f"<p>{SUMMARY_DIVIDER}</p>", "").replace(SUMMARY_DIVIDER, "")
        if SUMMARY_DIVIDER in html
        else html
    )


def extract_summary(html: str) -> str:
    """Return the text before SUMMARY_DIVIDER, else of the first paragraphs, shortened."""
    html = replace_mathml_with_tex(html)
    before, mark_, _ = html.partition(SUMMARY_DIVIDER)
    if mark_:
        given = _words(_NOT_PROSE.sub(" ", before))
        if given:
            return shorten(given, _LONGEST_GIVEN)
    found: list[str] = []
    length = 0
    html = html.partition(_NOTES)[0]
    for match in _PARAGRAPH.finditer(html):
        if match[0].startswith(_TITLE):
            continue
        text = _words(match[1])
        if text:
            found.append(text)
            length += len(text)
            if length >= _ENOUGH:
                break
    if not found:
        found = [_words(_NOT_PROSE.sub(" ", html))]
    return shorten(_joined(found))


def _joined(paragraphs: list[str]) -> str:
    return "".join(each if _WIDE_END.search(each) else f"{each} " for each in paragraphs)


def _words(html: str) -> str:
    return extract_text(remove_stashed_tags(_NOTE.sub("", html)).replace(SUMMARY_DIVIDER, ""))
