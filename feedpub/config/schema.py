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

    title: Annotated[str, Field("title of the site", validators.validate_nonempty)]
    url: Annotated[str, Field("base URL, ending in /", urls.normalize_site_url)]
    description: Annotated[str, Field("the site in one sentence")] = ""
    language: Annotated[
        str,
        Field(
            'default language of posts, as a BCP 47 tag: "en", "zh-Hant"',
            validators.validate_language,
        ),
    ] = "en"
    languages: Annotated[
        tuple[str, ...],
        Field(
            "other languages of posts, for file names such as hello.fr.md",
            validators.validate_language,
        ),
    ] = ()
    timezone: Annotated[
        str,
        Field(
            "IANA name; for dates without a zone and for displayed dates",
            validators.validate_timezone,
        ),
    ] = "UTC"
    author: Annotated[Author | None, Field("default author of posts; a name is enough")] = None
    authority: Annotated[
        str,
        Field(
            "host or address at the start of post ids (RFC 4151); url's host if empty",
            urls.validate_authority,
        ),
    ] = ""
    logo: Annotated[
        str,
        Field("wide image: a file in the content folder, or a URL", urls.normalize_reference),
    ] = ""
    icon: Annotated[
        str,
        Field(
            "square image: a file in the content folder, or a URL",
            urls.normalize_reference,
        ),
    ] = ""
    rights: Annotated[str, Field('copyright notice: "© 2025 Ann, CC BY 4.0"')] = ""
    accent: Annotated[
        str, Field("accent colour of pages and mail, in quotes", validators.validate_colour)
    ] = "#1a5fb4"


@dataclass(frozen=True, slots=True)
class ContentConfig:
    """Where posts come from and where they go."""

    folder: Annotated[
        str, Field("relative to this file, or absolute", validators.normalize_folder)
    ] = "content"
    permalink: Annotated[
        str,
        Field(
            "{year} {month} {day} {slug} {path} {name} {title} {categories} {section}, a Jekyll "
            "style (date, pretty, ordinal, none), or an absolute URL",
            validators.validate_permalink,
        ),
    ] = "posts/{slug}/"
    ignore: Annotated[
        tuple[str, ...],
        Field(
            'files that are not posts, as in .gitignore: "drafts/", "*.bak.md"',
            validators.validate_nonempty,
        ),
    ] = ()
    tags_split: Annotated[
        str,
        Field(
            "separator of tags given as one string: comma or space",
            validators.one_of("comma", "space"),
        ),
    ] = "comma"
    languages: Annotated[
        str,
        Field(
            "language of posts without one in front matter: from names (hello.fr.md), folders "
            "(fr/hello.md, and names) or none",
            validators.one_of("names", "folders", "none"),
        ),
    ] = "names"
    translations: Annotated[
        str,
        Field(
            "URL of a post in a language other than the site's",
            validators.validate_translations,
        ),
    ] = "{language}/{permalink}"
    largest: Annotated[
        int, Field("maximum bytes of a post; larger ones are left out", minimum=1)
    ] = 1_000_000
    publish: Annotated[
        tuple[str, ...],
        Field(
            'files of any kind to publish unchanged, as in .gitignore: "*.ipynb"',
            validators.validate_nonempty,
        ),
    ] = ()
    follow_links: Annotated[bool, Field("follow symbolic links that point outside the folder")] = (
        False
    )
    inline_tags: Annotated[
        bool,
        Field("read #tags from the text of posts without tags in front matter, as in Obsidian"),
    ] = True
    pages: Annotated[
        tuple[str, ...],
        Field(
            'files that are pages, not posts: "about.md", "pages/**"',
            validators.validate_nonempty,
        ),
    ] = ()
    page_permalink: Annotated[
        str,
        Field("permalink of pages; {path} includes the slug", validators.validate_permalink),
    ] = "{path}/"


@dataclass(frozen=True, slots=True)
class MarkdownConfig:
    """How Markdown is read."""

    engine: Annotated[
        str, Field("markdown, or comrak (faster)", validators.one_of("markdown", "comrak"))
    ] = "markdown"
    extensions: Annotated[
        tuple[str, ...],
        Field("additional Python-Markdown extensions, by name", validators.validate_nonempty),
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
            "tex: unchanged, for a script in the theme; or mathml: rendered on pages",
            validators.one_of("tex", "mathml"),
        ),
    ] = "tex"


@dataclass(frozen=True, slots=True)
class ExtraFeedConfig:
    """A feed of posts selected by tag, author and language."""

    name: Annotated[str, Field("folder below feeds/", validators.validate_nonempty)]
    title: Annotated[str, Field("displayed title; derived from the name if empty")] = ""
    tags: Annotated[tuple[str, ...], Field("any of these", validators.validate_nonempty)] = ()
    authors: Annotated[tuple[str, ...], Field("any of these", validators.validate_nonempty)] = ()
    languages: Annotated[tuple[str, ...], Field("any of these", validators.validate_language)] = ()


@dataclass(frozen=True, slots=True)
class PodcastConfig:
    """Metadata required by podcast directories; added to feeds with audio."""

    category: Annotated[str, Field('"Technology", or "Arts > Books"', validators.validate_nonempty)]
    image: Annotated[
        str, Field("square, 1400 to 3000 pixels; a file or a URL", urls.normalize_reference)
    ]
    author: Annotated[str, Field("speaker")] = ""
    owner: Annotated[Author | None, Field("contact for directories")] = None
    explicit: Annotated[bool, Field("has explicit content")] = False
    summary: Annotated[str, Field("a few sentences")] = ""
    type: Annotated[
        str, Field("episodic, or serial (oldest first)", validators.one_of("episodic", "serial"))
    ] = "episodic"


@dataclass(frozen=True, slots=True)
class FeedsConfig:
    """Which feeds are published and what they contain."""

    formats: Annotated[
        tuple[str, ...], Field("any of rss, atom, json", validators.one_of("rss", "atom", "json"))
    ] = ("rss", "atom", "json")
    kinds: Annotated[
        tuple[str, ...],
        Field(
            "any of site, tags, authors, languages, categories",
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
            "WebSub hubs that push updates to feed readers; or `hub: URL`",
            urls.normalize_url,
            alias="hub",
        ),
    ] = ()
    extra: Annotated[tuple[ExtraFeedConfig, ...], Field("additional feeds")] = ()
    podcast: Annotated[PodcastConfig | None, Field("metadata required by podcast directories")] = (
        None
    )


@dataclass(frozen=True, slots=True)
class MenuItemConfig:
    """A link in the menu; a page's file is enough."""

    page: Annotated[str, Field('a file in the content folder: "about.md"')] = ""
    url: Annotated[str, Field('or a URL, on this site ("/talks/") or another')] = ""
    name: Annotated[str, Field("displayed name; the page's title if empty")] = ""


@dataclass(frozen=True, slots=True)
class PagesConfig:
    """The pages; `pages: false` publishes only feeds."""

    enabled: Annotated[bool, Field("false publishes only feeds")] = True
    per_page: Annotated[int, Field("posts per list page", minimum=1)] = 20
    templates: Annotated[
        str,
        Field(
            "folder whose files override the packaged templates",
            validators.normalize_folder,
        ),
    ] = "templates"
    menu: Annotated[
        tuple[MenuItemConfig, ...],
        Field("links shown before pages with `menu:` in their front matter"),
    ] = ()
    redirects: Annotated[
        str,
        Field(
            "auto: redirect old URLs to posts, including previous URLs of moved posts; "
            "given: only those named in posts; none",
            validators.one_of("auto", "given", "none"),
        ),
    ] = "auto"


@dataclass(frozen=True, slots=True)
class OutputConfig:
    """Where the site is written."""

    folder: Annotated[
        str, Field("relative to this file, or absolute", validators.normalize_folder)
    ] = "public"
    compress: Annotated[
        tuple[str, ...],
        Field(
            "gzip, br: compressed copies of text files for servers", validators.one_of("gzip", "br")
        ),
    ] = ()


@dataclass(frozen=True, slots=True)
class RelayConfig:
    """A mail server that relays messages."""

    host: Annotated[str, Field("host name", validators.validate_nonempty)]
    port: Annotated[int, Field("587 for STARTTLS, 465 for TLS, 25 for plain SMTP", minimum=1)] = 587
    security: Annotated[
        str, Field("starttls, tls or none", validators.one_of("starttls", "tls", "none"))
    ] = "starttls"
    username: Annotated[
        str,
        Field('login name; "${SMTP_USER}" keeps it out of this file', env_variable="SMTP_USER"),
    ] = ""
    password: Annotated[
        str, Field('login password: "${SMTP_PASSWORD}"', env_variable="SMTP_PASSWORD")
    ] = ""
    weight: Annotated[int, Field("share of messages among several relays", minimum=1)] = 1
    connections: Annotated[int, Field("maximum concurrent connections", minimum=1)] = 4
    rate: Annotated[int, Field("messages per second; 0 for no limit", minimum=0)] = 0


@dataclass(frozen=True, slots=True)
class DkimConfig:
    """How messages are signed (RFC 6376)."""

    domain: Annotated[str, Field("the signing domain", validators.validate_nonempty)]
    selector: Annotated[
        str, Field("name of the key in the domain's DNS", validators.validate_nonempty)
    ]
    key: Annotated[
        str,
        Field("a file with the private key in PEM, RSA or Ed25519", validators.validate_nonempty),
    ]


@dataclass(frozen=True, slots=True)
class WebhooksConfig:
    """Credentials of the providers that report bounces and complaints to /hooks/...."""

    ses: Annotated[str, Field("ARN of the SNS topic that Amazon SES publishes to")] = ""
    postmark: Annotated[
        str,
        Field(
            'password (basic authentication), or last part of the URL: "${POSTMARK_SECRET}"',
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
    """How messages are sent."""

    transport: Annotated[
        str,
        Field(
            "folder (.eml files), maildir or smtp", validators.one_of("folder", "maildir", "smtp")
        ),
    ] = "folder"
    folder: Annotated[
        str,
        Field("where transports folder and maildir write messages", validators.normalize_folder),
    ] = "mail"
    sender: Annotated[Author | None, Field("sender of messages; site.author if not set")] = None
    reply_to: Annotated[
        str, Field("address for replies, if not the sender", validators.validate_email)
    ] = ""
    address: Annotated[str, Field("your postal address, a legal requirement in many countries")] = (
        ""
    )
    bounces: Annotated[
        str,
        Field(
            "address for bounces; a +token is added",
            validators.validate_email,
        ),
    ] = ""
    unsubscribe: Annotated[
        str,
        Field(
            "address for unsubscribing by mail; a +token is added",
            validators.validate_email,
        ),
    ] = ""
    authserv_id: Annotated[
        str,
        Field(
            "your mail server's name in Authentication-Results; mail to unsubscribe without a "
            "+token counts only if this server authenticated its sender"
        ),
    ] = ""
    relays: Annotated[tuple[RelayConfig, ...], Field("servers for transport smtp")] = ()
    dkim: Annotated[tuple[DkimConfig, ...], Field("DKIM signatures, one per key")] = ()
    on_doubt: Annotated[
        str,
        Field(
            "if a relay never replied: hold (see `digest status`) or resend",
            validators.one_of("hold", "resend"),
        ),
    ] = "hold"
    mailbox: Annotated[
        str,
        Field(
            "mailbox with bounces, read by `feedpub run`: a Maildir, an mbox or "
            "imaps://user@host/INBOX"
        ),
    ] = ""
    soft_bounces: Annotated[
        int, Field("consecutive temporary failures that count as a permanent one", minimum=1)
    ] = 5
    webhooks: Annotated[WebhooksConfig, Field("providers that report bounces and complaints")] = (
        WebhooksConfig()
    )


@dataclass(frozen=True, slots=True)
class DigestConfig:
    """A newsletter of new posts."""

    name: Annotated[str, Field("name in commands and URLs", validators.validate_nonempty)]
    title: Annotated[str, Field("displayed title; the site's title if empty")] = ""
    was: Annotated[
        str,
        Field(
            "former name of a renamed digest, whose history it continues",
            validators.validate_nonempty,
        ),
    ] = ""
    schedule: Annotated[
        str,
        Field(
            '"daily 08:00", "weekly mon 08:00", "monthly 1 08:00", "each post", or cron',
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
    min_posts: Annotated[int, Field("minimum number of new posts for an issue", minimum=1)] = 1
    max_posts: Annotated[
        int, Field("maximum posts per issue; the rest wait for the next", minimum=1)
    ] = 50
    content: Annotated[str, Field("excerpts or full", validators.one_of("excerpts", "full"))] = (
        "excerpts"
    )
    subject: Annotated[str, Field("template with posts, date, digest and site")] = (
        "{{ posts[0].title }}{% if posts|length > 1 %} +{{ posts|length - 1 }}{% endif %}"
    )
    preheader: Annotated[str, Field("template: preview text next to the subject")] = (
        "{{ posts[1:4]|map(attribute='title')|join(' · ') }}"
    )
    intro: Annotated[str, Field("template: text before the posts, in Markdown")] = ""
    template: Annotated[
        str, Field("template in templates/mail/, without .html", validators.validate_nonempty)
    ] = "digest"
    max_age: Annotated[int, Field("days; older posts are never sent", minimum=1)] = 30


@dataclass(frozen=True, slots=True)
class SubscribersConfig:
    """Newsletter subscribers."""

    database: Annotated[
        str,
        Field(
            'empty for a file in .feedpub/, or "postgresql://…"',
            env_variable="DATABASE_URL",
            needed_to_read=True,
        ),
    ] = ""
    double_opt_in: Annotated[
        bool, Field("require confirmation by mail before sending anything")
    ] = True
    form: Annotated[bool, Field("sign-up form on the site; needs `feedpub run`")] = False
    host: Annotated[
        str,
        Field(
            "separate host for subscriber pages, isolated from what authors publish on the site: "
            '"https://readers.example.org"',
            urls.normalize_readers_host,
        ),
    ] = ""
    origins: Annotated[
        tuple[str, ...],
        Field(
            'other sites whose forms may sign up subscribers: "https://ann.example"',
            urls.normalize_origin,
        ),
    ] = ()


@dataclass(frozen=True, slots=True)
class HooksConfig:
    """Commands (run without a shell) and URLs to notify; each gets JSON."""

    on_published: Annotated[
        tuple[str, ...],
        Field(
            'when feeds have changed: "bin/toot --public", "https://…"', validators.validate_hook
        ),
    ] = ()
    on_issue_sent: Annotated[
        tuple[str, ...], Field("when an issue has been sent", validators.validate_hook)
    ] = ()
    secret: Annotated[
        str,
        Field('key for signing requests to URLs: "${HOOK_SECRET}"', env_variable="HOOK_SECRET"),
    ] = ""


@dataclass(frozen=True, slots=True)
class WebConfig:
    """How `feedpub run` serves the site, alone or behind a proxy; `web: false` turns it off."""

    enabled: Annotated[bool, Field("false: `feedpub run` only publishes and mails")] = True
    host: Annotated[
        str,
        Field(
            'address to listen on; "0.0.0.0" for all interfaces',
            validators.validate_nonempty,
        ),
    ] = "127.0.0.1"
    port: Annotated[int, Field("port to listen on; 0 for any free one", minimum=0)] = 8000
    proxies: Annotated[
        tuple[str, ...],
        Field(
            "addresses or networks whose X-Forwarded-For and -Proto are trusted; localhost if not "
            "set",
            validators.validate_network,
        ),
    ] = ("127.0.0.1", "::1")
    limit: Annotated[
        int,
        Field(
            "requests per minute and client address, except localhost; 0 for no limit",
            minimum=0,
        ),
    ] = 600
    policy: Annotated[
        str,
        Field("Content-Security-Policy of the site's own pages; copied files never run scripts"),
    ] = (
        "default-src 'self'; script-src 'none'; worker-src 'none'; img-src * data:; media-src *; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
    metrics: Annotated[bool, Field("Prometheus metrics at /metrics, readable by anyone")] = False


@dataclass(frozen=True, slots=True)
class RunConfig:
    """How `feedpub run` watches the content folder."""

    events: Annotated[
        bool, Field("use kernel file events; false for network disks without them")
    ] = True
    sweep: Annotated[
        int, Field("seconds between full scans, for changes without an event", minimum=1)
    ] = 60


@dataclass(frozen=True, slots=True)
class Config:
    """The whole of `config.yaml`."""

    site: Annotated[SiteConfig, Field()]
    content: Annotated[ContentConfig, Field()] = ContentConfig()
    authors: Annotated[
        tuple[tuple[str, Author], ...],
        Field("People, by the key used in posts; a name is enough."),
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
        "name": Field("displayed name", validators.validate_nonempty),
        "email": Field("", validators.validate_email),
        "url": Field("their website", urls.normalize_url),
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
