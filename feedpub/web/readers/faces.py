"""What somebody is told → a page in the site's look, in their language.

What the templates of templates/web/ may use, besides what feedpub/templates/__init__.py tells:

    given    what a form holds: address, everything, tags, authors (slugs), cadence, language,
             and faults, each with the id of a field and the words on it
    notice   the lines of a page, and what can be done: actions, each with label, url, method
             (get or post) and is_quiet; is_good where something was done
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from starlette.responses import Response

from feedpub.mailing import Subscriber
from feedpub.model import Author, Page, SignUp, Tag
from feedpub.newsletter.signup import Offer, Scene, token
from feedpub.templates.said import Said
from feedpub.web.readers.forms import Given

SHOWN = "offer"
"""What tells, in the address of a form, which offer it shows."""

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' https: data:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "same-origin",  # the address of these pages is all that opens them
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}


@dataclass(frozen=True, slots=True)
class Action:
    """What can be done on a page."""

    label: str
    url: str
    method: str = "post"
    is_quiet: bool = False  # not what people came for


@dataclass(frozen=True, slots=True)
class Notice:
    """What a page says."""

    lines: Sequence[str]
    actions: Sequence[Action] = ()
    is_good: bool = False


class Faces:
    """Makes the pages for one person."""

    def __init__(self, scene: Scene, language: str = "") -> None:
        self._scene = scene
        self._site = scene.desk.config.site
        self._language = language or self._site.language
        self._said: Said = scene.templates.said(self._language)

    def again(self, given: Given) -> Response:
        """Show the sign-up form again, with what is wrong in it."""
        page = self._page("web/subscribe.html", "sign-up", self._scene.choices)
        return self._made(422, page, given=given)

    def asked(self, address: str, *, confirms: bool) -> Response:
        """Tell somebody who signs up to look into their mailbox, where a mail asks them first."""
        if not confirms:
            return self._notice("thanks", is_good=True, address=address)
        return self._notice("asked", ("late",), address=address)

    def offer(self, offer: Offer, text: str) -> Response:
        """Ask whether somebody wants to be mailed."""
        way = f"{self._way('confirm', text)}?{SHOWN}={offer.mark}"
        action = Action(self._said.text("confirm-button"), way)
        return self._reader("offer", offer.reader, (action,))

    def confirmed(self, reader: Subscriber) -> Response:
        """Tell somebody that they are mailed."""
        return self._reader("confirmed", reader, (self._choose(reader),), is_good=True)

    def preferences(self, reader: Subscriber, given: Given, *, is_saved: bool = False) -> Response:
        """Show what somebody gets, to be changed."""
        choices = _kept(self._scene.choices, given)
        page = self._page("web/preferences.html", "choose", choices)
        lines = (self._said.text("choose-text", address=reader.address),)
        leave = self._way("unsubscribe", token(self._scene.desk, "unsubscribe", reader))
        action = Action(self._said.text("unsubscribe"), leave, "get", is_quiet=True)
        notice = Notice(lines, (action,), is_good=is_saved)
        return self._made(422 if given.faults else 200, page, given=given, notice=notice)

    def leave(self, reader: Subscriber, text: str) -> Response:
        """Ask whether somebody wants to be mailed no more."""
        action = Action(self._said.text("unsubscribe"), self._way("unsubscribe", text))
        return self._reader("leave", reader, (action, self._choose(reader)))

    def left(self, reader: Subscriber | None, text: str) -> Response:
        """Tell somebody that they are mailed no more."""
        if reader is None:
            return self._notice("gone", title=self._site.title)
        back = Action(self._said.text("back-button"), self._way("resubscribe", text))
        forget = self._way("forget", text)
        actions = [back] * (reader.state == "unsubscribed")
        actions.append(Action(self._said.text("forget-button"), forget, "get", is_quiet=True))
        return self._reader("left", reader, actions, is_good=True)

    def forget(self, reader: Subscriber, text: str) -> Response:
        """Ask whether all that is known of somebody is to be deleted."""
        action = Action(self._said.text("forget-yes"), self._way("forget", text))
        return self._reader("forget", reader, (action,))

    def forgotten(self) -> Response:
        """Tell somebody that nothing is known of them any more."""
        return self._notice("forgotten", is_good=True)

    def strange(self) -> Response:
        """Tell somebody that an address leads nowhere, whyever."""
        return self._notice("strange", status=404)

    def closed(self) -> Response:
        """Tell somebody that nobody can sign up here."""
        return self._notice("not-found", status=404)

    def refused(self) -> Response:
        """Tell somebody that a form was on another site."""
        here = Action(self._said.text("subscribe"), f"{self._site.url}subscribe/", "get")
        return self._notice("refused", status=403, actions=(here,))

    def unread(self, status: int) -> Response:
        """Tell somebody that a form could not be read; what is left of it is not waited for."""
        response = self._notice("unread", status=status)
        response.headers["Connection"] = "close"
        return response

    def later(self) -> Response:
        """Tell somebody that the database is away."""
        response = self._notice("later", status=503)
        response.headers["Retry-After"] = "60"
        return response

    def _choose(self, reader: Subscriber) -> Action:
        way = self._way("preferences", token(self._scene.desk, "preferences", reader))
        return Action(self._said.text("preferences"), way, "get", is_quiet=True)

    def _way(self, purpose: str, text: str) -> str:
        return f"{self._scene.desk.config.readers_url}{purpose}/{text}"

    def _reader(
        self, name: str, reader: Subscriber, actions: Sequence[Action], *, is_good: bool = False
    ) -> Response:
        """Show a page about a reader."""
        return self._notice(
            name,
            actions=actions,
            is_good=is_good,
            address=reader.address,
            title=self._site.title,
            follows=self._scene.following.sentence(reader, self._language),
        )

    def _notice(
        self,
        name: str,
        more: Sequence[str] = (),
        status: int = 200,
        actions: Sequence[Action] = (),
        *,
        is_good: bool = False,
        **values: str,
    ) -> Response:
        """Show a page of words, whose keys begin with a name."""
        keys = (f"{name}-text", *(f"{name}-{each}" for each in more))
        lines = [self._said.text(key, None, **values) for key in keys]
        page = self._page("web/notice.html", f"{name}-title" if name != "not-found" else name)
        return self._made(status, page, notice=Notice(lines, actions, is_good))

    def _page(self, template: str, key: str, choices: SignUp | None = None) -> Page:
        return Page(
            path="",
            template=template,
            url=self._site.url,
            title=self._said.text(key),
            description="",
            language=self._language,
            feeds=(),
            signup=choices,
            menu=self._scene.menu,
        )

    def _made(self, status: int, page: Page, **values: object) -> Response:
        html = self._scene.templates.answer(page, **values)
        return Response(html, status, _HEADERS, "text/html")


def _kept(choices: SignUp, given: Given) -> SignUp:
    """Add what somebody follows and nobody writes about any more; it has its slug for a name."""
    tags = {tag.slug for tag in choices.tags}
    authors = {author.slug for author in choices.authors}
    return replace(
        choices,
        tags=(*choices.tags, *(Tag(each, each) for each in given.tags if each not in tags)),
        authors=(
            *choices.authors,
            *(Author(each, slug=each) for each in given.authors if each not in authors),
        ),
    )
