"""A post's language by its name, and the posts that are the same one in several languages."""

from pathlib import Path

import pytest
from folders import Site, told

CONFIG = """
site: {{title: Example, url: "https://example.org/", author: Ann, language: {language}}}
content: {{{content}}}
"""
ORIGINAL, FRENCH = "https://example.org/posts/hello/", "https://example.org/fr/posts/hello/"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Give an English site."""
    site = Site(tmp_path)
    configure(site)
    return site


def configure(site: Site, language: str = "en", content: str = "") -> None:
    """Say which language a site is in, and how its names are read."""
    site.config(CONFIG.format(language=language, content=content))


def write(site: Site, *paths: str, **fields: str) -> None:
    """Write posts with the same fields; each is called as its file."""
    more = "".join(f"{key}: {value}\n" for key, value in fields.items())
    for path in paths:
        text = f"---\ntitle: {path}\ndate: 2025-01-30\n{more}---\nText.\n"
        site.put(f"content/{path}", text)


def pages(site: Site) -> set[str]:
    """Build, and give the addresses of all posts below the site's."""
    site.build()
    return {
        path.removesuffix("index.html")
        for path, data in site.written().items()
        if b'"og:type" content="article"' in data
    }


def alternates(site: Site, page: str) -> dict[str, str]:
    """Give the languages that a page says it can be read in, and where."""
    lines = site.read(f"{page}index.html").splitlines()
    parts = [line.split('"') for line in lines if line.startswith('<link rel="alternate" hreflang')]
    return {each[3]: each[5] for each in parts}


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
    site: Site, path: str, address: str, language: str
) -> None:
    """The name says it, and loses it; the file without a language keeps its address."""
    write(site, "hello.md", path)

    assert {"posts/hello/", address} == pages(site)
    assert f'<html lang="{language}"' in site.read(f"{address}index.html")


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
def test_names_say_languages(site: Site, paths: tuple[str, ...], addresses: set[str]) -> None:
    """In bundles too, after dates, for the site's own language, and where one file proves it."""
    write(site, *paths)

    assert addresses == pages(site)


@pytest.mark.parametrize(
    "path",
    [
        *("hello.v2.md", "node.js.md", "a.to.md", "hello.fr.md", "main.py.md", "style.css.md"),
        *("a.no-code.md", "x.fr-v2.md", "index.md", "is.md", "1.0.it.md"),
    ],
)
def test_a_word_after_a_dot_is_no_language(site: Site, path: str) -> None:
    """Neither what is none, nor what might be one and for which nothing speaks."""
    write(site, path)
    site.build()

    assert 1 == len(pages(site))
    assert not {page for page in pages(site) if not page.startswith("posts/")}


@pytest.mark.parametrize("path", ["hello.v2.md", "hello.js.md", "hello.no-code.md"])
def test_what_is_no_language_is_none_beside_the_same_name_either(site: Site, path: str) -> None:
    """A second version is a post of its own."""
    write(site, "hello.md", path)
    slug = path.removesuffix(".md").replace(".", "-")

    assert {"posts/hello/", f"posts/{slug}/"} == pages(site)
    assert not alternates(site, "posts/hello/")


def test_front_matter_decides_what_a_name_says(site: Site) -> None:
    """It proves a language, and it disproves one: a.to.md is no Tongan where it says English."""
    write(site, "alone.fr.md", lang="fr")
    write(site, "a.md", "a.to.md", lang="en")

    assert {"fr/posts/alone/", "posts/a/", "posts/a-to/"} == pages(site)


def test_the_configuration_proves_a_language(site: Site) -> None:
    """Those of the site, of digests and of feeds are the site's."""
    site.config(
        'site: {title: Example, url: "https://example.org/", languages: [fr]}\n'
        "feeds: {extra: [{name: de, languages: [de-AT]}]}\n"
    )
    write(site, "a.fr.md", "b.de.md", "c.to.md")

    assert {"fr/posts/a/", "de/posts/b/", "posts/c-to/"} == pages(site)


def test_folders_say_languages_where_asked(site: Site) -> None:
    """The one of the site's language loses its folder; a word that is no language stays one."""
    configure(site, content='languages: folders, permalink: "{path}/"')
    write(site, "en/hello.md", "fr/hello.md", "notes/a.md", "posts/de/b.md", "posts/b.md")

    assert {"hello/", "fr/hello/", "notes/a/", "de/posts/b/", "posts/b/"} == pages(site)
    assert FRENCH.replace("posts/", "") == alternates(site, "hello/")["fr"]


def test_a_folder_of_information_technology_is_not_italian(site: Site) -> None:
    """Below another folder, where nothing speaks for it."""
    configure(site, content='languages: folders, permalink: "{path}/"')
    write(site, "work/it/a.md", "work/no/b.md", "work/en-route/c.md")

    assert {"work/it/a/", "work/no/b/", "work/en-route/c/"} == pages(site)


@pytest.mark.parametrize(
    ("content", "address"),
    [
        ('translations: "{permalink}{language}/"', "posts/hello/fr/"),
        ('translations: "t/{language}/{permalink}"', "t/fr/posts/hello/"),
        ("languages: none", "posts/hello-fr/"),
    ],
)
def test_the_address_of_translations_is_configured(site: Site, content: str, address: str) -> None:
    """After the original's, below a folder, or as if names said nothing."""
    configure(site, content=content)
    write(site, "hello.md", "hello.fr.md")

    assert {"posts/hello/", address} == pages(site)


def test_a_slug_is_that_of_its_language(site: Site) -> None:
    """What a translation asks for is below its language; a whole permalink is as it is."""
    write(site, "hello.md")
    write(site, "hello.fr.md", slug="bonjour")
    write(site, "hello.de.md", permalink="/hallo/")

    assert {"posts/hello/", "fr/posts/bonjour/", "hallo/"} == pages(site)
    assert {"x-default", "en", "fr", "de"} == alternates(site, "hallo/").keys()


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
    site: Site, first: dict[str, str], second: dict[str, str]
) -> None:
    """As in Hugo and sites made with Jekyll and Pelican; both pages and both entries tell."""
    write(site, "one.md", **first)
    write(site, "two.md", lang="fr", **second)

    one, two = sorted(pages(site), key=lambda page: page.startswith("fr/") or "two" in page)
    both = {"en": f"https://example.org/{one}", "fr": f"https://example.org/{two}"}
    assert {**both, "x-default": both["en"]} == alternates(site, one) == alternates(site, two)
    entries = site.read("atom.xml").split("<entry")[1:]
    other = {"en": "fr", "fr": "en"}
    for language, hreflang in other.items():
        entry = next(each for each in entries if f'xml:lang="{language}"' in each)
        link = f'<link href="{both[hreflang]}" rel="alternate" type="text/html"'
        assert f'{link} hreflang="{hreflang}"/>' in entry


def test_a_page_leads_to_its_other_languages(site: Site) -> None:
    """By what they call themselves; two kinds of one language are told apart."""
    write(site, "hello.md", "hello.fr.md", "hello.pl.md", "hello.zh-cn.md", "hello.zh-tw.md")
    site.build()
    page = site.read("fr/posts/hello/index.html")

    assert 'lang="en" dir="ltr" href="/posts/hello/">English</a>' in page
    assert '<span aria-current="true">français</span>' in page
    assert 'href="/pl/posts/hello/">polski</a>' in page
    assert ">中文 (zh-CN)</a>" in page
    assert ">中文 (zh-TW)</a>" in page


def test_a_post_without_translations_says_nothing_of_languages(site: Site) -> None:
    """Neither on its page nor in Atom."""
    write(site, "hello.md", "other.md")
    site.build()

    assert "hreflang" not in site.read("posts/hello/index.html") + site.read("atom.xml")


def test_the_same_key_in_the_same_language_is_no_translation(site: Site) -> None:
    """As where `ref` means something else; beside a true translation it is told."""
    write(site, "a.md", "b.md", ref="k")
    assert not told(site.build())
    assert not alternates(site, "posts/a/")

    write(site, "c.md", ref="k", lang="fr")
    assert any(each.startswith("content/b.md") for each in told(site.build()))
    assert {"x-default", "en", "fr"} == alternates(site, "posts/a/").keys()
    assert not alternates(site, "posts/b/")


def test_an_original_that_is_not_there_is_told(site: Site) -> None:
    """With the line of the key that names it."""
    write(site, "a.md", lang="fr", translation_of="nothing")

    assert any(each.startswith("content/a.md:5: translation_of") for each in told(site.build()))


def test_another_kind_of_reference_is_no_fault(site: Site) -> None:
    """Other tools mean other things by some of the keys."""
    write(site, "a.md", ref="{a: b}", page_id="[1, 2]")

    assert not told(site.build())


def test_a_draft_is_no_translation_yet(site: Site) -> None:
    """Yet its name proves that the other one's says a language, so that no address changes."""
    write(site, "hello.md", draft="true")
    write(site, "hello.fr.md")

    assert {"fr/posts/hello/"} == pages(site)
    assert not alternates(site, "fr/posts/hello/")


def test_what_comes_and_goes_is_told_by_the_others(site: Site) -> None:
    """A page changes when its post is translated, and when that is gone again."""
    write(site, "hello.md")
    site.build()
    write(site, "hello.fr.md")
    site.build()
    assert FRENCH == alternates(site, "posts/hello/")["fr"]

    (site.content / "hello.fr.md").unlink()
    site.build()
    assert not alternates(site, "posts/hello/")


def test_files_of_a_bundle_are_those_of_all_its_languages(site: Site) -> None:
    """They lie beside the page of the one without a language."""
    site.put("content/trip/cat.png", b"png")
    for name in ("index.md", "index.fr.md"):
        site.post(f"trip/{name}", body="![cat](cat.png)")
    site.build()

    assert 'src="/blog' not in site.read("posts/trip/index.html")
    assert "posts/trip/cat.png" in site.written()
    assert "/posts/trip/cat.png" in site.read("fr/posts/trip/index.html")


def test_a_title_made_of_the_name_does_not_say_the_language(site: Site) -> None:
    """Where neither front matter nor a heading gives one."""
    for path in ("my-name.md", "my-name.fr.md"):
        site.put(f"content/{path}", "---\ndate: 2025-01-30\n---\nText.\n")
    site.build()

    assert "<h1>My name</h1>" in site.read("fr/posts/my-name/index.html")


def test_translations_of_pages_elsewhere_have_their_language_too(site: Site) -> None:
    """Where all posts are pages of another site."""
    configure(site, content='permalink: "https://blog.example/{slug}/"')
    write(site, "hello.md", "hello.fr.md")
    site.build()

    assert "https://blog.example/fr/hello/" in site.read("atom.xml")
