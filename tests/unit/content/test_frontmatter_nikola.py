"""Posts of Nikola are read with their own header."""

import pytest

from feedpub.content.frontmatter import convert_to_front_matter, parse_front_matter


@pytest.mark.parametrize(
    ("text", "values", "line"),
    [
        (
            '<!--\n.. title: Say "hi": now\n.. slug: hi\n.. tags: a, b\n-->\n\nText.\n',
            {"title": 'Say "hi": now', "slug": "hi", "tags": "a, b"},
            7,
        ),
        (
            ".. title: Hello\n.. date: 2015-03-04 12:00:00 UTC+01:00\n\nText.\n",
            {"title": "Hello", "date": "2015-03-04 12:00:00 UTC+01:00"},
            4,
        ),
        ("\n<!-- \n.. title: C\n\n.. link: \n-->\nText.", {"title": "C", "link": ""}, 7),
    ],
)
def test_headers_of_nikola_are_front_matter(text: str, values: dict[str, str], line: int) -> None:
    """In a comment or bare; lines keep their numbers."""
    matter = parse_front_matter(text, "a.md")

    assert values == matter.values
    assert matter.body.lstrip("\n").startswith("Text.")
    assert text.count("\n") == convert_to_front_matter(text).count("\n")
    blank = len(matter.body) - len(matter.body.lstrip("\n"))
    assert line == matter.first_line + blank


@pytest.mark.parametrize(
    "text",
    [
        "<!-- note -->\nText.\n",
        "<!--\nnote\n-->\n",
        ".. image:: a.png\n",
        "...\n",
        "Text.\n.. x: y\n",
    ],
)
def test_other_comments_are_no_header(text: str) -> None:
    """A comment stays one; a directive of reStructuredText is no key."""
    assert text == convert_to_front_matter(text)
