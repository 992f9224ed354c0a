"""Render pages and mail from Jinja2 templates; `Templates` is the entry point.

Only site/templates.py imports Jinja2. Besides what Jinja2 provides, a template may use `site`,
`page`, `post` (on a post's page) and

    href(url)              the URL as a link: without scheme and host if it is on this site
    below(path)            the link to a path below the site URL: below("archive/")
    absolute(path)         the URL of such a path, with scheme and host
    asset("style.css")     the URL of a file of the templates folder, with a content hash
    t("key", n=3)          a message in the page's language, from words/<language>.toml
    day(when, year=true)   a `<time>`: the date in the site's time zone, in the page's language
    direction(language)    ltr or rtl
    language_name(tag)     the language's own name: Deutsch
    speaks(tag)            whether there is a message catalog for a language
    body(post)             a post's HTML, for a page that shows the title above it
    shows(html, image)     whether the HTML contains the image
    years(posts)           pairs of a year and its posts, newest first
    tag_page(tag), author_page(author), subscription(feed), anchor(feed)
    documents(feed)        its formats, each with label, media_type, url and href
    whole(feeds)           the formats of the site feed, if it is among these
    alternates(feeds)      the `<link>`s for feed autodiscovery
    newest(feed)           the date of its newest post
    size(octets), duration(seconds), file_name(url)
    legible(colour, ground, ratio), blend(colour, ground, share)

Mail templates have no `page`; their URLs are absolute, and in .txt messages and dates are plain
text. feedpub/newsletter/compose.py lists their other variables, and feedpub/web/signup_pages.py
those of the templates in web/, `given` and `notice`.
"""

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

import jinja2
from jinja2 import meta, nodes
from jinja2.utils import missing
from markupsafe import Markup, escape

from feedpub.config.schema import Config
from feedpub.errors import TemplateError
from feedpub.models.content import Feed, HtmlRenderer, Page, Post, Problem
from feedpub.models.text import find_close_match, quote, to_timezone
from feedpub.site import colour, template_filters
from feedpub.site.i18n import Catalog, CatalogFile, direction, get_autonym, has_catalog
from feedpub.site.template_filters import LinkBuilder


@dataclass(frozen=True, slots=True)
class Translator:
    """Messages and dates in one language, as HTML or plain text."""

    catalog: Catalog
    zone: ZoneInfo
    plain: bool  # plain text instead of HTML

    def gettext(self, key: str, n: int | None = None, **values: object) -> str:
        """Return the message of a key with its placeholders filled in."""
        try:
            words = self.catalog.gettext(key, n)
        except KeyError as error:
            near = format_suggestion(key, self.catalog.list_keys())
            raise jinja2.TemplateRuntimeError(f'no translation for "{key}"{near}') from error
        if self.plain:
            return words.format(n=n, **values)
        # Values may be Markup already, such as a date; a message by itself is escaped by Jinja2.
        return words if n is None and not values else escape(words).format(n=n, **values)

    def format_date(self, when: datetime, *, year: bool = True) -> str:
        """Return the date, as a `<time>` element with date and time in HTML, or as plain text."""
        local = to_timezone(when, self.zone)
        told = self.catalog.format_date(local, year=year)
        if self.plain:
            return told
        date = escape(told)
        # Safe: only the date comes from a catalog, and it is escaped. Local mean time, used before
        # there were time zones, has offsets with seconds, which HTML does not allow: use UTC then.
        seconds = (local.utcoffset() or timedelta()).seconds
        machine = local.astimezone(UTC) if seconds % 60 else local
        return Markup(f'<time datetime="{machine.isoformat(timespec="seconds")}">{date}</time>')  # noqa: S704

    def format_newest_date(self, feed: Feed) -> str:
        """Return the date of a feed's newest post."""
        return self.format_date(feed.posts[0].published if feed.posts else feed.updated)


def format_suggestion(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean "x"?`, or "" if no known word is close."""
    near = find_close_match(word, sorted(known))
    return f'; did you mean "{near}"?' if near else ""


PACKAGED_PREFIX = "feedpub/templates/"
"""Prefix of packaged templates in messages."""

ASSET_SUFFIXES = (".css", ".js", ".svg")
"""Suffixes of published files in the templates folder; of these, .css files are templates too."""

_TEMPLATE = re.compile(r".*\.(?:html|css)|mail/.*\.txt")

_OF_ALL = ("t", "day", "body", "self", "super")
_OF_A_PAGE = frozenset((*_OF_ALL, "page", "post", "newest", "given", "notice"))
_OF_A_MAIL = frozenset(
    (
        *(*_OF_ALL, "language", "subject", "preheader", "digest", "posts", "slot", "date", "intro"),
        *("whole", "more", "issue_url", "url", "mark", "postal", "wrap", "rule"),
    )
)

# Exceptions that a mistake in a template can raise, besides Jinja2's own.
_TEMPLATE_BUGS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)

_UNDEFINED = re.compile(r'"([^"]+)" is undefined')


class Templates:
    """Renders pages and mail; the same input always gives the same bytes."""

    def __init__(
        self,
        config: Config,
        user: Mapping[str, str],
        packaged: Mapping[str, str],
        address: Callable[[Feed, str], str],
    ) -> None:
        """Load the templates; each file in `user` replaces the one in `packaged`.

        Both map paths below the templates folder to texts; `address` returns the URL of a feed in a
        format.

        Raises:
            TemplateError: A style sheet or a message catalog is invalid.
        """
        self._zone = ZoneInfo(config.site.timezone)
        self._texts = {**packaged, **user}
        self._paths = {
            name: (f"{config.pages.templates}/" if name in user else PACKAGED_PREFIX) + name
            for name in self._texts
        }
        self._words = self._read_words(packaged, user)
        self._links = LinkBuilder(config.site.url, address)
        self._environment = self._make_environment(config, self._links)
        self._plain = self._environment.overlay(autoescape=False)
        self._compiled: dict[str, jinja2.Template] = {}  # templates in the configuration, by source
        self._assets: dict[str, tuple[str, bytes]] = {}
        for name in sorted(self._texts):
            if name.endswith(ASSET_SUFFIXES):
                self._assets[name] = self._asset(name)
        under = {name: text for name, text in packaged.items() if name.startswith("words/")}
        self.digest = _digest(self._texts, under)

    def render(self, page: Page, html: HtmlRenderer) -> bytes:
        """Return the HTML of a page in UTF-8; `html` returns that of a post.

        Raises:
            TemplateError: A template is missing, is invalid or uses an undefined name.
        """
        # Before the template runs, so that an error in here is not reported as one of the template.
        text = html(page.post) if page.post else ""

        def body(post: Post) -> Markup:
            found = text if post is page.post else html(post)
            # Safe by contract: `content.markup` has sanitized it.
            return Markup(  # noqa: S704
                template_filters.convert_inline_styles(
                    template_filters.prepare_for_page(found, post.title)
                )
            )

        return self.render_response(page, body=body)

    def render_response(self, page: Page, **values: object) -> bytes:
        """Return the HTML of a page rendered per request, in UTF-8; `values` are more variables.

        Raises:
            TemplateError: As for `render`.
        """
        said = self._said(page.language)
        return self._render(
            page.template,
            self._environment,
            page=page,
            post=page.post,
            t=said.gettext,
            day=said.format_date,
            newest=said.format_newest_date,
            **values,
        ).encode()

    def render_mail(self, name: str, language: str, **values: object) -> str:
        """Return a rendered mail template: plain text if its name ends in .txt, else HTML.

        Raises:
            TemplateError: As for `render`.
        """
        plain = name.endswith(".txt")
        environment = self._plain if plain else self._environment
        return self._render(
            name, environment, **self._mail_context(language, plain=plain), **values
        )

    def render_string(self, source: str, place: str, language: str, **values: object) -> str:
        """Return a rendered template from the configuration, as plain text.

        Raises:
            TemplateError: As for `render`; it names `place`, the configuration key.
        """

        def compiled() -> jinja2.Template:
            if source not in self._compiled:
                self._compiled[source] = self._plain.from_string(source)
            return self._compiled[source]

        return self._run(place, compiled, {**self._mail_context(language, plain=True), **values})

    def get_translator(self, language: str) -> Translator:
        """Return a plain-text translator for a language."""
        return self._said(language, plain=True)

    def get_assets(self) -> Mapping[str, bytes]:
        """Return the published files by their path below the output folder."""
        return dict(self._assets.values())

    def check(self) -> tuple[Problem, ...]:
        """Return problems that can be found in the templates without rendering a page."""
        trees, problems = self._parse_templates()
        known = {mail: self._known_names(trees, mail=mail) for mail in (False, True)}
        for name, tree in trees.items():
            own = known[_is_mail(name)]
            unknown = meta.find_undeclared_variables(tree) - own
            for node in tree.find_all(nodes.Name):
                if node.name in unknown:
                    unknown.discard(node.name)
                    message = f'"{node.name}" is undefined{format_suggestion(node.name, own)}'
                    problems.append(Problem(self._paths[name], node.lineno, message))
        return tuple(sorted(problems, key=lambda problem: (problem.path, problem.line)))

    def _said(self, language: str, *, plain: bool = False) -> Translator:
        return Translator(Catalog(language, self._words), self._zone, plain)

    def _mail_context(self, language: str, *, plain: bool) -> dict[str, object]:
        """Return the variables that differ in mail, where every URL must be absolute."""
        said, links = self._said(language, plain=plain), self._links
        return {
            "t": said.gettext,
            "day": said.format_date,
            "language": language,
            "href": str,
            "below": links.absolute,
            "tag_page": lambda tag: links.absolute(links.tag_page(tag)),
            "author_page": lambda author: links.absolute(links.author_page(author)),
        }

    def _render(self, name: str, environment: jinja2.Environment, **values: object) -> str:
        return self._run(name, lambda: environment.get_template(name), values)

    def _run(
        self, name: str, load: Callable[[], jinja2.Template], values: Mapping[str, object]
    ) -> str:
        try:
            return load().render(values)
        except jinja2.TemplateSyntaxError as error:
            place = error.filename or name
            raise TemplateError(f"{place}:{error.lineno}: {error.message}") from error
        except jinja2.TemplateNotFound as error:
            lacking = str(error.name)
            message = f'no template "{lacking}"{format_suggestion(lacking, self._texts)}'
            raise TemplateError(f"{self._locate_error(error, name)}: {message}") from error
        except jinja2.TemplateError as error:
            message = str(error.message)
            unknown = _UNDEFINED.fullmatch(message)
            if unknown:
                known = self._known_names(self._parse_templates()[0], mail=_is_mail(name))
                message += format_suggestion(unknown[1], known | frozenset(values))
            raise TemplateError(f"{self._locate_error(error, name)}: {message}") from error
        except _TEMPLATE_BUGS as error:
            message = f"{type(error).__name__}: {error}"
            raise TemplateError(f"{self._locate_error(error, name)}: {message}") from error

    def _locate_error(self, error: Exception, name: str) -> str:
        """Return `template:line` of the innermost template in an error's traceback."""
        place = self._paths.get(name, name)
        paths = frozenset(self._paths.values())
        frame = error.__traceback__
        while frame:
            if frame.tb_frame.f_code.co_filename in paths:
                place = f"{frame.tb_frame.f_code.co_filename}:{frame.tb_lineno}"
            frame = frame.tb_next
        return place

    def _parse_templates(self) -> tuple[dict[str, nodes.Template], list[Problem]]:
        """Parse every template; syntax errors become problems."""
        trees: dict[str, nodes.Template] = {}
        problems: list[Problem] = []
        for name in filter(_TEMPLATE.fullmatch, sorted(self._texts)):
            path = self._paths[name]
            try:
                trees[name] = self._environment.parse(self._texts[name], name, path)
            except jinja2.TemplateSyntaxError as error:
                problems.append(Problem(path, error.lineno, str(error.message)))
        return trees, problems

    def _known_names(self, trees: Mapping[str, nodes.Template], *, mail: bool) -> frozenset[str]:
        """Return every name that is defined in any mail template, or in any page template."""
        bound = (
            each
            for name in trees
            if _is_mail(name) == mail
            for each in _assigned_names(trees[name])
        )
        given = _OF_A_MAIL if mail else _OF_A_PAGE
        return frozenset(bound) | given | frozenset(self._environment.globals)

    def _load(self, name: str) -> tuple[str, str, None] | None:
        return (self._texts[name], self._paths[name], None) if name in self._texts else None

    def _make_environment(self, config: Config, links: LinkBuilder) -> jinja2.Environment:
        environment = jinja2.Environment(
            loader=jinja2.FunctionLoader(self._load),
            autoescape=jinja2.select_autoescape(disabled_extensions=("css", "txt"), default=True),
            undefined=_Undefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        environment.globals.update(
            site=config.site,
            href=links.href,
            absolute=links.absolute,
            tag_page=links.tag_page,
            author_page=links.author_page,
            below=links.below,
            documents=links.documents,
            whole=links.site_feed_links,
            alternates=links.alternates,
            subscription=links.subscription,
            shows=links.contains_image,
            anchor=template_filters.feed_anchor,
            asset=self._asset_address(links),
            years=self._years,
            direction=direction,
            language_name=self._language_name,
            speaks=self._has_catalog,
            size=template_filters.size,
            duration=template_filters.duration,
            file_name=template_filters.file_name,
            legible=colour.ensure_contrast,
            blend=colour.blend,
        )
        return environment

    def _read_words(
        self, packaged: Mapping[str, str], user: Mapping[str, str]
    ) -> dict[str, CatalogFile]:
        files: dict[str, CatalogFile] = {}
        for folder, texts in ((PACKAGED_PREFIX, packaged), (None, user)):
            for name in sorted(texts):
                if not (name.startswith("words/") and name.endswith(".toml")):
                    continue
                language = name.removeprefix("words/").removesuffix(".toml").lower()
                try:
                    files[language] = CatalogFile(language, texts[name], files.get(language))
                except ValueError as error:
                    path = f"{folder}{name}" if folder else self._paths[name]
                    raise TemplateError(f"{path}: {error}") from error
        return files

    def _asset(self, name: str) -> tuple[str, bytes]:
        """Return the path and bytes of a published file; the path contains a hash of the bytes."""
        styled = name.endswith(".css")
        text = self._render(name, self._environment) if styled else self._texts[name]
        data = text.encode()
        stem, _, suffix = name.rpartition(".")
        return f"assets/{stem}-{sha256(data).hexdigest()[:10]}.{suffix}", data

    def _asset_address(self, links: LinkBuilder) -> Callable[[str], str]:
        def asset(name: str) -> str:
            if name not in self._assets:
                raise jinja2.TemplateRuntimeError(
                    f'no asset "{name}"{format_suggestion(name, self._assets)}'
                )
            return links.href(links.absolute(quote(self._assets[name][0])))

        return asset

    def _years(self, posts: Sequence[Post]) -> list[tuple[int, list[Post]]]:
        grouped = itertools.groupby(
            posts, lambda post: to_timezone(post.published, self._zone).year
        )
        return [(year, list(group)) for year, group in grouped]

    def _language_name(self, language: str) -> str:
        return get_autonym(language, self._words)

    def _has_catalog(self, language: str) -> bool:
        return has_catalog(language, self._words)


class _Undefined(jinja2.StrictUndefined):
    """An undefined name or attribute: an error that suggests a similar one."""

    __slots__ = ()

    @property
    def _undefined_message(self) -> str:
        if self._undefined_hint:
            return self._undefined_hint
        name, owner = str(self._undefined_name), self._undefined_obj
        if owner is missing:
            return f'"{name}" is undefined'
        known = [each for each in dir(owner) if not each.startswith("_")]
        kind = type(owner).__name__.lower().removesuffix("config")
        return f'{kind} has no "{name}"{format_suggestion(name, known)}'


def _is_mail(name: str) -> bool:
    return name.startswith("mail/")


def _assigned_names(tree: nodes.Template) -> Iterator[str]:
    """Yield the names that a template itself assigns."""
    yield from (node.name for node in tree.find_all(nodes.Name) if node.ctx != "load")
    yield from (node.target for node in tree.find_all(nodes.Import))
    yield from (node.name for node in tree.find_all(nodes.Macro))
    for node in tree.find_all(nodes.FromImport):
        yield from (name if isinstance(name, str) else name[1] for name in node.names)


def _digest(*texts: Mapping[str, str]) -> str:
    """Return a digest of texts and their names."""
    return sha256(repr([sorted(each.items()) for each in texts]).encode()).hexdigest()
