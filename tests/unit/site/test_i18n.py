"""Pages speak the language of what they show."""

from collections import Counter
from datetime import date
from string import Formatter

import pytest

from feedpub.files import packaged
from feedpub.site.i18n import (
    Catalog,
    CatalogFile,
    direction,
    get_autonym,
    has_catalog,
    select_plural_category,
)

ENGLISH = CatalogFile(
    "en",
    """
    name = "English"
    date = "{day} {month} {year}"
    day = "{day} {month}"
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    [words]
    older = "Older"
    posts = { one = "{n} post", other = "{n} posts" }
    """,
)
CHINESE = CatalogFile("zh", 'date = "{year}年{number}月{day}日"\n[words]\nposts = "{n} 篇"')
FILES = {"en": ENGLISH, "zh": CHINESE, "eo": CatalogFile("eo", '[words]\nolder = "Pli malnovaj"')}
DAY = date(2025, 1, 30)
PACKAGED = {
    name.removeprefix("words/").removesuffix(".toml"): text
    for name, text in packaged.read_templates(packaged.find_packaged_templates()).items()
    if name.startswith("words/")
}


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "ltr"),
        ("ar", "rtl"),
        ("ar-Latn", "ltr"),
        ("fa_IR", "rtl"),
        ("he", "rtl"),
        ("az-Arab", "rtl"),
        ("zh-CN", "ltr"),
        ("", "ltr"),
    ],
)
def test_direction_follows_language_and_script(language: str, expected: str) -> None:
    """Arabic, Hebrew and their like run from right to left, unless the tag says otherwise."""

    assert expected == direction(language)


@pytest.mark.parametrize(
    ("language", "numbers", "expected"),
    [
        ("en", (0, 1, 2), ["other", "one", "other"]),
        ("fr", (0, 1, 2), ["one", "one", "other"]),
        ("ja", (0, 1, 2), ["other", "other", "other"]),
        ("ru-RU", (1, 3, 5, 11, 12, 21, 22), ["one", "few", "many", "many", "many", "one", "few"]),
        ("ar", (0, 1, 2, 3, 11, 100, 103), ["zero", "one", "two", "few", "many", "other", "few"]),
    ],
)
def test_numbers_have_the_forms_of_cldr(
    language: str, numbers: tuple[int, ...], expected: list[str]
) -> None:
    """Each language counts in its own way."""

    assert expected == [select_plural_category(language, number) for number in numbers]


def test_dates_are_written_as_the_language_writes_them() -> None:
    """A date comes with or without its year."""

    assert "30 Jan 2025" == Catalog("en-GB", FILES).format_date(DAY)
    assert "30 Jan" == Catalog("en", FILES).format_date(DAY, year=False)
    assert "2025年1月30日" == Catalog("zh-CN", FILES).format_date(DAY)
    assert "2025年1月30日" == Catalog("zh-TW", FILES).format_date(DAY, year=False)


def test_dates_of_an_unknown_language_are_iso_8601() -> None:
    """English words are better than none, but an English month on a Swedish page is wrong."""

    assert "2025-01-30" == Catalog("sv", FILES).format_date(DAY)
    assert "01-30" == Catalog("sv", FILES).format_date(DAY, year=False)
    assert "2025-01-30" == Catalog("eo", FILES).format_date(DAY)
    assert "2025-01-30" == Catalog("en", {}).format_date(DAY)


def test_words_fall_back_to_english() -> None:
    """What a language's file lacks is said in English, in English forms."""

    assert "Older" == Catalog("zh-CN", FILES).gettext("older")
    assert "Pli malnovaj" == Catalog("eo", FILES).gettext("older")
    assert "{n} post" == Catalog("eo", FILES).gettext("posts", 1)
    assert "{n} 篇" == Catalog("zh", FILES).gettext("posts", 1)


def test_an_unknown_key_is_an_error() -> None:
    """No file has the key: whoever asks has to know."""
    words = Catalog("zh", FILES)
    with pytest.raises(KeyError):
        words.gettext("oldest")

    assert ["older", "posts"] == words.list_keys()


def test_a_file_over_another_changes_what_it_says_and_no_more() -> None:
    """Somebody's own en.toml may hold a single key."""
    own = CatalogFile("en", '[words]\nolder = "Before"', ENGLISH)

    assert "Before" == Catalog("en", {"en": own}).gettext("older")
    assert "{n} posts" == Catalog("en", {"en": own}).gettext("posts", 3)
    assert "30 Jan 2025" == Catalog("en", {"en": own}).format_date(DAY)
    assert "English" == own.name


def test_languages_name_themselves() -> None:
    """A language has the name its file gives, or its tag."""

    assert "English" == get_autonym("en-GB", FILES)
    assert "zh-CN" == get_autonym("zh-CN", FILES)
    assert "svenska" == get_autonym("sv", FILES)
    assert "tlh" == get_autonym("tlh", FILES)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("words = 1", "write \\[words\\]"),
        ("wrods = 1", 'unknown key "wrods"; use one of'),
        ("months = ['Jan']", "twelve names"),
        ("months = 'Jan'", "twelve names"),
        ("date = 3", '"date" is not a string'),
        ("date = '{weekday}'", "use only {year}"),
        ("date = '{'", "use only {year}"),
        ("[words]\nolder = 3", '"older" is not a string'),
        ("[words]\nposts = { one = 'x' }", '"posts" has no form "other"'),
        ("[words", "end of a table"),
    ],
)
def test_a_wrong_file_says_what_is_wrong(text: str, message: str) -> None:
    """Whoever translates learns what to mend."""
    with pytest.raises(ValueError, match=message):
        CatalogFile("xx", text)


def test_a_language_with_words_is_spoken() -> None:
    """A name and dates alone are not enough."""
    files = {**FILES, "de": CatalogFile("de", 'name = "Deutsch"')}

    assert ["en-GB", "zh-Hant"] == [
        each for each in ("en-GB", "zh-Hant", "de", "fr") if has_catalog(each, files)
    ]


@pytest.mark.parametrize("language", sorted(PACKAGED))
def test_every_language_that_comes_with_feedpub_has_every_word(language: str) -> None:
    """Each says all that English says, with the same placeholders, in every form it counts in.

    A form of one number alone ("two posts") need not hold the number; "other" is always there,
    for where there is none.
    """
    english = CatalogFile("en", PACKAGED["en"]).words
    words = CatalogFile(language, PACKAGED[language]).words
    numbers = _counted(language)

    assert english.keys() == words.keys()
    assert [] == [
        f"{key}, {form}: {text}"
        for key, forms in words.items()
        for form, text in forms.items()
        if not _fits(_placeholders(text), english[key]["other"], is_alone=numbers[form] == 1)
    ]
    assert [] == [
        f"{key}: {', '.join(forms)}"
        for key, forms in words.items()
        if (len(forms) > 1 or len(english[key]) > 1) and forms.keys() != {*numbers, "other"}
    ]


def _counted(language: str) -> Counter[str]:
    """Give how many numbers below 1000 have each form."""
    return Counter(select_plural_category(language, number) for number in range(1000))


def _fits(given: set[str], english: str, *, is_alone: bool) -> bool:
    """Tell whether placeholders are those of an English text, its number aside if it is alone."""
    wanted = _placeholders(english)
    return given == wanted or (is_alone and given == wanted - {"n"})


def _placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}
