"""The schema of `config.yaml`: frozen dataclasses with defaults, help and validators.

`feedpub config` prints the first line of each top-level section's docstring and the help of
each key; `load` applies the validators. To add a key or a section, add it here: reading,
messages and printing follow from the types.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from feedpub.config import urls, validators
from feedpub.config.fields import Field
from feedpub.models.content import Author


@dataclass(frozen=True, slots=True)
class SiteConfig:
    """The site itself; only title and url are required."""

    title: Annotated[str, Field("what the site is called", validators.validate_nonempty)]
    url: Annotated[str, Field("its address, which ends in /", urls.normalize_site_url)]
    description: Annotated[str, Field("one sentence on what it is about")] = ""
    language: Annotated[
        str,
        Field(
            'the language of posts that name none, as in BCP 47: "en", "zh-Hant"',
            validators.validate_language,
        ),
    ] = "en"
    languages: Annotated[
        tuple[str, ...],
        Field(
            "others that posts are in, so that names such as hello.fr.md say one",
            validators.validate_language,
        ),
    ] = ()
    timezone: Annotated[
        str,
        Field(
            "IANA name; for dates without a zone, and for dates as shown",
            validators.validate_timezone,
        ),
    ] = "UTC"
    author: Annotated[Author | None, Field("for posts that name nobody; a name alone will do")] = (
        None
    )
    authority: Annotated[
        str,
        Field(
            "the host or address that posts' ids begin with (RFC 4151); url's host if empty",
            urls.validate_authority,
        ),
    ] = ""
    logo: Annotated[
        str,
        Field("a wide picture: a file of the content folder, or a URL", urls.normalize_reference),
    ] = ""
    icon: Annotated[
        str,
        Field(
            "a square picture: a file of the content folder, or a URL",
            urls.normalize_reference,
        ),
    ] = ""
    rights: Annotated[str, Field('who may do what: "© 2025 Ann, CC BY 4.0"')] = ""
    accent: Annotated[
        str, Field("the one colour of pages and mails, in quotes", validators.validate_colour)
    ] = "#1a5fb4"


@dataclass(frozen=True, slots=True)
class ContentConfig:
    """Where posts come from and where they go."""

    folder: Annotated[
        str, Field("below the folder of this file, or absolute", validators.normalize_folder)
    ] = "content"
    permalink: Annotated[
        str,
        Field(
            "of {year} {month} {day} {slug} {path} {name} {title} {categories} {section}, a style "
            "of Jekyll's (date, pretty, ordinal, none), or a whole URL",
            validators.validate_permalink,
        ),
    ] = "posts/{slug}/"
    ignore: Annotated[
        tuple[str, ...],
        Field(
            'files that are no posts, as in .gitignore: "drafts/", "*.bak.md"',
            validators.validate_nonempty,
        ),
    ] = ()
    tags_split: Annotated[
        str,
        Field(
            "how tags written as one text are divided: comma or space",
            validators.one_of("comma", "space"),
        ),
    ] = "comma"
    languages: Annotated[
        str,
        Field(
            "what says a post's language besides its front matter: names (hello.fr.md), folders "
            "(fr/hello.md and names) or none",
            validators.one_of("names", "folders", "none"),
        ),
    ] = "names"
    translations: Annotated[
        str,
        Field(
            "the address of a post in another language than the site's",
            validators.validate_translations,
        ),
    ] = "{language}/{permalink}"
    largest: Annotated[int, Field("octets of a post; a larger one is left out", minimum=1)] = (
        1_000_000
    )
    publish: Annotated[
        tuple[str, ...],
        Field(
            'files of any kind to publish as they are, as in .gitignore: "*.ipynb"',
            validators.validate_nonempty,
        ),
    ] = ()
    follow_links: Annotated[
        bool, Field("publish what symbolic links lead to outside the folder")
    ] = False
    inline_tags: Annotated[
        bool, Field("#tags in the text of posts whose front matter has none count, as in Obsidian")
    ] = True
    pages: Annotated[
        tuple[str, ...],
        Field(
            'files that are pages and no posts: "about.md", "pages/**"',
            validators.validate_nonempty,
        ),
    ] = ()
    page_permalink: Annotated[
        str,
        Field("the permalink of pages; {path} is with their slug", validators.validate_permalink),
    ] = "{path}/"


@dataclass(frozen=True, slots=True)
class MarkdownConfig:
    """How Markdown is read."""

    engine: Annotated[
        str, Field("markdown, or comrak (faster)", validators.one_of("markdown", "comrak"))
    ] = "markdown"
    extensions: Annotated[
        tuple[str, ...],
        Field("more of Python-Markdown's extensions, by name", validators.validate_nonempty),
    ] = ()
    dialect: Annotated[
        str,
        Field(
            "commonmark, or python-markdown for posts written for MkDocs or Pelican",
            validators.one_of("commonmark", "python-markdown"),
        ),
    ] = "commonmark"
    math: Annotated[
        str,
        Field(
            "tex: as written, for a script of the theme; or mathml: set on pages",
            validators.one_of("tex", "mathml"),
        ),
    ] = "tex"


@dataclass(frozen=True, slots=True)
class ExtraFeedConfig:
    """A feed of posts selected by tag, author and language."""

    name: Annotated[str, Field("its folder below feeds/", validators.validate_nonempty)]
    title: Annotated[str, Field("what people see; made of the name if empty")] = ""
    tags: Annotated[tuple[str, ...], Field("any of these", validators.validate_nonempty)] = ()
    authors: Annotated[tuple[str, ...], Field("any of these", validators.validate_nonempty)] = ()
    languages: Annotated[tuple[str, ...], Field("any of these", validators.validate_language)] = ()


@dataclass(frozen=True, slots=True)
class PodcastConfig:
    """What podcast directories ask for; feeds with audio carry it."""

    category: Annotated[str, Field('"Technology", or "Arts > Books"', validators.validate_nonempty)]
    image: Annotated[
        str, Field("square, 1400 to 3000 pixels; a file or a URL", urls.normalize_reference)
    ]
    author: Annotated[str, Field("who speaks")] = ""
    owner: Annotated[Author | None, Field("whom directories write to")] = None
    explicit: Annotated[bool, Field("whether it is for adults only")] = False
    summary: Annotated[str, Field("a few sentences")] = ""
    type: Annotated[
        str, Field("episodic, or serial (oldest first)", validators.one_of("episodic", "serial"))
    ] = "episodic"


@dataclass(frozen=True, slots=True)
class FeedsConfig:
    """Which feeds there are and what is in them."""

    formats: Annotated[
        tuple[str, ...], Field("of rss, atom, json", validators.one_of("rss", "atom", "json"))
    ] = ("rss", "atom", "json")
    kinds: Annotated[
        tuple[str, ...],
        Field(
            "of site, tags, authors, languages, categories",
            validators.one_of("site", "tags", "authors", "languages", "categories"),
        ),
    ] = ("site", "tags", "authors")
    limit: Annotated[int, Field("posts in a feed; 0 for all", minimum=0)] = 20
    content: Annotated[str, Field("full or summary", validators.one_of("full", "summary"))] = "full"
    min_posts: Annotated[
        int, Field("a tag, author, language or category with fewer gets no feed", minimum=1)
    ] = 1
    archive: Annotated[bool, Field("RFC 5005 archives of the site's Atom feed")] = False
    hubs: Annotated[
        tuple[str, ...],
        Field(
            "WebSub hubs that tell readers at once; `hub: URL` does too",
            urls.normalize_url,
            alias="hub",
        ),
    ] = ()
    extra: Annotated[tuple[ExtraFeedConfig, ...], Field("feeds of your own choice")] = ()
    podcast: Annotated[PodcastConfig | None, Field("what podcast directories ask for")] = None


@dataclass(frozen=True, slots=True)
class MenuItemConfig:
    """A link in the menu; a page's file alone will do."""

    page: Annotated[str, Field('a file of the content folder: "about.md"')] = ""
    url: Annotated[str, Field('or an address, of this site ("/talks/") or another')] = ""
    name: Annotated[str, Field("what people see; the page's title if empty")] = ""


@dataclass(frozen=True, slots=True)
class PagesConfig:
    """The pages; `pages: false` publishes feeds alone."""

    enabled: Annotated[bool, Field("false publishes feeds alone")] = True
    per_page: Annotated[int, Field("posts on one page of a list", minimum=1)] = 20
    templates: Annotated[
        str,
        Field(
            "a folder whose files win over the packaged templates, one by one",
            validators.normalize_folder,
        ),
    ] = "templates"
    menu: Annotated[
        tuple[MenuItemConfig, ...],
        Field("before the pages that say `menu:` themselves, in this order"),
    ] = ()
    redirects: Annotated[
        str,
        Field(
            "auto: old addresses lead to posts, those that posts were published at before too; "
            "given: only those that posts name; none",
            validators.one_of("auto", "given", "none"),
        ),
    ] = "auto"


@dataclass(frozen=True, slots=True)
class OutputConfig:
    """Where the site is written."""

    folder: Annotated[
        str, Field("below the folder of this file, or absolute", validators.normalize_folder)
    ] = "public"
    compress: Annotated[
        tuple[str, ...],
        Field(
            "of gzip, br: what lies beside each text for servers", validators.one_of("gzip", "br")
        ),
    ] = ()


@dataclass(frozen=True, slots=True)
class RelayConfig:
    """A mail server that takes our messages."""

    host: Annotated[str, Field("its name", validators.validate_nonempty)]
    port: Annotated[int, Field("587 for STARTTLS, 465 for TLS, 25 among friends", minimum=1)] = 587
    security: Annotated[
        str, Field("starttls, tls or none", validators.one_of("starttls", "tls", "none"))
    ] = "starttls"
    username: Annotated[
        str,
        Field('for logging in; "${SMTP_USER}" keeps it out of this file', env_variable="SMTP_USER"),
    ] = ""
    password: Annotated[
        str, Field('likewise: "${SMTP_PASSWORD}"', env_variable="SMTP_PASSWORD")
    ] = ""
    weight: Annotated[int, Field("its share of the messages among several", minimum=1)] = 1
    connections: Annotated[int, Field("how many at once", minimum=1)] = 4
    rate: Annotated[int, Field("messages a second; 0 for as fast as it takes them", minimum=0)] = 0


@dataclass(frozen=True, slots=True)
class DkimConfig:
    """How messages are signed (RFC 6376)."""

    domain: Annotated[str, Field("the signing domain", validators.validate_nonempty)]
    selector: Annotated[
        str, Field("names the key in the domain's DNS", validators.validate_nonempty)
    ]
    key: Annotated[
        str,
        Field("a file with the private key in PEM, RSA or Ed25519", validators.validate_nonempty),
    ]


@dataclass(frozen=True, slots=True)
class WebhooksConfig:
    """Credentials of the providers that report bounces and complaints to /hooks/...."""

    ses: Annotated[str, Field("the ARN of the SNS topic that Amazon SES tells them to")] = ""
    postmark: Annotated[
        str,
        Field(
            'its password (basic authentication), or the end of its URL: "${POSTMARK_SECRET}"',
            env_variable="POSTMARK_SECRET",
        ),
    ] = ""
    mailgun: Annotated[
        str,
        Field('the webhook signing key: "${MAILGUN_KEY}"', env_variable="MAILGUN_KEY"),
    ] = ""
    sendgrid: Annotated[str, Field("the verification key of the signed event webhook")] = ""


@dataclass(frozen=True, slots=True)
class MailConfig:
    """How messages leave."""

    transport: Annotated[
        str,
        Field(
            "folder (.eml files), maildir or smtp", validators.one_of("folder", "maildir", "smtp")
        ),
    ] = "folder"
    folder: Annotated[
        str,
        Field("where the transports folder and maildir put messages", validators.normalize_folder),
    ] = "mail"
    sender: Annotated[Author | None, Field("whom messages are from; site.author if not set")] = None
    reply_to: Annotated[
        str, Field("where answers go, if not to the sender", validators.validate_email)
    ] = ""
    address: Annotated[str, Field("your postal address, which the law of many places wants")] = ""
    bounces: Annotated[
        str,
        Field(
            "where undeliverable messages return; the address gets a +token",
            validators.validate_email,
        ),
    ] = ""
    unsubscribe: Annotated[
        str,
        Field(
            "an address that takes mail from people who leave, with a +token",
            validators.validate_email,
        ),
    ] = ""
    authserv_id: Annotated[
        str,
        Field(
            "what your mail server calls itself in Authentication-Results; who writes to "
            "unsubscribe without a +token leaves only where it says that the sender is genuine"
        ),
    ] = ""
    relays: Annotated[tuple[RelayConfig, ...], Field("the servers of the transport smtp")] = ()
    dkim: Annotated[tuple[DkimConfig, ...], Field("signatures, one for each key")] = ()
    on_doubt: Annotated[
        str,
        Field(
            "when a server never answered: hold (ask you, see `digest status`) or resend",
            validators.one_of("hold", "resend"),
        ),
    ] = "hold"
    mailbox: Annotated[
        str,
        Field(
            "where undeliverable messages arrive, which `feedpub run` reads: a Maildir, an mbox or "
            "imaps://user@host/INBOX"
        ),
    ] = ""
    soft_bounces: Annotated[
        int, Field("temporary failures in a row that count as a permanent one", minimum=1)
    ] = 5
    webhooks: Annotated[WebhooksConfig, Field("who may tell us of bounces and complaints")] = (
        WebhooksConfig()
    )


@dataclass(frozen=True, slots=True)
class DigestConfig:
    """A newsletter of new posts."""

    name: Annotated[str, Field("its name in commands and addresses", validators.validate_nonempty)]
    title: Annotated[str, Field("what readers see; the site's title if empty")] = ""
    was: Annotated[
        str,
        Field(
            "its name before it was renamed: it goes on where that one was",
            validators.validate_nonempty,
        ),
    ] = ""
    schedule: Annotated[
        str,
        Field(
            '"daily 08:00", "weekly mon 08:00", "monthly 1 08:00", "each post", or as in cron',
            validators.validate_schedule,
        ),
    ] = "weekly mon 08:00"
    timezone: Annotated[
        str, Field("IANA name; site.timezone if empty", validators.validate_timezone)
    ] = ""
    tags: Annotated[
        tuple[str, ...], Field("only posts with one of these", validators.validate_nonempty)
    ] = ()
    authors: Annotated[
        tuple[str, ...], Field("only posts by one of these", validators.validate_nonempty)
    ] = ()
    languages: Annotated[
        tuple[str, ...], Field("only posts in one of these", validators.validate_language)
    ] = ()
    min_posts: Annotated[int, Field("with fewer new posts nothing is sent yet", minimum=1)] = 1
    max_posts: Annotated[int, Field("more wait for the next issue", minimum=1)] = 50
    content: Annotated[str, Field("excerpts or full", validators.one_of("excerpts", "full"))] = (
        "excerpts"
    )
    subject: Annotated[str, Field("a template of posts, date, digest and site")] = (
        "{{ posts[0].title }}{% if posts|length > 1 %} +{{ posts|length - 1 }}{% endif %}"
    )
    preheader: Annotated[str, Field("likewise: what mail programs show beside the subject")] = (
        "{{ posts[1:4]|map(attribute='title')|join(' · ') }}"
    )
    intro: Annotated[str, Field("likewise: a few words before the posts, in Markdown")] = ""
    template: Annotated[
        str, Field("the template in templates/mail/, without .html", validators.validate_nonempty)
    ] = "digest"
    max_age: Annotated[int, Field("days; older posts are never mailed", minimum=1)] = 30


@dataclass(frozen=True, slots=True)
class SubscribersConfig:
    """Who is mailed."""

    database: Annotated[
        str,
        Field(
            'empty for a file in .feedpub/, or "postgresql://…"',
            env_variable="DATABASE_URL",
            needed_to_read=True,
        ),
    ] = ""
    double_opt_in: Annotated[bool, Field("people confirm by mail before anything is sent")] = True
    form: Annotated[
        bool, Field("people sign up on the site, which `feedpub run` must serve then")
    ] = False
    host: Annotated[
        str,
        Field(
            "where readers confirm, choose and leave, if not on the site's own host, on which lies "
            'what authors publish: "https://readers.example.org"',
            urls.normalize_readers_host,
        ),
    ] = ""
    origins: Annotated[
        tuple[str, ...],
        Field(
            'other sites whose forms may sign people up: "https://ann.example"',
            urls.normalize_origin,
        ),
    ] = ()


@dataclass(frozen=True, slots=True)
class HooksConfig:
    """Whom to tell: commands, run without a shell, and URLs; each gets JSON."""

    on_published: Annotated[
        tuple[str, ...],
        Field(
            'when feeds have changed: "bin/toot --public", "https://…"', validators.validate_hook
        ),
    ] = ()
    on_issue_sent: Annotated[
        tuple[str, ...], Field("when all of an issue has gone out", validators.validate_hook)
    ] = ()
    secret: Annotated[
        str,
        Field('what URLs are signed for with: "${HOOK_SECRET}"', env_variable="HOOK_SECRET"),
    ] = ""


@dataclass(frozen=True, slots=True)
class WebConfig:
    """How `feedpub run` serves the site, alone or behind nginx or Caddy; `web: false` does not."""

    enabled: Annotated[bool, Field("false: `feedpub run` publishes and mails alone")] = True
    host: Annotated[
        str,
        Field(
            'the address to listen at; "0.0.0.0" for all of this machine\'s',
            validators.validate_nonempty,
        ),
    ] = "127.0.0.1"
    port: Annotated[int, Field("likewise its port; 0 for any that is free", minimum=0)] = 8000
    proxies: Annotated[
        tuple[str, ...],
        Field(
            "whose X-Forwarded-For and -Proto are believed: addresses, networks; this machine's if "
            "not set",
            validators.validate_network,
        ),
    ] = ("127.0.0.1", "::1")
    limit: Annotated[
        int,
        Field(
            "requests a minute from one address, this machine's own aside; 0 for no limit",
            minimum=0,
        ),
    ] = 600
    policy: Annotated[
        str,
        Field("the Content-Security-Policy of the site's own pages; what is copied runs nothing"),
    ] = (
        "default-src 'self'; script-src 'none'; worker-src 'none'; img-src * data:; media-src *; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
    metrics: Annotated[
        bool, Field("figures for Prometheus at /metrics, which anybody can read then")
    ] = False


@dataclass(frozen=True, slots=True)
class RunConfig:
    """How `feedpub run` watches the folder."""

    events: Annotated[
        bool, Field("the kernel tells of changes; false for a network disk that never does")
    ] = True
    sweep: Annotated[
        int, Field("seconds between two looks at all files, for what nobody told of", minimum=1)
    ] = 60


@dataclass(frozen=True, slots=True)
class Config:
    """The whole of `config.yaml`."""

    site: Annotated[SiteConfig, Field()]
    content: Annotated[ContentConfig, Field()] = ContentConfig()
    authors: Annotated[
        tuple[tuple[str, Author], ...],
        Field("People, by the key that posts name them by; a name alone will do."),
    ] = ()
    markdown: Annotated[MarkdownConfig, Field()] = MarkdownConfig()
    feeds: Annotated[FeedsConfig, Field()] = FeedsConfig()
    pages: Annotated[PagesConfig, Field()] = PagesConfig()
    output: Annotated[OutputConfig, Field()] = OutputConfig()
    digests: Annotated[tuple[DigestConfig, ...], Field("Newsletters of new posts.")] = ()
    mail: Annotated[MailConfig, Field()] = MailConfig()
    subscribers: Annotated[SubscribersConfig, Field()] = SubscribersConfig()
    hooks: Annotated[HooksConfig, Field()] = HooksConfig()
    web: Annotated[WebConfig, Field()] = WebConfig()
    run: Annotated[RunConfig, Field()] = RunConfig()

    @property
    def readers_url(self) -> str:
        """The base URL of the subscriber pages: the site's, unless `subscribers.host` is set.

        With a separate host, the site's path is kept.
        """
        own = self.subscribers.host
        return own + urlsplit(self.site.url).path if own else self.site.url


EXTERNAL_FIELDS: Mapping[type, Mapping[str, Field]] = {
    Author: {
        "name": Field("as readers see it", validators.validate_nonempty),
        "email": Field("", validators.validate_email),
        "url": Field("a page about them", urls.normalize_url),
        "bio": Field("a sentence or two"),
    }
}
"""Fields of types declared elsewhere; a field that is not listed is not a configuration key."""

SHORTHAND_KEYS: Mapping[type, str] = {
    Author: "name",
    MenuItemConfig: "page",
    PagesConfig: "enabled",
    WebConfig: "enabled",
}
"""The key that a plain value sets when it is given in place of a section."""
