"""Merge tags: placeholders in a content for each recipient's own values.

`mime` fills them in the encoded bodies; `substitute_tags` fills a whole `MessageContent`.
"""

import html
import re
from dataclasses import replace

from feedpub.delivery.headers import Recipient
from feedpub.models.newsletter import MessageContent
from feedpub.models.text import one_line

TAG_START, TAG_END = "\ufdd2", "\ufdd3"
"""Delimiters of a tag: noncharacters, which `text.one_line` and others remove from user text.

Text after a bar replaces an empty value: "\ufdd2name|dear reader\ufdd3".
"""

TAG_NAMES = ("name", "address", "unsubscribe", "preferences", "online", "follows")
"""The tags, named after fields of `Recipient`."""

URL_TAGS = ("unsubscribe", "preferences", "online")
"""The tags whose values are URLs."""

_MARK = re.compile(f"{TAG_START}([^{TAG_START}{TAG_END}]*){TAG_END}")
_STRAY = re.compile(f"[{TAG_START}{TAG_END}]")


def split_tags(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Split `text` into pieces and the tags between them, one fewer than pieces."""
    parts = _MARK.split(text)
    return tuple(_STRAY.sub("", each) for each in parts[::2]), tuple(parts[1::2])


def resolve_tag(mark: str, reader: Recipient) -> str:
    """Return the value of a tag on one line; "" for an unknown name without a fallback."""
    name, _, otherwise = mark.partition("|")
    own = one_line(getattr(reader, name)) if name in TAG_NAMES else ""
    return own or one_line(otherwise)


def resolve_tag_html(mark: str, reader: Recipient) -> str:
    """Return the value of a tag as HTML text or attribute value; the tag itself is HTML there."""
    return html.escape(resolve_tag(html.unescape(mark), reader))


def substitute_tags(content: MessageContent, reader: Recipient) -> MessageContent:
    """Replace all tags by the recipient's values, escaped in HTML."""

    def plain(found: re.Match[str]) -> str:
        return resolve_tag(found[1], reader)

    def safe(found: re.Match[str]) -> str:
        return resolve_tag_html(found[1], reader)

    return replace(
        content,
        subject=_STRAY.sub("", _MARK.sub(plain, content.subject)),
        preheader=_STRAY.sub("", _MARK.sub(plain, content.preheader)),
        html=_STRAY.sub("", _MARK.sub(safe, content.html)),
        text=_STRAY.sub("", _MARK.sub(plain, content.text)),
    )
