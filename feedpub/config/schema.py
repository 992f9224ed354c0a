"""What `config.yaml` can say, as frozen values with their defaults.

The first line of a section's docstring and the help of each key are what `feedpub config`
prints; the check of a key is what `load` holds its value against. To add a key or a section is
to add it here: reading, messages and printing follow from the types.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from feedpub.config import addresses, checks
from feedpub.config.keys import Key
from feedpub.model import Author


@dataclass(frozen=True, slots=True)
class Site:
    """The site itself; only title and url are required."""

    title: Annotated[str, Key("what the site is called", checks.name)]
    url: Annotated[str, Key("its address, which ends in /", addresses.site_address)]
    description: Annotated[str, Key("one sentence on what it is about")] = ""
    language: Annotated[
        str,
        Key('the language of posts that name none, as in BCP 47: "en", "zh-Hant"', checks.language),
    ] = "en"
    languages: Annotated[
        tuple[str, ...],
        Key("others that posts are in, so that names such as hello.fr.md say one", checks.language),
    ] = ()
    timezone: Annotated[
        str, Key("IANA name; for dates without a zone, and for dates as shown", checks.timezone)
    ] = "UTC"
    author: Annotated[Author | None, Key("for posts that name nobody; a name alone will do")] = None
    authority: Annotated[
        str,
        Key(
            "the host or address that posts' ids begin with (RFC 4151); url's host if empty",
            addresses.authority,
        ),
    ] = ""
    logo: Annotated[
        str,
        Key("a wide picture: a file of the content folder, or a URL", addresses.reference),
    ] = ""
    icon: Annotated[
        str,
        Key("a square picture: a file of the content folder, or a URL", addresses.reference),
    ] = ""
    rights: Annotated[str, Key('who may do what: "© 2025 Ann, CC BY 4.0"')] = ""
    accent: Annotated[str, Key("the one colour of pages and mails, in quotes", checks.accent)] = (
        "#1a5fb4"
    )


@dataclass(frozen=True, slots=True)
class Content:
    """Where posts come from and where they go."""

    folder: Annotated[str, Key("below the folder of this file, or absolute", checks.folder)] = (
        "content"
    )
    permalink: Annotated[
        str,
        Key(
            "of {year} {month} {day} {slug} {path} {name} {title} {categories} {section}, a style "
            "of Jekyll's (date, pretty, ordinal, none), or a whole URL",
            checks.permalink,
        ),
    ] = "posts/{slug}/"
    ignore: Annotated[
        tuple[str, ...],
        Key('files that are no posts, as in .gitignore: "drafts/", "*.bak.md"', checks.name),
    ] = ()
    tags_split: Annotated[
        str,
        Key(
            "how tags written as one text are divided: comma or space",
            checks.one_of("comma", "space"),
        ),
    ] = "comma"
    languages: Annotated[
        str,
        Key(
            "what says a post's language besides its front matter: names (hello.fr.md), folders "
            "(fr/hello.md and names) or none",
            checks.one_of("names", "folders", "none"),
        ),
    ] = "names"
    translations: Annotated[
        str,
        Key("the address of a post in another language than the site's", checks.translations),
    ] = "{language}/{permalink}"
    largest: Annotated[int, Key("octets of a post; a larger one is left out", least=1)] = 1_000_000
    publish: Annotated[
        tuple[str, ...],
        Key('files of any kind to publish as they are, as in .gitignore: "*.ipynb"', checks.name),
    ] = ()
    follow_links: Annotated[bool, Key("publish what symbolic links lead to outside the folder")] = (
        False
    )
    inline_tags: Annotated[
        bool, Key("#tags in the text of posts whose front matter has none count, as in Obsidian")
    ] = True
    pages: Annotated[
        tuple[str, ...],
        Key('files that are pages and no posts: "about.md", "pages/**"', checks.name),
    ] = ()
    page_permalink: Annotated[
        str, Key("the permalink of pages; {path} is with their slug", checks.permalink)
    ] = "{path}/"


@dataclass(frozen=True, slots=True)
class Markdown:
    """How Markdown is read."""

    engine: Annotated[
        str, Key("markdown, or comrak (faster)", checks.one_of("markdown", "comrak"))
    ] = "markdown"
    extensions: Annotated[
        tuple[str, ...], Key("more of Python-Markdown's extensions, by name", checks.name)
    ] = ()
    dialect: Annotated[
        str,
        Key(
            "commonmark, or python-markdown for posts written for MkDocs or Pelican",
            checks.one_of("commonmark", "python-markdown"),
        ),
    ] = "commonmark"
    math: Annotated[
        str,
        Key(
            "tex: as written, for a script of the theme; or mathml: set on pages",
            checks.one_of("tex", "mathml"),
        ),
    ] = "tex"


@dataclass(frozen=True, slots=True)
class ExtraFeed:
    """A feed of posts that have one of the tags, by one of the authors, in one of the languages."""

    name: Annotated[str, Key("its folder below feeds/", checks.name)]
    title: Annotated[str, Key("what people see; made of the name if empty")] = ""
    tags: Annotated[tuple[str, ...], Key("any of these", checks.name)] = ()
    authors: Annotated[tuple[str, ...], Key("any of these", checks.name)] = ()
    languages: Annotated[tuple[str, ...], Key("any of these", checks.language)] = ()


@dataclass(frozen=True, slots=True)
class Podcast:
    """What podcast directories ask for; feeds with audio carry it."""

    category: Annotated[str, Key('"Technology", or "Arts > Books"', checks.name)]
    image: Annotated[str, Key("square, 1400 to 3000 pixels; a file or a URL", addresses.reference)]
    author: Annotated[str, Key("who speaks")] = ""
    owner: Annotated[Author | None, Key("whom directories write to")] = None
    explicit: Annotated[bool, Key("whether it is for adults only")] = False
    summary: Annotated[str, Key("a few sentences")] = ""
    type: Annotated[
        str, Key("episodic, or serial (oldest first)", checks.one_of("episodic", "serial"))
    ] = "episodic"


@dataclass(frozen=True, slots=True)
class Feeds:
    """Which feeds there are and what is in them."""

    formats: Annotated[
        tuple[str, ...], Key("of rss, atom, json", checks.one_of("rss", "atom", "json"))
    ] = ("rss", "atom", "json")
    kinds: Annotated[
        tuple[str, ...],
        Key(
            "of site, tags, authors, languages, categories",
            checks.one_of("site", "tags", "authors", "languages", "categories"),
        ),
    ] = ("site", "tags", "authors")
    limit: Annotated[int, Key("posts in a feed; 0 for all", least=0)] = 20
    content: Annotated[str, Key("full or summary", checks.one_of("full", "summary"))] = "full"
    min_posts: Annotated[
        int, Key("a tag, author, language or category with fewer gets no feed", least=1)
    ] = 1
    archive: Annotated[bool, Key("RFC 5005 archives of the site's Atom feed")] = False
    hubs: Annotated[
        tuple[str, ...],
        Key(
            "WebSub hubs that tell readers at once; `hub: URL` does too",
            addresses.web_address,
            also="hub",
        ),
    ] = ()
    extra: Annotated[tuple[ExtraFeed, ...], Key("feeds of your own choice")] = ()
    podcast: Annotated[Podcast | None, Key("what podcast directories ask for")] = None


@dataclass(frozen=True, slots=True)
class MenuItem:
    """A link in the menu; a page's file alone will do."""

    page: Annotated[str, Key('a file of the content folder: "about.md"')] = ""
    url: Annotated[str, Key('or an address, of this site ("/talks/") or another')] = ""
    name: Annotated[str, Key("what people see; the page's title if empty")] = ""


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages; `pages: false` publishes feeds alone."""

    enabled: Annotated[bool, Key("false publishes feeds alone")] = True
    per_page: Annotated[int, Key("posts on one page of a list", least=1)] = 20
    templates: Annotated[
        str, Key("a folder whose files win over the packaged templates, one by one", checks.folder)
    ] = "templates"
    menu: Annotated[
        tuple[MenuItem, ...], Key("before the pages that say `menu:` themselves, in this order")
    ] = ()
    redirects: Annotated[
        str,
        Key(
            "auto: old addresses lead to posts, those that posts were published at before too; "
            "given: only those that posts name; none",
            checks.one_of("auto", "given", "none"),
        ),
    ] = "auto"


@dataclass(frozen=True, slots=True)
class Publishing:
    """Where the site is written."""

    folder: Annotated[str, Key("below the folder of this file, or absolute", checks.folder)] = (
        "public"
    )
    compress: Annotated[
        tuple[str, ...],
        Key("of gzip, br: what lies beside each text for servers", checks.one_of("gzip", "br")),
    ] = ()


@dataclass(frozen=True, slots=True)
class Relay:
    """A mail server that takes our messages."""

    host: Annotated[str, Key("its name", checks.name)]
    port: Annotated[int, Key("587 for STARTTLS, 465 for TLS, 25 among friends", least=1)] = 587
    security: Annotated[
        str, Key("starttls, tls or none", checks.one_of("starttls", "tls", "none"))
    ] = "starttls"
    username: Annotated[
        str, Key('for logging in; "${SMTP_USER}" keeps it out of this file', variable="SMTP_USER")
    ] = ""
    password: Annotated[str, Key('likewise: "${SMTP_PASSWORD}"', variable="SMTP_PASSWORD")] = ""
    weight: Annotated[int, Key("its share of the messages among several", least=1)] = 1
    connections: Annotated[int, Key("how many at once", least=1)] = 4
    rate: Annotated[int, Key("messages a second; 0 for as fast as it takes them", least=0)] = 0


@dataclass(frozen=True, slots=True)
class Dkim:
    """How messages are signed (RFC 6376)."""

    domain: Annotated[str, Key("the signing domain", checks.name)]
    selector: Annotated[str, Key("names the key in the domain's DNS", checks.name)]
    key: Annotated[str, Key("a file with the private key in PEM, RSA or Ed25519", checks.name)]


@dataclass(frozen=True, slots=True)
class Webhooks:
    """Who may tell us of bounces and complaints at /hooks/..., and how we know it is they."""

    ses: Annotated[str, Key("the ARN of the SNS topic that Amazon SES tells them to")] = ""
    postmark: Annotated[
        str,
        Key(
            'its password (basic authentication), or the end of its URL: "${POSTMARK_SECRET}"',
            variable="POSTMARK_SECRET",
        ),
    ] = ""
    mailgun: Annotated[
        str,
        Key('the webhook signing key: "${MAILGUN_KEY}"', variable="MAILGUN_KEY"),
    ] = ""
    sendgrid: Annotated[str, Key("the verification key of the signed event webhook")] = ""


@dataclass(frozen=True, slots=True)
class Mail:
    """How messages leave."""

    transport: Annotated[
        str,
        Key("folder (.eml files), maildir or smtp", checks.one_of("folder", "maildir", "smtp")),
    ] = "folder"
    folder: Annotated[
        str, Key("where the transports folder and maildir put messages", checks.folder)
    ] = "mail"
    sender: Annotated[Author | None, Key("whom messages are from; site.author if not set")] = None
    reply_to: Annotated[str, Key("where answers go, if not to the sender", checks.email)] = ""
    address: Annotated[str, Key("your postal address, which the law of many places wants")] = ""
    bounces: Annotated[
        str, Key("where undeliverable messages return; the address gets a +token", checks.email)
    ] = ""
    unsubscribe: Annotated[
        str, Key("an address that takes mail from people who leave, with a +token", checks.email)
    ] = ""
    authserv_id: Annotated[
        str,
        Key(
            "what your mail server calls itself in Authentication-Results; who writes to "
            "unsubscribe without a +token leaves only where it says that the sender is genuine"
        ),
    ] = ""
    relays: Annotated[tuple[Relay, ...], Key("the servers of the transport smtp")] = ()
    dkim: Annotated[tuple[Dkim, ...], Key("signatures, one for each key")] = ()
    on_doubt: Annotated[
        str,
        Key(
            "when a server never answered: hold (ask you, see `digest status`) or resend",
            checks.one_of("hold", "resend"),
        ),
    ] = "hold"
    mailbox: Annotated[
        str,
        Key(
            "where undeliverable messages arrive, which `feedpub run` reads: a Maildir, an mbox or "
            "imaps://user@host/INBOX"
        ),
    ] = ""
    soft_bounces: Annotated[
        int, Key("temporary failures in a row that count as a permanent one", least=1)
    ] = 5
    webhooks: Annotated[Webhooks, Key("who may tell us of bounces and complaints")] = Webhooks()


@dataclass(frozen=True, slots=True)
class Digest:
    """A newsletter of new posts."""

    name: Annotated[str, Key("its name in commands and addresses", checks.name)]
    title: Annotated[str, Key("what readers see; the site's title if empty")] = ""
    was: Annotated[
        str, Key("its name before it was renamed: it goes on where that one was", checks.name)
    ] = ""
    schedule: Annotated[
        str,
        Key(
            '"daily 08:00", "weekly mon 08:00", "monthly 1 08:00", "each post", or as in cron',
            checks.schedule,
        ),
    ] = "weekly mon 08:00"
    timezone: Annotated[str, Key("IANA name; site.timezone if empty", checks.timezone)] = ""
    tags: Annotated[tuple[str, ...], Key("only posts with one of these", checks.name)] = ()
    authors: Annotated[tuple[str, ...], Key("only posts by one of these", checks.name)] = ()
    languages: Annotated[tuple[str, ...], Key("only posts in one of these", checks.language)] = ()
    min_posts: Annotated[int, Key("with fewer new posts nothing is sent yet", least=1)] = 1
    max_posts: Annotated[int, Key("more wait for the next issue", least=1)] = 50
    content: Annotated[str, Key("excerpts or full", checks.one_of("excerpts", "full"))] = "excerpts"
    subject: Annotated[str, Key("a template of posts, date, digest and site")] = (
        "{{ posts[0].title }}{% if posts|length > 1 %} +{{ posts|length - 1 }}{% endif %}"
    )
    preheader: Annotated[str, Key("likewise: what mail programs show beside the subject")] = (
        "{{ posts[1:4]|map(attribute='title')|join(' · ') }}"
    )
    intro: Annotated[str, Key("likewise: a few words before the posts, in Markdown")] = ""
    template: Annotated[str, Key("the template in templates/mail/, without .html", checks.name)] = (
        "digest"
    )
    max_age: Annotated[int, Key("days; older posts are never mailed", least=1)] = 30


@dataclass(frozen=True, slots=True)
class Subscribers:
    """Who is mailed."""

    database: Annotated[
        str,
        Key(
            'empty for a file in .feedpub/, or "postgresql://…"',
            variable="DATABASE_URL",
            reads=True,
        ),
    ] = ""
    double_opt_in: Annotated[bool, Key("people confirm by mail before anything is sent")] = True
    form: Annotated[
        bool, Key("people sign up on the site, which `feedpub run` must serve then")
    ] = False
    host: Annotated[
        str,
        Key(
            "where readers confirm, choose and leave, if not on the site's own host, on which lies "
            'what authors publish: "https://readers.example.org"',
            addresses.readers_host,
        ),
    ] = ""
    origins: Annotated[
        tuple[str, ...],
        Key('other sites whose forms may sign people up: "https://ann.example"', addresses.origin),
    ] = ()


@dataclass(frozen=True, slots=True)
class Hooks:
    """Whom to tell: commands, run without a shell, and URLs; each gets JSON."""

    on_published: Annotated[
        tuple[str, ...],
        Key('when feeds have changed: "bin/toot --public", "https://…"', checks.hook),
    ] = ()
    on_issue_sent: Annotated[
        tuple[str, ...], Key("when all of an issue has gone out", checks.hook)
    ] = ()
    secret: Annotated[
        str,
        Key('what URLs are signed for with: "${HOOK_SECRET}"', variable="HOOK_SECRET"),
    ] = ""


@dataclass(frozen=True, slots=True)
class Web:
    """How `feedpub run` serves the site, alone or behind nginx or Caddy; `web: false` does not."""

    enabled: Annotated[bool, Key("false: `feedpub run` publishes and mails alone")] = True
    host: Annotated[
        str, Key('the address to listen at; "0.0.0.0" for all of this machine\'s', checks.name)
    ] = "127.0.0.1"
    port: Annotated[int, Key("likewise its port; 0 for any that is free", least=0)] = 8000
    proxies: Annotated[
        tuple[str, ...],
        Key(
            "whose X-Forwarded-For and -Proto are believed: addresses, networks; this machine's if "
            "not set",
            checks.network,
        ),
    ] = ("127.0.0.1", "::1")
    limit: Annotated[
        int,
        Key(
            "requests a minute from one address, this machine's own aside; 0 for no limit", least=0
        ),
    ] = 600
    policy: Annotated[
        str, Key("the Content-Security-Policy of the site's own pages; what is copied runs nothing")
    ] = (
        "default-src 'self'; script-src 'none'; worker-src 'none'; img-src * data:; media-src *; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
    metrics: Annotated[
        bool, Key("figures for Prometheus at /metrics, which anybody can read then")
    ] = False


@dataclass(frozen=True, slots=True)
class Run:
    """How `feedpub run` watches the folder."""

    events: Annotated[
        bool, Key("the kernel tells of changes; false for a network disk that never does")
    ] = True
    sweep: Annotated[
        int, Key("seconds between two looks at all files, for what nobody told of", least=1)
    ] = 60


@dataclass(frozen=True, slots=True)
class Config:
    """The whole of `config.yaml`."""

    site: Annotated[Site, Key()]
    content: Annotated[Content, Key()] = Content()
    authors: Annotated[
        tuple[tuple[str, Author], ...],
        Key("People, by the key that posts name them by; a name alone will do."),
    ] = ()
    markdown: Annotated[Markdown, Key()] = Markdown()
    feeds: Annotated[Feeds, Key()] = Feeds()
    pages: Annotated[Pages, Key()] = Pages()
    output: Annotated[Publishing, Key()] = Publishing()
    digests: Annotated[tuple[Digest, ...], Key("Newsletters of new posts.")] = ()
    mail: Annotated[Mail, Key()] = Mail()
    subscribers: Annotated[Subscribers, Key()] = Subscribers()
    hooks: Annotated[Hooks, Key()] = Hooks()
    web: Annotated[Web, Key()] = Web()
    run: Annotated[Run, Key()] = Run()

    @property
    def readers_url(self) -> str:
        """The URL below which the pages of readers are: that of the site, unless they have a host.

        There they have the path that the site has.
        """
        own = self.subscribers.host
        return own + urlsplit(self.site.url).path if own else self.site.url


FOREIGN: Mapping[type, Mapping[str, Key]] = {
    Author: {
        "name": Key("as readers see it", checks.name),
        "email": Key("", checks.email),
        "url": Key("a page about them", addresses.web_address),
        "bio": Key("a sentence or two"),
    }
}
"""The keys of values that are declared elsewhere; what is not named here cannot be written."""

PLAIN: Mapping[type, str] = {Author: "name", MenuItem: "page", Pages: "enabled", Web: "enabled"}
"""The key that is meant where a plain value stands for a whole section."""
