"""Find the post or file that a wiki link names, by file name, title or alias.

`resolver` builds the index once from everything that is published; `link_index` queries it.
"""

import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from feedpub.content.filenames import MARKDOWN_SUFFIXES
from feedpub.models.text import fold_case

_DATED = re.compile(r"\d{4}-\d{1,2}-\d{1,2}-")

NameIndex = Mapping[str, Sequence[str]]
"""The source paths for each folded name, fewest folders first."""


@dataclass(frozen=True, slots=True)
class WikiPage:
    """A post with the names that wiki links may use."""

    path: str
    title: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WikiIndex:
    """The posts and files that wiki links may name."""

    files: NameIndex = field(default_factory=dict)  # by file name, posts included
    titles: NameIndex = field(default_factory=dict)
    aliases: NameIndex = field(default_factory=dict)
    undated: NameIndex = field(default_factory=dict)  # by file name without a leading date

    def find(self, name: str, path: str) -> tuple[str, ...]:
        """Return what a link in the post at `path` may mean, most likely first.

        More than one path means that the link is ambiguous.
        """
        folder = posixpath.dirname(path)
        if name.startswith(("./", "../")):
            name = posixpath.normpath(posixpath.join(folder, name))
        key = fold_case(_stem(name.strip("/")))
        last = key.rpartition("/")[2]
        wanted = (
            (each for each in self.files.get(last, ()) if _is_below(each, key)),
            self.titles.get(fold_case(name), ()),
            self.aliases.get(fold_case(name), ()),
            (each for each in self.undated.get(last, ()) if _is_below(each, key, undated=True)),
        )
        found = next(filter(None, map(tuple, wanted)), ())
        if len(found) < 2:  # noqa: PLR2004 - nothing to choose from
            return found
        exact = [each for each in found if "/" in key and fold_case(_whole(each)) == key]
        beside = [each for each in found if posixpath.dirname(_whole(each)) == folder]
        for likeliest in (exact, beside):
            if len(likeliest) == 1:
                return tuple(likeliest)
        return found


EMPTY_WIKI_INDEX = WikiIndex()


def build_wiki_index(notes: Iterable[WikiPage], files: Iterable[str]) -> WikiIndex:
    """Index posts and other files by the names that wiki links may use."""
    names: dict[str, list[str]] = {}
    titles: dict[str, list[str]] = {}
    aliases: dict[str, list[str]] = {}
    undated: dict[str, list[str]] = {}
    posts = sorted(notes, key=lambda note: _order(note.path))
    for note in posts:
        name = _last(note.path)
        names.setdefault(name, []).append(note.path)
        titles.setdefault(fold_case(note.title), []).append(note.path)
        for alias in {fold_case(each) for each in note.aliases}:
            aliases.setdefault(alias, []).append(note.path)
        if _DATED.match(name):
            undated.setdefault(_DATED.sub("", name, count=1), []).append(note.path)
    for path in sorted(files, key=_order):
        names.setdefault(_last(path), []).append(path)
    return WikiIndex(names, titles, aliases, undated)


def _order(path: str) -> tuple[int, int, str]:
    return path.count("/"), len(path), path


def _last(path: str) -> str:
    return posixpath.basename(fold_case(_whole(path)))


def _whole(path: str) -> str:
    """Return a path without the suffix of a post; a folder's index is named by its folder."""
    folder, _, name = path.rpartition("/")
    stem = _stem(name)
    return (
        folder
        if folder and stem != name and stem.casefold() == "index"
        else path[: len(path) - len(name)] + stem
    )


def _stem(name: str) -> str:
    stem, suffix = posixpath.splitext(name)
    return stem if suffix.lower() in MARKDOWN_SUFFIXES else name


def _is_below(path: str, key: str, *, undated: bool = False) -> bool:
    """Return whether a path ends with the folders and the name of a key."""
    if "/" not in key:
        return True
    whole = fold_case(_whole(path))
    if undated:
        folder, _, name = whole.rpartition("/")
        whole = f"{folder}/{_DATED.sub('', name, count=1)}"
    return f"/{whole}".endswith(f"/{key}")
