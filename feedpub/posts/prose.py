"""A title, a name or a summary, perhaps with a little HTML or Markdown, becomes plain text."""

import html
import re

# Only a whole reference: "AT&T" and "a&copy=1" hold none.
_REFERENCE = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_FORMATTING = (
    "a|abbr|b|bdi|bdo|big|center|cite|code|del|dfn|div|em|font|h[1-6]|i|ins|kbd|mark|p|q|rp|rt|ruby|s"
    "|samp|small|span|strike|strong|sub|sup|time|tt|u|var"
)
# Only where both tags are there, close to their text, do they format it: "The <b> element",
# "from <i> to </i>" mean the tags themselves.
_PAIR = re.compile(
    rf"<({_FORMATTING})(?:\s[^<>]*)?>(?!\s[^<>]*\s</)([^<]*(?:<(?!/?\1\b)[^<]*)*)</\1\s*>",
    re.IGNORECASE,
)
_BREAK = re.compile(
    r"<(?:br|wbr|hr|img)(?:\s[^<>]*)?/?>|<!--(?:(?!-->|<!--).)*+-->", re.IGNORECASE | re.DOTALL
)
_PARAGRAPH = re.compile(r"</?p(?:\s[^<>]*)?>", re.IGNORECASE)
_IMAGE = re.compile(r"!\[[^\[\]]*+\]\([^()]*+(?:\([^()]*+\)[^()]*+)*+\)")
_LINK = re.compile(
    r"(?<![\w\]])\[([^\[\]]+)\]\([^()\s]*(?:\([^()]*\)[^()\s]*)*(?:\s+[\"'][^\"']*[\"'])?\)"
)
_EMPHASIS = re.compile(r"(?<![*\w])(\*\*|\*|_)(?=\S)([^*_]+)(?<=\S)\1(?![*\w])")
_DEEPEST = 8
_SPACE = re.compile(r"[ \t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]+")  # a no-break space stays


def strip_html(text: str) -> str:
    """Give the plain text people mean: formatting gone, entities resolved, white space folded."""
    if "<" in text:
        text = _unformatted(_BREAK.sub(" ", text))
    return _SPACE.sub(" ", unescape_entities(text)).strip()


def unescape_entities(text: str) -> str:
    """Replace HTML's character references by the characters they stand for."""
    return _REFERENCE.sub(lambda found: html.unescape(found[0]), text) if "&" in text else text


def strip_markdown(text: str) -> str:
    """Give the plain text of a summary: as `line`, and Markdown's links and emphasis gone too."""
    if "](" in text:
        text = _LINK.sub(r"\1", _IMAGE.sub("", text))
    text = _EMPHASIS.sub(r"\2", text)
    return strip_html(_PARAGRAPH.sub(" ", text) if "<" in text else text)


def _unformatted(text: str) -> str:
    """Take away pairs of formatting tags, the inner ones first, as deep as anybody nests them."""
    for _ in range(_DEEPEST):
        bare = _PAIR.sub(r"\2", text)
        if bare == text:
            break
        text = bare
    return text
