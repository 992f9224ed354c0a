"""Compose digest messages and sign-up mails from templates; `Composer` is the entry point.

One message is rendered for everybody who gets the same posts in the same language. Values that
differ per subscriber are merge tags, filled in at delivery.

Besides the variables described in feedpub/site/templates.py, templates in templates/mail/ have:

    language               of the mail, a BCP 47 tag
    subject, preheader     of the message, plain text
    digest                 the digest's configuration; digest.title is never empty
    slot, date             the scheduled time; that day formatted for the language
    posts, more            the posts shown, newest first, and the number left out
    whole                  whether posts are included in full
    intro                  the text before the posts: HTML, or plain text in .txt
    body(post)             a post's full content: HTML, or plain text in .txt
    issue_url              the URL of this issue on the web, "" if it has none
    postal                 the sender's postal address, "" if not configured
    url                    in confirm: the confirmation URL. confirm and known have only
                           subject, preheader, mark, postal and, in .txt, wrap and rule
    mark("name", "friend") the subscriber's name, or "friend" if it is empty. Other tags:
                           address, unsubscribe, preferences, online and follows
    wrap(text), rule(text) in .txt: lines of 72 columns, and a line of "=" as wide as a text

The configuration's own templates, `subject`, `preheader` and `intro`, have posts, digest, slot,
date, language, issue_url and mark.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from urllib.parse import urljoin

from markupsafe import Markup, escape

from feedpub.config.schema import Config, DigestConfig
from feedpub.content.library import link_index
from feedpub.content.markup import MarkdownRenderer
from feedpub.delivery import merge_tags
from feedpub.delivery.headers import Recipient
from feedpub.delivery.merge_tags import TAG_END, TAG_START
from feedpub.models.content import HtmlRenderer, Post
from feedpub.models.newsletter import MessageContent
from feedpub.models.text import shorten
from feedpub.newsletter import text_tables
from feedpub.newsletter.html import adapt_for_email, inline_css
from feedpub.newsletter.plaintext import render_plaintext
from feedpub.site.templates import Templates

MAX_HTML_SIZE = 100_000
"""Maximum octets of HTML: Gmail clips messages at 102 kB, which would hide the unsubscribe link."""

_NO_RECIPIENT = Recipient("", "")
_PREHEADER = 140  # characters; mail clients show no more


def build_merge_tag(name: str, otherwise: str = "") -> str:
    """Return the merge tag for a subscriber's value, with an optional fallback.

    Raises:
        ValueError: there is no tag of this name.
    """
    if name not in merge_tags.TAG_NAMES:
        raise ValueError(f'unknown tag "{name}"; use one of {", ".join(merge_tags.TAG_NAMES)}')
    return f"{TAG_START}{name}|{otherwise}{TAG_END}" if otherwise else f"{TAG_START}{name}{TAG_END}"


@dataclass(frozen=True, slots=True)
class _IssueContext:
    """The template variables that the HTML and the text part of a message share."""

    digest: DigestConfig
    posts: Sequence[Post]
    slot: datetime
    date: str
    issue_url: str
    language: str
    subject: str = ""
    preheader: str = ""
    intro: str = ""  # HTML


class Composer:
    """Composes the messages of one site."""

    def __init__(self, config: Config, templates: Templates) -> None:
        self._config = config
        self._templates = templates
        self._markdown: MarkdownRenderer | None = None
        self._bodies: dict[str, str] = {}  # post HTML by cache key, shared by variants

    def compose_issue(
        self,
        digest: DigestConfig,
        posts: Sequence[Post],
        slot: datetime,
        issue_url: str,
        html: HtmlRenderer,
        language: str,
    ) -> MessageContent:
        """Compose the message with these posts: at least one, newest first.

        `issue_url` is the issue's URL on the web, possibly a merge tag, or "". `html` renders a
        post with absolute URLs. The text around the posts is in `language`. If the HTML exceeds
        `MAX_HTML_SIZE`, posts are reduced to excerpts and, if it is still too large, only the first
        ones are shown.

        Raises:
            TemplateError: a template is missing or uses an undefined name.
        """
        edition = self._build_context(digest, posts, slot, issue_url, language)
        whole = digest.content == "full"
        document = self._html(edition, html, whole=whole)
        if whole and _is_large(document):
            whole = False
            document = self._html(edition, html, whole=False)
        if _is_large(document):
            fitting = self._count_fitting_posts(edition, html)
            document = self._html(edition, html, whole=False, shown=fitting)
        return MessageContent(
            subject=edition.subject,
            preheader=edition.preheader,
            html=document,
            text=self._text(edition, html, whole=whole),
            language=language,
        )

    def render_intro(
        self,
        digest: DigestConfig,
        posts: Sequence[Post],
        slot: datetime,
        issue_url: str,
        language: str,
    ) -> str:
        """Render the text before the posts as safe HTML for everybody, "" if there is none.

        Merge tags are replaced by their fallbacks.

        Raises:
            TemplateError: the configured template uses an undefined name.
        """
        pieces, gaps = merge_tags.split_tags(
            self._build_context(digest, posts, slot, issue_url, language).intro
        )
        return _interleave(
            pieces, [merge_tags.resolve_tag_html(gap, _NO_RECIPIENT) for gap in gaps]
        )

    def compose_confirmation(self, url: str, language: str) -> MessageContent:
        """Compose the message that asks for confirmation of a sign-up.

        `url` is the confirmation URL, possibly a merge tag.

        Raises:
            TemplateError: a template is missing or uses an undefined name.
        """
        return self._compose_notice("confirm", language, url=url)

    def compose_already_subscribed(self, language: str) -> MessageContent:
        """Compose the reply to a sign-up by an active subscriber.

        Raises:
            TemplateError: a template is missing or uses an undefined name.
        """
        return self._compose_notice("known", language)

    def _compose_notice(self, name: str, language: str, **values: str) -> MessageContent:
        """Compose a message without posts."""
        said = self._templates.get_translator(language)
        subject = said.gettext(f"{name}-subject", title=self._config.site.title)
        preheader = said.gettext(f"{name}-ignore")
        known = {
            "subject": subject,
            "preheader": preheader,
            "mark": build_merge_tag,
            "postal": self._config.mail.address,
            **values,
        }
        page = self._templates.render_mail(f"mail/{name}.html", language, **known)
        text = self._templates.render_mail(
            f"mail/{name}.txt", language, **known, wrap=_wrap, rule=text_tables.draw_rule
        )
        return MessageContent(subject, preheader, inline_css(page), _strip_lines(text), language)

    def _build_context(
        self,
        digest: DigestConfig,
        posts: Sequence[Post],
        slot: datetime,
        issue_url: str,
        language: str,
    ) -> _IssueContext:
        """Render the configuration's templates."""
        titled = replace(digest, title=digest.title or self._config.site.title)
        date = self._templates.get_translator(language).format_date(slot)
        edition = _IssueContext(titled, posts, slot, date, issue_url, language)
        subject = (
            _collapse_whitespace(self._render_option(edition, "subject", digest.subject))
            or titled.title
        )
        preheader = _collapse_whitespace(
            self._render_option(edition, "preheader", digest.preheader)
        )
        return replace(
            edition,
            subject=subject,
            preheader=shorten(preheader or posts[0].summary, _PREHEADER),
            intro=self._render_markdown(self._render_option(edition, "intro", digest.intro)),
        )

    def _render_option(self, edition: _IssueContext, key: str, source: str) -> str:
        place = f'digests, "{edition.digest.name}": {key}'
        return self._templates.render_string(
            source,
            place,
            edition.language,
            posts=edition.posts,
            digest=edition.digest,
            slot=edition.slot,
            date=edition.date,
            issue_url=edition.issue_url,
            mark=build_merge_tag,
        )

    def _render_markdown(self, markdown: str) -> str:
        """Render the intro's Markdown as HTML, with URLs resolved against the site.

        Markdown would mangle merge tags, so each is replaced by a unique word while it is rendered.
        """
        if not markdown.strip():
            return ""
        if self._markdown is None:
            self._markdown = MarkdownRenderer(self._config.markdown)
        pieces, gaps = merge_tags.split_tags(markdown)
        stem = sha256(markdown.encode("utf-8", "replace")).hexdigest()
        held = {f"mark{stem}n{number}n": gap for number, gap in enumerate(gaps)}

        def address(target: str) -> str:
            if target not in held:
                return urljoin(self._config.site.url, target)
            # Values chosen by subscribers must not become URLs: a name may be `javascript:...`.
            return target if held[target].partition("|")[0] in merge_tags.URL_TAGS else ""

        html = link_index.substitute_urls(
            self._markdown.render(_interleave(pieces, held), 1).body, (), address
        )
        for word, gap in held.items():
            html = html.replace(word, f"{TAG_START}{escape(gap)}{TAG_END}")
        return html

    def _html(
        self, edition: _IssueContext, html: HtmlRenderer, *, whole: bool, shown: int | None = None
    ) -> str:
        def body(post: Post) -> Markup:
            if post.cache_key not in self._bodies:
                self._bodies[post.cache_key] = adapt_for_email(html(post), post.title)
            # Safe: feedpub.content.markup has sanitised it.
            return Markup(self._bodies[post.cache_key])  # noqa: S704

        # Safe for the same reason.
        intro = Markup(adapt_for_email(edition.intro, ""))  # noqa: S704
        name = f"mail/{edition.digest.template}.html"
        return inline_css(self._render(name, edition, shown, intro=intro, whole=whole, body=body))

    def _text(self, edition: _IssueContext, html: HtmlRenderer, *, whole: bool) -> str:
        def body(post: Post) -> str:
            return render_plaintext(html(post), post.url)

        name = f"mail/{edition.digest.template}.txt"
        intro = render_plaintext(edition.intro)
        found = self._render(
            name,
            edition,
            intro=intro,
            whole=whole,
            body=body,
            wrap=_wrap,
            rule=text_tables.draw_rule,
        )
        return _strip_lines(found)

    def _render(
        self, name: str, edition: _IssueContext, shown: int | None = None, **values: object
    ) -> str:
        posts = edition.posts[:shown]
        return self._templates.render_mail(
            name,
            edition.language,
            subject=edition.subject,
            preheader=edition.preheader,
            digest=edition.digest,
            slot=edition.slot,
            date=edition.date,
            posts=posts,
            more=len(edition.posts) - len(posts),
            issue_url=edition.issue_url,
            mark=build_merge_tag,
            postal=self._config.mail.address,
            **values,
        )

    def _count_fitting_posts(self, edition: _IssueContext, html: HtmlRenderer) -> int:
        """Return how many posts fit into MAX_HTML_SIZE, at least one."""

        def size(shown: int) -> int:
            return _octets(self._html(edition, html, whole=False, shown=shown))

        return 1 + bisect_right(range(2, len(edition.posts)), MAX_HTML_SIZE, key=size)


def _interleave(pieces: Sequence[str], between: Iterable[str]) -> str:
    """Join pieces with one text between each two."""
    return pieces[0] + "".join(
        text + piece for text, piece in zip(between, pieces[1:], strict=True)
    )


def _wrap(text: str) -> str:
    return "\n".join(text_tables.wrap_text(text))


def _octets(text: str) -> int:
    return len(text.encode())


def _is_large(html: str) -> bool:
    return _octets(html) > MAX_HTML_SIZE


def _collapse_whitespace(text: str) -> str:
    """Return a text as one line."""
    return " ".join(text.split())


def _strip_lines(text: str) -> str:
    """Strip trailing spaces, and the empty lines at both ends."""
    return "\n".join(line.rstrip(" ") for line in text.split("\n")).strip("\n") + "\n"
