"""Render the pages of the sign-up process in the site's look and the subscriber's language.

Templates in templates/web/ may use, besides what `feedpub.site.templates` documents:

    given    the contents of a form: address, everything, tags, authors (slugs), cadence,
             language, and faults, each with the id of a field and a message key
    notice   the lines of a page and its actions, each with label, url, method (get or post)
             and is_quiet; is_good if something succeeded
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
"""Query parameter with the fingerprint of the offer that a confirmation page shows."""

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' https: data:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "same-origin",  # the URL contains the token, the only credential
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}


@dataclass(frozen=True, slots=True)
class Action:
    """A button or link on a page."""

    label: str
    url: str
    method: str = "post"
    is_quiet: bool = False  # a secondary action


@dataclass(frozen=True, slots=True)
class Notice:
    """The text and actions of a page."""

    lines: Sequence[str]
    actions: Sequence[Action] = ()
    is_good: bool = False


class SignupPages:
    """Renders the pages for one subscriber."""

    def __init__(self, page_context: PageContext, language: str = "") -> None:
        self._page_context = page_context
        self._site = page_context.newsletter.config.site
        self._language = language or self._site.language
        self._translator: Translator = page_context.templates.get_translator(self._language)

    def render_invalid_form(self, given: FormData) -> Response:
        """Show the sign-up form again with its errors."""
        page = self._page("web/subscribe.html", "sign-up", self._page_context.signup_options)
        return self._respond(422, page, given=given)

    def render_confirmation_sent(self, address: str, *, confirms: bool) -> Response:
        """Say that a confirmation message was sent, or just thank if none is."""
        if not confirms:
            return self._notice("thanks", is_good=True, address=address)
        return self._notice("asked", ("late",), address=address)

    def render_offer(self, offer: SubscriptionOffer, text: str) -> Response:
        """Ask to confirm the sign-up."""
        transport = f"{self._build_url('confirm', text)}?{OFFER_PARAMETER}={offer.fingerprint}"
        action = Action(self._translator.gettext("confirm-button"), transport)
        return self._reader("offer", offer.subscriber, (action,))

    def render_confirmed(self, reader: Subscriber) -> Response:
        """Say that the subscription is active."""
        return self._reader("confirmed", reader, (self._preferences_action(reader),), is_good=True)

    def render_preferences(
        self, reader: Subscriber, given: FormData, *, is_saved: bool = False
    ) -> Response:
        """Show the preferences form."""
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
        """Ask to confirm the unsubscription."""
        action = Action(
            self._translator.gettext("unsubscribe"), self._build_url("unsubscribe", text)
        )
        return self._reader("leave", reader, (action, self._preferences_action(reader)))

    def render_unsubscribed(self, reader: Subscriber | None, text: str) -> Response:
        """Say that the address is unsubscribed, with a way back and a way to erase all data."""
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
        """Ask to confirm the erasure of all data."""
        action = Action(self._translator.gettext("forget-yes"), self._build_url("forget", text))
        return self._reader("forget", reader, (action,))

    def render_erased(self) -> Response:
        """Say that all data has been erased."""
        return self._notice("forgotten", is_good=True)

    def render_not_found(self) -> Response:
        """Say that the link is invalid."""
        return self._notice("strange", status=404)

    def render_signup_disabled(self) -> Response:
        """Say that sign-up is disabled."""
        return self._notice("not-found", status=404)

    def render_wrong_origin(self) -> Response:
        """Say that the form came from another site."""
        here = Action(self._translator.gettext("subscribe"), f"{self._site.url}subscribe/", "get")
        return self._notice("refused", status=403, actions=(here,))

    def render_unreadable_form(self, status: int) -> Response:
        """Say that the form could not be read, and close the connection."""
        response = self._notice("unread", status=status)
        response.headers["Connection"] = "close"
        return response

    def render_unavailable(self) -> Response:
        """Say that the database is unavailable."""
        response = self._notice("later", status=503)
        response.headers["Retry-After"] = "60"
        return response

    def _preferences_action(self, reader: Subscriber) -> Action:
        transport = self._build_url(
            "preferences", create_token(self._page_context.newsletter, "preferences", reader)
        )
        return Action(self._translator.gettext("preferences"), transport, "get", is_quiet=True)

    def _build_url(self, purpose: str, text: str) -> str:
        return f"{self._page_context.newsletter.config.readers_url}{purpose}/{text}"

    def _reader(
        self, name: str, reader: Subscriber, actions: Sequence[Action], *, is_good: bool = False
    ) -> Response:
        """Render a notice about a subscription."""
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
        """Render a notice from the catalog keys that begin with `name`."""
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
    """Add followed tags and authors that are no longer offered, labelled with their slugs."""
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
