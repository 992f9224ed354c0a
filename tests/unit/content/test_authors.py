"""Who wrote a post."""

import pytest

from feedpub.content.authors import parse_authors
from feedpub.content.frontmatter import Value
from feedpub.models.content import Author


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("Ann", ["Ann"]),
        ("Ann, Bob", ["Ann", "Bob"]),
        ("Ann and Bob", ["Ann and Bob"]),
        ("Doe, Jane; Roe, Richard", ["Doe, Jane", "Roe, Richard"]),
        ("Martin Luther King, Jr., Ann", ["Martin Luther King, Jr.", "Ann"]),
        ("张三、李四，王五", ["张三", "李四", "王五"]),
        ("Ann\nBob", ["Ann", "Bob"]),
        (["Doe, Jane", "Ann"], ["Doe, Jane", "Ann"]),
        (["Ann", "", "ann"], ["Ann"]),
        ([["Ann"], {"name": "Bob"}], ["Ann", "Bob"]),
        ({"name": "Ann"}, ["Ann"]),
        ({"email": "x@example.org"}, []),
        ("O&#39;Hara", ["O'Hara"]),
        ("Stéfan <stefanv>", ["Stéfan"]),
        (" , ", []),
    ],
)
def test_people_are_named_in_many_ways(written: Value, names: list[str]) -> None:
    """A text is divided, an item of a list is one person, and nobody is named twice."""
    assert names == [author.name for author in parse_authors(written)]


@pytest.mark.parametrize(
    ("written", "author"),
    [
        ("Ann <ann@example.org>", Author("Ann", "ann@example.org")),
        ('"Ann" <mailto:ann@example.org>', Author("Ann", "ann@example.org")),
        ("<ann@example.org>", Author("ann", "ann@example.org")),
        ("ann@example.org", Author("ann", "ann@example.org")),
        ("Ann <https://ann.example>", Author("Ann", "", "https://ann.example")),
        (
            {"Name": "Ann", "mail": "mailto:ann@example.org", "website": "https://ann.example"},
            Author("Ann", "ann@example.org", "https://ann.example"),
        ),
        (
            {"name": "Ann <ann@example.org>", "email": "none", "url": "/ann"},
            Author("Ann", "ann@example.org"),
        ),
    ],
)
def test_mail_and_home_page_stand_beside_a_name(written: Value, author: Author) -> None:
    """An e-mail address or a URL is taken from where people put it."""
    assert (author,) == parse_authors(written)


def test_several_keys_add_up() -> None:
    """Who is named under `author` and under `authors` is one list."""
    assert (Author("Ann"), Author("Bob")) == parse_authors("Ann", ["ann", "Bob"])
