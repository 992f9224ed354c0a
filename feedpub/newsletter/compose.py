"""A digest, its posts and the templates → what its message says to everybody who gets these posts.

What the templates of templates/mail/ may use, besides what feedpub/templates.py tells:

    language               of the mail, as in BCP 47
    subject, preheader     of the message, plain text
    digest                 the digest of the configuration; digest.title is never empty
    slot, date             the time it goes out for; that day as the language writes it
    posts, more            the posts that are shown, newest first, and how many are only online
    whole                  whether posts come with their whole text
    intro                  the words before the posts, in HTML or, in .txt, as text
    body(post)             a post's whole text in HTML, or in .txt as text
    issue_url              the address of this issue on the web, "" where it has none
    postal                 the sender's postal address, "" where the configuration has none
    url                    in confirm: the address that confirms; known has none of these but
                           subject, preheader and postal
    mark("name", "friend") stands for the reader's own name, or "friend"; likewise address,
                           unsubscribe, preferences, online and follows, which need no second
    wrap(text), rule(text) in .txt: lines of 72 columns, and a line of "=" as long as a text

The templates in the configuration, `subject`, `preheader` and `intro`, are given posts, digest,
slot, date, language, issue_url and mark.
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
"""Octets of HTML: Gmail shows no more than 102 kB of a message, and the way out is at its end."""

_NO_RECIPIENT = Recipient("", "")
_PREHEADER = 140  # characters; no program shows more


def build_merge_tag(name: str, otherwise: str = "") -> str:
    """Give what stands in a content for a reader's own value, and for its absence.

    Raises:
        ValueError: readers have no such value.
    """
    if name not in merge_tags.TAG_NAMES:
        raise ValueError(f'there is no mark "{name}"; there are {", ".join(merge_tags.TAG_NAMES)}')
    return f"{TAG_START}{name}|{otherwise}{TAG_END}" if otherwise else f"{TAG_START}{name}{TAG_END}"


@dataclass(frozen=True, slots=True)
class _IssueContext:
    """What is the same in the HTML and in the text of one message."""

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
    """Writes the messages of one site."""

    def __init__(self, config: Config, templates: Templates) -> None:
        self._config = config
        self._templates = templates
        self._markdown: MarkdownRenderer | None = None
        self._bodies: dict[str, str] = {}  # of posts, by key: many selections share them

    def compose_issue(
        self,
        digest: DigestConfig,
        posts: Sequence[Post],
        slot: datetime,
        issue_url: str,
        html: HtmlRenderer,
        language: str,
    ) -> MessageContent:
        """Give what a message says to all who get these posts, at least one, newest first.

        `issue_url` is where it can be read on the web, a mark perhaps, or ""; `html` gives a
        post's HTML with absolute addresses; the words around the posts are in `language`. HTML
        of more than `LARGEST` octets has excerpts instead of whole posts, and if need be only
        the first of them.

        Raises:
            TemplateError: a template is missing or names what is not there.
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
        """Give the words before the posts as safe HTML, "" where there are none.

        They are for everybody: where a reader's own value would be is what stands for its absence.

        Raises:
            TemplateError: the template of the configuration names what is not there.
        """
        pieces, gaps = merge_tags.split_tags(
            self._build_context(digest, posts, slot, issue_url, language).intro
        )
        return _interleave(
            pieces, [merge_tags.resolve_tag_html(gap, _NO_RECIPIENT) for gap in gaps]
        )

    def compose_confirmation(self, url: str, language: str) -> MessageContent:
        """Give the message that asks somebody whether they want to subscribe.

        `url` is where they say so, a mark perhaps.

        Raises:
            TemplateError: a template is missing or names what is not there.
        """
        return self._compose_notice("confirm", language, url=url)

    def compose_already_subscribed(self, language: str) -> MessageContent:
        """Give the message that tells somebody who signs up again that they are mailed already.

        Raises:
            TemplateError: a template is missing or names what is not there.
        """
        return self._compose_notice("known", language)

    def _compose_notice(self, name: str, language: str, **values: str) -> MessageContent:
        """Write a message that is about no posts."""
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
        """Fill in the templates of the configuration."""
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
        """Turn the words before the posts into HTML; its addresses are relative to the site.

        Marks would not get through Markdown; words that nobody wrote take their places meanwhile.
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
            # What readers say of themselves is no address: a name may be `javascript:`.
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
            # Safe by contract: `markup` has sanitised it.
            return Markup(self._bodies[post.cache_key])  # noqa: S704

        # The same contract.
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
        """Count how many of the posts can be shown, at least one."""

        def size(shown: int) -> int:
            return _octets(self._html(edition, html, whole=False, shown=shown))

        return 1 + bisect_right(range(2, len(edition.posts)), MAX_HTML_SIZE, key=size)


def _interleave(pieces: Sequence[str], between: Iterable[str]) -> str:
    """Put texts between pieces, of which there is one more."""
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
    """Give a text as one line."""
    return " ".join(text.split())


def _strip_lines(text: str) -> str:
    """Take away the spaces at the ends of lines, and the empty lines at both ends."""
    return "\n".join(line.rstrip(" ") for line in text.split("\n")).strip("\n") + "\n"
