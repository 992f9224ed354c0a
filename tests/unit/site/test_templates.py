"""Pages say what they should, and a mistake in a template is told with its place."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import lxml.html
import made
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedpub.config.schema import Config
from feedpub.errors import TemplateError
from feedpub.models.content import (
    ArchivedIssue,
    Author,
    Enclosure,
    Feed,
    Image,
    Page,
    Pagination,
    Post,
    Problem,
    SignupOptions,
    Tag,
)
from feedpub.site.colour import contrast_ratio
from feedpub.site.i18n import CatalogFile
from feedpub.site.templates import Templates

ROOT = Path(__file__).parents[3] / "templates"
PACKAGED = {
    path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
    for path in sorted(ROOT.rglob("*"))
    if path.is_file()
}
SITE = made.SITE
KINDS = sorted(
    name
    for name in PACKAGED
    if name.endswith(".html") and name != "parts.html" and not name.startswith(("mail/", "web/"))
)
WEEKLY = ArchivedIssue(
    digest="Weekly",
    subject="AT&T +1",
    slot=datetime(2025, 2, 3, tzinfo=UTC),
    url=f"{SITE}digests/weekly/1/",
    total=2,
    intro="<p>Hi</p>",
    archive=f"{SITE}digests/weekly/",
)


def address(feed: Feed, form: str) -> str:
    """Give a feed's address, as feedpub.feeds does."""
    return f"{SITE}{feed.folder}{feed.stem or form}.xml"


def html(post: Post) -> str:
    """Give a post's HTML, as a pipeline would."""
    return f"<p>The text of {post.slug}.</p>"


def templates(
    user: Mapping[str, str] | None = None,
    packaged: Mapping[str, str] = PACKAGED,
    config: Config | None = None,
) -> Templates:
    """Prepare the packaged templates, with a user's over them."""
    return Templates(config or made.config(), user or {}, packaged, address)


BUILT = templates()


def page(template: str = "post.html", **changes: object) -> Page:
    """Give a page of everything: posts, a post, feeds, a tag, an author."""
    post = made.post(authors=(made.ANN, made.BOB))
    values: dict[str, object] = {
        "path": "index.html",
        "template": template,
        "url": f"{SITE}x/",
        "title": "A title",
        "description": "What it is about",
        "language": "en",
        "feeds": (made.feed(), made.feed(kind="tag", name="C++", folder="tags/c/")),
        "posts": (post, made.post(slug="other", language="ar", authors=(), tags=())),
        "post": post,
        "tag": Tag("C++", "cplusplus"),
        "author": Author("Ann", bio="Writes.", url="https://ann.example/", slug="ann"),
        "listing": (
            made.feed(),
            made.feed(kind="tag", name="C++", folder="tags/c/"),
            made.feed(kind="language", name="ar", folder="languages/ar/"),
        ),
        "issue": WEEKLY,
        "issues": (WEEKLY, replace(WEEKLY, subject="Other")),
    }
    return Page(**(values | changes))  # type: ignore[arg-type]


def shown(built: Templates = BUILT, template: str = "post.html", **changes: object) -> str:
    """Render a page."""
    return built.render(page(template, **changes), html).decode()


def visible(document: str) -> str:
    """Give the text of a page's body, white space folded."""
    body = lxml.html.document_fromstring(document).find("body")
    return "" if body is None else " ".join("".join(str(text) for text in body.itertext()).split())


def small(text: str, name: str = "post.html") -> Templates:
    """Prepare a single template of the user's."""
    return templates({name: text}, {})


@pytest.mark.parametrize("language", ["en", "zh-CN", "ar", "sv"])
@pytest.mark.parametrize("template", KINDS)
def test_every_page_has_a_frame(template: str, language: str) -> None:
    """Whatever it shows, a page has language, title, style sheet, one h1, landmarks, no script."""
    document = shown(template=template, language=language)

    root = lxml.html.document_fromstring(document)
    assert language == root.get("lang")
    assert ("rtl" if language == "ar" else "ltr") == root.get("dir")
    assert "Example" in root.findtext("head/title", "")
    assert 1 == len(root.findall(".//main"))
    assert 1 >= len(root.findall(".//h1"))
    assert "<script" not in document
    assert 4 == document.count('rel="alternate"')
    ids = [each.get("id") for each in root.iterfind(".//*[@id]")]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("template", KINDS)
def test_pages_of_an_empty_site_render(template: str) -> None:
    """A site without posts, tags, feeds and descriptions has pages too."""
    config = made.config()
    bare = replace(config, site=replace(config.site, description="", author=None))
    post = (
        None
        if template not in ("page.html", "post.html")
        else made.post(tags=(), authors=(), summary="")
    )
    document = shown(
        templates(config=bare),
        template,
        posts=(),
        listing=(),
        feeds=(),
        post=post,
        description="",
        issue=replace(WEEKLY, intro=""),
        issues=(),
    )

    assert "</html>" in document
    assert "description" not in document


def test_a_post_shows_all_that_is_known_of_it() -> None:
    """Title, dates, authors, tags, time to read, text, neighbours, and the way to its feeds."""
    post = made.post(
        title="AT&T <3",
        published=datetime(2025, 1, 30, 23, 30, tzinfo=UTC),
        updated=datetime(2025, 2, 3, tzinfo=UTC),
        authors=(made.ANN, made.BOB),
        tags=(Tag("C++", "cplusplus"), Tag("人工智能", "人工智能")),
        minutes=4,
    )
    document = shown(post=post, newer=made.post(slug="n", title="New"), older=made.post(slug="o"))

    text = visible(document)
    line = "30 January 2025 · Ann Lee, Bob · C++, 人工智能 · 4 min read · Updated 3 February 2025"
    assert f"AT&T <3 {line} The text of" in text
    assert "Follow: All posts · C++" in text
    assert "New" in text
    assert '<time datetime="2025-01-30T23:30:00+00:00">30 January 2025</time>' in document
    assert 'href="/tags/%E4%BA%BA%E5%B7%A5%E6%99%BA%E8%83%BD/"' in document
    assert f'<link rel="canonical" href="{post.canonical_url}">' in document
    assert '<meta property="og:title" content="AT&amp;T &lt;3">' in document


def test_dates_are_those_of_the_sites_time_zone() -> None:
    """Half past eleven in London is tomorrow in Shanghai."""
    config = made.config()
    there = replace(config, site=replace(config.site, timezone="Asia/Shanghai"))
    late = datetime(2025, 1, 30, 23, 30, tzinfo=UTC)
    post = made.post(published=late, updated=late)
    document = shown(templates(config=there), post=post, language="zh-CN")

    assert '<time datetime="2025-01-31T07:30:00+08:00">2025年1月31日</time>' in document
    assert "更新" not in document


def test_a_change_is_told_beside_the_date() -> None:
    """A post that was changed shows when, though it was on the same day."""
    published = datetime(2025, 1, 30, 9, tzinfo=UTC)
    updated = datetime(2025, 1, 30, 10, tzinfo=UTC)
    document = shown(post=made.post(published=published, updated=updated))

    assert '<time datetime="2025-01-30T09:00:00+00:00">' in document
    assert '<time datetime="2025-01-30T10:00:00+00:00">' in document


def test_files_of_a_post_can_be_played_and_fetched() -> None:
    """Sound and film have players; every file has a link, and what is known of it."""
    files = (
        Enclosure(f"{SITE}a/e.mp3", "audio/mpeg", 48_213, "Episode", 65),
        Enclosure("https://cdn.example/f.mp4", "video/mp4"),
        Enclosure("https://cdn.example/%C3%BC.pdf"),
    )
    document = shown(post=made.post(enclosures=files))

    assert '<audio controls preload="none" src="/a/e.mp3"></audio>' in document
    assert '<video controls preload="none" src="https://cdn.example/f.mp4"></video>' in document
    assert '<a href="https://cdn.example/%C3%BC.pdf">ü.pdf</a>' in document
    assert "Episode audio/mpeg · 1:05 · 48.2\u00a0kB".replace("\u00a0", " ") in visible(document)


def test_a_picture_stands_above_the_text_unless_it_is_in_it() -> None:
    """A cover is shown once."""
    post = made.post(image=Image(f"{SITE}c.png", "A cat"))

    assert '<img src="/c.png" alt="A cat">' in shown(post=post)
    with_it = BUILT.render(page(post=post), lambda _: '<img src="/c.png">').decode()
    assert "figure" not in with_it


def test_a_draft_says_so() -> None:
    """A preview marks drafts, and search engines pass them over."""
    document = shown(post=made.post(draft=True))

    assert "Draft · 30 January 2025" in visible(document)
    assert '<meta name="robots" content="noindex">' in document


def test_a_post_in_another_language_is_marked_in_a_list() -> None:
    """Its title and summary have language and direction, the line below keeps the page's."""
    document = shown(template="home.html")

    assert '<li lang="ar" dir="rtl">' in document
    assert '<p class="line" lang="en" dir="ltr">' in document


def test_lists_have_pages() -> None:
    """The first page greets, the others count; both lead on."""
    pager = Pagination(2, 3, SITE, f"{SITE}page/3/")
    document = shown(template="home.html", pager=pager)

    assert "<h1>Page 2 of 3</h1>" in document
    assert '<a rel="prev" href="/">' in document
    assert '<a rel="next" href="/page/3/">' in document
    assert '<h1 class="name">Example</h1>' in shown(template="home.html")


def test_the_archive_is_divided_into_years() -> None:
    """Newest year first, with day and month in front of each title."""
    posts = (
        made.post(published=datetime(2025, 1, 30, tzinfo=UTC)),
        made.post(slug="b", published=datetime(2025, 1, 2, tzinfo=UTC)),
        made.post(slug="c", published=datetime(2023, 5, 6, tzinfo=UTC)),
    )
    document = shown(template="archive.html", posts=posts)

    assert ["2025", "2023"] == re.findall(r"<h2 [^>]*>(\d+)</h2>", document)
    assert ">6 May</time>" in document


def test_the_subscribe_page_shows_every_feed() -> None:
    """Each has its address to copy, its formats, the number of posts and the newest date."""
    document = shown(template="subscribe.html")
    listed = made.feed()

    text = visible(document)
    assert f"<code>{address(listed, 'rss')}</code>" in document.replace("<wbr>", "")
    assert f"{listed.total} post" in text
    assert "newest 30 January 2025" in text
    assert 'id="tags/c"' in document
    assert ">العربية</bdi></a>" in document
    assert 'href="/feeds.opml"' in document


def test_a_post_names_the_feeds_to_follow() -> None:
    """A language by its own name, and a category, which is a tag as well, once."""
    feeds = (
        made.feed(),
        made.feed(kind="tag", name="Craft"),
        made.feed(kind="category", name="Craft"),
        made.feed(kind="language", name="de"),
    )

    assert "Follow: All posts · Craft · Deutsch" in visible(shown(feeds=feeds))


def test_a_feed_without_posts_has_a_date_all_the_same() -> None:
    """A new site's feed is as new as it says."""
    empty = made.feed((), updated=datetime(2020, 5, 4, tzinfo=UTC))

    text = visible(shown(template="subscribe.html", listing=(empty,)))
    assert "0 posts · newest 4 May 2020" in text


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zs", "Zl", "Zp"])))
def test_any_title_is_shown_as_it_is(title: str) -> None:
    """Whatever stands in a title is text, in the heading and in the browser's tab."""
    root = lxml.html.document_fromstring(shown(post=made.post(title=f"T{title}T")))

    assert f"T{title}T" == root.findtext(".//article/header/h1")


def test_a_users_template_wins() -> None:
    """One file of the user's replaces the packaged one, and the rest stays."""
    own = templates({"tag.html": '{% extends "base.html" %}{% block main %}Mine{% endblock %}'})

    assert "Mine" in shown(own, "tag.html")
    assert shown(template="post.html") == shown(own, "post.html")


def test_a_users_words_win_one_by_one() -> None:
    """A file of words may hold a single key."""
    own = templates({"words/en.toml": '[words]\nsubscribe = "Follow <us>"'})

    document = shown(own)
    assert "Follow &lt;us&gt;" in document
    assert ">Archive</a>" in document


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "\n{% set title = 1 %}\n{{ postt }}",
            'templates/post.html:3: "postt" is undefined; did you mean "post"?',
        ),
        (
            "{% set heading = 1 %}\n{{ headin }}",
            'templates/post.html:2: "headin" is undefined; did you mean "heading"?',
        ),
        ("{{ qqqqqqqq }}", 'templates/post.html:1: "qqqqqqqq" is undefined'),
        (
            "\n{{ post.titel }}",
            'templates/post.html:2: post has no "titel"; did you mean "title"?',
        ),
        ("{{ site['zzz'] }}", 'templates/post.html:1: site has no "zzz"'),
        ("{{ [1][2:] | first | upper }}", "templates/post.html:1: No first item"),
        ("a\n{% if %}", "templates/post.html:2: Expected an expression"),
        ("a\n\n{% endif %}", "templates/post.html:3: Encountered unknown tag 'endif'."),
        (
            '\n{% extends "bose.html" %}',
            'templates/post.html:2: no template "bose.html"; did you mean "base.html"?',
        ),
        ("\n{{ post + 1 }}", "templates/post.html:2: TypeError: unsupported operand"),
        (
            '{{ t("oldr") }}',
            'templates/post.html:1: no translation for "oldr"; did you mean "older"?',
        ),
        ('{{ t("page-of", number=1) }}', "templates/post.html:1: KeyError: 'total'"),
        (
            '{{ asset("styles.css") }}',
            'templates/post.html:1: no asset "styles.css"; did you mean "style',
        ),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, message: str) -> None:
    """A wrong template stops the build and says which template, which line, and what was meant."""
    built = templates({"post.html": text})
    with pytest.raises(TemplateError, match=f"^{re.escape(message)}"):
        built.render(page(), html)


def test_a_mistake_in_an_included_template_has_its_own_place() -> None:
    """The place is where the mistake is, not where the template was asked for."""
    built = templates({"post.html": '\n{% include "part.html" %}', "part.html": "\n\n{{ oops }}"})
    with pytest.raises(TemplateError, match=r"^templates/part.html:3: "):
        built.render(page(), html)


def test_a_packaged_template_is_told_from_the_users_own() -> None:
    """A packaged page may fail because the user's frame is wrong: the place says whose is whose."""
    built = templates({"parts.html": "{# nothing #}"})
    with pytest.raises(TemplateError, match=r"^feedpub/templates/post.html:\d+: "):
        built.render(page(), html)


def test_a_mistake_beside_another_is_told_all_the_same() -> None:
    """A template that is none hides nothing of what is wrong in the one that was asked for."""
    built = templates({"post.html": "{{ postt }}", "tag.html": "{% for %}"})
    with pytest.raises(TemplateError, match=r'^templates/post.html:1: "postt" is undefined; did'):
        built.render(page(), html)


def test_a_missing_page_template_is_named() -> None:
    """A page asks for a template that nobody wrote."""
    with pytest.raises(TemplateError, match=r'^pst.html: no template "pst.html"; did you'):
        BUILT.render(page("pst.html"), html)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("style.css", "a\n{{ accent }}", 'templates/style.css:2: "accent" is undefined'),
        ("style.css", '\n{{ legible("red", "#fff", 7) }}', "templates/style.css:2: ValueError"),
        ("words/en.toml", "words = 1", "templates/words/en.toml: "),
    ],
)
def test_mistakes_in_styles_and_words_come_at_once(name: str, text: str, message: str) -> None:
    """A style sheet and words are read before any page."""
    with pytest.raises(TemplateError, match=f"^{re.escape(message)}"):
        templates({name: text})


def test_a_mistake_in_packaged_words_is_not_laid_at_the_users_door() -> None:
    """The place tells whose file it is."""
    with pytest.raises(TemplateError, match=r"^feedpub/templates/words/en.toml: "):
        templates(packaged={"words/en.toml": "words = 1"})


def test_a_fault_in_making_html_is_no_fault_of_the_template() -> None:
    """What goes wrong while a post's HTML is made comes through as it is."""

    def broken(_: Post) -> str:
        raise ValueError("not the template")

    with pytest.raises(ValueError, match="not the template"):
        BUILT.render(page(), broken)


def test_check_finds_mistakes_without_rendering() -> None:
    """Every template is read; unknown names and wrong syntax are told with their lines."""
    user = {
        "tag.html": "\n{{ psot }} {{ psot }}\n{{ tagg_page(1) }}",
        "home.html": "{% for %}",
        "x.html": '{% from "parts.html" import line as row, posts with context %}{{ row(1) }}',
        "y.css": "{{ accnt }}",
    }
    # A style sheet is rendered at once, so that its mistake is told before any check.
    built = templates({name: text for name, text in user.items() if name != "y.css"})

    assert (
        Problem("templates/home.html", 1, "Expected an expression, got 'end of statement block'"),
        Problem("templates/tag.html", 2, '"psot" is undefined; did you mean "post"?'),
        Problem("templates/tag.html", 3, '"tagg_page" is undefined; did you mean "tag_page"?'),
    ) == built.check()


def test_the_packaged_templates_pass_their_own_check() -> None:
    """The templates that come with feedpub name nothing that does not exist."""

    assert () == BUILT.check()


def test_a_page_shows_the_html_of_other_posts_too() -> None:
    """A list of one's own may show whole posts."""
    built = small("{% for post in page.posts %}{{ body(post) }}{% endfor %}")

    assert "<p>The text of hello.</p><p>The text of other.</p>" == shown(
        built, posts=(made.post(slug="hello"), made.post(slug="other")), post=None
    )


def test_assets_have_their_content_in_their_name() -> None:
    """A style sheet that changes has another address, and what is static is left as it is."""
    config = made.config()
    red = replace(config, site=replace(config.site, accent="#c01c28"))
    drawing = templates({"icons/a.svg": "<svg>{{ x }}</svg>"}).get_assets()

    (path,) = BUILT.get_assets()
    assert re.fullmatch(r"assets/style-[0-9a-f]{10}\.css", path)
    assert f'<link rel="stylesheet" href="/{path}">' in shown()
    assert path not in templates(config=red).get_assets()
    assert b"<svg>{{ x }}</svg>" in drawing.values()
    assert any(re.fullmatch(r"assets/icons/a-[0-9a-f]{10}\.svg", name) for name in drawing)


def test_the_icon_of_the_site_is_on_every_page() -> None:
    """An icon may be a file of the site or lie elsewhere; the logo stands for pages."""
    config = made.config()
    drawn = replace(config, site=replace(config.site, icon="icon.svg", logo="logo.png", rights="©"))
    document = shown(templates(config=drawn), "tags.html")

    assert '<link rel="icon" href="/icon.svg">' in document
    assert f'<meta property="og:image" content="{SITE}logo.png">' in document
    assert "©" in visible(document)


def test_the_digest_is_of_all_texts() -> None:
    """Another text, another name, or other packaged words: another digest; else the same."""
    words = {**PACKAGED, "words/en.toml": PACKAGED["words/en.toml"] + "# more\n"}
    own = {"words/en.toml": ""}

    digests = [
        BUILT.digest,
        templates({"tag.html": "x"}).digest,
        templates({"tog.html": "x"}).digest,
        templates(own).digest,
        templates(own, words).digest,
    ]
    assert len(digests) == len(set(digests))
    assert BUILT.digest == templates().digest


@pytest.mark.parametrize("accent", ["#1a5fb4", "#f6d32d", "#fff", "#000", "#26a269", "#e01b24"])
def test_the_style_sheet_can_be_read_with_any_accent(accent: str) -> None:
    """Text has a contrast of 7 and lines 4.5, in light and dark; all of it is under 30 kB."""
    config = made.config()
    built = templates(config=replace(config, site=replace(config.site, accent=accent)))
    (sheet,) = built.get_assets().values()

    assert len(sheet) < 30_000
    schemes = re.findall(r"--paper:[^}]*--wrong:[^;]*", sheet.decode().partition("@media print")[0])
    assert 2 == len(schemes)
    for scheme in schemes:
        colours = dict(re.findall(r"--([a-z-]+):(#[0-9a-f]{6})", scheme))
        for name in ("text", "soft", "link"):
            assert contrast_ratio(colours[name], colours["paper"]) >= 7
        assert contrast_ratio(colours["accent"], colours["paper"]) >= 4.5
        for name in ("text", "word", "string", "number", "call", "wrong"):
            assert contrast_ratio(colours[name], colours["wash"]) >= 7
        assert contrast_ratio(colours["text"], colours["chosen"]) >= 4.5


LANGUAGES = sorted(name for name in PACKAGED if name.startswith("words/"))


@pytest.mark.parametrize("name", LANGUAGES)
def test_translations_hold_the_same_keys_and_braces(name: str) -> None:
    """No file has a key that English lacks, and none leaves a number out."""
    english = CatalogFile("en", PACKAGED["words/en.toml"])
    other = CatalogFile(name, PACKAGED[name])

    assert set(english.words) >= set(other.words)
    for key, forms in other.words.items():
        wanted = set(re.findall(r"\{\w+\}", english.words[key]["other"]))
        assert wanted == set(re.findall(r"\{\w+\}", forms["other"]))


@pytest.mark.parametrize("name", ["words/ar.toml", "words/zh.toml"])
def test_whole_translations_are_whole(name: str) -> None:
    """Arabic and Chinese pages say nothing in English."""
    english = CatalogFile("en", PACKAGED["words/en.toml"])

    assert set(english.words) == set(CatalogFile(name, PACKAGED[name]).words)


def test_an_issue_is_shown_as_it_went_out() -> None:
    """Its page has subject, digest, day, the words before the posts, and the posts."""
    document = shown(template="issue.html", title=WEEKLY.subject, post=None)

    text = visible(document)
    assert "AT&T +1 Weekly · 3 February 2025 · 2 posts Hi Hello" in text
    assert '<a href="/digests/weekly/">Weekly</a>' in document


def test_issues_of_a_digest_are_listed() -> None:
    """The archive of a digest has its name, and each issue with its day."""
    document = shown(template="issues.html", title="Weekly", post=None)

    text = visible(document)
    assert "3 February 2025 AT&T +1 3 February 2025 Other" in text
    assert 2 == document.count('<a href="/digests/weekly/1/" dir="auto">')
    assert "No issue has gone out yet." in visible(shown(template="issues.html", issues=()))


def mail(text: str, name: str = "mail/x.html", language: str = "en", **values: object) -> str:
    """Render a mail's template of the user's."""
    return templates({name: text}).render_mail(name, language, **values)


def test_addresses_in_mails_are_whole() -> None:
    """Nobody reads a mail at the site's own address."""
    text = "{{ href(url) }} {{ below('x/') }} {{ tag_page(tag) }} {{ author_page(author) }}"
    author = Author("Ann", slug="ann")

    expected = f"{SITE}a/ {SITE}x/ {SITE}tags/%C3%BC/ {SITE}authors/ann/"
    assert expected == mail(text, url=f"{SITE}a/", tag=Tag("Ü", "ü"), author=author)


def test_text_in_mails_is_text() -> None:
    """In HTML what is filled in is escaped; in a text nothing is, days and words neither."""
    when = datetime(2025, 2, 3, tzinfo=UTC)
    text = '{{ x }} {{ t("updated", date=day(when)) }}'

    time = '<time datetime="2025-02-03T00:00:00+00:00">3 February 2025</time>'
    assert f"A&amp;B Updated {time}" == mail(text, x="A&B", when=when)
    assert "A&B Updated 3 February 2025" == mail(text, "mail/x.txt", x="A&B", when=when)
    assert "A&B 更新于 2025年2月3日" == mail(text, "mail/x.txt", "zh", x="A&B", when=when)


def test_templates_of_the_configuration_are_text() -> None:
    """A value of the configuration may be a template; it is text, and is read once."""
    for number in (1, 2):
        assert f"A&B {number} Example en" == BUILT.render_string(
            "{{ x }} {{ n }} {{ site.title }} {{ language }}", "key", "en", x="A&B", n=number
        )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{ psots }}", 'digests: "psots" is undefined; did you mean "posts"?'),
        ("a\n{% if %}", "digests:2: Expected an expression"),
        ("{{ [1][2] }}", "digests: list has no"),
        ('{{ t("minuts") }}', 'digests: no translation for "minuts"; did you mean "minutes"?'),
        ("{{ 1 / 0 }}", "digests: ZeroDivisionError"),
        ('{% include "mail/x.txt" %}', 'digests: no template "mail/x.txt"'),
    ],
)
def test_a_mistake_in_the_configuration_is_told_by_its_key(text: str, message: str) -> None:
    """What the value's key is stands where the template's path would."""
    with pytest.raises(TemplateError, match=f"^{re.escape(message)}"):
        BUILT.render_string(text, "digests", "en", posts=())


def test_a_mistake_in_a_mail_has_its_place() -> None:
    """It is told like that of a page."""
    with pytest.raises(TemplateError, match=r'^templates/mail/x.txt:2: "oops" is undefined'):
        mail("\n{{ oops }}", "mail/x.txt")


def test_mails_are_checked_too() -> None:
    """Their texts are read like pages; other texts beside the templates are no templates."""
    built = templates({"mail/digest.txt": "{{ psots }}", "notes.txt": "{{ not one"})

    expected = Problem(
        "templates/mail/digest.txt", 1, '"psots" is undefined; did you mean "posts"?'
    )
    assert (expected,) == built.check()


def test_words_outside_of_templates() -> None:
    """What the program itself says in a language is plain text."""
    said = BUILT.get_translator("en")

    assert "3 February 2025" == said.format_date(datetime(2025, 2, 3, tzinfo=UTC))
    assert "1 & 2" == said.gettext("follows-tags", names="1 & 2").removeprefix("posts about ")


def test_the_form_to_sign_up_comes_first() -> None:
    """Where there is one: with what can be chosen, in the languages that mails can be in."""
    offered = SignupOptions(
        tags=(Tag("C++", "cplusplus"),),
        authors=(Author("Ann", slug="ann"),),
        languages=("en", "zh", "sv"),
        confirms=True,
    )
    document = shown(template="subscribe.html", signup=offered)
    root = lxml.html.document_fromstring(document)

    assert ["By mail", "In a feed reader"] == [each.text for each in root.findall(".//h2")][:2]
    form = root.find(".//form")
    assert form is not None
    assert ("/subscribe", "post") == (form.get("action"), form.get("method"))
    values = [each.get("value") for each in form.iterfind(".//input[@type='checkbox']")]
    assert ["cplusplus", "ann"] == values
    tongues = [each.get("value") for each in form.iterfind(".//select[@name='language']/option")]
    assert ["en", "zh"] == tongues
    assert "A mail asks you first" in document
    ids = [each.get("id") for each in root.iterfind(".//*[@id]")]
    assert len(set(ids)) == len(ids)
    bare = SignupOptions((), (), ("en",), confirms=False)
    assert "A mail asks you first" not in shown(template="subscribe.html", signup=bare)
    assert "<form" not in shown(template="subscribe.html")
