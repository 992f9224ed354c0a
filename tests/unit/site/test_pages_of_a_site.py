"""Pages that are no posts: About, an imprint; they have an address and a place in the menu."""

import re
from pathlib import Path

import pytest
from folders import Site, told

PAGE = "---\ntitle: {title}\n{more}---\nText of {title}.\n"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Give a site with one post."""
    site = Site(tmp_path)
    site.post("hello.md")
    return site


def page(site: Site, path: str, title: str = "About", *more: str) -> None:
    """Write a content file without a date."""
    lines = "".join(f"{line}\n" for line in more)
    site.put(f"content/{path}", PAGE.format(title=title, more=lines))


def configure(site: Site, *lines: str) -> None:
    """Write a configuration of a site at https://example.org/ with more lines."""
    site.config("\n".join(['site: {title: Example, url: "https://example.org/"}', *lines, ""]))


def menu(site: Site, path: str = "index.html") -> list[tuple[str, str]]:
    """Return address and label of the links at the top of a page, but for those always there."""
    nav = site.read(path).partition("<nav")[2].partition("</nav>")[0]
    links = re.findall(r'<a href="([^"]*)"[^>]*>([^<]*)</a>', nav)
    return [each for each in links if each[1] not in ("Archive", "Tags", "Subscribe")]


@pytest.mark.parametrize(
    ("path", "front_matter", "address"),
    [
        ("about.md", ("kind: page",), "about"),
        ("about.md", ("kind: Page", "date: 2020-01-01"), "about"),
        ("about.md", ("kind: page", "slug: who-we-are"), "who-we-are"),
        ("about/index.md", ("kind: page",), "about"),
        ("legal/About Us.md", ("kind: page",), "legal/about-us"),
        ("about.md", ("layout: page",), "about"),
        ("about.md", ("layout: page", "permalink: /who/"), "who"),
        ("about.md", ("layout: cv",), "about"),
        ("about.md", ("type: page",), "about"),
        ("info/about.md", ("type: page",), "info/about"),
        ("about.md", ("layout: ../layouts/Page.astro",), "about"),
        ("pages/about.md", (), "pages/about"),
        ("_pages/about.md", ("layout: single",), "about"),
        ("sub/_pages/about.md", (), "sub/about"),
    ],
)
def test_a_page_needs_no_date_and_has_an_address(
    site: Site, path: str, front_matter: tuple[str, ...], address: str
) -> None:
    """As Jekyll, Hugo, Astro and Pelican have them; the sitemap lists them, no feed does."""
    page(site, path, "About", *front_matter, "tags: [secret-tag]")
    summary = site.build()

    assert told(summary) == []
    assert "Text of About." in site.read(f"{address}/index.html")
    assert f"https://example.org/blog/{address}/" in site.read("sitemap.xml")
    assert summary.published == summary.files == 2
    others = {
        name: data
        for name, data in site.written().items()
        if name != f"{address}/index.html" and not name.startswith((".", "sitemap"))
    }
    assert [name for name, data in others.items() if b"About" in data] == []
    assert [name for name, data in others.items() if b"secret-tag" in data] == []


def test_the_headers_of_pelican_make_pages_too(site: Site) -> None:
    """`Title: ...` without a date, below pages/."""
    site.put("content/pages/imprint.md", "Title: Imprint\nSlug: legal\n\nWho we are.\n")
    site.build()

    assert "Who we are." in site.read("pages/legal/index.html")


@pytest.mark.parametrize(
    ("patterns", "pages"),
    [
        ('["about.md"]', {"about"}),
        ('["pages/**"]', {"pages/a", "pages/deep/b"}),
        ('["*.md"]', {"about", "hello"}),
        ('["pages/*.md", "about.md"]', {"about", "pages/a"}),
        ('["pages/**", "!pages/a.md"]', {"pages/deep/b"}),
    ],
)
def test_the_configuration_names_pages_whatever_their_date(
    site: Site, patterns: str, pages: set[str]
) -> None:
    """`content.pages`: patterns below the content folder; the same name elsewhere is a post."""
    configure(site, f"content: {{pages: {patterns}}}", "pages: {per_page: 5}")
    files = ("about", "blog/about", "pages/a", "pages/deep/b")
    for path in files:
        site.post(f"{path}.md", path)
    site.build()

    listed = site.read("sitemap.xml")
    found = {path for path in (*files, "hello") if f"<loc>https://example.org/{path}/<" in listed}
    assert found == pages
    posts = site.read("feed.json").count('"content_html"')
    assert posts == len(files) + 1 - len(pages)


def test_a_page_named_by_the_configuration_needs_no_front_matter(site: Site) -> None:
    """Its heading is its title."""
    configure(site, "content: {pages: [about.md]}")
    site.put("content/about.md", "# Who we are\n\nText.\n")
    site.build()

    assert "<h1>Who we are</h1>" in site.read("about/index.html")


@pytest.mark.parametrize(
    ("path", "front_matter"),
    [
        ("about.md", ("layout: page", "date: 2025-01-30")),
        ("pages/about.md", ("date: 2025-01-30",)),
        ("2025-01-30-about.md", ("layout: page",)),
        ("pages/about.md", ("kind: post", "date: 2025-01-30")),
        ("about.md", ("type: page", "permalink: /2025/01/30/about/")),
    ],
)
def test_what_has_a_date_stays_a_post(site: Site, path: str, front_matter: tuple[str, ...]) -> None:
    """No feed loses a post that nobody called a page."""
    page(site, path, "About", *front_matter)
    site.build()

    assert "<title>About</title>" in site.read("rss.xml")


@pytest.mark.parametrize(
    ("path", "front_matter"),
    [
        ("about.md", ()),
        ("about.md", ("layout: post",)),
        ("notes/about.md", ("layout: note",)),
        ("index.md", ("layout: home",)),
        ("about.md", ("kind: post", "layout: page")),
        ("about.md", ("layout: page", "dtae: 2025-01-30")),
    ],
)
def test_a_post_without_a_date_is_still_told(
    site: Site, path: str, front_matter: tuple[str, ...]
) -> None:
    """Nothing says that it is a page."""
    page(site, path, "About", *front_matter)
    problems = site.build().problems

    assert [(each.path, each.left_out) for each in problems if "date" in each.message] == [
        (f"content/{path}", True)
    ]


@pytest.mark.parametrize(
    ("said", "label"),
    [
        ("menu: true", "About"),
        ("menu: main", "About"),
        ("menu: [main]", "About"),
        ("menus: main", "About"),
        ("menu: 3", "About"),
        ("menu: {main: {name: We, weight: 3}}", "We"),
        ("menu: {main: {}}", "About"),
        ("menu: {name: We}", "We"),
        ("eleventyNavigation: {key: We, order: 3}", "We"),
    ],
)
def test_a_page_asks_for_a_place_in_the_menu(site: Site, said: str, label: str) -> None:
    """As Hugo and Eleventy have it; its label is its title unless it says another."""
    page(site, "about.md", "About", "kind: page", said)
    site.build()

    assert menu(site) == [("/blog/about/", label)]
    assert 'aria-current="page"' in site.read("about/index.html")
    assert 'aria-current="page"' not in site.read("posts/hello/index.html")


@pytest.mark.parametrize("said", ["menu: false", "menu: none", "eleventyNavigation: {parent: X}"])
def test_a_page_is_not_in_the_menu_unasked(site: Site, said: str) -> None:
    """Nor is one that says no."""
    page(site, "about.md", "About", "kind: page", said)
    site.build()

    assert menu(site) == []


@pytest.mark.parametrize("said", ["menu: footer", "menu: [footer]", "menu: {footer: {weight: 2}}"])
def test_another_menu_is_told(site: Site, said: str) -> None:
    """There is one menu, at the top."""
    page(site, "about.md", "About", "kind: page", said)
    problems = site.build().problems

    assert menu(site) == []
    assert [(each.path, each.line) for each in problems] == [("content/about.md", 4)]
    assert '"footer"' in problems[0].message


def test_the_menu_is_in_the_order_given(site: Site) -> None:
    """First the configuration's, then by weight, then by title."""
    configure(
        site,
        "pages:",
        "  menu:",
        "    - now.md",
        '    - {name: Code, url: "https://code.example/"}',
        '    - {name: Talks, url: "/talks/"}',
        "    - {page: about.md, name: Me}",
    )
    page(site, "zoo.md", "Zoo", "kind: page", "menu: true", "weight: 1")
    page(site, "about.md", "About", "kind: page", "menu: 5")
    page(site, "now.md", "Now", "kind: page")
    page(site, "b.md", "B", "kind: page", "menu: true")
    page(site, "a.md", "A", "kind: page", "menu: true")
    page(site, "two.md", "Two", "kind: page", "menu: 2")
    assert told(site.build()) == []

    labels = ["Now", "Code", "Talks", "Me", "Zoo", "Two", "A", "B"]
    assert [label for _, label in menu(site)] == labels
    assert menu(site)[:4] == [
        ("/now/", "Now"),
        ("https://code.example/", "Code"),
        ("/talks/", "Talks"),
        ("/about/", "Me"),
    ]


def test_a_page_of_the_menu_that_is_not_there_is_told(site: Site) -> None:
    """By build and by check."""
    configure(site, "pages: {menu: [nope.md]}")

    for summary in (site.build(), site.check()):
        assert [problem for problem in told(summary) if '"nope.md"' in problem]
    assert menu(site) == []


def test_menus_and_kinds_that_come_and_go_leave_what_a_clean_build_would(tmp_path: Path) -> None:
    """Every page shows the menu, so every page is made again; a page that becomes a post moves."""
    site = Site(tmp_path / "living")
    for number, step in enumerate(
        (
            "---\ntitle: About\nkind: page\n---\nText.\n",
            "---\ntitle: About\nkind: page\nmenu: true\n---\nText.\n",
            "---\ntitle: About\nkind: page\nmenu: {name: Us}\n---\nText.\n",
            "---\ntitle: About\ndate: 2025-01-01\n---\nText.\n",
        )
    ):
        fresh = Site(tmp_path / f"fresh-{number}")
        for each in (site, fresh):
            each.post("hello.md", body="[about](about.md)")
            each.put("content/about.md", step)
            each.build()

        # A page that has moved leaves a redirect, which a fresh site has no need of.
        assert _published(fresh).items() <= _published(site).items(), step


def _published(site: Site) -> dict[str, bytes]:
    """Return what readers can see."""
    return {path: data for path, data in site.written().items() if not path.startswith(".")}


def test_a_link_to_a_page_leads_to_it_and_links_in_it_are_checked(site: Site) -> None:
    """`check` looks into pages as into posts."""
    page(site, "about.md", "About", "kind: page")
    site.put("content/imprint.md", "---\ntitle: Imprint\nkind: page\n---\n[x](nope.md)\n")
    site.post("hello.md", body="[about](about.md)")
    site.build()

    assert 'href="/blog/about/"' in site.read("posts/hello/index.html")
    assert [each.path for each in site.check().problems] == ["content/imprint.md"]


def test_a_draft_of_a_page_waits_without_a_word(site: Site) -> None:
    """It needs no date, also later."""
    page(site, "about.md", "About", "kind: page", "draft: true")
    summary = site.build()

    assert told(summary) == []
    assert summary.drafts == 1
    assert not (site.public / "about").exists()
