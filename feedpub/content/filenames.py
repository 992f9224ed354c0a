"""Derive facts about a post from its path: slug, date, language, and whether it is ignored.

The pattern functions (`matches`, `matches_rooted`) follow the rules of .gitignore.
"""

import re
from dataclasses import dataclass

from feedpub.config.schema import Config
from feedpub.models import languages, text

MARKDOWN_SUFFIXES = (
    *(".md", ".markdown", ".mdx", ".mkd", ".mkdn", ".mkdown", ".mdown", ".mdwn", ".mdtxt"),
    *(".mdtext", ".text"),
)
"""Markdown suffixes of Jekyll, Hugo, Pelican, Nikola, Eleventy and Markdown.pl."""

_MARKDOWN = "|".join(suffix[1:] for suffix in MARKDOWN_SUFFIXES)
_SUFFIX = re.compile(
    rf"(?:\.(?:html?|aspx|php))?\.(?:{_MARKDOWN})$|\.(?:html?|xhtml)$", re.IGNORECASE
)
_DATED = re.compile(r"(\d{4})([-_.])(\d{1,2})\2(\d{1,2})(?:[-_. ]+(.*))?$")
# Without separators the digits must form a valid date: "20202021-review" has none.
_COMPACT = re.compile(r"((?:19|20)\d{2})()(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?:[-_. ]+(.*))?$")
_FOLDERS = re.compile(r"(?:^|/)(\d{4})/(\d{1,2})/(\d{1,2})(?=/|$)")
# Jekyll's folders without posts; "_posts" and collections such as "_news" have some.
_NO_POSTS = frozenset(
    {"_data", "_includes", "_layouts", "_plugins", "_sass", "_site", "node_modules"}
)
# A project's README, perhaps in one language: README, README.md, readme.zh-CN.md. Anything else
# after the dot is part of a title: "readme.so-review.md".
_README = re.compile(
    rf"readme(?:\.([a-z]{{2}})(?:[-_](?:[a-z]{{4}}|[a-z]{{2}}|\d{{3}}))*+)?"
    rf"(?:\.(?:{_MARKDOWN}|adoc|org|rst|txt))?",
    re.IGNORECASE,
)
_COUNTRIES = frozenset({"cn", "jp"})  # country codes that are often used for their languages
_BETWEEN_WORDS = re.compile(r"[-_\s]+")


@dataclass(frozen=True, slots=True)
class PostName:
    """The parts of a post's file name."""

    stem: str  # "hello" of 2025-01-30-hello.md, of 2025-01-30-hello/index.md and of hello.md
    date: str  # "2025-01-30", or "" without a date


def parse_filename(path: str) -> PostName:
    """Parse a path such as `2025-01-30-hello.aspx.markdown` or `2025-01-30-hello/index.md`."""
    *folders, name = path.split("/")
    stem = _SUFFIX.sub("", name)
    # Hugo puts the translations of a bundle beside each other: `index.de.md`.
    if stem.casefold() == "index" or stem.casefold().startswith("index."):
        stem = folders[-1] if folders else stem
    found = _DATED.match(stem) or _COMPACT.match(stem)
    if not found:
        return PostName(stem, find_date("/".join(folders)))
    year, _, month, day, rest = found.groups()
    return PostName(rest or stem, f"{year}-{month:0>2}-{day:0>2}")


def derive_title(stem: str) -> str:
    """Return a title made from a file name: "My first post" for `my-first-post`."""
    words = text.strip_invalid_characters(stem).strip() or "Untitled"
    if any(character.isalpha() for character in words):  # not a bare date
        words = _BETWEEN_WORDS.sub(" ", words).strip()
    return words[:1].upper() + words[1:]


def strip_suffix(path: str) -> str:
    """Return a path without the suffixes of its file."""
    return _SUFFIX.sub("", path)


def detect_language(path: str) -> tuple[str, str]:
    """Return the language suffix of a file name, and the path without it.

    `trip/hello.fr.md` gives ("fr", "trip/hello.md"); without a suffix the result is ("", path).
    """
    whole = strip_suffix(path)
    rest, dot, last = whole.rpartition(".")
    if not dot or "/" in last or not rest or rest.endswith("/"):
        return "", path
    found = languages.parse_language_code(last)
    return (found, rest + path[len(whole) :]) if found else ("", path)


def detect_language_folder(path: str) -> tuple[str, str]:
    """Return the first folder that is a language code, and the path without it."""
    *folders, name = path.split("/")
    for index, folder in enumerate(folders):
        if found := languages.parse_language_code(folder):
            return found, "/".join((*folders[:index], *folders[index + 1 :], name))
    return "", path


def find_date(address: str) -> str:
    """Return the date in a path such as `inside-rust/2020/01/23/hello`, or ""."""
    found = _FOLDERS.search(address)
    if not found:
        return ""
    year, month, day = found.groups()
    return f"{year}-{month:0>2}-{day:0>2}"


def is_in_drafts(path: str) -> bool:
    """Return whether a file is in Jekyll's `_drafts` folder."""
    return "_drafts" in path.split("/")[:-1]


def is_ignored(path: str, config: Config) -> bool:
    """Return whether a file is excluded by its name, its folder or `content.ignore`."""
    *folders, name = path.split("/")
    if name.startswith(("_", ".")) or _is_readme(name):
        return True
    if any(folder.startswith(".") or folder in _NO_POSTS for folder in folders):
        return True
    return bool(config.content.ignore) and matches(path, config.content.ignore)


def _is_readme(name: str) -> bool:
    found = _README.fullmatch(name)
    if found is None:
        return False
    after = (found[1] or "").lower()
    return not after or after in {*_COUNTRIES, "md"} or languages.parse_language_code(after) != ""


def matches_rooted(path: str, patterns: tuple[str, ...]) -> bool:
    """Return whether patterns relative to the content folder match: `about.md`, `a/**`."""
    return bool(patterns) and matches(path, tuple(map(_rooted, patterns)))


def _rooted(pattern: str) -> str:
    """Anchor a pattern without a slash at the content folder."""
    bare = pattern.removeprefix("!")
    return pattern if "/" in bare else f"{pattern[: len(pattern) - len(bare)]}/{bare}"


def matches(path: str, patterns: tuple[str, ...]) -> bool:
    """Match a path against .gitignore patterns: the last one that matches decides."""
    verdict = False
    for pattern in patterns:
        wanted = not pattern.startswith("!")
        bare = pattern.strip().removeprefix("!")
        if bare and not bare.startswith("#") and re.match(_regex(bare), path):
            verdict = wanted
    return verdict


def _regex(pattern: str) -> str:
    """Translate a .gitignore pattern; one that matches a folder matches all files below it."""
    only_folders = pattern.endswith("/")
    bare = pattern.rstrip("/")
    # A pattern without a slash, except at its end, matches at any depth.
    start = "" if "/" in bare else "(?:.*/)?"
    body = re.sub(r"\*\*/|/\*\*$|\*+|\?|\[[^]/]+\]|.", _piece, bare.removeprefix("/"))
    return f"(?s){start}{body}{'/' if only_folders else '(?:/|$)'}"


def _piece(match: re.Match[str]) -> str:
    piece = match[0]
    wild = {"**/": "(?:.*/)?", "/**": "/.*", "*": "[^/]*", "**": "[^/]*", "?": "[^/]"}
    if piece in wild:
        return wild[piece]
    if len(piece) > 1 and piece.startswith("["):
        inner = piece[1:-1].replace("\\", r"\\")
        return f"[^{inner[1:]}]" if inner.startswith("!") else f"[{inner}]"
    return re.escape(piece)
