"""Find the tags and categories of a post: in its front matter, its folders and its text."""

import re
from collections.abc import Iterable, Iterator, Mapping

from feedpub.content import field_reader, filenames, keys
from feedpub.content.field_reader import FieldReader
from feedpub.content.frontmatter import Value

_COMMAS = re.compile(r"[,，、\n]")
_SPACES = re.compile(r"[,，、\s]+")
_SEMICOLONS = re.compile(r"[;；\n]")
_MOST = 20  # inline tags of one post
_PARTS = re.compile(r"(<[^<>]*>)")
_NAME = re.compile(r"</?([a-z][a-z0-9]*)")
_SKIPPED_ELEMENTS = frozenset(
    {"a", "code", "kbd", "math", "pre", "samp", "svg", "h1", "h2", "h3", "h4", "h5", "h6"}
)
# Obsidian's: letters of any script, digits, "_", "-" and "/"; _is_tag requires a letter.
_TAG = re.compile(r"(?<![^\s(\[])#([\w/-]++)")
_COLOUR = re.compile(r"(?:[0-9a-f]{3}|[0-9a-f]{6}|[0-9a-f]{8})", re.IGNORECASE)
_MIN_WORDS = 3  # a text of this many words is probably several tags


def parse_tags(
    header: FieldReader, tags_split: str, folders: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the distinct tags (including the categories) and the distinct categories.

    Categories from `folders` come first, as in Jekyll; with Pelican's header lines, categories in
    the front matter replace them.
    """
    tags: dict[str, None] = {}
    said = header.get_values(keys.CATEGORIES)
    categories = dict.fromkeys(() if header.format == "headers" and said else folders)
    for key, value in (*header.get_values(keys.TAGS), *iter_taxonomies(header)):
        if keys.normalize_key(key) in keys.TAGS:
            tags.update(dict.fromkeys(_labels(value, tags_split)))
    if not tags:
        for _, value in header.get_values(keys.KEYWORDS):
            tags.update(dict.fromkeys(_labels(value, tags_split)))
    for key, value in (*header.get_values(keys.CATEGORIES), *iter_taxonomies(header)):
        if keys.normalize_key(key) in keys.CATEGORIES:
            categories.update(dict.fromkeys(_labels(value, tags_split)))
    return tuple({**tags, **categories}), tuple(categories)


def iter_taxonomies(header: FieldReader) -> Iterator[tuple[str, Value]]:
    """Yield the lists of Hugo's and Zola's `taxonomies`, each with its key."""
    _, table = header.get_value(keys.TAXONOMIES)
    if isinstance(table, Mapping):
        yield from table.items()


def _labels(value: Value, tags_split: str) -> Iterator[str]:
    """Yield the labels of a list, or of a text split at commas (at spaces by `tags_split`)."""
    if isinstance(value, str):
        value = field_reader.unescape_entities(value)  # the ";" of "&amp;" is not a separator
        if tags_split == "space":
            parts = _SPACES.split(value)
        else:
            parts = (_SEMICOLONS if ";" in value else _COMMAS).split(value)
        for part in parts:
            if label := _label(part):
                yield label
    elif isinstance(value, Mapping):
        yield from _labels(value.get("name", ""), tags_split)
    else:
        for item in value:
            if not isinstance(item, str):
                yield from _labels(item, tags_split)
            elif label := _label(item):
                yield label


def _label(text: str) -> str:
    """Return a label as plain text, without the "#" that Obsidian allows before it."""
    label = field_reader.strip_html(text)
    return label.lstrip("#").lstrip() if label.startswith("#") else label


def derive_categories(path: str, form: str) -> tuple[str, ...]:
    """Return the categories that Jekyll and Pelican derive from a post's folders.

    Jekyll uses all folders above `_posts`; Pelican, whose front matter has the form "headers", uses
    the folder that contains the post.
    """
    *folders, name = path.split("/")
    for own in ("_posts", "_drafts"):
        if own in folders:
            return tuple(folder for folder in folders[: folders.index(own)] if folder)
    if (
        filenames.parse_filename(name).stem.casefold() == "index"
    ):  # the folder of a bundle is the post itself
        folders = folders[:-1]
    return (folders[-1],) if form == "headers" and folders else ()


def find_inline_tags(pieces: Iterable[str]) -> tuple[str, ...]:
    """Return the distinct #tags in a post's HTML, as in Obsidian's notes.

    Links, code, headings, numbers and hex colors are skipped.
    """
    found: dict[str, None] = {}
    closed = 0  # open elements whose text is skipped
    for part in _PARTS.split("".join(pieces)):
        if part.startswith("<"):
            name = _NAME.match(part)
            if name and name[1] in _SKIPPED_ELEMENTS and not part.endswith("/>"):
                closed = max(closed + (-1 if part[1] == "/" else 1), 0)
        elif not closed and "#" in part:
            tags = (each.strip("/-") for each in _TAG.findall(part))
            found.update(dict.fromkeys(each for each in tags if _is_tag(each)))
    return tuple(found)[:_MOST]


def _is_tag(text: str) -> bool:
    return any(letter.isalpha() for letter in text) and not _COLOUR.fullmatch(text)


def find_spaced_tags_line(header: FieldReader) -> int:
    """Return the line of tags or categories that seem to be separated by spaces, or 0.

    Jekyll splits a text under a plural key at spaces. Two words may well be one tag; if Jekyll's
    `layout` is also present, they are more likely two.
    """
    least = 2 if header.get_value(keys.LAYOUT)[0] else _MIN_WORDS
    for name in (*keys.TAGS[:1], *keys.CATEGORIES[:1]):
        key, value = header.get_value((name,))
        plain = isinstance(value, str) and not re.search(r"[,，、;；\n\"']", value)
        if plain and len(str(value).split()) >= least and str(value).islower():
            return header.find_line(key)
    return 0
