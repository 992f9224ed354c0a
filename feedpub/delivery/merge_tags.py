"""Marks in a content → a reader's own values in their places."""

import html
import re
from dataclasses import replace

from feedpub.delivery.headers import Recipient
from feedpub.models.newsletter import MessageContent
from feedpub.models.text import one_line

TAG_START, TAG_END = "\ufdd2", "\ufdd3"
"""Around the name of a value: noncharacters, which `text.clean` removes from what people write.

What comes after a bar stands where the value is empty: "\ufdd2name|dear reader\ufdd3".
"""

TAG_NAMES = ("name", "address", "unsubscribe", "preferences", "online", "follows")
"""What is each reader's own."""

URL_TAGS = ("unsubscribe", "preferences", "online")
"""Those of them that a link may lead to."""

_MARK = re.compile(f"{TAG_START}([^{TAG_START}{TAG_END}]*){TAG_END}")
_STRAY = re.compile(f"[{TAG_START}{TAG_END}]")


def split_tags(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Take `text` apart into its pieces and the marks between them, of which there is one less."""
    parts = _MARK.split(text)
    return tuple(_STRAY.sub("", each) for each in parts[::2]), tuple(parts[1::2])


def resolve_tag(mark: str, reader: Recipient) -> str:
    """Give what stands for `mark`, in one line; nothing for a name that does not exist."""
    name, _, otherwise = mark.partition("|")
    own = one_line(getattr(reader, name)) if name in TAG_NAMES else ""
    return own or one_line(otherwise)


def resolve_tag_html(mark: str, reader: Recipient) -> str:
    """Give what stands for `mark` in HTML, in text or in an attribute; itself it is HTML there."""
    return html.escape(resolve_tag(html.unescape(mark), reader))


def substitute_tags(content: MessageContent, reader: Recipient) -> MessageContent:
    """Put the reader's own values in the places of the marks, escaped where it is HTML."""

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
