"""A page, or a mail, and the texts of the templates → what it says, by Jinja2, known only here.

What a template may use, besides what Jinja2 brings: `site`, `page`, `post` (of a post's page) and

    href(url)              the address as a link: this site's own without scheme and host
    below(path)            the link to a path below the site's address: below("archive/")
    absolute(path)         the address of such a path, with scheme and host
    asset("style.css")     the address of a file of the templates folder, its content in its name
    t("key", n=3)          words of the page's language, from words/<language>.toml
    day(when, year=true)   a `<time>`: the date in the site's time zone, as the language writes it
    direction(language)    ltr or rtl
    language_name(tag)     what a language calls itself: Deutsch
    speaks(tag)            whether there are words in a language, so that mails can be
    body(post)             a post's HTML, for a page that has the title above it
    shows(html, image)     whether the picture is in the HTML
    years(posts)           pairs of a year and its posts, newest first
    tag_page(tag), author_page(author), subscription(feed), anchor(feed)
    documents(feed)        its formats, each with label, media_type, url and href
    whole(feeds)           the formats of the whole site's feed, where it is among these
    alternates(feeds)      the `<link>`s by which readers discover feeds
    newest(feed)           the date of its newest post
    size(octets), duration(seconds), file_name(url)
    legible(colour, ground, ratio), blend(colour, ground, share)

In mails there is no page; addresses are whole, and in .txt words and days are without HTML. What
else they may use is told in feedpub/digests/compose.py. Those of web/ answer somebody; what else
they may use, `given` and `notice`, is told in feedpub/web/readers/faces.py.

The words and days of one language, as templates use them: a part of `feedpub.site.templates`.
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
    """What pages and mails say around the posts, in the words of one language."""

    catalog: Catalog
    zone: ZoneInfo
    plain: bool  # text, and no HTML

    def gettext(self, key: str, n: int | None = None, **values: object) -> str:
        """Give the words of a key, with what belongs in their braces."""
        try:
            words = self.catalog.gettext(key, n)
        except KeyError as error:
            near = format_suggestion(key, self.catalog.list_keys())
            raise jinja2.TemplateRuntimeError(f'no words for "{key}"{near}') from error
        if self.plain:
            return words.format(n=n, **values)
        # What is filled in may be HTML already, such as a date; words alone are text.
        return words if n is None and not values else escape(words).format(n=n, **values)

    def format_date(self, when: datetime, *, year: bool = True) -> str:
        """Give a time as HTML, the day for people, the second for machines; or the day alone."""
        local = to_timezone(when, self.zone)
        told = self.catalog.format_date(local, year=year)
        if self.plain:
            return told
        date = escape(told)
        # Not a byte of it is from outside but the words, which are escaped.
        # Before there were time zones, noon was noon to the second; HTML knows whole minutes.
        seconds = (local.utcoffset() or timedelta()).seconds
        machine = local.astimezone(UTC) if seconds % 60 else local
        return Markup(f'<time datetime="{machine.isoformat(timespec="seconds")}">{date}</time>')  # noqa: S704

    def format_newest_date(self, feed: Feed) -> str:
        """Give the day of a feed's newest post."""
        return self.format_date(feed.posts[0].published if feed.posts else feed.updated)


def format_suggestion(word: str, known: Iterable[str]) -> str:
    """Give `; did you mean "x"?`, or nothing where no known word is near."""
    near = find_close_match(word, sorted(known))
    return f'; did you mean "{near}"?' if near else ""


PACKAGED_PREFIX = "feedpub/templates/"
"""What a message calls the folder of the templates that come with feedpub."""

ASSET_SUFFIXES = (".css", ".js", ".svg")
"""Files of the templates folder that are published; of them style sheets are templates too."""

_TEMPLATE = re.compile(r".*\.(?:html|css)|mail/.*\.txt")

_OF_ALL = ("t", "day", "body", "self", "super")
_OF_A_PAGE = frozenset((*_OF_ALL, "page", "post", "newest", "given", "notice"))
_OF_A_MAIL = frozenset(
    (
        *(*_OF_ALL, "language", "subject", "preheader", "digest", "posts", "slot", "date", "intro"),
        *("whole", "more", "issue_url", "url", "mark", "postal", "wrap", "rule"),
    )
)

# What a slip in a template can raise, besides Jinja2's own errors.
_TEMPLATE_BUGS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)

_UNDEFINED = re.compile(r'"([^"]+)" is undefined')


class Templates:
    """Turns pages into HTML: the same page and the same texts give the same bytes."""

    def __init__(
        self,
        config: Config,
        user: Mapping[str, str],
        packaged: Mapping[str, str],
        address: Callable[[Feed, str], str],
    ) -> None:
        """Prepare the templates; those of `user` win over those of `packaged`, one by one.

        Both give texts by their path below the templates folder; `address` gives the URL of a
        feed in a format.

        Raises:
            TemplateError: a style sheet or a file of words cannot be used.
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
        self._compiled: dict[str, jinja2.Template] = {}  # templates of the configuration
        self._assets: dict[str, tuple[str, bytes]] = {}
        for name in sorted(self._texts):
            if name.endswith(ASSET_SUFFIXES):
                self._assets[name] = self._asset(name)
        under = {name: text for name, text in packaged.items() if name.startswith("words/")}
        self.digest = _digest(self._texts, under)

    def render(self, page: Page, html: HtmlRenderer) -> bytes:
        """Give the HTML of a page, in UTF-8; `html` gives that of a post.

        Raises:
            TemplateError: a template is missing, is no template, or names what is not there.
        """
        # Before the template is run: what goes wrong here is no fault of the template.
        text = html(page.post) if page.post else ""

        def body(post: Post) -> Markup:
            found = text if post is page.post else html(post)
            # Safe by contract: `markup` has sanitised it.
            return Markup(  # noqa: S704
                template_filters.convert_inline_styles(
                    template_filters.prepare_for_page(found, post.title)
                )
            )

        return self.render_response(page, body=body)

    def render_response(self, page: Page, **values: object) -> bytes:
        """Give the HTML of a page that answers somebody, with what it is to know besides.

        Raises:
            TemplateError: as `render` does.
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
        """Give what the template of a mail says; one that ends in .txt gives plain text.

        Raises:
            TemplateError: as `render` does.
        """
        plain = name.endswith(".txt")
        environment = self._plain if plain else self._environment
        return self._render(
            name, environment, **self._mail_context(language, plain=plain), **values
        )

    def render_string(self, source: str, place: str, language: str, **values: object) -> str:
        """Give what a template says that is a value of the configuration, as plain text.

        Raises:
            TemplateError: as `render` does; its place is `place`, the value's key.
        """

        def compiled() -> jinja2.Template:
            if source not in self._compiled:
                self._compiled[source] = self._plain.from_string(source)
            return self._compiled[source]

        return self._run(place, compiled, {**self._mail_context(language, plain=True), **values})

    def get_translator(self, language: str) -> Translator:
        """Give the words and days of a language as plain text."""
        return self._said(language, plain=True)

    def get_assets(self) -> Mapping[str, bytes]:
        """Give the files that pages use, by their path below the output folder."""
        return dict(self._assets.values())

    def check(self) -> tuple[Problem, ...]:
        """Give what can be found wrong in the templates without rendering a page."""
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
        """Give what is different in a mail: nobody reads it at the site's own address."""
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
            message = f'there is no template "{lacking}"{format_suggestion(lacking, self._texts)}'
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
        """Give `template:line` of the innermost template that an error came through."""
        place = self._paths.get(name, name)
        paths = frozenset(self._paths.values())
        frame = error.__traceback__
        while frame:
            if frame.tb_frame.f_code.co_filename in paths:
                place = f"{frame.tb_frame.f_code.co_filename}:{frame.tb_lineno}"
            frame = frame.tb_next
        return place

    def _parse_templates(self) -> tuple[dict[str, nodes.Template], list[Problem]]:
        """Read every template; those that are none are problems."""
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
        """Give every name that stands for something in some template of mails, or of pages."""
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
        """Give the path and the bytes of a file to publish; the path changes when they do."""
        styled = name.endswith(".css")
        text = self._render(name, self._environment) if styled else self._texts[name]
        data = text.encode()
        stem, _, suffix = name.rpartition(".")
        return f"assets/{stem}-{sha256(data).hexdigest()[:10]}.{suffix}", data

    def _asset_address(self, links: LinkBuilder) -> Callable[[str], str]:
        def asset(name: str) -> str:
            if name not in self._assets:
                raise jinja2.TemplateRuntimeError(
                    f'there is no file "{name}" to publish{format_suggestion(name, self._assets)}'
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
    """What a template names and nobody defined: an error, with a guess at what was meant."""

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
    """Give the names that a template itself gives to something."""
    yield from (node.name for node in tree.find_all(nodes.Name) if node.ctx != "load")
    yield from (node.target for node in tree.find_all(nodes.Import))
    yield from (node.name for node in tree.find_all(nodes.Macro))
    for node in tree.find_all(nodes.FromImport):
        yield from (name if isinstance(name, str) else name[1] for name in node.names)


def _digest(*texts: Mapping[str, str]) -> str:
    """Give a digest of texts and their names."""
    return sha256(repr([sorted(each.items()) for each in texts]).encode()).hexdigest()
