"""One visit of somebody → the page they get. What looks and what changes something are apart."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from starlette.responses import Response

from feedpub.mailing import ACTIVE, Subscriber
from feedpub.newsletter import signup
from feedpub.newsletter.signup import PageContext, SubscriptionOffer
from feedpub.web.readers import forms
from feedpub.web.readers.bodies import FormFields
from feedpub.web.readers.faces import SignupPages
from feedpub.web.readers.forms import FormData
from feedpub.web.readers.origins import get_origin, is_allowed_origin

_UNSUBSCRIBABLE = (ACTIVE, "pending", "bounced")
"""States that somebody can leave."""


@dataclass(frozen=True, slots=True)
class RequestContext:
    """Who comes, with what, to what."""

    page_context: PageContext
    token: str
    headers: Mapping[str, str]
    client_address: str  # the network address, "" where none is known
    network_hash: bytes  # its mark
    now: datetime
    on_result: Callable[[str], object]  # told what becomes of who asks to be mailed
    form_fields: FormFields
    offer_fingerprint: str = ""  # the mark of the offer that is confirmed, "" where none is told

    def find_subscriber(self, purpose: str) -> Subscriber | None:
        """Give whose token it is."""
        return signup.find_subscriber(self.page_context.newsletter, purpose, self.token)

    def get_pages(self, reader: Subscriber | None = None) -> SignupPages:
        """Give who makes the pages, for a reader in their language."""
        return SignupPages(self.page_context, reader.language if reader else "")


def reject_signup(visit: RequestContext) -> Response | None:
    """Give the page for whom nobody signs up here, or not from there; None for anybody else."""
    config = visit.page_context.newsletter.config
    if not config.subscribers.form:
        return visit.get_pages().render_signup_disabled()
    home = get_origin(config.site.url)
    others = (*config.subscribers.origins, *([home] if config.subscribers.host else []))
    if not is_allowed_origin(visit.headers, config.readers_url, others):
        return visit.get_pages().render_wrong_origin()
    return None


def subscribe(visit: RequestContext) -> Response:
    """Take what somebody wrote into the sign-up form."""
    given = forms.parse_signup(visit.form_fields, visit.page_context.signup_options)
    faces = SignupPages(visit.page_context, given.language)
    if given.faults:
        return faces.render_invalid_form(given)
    if not given.is_spam:
        visit.on_result(
            signup.request_signup(
                visit.page_context.newsletter, given.signup_request, visit.network_hash, visit.now
            )
        )
    return faces.render_confirmation_sent(
        given.address, confirms=visit.page_context.signup_options.confirms
    )


def show_offer(visit: RequestContext) -> Response:
    """Ask whether somebody wants to be mailed."""
    return _render_offer(visit, signup.find_offer(visit.page_context.newsletter, visit.token))


def _render_offer(visit: RequestContext, offer: SubscriptionOffer | None) -> Response:
    if offer is None:
        return visit.get_pages().render_not_found()
    faces = visit.get_pages(offer.subscriber)
    return (
        faces.render_offer(offer, visit.token)
        if offer.is_pending
        else faces.render_confirmed(offer.subscriber)
    )


def confirm(visit: RequestContext) -> Response:
    """Mail somebody from now on, if what they were shown is still what was asked for."""
    desk, reader = visit.page_context.newsletter, None
    offer = signup.find_offer(desk, visit.token)
    if (
        offer is not None
        and offer.is_pending
        and visit.offer_fingerprint in {"", offer.fingerprint}
    ):
        reader = signup.confirm_signup(desk, offer, visit.client_address, visit.now)
    if reader is None:
        return _render_offer(visit, signup.find_offer(desk, visit.token))
    return visit.get_pages(reader).render_confirmed(reader)


def show_preferences(visit: RequestContext) -> Response:
    """Show what somebody gets."""
    reader = visit.find_subscriber("preferences")
    if reader is None or reader.state != ACTIVE:
        return _render_inactive(visit, reader)
    return visit.get_pages(reader).render_preferences(reader, forms.fill_form(reader))


def save_preferences(visit: RequestContext) -> Response:
    """Change what somebody gets."""
    reader = visit.find_subscriber("preferences")
    if reader is None or reader.state != ACTIVE:
        return _render_inactive(visit, reader)
    given = forms.parse_preferences(visit.form_fields, visit.page_context.signup_options, reader)
    if given.faults:
        return visit.get_pages(reader).render_preferences(reader, given)
    desk = visit.page_context.newsletter
    signup.update_preferences(desk, reader, given.follows, given.cadence, given.language, visit.now)
    return SignupPages(visit.page_context, given.language).render_preferences(
        reader, _normalize_form(given), is_saved=True
    )


def _normalize_form(given: FormData) -> FormData:
    """Give a form as it is shown the next time."""
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
    """Ask whether somebody wants to be mailed no more."""
    reader = visit.find_subscriber("unsubscribe")
    if reader is not None and reader.state in _UNSUBSCRIBABLE:
        return visit.get_pages(reader).render_unsubscribe(reader, visit.token)
    return _render_unsubscribed(visit, reader)


def unsubscribe(visit: RequestContext) -> Response:
    """Mail somebody no more, whatever the body of the request says."""
    signup.unsubscribe(visit.page_context.newsletter, visit.token, visit.now)
    return _render_unsubscribed(visit, visit.find_subscriber("unsubscribe"))


def resubscribe(visit: RequestContext) -> Response:
    """Mail somebody again who left, or ask them first."""
    reader, heard = signup.resubscribe(
        visit.page_context.newsletter, visit.token, visit.network_hash, visit.now
    )
    if heard:
        visit.on_result(heard)
    if reader is None:
        return _render_unsubscribed(visit, None)
    faces = visit.get_pages(reader)
    if reader.state == ACTIVE:
        return faces.render_confirmed(reader)
    if reader.state == "unsubscribed":
        return faces.render_confirmation_sent(reader.address, confirms=True)
    return faces.render_unsubscribed(reader, visit.token)


def show_erase(visit: RequestContext) -> Response:
    """Ask whether all that is known of somebody is to be deleted."""
    reader = visit.find_subscriber("unsubscribe")
    return (
        visit.get_pages(reader).render_erase(reader, visit.token)
        if reader
        else _render_unsubscribed(visit, None)
    )


def erase(visit: RequestContext) -> Response:
    """Delete all that is known of somebody."""
    done = signup.erase_by_token(visit.page_context.newsletter, visit.token)
    return visit.get_pages().render_erased() if done else visit.get_pages().render_not_found()


def _render_unsubscribed(visit: RequestContext, reader: Subscriber | None) -> Response:
    """Tell somebody that they are mailed no more, be they known or not."""
    if reader is None and not signup.is_valid_token(
        visit.page_context.newsletter, "unsubscribe", visit.token
    ):
        return visit.get_pages().render_not_found()
    return visit.get_pages(reader).render_unsubscribed(reader, visit.token)
