"""No text from outside keeps a regular expression busy: each of ours is tried with attacks."""

import re
from dataclasses import replace

import nh3
import pytest
from patterns import Found, attacks, modules, patterns, slowest

LENGTH = 100_000
LIMIT = 0.5
"""Seconds of the processor for so many characters: a tenth of it here, with room for slow ones."""

# What is cut to a sane length first, or never longer; by the beginnings of their names.
CUT = {
    "feedpub.content.reader._MODULE": 500,
    "feedpub.content.markup.embed_scripts.": 1000,  # longer URLs are no scripts that are known
    "feedpub.content.dates.": 100,  # dates.instant refuses longer ones
    "feedpub.content.enclosures._": 100,  # likewise
    "feedpub.content.authors._MAIL": 320,
    "feedpub.content.filenames.": 255,  # names of files, and content.ignore
    "feedpub.content.filenames:": 255,
    "feedpub.content.parse_errors.": 500,  # what libraries say of a file
}
# These meet nothing but what the sanitiser has written, where every element and comment ends.
SANITISED = (
    "feedpub.content.markup.sanitize._BARE_LINK", "feedpub.content.markup.sanitize._EMPTY_LINK",
    "feedpub.content.markup.excerpt.", "feedpub.content.markup.shortcodes._CODE",
    "feedpub.site.template_filters.",
    "feedpub.content.markup.toc._HEADING", "feedpub.content.markup.mathml._RENDERED_FORMULA",
)  # fmt: skip
TAGS = nh3.ALLOWED_TAGS | {"audio", "figure", "section", "video"}
ATTRIBUTES = {"*": {"class", "id", "title", "style", "href"}}


# Ways in which a module uses a pattern that it hands on, and that cannot be told from its text.
USED = {
    "feedpub.content.markup.fences._ENDS": frozenset({"fullmatch"}),
    "feedpub.content.markup.fences._OPENER": frozenset({"match"}),
}
READING = (
    *(f"feedpub.content.{each}" for each in ("markup", "library.link_index", "library.wiki_index")),
    *(f"feedpub.content.{each}" for each in ("assets", "authors", "dates", "enclosures", "field")),
    *(f"feedpub.content.{each}" for each in ("filenames", "frontmatter", "keys", "page", "parse")),
    *(f"feedpub.content.{each}" for each in ("reader", "tags")),
    "feedpub.models.text", "feedpub.site.i18n", "feedpub.site.template_filters",
)  # fmt: skip
"""What reads what authors write."""


def sanitised(text: str) -> str:
    """Give what the sanitiser leaves of a text."""
    return nh3.clean(text, tags=set(TAGS), attributes=ATTRIBUTES, strip_comments=False)


def bound(found: Found) -> int:
    """Give the number of characters that may come to a pattern."""
    return next((CUT[each] for each in CUT if found.name.startswith(each)), LENGTH)


@pytest.mark.parametrize(
    "module",
    [name for name in modules() if name.startswith(READING)],
)
def test_no_text_keeps_a_pattern_busy(module: str) -> None:
    """Whatever the pattern itself says it is looking for, over and over, it is soon through."""
    slow = {}
    for found in patterns(module):
        arrives = sanitised if found.name.startswith(SANITISED) else str
        used = replace(found, methods=USED.get(found.name, found.methods))
        seconds, attack = slowest(used, bound(found), LIMIT, arrives)
        if seconds >= LIMIT:
            slow[found.name] = attack

    assert {} == slow


@pytest.mark.parametrize(
    ("pattern", "method"),
    [
        (r"(a+)+$", "match"), (r"(?:a|a)*b", "match"), (r"\s+$", "search"), (r"<!--.*?-->", "sub"),
        (r"x\s*\s*=", "match"), (r"(?:[ ]{0,3}>[ ]?)*x", "match"), (r"(.*?)\s*<", "match"),
        (r"\[[^\]]*\]\(", "search"), (r"ref\s+([^>]+?)(?:\s+\w+=.*)?\s*>", "fullmatch"),
    ],
)  # fmt: skip
def test_the_attacks_find_what_is_slow(pattern: str, method: str) -> None:
    """Patterns that are known to backtrack are found out, or the test above means nothing."""
    found = Found("x", re.compile(pattern), frozenset({method}))

    assert slowest(found, LENGTH, LIMIT)[0] >= LIMIT


@pytest.mark.parametrize(
    "pattern", [r"a++$", r"[a-z]+@", r"(?:(?!-->|<!--).)*+-->", r"<[^<>]*+>", r"abc"]
)
def test_the_attacks_let_go_what_is_fast(pattern: str) -> None:
    """What cannot backtrack is not found guilty."""
    found = Found("x", re.compile(pattern), frozenset({"match"}))

    assert slowest(found, LENGTH, LIMIT)[0] < LIMIT
    assert list(attacks(found.pattern, 100)) or "+" not in pattern
