"""The configuration as it is read, and every fault in it."""

import pytest

from feedpub.config.load import parse_config
from feedpub.config.schema import (
    Config,
    ContentConfig,
    ExtraFeedConfig,
    FeedsConfig,
    MarkdownConfig,
    OutputConfig,
    PagesConfig,
    PodcastConfig,
    SiteConfig,
)
from feedpub.errors import ConfigError
from feedpub.models.content import Author

SITE = 'site: {title: Notes, url: "https://example.org/"}\n'
NOTES = SiteConfig("Notes", "https://example.org/")


def told(text: str, path: str = "config.yaml") -> list[str]:
    """Give the faults of a configuration, each as `line: message`."""
    with pytest.raises(ConfigError) as caught:
        parse_config(text, path, {})
    return [f"{problem.line}: {problem.message}" for problem in caught.value.problems]


def test_only_title_and_url() -> None:
    """Title and URL are enough."""
    assert Config(NOTES) == parse_config(SITE, "config.yaml", {})


def test_byte_order_mark() -> None:
    """A byte order mark is no part of the first key."""
    assert Config(NOTES) == parse_config("\ufeff" + SITE, "config.yaml", {})


def test_everything() -> None:
    """Every key can be written."""
    expected = Config(
        SiteConfig(
            title="2024",
            url="https://example.org/blog/",
            description="On & on",
            language="no",
            timezone="Europe/Oslo",
            author=Author("Ann", "ann@example.org", "https://ann.example/", "Writes."),
            authority="ann@example.org",
            logo="logo.png",
            icon="https://cdn.example/icon.png",
            rights="© 2024",
            accent="#a00",
        ),
        ContentConfig("posts", "{year}/{slug}/", ("drafts/", "*.bak"), "space"),
        (("ann", Author("Ann")), ("bob", Author("Bob B.", url="https://bob.example/"))),
        MarkdownConfig("comrak", ("admonition",)),
        FeedsConfig(
            formats=("json",),
            kinds=("site", "languages"),
            limit=0,
            content="summary",
            min_posts=3,
            archive=True,
            hubs=("https://hub.example/",),
            extra=(ExtraFeedConfig("python-by-ann", "", ("python",), ("Ann",), ("en",)),),
            podcast=PodcastConfig(
                "Arts > Books",
                "cover.jpg",
                "Ann",
                Author("Ann"),
                summary="S",
                type="serial",
                explicit=True,
            ),
        ),
        PagesConfig(per_page=5, templates="looks"),
        OutputConfig("/srv/www"),
    )
    actual = parse_config(
        """
site:
  title: 2024
  url: https://example.org/blog
  description: On & on
  language: no
  timezone: Europe/Oslo
  author: {name: Ann, email: ann@example.org, url: https://ann.example, bio: Writes.}
  authority: ann@example.org
  logo: logo.png
  icon: https://cdn.example/icon.png
  rights: © 2024
  accent: "#a00"
content:
  folder: posts/
  permalink: "/{year}/{slug}/"
  ignore: [drafts/, "*.bak"]
  tags_split: space
authors: {ann: Ann, bob: {name: Bob B., url: https://bob.example}}
markdown: {engine: comrak, extensions: admonition}
feeds:
  formats: [json]
  kinds: [site, languages]
  limit: 0
  content: summary
  min_posts: 3
  archive: yes
  hub: https://hub.example
  extra:
    - {name: python-by-ann, tags: [python], authors: [Ann], languages: en}
  podcast:
    {category: Arts > Books, image: cover.jpg, author: Ann, owner: Ann, explicit: true, summary: S,
     type: serial}
pages: {per_page: 5, templates: looks}
output: {folder: /srv/www}
""",
        "config.yaml",
        {},
    )

    assert expected == actual


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pages: false", Config(NOTES, pages=PagesConfig(enabled=False))),
        ("pages: true", Config(NOTES)),
        ("pages:", Config(NOTES)),
        ("feeds: {podcast: , limit: , extra: }", Config(NOTES)),
        ("authors:", Config(NOTES)),
        ("authors: {ann: }", Config(NOTES, authors=(("ann", Author("ann")),))),
        ("authors: {ann: {bio: B}}", Config(NOTES, authors=(("ann", Author("ann", bio="B")),))),
        ("content: {ignore: a}", Config(NOTES, ContentConfig(ignore=("a",)))),
        ("markdown: &none\noutput: *none", Config(NOTES)),
    ],
)
def test_short_forms(text: str, expected: Config) -> None:
    """A plain value can stand for a section or a list, and nothing at all for the default."""
    actual = parse_config(SITE + text, "config.yaml", {})

    assert expected == actual


def test_environment() -> None:
    """`${NAME}` is taken from the environment, in text, lists and numbers."""
    text = "site: {title: '$${x}', url: 'https://${HOST}/'}\nfeeds: {limit: '${LIMIT}'}"
    actual = parse_config(text, "config.yaml", {"HOST": "example.org", "LIMIT": "5"})

    assert Config(SiteConfig("${x}", "https://example.org/"), feeds=FeedsConfig(limit=5)) == actual


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sites: {}", '2: unknown key "sites"; did you mean "site"?'),
        ("title: x", '2: unknown key "title"; it belongs in "site"'),
        ("xyzzy: x", '2: unknown key "xyzzy"'),
        ("feeds: {limt: 1}", '2: unknown key "limt" in "feeds"; did you mean "limit"?'),
        (
            "content:\n  language: en",
            '3: unknown key "language" in "content"; it belongs in "site"',
        ),
        (
            "authors: {ann: {nmae: A}}",
            '2: unknown key "nmae" in "authors.ann"; did you mean "name"?',
        ),
        ("authors: {ann: {slug: a}}", '2: unknown key "slug" in "authors.ann"'),
        (
            "feeds:\n  hub: https://a.example/\n  hubs: []",
            '4: "hubs" is the same key as "hub", already set',
        ),
        ("feeds: [rss]", "2: feeds: expected keys and values, got a list"),
        ("feeds: rss", '2: feeds: expected keys and values, got the text "rss"'),
        ("feeds: {limit: many}", '2: feeds.limit: expected a whole number, got the text "many"'),
        ("feeds: {limit: '5'}", '2: feeds.limit: expected a whole number, got the text "5"'),
        ("feeds: {limit: 1.5}", "2: feeds.limit: expected a whole number, got 1.5"),
        ("feeds: {limit: 1:30}", "2: feeds.limit: expected a whole number, got 1:30"),
        ("feeds: {limit: -1}", "2: feeds.limit: -1 is below the minimum of 0"),
        ("feeds: {limit: [1]}", "2: feeds.limit: expected a whole number, got a list"),
        ("feeds: {archive: 1}", "2: feeds.archive: expected true or false, got 1"),
        ("feeds: {formats: {rss: 1}}", "2: feeds.formats: expected a list, got keys and values"),
        ("feeds: {formats: [rss, rss]}", '2: feeds.formats: "rss" is listed twice'),
        ("feeds: {formats: [~]}", "2: feeds.formats: expected text, got nothing"),
        ("feeds: {formats: [rss, atm]}", '2: feeds.formats: "atm" is not one of rss, atom, json'),
        ("feeds: {formats: []}", "2: feeds.formats: is empty; use rss, atom or json"),
        (
            "content:\n  folder: .",
            '3: content.folder: the output folder "public" is inside the content folder "."',
        ),
        ("feeds: {extra: x}", '2: feeds.extra: expected a list, got the text "x"'),
        ("feeds: {extra: [x]}", '2: feeds.extra[1]: expected keys and values, got the text "x"'),
        (
            "feeds:\n  extra:\n    - tags: [x]",
            "4: feeds.extra[1].name: required key is missing (folder below feeds/)",
        ),
        ("authors: [ann]", "2: authors: expected keys and values, got a list"),
        ("authors: {ann: [x]}", "2: authors.ann: expected keys and values, got a list"),
        ("authors: {ann: {email: x}}", '2: authors.ann.email: "x" is not an e-mail address'),
        ("authors: {ann: !!binary x}", "2: authors.ann: expected text, got binary x"),
        ("pages: maybe", '2: pages: expected true or false, got the text "maybe"'),
        ("output: {folder: ''}", '2: output.folder: "" is empty; use "." for the folder'),
        ("output:\n  folder: ${NONE}x", '3: "NONE" is not set in the environment'),
        ("output:\n  folder: ${no name}", '3: "${no name}" is not a variable'),
        ("site: {}", '2: duplicate key "site", first on line 1'),
    ],
)
def test_faults(text: str, expected: str) -> None:
    """A fault is told with its line, its key, what was expected and what was got."""
    (actual,) = told(SITE + text)

    assert actual.startswith(expected)


def test_nothing_written() -> None:
    """What is missing from an empty configuration is told."""
    expected = [
        "1: site.title: required key is missing (title of the site)",
        "1: site.url: required key is missing (base URL, ending in /)",
    ]

    assert expected == told("")
    assert expected == told("site:")
    assert expected == told("site: {title: , url: ~}")


def test_no_mapping() -> None:
    """A configuration is keys and values."""
    expected = "1: expected keys and values, got "

    assert [f"{expected}a list"] == told("[site]")
    assert [f'{expected}the text "site"'] == told("site")


def test_all_faults_in_one_run() -> None:
    """Every fault is told, by line."""
    expected = ["1", "2", "3", "4", "5"]
    faults = told("feeds: {limit: x}\nsite:\n  url: x\n  langauge: en\npages: {per_page: 0}\n")

    assert expected == [line.partition(":")[0] for line in faults]


def test_broken_yaml_is_told_alone() -> None:
    """Where YAML itself breaks off, nothing is said of keys that may well be there."""
    (actual,) = told("pages: {\n" + SITE)

    assert "not YAML" in actual


def test_what_the_message_calls_the_file() -> None:
    """A fault has the form `path:line: message`."""
    with pytest.raises(ConfigError, match=r"^sub/c\.yaml:1: expected keys and values"):
        parse_config("- x", "sub/c.yaml", {})


def test_who_sends_nothing_needs_no_secrets() -> None:
    """To publish takes neither the password of a mail server nor what hooks are signed with."""
    text = (
        f"{SITE}mail: {{transport: smtp, relays: [{{host: h, username: '${{U}}', "
        "password: '${P}'}]}\nhooks: {secret: '${S}'}\nsubscribers: {database: '${D}'}\n"
    )
    with pytest.raises(ConfigError) as all_:
        parse_config(text, "c.yaml", {})
    with pytest.raises(ConfigError) as one:
        parse_config(text, "c.yaml", {}, sends=False)
    config = parse_config(text, "c.yaml", {"D": "sqlite:///x"}, sends=False)

    assert ["P", "U", "S", "D"] == [each.message.split('"')[1] for each in all_.value.problems]
    assert ['"D" is not set in the environment'] == [each.message for each in one.value.problems]
    assert ("", "") == (config.mail.relays[0].username, config.mail.relays[0].password)
