"""Slugs, and the URLs and file names made of them."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from feedpub.models.text import MAX_SLUG_BYTES, fold_case, make_unique_slug, quote, slugify


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("Hello, World!", "hello-world"),
        ("C", "c"),
        ("C++", "cplusplus"),
        ("C#", "csharp"),
        ("Ｃ＋＋", "ｃplusplus"),
        ("人工智能", "人工智能"),
        ("مرحبا بالعالم", "مرحبا-بالعالم"),
        ("हिन्दी", "हिन्दी"),
        ("می‌خواهم", "می-خواهم"),
        ("Crème brûlée", "crème-brûlée"),
        ("Don't", "dont"),
        ("Don’t", "dont"),
        ("soft\u00adhyphen", "softhyphen"),
        ("AT&T", "at-t"),
        ("Node.js 1.0", "node-js-1-0"),
        ("_my_post_", "my_post"),
        ("../../etc/passwd", "etc-passwd"),
        ("i ❤️ py", "i-py"),
        ("Straße", "straße"),
    ],
)
def test_letters_of_every_script_stay(text: str, slug: str) -> None:
    """A slug keeps letters, digits and their marks, spells + and #, and parts words by dashes."""
    assert slug == slugify(text)


@pytest.mark.parametrize("name", ["con", "PRN", "aux", "Nul", "COM1", "lpt9"])
def test_no_slug_is_a_device_of_windows(name: str) -> None:
    """A name that Windows keeps for a device gets a letter before it."""
    assert f"x-{name.lower()}" == slugify(name)


def test_a_text_without_letters_is_named_by_its_digest() -> None:
    """Two emoji get two slugs, the same at every run; what is blank is untitled."""
    assert "x-6146299c" == slugify("🎉")
    assert slugify("🎉") != slugify("🚀")
    assert slugify("..") != slugify(".")
    assert "untitled" == slugify(" ")


@given(st.text())
@example("İ")
@example("é" * 300)
@example("\ud800")
@example("a\u0301\ufe0f")
@example("x" * (MAX_SLUG_BYTES - 1) + "-" + "y")
def test_a_slug_of_anything_is_one_safe_url_segment(text: str) -> None:
    """A slug is not empty, no way out of a folder, NFC, lower case, and its own slug."""
    slug = slugify(text)

    assert slug
    assert not set(slug) & set('/\\.:*?"<>|\0 %')
    assert slug == slug.strip("-_")
    assert unicodedata.is_normalized("NFC", slug)
    assert MAX_SLUG_BYTES + 2 >= len(slug.encode())
    assert slug == slugify(slug)


def test_a_second_owner_of_a_slug_gets_a_number() -> None:
    """The first keeps the slug; the next are numbered, whatever their letter case."""
    taken: set[str] = set()
    given_out = [
        make_unique_slug(slug, taken) for slug in ("a", "A", "a", "a-2", "straße", "STRASSE")
    ]

    assert ["a", "A-2", "a-3", "a-2-2", "straße", "STRASSE-2"] == given_out


@given(st.lists(st.text(max_size=4), max_size=20))
def test_no_two_slugs_given_out_are_one_file(texts: list[str]) -> None:
    """However alike the texts, each slug is another file on a disk that ignores letter case."""
    taken: set[str] = set()
    slugs = [make_unique_slug(slugify(text), taken) for text in texts]

    assert len(texts) == len({fold_case(slug) for slug in slugs})


def test_a_disk_without_letter_case_sees_one_name() -> None:
    """Names that differ in letter case, final sigma or Unicode form fold to one."""
    assert fold_case("README") == fold_case("readme")
    assert fold_case("ΣΑΣ") == fold_case("σας")
    assert fold_case("caf\u00e9") == fold_case("CAFE\u0301")


def test_a_path_is_percent_encoded_as_nfc() -> None:
    """What RFC 3986 allows in a path stays; all else is UTF-8 in NFC, percent-encoded."""
    assert "a/%E4%BA%BA%20%25/b;c=(1)+~" == quote("a/人 %/b;c=(1)+~")
    assert "caf%C3%A9" == quote("cafe\u0301")
    assert "%3F" == quote("\ud800")
