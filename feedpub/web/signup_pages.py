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

from feedpub.models.content import Author, Page, SignupOptions, Tag
from feedpub.models.newsletter import Subscriber
from feedpub.newsletter.signup import PageContext, SubscriptionOffer, create_token
from feedpub.site.templates import Translator
from feedpub.web.signup_forms import FormData

OFFER_PARAMETER = "offer"
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


class SignupPages:
    """Makes the pages for one person."""

    def __init__(self, scene: PageContext, language: str = "") -> None:
        self._page_context = scene
        self._site = scene.newsletter.config.site
        self._language = language or self._site.language
        self._translator: Translator = scene.templates.get_translator(self._language)

    def render_invalid_form(self, given: FormData) -> Response:
        """Show the sign-up form again, with what is wrong in it."""
        page = self._page("web/subscribe.html", "sign-up", self._page_context.signup_options)
        return self._respond(422, page, given=given)

    def render_confirmation_sent(self, address: str, *, confirms: bool) -> Response:
        """Tell somebody who signs up to look into their mailbox, where a mail asks them first."""
        if not confirms:
            return self._notice("thanks", is_good=True, address=address)
        return self._notice("asked", ("late",), address=address)

    def render_offer(self, offer: SubscriptionOffer, text: str) -> Response:
        """Ask whether somebody wants to be mailed."""
        way = f"{self._build_url('confirm', text)}?{OFFER_PARAMETER}={offer.fingerprint}"
        action = Action(self._translator.gettext("confirm-button"), way)
        return self._reader("offer", offer.subscriber, (action,))

    def render_confirmed(self, reader: Subscriber) -> Response:
        """Tell somebody that they are mailed."""
        return self._reader("confirmed", reader, (self._preferences_action(reader),), is_good=True)

    def render_preferences(
        self, reader: Subscriber, given: FormData, *, is_saved: bool = False
    ) -> Response:
        """Show what somebody gets, to be changed."""
        choices = _add_followed(self._page_context.signup_options, given)
        page = self._page("web/preferences.html", "choose", choices)
        lines = (self._translator.gettext("choose-text", address=reader.address),)
        leave = self._build_url(
            "unsubscribe", create_token(self._page_context.newsletter, "unsubscribe", reader)
        )
        action = Action(self._translator.gettext("unsubscribe"), leave, "get", is_quiet=True)
        notice = Notice(lines, (action,), is_good=is_saved)
        return self._respond(422 if given.faults else 200, page, given=given, notice=notice)

    def render_unsubscribe(self, reader: Subscriber, text: str) -> Response:
        """Ask whether somebody wants to be mailed no more."""
        action = Action(
            self._translator.gettext("unsubscribe"), self._build_url("unsubscribe", text)
        )
        return self._reader("leave", reader, (action, self._preferences_action(reader)))

    def render_unsubscribed(self, reader: Subscriber | None, text: str) -> Response:
        """Tell somebody that they are mailed no more."""
        if reader is None:
            return self._notice("gone", title=self._site.title)
        back = Action(self._translator.gettext("back-button"), self._build_url("resubscribe", text))
        forget = self._build_url("forget", text)
        actions = [back] * (reader.state == "unsubscribed")
        actions.append(
            Action(self._translator.gettext("forget-button"), forget, "get", is_quiet=True)
        )
        return self._reader("left", reader, actions, is_good=True)

    def render_erase(self, reader: Subscriber, text: str) -> Response:
        """Ask whether all that is known of somebody is to be deleted."""
        action = Action(self._translator.gettext("forget-yes"), self._build_url("forget", text))
        return self._reader("forget", reader, (action,))

    def render_erased(self) -> Response:
        """Tell somebody that nothing is known of them any more."""
        return self._notice("forgotten", is_good=True)

    def render_not_found(self) -> Response:
        """Tell somebody that an address leads nowhere, whyever."""
        return self._notice("strange", status=404)

    def render_signup_disabled(self) -> Response:
        """Tell somebody that nobody can sign up here."""
        return self._notice("not-found", status=404)

    def render_wrong_origin(self) -> Response:
        """Tell somebody that a form was on another site."""
        here = Action(self._translator.gettext("subscribe"), f"{self._site.url}subscribe/", "get")
        return self._notice("refused", status=403, actions=(here,))

    def render_unreadable_form(self, status: int) -> Response:
        """Tell somebody that a form could not be read; what is left of it is not waited for."""
        response = self._notice("unread", status=status)
        response.headers["Connection"] = "close"
        return response

    def render_unavailable(self) -> Response:
        """Tell somebody that the database is away."""
        response = self._notice("later", status=503)
        response.headers["Retry-After"] = "60"
        return response

    def _preferences_action(self, reader: Subscriber) -> Action:
        way = self._build_url(
            "preferences", create_token(self._page_context.newsletter, "preferences", reader)
        )
        return Action(self._translator.gettext("preferences"), way, "get", is_quiet=True)

    def _build_url(self, purpose: str, text: str) -> str:
        return f"{self._page_context.newsletter.config.readers_url}{purpose}/{text}"

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
            follows=self._page_context.describer.describe(reader, self._language),
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
        lines = [self._translator.gettext(key, None, **values) for key in keys]
        page = self._page("web/notice.html", f"{name}-title" if name != "not-found" else name)
        return self._respond(status, page, notice=Notice(lines, actions, is_good))

    def _page(self, template: str, key: str, choices: SignupOptions | None = None) -> Page:
        return Page(
            path="",
            template=template,
            url=self._site.url,
            title=self._translator.gettext(key),
            description="",
            language=self._language,
            feeds=(),
            signup=choices,
            menu=self._page_context.menu,
        )

    def _respond(self, status: int, page: Page, **values: object) -> Response:
        html = self._page_context.templates.render_response(page, **values)
        return Response(html, status, _HEADERS, "text/html")


def _add_followed(choices: SignupOptions, given: FormData) -> SignupOptions:
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
