"""Keys, their synonyms and their misspellings."""

import pytest

from feedpub.content import keys


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("title", "title"),
        ("Title", "title"),
        ("last_modified_at", "lastmodifiedat"),
        ("canonicalURL", "canonicalurl"),
        ("date created ", "datecreated"),
        ("header-img", "headerimg"),
    ],
)
def test_letter_case_and_separators_do_not_count(written: str, plain: str) -> None:
    """A key is the same however its words are joined."""
    assert plain == keys.normalize_key(written)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("tittle", "title"),
        ("Titel", "title"),
        ("auhtor", "author"),
        ("dtae", "date"),
        ("tgas", "tags"),
        ("last_modifed_at", "last_modified_at"),
        ("pub_dat", "pubDate"),
        ("descripton", "description"),
        ("categoires", "categories"),
        ("canonical_ulr", "canonical_url"),
    ],
)
def test_a_near_miss_is_recognised(written: str, meant: str) -> None:
    """A letter too many, too few, wrong or in another place still shows what was meant."""
    assert meant == keys.suggest_key(written)


@pytest.mark.parametrize(
    "written",
    [
        "title",
        "Tags",
        "data",
        "layout",
        "subtitle",
        "header-img",
        "image_credit",
        "authorId",
        "displayInList",
        "tumblr_url",
        "hero",
        "release",
        "_build",
        "x",
        "a sentence that is much too long to be a key of anything",
        "zzzzz",
        "outdated",
        "polished",
        "republished",
        "unpublished",
        "inscription",
        "discography",
        "authority",
        "languid",
    ],
)
def test_other_keys_are_nobodys_business(written: str) -> None:
    """Keys of other generators, their themes and their users are not taken for slips."""
    assert "" == keys.suggest_key(written)


def test_known_keys_are_known_in_any_spelling() -> None:
    """`known` goes by the plain key."""
    assert keys.is_known_key("Last-Modified")
    assert not keys.is_known_key("layout")
