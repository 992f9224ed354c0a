"""Values that are wrong together."""

import pytest

from feedpub.config.rules import find_cross_field_errors
from feedpub.config.schema import (
    Config,
    ContentConfig,
    DigestConfig,
    ExtraFeedConfig,
    FeedsConfig,
    MailConfig,
    OutputConfig,
    PagesConfig,
    RelayConfig,
    SiteConfig,
    SubscribersConfig,
)
from feedpub.models.content import Author

SITE = SiteConfig("Notes", "https://example.org/")
NEWS = Author("News", "news@example.org")


def folders(content: str, output: str, templates: str = "templates") -> Config:
    """Give a configuration with these folders."""
    return Config(
        SITE,
        ContentConfig(content),
        pages=PagesConfig(templates=templates),
        output=OutputConfig(output),
    )


def told(config: Config, path: str = "config.yaml") -> list[str]:
    """Give the faults, each as `key: message`."""
    return [f"{where}: {message}" for where, message in find_cross_field_errors(config, path)]


@pytest.mark.parametrize(
    ("content", "output"),
    [
        ("content", "public"),
        ("../content", "public"),
        ("content", "../public"),
        ("/srv/content", "/srv/content-public"),
        ("/srv/content", "public"),
        ("content", "/srv/www"),
    ],
)
def test_apart(content: str, output: str) -> None:
    """Folders beside each other are as they should be."""
    actual = told(folders(content, output))

    assert not actual


@pytest.mark.parametrize(
    ("content", "output", "path", "expected"),
    [
        ("site", "site", "config.yaml", "is also the content folder"),
        ("./site/", "x/../site", "config.yaml", "is also the content folder"),
        ("/srv/blog/site", "site", "/srv/blog/config.yaml", "is also the content folder"),
        ("content", "content/public", "config.yaml", "is inside the content folder"),
        (".", "public/", "config.yaml", "is inside the content folder"),
        ("/", "/srv", "config.yaml", "is inside the content folder"),
        ("..", "public", "blog/config.yaml", "is inside the content folder"),
        ("public/posts", "public", "config.yaml", "contains the content folder"),
        ("content", ".", "config.yaml", "contains the content folder"),
        ("content", "..", "config.yaml", "contains the content folder"),
        ("/srv/content", "/", "config.yaml", "contains the content folder"),
        ("a\\b", "a", "x\\config.yaml", "contains the content folder"),
    ],
)
def test_one_in_the_other(content: str, output: str, path: str, expected: str) -> None:
    """What is published is never read as content, nor content cleared away as output."""
    (actual,) = told(folders(content, output), path)

    assert expected in actual


def test_the_key_that_was_written() -> None:
    """The fault is told of the key that somebody wrote."""
    assert told(folders(".", "public"))[0].startswith("content.folder: the output folder")
    assert told(folders("content", "."))[0].startswith("output.folder: the output folder")


def test_the_templates_that_were_named() -> None:
    """The fault is told of the templates where the output folder is the usual one."""
    (actual,) = told(folders("content", "public", "public/looks"))

    assert actual.startswith('pages.templates: the output folder "public" contains the templates')


@pytest.mark.parametrize("templates", ["www", "www/templates"])
def test_templates_in_the_output(templates: str) -> None:
    """Templates are not cleared away as output either."""
    (actual,) = told(folders("content", "www", templates))

    assert "contains the templates" in actual


def test_feeds_in_no_format() -> None:
    """At least one format is named."""
    expected = ["feeds.formats: is empty; use rss, atom or json"]

    assert expected == told(Config(SITE, feeds=FeedsConfig(formats=())))


def test_extra_feeds() -> None:
    """Extra feeds have folders of their own, and something that chooses their posts."""
    extra = (
        ExtraFeedConfig("By Ann", tags=("x",)),
        ExtraFeedConfig("by-ann", authors=("Ann",)),
        ExtraFeedConfig("a"),
    )
    expected = [
        'feeds.extra[2].name: "by-ann" and "By Ann" would share a folder; rename one',
        'feeds.extra[3].name: "a" selects no tags, authors or languages',
    ]

    assert expected == told(Config(SITE, feeds=FeedsConfig(extra=extra)))


def test_digests_apart() -> None:
    """Digests have addresses of their own, and can go out."""
    digests = (
        DigestConfig("Weekly News"),
        DigestConfig("weekly-news", min_posts=9, max_posts=3),
        DigestConfig("c", max_posts=0),
    )
    expected = [
        'digests[2].name: "weekly-news" and "Weekly News" would share a URL; rename one',
        "digests[2].min_posts: min_posts 9 exceeds max_posts 3; nothing would be sent",
        "digests[3].max_posts: min_posts 1 exceeds max_posts 0; nothing would be sent",
    ]

    assert expected == told(Config(SITE, digests=digests, mail=MailConfig(sender=NEWS)))


def test_digests_that_were_called_otherwise() -> None:
    """One goes on where another was: not where a digest still is, nor two of them."""
    digests = (
        DigestConfig("a", was="b"),
        DigestConfig("b"),
        DigestConfig("c", was="old"),
        DigestConfig("d", was="old"),
    )
    expected = [
        'digests[1].was: "b" is the name of a current digest; use a former name',
        'digests[4].was: another digest has the former name "old"; remove one',
    ]

    assert expected == told(Config(SITE, digests=digests, mail=MailConfig(sender=NEWS)))


def test_servers_for_smtp() -> None:
    """SMTP needs a server to talk to."""
    (actual,) = told(Config(SITE, mail=MailConfig("smtp")))

    assert actual.startswith('mail.transport: "smtp" needs a relay')
    assert not told(
        Config(SITE, mail=MailConfig("smtp", relays=(RelayConfig("mail.example.org"),)))
    )


def test_somebody_to_be_from() -> None:
    """A digest is from somebody with an address: the sender, else the site's author."""
    digests = (DigestConfig("weekly"),)
    nobody = "digests: no sender address; set mail.sender.email or site.author.email"
    nameless = MailConfig(sender=Author("News"))
    written = Config(SiteConfig("Notes", "https://example.org/", author=NEWS), digests=digests)

    assert [nobody] == told(Config(SITE, digests=digests))
    assert ["mail.sender: News has no `email`"] == told(
        Config(SITE, digests=digests, mail=nameless)
    )
    assert not told(written)
    assert not told(Config(SITE, mail=nameless))


@pytest.mark.parametrize(
    ("mail", "content", "expected"),
    [
        (MailConfig(folder="public/mail"), "content", "mail.folder: the messages in"),
        (MailConfig(folder="public"), "content", 'published with the output folder "public"'),
        (MailConfig(), "content", ""),
        (
            MailConfig("maildir"),
            "mail",
            'digests: the messages in "mail" would be published with the co',
        ),
        (MailConfig("smtp", "public", relays=(RelayConfig("m"),)), "content", ""),
    ],
)
def test_messages_are_private(mail: MailConfig, content: str, expected: str) -> None:
    """Messages are not written where they would be published."""
    author = SiteConfig("Notes", "https://example.org/", author=NEWS)
    actual = told(
        Config(author, ContentConfig(content), digests=(DigestConfig("weekly"),), mail=mail)
    )

    assert expected in "".join(actual)
    assert bool(expected) == bool(actual)


def test_nobody_signs_up_for_nothing() -> None:
    """A form is for a newsletter."""
    config = Config(SITE, subscribers=SubscribersConfig(form=True))

    assert ["subscribers.form: no digest to sign up for; add `digests:`"] == told(config)
