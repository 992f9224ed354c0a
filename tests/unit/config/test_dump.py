"""The configuration as YAML, explained."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from feedpub.config.dump import dump_config
from feedpub.config.introspect import iter_fields
from feedpub.config.load import parse_config
from feedpub.config.schema import (
    EXTERNAL_FIELDS,
    Config,
    ContentConfig,
    DigestConfig,
    DkimConfig,
    ExtraFeedConfig,
    FeedsConfig,
    HooksConfig,
    MailConfig,
    MarkdownConfig,
    OutputConfig,
    PagesConfig,
    PodcastConfig,
    RelayConfig,
    SiteConfig,
    SubscribersConfig,
    WebhooksConfig,
)
from feedpub.models.content import Author

LETTERS = st.characters(exclude_categories=["Cc", "Cs", "Cn"], include_characters="\t\n")
TEXT = st.one_of(
    st.text(LETTERS, max_size=20).map(str.strip),
    st.sampled_from(["~", "null", "no", "1.0", "${X}", "$${", "a: b", "#a", "- x", "*a", "'", '"']),
)
NAME = TEXT.filter(bool)
URL = st.sampled_from(["https://example.org/", "http://localhost:8000/a%20b/"])
REFERENCE = st.sampled_from(["", "logo.png", "https://cdn.example/x.png"])
LANGUAGE = st.sampled_from(["en", "no", "zh-Hant", "ar"])


def some(values: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, ...]]:
    """Give a few different values."""
    return st.lists(values, max_size=3, unique=True).map(tuple)


AUTHOR = st.builds(
    Author,
    NAME,
    st.sampled_from(["", "ann@example.org"]),
    st.one_of(st.just(""), URL),
    TEXT,
)
SITE = st.builds(
    SiteConfig,
    title=NAME,
    url=URL,
    description=TEXT,
    language=LANGUAGE,
    timezone=st.sampled_from(["UTC", "Europe/Berlin"]),
    author=st.none() | AUTHOR,
    authority=st.sampled_from(["", "example.org"]),
    logo=REFERENCE,
    icon=REFERENCE,
    rights=TEXT,
    accent=st.sampled_from(["#1a5fb4", "#abc"]),
)
CONTENT = st.builds(
    ContentConfig,
    folder=st.sampled_from(["content", "../posts", "/srv/posts"]),
    permalink=st.sampled_from(["{slug}/", "https://their.site/{year}/{path}"]),
    ignore=some(NAME),
    tags_split=st.sampled_from(["comma", "space"]),
)
EXTRA = st.builds(
    ExtraFeedConfig,
    st.sampled_from(["one", "two", "第三"]),
    TEXT,
    some(NAME).filter(bool),
    some(NAME),
    some(LANGUAGE),
)
PODCAST = st.builds(
    PodcastConfig,
    NAME,
    st.just("cover.jpg"),
    TEXT,
    st.none() | AUTHOR,
    st.booleans(),
    TEXT,
    st.sampled_from(["episodic", "serial"]),
)
FEEDS = st.builds(
    FeedsConfig,
    formats=some(st.sampled_from(["rss", "atom", "json"])).filter(bool),
    kinds=some(st.sampled_from(["site", "tags", "authors", "languages", "categories"])),
    limit=st.integers(0, 10**9 - 1),
    content=st.sampled_from(["full", "summary"]),
    min_posts=st.integers(1, 99),
    archive=st.booleans(),
    hubs=some(URL),
    extra=st.lists(EXTRA, max_size=3, unique_by=lambda each: each.name).map(tuple),
    podcast=st.none() | PODCAST,
)
DIGEST = st.builds(
    DigestConfig,
    name=st.sampled_from(["weekly", "daily", "每周"]),
    title=TEXT,
    schedule=st.sampled_from(["daily 08:00", "each post", "0 8 * * 1"]),
    timezone=st.sampled_from(["", "Europe/Berlin"]),
    tags=some(NAME),
    languages=some(LANGUAGE),
    content=st.sampled_from(["excerpts", "full"]),
    subject=TEXT,
    intro=TEXT,
)
RELAY = st.builds(
    RelayConfig,
    host=NAME,
    port=st.integers(1, 65_535),
    security=st.sampled_from(["starttls", "tls", "none"]),
    username=st.sampled_from(["", "ann"]),
    password=st.sampled_from(["", "hush"]),
)
MAIL = st.builds(
    MailConfig,
    transport=st.sampled_from(["folder", "maildir"]),
    sender=st.builds(Author, NAME, st.just("news@example.org")),
    reply_to=st.sampled_from(["", "ann@example.org"]),
    address=TEXT,
    relays=st.lists(RELAY, max_size=2, unique=True).map(tuple),
    dkim=st.lists(st.builds(DkimConfig, NAME, NAME, NAME), max_size=2, unique=True).map(tuple),
    on_doubt=st.sampled_from(["hold", "resend"]),
    webhooks=st.builds(WebhooksConfig, TEXT, st.sampled_from(["", "hush"]), st.just(""), TEXT),
)
HOOKS = st.builds(
    HooksConfig,
    some(st.sampled_from(["bin/tell 'a b'", "https://hooks.example/"])),
    some(st.just("true")),
    st.sampled_from(["", "hush"]),
)
CONFIG = st.builds(
    Config,
    site=SITE,
    content=CONTENT,
    authors=st.lists(st.tuples(NAME, AUTHOR), max_size=3, unique_by=lambda each: each[0]).map(
        tuple
    ),
    markdown=st.builds(MarkdownConfig, st.sampled_from(["markdown", "comrak"]), some(NAME)),
    feeds=FEEDS,
    pages=st.builds(PagesConfig, st.booleans(), st.integers(1, 99), st.just("looks")),
    output=st.builds(OutputConfig, st.just("www")),
    digests=st.lists(DIGEST, max_size=2, unique_by=lambda each: each.name).map(tuple),
    mail=MAIL,
    subscribers=st.builds(
        SubscribersConfig, st.sampled_from(["", "postgresql://db/x"]), st.booleans()
    ),
    hooks=HOOKS,
)
ENVIRON = {
    "SMTP_USER": "ann",
    "SMTP_PASSWORD": "hush",
    "DATABASE_URL": "postgresql://db/x",
    "POSTMARK_SECRET": "hush",
    "HOOK_SECRET": "hush",
}


@given(CONFIG)
@settings(max_examples=50, deadline=None)  # it is long, and so is reading it
def test_read_back(config: Config) -> None:
    """What is printed is read back as the same configuration, and tells no secret."""
    text = dump_config(config)

    assert config == parse_config(text, "config.yaml", ENVIRON)
    assert "hush" not in text


def test_every_key_with_its_meaning() -> None:
    """Every key is printed, in order, each section and key with what it means above it."""
    lines = dump_config(Config(SiteConfig("Notes", "https://example.org/"))).splitlines()

    for section in iter_fields(Config):
        empty = {"authors": " {}", "digests": " []"}.get(section.name, "")
        at = lines.index(f"{section.name}:{empty}")
        assert re.fullmatch(r"# [A-Z].*\.", lines[at - 1])
        inside = lines[at + 1 : [*lines[at:], ""].index("") + at]
        for entry in iter_fields(section.value_type):
            place = next(i for i, line in enumerate(inside) if f" {entry.name}:" in line)
            assert empty or f"  # {entry.field.help}" == inside[place - 1]


def test_sections_that_are_not_there() -> None:
    """A section that is not there is shown as a comment, ready to be used."""
    text = dump_config(Config(SiteConfig("Notes", "https://example.org/")))

    assert "\n  # author:\n  #   name:  # displayed name\n  #   email: ''\n" in text
    assert "\n  extra: []\n  #   - name:  # folder below feeds/\n  #     title: ''" in text
    assert "\nauthors: {}\n#   key:\n#     name:  # displayed name\n" in text
    assert "  #   explicit: false  # has explicit content\n" in text


SECRETS = """
site: {title: Notes, url: "https://example.org/", author: {name: Ann, email: ann@example.org}}
mail:
  relays:
    - {host: one, username: ann, password: "${RELAY_KEY}"}
    - {host: two, username: "${WHO}", password: hush}
subscribers: {database: "postgresql://ann:${RELAY_KEY}@db/x"}
"""


def test_what_is_secret() -> None:
    """What a variable stood for is never shown, nor a password that is in the file itself."""
    config = parse_config(SECRETS, "config.yaml", {"RELAY_KEY": "secret1", "WHO": "secret2"})
    text = dump_config(config)

    assert ("ann", "secret1") == (config.mail.relays[0].username, config.mail.relays[0].password)
    assert ("secret2", "hush") == (config.mail.relays[1].username, config.mail.relays[1].password)
    assert "postgresql://ann:secret1@db/x" == config.subscribers.database
    for shown in (text, repr(config)):
        assert not any(secret in shown for secret in ("secret1", "secret2", "hush"))
    assert "      password: '${RELAY_KEY}'\n" in text
    assert "      username: '${WHO}'\n      password: '${SMTP_PASSWORD}'\n" in text
    assert "  database: 'postgresql://ann:${RELAY_KEY}@db/x'\n" in text


def test_keys_of_people_are_those_of_the_model() -> None:
    """What is said of a person's keys is said of keys that there are."""
    assert {"name", "email", "url", "bio"} == {entry.name for entry in iter_fields(Author)}
    assert set(EXTERNAL_FIELDS) == {Author}
