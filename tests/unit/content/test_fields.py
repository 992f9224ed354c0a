"""Front matter in anybody's spelling as typed fields."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from feedpub.content.fields import PostFields, parse_fields
from feedpub.content.frontmatter import parse_front_matter
from feedpub.errors import PostError
from feedpub.models.content import Author, Enclosure, Image

BERLIN = ZoneInfo("Europe/Berlin")
DAY = datetime(2025, 1, 29, 23, tzinfo=UTC)


def read(text: str, path: str = "x.md", tags_split: str = "comma") -> PostFields:
    """Understand a whole file's text."""
    return parse_fields(path, parse_front_matter(text, path), BERLIN, tags_split)


def fields(lines: str, tags_split: str = "comma") -> PostFields:
    """Understand YAML lines below a date on line 2."""
    return read(f"---\ndate: 2025-01-30\n{lines}\n---\n", tags_split=tags_split)


def warnings(said: PostFields) -> list[str]:
    """Give the warnings as people see them."""
    return [str(problem) for problem in said.problems]


def refused(text: str, path: str = "x.md") -> str:
    """Give the message with which a file is left out."""
    with pytest.raises(PostError) as caught:
        read(text, path)
    assert caught.value.problem.left_out
    return str(caught.value.problem)


@pytest.mark.parametrize(
    "key",
    [
        "date", "Date", "DATE", "published", "pubDate", "pub_date", "publishDate", "published_at",
        "created", "Date Created",
    ],
)  # fmt: skip
def test_a_date_has_many_names(key: str) -> None:
    """Jekyll, Hugo, Pelican, Zola, Astro and Obsidian each have their own."""
    assert DAY == read(f"---\n{key}: 2025-01-30\n---\n").published


def test_an_embargo_wins_over_the_date() -> None:
    """Hugo shows a post from `publishDate` on, whatever its `date`."""
    assert 2030 == fields("publishDate: 2030-02-02").published.year


def test_a_date_may_be_in_the_name_or_the_address() -> None:
    """The file's name comes before `path`, and the front matter before both."""
    toml = "+++\npath = 'inside-rust/2025/01/30/x'\n+++\n"

    assert DAY == read("---\n---\n", "2025-01-30-x.md").published
    assert DAY == read("---\n---\n", "2025-01-30-x/index.md").published
    assert DAY == read(toml).published
    assert DAY == read("---\npermalink: /2025/01/30/x/\n---\n").published
    assert 2024 == read(toml, "2024-05-05-x.md").published.year
    assert DAY == fields("path: 2024/01/01/x").published


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        ("---\nx: y\ndate: 2024-02-30\n---\n", "x.md", 'x.md:3: date: "2024-02-30" is not a date'),
        (
            "---\ndate: 2025-01-30 10:00 XYZ\n---\n",
            "x.md",
            'x.md:2: date: unknown time zone "XYZ"; use one like "Europe/Berlin" or "+02:00"',
        ),
        ("---\npublished: maybe\n---\n", "x.md", 'x.md:2: published: "maybe" is not a date'),
        ("---\ndate: [a]\n---\n", "x.md", "x.md:2: date: \"['a']\" is not a date"),
        (
            "---\n---\n",
            "2024-02-30-x.md",
            '2024-02-30-x.md:1: file name: "2024-02-30" is not a date',
        ),
        (
            "---\nurl: /2024/13/01/\n---\n",
            "x.md",
            'x.md:2: url: "2024-13-01" is not a date',
        ),
        (
            "---\ntitle: x\ndtae: 2024-01-01\n---\n",
            "x.md",
            'x.md:3: no date: unknown key "dtae"; did you mean "date"?',
        ),
    ],
)
def test_a_wrong_date_leaves_the_file_out(text: str, path: str, message: str) -> None:
    """The message has the line, the key as written and the value."""
    assert message == refused(text, path)


@pytest.mark.parametrize(
    ("text", "example"),
    [
        ("---\ndate:\n---\n", "add `date: 2025-01-30` to"),
        ("+++\n+++\n", "add `date = 2025-01-30` to"),
        ('{"title": "x"}\n', 'add `"date": "2025-01-30"` to'),
        ("Title: x\n\n", "add `Date: 2025-01-30` to"),
    ],
)
def test_without_a_date_the_message_says_what_to_add(text: str, example: str) -> None:
    """In the form of the file's own front matter."""
    message = refused(text)

    assert message.startswith("x.md:1: no date: ")
    assert example in message


def test_a_draft_may_be_without_a_date() -> None:
    """It is not published anyway; a warning says that the date is still to come."""
    said = read("---\ntitle: x\ndraft: true\n---\n")

    assert said.draft
    assert 1970 == said.published.year
    assert [
        "x.md:1: this draft has no date yet; add `date: 2025-01-30` before publishing it"
    ] == warnings(said)


def test_later_dates_that_are_wrong_do_not_count() -> None:
    """A post with an impossible `updated` or `expires` is published without it."""
    said = fields("lastmod: soon\nexpiryDate: 2024-13-01")

    assert (None, None) == (said.updated, said.expires)
    assert [
        'x.md:3: lastmod: "soon" is not a date; ignored',
        'x.md:4: expiryDate: "2024-13-01" is not a date; ignored',
    ] == warnings(said)


@pytest.mark.parametrize("key", ["updated", "modified", "Lastmod", "last_modified_at"])
def test_an_update_has_many_names(key: str) -> None:
    """Its date is read as any other."""
    assert datetime(2025, 1, 31, 9, tzinfo=UTC) == fields(f"{key}: 2025-01-31 10:00").updated


@pytest.mark.parametrize(
    ("lines", "draft"),
    [
        ("draft: true", True),
        ("draft: True", True),
        ("Draft: yes", True),
        ("draft: on", True),
        ("draft: 1", True),
        ("draft: false", False),
        ("draft: no", False),
        ("draft:", False),
        ("published: false", True),
        ("published: true", False),
        ("published: 2025-01-30", False),
        ("publish: false", True),
        ("status: draft", True),
        ("status: Pending", True),
        ("status: published", False),
        ("status: evergreen", False),
        ("hidden: true", False),
    ],
)
def test_a_draft_is_told_in_many_ways(lines: str, *, draft: bool) -> None:
    """`draft`, `published` and `status`, in whatever words for true and false."""
    said = fields(lines)

    assert draft == said.draft
    assert () == said.problems


def test_a_draft_nobody_can_make_out_waits() -> None:
    """Better a post that waits than one that nobody wanted to be seen."""
    said = fields("draft: maybe")

    assert said.draft
    assert ['x.md:3: draft: "maybe" is neither true nor false; the post stays a draft'] == warnings(
        said
    )


def test_jekylls_drafts_folder_makes_drafts() -> None:
    """Whatever their front matter says."""
    assert read("---\ndate: 2025-01-30\n---\n", "_drafts/x.md").draft


@pytest.mark.parametrize(
    ("lines", "tags", "categories"),
    [
        ("tags: [no, 1.0, C, C++, C#, 人工智能]", ["no", "1.0", "C", "C++", "C#", "人工智能"], []),
        ("tag: how we work", ["how we work"], []),
        ("tags: a, b c ,, a", ["a", "b c"], []),
        ("tags: 一，二、三", ["一", "二", "三"], []),
        ("tags: a, b; c", ["a, b", "c"], []),
        ("tags: Q&amp;A, b", ["Q&A", "b"], []),
        ("tags: [a, '', ~, a, '#obsidian', '# x', '#']", ["a", "obsidian", "x"], []),
        ("tags: {name: a}", ["a"], []),
        ("tags: [{name: a}, [b]]", ["a", "b"], []),
        ("keywords: a, b", ["a", "b"], []),
        ("keywords: a, b\ntags: [c]", ["c"], []),
        ("categories: [x]\ntags: [a, x]", ["a", "x"], ["x"]),
        ("category: x", ["x"], ["x"]),
        ("taxonomies: {tags: [a], categories: [b], series: [c]}", ["a", "b"], ["b"]),
        ("taxonomies: x", [], []),
    ],
)
def test_tags_are_what_people_wrote(lines: str, tags: list[str], categories: list[str]) -> None:
    """Lists, comma texts, taxonomies; categories are among the tags; nothing twice."""
    said = fields(lines)

    assert tags == list(said.tags)
    assert categories == list(said.categories)


def test_tags_divided_by_spaces_are_a_choice_of_the_site() -> None:
    """`content.tags_split: space` reads Jekyll's way; a list stays a list."""
    assert ("a", "b", "c") == fields("tags: a b, c", "space").tags
    assert ("a b", "c") == fields("tags: [a b, c]", "space").tags


def test_authors_come_from_all_keys() -> None:
    """`author`, `authors`, `by`, and Zola's taxonomy."""
    said = fields("authors: [Ann, Bob <bob@example.org>]\nby: Cy\ntaxonomies: {authors: [Di]}")

    assert ["Ann", "Bob", "Cy", "Di"] == [author.name for author in said.authors]
    assert Author("Bob", "bob@example.org") == said.authors[1]


@pytest.mark.parametrize(
    ("lines", "language"),
    [
        ("lang: en", "en"),
        ("language: ZH_cn", "zh-CN"),
        ("lang: zh-hans-cn", "zh-Hans-CN"),
        ("locale: es_PR.UTF-8", "es-PR"),
        ("lang: sl-rozaj", "sl-rozaj"),
        ("lang:", ""),
    ],
)
def test_a_language_is_a_tag_of_bcp_47(lines: str, language: str) -> None:
    """In its usual letter case."""
    assert language == fields(lines).language


@pytest.mark.parametrize(
    ("lines", "warning"),
    [
        (
            "lang: Chinese",
            'x.md:3: lang: "Chinese" is not a language tag such as "en" or "zh-Hans"',
        ),
        (
            "canonicalURL: /x",
            'x.md:3: canonicalURL: "/x" is not an absolute URL; ignored',
        ),
        (
            "permalink: /:collection/:title/",
            'x.md:3: permalink: unknown placeholder ":collection"; ignored',
        ),
        (
            "url: '{date:%Y}/{slug}/'",
            'x.md:3: url: unknown placeholder "{date:%Y}"; ignored',
        ),
        (
            "digest: maybe",
            'x.md:3: digest: "maybe" is neither true nor false; treated as true',
        ),
        ("enclosure: {type: x}", "x.md:3: enclosure: enclosure has no url"),
        (
            "permalink: {a: b}",
            'x.md:3: "permalink" is a table, not a string; put it in quotes',
        ),
    ],
)
def test_a_wrong_value_is_told_once_and_does_not_count(lines: str, warning: str) -> None:
    """The post is published all the same."""
    said = fields(lines)

    assert [warning] == warnings(said)
    assert ("", "", "", True, ()) == (
        said.language, said.canonical_url, said.permalink, said.in_digests, said.enclosures,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "permalink"),
    [
        ("permalink: /about/", "/about/"),
        ("url: https://example.org/{year}/{slug}/", "https://example.org/{year}/{slug}/"),
        ("permalink: /:year/:month/:day/:title.html", "/:year/:month/:day/:title.html"),
        ("path: 2025/01/30/x", "2025/01/30/x"),
        ("permalink: pretty", ""),
    ],
)
def test_a_permalink_stays_as_given(lines: str, permalink: str) -> None:
    """With placeholders of ours or Jekyll's; the name of one of Jekyll's styles says nothing."""
    assert permalink == fields(lines).permalink


def test_the_other_fields_are_taken_as_they_stand() -> None:
    """Title, id, slug, summary, canonical URL and `digest: false`."""
    said = fields(
        "title: AT&amp;T\nguid: abc\nslug: /my_slug/\ndescription: See [x](y).\n"
        "canonical_url: https://example.org/x\ndigest: false"
    )

    assert ("AT&T", "abc", "my_slug", "See x.") == (said.title, said.id, said.slug, said.summary)
    assert "https://example.org/x" == said.canonical_url
    assert not said.in_digests
    assert () == said.problems


def test_summary_wins_over_description_and_excerpt() -> None:
    """In this order, whatever the order in the file."""
    assert "s" == fields("excerpt: e\ndescription: d\nsummary: s").summary


@pytest.mark.parametrize(
    ("lines", "image"),
    [
        ("image: cat.png\nimage_alt: A cat", Image("cat.png", "A cat")),
        ("image: true\ncover: {src: cat.png, caption: Cat}", Image("cat.png", "Cat")),
        ("resources: [{name: cover, src: cat.png}]", Image("cat.png")),
        ("header-img: cat.png", None),
        ("image: ''", None),
    ],
)
def test_a_picture_has_many_names(lines: str, image: Image | None) -> None:
    """The first key that names one counts."""
    assert image == fields(lines).image


def test_an_enclosure_named_twice_is_one() -> None:
    """`enclosure` and `enclosures` add up; a duration beside a single one belongs to it."""
    said = fields("enclosure: a.mp3\nenclosures: [a.mp3]\nduration: 1:00")

    assert (Enclosure("a.mp3", duration=60),) == said.enclosures


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("id: 3494\nguid: http://example.org/?p=3494", "http://example.org/?p=3494"),
        ("guid: urn:uuid:1225c695-cfb8\nid: '7'", "urn:uuid:1225c695-cfb8"),
        ("id: 12\nguid: tag:example.org,2010:12", "tag:example.org,2010:12"),
        ("id: my-post\nguid: http://example.org/?p=1", "my-post"),
        ("id: 12\nguid: 13", "12"),
        ("id: 12\nguid: 'a b: c'", "12"),
        ("guid: 13", "13"),
        ("wordpress_id: 12", ""),
        ("post_id: 12\nblogger_id: abc", ""),
    ],
)
def test_a_whole_uri_wins_over_a_number(lines: str, expected: str) -> None:
    """WordPress's exporters write the number of the database row beside the guid of the feed."""
    said = fields(lines)

    assert expected == said.id
    assert not said.problems


@pytest.mark.parametrize(
    ("permalink", "kept"),
    [("/?p=2391", ""), ("?page_id=7", ""), ("index.php?p=12", ""), ("/#about", "")],
)
def test_a_question_to_a_server_is_no_permalink(permalink: str, kept: str) -> None:
    """No file can be there: the post has its usual address, and the line is named."""
    said = fields(f"permalink: '{permalink}'")

    assert kept == said.permalink
    (problem,) = said.problems
    assert problem.line == 3
    assert permalink in problem.message


def test_what_a_file_cannot_be_at_is_told() -> None:
    """The path of the permalink counts all the same."""
    said = fields("permalink: /2012/hello/?lang=de")

    assert said.permalink == "/2012/hello/"
    assert '"?lang=de"' in said.problems[0].message


@pytest.mark.parametrize(
    ("date", "minutes"),
    [
        ("2024-01-01 00:30:00 +0900", 540),
        ("2024-01-01T00:30:00-03:30", -210),
        ("2024-01-01T00:30:00Z", 0),
        ("Mon, 01 Jan 2024 00:30:00 EST", -300),
        ("2024-01-01 00:30:00", None),
        ("2024-01-01", None),
        ("1704067200", None),
    ],
)
def test_the_zone_of_a_date_is_kept(date: str, minutes: int | None) -> None:
    """A date without one is in the zone of the site."""
    assert minutes == read(f"---\ndate: {date}\n---\n").offset
