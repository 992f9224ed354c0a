"""A post's language by its name, and the posts that are the same one in several languages."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path

import made
import pytest
from folders import Site as Folder

from feedpub.config.schema import (
    Config,
    ContentConfig,
    DigestConfig,
    ExtraFeedConfig,
    FeedsConfig,
    SiteConfig,
)
from feedpub.content import library as content_library
from feedpub.content.library import Library
from feedpub.content.reader import PostReader
from feedpub.models.content import Post, SourceFile

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Writing:
    """The posts of an English site, each called as its file."""

    content: ContentConfig = field(default_factory=ContentConfig)
    config: Config = field(default_factory=made.config)
    texts: dict[str, str] = field(default_factory=dict)

    def write(self, *paths: str, **fields: str) -> None:
        """Write posts with the same fields."""
        more = "".join(f"{key}: {value}\n" for key, value in fields.items())
        for path in paths:
            self.texts[path] = f"---\ntitle: {path}\ndate: 2025-01-30\n{more}---\nText.\n"

    def library(self) -> Library:
        """Read all posts, and put them in their places."""
        sources = (
            SourceFile(path, text.encode(), sha256(text.encode()).hexdigest())
            for path, text in self.texts.items()
        )
        read = [reader().read(source)[0] for source in sources]
        return content_library.build_library(
            replace(self.config, content=self.content), read, {}, NOW
        )

    def post(self, path: str) -> Post:
        """Give the post of a file."""
        return next(each for each in self.library().posts if each.path == path)

    def addresses(self) -> set[str]:
        """Give the addresses of all posts, below the site's."""
        return {each.url.removeprefix(made.SITE) for each in self.library().posts}

    def translations(self, path: str) -> dict[str, str]:
        """Give the languages that a post can be read in, the original first, and where."""
        return {
            each.language: each.url.removeprefix(made.SITE) for each in self.post(path).translations
        }

    def told(self) -> list[str]:
        """Give what is wrong, as a person reads it."""
        return [str(problem) for problem in self.library().problems]


@cache
def reader() -> PostReader:
    """Give what reads files."""
    return PostReader(made.config())


@pytest.fixture
def site() -> Writing:
    """Give a site without posts."""
    return Writing()


@pytest.mark.parametrize(
    ("path", "address", "language"),
    [
        ("hello.fr.md", "fr/posts/hello/", "fr"),
        ("hello.zh-cn.md", "zh-cn/posts/hello/", "zh-CN"),
        ("hello.PT_br.md", "pt-br/posts/hello/", "pt-BR"),
        ("hello.sr-latn.markdown", "sr-latn/posts/hello/", "sr-Latn"),
        ("hello.fil.md", "fil/posts/hello/", "fil"),
        ("hello.fr.html.md", "fr/posts/hello/", "fr"),
    ],
)
def test_a_translation_has_its_language_before_its_address(
    site: Writing, path: str, address: str, language: str
) -> None:
    """The name says it, and loses it; the file without a language keeps its address."""
    site.write("hello.md", path)

    assert {"en": "posts/hello/", language: address} == site.translations(path)
    assert site.post(path).language == language
    assert site.post(path).slug == "hello"


@pytest.mark.parametrize(
    ("paths", "addresses"),
    [
        (("trip/index.md", "trip/index.fr.md"), {"posts/trip/", "fr/posts/trip/"}),
        (("trip/index.en.md", "trip/index.fr.md"), {"posts/trip/", "fr/posts/trip/"}),
        (("2025-01-30-a.md", "2025-01-30-a.de.md"), {"posts/a/", "de/posts/a/"}),
        (("a.de.md", "a.fr.md"), {"de/posts/a/", "fr/posts/a/"}),
        (("a.en.md",), {"posts/a/"}),
        (("a.md", "a.en.md"), {"posts/a/", "en/posts/a/"}),
        (("a.md", "a.fr.md", "other.fr.md"), {"posts/a/", "fr/posts/a/", "fr/posts/other/"}),
        (("trip/index.fr.md",), {"posts/trip/"}),
    ],
)
def test_names_say_languages(site: Writing, paths: tuple[str, ...], addresses: set[str]) -> None:
    """In bundles too, after dates, for the site's own language, and where one file proves it."""
    site.write(*paths)

    assert addresses == site.addresses()


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("hello.v2.md", "posts/hello-v2/"),
        ("node.js.md", "posts/node-js/"),
        ("a.to.md", "posts/a-to/"),
        ("hello.fr.md", "posts/hello-fr/"),
        ("style.css.md", "posts/style-css/"),
        ("a.no-code.md", "posts/a-no-code/"),
        ("x.fr-v2.md", "posts/x-fr-v2/"),
        ("is.md", "posts/is/"),
        ("trip/index.js.md", "posts/trip/"),
    ],
)
def test_a_word_after_a_dot_is_no_language(site: Writing, path: str, address: str) -> None:
    """Neither what is none, nor what might be one and for which nothing speaks."""
    site.write(path)

    assert {address} == site.addresses()
    assert site.post(path).language == "en"


@pytest.mark.parametrize("path", ["hello.v2.md", "hello.js.md", "hello.no-code.md"])
def test_what_is_no_language_is_none_beside_the_same_name_either(site: Writing, path: str) -> None:
    """A second version is a post of its own."""
    site.write("hello.md", path)
    slug = path.removesuffix(".md").replace(".", "-")

    assert {"posts/hello/", f"posts/{slug}/"} == site.addresses()
    assert not site.translations("hello.md")


def test_front_matter_decides_what_a_name_says(site: Writing) -> None:
    """It proves a language, and it disproves one: a.to.md is no Tongan where it says English."""
    site.write("alone.fr.md", lang="fr")
    site.write("a.md", "a.to.md", lang="en")

    assert {"fr/posts/alone/", "posts/a/", "posts/a-to/"} == site.addresses()


def test_the_configuration_proves_a_language(site: Writing) -> None:
    """Those of the site, of digests and of feeds are the site's."""
    site.config = Config(
        SiteConfig("Example", made.SITE, languages=("fr",)),
        feeds=FeedsConfig(extra=(ExtraFeedConfig("de", languages=("de-AT",)),)),
        digests=(DigestConfig("weekly", languages=("pl",)),),
    )
    site.write("a.fr.md", "b.de.md", "c.to.md", "d.pl.md")

    assert {"fr/posts/a/", "de/posts/b/", "posts/c-to/", "pl/posts/d/"} == site.addresses()


def test_folders_say_languages_where_asked(site: Writing) -> None:
    """The one of the site's language loses its folder; a word that is no language stays one."""
    site.content = ContentConfig(languages="folders", permalink="{path}/")
    site.write("en/hello.md", "fr/hello.md", "notes/a.md", "posts/de/b.md", "posts/b.md")

    assert {"hello/", "fr/hello/", "notes/a/", "de/posts/b/", "posts/b/"} == site.addresses()
    assert {"en": "hello/", "fr": "fr/hello/"} == site.translations("en/hello.md")


@pytest.mark.parametrize("path", ["work/it/a.md", "work/no/b.md", "work/en-route/c.md"])
def test_a_folder_of_information_technology_is_not_italian(site: Writing, path: str) -> None:
    """Below another folder, where nothing speaks for it."""
    site.content = ContentConfig(languages="folders", permalink="{path}/")
    site.write(path)

    assert {path.removesuffix(".md") + "/"} == site.addresses()


def test_folders_say_nothing_unless_asked(site: Writing) -> None:
    """By default only names do."""
    site.content = ContentConfig(permalink="{path}/")
    site.write("en/hello.md", "fr/hello.md")

    assert {"en/hello/", "fr/hello/"} == site.addresses()
    assert not site.translations("fr/hello.md")


@pytest.mark.parametrize(
    ("content", "address"),
    [
        (ContentConfig(translations="{permalink}{language}/"), "posts/hello/fr/"),
        (ContentConfig(translations="t/{language}/{permalink}"), "t/fr/posts/hello/"),
        (ContentConfig(permalink="https://blog.example/{slug}/"), "https://blog.example/fr/hello/"),
        (ContentConfig(permalink="{slug}.html"), "fr/hello.html"),
        (ContentConfig(languages="none"), "posts/hello-fr/"),
    ],
)
def test_the_address_of_translations_is_configured(
    site: Writing, content: ContentConfig, address: str
) -> None:
    """After the original's, below a folder, elsewhere, or as if names said nothing."""
    site.content = content
    site.write("hello.md", "hello.fr.md")

    assert address in site.addresses()


def test_a_slug_is_that_of_its_language(site: Writing) -> None:
    """What a translation asks for is below its language; a whole permalink is as it is."""
    site.write("hello.md")
    site.write("hello.fr.md", slug="bonjour")
    site.write("hello.de.md", permalink="/hallo/")

    expected = {"en": "posts/hello/", "de": "hallo/", "fr": "fr/posts/bonjour/"}
    assert expected == site.translations("hello.de.md")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"translationKey": "k"}, {"translationKey": "k"}),
        ({"ref": "k"}, {"ref": "K"}),
        ({"lang-ref": "k"}, {"lang-ref": "k"}),
        ({}, {"translation_of": "one"}),
        ({}, {"translation_of": "one.md"}),
        ({"id": "'12'"}, {"translation_of": "'12'"}),
        ({"slug": "same"}, {"slug": "same"}),
        ({"permalink": "/about/"}, {"permalink": "/about/"}),
    ],
)
def test_front_matter_says_what_is_a_translation(
    site: Writing, first: dict[str, str], second: dict[str, str]
) -> None:
    """As in Hugo, and in sites made with Jekyll and Pelican; each knows of the other."""
    site.write("one.md", **first)
    site.write("two.md", lang="fr", **second)

    assert ["en", "fr"] == list(site.translations("one.md"))
    assert site.translations("one.md") == site.translations("two.md")
    assert not site.told()


def test_the_same_address_in_two_languages_is_one_post(site: Writing) -> None:
    """The translation has its language before it, and nobody is told that it was taken."""
    site.write("one.md", slug="same")
    site.write("two.md", slug="same", lang="fr")

    assert {"posts/same/", "fr/posts/same/"} == site.addresses()


def test_the_same_key_in_the_same_language_is_no_translation(site: Writing) -> None:
    """As where `ref` means something else; beside a true translation it is told."""
    site.write("a.md", "b.md", ref="k")
    assert not site.told()
    assert not site.translations("a.md")

    site.write("c.md", ref="k", lang="fr")
    assert any(each.startswith("b.md") for each in site.told())
    assert ["en", "fr"] == list(site.translations("a.md"))
    assert not site.translations("b.md")


def test_an_original_that_is_not_there_is_told(site: Writing) -> None:
    """With the line of the key that names it."""
    site.write("a.md", lang="fr", translation_of="nothing")

    assert any(each.startswith("a.md:5: translation_of") for each in site.told())


def test_another_kind_of_reference_is_no_fault(site: Writing) -> None:
    """Other tools mean other things by some of the keys."""
    site.write("a.md", ref="{a: b}", page_id="[1, 2]")

    assert not site.told()


def test_a_draft_is_no_translation_yet(site: Writing) -> None:
    """Yet its name proves that the other one's says a language, so that no address changes."""
    site.write("hello.md", draft="true")
    site.write("hello.fr.md")

    assert {"fr/posts/hello/"} == site.addresses()
    assert not site.translations("hello.fr.md")


def test_nothing_leads_to_an_unlisted_translation(site: Writing) -> None:
    """It has its address, and the others do not name it."""
    site.write("hello.md", "hello.fr.md")
    site.write("hello.de.md", unlisted="true")

    publications = site.library().publications
    assert publications["hello.de.md"].location == "de/posts/hello/index.html"
    assert ["en", "fr"] == list(site.translations("hello.md"))


def test_a_title_made_of_the_name_does_not_say_the_language(site: Writing) -> None:
    """Where neither front matter nor a heading gives one."""
    for path in ("my-name.md", "my-name.fr.md"):
        site.texts[path] = "---\ndate: 2025-01-30\n---\nText.\n"

    assert site.post("my-name.fr.md").title == "My name"


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Give a site that is built, with a post in several languages and one in one."""
    folder = Folder(tmp_path)
    for suffix in ("", ".fr", ".pl", ".zh-cn", ".zh-tw"):
        folder.post(f"trip/index{suffix}.md", title=f"trip{suffix}", body="![cat](cat.png)")
    folder.put("content/trip/cat.png", b"png")
    folder.post("other.md")
    return folder


def test_pages_and_entries_name_all_languages(folder: Folder) -> None:
    """In heads, for search engines and readers, and on the page for people."""
    folder.build()
    french, english = (folder.read(f"{each}posts/trip/index.html") for each in ("fr/", ""))
    base = "https://example.org/blog/"

    for page in (french, english):
        for language, path in (("en", ""), ("fr", "fr/"), ("zh-TW", "zh-tw/"), ("x-default", "")):
            line = f'hreflang="{language}" href="{base}{path}posts/trip/">\n'
            assert f'<link rel="alternate" {line}' in page
    assert '<span aria-current="true">français</span>' in french
    assert 'lang="en" dir="ltr" href="/blog/posts/trip/">English</a>' in french
    assert ">polski</a>" in french
    assert ">中文 (zh-CN)</a>" in french
    assert 'src="/blog/posts/trip/cat.png"' in french
    entry = next(
        each for each in folder.read("atom.xml").split("<entry") if "<title>trip.fr</title>" in each
    )
    link = f'<link href="{base}posts/trip/" rel="alternate" type="text/html" hreflang="en"/>'
    assert link in entry
    assert "hreflang" not in folder.read("posts/other/index.html")


def test_what_comes_and_goes_is_told_by_the_others(folder: Folder) -> None:
    """A page changes when its post is translated, and when that is gone again."""
    folder.build()
    folder.post("other.fr.md")
    folder.build()
    assert "hreflang" in folder.read("posts/other/index.html")

    (folder.content / "other.fr.md").unlink()
    folder.build()
    assert "hreflang" not in folder.read("posts/other/index.html")


def test_a_menu_has_a_page_in_the_language_of_each_page(folder: Folder) -> None:
    """A page in two languages is in each menu once; where it is in neither, the original is."""
    for suffix, title in (("", "About"), (".fr", "Qui sommes-nous")):
        text = f"---\ntitle: {title}\nkind: page\nmenu: main\n---\nText.\n"
        folder.put(f"content/about{suffix}.md", text)
    folder.build()

    menus = [
        folder.read(f"{each}posts/trip/index.html").partition("<main")[0]
        for each in ("", "fr/", "pl/")
    ]
    assert [(True, False), (False, True), (True, False)] == [
        (">About</a>" in menu, ">Qui sommes-nous</a>" in menu) for menu in menus
    ]
