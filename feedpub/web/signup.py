"""Endpoints for subscribers: sign up, confirm, change preferences, unsubscribe, erase.

GET and HEAD change nothing, since mail scanners open the links in messages; every change is a
POST. A POST to unsubscribe/TOKEN works with any body, without cookies and without a redirect
(RFC 8058). Enter at `build_signup_routes`.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from ipaddress import ip_address
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Scope

from feedpub.models.newsletter import ACTIVE, Subscriber
from feedpub.newsletter import signup
from feedpub.newsletter.signup import NetworkHasher, PageContext, SubscriptionOffer
from feedpub.storage.errors import StoreError
from feedpub.web import signup_forms
from feedpub.web.signup_forms import FormData, get_origin, is_allowed_origin
from feedpub.web.signup_pages import OFFER_PARAMETER, SignupPages
from feedpub.web.static import get_root_path
from feedpub.web.webhooks import BodyError, read_body

MAX_FORM_SIZE = 65_536
"""Bytes: enough for a form with a thousand tags selected."""

_MOST = 5_000  # fields
_FORM = "application/x-www-form-urlencoded"

FormFields = tuple[tuple[str, str], ...]


async def parse_form(request: Request, seconds: float) -> FormFields:
    """Return the fields of a form in order; the body must arrive within `seconds`.

    Raises:
        BodyError: The body has another media type, or is too large, too slow or incomplete.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _FORM:
        raise BodyError(415)
    text = (await read_body(request, MAX_FORM_SIZE, seconds)).decode("utf-8", "replace")
    try:
        return tuple(parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST))
    except ValueError:
        raise BodyError(413) from None


_UNSUBSCRIBABLE = (ACTIVE, "pending", "bounced")
"""States from which a subscriber can unsubscribe."""


@dataclass(frozen=True, slots=True)
class RequestContext:
    """One request to a sign-up page: token, form, client and the site it is for."""

    page_context: PageContext
    token: str
    headers: Mapping[str, str]
    client_address: str  # IP address, "" if unknown
    network_hash: bytes  # salted hash of the client network
    now: datetime
    on_result: Callable[[str], object]  # called with the decision on a sign-up
    form_fields: FormFields
    offer_fingerprint: str = ""  # fingerprint of the offer being confirmed, "" if not given

    def find_subscriber(self, purpose: str) -> Subscriber | None:
        """Return the subscriber a token belongs to, None if it is invalid."""
        return signup.find_subscriber(self.page_context.newsletter, purpose, self.token)

    def get_pages(self, reader: Subscriber | None = None) -> SignupPages:
        """Return a renderer for pages in the subscriber's language."""
        return SignupPages(self.page_context, reader.language if reader else "")


def reject_signup(visit: RequestContext) -> Response | None:
    """Return an error page if sign-up is disabled or the form's origin is refused, else None."""
    config = visit.page_context.newsletter.config
    if not config.subscribers.form:
        return visit.get_pages().render_signup_disabled()
    home = get_origin(config.site.url)
    others = (*config.subscribers.origins, *([home] if config.subscribers.host else []))
    if not is_allowed_origin(visit.headers, config.readers_url, others):
        return visit.get_pages().render_wrong_origin()
    return None


def subscribe(visit: RequestContext) -> Response:
    """Handle a submitted sign-up form; spam gets the same page as a real sign-up."""
    given = signup_forms.parse_signup(visit.form_fields, visit.page_context.signup_options)
    pages = SignupPages(visit.page_context, given.language)
    if given.faults:
        return pages.render_invalid_form(given)
    if not given.is_spam:
        visit.on_result(
            signup.request_signup(
                visit.page_context.newsletter, given.signup_request, visit.network_hash, visit.now
            )
        )
    return pages.render_confirmation_sent(
        given.address, confirms=visit.page_context.signup_options.confirms
    )


def show_offer(visit: RequestContext) -> Response:
    """Show the confirmation page of a sign-up."""
    return _render_offer(visit, signup.find_offer(visit.page_context.newsletter, visit.token))


def _render_offer(visit: RequestContext, offer: SubscriptionOffer | None) -> Response:
    if offer is None:
        return visit.get_pages().render_not_found()
    pages = visit.get_pages(offer.subscriber)
    return (
        pages.render_offer(offer, visit.token)
        if offer.is_pending
        else pages.render_confirmed(offer.subscriber)
    )


def confirm(visit: RequestContext) -> Response:
    """Confirm a sign-up, unless the request changed after the page was shown."""
    newsletter, reader = visit.page_context.newsletter, None
    offer = signup.find_offer(newsletter, visit.token)
    if (
        offer is not None
        and offer.is_pending
        and visit.offer_fingerprint in {"", offer.fingerprint}
    ):
        reader = signup.confirm_signup(newsletter, offer, visit.client_address, visit.now)
    if reader is None:
        return _render_offer(visit, signup.find_offer(newsletter, visit.token))
    return visit.get_pages(reader).render_confirmed(reader)


def show_preferences(visit: RequestContext) -> Response:
    """Show the preferences form."""
    reader = visit.find_subscriber("preferences")
    if reader is None or reader.state != ACTIVE:
        return _render_inactive(visit, reader)
    return visit.get_pages(reader).render_preferences(reader, signup_forms.fill_form(reader))


def save_preferences(visit: RequestContext) -> Response:
    """Save the preferences form."""
    reader = visit.find_subscriber("preferences")
    if reader is None or reader.state != ACTIVE:
        return _render_inactive(visit, reader)
    given = signup_forms.parse_preferences(
        visit.form_fields, visit.page_context.signup_options, reader
    )
    if given.faults:
        return visit.get_pages(reader).render_preferences(reader, given)
    newsletter = visit.page_context.newsletter
    signup.update_preferences(
        newsletter, reader, given.follows, given.cadence, given.language, visit.now
    )
    return SignupPages(visit.page_context, given.language).render_preferences(
        reader, _normalize_form(given), is_saved=True
    )


def _normalize_form(given: FormData) -> FormData:
    """Return the form as it will look when opened again."""
    follows = given.follows
    return FormData(
        everything=given.everything,
        tags=follows.tags,
        authors=follows.authors,
        cadence=given.cadence,
        language=given.language,
    )


def _render_inactive(visit: RequestContext, reader: Subscriber | None) -> Response:
    if reader is None:
        return visit.get_pages().render_not_found()
    token = signup.create_token(visit.page_context.newsletter, "unsubscribe", reader)
    return visit.get_pages(reader).render_unsubscribed(reader, token)


def show_unsubscribe(visit: RequestContext) -> Response:
    """Show the unsubscribe page."""
    reader = visit.find_subscriber("unsubscribe")
    if reader is not None and reader.state in _UNSUBSCRIBABLE:
        return visit.get_pages(reader).render_unsubscribe(reader, visit.token)
    return _render_unsubscribed(visit, reader)


def unsubscribe(visit: RequestContext) -> Response:
    """Unsubscribe; the body of the request is ignored."""
    signup.unsubscribe(visit.page_context.newsletter, visit.token, visit.now)
    return _render_unsubscribed(visit, visit.find_subscriber("unsubscribe"))


def resubscribe(visit: RequestContext) -> Response:
    """Reactivate a former subscriber, or send a confirmation message first."""
    reader, heard = signup.resubscribe(
        visit.page_context.newsletter, visit.token, visit.network_hash, visit.now
    )
    if heard:
        visit.on_result(heard)
    if reader is None:
        return _render_unsubscribed(visit, None)
    pages = visit.get_pages(reader)
    if reader.state == ACTIVE:
        return pages.render_confirmed(reader)
    if reader.state == "unsubscribed":
        return pages.render_confirmation_sent(reader.address, confirms=True)
    return pages.render_unsubscribed(reader, visit.token)


def show_erase(visit: RequestContext) -> Response:
    """Show the page that asks whether to erase all data of a subscriber."""
    reader = visit.find_subscriber("unsubscribe")
    return (
        visit.get_pages(reader).render_erase(reader, visit.token)
        if reader
        else _render_unsubscribed(visit, None)
    )


def erase(visit: RequestContext) -> Response:
    """Erase all data of a subscriber."""
    done = signup.erase_by_token(visit.page_context.newsletter, visit.token)
    return visit.get_pages().render_erased() if done else visit.get_pages().render_not_found()


def _render_unsubscribed(visit: RequestContext, reader: Subscriber | None) -> Response:
    """Show the unsubscribed page, also for a valid token of an erased subscriber."""
    if reader is None and not signup.is_valid_token(
        visit.page_context.newsletter, "unsubscribe", visit.token
    ):
        return visit.get_pages().render_not_found()
    return visit.get_pages(reader).render_unsubscribed(reader, visit.token)


FORM_TIMEOUT = 20.0
"""Seconds within which a form must arrive."""

_Work = Callable[[RequestContext], Response]
_Endpoint = Callable[[Request], Awaitable[Response]]


def build_signup_routes(
    page_context: Callable[[], PageContext],
    now: Callable[[], datetime],
    heard: Callable[[str], object],
    timeout: float = FORM_TIMEOUT,
) -> list[Route]:
    """Return the routes, below the path of the site URL; `page_context` returns the current site.

    They must precede the static files, which answer GET subscribe/. `heard` is called in a worker
    thread with the decision on each sign-up, as returned by `newsletter.signup.request_signup`.
    """
    door = _Endpoints(page_context, now, heard, timeout)
    prefix = get_root_path(page_context().newsletter.config.site.url)
    both = {
        "confirm": (show_offer, confirm),
        "unsubscribe": (show_unsubscribe, unsubscribe),
        "resubscribe": (show_unsubscribe, resubscribe),
        "forget": (show_erase, erase),
    }
    found: list[Route] = [
        PostRoute(
            prefix + path,
            door.create_form_view(subscribe, reject_signup),
            methods=["POST"],
        )
        for path in ("subscribe", "subscribe/")
    ]
    for name, (look, do) in both.items():
        path = f"{prefix}{name}/{{token}}"
        found += [
            Route(path, door.create_view(look), methods=["GET"]),
            Route(path, door.create_view(do), methods=["POST"]),
        ]
    path = f"{prefix}preferences/{{token}}"
    return [
        *found,
        Route(path, door.create_view(show_preferences), methods=["GET"]),
        Route(path, door.create_form_view(save_preferences), methods=["POST"]),
    ]


class PostRoute(Route):
    """A route that only matches its own methods; others fall through to the static files."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match like Route, but treat a wrong method as no match."""
        match, child = super().matches(scope)
        return (match, child) if match is Match.FULL else (Match.NONE, {})


class _Endpoints:
    """Creates the endpoints; database and template work runs in a thread pool."""

    def __init__(
        self,
        page_context: Callable[[], PageContext],
        now: Callable[[], datetime],
        heard: Callable[[str], object],
        timeout: float,
    ) -> None:
        self._scene = page_context
        self._now = now
        self._heard = heard
        self._patience = timeout
        self._networks = NetworkHasher()

    def create_view(self, work: _Work) -> _Endpoint:
        """Return an endpoint that ignores the request body."""

        async def endpoint(request: Request) -> Response:
            return await self._respond(self._create_context(request), work)

        return endpoint

    def create_form_view(
        self, work: _Work, refusal: Callable[[RequestContext], Response | None] = lambda _: None
    ) -> _Endpoint:
        """Return an endpoint that parses a form, unless `refusal` answers first."""

        async def endpoint(request: Request) -> Response:
            visit = self._create_context(request)
            refused = await run_in_threadpool(refusal, visit)
            if refused is not None:
                return refused
            try:
                fields = await parse_form(request, self._patience)
            except BodyError as error:
                pages = SignupPages(visit.page_context)
                return await run_in_threadpool(pages.render_unreadable_form, error.status)
            return await self._respond(replace(visit, form_fields=fields), work)

        return endpoint

    def _create_context(self, request: Request) -> RequestContext:
        now = self._now()
        source = _address(request.client.host if request.client else "")
        return RequestContext(
            page_context=self._scene(),
            token=request.path_params.get("token", ""),
            headers=request.headers,
            client_address=source,
            network_hash=self._networks.hash_network(source, now),
            now=now,
            on_result=self._heard,
            form_fields=(),
            offer_fingerprint=request.query_params.get(OFFER_PARAMETER, ""),
        )

    async def _respond(self, visit: RequestContext, work: _Work) -> Response:
        try:
            return await run_in_threadpool(work, visit)
        except StoreError:
            return await run_in_threadpool(SignupPages(visit.page_context).render_unavailable)


def _address(told: str) -> str:
    """Return an IP address in canonical form, "" for anything else."""
    try:
        return str(ip_address(told))
    except ValueError:
        return ""
