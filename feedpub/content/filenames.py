"""A content file's path becomes what its name says: a post or not, its slug, its date."""

import re
from dataclasses import dataclass

from feedpub.config.schema import Config
from feedpub.models import languages, text

MARKDOWN_SUFFIXES = (
    *(".md", ".markdown", ".mdx", ".mkd", ".mkdn", ".mkdown", ".mdown", ".mdwn", ".mdtxt"),
    *(".mdtext", ".text"),
)
"""Of files in Markdown: those of Jekyll, Hugo, Pelican, Nikola, Eleventy and Markdown.pl."""

_MARKDOWN = "|".join(suffix[1:] for suffix in MARKDOWN_SUFFIXES)
_SUFFIX = re.compile(
    rf"(?:\.(?:html?|aspx|php))?\.(?:{_MARKDOWN})$|\.(?:html?|xhtml)$", re.IGNORECASE
)
_DATED = re.compile(r"(\d{4})([-_.])(\d{1,2})\2(\d{1,2})(?:[-_. ]+(.*))?$")
# Without separators only what can be a date is taken for one: not "20202021-review".
_COMPACT = re.compile(r"((?:19|20)\d{2})()(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?:[-_. ]+(.*))?$")
_FOLDERS = re.compile(r"(?:^|/)(\d{4})/(\d{1,2})/(\d{1,2})(?=/|$)")
# Jekyll's own folders, which hold no posts; "_posts" and collections such as "_news" do.
_NO_POSTS = frozenset(
    {"_data", "_includes", "_layouts", "_plugins", "_sass", "_site", "node_modules"}
)
# A project's own description, perhaps of one language: README, README.md, readme.zh-CN.md. What
# follows the dot of any other name is part of a title: "readme.so-review.md".
_README = re.compile(
    rf"readme(?:\.([a-z]{{2}})(?:[-_](?:[a-z]{{4}}|[a-z]{{2}}|\d{{3}}))*+)?"
    rf"(?:\.(?:{_MARKDOWN}|adoc|org|rst|txt))?",
    re.IGNORECASE,
)
_COUNTRIES = frozenset({"cn", "jp"})  # that people write in place of their languages
_BETWEEN_WORDS = re.compile(r"[-_\s]+")


@dataclass(frozen=True, slots=True)
class PostName:
    """What a path says of its post."""

    stem: str  # "hello" of 2025-01-30-hello.md, of 2025-01-30-hello/index.md and of hello.md
    date: str  # "2025-01-30", or "" where the name has no date


def parse_filename(path: str) -> PostName:
    """Take a path apart: `2025-01-30-hello.aspx.markdown`, `2025-01-30-hello/index.md`."""
    *folders, name = path.split("/")
    stem = _SUFFIX.sub("", name)
    # The language of `index.de.md` is Hugo's way of putting translations into one bundle.
    if stem.casefold() == "index" or stem.casefold().startswith("index."):
        stem = folders[-1] if folders else stem
    found = _DATED.match(stem) or _COMPACT.match(stem)
    if not found:
        return PostName(stem, find_date("/".join(folders)))
    year, _, month, day, rest = found.groups()
    return PostName(rest or stem, f"{year}-{month:0>2}-{day:0>2}")


def derive_title(stem: str) -> str:
    """Make a title of a file's name: "My first post" of `my-first-post`."""
    words = text.strip_invalid_characters(stem).strip() or "Untitled"
    if any(character.isalpha() for character in words):  # and no bare date
        words = _BETWEEN_WORDS.sub(" ", words).strip()
    return words[:1].upper() + words[1:]


def strip_suffix(path: str) -> str:
    """Return a path without the suffixes of its file."""
    return _SUFFIX.sub("", path)


def detect_language(path: str) -> tuple[str, str]:
    """Return the language that the name of a file may say, and its path without that.

    ("fr", "trip/hello.md") of `trip/hello.fr.md`; ("", path) where it says none.
    """
    whole = strip_suffix(path)
    rest, dot, last = whole.rpartition(".")
    if not dot or "/" in last or not rest or rest.endswith("/"):
        return "", path
    found = languages.parse_language_code(last)
    return (found, rest + path[len(whole) :]) if found else ("", path)


def detect_language_folder(path: str) -> tuple[str, str]:
    """Return the language that a folder of a path may say, and the path without that folder."""
    *folders, name = path.split("/")
    for index, folder in enumerate(folders):
        if found := languages.parse_language_code(folder):
            return found, "/".join((*folders[:index], *folders[index + 1 :], name))
    return "", path


def find_date(address: str) -> str:
    """Give the date in a path such as `inside-rust/2020/01/23/hello`, or ""."""
    found = _FOLDERS.search(address)
    if not found:
        return ""
    year, month, day = found.groups()
    return f"{year}-{month:0>2}-{day:0>2}"


def is_in_drafts(path: str) -> bool:
    """Tell whether a file lies in Jekyll's `_drafts` folder."""
    return "_drafts" in path.split("/")[:-1]


def is_ignored(path: str, config: Config) -> bool:
    """Tell whether a file is no post: by its name, its folder, or `content.ignore`."""
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
    """Tell whether patterns relative to the content folder name a path: `about.md`, `a/**`."""
    return bool(patterns) and matches(path, tuple(map(_rooted, patterns)))


def _rooted(pattern: str) -> str:
    """Let a pattern without a slash mean the content folder itself, and not every folder."""
    bare = pattern.removeprefix("!")
    return pattern if "/" in bare else f"{pattern[: len(pattern) - len(bare)]}/{bare}"


def matches(path: str, patterns: tuple[str, ...]) -> bool:
    """Judge a path by patterns as in .gitignore: the last one that matches decides."""
    verdict = False
    for pattern in patterns:
        wanted = not pattern.startswith("!")
        bare = pattern.strip().removeprefix("!")
        if bare and not bare.startswith("#") and re.match(_regex(bare), path):
            verdict = wanted
    return verdict


def _regex(pattern: str) -> str:
    """Translate a pattern of .gitignore; a folder that matches takes all below it along."""
    only_folders = pattern.endswith("/")
    bare = pattern.rstrip("/")
    # Without a slash before its end, a pattern holds at any depth.
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
