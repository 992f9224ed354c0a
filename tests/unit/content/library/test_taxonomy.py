"""Tags and authors are the same where only case or Unicode form differ, and never otherwise."""

from itertools import pairwise
from unicodedata import normalize

import made
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedpub.content.library.taxonomy import collect_authors, collect_tags, normalize_name
from feedpub.models.content import Author, Tag
from feedpub.models.text import fold_case

CONFUSED = (
    "C c C++ C# csharp cplusplus 人工智能 e\u0301 É é Straße STRASSE web-feeds ﬁ fi ǰ J\u030c "
    "ᾳ\u0301 \u0345"
)
LABELS = st.text(min_size=1) | st.sampled_from(["Web feeds", "web  feeds", *CONFUSED.split()])
CASED = st.sampled_from([str.lower, str.casefold, str.title, str.swapcase])
FORMED = st.sampled_from(["NFC", "NFD"])


@given(LABELS, FORMED)
def test_case_and_form_make_no_difference(label: str, form: str) -> None:
    """A name is the same however its letters are cased or composed."""
    apart = normalize("NFD", label)
    variants = (label, apart, apart.casefold())

    assert {normalize_name(label)} == {normalize_name(normalize(form, each)) for each in variants}  # type: ignore[arg-type]


@given(LABELS, CASED)
def test_sameness_is_case_folding(label: str, cased: object) -> None:
    """Two spellings that fold to one are the same; two that do not are different."""
    other = cased(label)  # type: ignore[operator]
    canonical = [fold_case(" ".join(each.split())) for each in (label, other)]

    assert (canonical[0] == canonical[1]) is (normalize_name(label) == normalize_name(other))


def test_tags_that_people_confuse_stay_apart() -> None:
    """C, C++, C# and their spelled-out names are five tags with five slugs."""
    found = collect_tags([["C", "C++", "C#", "csharp", "cplusplus"]])

    assert [
        Tag("C", "c"),
        Tag("C++", "cplusplus"),
        Tag("C#", "csharp"),
        Tag("csharp", "csharp-2"),
        Tag("cplusplus", "cplusplus-2"),
    ] == list(found.values())


def test_a_tag_has_its_most_used_spelling() -> None:
    """Posts vote, once each; where as many say either, the first in code point order wins."""
    found = collect_tags([["python", "python"], ["Python"], ["Python"], ["b"], ["B"]])

    assert Tag("Python", "python") == found["python"] == found["Python"]
    assert Tag("B", "b") == found["b"] == found["B"]


def test_the_slug_of_a_tag_is_that_of_its_first_spelling() -> None:
    """Later posts may change how a tag is written, but not where it is."""
    found = collect_tags([["Straße"], ["STRASSE"], ["STRASSE"]])

    assert Tag("STRASSE", "straße") == found["Straße"] == found["STRASSE"]


def test_a_label_is_composed_and_single_spaced() -> None:
    """Two spaces, or a letter and its accent apart, are not what people mean to say."""
    found = collect_tags([["cafe\u0301  culture"]])

    assert {"cafe\u0301  culture": Tag("café culture", "café-culture")} == found


@given(st.lists(st.lists(LABELS, max_size=4), max_size=6))
def test_tags_are_merged_if_they_are_the_same_and_only_then(posts: list[list[str]]) -> None:
    """Every spelling has a tag; two have the same if, and only if, they are the same name."""
    found = collect_tags(posts)
    spelled = sorted(found)

    assert {name for names in posts for name in names} == found.keys()
    for one, other in pairwise(spelled):
        assert (normalize_name(one) == normalize_name(other)) is (found[one] == found[other])
    distinct = set(found.values())
    assert len({normalize_name(name) for name in spelled}) == len(distinct)
    assert len(distinct) == len({fold_case(tag.slug) for tag in distinct})


def people(*lists: tuple[str, ...]) -> dict[str, Author]:
    """Find out who wrote posts by these authors."""
    written = [made.manuscript(authors=tuple(map(Author, names))) for names in lists]
    return collect_authors(written, ())


def test_authors_are_merged_by_name() -> None:
    """One person has one slug, under the name they were given first."""
    found = people(("Ann Lee",), ("ANN LEE", "Bob"))

    assert Author("Ann Lee", slug="ann-lee") == found["Ann Lee"] == found["ANN LEE"]
    assert Author("Bob", slug="bob") == found["Bob"]


def test_two_people_never_share_a_slug() -> None:
    """Who came first keeps the plain slug."""
    found = people(("Ann Lee", "Ann-Lee"))

    assert ["ann-lee", "ann-lee-2"] == [found["Ann Lee"].slug, found["Ann-Lee"].slug]


def test_what_any_post_tells_of_an_author_is_known() -> None:
    """E-mail and URL may come from different posts; the first of each stays."""
    told = [
        Author("Ann", email="ann@example.org"),
        Author("Ann", url="https://ann.example/ü"),
        Author("Ann", "else@example.org", "https://else.example/"),
    ]
    found = collect_authors([made.manuscript(authors=(each,)) for each in told], ())

    assert {
        "Ann": Author("Ann", "ann@example.org", "https://ann.example/%C3%BC", slug="ann")
    } == found


@pytest.mark.parametrize("written", ["ann", "ANN", "Ann Lee", "ann  lee"])
def test_people_of_the_config_are_known_by_key_and_name(written: str) -> None:
    """A post that names a key of `authors:`, or the name there, means that person, all of it."""
    known = (("ann", Author("Ann Lee", bio="Writes.")), ("bob", Author("Ann Lee")))
    posts = [made.manuscript(authors=(Author(written, email="x@example.org"),))]
    found = collect_authors(posts, known)

    assert {written: Author("Ann Lee", bio="Writes.", slug="ann")} == found


def test_a_key_is_never_anothers_name() -> None:
    """Where the name of one is the key of another, the key wins."""
    known = (("ann", Author("Bob")), ("bob", Author("Robert")))
    found = collect_authors([made.manuscript(authors=(Author("Bob"),))], known)

    assert {"Bob": Author("Robert", slug="bob")} == found


def test_the_editor_is_an_author() -> None:
    """The site's own author is known, with all that the config says."""
    editor = Author("Ann", bio="Edits.")
    found = collect_authors(
        [made.manuscript(authors=(Author("ann", "ann@example.org"),))], (), editor
    )

    assert (
        Author("Ann", "ann@example.org", bio="Edits.", slug="ann") == found["ann"] == found["Ann"]
    )
