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

from feedpub import links
from feedpub.config import Config, Digest
from feedpub.digests import columns
from feedpub.digests.body import presented
from feedpub.digests.inline import inlined
from feedpub.digests.plaintext import plaintext
from feedpub.mailing import Content
from feedpub.markup import Renderer
from feedpub.message import Reader, marks
from feedpub.message.marks import CLOSE, OPEN
from feedpub.model import Html, Post
from feedpub.templates import Templates
from feedpub.text import shorten

LARGEST = 100_000
"""Octets of HTML: Gmail shows no more than 102 kB of a message, and the way out is at its end."""

_NOBODY = Reader("", "")
_PREHEADER = 140  # characters; no program shows more


def mark(name: str, otherwise: str = "") -> str:
    """Give what stands in a content for a reader's own value, and for its absence.

    Raises:
        ValueError: readers have no such value.
    """
    if name not in marks.NAMES:
        raise ValueError(f'there is no mark "{name}"; there are {", ".join(marks.NAMES)}')
    return f"{OPEN}{name}|{otherwise}{CLOSE}" if otherwise else f"{OPEN}{name}{CLOSE}"


@dataclass(frozen=True, slots=True)
class _Edition:
    """What is the same in the HTML and in the text of one message."""

    digest: Digest
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
        self._markdown: Renderer | None = None
        self._bodies: dict[str, str] = {}  # of posts, by key: many selections share them

    def content(
        self,
        digest: Digest,
        posts: Sequence[Post],
        slot: datetime,
        issue_url: str,
        html: Html,
        language: str,
    ) -> Content:
        """Give what a message says to all who get these posts, at least one, newest first.

        `issue_url` is where it can be read on the web, a mark perhaps, or ""; `html` gives a
        post's HTML with absolute addresses; the words around the posts are in `language`. HTML
        of more than `LARGEST` octets has excerpts instead of whole posts, and if need be only
        the first of them.

        Raises:
            TemplateError: a template is missing or names what is not there.
        """
        edition = self._edition(digest, posts, slot, issue_url, language)
        whole = digest.content == "full"
        document = self._html(edition, html, whole=whole)
        if whole and _is_large(document):
            whole = False
            document = self._html(edition, html, whole=False)
        if _is_large(document):
            fitting = self._fitting(edition, html)
            document = self._html(edition, html, whole=False, shown=fitting)
        return Content(
            subject=edition.subject,
            preheader=edition.preheader,
            html=document,
            text=self._text(edition, html, whole=whole),
            language=language,
        )

    def intro(
        self, digest: Digest, posts: Sequence[Post], slot: datetime, issue_url: str, language: str
    ) -> str:
        """Give the words before the posts as safe HTML, "" where there are none.

        They are for everybody: where a reader's own value would be is what stands for its absence.

        Raises:
            TemplateError: the template of the configuration names what is not there.
        """
        pieces, gaps = marks.split(self._edition(digest, posts, slot, issue_url, language).intro)
        return _joined(pieces, [marks.escaped(gap, _NOBODY) for gap in gaps])

    def confirm(self, url: str, language: str) -> Content:
        """Give the message that asks somebody whether they want to subscribe.

        `url` is where they say so, a mark perhaps.

        Raises:
            TemplateError: a template is missing or names what is not there.
        """
        return self._note("confirm", language, url=url)

    def known(self, language: str) -> Content:
        """Give the message that tells somebody who signs up again that they are mailed already.

        Raises:
            TemplateError: a template is missing or names what is not there.
        """
        return self._note("known", language)

    def _note(self, name: str, language: str, **values: str) -> Content:
        """Write a message that is about no posts."""
        said = self._templates.said(language)
        subject = said.text(f"{name}-subject", title=self._config.site.title)
        preheader = said.text(f"{name}-ignore")
        known = {
            "subject": subject,
            "preheader": preheader,
            "mark": mark,
            "postal": self._config.mail.address,
            **values,
        }
        page = self._templates.mail(f"mail/{name}.html", language, **known)
        text = self._templates.mail(
            f"mail/{name}.txt", language, **known, wrap=_wrap, rule=columns.rule
        )
        return Content(subject, preheader, inlined(page), _tidy(text), language)

    def _edition(
        self, digest: Digest, posts: Sequence[Post], slot: datetime, issue_url: str, language: str
    ) -> _Edition:
        """Fill in the templates of the configuration."""
        titled = replace(digest, title=digest.title or self._config.site.title)
        date = self._templates.said(language).day(slot)
        edition = _Edition(titled, posts, slot, date, issue_url, language)
        subject = _line(self._filled(edition, "subject", digest.subject)) or titled.title
        preheader = _line(self._filled(edition, "preheader", digest.preheader))
        return replace(
            edition,
            subject=subject,
            preheader=shorten(preheader or posts[0].summary, _PREHEADER),
            intro=self._read(self._filled(edition, "intro", digest.intro)),
        )

    def _filled(self, edition: _Edition, key: str, source: str) -> str:
        place = f'digests, "{edition.digest.name}": {key}'
        return self._templates.text(
            source,
            place,
            edition.language,
            posts=edition.posts,
            digest=edition.digest,
            slot=edition.slot,
            date=edition.date,
            issue_url=edition.issue_url,
            mark=mark,
        )

    def _read(self, markdown: str) -> str:
        """Turn the words before the posts into HTML; its addresses are relative to the site.

        Marks would not get through Markdown; words that nobody wrote take their places meanwhile.
        """
        if not markdown.strip():
            return ""
        if self._markdown is None:
            self._markdown = Renderer(self._config.markdown)
        pieces, gaps = marks.split(markdown)
        stem = sha256(markdown.encode("utf-8", "replace")).hexdigest()
        held = {f"mark{stem}n{number}n": gap for number, gap in enumerate(gaps)}

        def address(target: str) -> str:
            if target not in held:
                return urljoin(self._config.site.url, target)
            # What readers say of themselves is no address: a name may be `javascript:`.
            return target if held[target].partition("|")[0] in marks.URLS else ""

        html = links.fill(self._markdown.render(_joined(pieces, held), 1).body, (), address)
        for word, gap in held.items():
            html = html.replace(word, f"{OPEN}{escape(gap)}{CLOSE}")
        return html

    def _html(self, edition: _Edition, html: Html, *, whole: bool, shown: int | None = None) -> str:
        def body(post: Post) -> Markup:
            if post.key not in self._bodies:
                self._bodies[post.key] = presented(html(post), post.title)
            # Safe by contract: `markup` has sanitised it.
            return Markup(self._bodies[post.key])  # noqa: S704

        # The same contract.
        intro = Markup(presented(edition.intro, ""))  # noqa: S704
        name = f"mail/{edition.digest.template}.html"
        return inlined(self._render(name, edition, shown, intro=intro, whole=whole, body=body))

    def _text(self, edition: _Edition, html: Html, *, whole: bool) -> str:
        def body(post: Post) -> str:
            return plaintext(html(post), post.url)

        name = f"mail/{edition.digest.template}.txt"
        intro = plaintext(edition.intro)
        found = self._render(
            name, edition, intro=intro, whole=whole, body=body, wrap=_wrap, rule=columns.rule
        )
        return _tidy(found)

    def _render(
        self, name: str, edition: _Edition, shown: int | None = None, **values: object
    ) -> str:
        posts = edition.posts[:shown]
        return self._templates.mail(
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
            mark=mark,
            postal=self._config.mail.address,
            **values,
        )

    def _fitting(self, edition: _Edition, html: Html) -> int:
        """Count how many of the posts can be shown, at least one."""

        def size(shown: int) -> int:
            return _octets(self._html(edition, html, whole=False, shown=shown))

        return 1 + bisect_right(range(2, len(edition.posts)), LARGEST, key=size)


def _joined(pieces: Sequence[str], between: Iterable[str]) -> str:
    """Put texts between pieces, of which there is one more."""
    return pieces[0] + "".join(
        text + piece for text, piece in zip(between, pieces[1:], strict=True)
    )


def _wrap(text: str) -> str:
    return "\n".join(columns.wrapped(text))


def _octets(text: str) -> int:
    return len(text.encode())


def _is_large(html: str) -> bool:
    return _octets(html) > LARGEST


def _line(text: str) -> str:
    """Give a text as one line."""
    return " ".join(text.split())


def _tidy(text: str) -> str:
    """Take away the spaces at the ends of lines, and the empty lines at both ends."""
    return "\n".join(line.rstrip(" ") for line in text.split("\n")).strip("\n") + "\n"
