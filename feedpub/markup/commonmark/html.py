"""Patterns of HTML within Markdown (CommonMark 0.31, sections 4.6, 6.5 and 6.6)."""

import re

_ATTRIBUTE = r"\s++[A-Za-z_:][\w.:-]*+(?:\s*+=\s*+(?:[^\s\"'=<>`]++|'[^']*+'|\"[^\"]*+\"))?+"
OPEN_TAG = rf"<[A-Za-z][A-Za-z0-9-]*+(?:{_ATTRIBUTE})*+\s*+/?>"
CLOSE_TAG = r"</[A-Za-z][A-Za-z0-9-]*+\s*+>"
_TAG = re.compile(rf"{OPEN_TAG}|{CLOSE_TAG}")
_SHORT_COMMENT = re.compile(r"<!--(?:>|->)")
# How the other kinds of inline HTML begin and end; of a declaration the first letter is looked at.
_ENCLOSED = (("<!--", "-->"), ("<?", "?>"), ("<![CDATA[", "]]>"), ("<!", ">"))
URI_AUTOLINK = re.compile(r"<([A-Za-z][A-Za-z0-9+.-]{1,31}:[^\s<>\x00-\x20]*)>")
EMAIL_AUTOLINK = re.compile(
    r"<([A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?)>"
)


def match_inline_html(text: str, at: int, absent: set[str]) -> str:
    """Return the tag, comment or other HTML that begins at a place, or "" (section 6.6).

    `absent` remembers the ends that the text does not have any more, so that nobody looks for one
    again from each beginning.
    """
    found = _TAG.match(text, at) or _SHORT_COMMENT.match(text, at)
    if found:
        return found[0]
    for opening, closing in _ENCLOSED:
        if text.startswith(opening, at):
            if opening == "<!" and not text[at + 2 : at + 3].isalpha():
                return ""
            end = text.find(closing, at + len(opening)) if closing not in absent else -1
            if end < 0:
                absent.add(closing)
                return ""
            return text[at : end + len(closing)]
    return ""


_BLOCK_NAMES = (
    "address|article|aside|base|basefont|blockquote|body|caption|center|col|colgroup|dd|details|"
    "dialog|dir|div|dl|dt|fieldset|figcaption|figure|footer|form|frame|frameset|h1|h2|h3|h4|h5|h6|"
    "head|header|hr|html|iframe|legend|li|link|main|menu|menuitem|nav|noframes|ol|optgroup|option|"
    "p|param|search|section|summary|table|tbody|td|tfoot|th|thead|title|tr|track|ul"
)
# Section 4.6: how each of the seven kinds of HTML block begins, and how it ends (None: blank line).
HTML_BLOCKS: tuple[tuple[re.Pattern[str], re.Pattern[str] | None], ...] = (
    (
        re.compile(r"<(?:script|pre|textarea|style)(?:\s|>|$)", re.IGNORECASE),
        re.compile(r"</(?:script|pre|textarea|style)>", re.IGNORECASE),
    ),
    (re.compile(r"<!--"), re.compile(r"-->")),
    (re.compile(r"<\?"), re.compile(r"\?>")),
    (re.compile(r"<![A-Za-z]"), re.compile(r">")),
    (re.compile(r"<!\[CDATA\["), re.compile(r"\]\]>")),
    (re.compile(rf"</?(?:{_BLOCK_NAMES})(?:\s|/?>|$)", re.IGNORECASE), None),
    (re.compile(rf"(?:{OPEN_TAG}|{CLOSE_TAG})\s*+$"), None),
)
NON_INTERRUPTING_KIND = 6  # index of the kind that cannot interrupt a paragraph
MARKDOWN_ATTRIBUTE = re.compile(r"\smarkdown(?:=[\"']?(?:1|block|span)[\"']?)?(?=[\s>])")
