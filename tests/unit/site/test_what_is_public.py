"""Which files of the content folder are public, and that no others are."""

from pathlib import Path

import pytest
from folders import Site, told

HUSH = "hush-hush"
DRAFT = f"---\ntitle: Draft\ndate: 2025-01-30\ndraft: true\n---\n{HUSH}\n"
MATTER = f"---\ntitle: Of a generator\ndate: 2025-01-30\n---\n{HUSH} {{{{ site.title }}}}\n"

BACKUPS = [
    *("draft.md~", "#draft.md#", "draft.md.orig", "draft.md.bak", "draft.md.swp", ".draft.md.swp"),
    *(
        "draft.md.tmp",
        "~$draft.docx",
        "draft.md.~1~",
        "draft.md.save",
        "draft.md.1",
        "draft.md.old",
    ),
    *("draft.markdown.gz", "draft.mkd.20250130", "cat.png~", "notes.txt.bak2", "x.md.rej"),
    *("draft.sync-conflict-20250130-101010-ABCDEFG.md", "draft (conflicted copy 2025-01-30).md"),
    *("Thumbs.db", "ehthumbs.db", "desktop.ini", ".DS_Store", "4913", "film.mp4.part"),
    *("draft.md.gpg", "draft.md.txt", "draft.md.html", "deep/er/draft.md~"),
]
TEMPLATES = [
    *("page.njk", "page.liquid", "feed.11ty.js", "posts.11tydata.json", "x.11tydata.js"),
    *(
        "index.html.erb",
        "layout.hbs",
        "x.pug",
        "style.scss",
        "page.vue",
        "contact.php",
        "x.njk.html",
    ),
    *("package.json", "_layouts/base.html", "_includes/head.html", "_data/people.yml"),
    *("_drafts/secret.html", "_drafts/plan.pdf", "_drafts/cat.png", "blog/_drafts/plan.txt"),
    *("_plugins/x.rb", "_sass/x.css", "node_modules/x/index.js"),
]
DATA = ["ok.json", "ok.yaml", "notes/notes.json", "mkdocs.yml", "ok.meta", "ok.toml", "x.env"]
SOURCES = [
    *("a.rst", "a.org", "a.adoc", "a.asciidoc", "a.textile", "a.ipynb", "a.Rmd", "a.qmd", "a.tex"),
    *("a.mediawiki", "a.typ", "a.canvas", "a.excalidraw"),
]
UNKNOWN = ["id_rsa", "dump.sql", "dump.sql.gz", "server.key", "passwords.kdbx", "x.sqlite", "x.log"]
FILLED_IN = ["feed.xml", "search.json", "main.css", "humans.txt", "logo.svg", "sw.js"]
PUBLIC = [
    *("cat.png", "deep/cat.JPG", "song.mp3", "film.mp4", "font.woff2", "talk.pdf", "data.csv"),
    *("data.json", "site.css", "site.js", "plain.html", "plain.txt", "archive.tar.gz", "CNAME"),
    *("readme.md.png", "gallery.view.js", "model.stl", "game.swf", "map.geojson", "key.asc"),
    *("hero.text.css", "ok.csv"),
]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Give a site with one post."""
    found = Site(tmp_path)
    found.post("ok.md", title="OK")
    return found


def assert_nothing_is_told(site: Site) -> None:
    """Walk the output, and find no secret in any file nor in any name."""
    for path, data in site.written().items():
        assert HUSH.encode() not in data, path
        assert not path.endswith(("~", ".orig", ".njk", ".rst")), path
    names = {path.rpartition("/")[2] for path in site.written()}
    assert names.isdisjoint(Path(each).name for each in hostile())


def hostile() -> list[str]:
    """Name files of every kind that is not public."""
    return [*BACKUPS, *TEMPLATES, *DATA, *SOURCES, *UNKNOWN]


def test_nothing_of_a_hostile_mix_is_public(site: Site) -> None:
    """Whatever editors and other generators left: none of it is below the output folder."""
    site.put("content/draft.md", DRAFT)
    for path in hostile():
        site.put(f"content/{path}", DRAFT if "draft" in path else HUSH)
    for path in FILLED_IN:
        site.put(f"content/tool/{path}", MATTER)
    site.build()
    assert_nothing_is_told(site)
    assert "tool/feed.xml" not in site.written()
    assert not any(path.endswith("plan.pdf") for path in site.written())


def test_what_readers_may_see_is_public(site: Site) -> None:
    """Pictures, sound, documents, the web's own formats and downloads are copied as they are."""
    for path in PUBLIC:
        site.put(f"content/{path}", "for all")
    summary = site.build()
    assert set(PUBLIC) <= site.written().keys()
    assert [] == told(summary)


@pytest.mark.parametrize(
    ("paths", "word"),
    [
        (BACKUPS[:6], "backup"),
        (SOURCES[:3], "pandoc"),
        (["page.njk", "x.hbs", "x.php"], "content.publish"),
        (["ok.yaml", "x.env", "mkdocs.yml"], "content.ignore"),
        (["_drafts/a.html", "_includes/b.html", "_data/c.yml"], "_data"),
        (UNKNOWN[:3], "link to them"),
    ],
)
def test_each_group_is_told_once_with_what_to_do(paths: list[str], word: str, site: Site) -> None:
    """One line for all files of a kind, with their number and the first of their names."""
    for path in paths:
        site.put(f"content/{path}", HUSH)
    shown = [path for path in paths if not path.startswith(".")]
    [line] = told(site.build())
    assert line.startswith("content: not published: ")
    assert f" {len(shown)} " in line
    assert word in line
    assert all(path in line for path in shown[:5])


def test_what_is_ignored_is_not_told(site: Site) -> None:
    """Whoever knows of such files names them once."""
    site.config(
        'site: {title: T, url: "https://example.org/"}\n'
        'content: {ignore: ["*.bak", "_data/", "*.rst"]}\n'
    )
    for path in ("x.bak", "_data/x.yml", "a.rst"):
        site.put(f"content/{path}", HUSH)
    assert [] == told(site.build())
    assert_nothing_is_told(site)


def test_what_is_asked_for_is_published_as_it_is(site: Site) -> None:
    """Patterns say which files of other kinds are for readers; backups never are."""
    site.config(
        'site: {title: T, url: "https://example.org/"}\n'
        'content: {publish: ["*.ipynb", "/code/", "*.yml"]}\n'
    )
    for path in ("a.ipynb", "code/x.php", "code/y.py", "mkdocs.yml", "code/y.py~", "b.rst"):
        site.put(f"content/{path}", "x")
    site.build()
    assert {"a.ipynb", "code/x.php", "code/y.py", "mkdocs.yml"} <= site.written().keys()
    assert site.written().keys().isdisjoint({"code/y.py~", "b.rst"})


def test_a_file_of_any_kind_that_a_post_links_to_is_published(site: Site) -> None:
    """Not so one that only a draft links to; and it goes when the link does."""
    for path in ("code.py", "data/ok.yaml", "x.sqlite", "secret.py", "talk.rst"):
        site.put(f"content/{path}", "x")
    body = "[a](code.py), [b](/data/ok.yaml?raw#x), [d](talk.rst)"
    post = site.post("links.md", body=body)
    site.put("content/draft.md", DRAFT + "[s](secret.py)\n")
    lines = told(site.build())
    assert {"code.py", "data/ok.yaml"} <= site.written().keys()
    assert site.written().keys().isdisjoint({"x.sqlite", "secret.py", "talk.rst"})
    assert any("secret.py, x.sqlite" in line for line in lines)
    post.write_text("---\ntitle: x\ndate: 2025-01-30\n---\n[d](code.py)\n", encoding="utf-8")
    site.build()
    assert "code.py" in site.written()
    assert "data/ok.yaml" not in site.written()


@pytest.mark.parametrize("name", ["old.html", "old.HTM", "old.xhtml"])
def test_html_with_front_matter_is_a_post(name: str, site: Site) -> None:
    """It is made safe as the HTML in Markdown is, and not read as Markdown."""
    site.put(
        f"content/_posts/2024-02-03-{name}",
        "---\ntitle: Old\ntags: [web]\n---\n<p>In *stars* <b>HTML</b></p>\n\n"
        "    <p onclick=x()>Indented</p><script>alert(1)</script>\n"
        '<a href="javascript:x()">a</a> <a href="../ok.md">b</a>\n',
    )
    summary = site.build()
    assert 2 == summary.published
    page = site.read("posts/old/index.html")
    assert "<p>In *stars* <b>HTML</b></p>" in page
    assert "<p>Indented</p>" in page
    assert '<a href="/blog/posts/ok/">b</a>' in page
    assert "alert(1)" not in page
    assert "javascript" not in page
    assert "*stars*" in site.read("feed.json")


def test_html_without_front_matter_is_a_file(site: Site) -> None:
    """It is published as it is, and becomes a post when somebody gives it front matter."""
    page = site.put("content/plain.html", "<p>Plain</p>\n")
    site.build()
    assert "<p>Plain</p>\n" == site.read("plain.html")
    page.write_text(f"---\ntitle: P\ndraft: true\n---\n<p>{HUSH}</p>\n", encoding="utf-8")
    assert 1 == site.build().drafts
    assert_nothing_is_told(site)


@pytest.mark.parametrize(
    "text",
    [
        f"---\ntitle: x\n---\n{HUSH}",
        f"\ufeff---\r\ntitle: x\r\n---\r\n{HUSH}",
        f'+++\ntitle = "x"\n+++\n{HUSH}',
        f"---\n---\n{HUSH}",
        f'<html><head><meta name="status" content="draft"></head>{HUSH}</html>',
    ],
)
def test_html_that_waits_is_no_file_to_copy(text: str, site: Site) -> None:
    """Whatever the form of its front matter: the raw file is never public."""
    site.put("content/_drafts/x.html", text)
    site.put("content/other/y.html", text)
    summary = site.build()
    assert_nothing_is_told(site)
    assert summary.problems


@pytest.mark.parametrize("folder", ["trip", "a/trip"])
def test_files_beside_a_draft_wait_with_it(folder: str, site: Site) -> None:
    """The folder of a draft's own files is as private as the draft; one that posts share is not."""
    draft = site.put(f"content/{folder}.md", DRAFT)
    site.put(f"content/{folder}/map.pdf", HUSH)
    site.build()
    assert_nothing_is_told(site)
    shared = site.post(f"{folder}/other.md")
    site.build()
    assert f"{folder}/map.pdf" in site.written()
    shared.unlink()
    draft.write_text(DRAFT.replace("draft: true\n", ""), encoding="utf-8")
    site.build()
    assert f"{folder}/map.pdf" in site.written()


PRIVATE = [
    *("private: true", "private: yes", "dg-publish: false", "status: private", "headless: true"),
    *("build: {render: never, list: never}", "_build: {render: false}", "build: {render: link}"),
    *("render: false", "visibility: private", "password: let-me-in", "permalink: false"),
    *("public: false", "status: trash", "private: perhaps", "dg-publish: [no]"),
]
UNLISTED = [
    *("unlisted: true", "hidden: true", "status: hidden", "status: unlisted", "hidden: maybe"),
    *("build: {list: never}", "_build: {list: false}", "build: {render: always, list: local}"),
    *("eleventyExcludeFromCollections: true", "visibility: unlisted", "listed: false"),
]
PUBLISHED = [
    *("private: false", "unlisted: false", "hidden: no", "dg-publish: true", "status: published"),
    *("status: publish", "build: {render: always, list: always}", "build: 1234", "render: true"),
    *("visibility: public", "status: evergreen", "headless: false", "password: false", "private:"),
]


def post(keys: str, text: str = HUSH) -> str:
    """Write a post with some keys."""
    return f"---\ntitle: Told\ndate: 2025-01-30\ntags: [Secret]\n{keys}\n---\n{text}\n"


def test_a_private_post_is_nowhere(site: Site) -> None:
    """It has no page, not even in a preview of drafts, and its files are as private."""
    for number, keys in enumerate(PRIVATE):
        site.put(f"content/p{number}/index.md", post(keys))
        site.put(f"content/p{number}/plan.pdf", HUSH)
    summary = site.build(drafts=True)
    assert (1, len(PRIVATE)) == (summary.published, summary.ignored)
    assert_nothing_is_told(site)
    assert not any("p1" in path or path.startswith("tags/secret") for path in site.written())


def test_an_unlisted_post_is_a_page_and_nothing_leads_there(site: Site) -> None:
    """It is in no list, feed or sitemap; search engines are asked to pass it by."""
    for number, keys in enumerate(UNLISTED):
        site.put(f"content/u{number}.md", post(f"{keys}\nauthor: Eve"))
    site.put("content/about.md", post("kind: page\nhidden: true\nmenu: true"))
    summary = site.build()
    assert 2 + len(UNLISTED) == summary.published
    assert '<meta name="robots" content="noindex">' in site.read("about/index.html")
    for number in range(len(UNLISTED)):
        page = site.read(f"posts/u{number}/index.html")
        assert HUSH in page
        assert '<meta name="robots" content="noindex">' in page
        assert "/tags/secret/" not in page
        assert "/authors/eve/" not in page
        assert "Eve" in page
        assert "posts/ok/" not in page
    own = ("posts/u", "about/", ".feedpub")  # no server shows hidden files
    rest = {path: data for path, data in site.written().items() if not path.startswith(own)}
    assert not [
        path
        for path, data in rest.items()
        if b"/u1/" in data or b"Secret" in data or b"about/" in data
    ]
    assert not [path for path in rest if "secret" in path or "eve" in path]


def test_values_that_hide_nothing_hide_nothing(site: Site) -> None:
    """The keys of other programs mean what they say."""
    for number, keys in enumerate(PUBLISHED):
        site.put(f"content/s{number}.md", post(keys))
    summary = site.build()
    assert [] == told(summary)
    assert 1 + len(PUBLISHED) == summary.published
    assert str(site.read("feed.json")).count(f'"{HUSH}"') >= len(PUBLISHED)


@pytest.mark.parametrize("keys", ["private: perhaps", "hidden: maybe", "password: let-me-in"])
def test_what_hides_a_post_without_being_understood_is_told(keys: str, site: Site) -> None:
    """With the line of the key."""
    site.put("content/x.md", post(keys))
    [line] = told(site.build())
    assert line.startswith(f"content/x.md:5: {keys.partition(':')[0]}: ")


def test_links_to_an_unlisted_post_lead_there(site: Site) -> None:
    """Whoever is told of it finds it, and `check` has nothing to say."""
    site.put("content/talks.md", "Title: Talks\nDate: 2020-01-02\nStatus: hidden\n\nList.\n")
    site.post("b.md", body="See [talks]({filename}talks.md).")
    site.build()
    assert 'href="/blog/posts/talks/"' in site.read("posts/b/index.html")
    assert [] == told(site.check())


def test_a_post_becomes_unlisted_private_and_listed_again(site: Site) -> None:
    """Every build is what a build from nothing would be; the address stays the same."""
    for keys in ("unlisted: true", "private: true", "draft: true", "x: y", "hidden: true"):
        site.put("content/x.md", post(keys))
        site.put("content/y.md", post("unlisted: true\nauthor: Eve", "Why"))
        site.build()
        incremental = site.written()
        site.build(clean=True)
        clean = site.written()
        assert incremental == clean
