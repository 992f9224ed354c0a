"""What the mail of a digest says, in HTML and in text."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import lxml.html
import made
import mails
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedpub.config.schema import Config, DigestConfig, MailConfig
from feedpub.delivery.headers import Recipient
from feedpub.delivery.merge_tags import TAG_NAMES, substitute_tags
from feedpub.errors import TemplateError
from feedpub.models.content import Post, Tag
from feedpub.models.newsletter import MessageContent
from feedpub.newsletter import compose
from feedpub.newsletter.compose import MAX_HTML_SIZE, Composer, build_merge_tag
from feedpub.newsletter.text_tables import measure_width
from feedpub.site.colour import contrast_ratio

SLOT = datetime(2025, 2, 3, 8, tzinfo=UTC)
ISSUE = "https://example.org/issues/weekly/2025-02-03/"
WEEKLY = DigestConfig("weekly")
COMPOSER = mails.composer()
BODY = '<h2>Part</h2><p>Whole text, <a href="https://b.example/">linked</a>.</p><pre>a\n\n\nb</pre>'


def html(_: Post) -> str:
    """Give a post's HTML, as a pipeline would."""
    return BODY


def content(
    posts: Sequence[Post] | None = None,
    digest: DigestConfig = WEEKLY,
    language: str = "en",
    composer: Composer = COMPOSER,
    issue_url: str = ISSUE,
) -> MessageContent:
    """Give what a digest of two posts says."""
    shown = (made.post(), made.post(slug="other", title="Other")) if posts is None else posts
    return composer.compose_issue(digest, shown, SLOT, issue_url, html, language)


def visible(document: str) -> str:
    """Give the text of a mail's body, white space folded."""
    body = lxml.html.document_fromstring(document).find("body")
    return "" if body is None else " ".join("".join(str(each) for each in body.itertext()).split())


def test_subject_and_preheader() -> None:
    """The subject is the first title and how many more; the preheader goes on from there."""
    posts = [made.post(slug=slug, title=slug.upper()) for slug in "abcde"]

    told = content(posts)
    assert "A +4" == told.subject
    assert "B · C · D" == told.preheader
    alone = content(posts[:1])
    assert "A" == alone.subject
    assert "What it is about." == alone.preheader
    assert "en" == told.language


def test_templates_of_the_configuration() -> None:
    """Subject, preheader and intro may use posts, date, digest and site, and the reader's name."""
    digest = DigestConfig(
        "weekly",
        title="News",
        subject='{{ digest.title }},\n {{ date }} for {{ mark("name", "you") }} & all',
        preheader="{{ site.title }}: {{ posts|length }} {{ t('everything') }}",
        intro="*{{ day(slot) }}*: see [tags](tags/).\n\n<script>x</script>",
    )

    told = content(digest=digest)
    assert "News, 3 February 2025 for \ufdd2name|you\ufdd3 & all" == told.subject
    assert "Example: 2 All posts" == told.preheader
    assert "<em>3 February 2025</em>: see <a" in told.html
    assert 'href="https://example.org/tags/"' in told.html
    assert "script" not in told.html
    assert "_3 February 2025_: see tags [1].\n\n[1] https://example.org/tags/\n" in told.text
    introduced = COMPOSER.render_intro(digest, (made.post(),), SLOT, ISSUE, "en")
    assert introduced.startswith("<p><em>3 February 2025</em>")
    assert "" == COMPOSER.render_intro(WEEKLY, (made.post(),), SLOT, ISSUE, "en")


def test_no_link_leads_to_what_a_reader_is_called() -> None:
    """Somebody may sign up under the name of a script; only links of the mail's own are links."""
    digest = DigestConfig(
        "w", intro='[a]({{ mark("name") }}) <a href="{{ mark(\'address\') }}">b</a>'
    )
    eve = Recipient("k", "eve@example.com", "javascript:alert(1)")

    told = substitute_tags(content(digest=digest), eve)
    assert "javascript" not in told.html
    assert "javascript" not in told.text


def test_an_intro_may_speak_to_the_reader() -> None:
    """Marks get through Markdown, into links too; on the web they stand for nobody."""
    digest = DigestConfig(
        "w",
        intro=(
            '*Dear {{ mark("name", "Tom & \'Jerry\'") }}*, [change]({{ mark("preferences") }}) it,'
            ' {{ mark("address") }}.'
        ),
    )
    reader = Recipient("k", "bob@example.com", "<Bob>", preferences="https://example.org/p?a&b")

    told = substitute_tags(content(digest=digest), reader)
    link = '<a href="https://example.org/p?a&amp;b"'
    assert "Dear &lt;Bob&gt;</em>" in told.html
    assert link in told.html
    assert "_Dear <Bob>_, change [1] it,\nbob@example.com.\n\n[1] https://exam" in told.text
    nobody = Recipient("k", "bob@example.com")
    assert (
        "Dear Tom &amp; &#x27;Jerry&#x27;</em>"
        in substitute_tags(content(digest=digest), nobody).html
    )
    assert "_Dear Tom & 'Jerry'_" in substitute_tags(content(digest=digest), nobody).text
    page = COMPOSER.render_intro(digest, (made.post(),), SLOT, ISSUE, "en")
    assert "Dear Tom &amp; &#x27;Jerry&#x27;</em>" in page
    assert not re.search("[\ufdd2\ufdd3]|mark", page)


def test_a_subject_is_never_empty() -> None:
    """Where a template says nothing, the subject is the digest's title, and that is the site's."""
    assert "Example" == content(digest=DigestConfig("weekly", subject=" {# nothing #}\n")).subject
    assert "News" == content(digest=DigestConfig("weekly", title="News", subject="")).subject


def test_a_mail_is_a_document_for_mail_programs() -> None:
    """It has language, direction, encoding and schemes; its tables say that they are for layout."""
    root = lxml.html.document_fromstring(content().html)

    assert ("en", "ltr") == (root.get("lang"), root.get("dir"))
    assert "Hello +1" == root.findtext("head/title")
    tables = list(root.iter("table"))
    assert {"presentation"} == {table.get("role") for table in tables}
    assert "ltr" == tables[0].get("dir")
    assert 1 == len(list(root.iter("h1")))
    assert not list(root.iter("img", "script", "link", "form"))


def test_what_stands_in_a_mail() -> None:
    """Masthead, preheader, posts with one line each, and the way out."""
    told = content(composer=mails.composer(config=sent()))

    text = visible(told.html)
    assert text.startswith("Other")  # the preheader
    assert "Example 3 February 2025 Hello Ann Lee · Python, Web feeds · 1 min read" in text
    assert "What it is about. Read on Other Ann Lee" in text
    assert (
        "You get this because \ufdd2address\ufdd3 subscribed to Example. \ufdd2follows\ufdd3"
        in text
    )
    assert text.endswith("Unsubscribe · Read on the web 1 Road, Town")
    for name in ("preferences", "unsubscribe"):
        assert f'href="\ufdd2{name}\ufdd3"' in told.html
    assert f'href="{ISSUE}"' in told.html


def sent() -> Config:
    """Give a configuration with a postal address."""
    return replace(made.config(), mail=MailConfig(address="1 Road, Town"))


def test_the_text_is_whole_by_itself() -> None:
    """Every title, every link and the way out are in the text."""
    expected = """\
Example
3 February 2025


Hello
=====
Ann Lee · Python, Web feeds · 1 min read

What it is about.

https://example.org/posts/hello/


Other
=====
1 min read

https://example.org/posts/other/


---------------
You get this because \ufdd2address\ufdd3 subscribed to Example.
\ufdd2follows\ufdd3

Change what you get:
\ufdd2preferences\ufdd3

Unsubscribe:
\ufdd2unsubscribe\ufdd3

Read on the web:
https://example.org/issues/weekly/2025-02-03/

1 Road, Town
"""
    bare = made.post(slug="other", title="Other", authors=(), tags=(), summary="")

    assert expected == content((made.post(), bare), composer=mails.composer(config=sent())).text


def test_without_a_page_on_the_web() -> None:
    """Where an issue has no page, nothing leads to it."""
    told = content(issue_url="")

    assert "Read on the web" not in told.html
    assert "Read on the web" not in told.text
    assert '<a href="https://example.org/"' in told.html


def test_whole_posts() -> None:
    """With whole posts their headings come under their titles, and code keeps its lines."""
    told = content(digest=DigestConfig("weekly", content="full"))

    assert "<h3" in told.html
    assert "Whole text" in told.html
    assert "Read on" not in told.html.replace("Read on the web", "")
    assert (
        "Part\n----\n\nWhole text, linked [1].\n\n    a\n\n\n    b\n\n[1] https://b.ex" in told.text
    )


def test_a_post_is_read_once_for_all_selections() -> None:
    """Many readers get the same posts in other company: their HTML is made once."""
    asked: list[str] = []

    def counted(post: Post) -> str:
        asked.append(post.slug)
        return BODY

    composer, whole = mails.composer(), DigestConfig("weekly", content="full")
    first = composer.compose_issue(whole, (made.post(),), SLOT, ISSUE, counted, "en")
    asked.clear()

    assert first == composer.compose_issue(whole, (made.post(),), SLOT, ISSUE, counted, "en")
    assert 1 == len(asked)  # for the text


def test_posts_in_other_languages() -> None:
    """A post has its own language and direction, what is said around it has the reader's."""
    arabic = made.post(slug="ar", title="كلمة", language="ar")

    assert [("ar", "rtl", "right"), ("en", "ltr", None)] == spoken(content((arabic,)).html)[:2]
    assert ("en", "ltr", "left") == spoken(content((made.post(),), language="ar").html)[0]
    assert [(None, None, None)] * 3 == spoken(content((made.post(),)).html)


@pytest.mark.parametrize(("language", "other"), [("en", "ar"), ("ar", "en")])
def test_what_stands_in_a_post_is_on_its_side(language: str, other: str) -> None:
    """Lists and quotations begin where the post's lines do, in a mail of the other direction."""
    posts = [made.post(slug=each, language=each) for each in (language, other)]

    def listed(_: Post) -> str:
        return "<ul><li>a</li></ul><blockquote><p>b</p></blockquote>"

    whole = DigestConfig("w", content="full")
    told = COMPOSER.compose_issue(whole, posts, SLOT, ISSUE, listed, language).html
    for post in lxml.html.document_fromstring(told).iter("td"):
        if "whole" in post.get("class", ""):
            spoken_in = post.get("lang") or language
            near, far = ("right", "left") if spoken_in == "ar" else ("left", "right")
            for element in post.iter("ul", "blockquote"):
                style = element.get("style", "")
                assert re.search(f"padding-{near}: (24|16)px", style)
                assert f"padding-{far}: 0" in style


def test_what_a_reader_follows_is_whole_in_the_text() -> None:
    """However long what stands before it is: a mark that is cut in two would be lost."""
    for length in range(80):
        told = content(digest=DigestConfig("w", title="T" * (length + 1)))
        reader = Recipient("k", "bob@example.com", follows="You follow all posts.")
        filled = substitute_tags(told, reader).text

        assert "\nYou follow all posts.\n" in filled
        assert "because bob@example.com" in filled.replace("\n", " ")


def spoken(document: str) -> list[tuple[str | None, str | None, str | None]]:
    """Give language, direction and side of a post, of its line and of the way to the rest."""
    root = lxml.html.document_fromstring(document)
    posts = [each for each in root.iter("td") if each.get("class") == "post"]
    named = ("small", "on")
    lines = [each for post in posts for each in post.iterfind("p") if each.get("class") in named]
    return [(each.get("lang"), each.get("dir"), each.get("align")) for each in (*posts, *lines)]


@pytest.mark.parametrize(
    ("language", "words"),
    [("zh-CN", ["2025年2月3日", "继续阅读", "退订"]), ("ar", ["3 فبراير 2025", "ألغِ الاشتراك"])],
)
def test_the_words_are_the_readers(language: str, words: list[str]) -> None:
    """What feedpub says is in the reader's language, in both parts."""
    told = content(language=language)

    for word in words:
        assert word in visible(told.html)
        assert word in told.text or word == "继续阅读"
    assert not re.search("Unsubscribe|Read on|min read", told.html + told.text)


def test_a_mail_that_is_too_large_has_excerpts() -> None:
    """Whole posts give way to excerpts in HTML and text before any is left out."""
    posts = [made.post(slug=f"p{number}", cache_key=f"k{number}") for number in range(20)]
    whole = DigestConfig("weekly", content="full")

    def long(_: Post) -> str:
        return f"<p>{'word ' * 1200}</p>"

    told = COMPOSER.compose_issue(whole, posts, SLOT, ISSUE, long, "en")
    assert "word word" not in told.html
    assert "word word" not in told.text
    assert 20 == told.html.count(">Read on<")


@pytest.mark.parametrize("issue_url", [ISSUE, ""])
def test_a_mail_that_is_still_too_large_has_the_first_posts(issue_url: str) -> None:
    """As many as fit are shown, the others counted; the text tells of them all."""
    posts = [made.post(slug=f"p{number}", title=f"标题 {number}") for number in range(500)]

    told = content(posts, issue_url=issue_url)
    shown = told.html.count(">Read on<")
    assert MAX_HTML_SIZE - 1000 < len(told.html.encode()) <= MAX_HTML_SIZE
    assert f">{500 - shown} more posts online</a>" in told.html
    assert f'<a href="{issue_url or "https://example.org/archive/"}"' in told.html
    assert all(post.url in told.text for post in posts)
    assert "more posts" not in told.text


def test_one_post_is_always_shown() -> None:
    """A summary without end is no reason to send nothing."""
    told = content([made.post(summary="x" * MAX_HTML_SIZE), made.post(slug="b")])

    assert ">1 more post online</a>" in told.html
    assert 1 == told.html.count(">Read on<")


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zs", "Zl", "Zp", "Cn"])))
def test_any_title(title: str) -> None:
    """Whatever stands in a title is text: it opens no tag, and a template in it is not run."""
    told = content((made.post(title=f"T{title}{{{{ 7 * 7 }}}}<b>", tags=(Tag(title, "x"),)),))

    assert f"T{title}{{{{ 7 * 7 }}}}<b>" == told.subject
    root = lxml.html.document_fromstring(told.html)
    assert f"T{title}{{{{ 7 * 7 }}}}<b>" == root.findtext(".//h2/a")


def test_lines_of_text_are_72_columns() -> None:
    """Titles and summaries are wrapped, wide characters counting twice."""
    told = content((made.post(title="很长的标题" * 20, summary="字" * 200),))
    lines = told.text.split("\n")

    assert all(measure_width(line) <= 72 for line in lines if "http" not in line)
    assert "=" * 72 in lines


def test_the_mail_that_asks_for_consent() -> None:
    """It says who asked for what, and where to say yes, twice."""
    url = "https://example.org/confirm/x"
    told = mails.composer(config=sent()).compose_confirmation(url, "en")

    assert "Please confirm: Example" == told.subject
    assert 2 == told.html.count(f'href="{url}"')
    assert f"Yes, send them to me:\n{url}\n" in told.text
    assert told.text.endswith("again.\n\n1 Road, Town\n")
    assert "If it was not you, do nothing" in told.preheader
    assert "1 Road" not in COMPOSER.compose_confirmation(url, "zh-CN").html
    assert "请确认" in COMPOSER.compose_confirmation(url, "zh-CN").subject


def test_marks() -> None:
    """A mark names a value of the reader's, and what stands for its absence."""
    assert "\ufdd2name\ufdd3" == build_merge_tag("name")
    assert "\ufdd2name|dear reader\ufdd3" == build_merge_tag("name", "dear reader")
    assert all(build_merge_tag(name) for name in TAG_NAMES)
    with pytest.raises(ValueError, match='unknown tag "nmae"'):
        build_merge_tag("nmae")


@pytest.mark.parametrize(
    ("digest", "message"),
    [
        (
            DigestConfig("w", subject="{{ psots }}"),
            'digests, "w": subject: "psots" is undefined; did you',
        ),
        (DigestConfig("w", intro="a\n{% if %}"), 'digests, "w": intro:2: Expected an expression'),
        (
            DigestConfig("w", preheader="{{ posts[9].title }}"),
            'digests, "w": preheader: list has no "9"',
        ),
        (
            DigestConfig("w", subject='{{ mark("x") }}'),
            'digests, "w": subject: ValueError: unknown tag "x"',
        ),
        (DigestConfig("w", template="weekly"), "mail/weekly.html: no template"),
    ],
)
def test_a_mistake_is_told_with_its_place(digest: DigestConfig, message: str) -> None:
    """A template of the configuration is named by its key, one of the folder by its path."""
    with pytest.raises(TemplateError) as caught:
        content([made.post()], digest=digest)

    assert str(caught.value).startswith(message)


def test_templates_of_ones_own() -> None:
    """A digest may have a template of its own, and it wins; its addresses are whole."""
    own = {
        "mail/own.html": (
            "<p>{{ below('x/') }} {{ href(posts[0].url) }} {{ tag_page(posts[0].tags[0]) }}"
            " {{ author_page(posts[0].authors[0]) }} {{ language }} {{ t('minutes', n=3) }}</p>"
        ),
        "mail/own.txt": "{{ t('updated', date=day(slot)) }} <&>",
    }
    told = content(digest=DigestConfig("w", template="own"), composer=mails.composer(own))

    site = "https://example.org/"
    expected = (
        f"{site}x/ {site}posts/hello/ {site}tags/python/ {site}authors/ann-lee/ en 3 min read"
    )
    assert expected == visible(told.html)
    assert "Updated 3 February 2025 <&>\n" == told.text


@pytest.mark.parametrize("accent", ["#1a5fb4", "#f6d32d", "#fff", "#000"])
def test_a_mail_can_be_read_with_any_accent(accent: str) -> None:
    """Links have a contrast of 7 in light and in dark, the button 4.5."""
    config = made.config()
    coloured = replace(config, site=replace(config.site, accent=accent))
    told = mails.composer(config=coloured).compose_confirmation("https://example.org/", "en")

    dark = told.html.partition("prefers-color-scheme:dark")[2].partition("</style>")[0]
    night = re.findall(r"background-color:(#\w+)", dark)[0]
    for colour in re.findall(r"[;{]color:(#\w+)", dark.partition(".button")[0]):
        assert contrast_ratio(colour, night) >= 7
    assert re.search(r"\.button\{background-color:(#\w+)[^}]*;color:(#\w+)", dark)
    button = re.findall(
        r'class="button"[^>]* style="color: (#\w+)[^>]*background-color: (#\w+)', told.html
    )
    assert all(contrast_ratio(*pair) >= 4.5 for pair in button)
    assert 1 == len(button)


def test_the_module_says_which_marks_there_are() -> None:
    """Whoever writes a template finds every mark in the description."""
    assert all(name in (compose.__doc__ or "") for name in TAG_NAMES)


def test_the_mail_to_who_signs_up_again() -> None:
    """It leads to what is theirs, by marks, and says that nothing has changed."""
    told = mails.composer(config=sent()).compose_already_subscribed("en")

    assert "You are subscribed already: Example" == told.subject
    assert f'href="{build_merge_tag("preferences")}"' in told.html
    assert f'href="{build_merge_tag("unsubscribe")}"' in told.html
    assert f"Change what you get:\n{build_merge_tag('preferences')}\n" in told.text
    assert told.text.endswith("nothing has changed.\n\n1 Road, Town\n")
    assert "1 Road" not in COMPOSER.compose_already_subscribed("zh-CN").html
    assert "您已经订阅了" in COMPOSER.compose_already_subscribed("zh-CN").subject
