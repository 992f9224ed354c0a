"""Parse Obsidian wiki links such as `[[note#part|text]]` and `![[picture.png|300]]`.

A name can be resolved only when all posts and files are known. Until then its target is
`{wiki}NAME`, which `feedpub.content.library.link_index` looks up.
"""

import re
from dataclasses import dataclass
from html import unescape
from posixpath import splitext
from urllib.parse import quote

from feedpub.content.markup.toc import make_heading_id

PREFIX = "{wiki}"

_LINK = re.compile(
    r"(!?)\[\[([^\[\]\n|#]{0,255}+)(#[^\[\]\n|]{0,300}+)?(?:\|([^\[\]\n]{0,500}+))?\]\]"
)
_SIZE = re.compile(r"(\d{1,4})(?:x(\d{1,4}))?")
_NO_NAMES = frozenset(("toc", "_toc_"))  # markers for a table of contents
_NOT_FIRST = frozenset("^:!$-")  # footnotes, `[[:alpha:]]`, shell tests
_PICTURES = frozenset((".avif", ".bmp", ".gif", ".jpeg", ".jpg", ".png", ".svg", ".webp"))
_SOUNDS = frozenset((".3gp", ".flac", ".m4a", ".mp3", ".oga", ".ogg", ".opus", ".wav"))
_FILMS = frozenset((".m4v", ".mkv", ".mov", ".mp4", ".ogv", ".webm"))

EMBED_SUFFIXES = _PICTURES | _SOUNDS | _FILMS
"""File suffixes that `![[...]]` embeds; other files become links."""


@dataclass(frozen=True, slots=True)
class WikiLink:
    """A wiki link as an HTML element; attributes and text are unescaped."""

    tag: str
    attributes: tuple[tuple[str, str], ...]
    text: str
    end: int  # offset after the link


def parse_wikilink(text: str, at: int) -> WikiLink | None:
    """Return the wiki link at an offset, or None."""
    found = _LINK.match(text, at)
    if not found:
        return None
    name = unescape(found[2]).removesuffix("\\")  # in tables the bar is escaped: `[[note\|text]]`
    part = unescape(found[3] or "").removesuffix("\\")
    label = unescape(found[4] or "").strip()
    if not _is_name(name, part):
        return None
    kind = splitext(name)[1].lower() if found[1] else ""
    if kind in _PICTURES:
        return _picture(name, label, found.end())
    if kind in _SOUNDS or kind in _FILMS:
        tag = "audio" if kind in _SOUNDS else "video"
        return WikiLink(tag, (("src", build_target(name)), ("controls", "")), "", found.end())
    shown = label or " > ".join(filter(None, (name, *part.split("#"))))
    return WikiLink("a", (("href", build_target(name, part)),), shown, found.end())


def build_target(name: str, part: str = "") -> str:
    """Return the unresolved target for a note or file name and an optional heading."""
    heading = part.rpartition("#")[2].strip()
    # `#^id` refers to a paragraph; paragraphs have no ids on a page.
    fragment = f"#{make_heading_id(heading)}" if heading and not heading.startswith("^") else ""
    return f"{PREFIX}{quote(name)}{fragment}" if name else fragment or "#"


def _is_name(name: str, part: str) -> bool:
    if not name:
        return bool(part.strip("# "))
    return (
        name == name.strip()
        and name[0] not in _NOT_FIRST
        and name.lower() not in _NO_NAMES
        and any(map(str.isalpha, name))
    )


def _picture(name: str, label: str, end: int) -> WikiLink:
    """Return an image; its label may end in a width, or a width and height."""
    before, _, last = label.rpartition("|")
    size = _SIZE.fullmatch(last.strip())
    alternative = before if size else label
    attributes = [("src", build_target(name)), ("alt", alternative.strip() or splitext(name)[0])]
    if size:
        attributes += [
            (key, value)
            for key, value in zip(("width", "height"), size.groups(), strict=True)
            if value
        ]
    return WikiLink("img", tuple(attributes), "", end)
