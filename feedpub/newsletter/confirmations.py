"""Requests that wait → mails that ask for a confirmation, as many as the limits allow."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from feedpub.app import BuildRequest, NewsletterContext, open_newsletter
from feedpub.delivery import relays
from feedpub.delivery.bounce_classifier import is_hard_bounce
from feedpub.delivery.headers import MessageHeaders, Recipient
from feedpub.delivery.mime import PreparedMessage, prepare_message
from feedpub.delivery.relays import build_transport
from feedpub.delivery.render import MessageSigner
from feedpub.delivery.transport import MailSession, Transport
from feedpub.errors import MailError
from feedpub.files import packaged
from feedpub.models import signup
from feedpub.models.content import Author
from feedpub.models.newsletter import (
    ACTIVE,
    Consent,
    Message,
    PendingConfirmation,
    SendResult,
    Subscriber,
)
from feedpub.models.signup import SignupLimits
from feedpub.newsletter.compose import Composer, build_merge_tag
from feedpub.newsletter.signup import create_token
from feedpub.site.pipeline import load_templates

_AGAIN = timedelta(minutes=15)  # until what was put off is tried again


@dataclass(frozen=True, slots=True)
class ConfirmationResult:
    """What came of a round."""

    sent: int
    admitted: int  # without being asked by mail: there is no double opt-in
    stop_reason: str  # why it stopped before the end, "" where it did not


def send_confirmations(
    request: BuildRequest, limits: SignupLimits | None = None
) -> ConfirmationResult:
    """Answer the requests that wait, as far as the limits allow now, and let go of what is over.

    Raises FeedpubError where the configuration, a template, the database or the secret cannot be
    used.
    """
    chosen = limits or SignupLimits()
    with open_newsletter(request) as desk:
        desk.require_current_database()
        _tidy(desk, chosen, request.now)
        templates = load_templates(desk.paths, packaged.read_templates(desk.paths.templates))
        composer = Composer(desk.config, templates)
        return process_signups(desk, composer, build_transport(desk), request.now, chosen)


def _tidy(desk: NewsletterContext, limits: SignupLimits, now: datetime) -> None:
    """Let go of what is over, and take back what processes of this machine had that are gone."""
    desk.store.purge_signups(limits, now)
    for clerk in desk.store.list_signup_workers():
        if relays.is_dead(clerk):
            desk.store.release_signups(clerk, now)


def process_signups(
    desk: NewsletterContext, composer: Composer, way: Transport, now: datetime, limits: SignupLimits
) -> ConfirmationResult:
    """Answer the requests that wait, with a desk that is open; nothing is written where none do.

    Whoever is killed meanwhile leaves one request that is answered again: it is not known whether
    its mail went out.
    """
    clerk, worker = _ConfirmationWorker(desk, composer, way, now), relays.create_worker_id()
    try:
        while not clerk.stop_reason and (asked := desk.store.claim_signup(worker, limits, now)):
            try:
                clerk.process(asked)
            except Exception:
                desk.store.requeue_signup(asked, now)
                raise
    finally:
        clerk.close()
    return ConfirmationResult(clerk.sent, clerk.admitted, clerk.stop_reason)


class _ConfirmationWorker:
    """Answers one request after the other, over one connection."""

    def __init__(
        self, desk: NewsletterContext, composer: Composer, way: Transport, now: datetime
    ) -> None:
        self._newsletter = desk
        self._composer = composer
        self._transport = way
        self._now = now
        self._signer: MessageSigner | None = None
        self._prepared: dict[tuple[str, str], PreparedMessage] = {}
        self._session: MailSession | None = None
        self.sent = self.admitted = 0
        self.stop_reason = ""

    def process(self, asked: PendingConfirmation) -> None:
        """Decide what a request is answered, and do so."""
        store, address = self._newsletter.store, asked.request.address
        one = store.find_subscriber(address)
        kind = signup.decide_reply(
            one.state if one else "",
            is_forgotten=one is None and store.is_forgotten(address),
            double_opt_in=self._newsletter.config.subscribers.double_opt_in,
        )
        match kind:
            case signup.IGNORE:
                store.close_signup(asked)
            case signup.ACTIVATE:
                store.add_subscriber(_subscriber(asked), self._now)
                store.close_signup(asked)
                self.admitted += 1
            case signup.ALREADY_ACTIVE:
                if self._deliver(asked, kind, one or _subscriber(asked)):
                    store.close_signup(asked)
            case _:
                # What is wished counts once it is confirmed, and changes nobody's row before.
                unknown = Subscriber(0, address, Consent(asked.at, "form"))
                if self._deliver(asked, kind, store.add_subscriber(unknown, self._now)):
                    store.mark_confirmation_sent(asked)

    def close(self) -> None:
        """End the connection."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def _deliver(self, asked: PendingConfirmation, kind: str, one: Subscriber) -> bool:
        """Write to somebody; False where it has to be tried again."""
        try:
            message = self._message(asked, kind, one)
        except ValueError:  # the address can be written, and still not be written to
            return True
        outcome = self._send_message(message)
        match outcome.kind:
            case "offline":
                self.stop_reason = outcome.text
                self._newsletter.store.requeue_signup(asked, self._now)
                return False
            case "deferred":
                self._newsletter.store.requeue_signup(asked, self._now + _AGAIN)
                return False
            case "failed":
                if is_hard_bounce(outcome.code, outcome.status, outcome.text):
                    limit = self._newsletter.config.mail.soft_bounces
                    self._newsletter.store.record_bounce(
                        one.id, hard=True, limit=limit, now=self._now
                    )
            case _:  # accepted, or in doubt: then it counts, and they may ask again
                self.sent += 1
        return True

    def _send_message(self, message: Message) -> SendResult:
        try:
            if self._session is None or not self._session.is_open:
                self.close()
                self._session = self._transport.connect()
            return self._session.send(message, lambda: None)
        except MailError as error:
            return SendResult("offline", text=str(error))

    def _message(self, asked: PendingConfirmation, kind: str, one: Subscriber) -> Message:
        """Write what one person gets. Raises ValueError where it cannot be addressed."""
        # Nobody else chooses the language of somebody who is mailed already.
        wanted = one.language if kind == signup.ALREADY_ACTIVE else asked.request.language
        letter = self._prepare_message(kind, wanted or self._newsletter.config.site.language)
        press, pages = self._get_signer(), self._newsletter.config.readers_url
        # The same for the same request, however often it is tried; another one for the next.
        key = f"{kind}-{asked.address_hash.hex()[:24]}-{asked.at.timestamp():.0f}"
        reader = Recipient(key=key, address=one.address)
        if kind == signup.ALREADY_ACTIVE:
            leave, choose = (
                self._newsletter.create_token(each, one) for each in ("unsubscribe", "preferences")
            )
            reader = replace(
                reader,
                unsubscribe=f"{pages}unsubscribe/{leave}",
                preferences=f"{pages}preferences/{choose}",
            )
        else:
            reader = replace(
                reader, online=f"{pages}confirm/{create_token(self._newsletter, 'confirm', one)}"
            )
        return press.build_message(letter.render_for(reader), one)

    def _prepare_message(self, kind: str, language: str) -> PreparedMessage:
        """Encode what all who are written to in a language have in common, once."""
        if (kind, language) not in self._prepared:
            mail = self._newsletter.config.mail
            content = (
                self._composer.compose_already_subscribed(language)
                if kind == signup.ALREADY_ACTIVE
                else self._composer.compose_confirmation(build_merge_tag("online"), language)
            )
            answers = Author("", mail.reply_to) if mail.reply_to else None
            heading = MessageHeaders(
                self._get_signer().sender, self._now, list_id="", reply_to=answers
            )
            self._prepared[kind, language] = prepare_message(content, heading)
        return self._prepared[kind, language]

    def _get_signer(self) -> MessageSigner:
        """Read the keys that messages are signed with once there is a message."""
        if self._signer is None:
            self._signer = MessageSigner(self._newsletter)
        return self._signer


def _subscriber(asked: PendingConfirmation) -> Subscriber:
    """Give who asked as an active reader whom the store does not know yet."""
    wish = asked.request
    return Subscriber(
        id=0,
        address=wish.address,
        consent=Consent(asked.at, "form"),
        state=ACTIVE,
        language=wish.language,
        follows=wish.follows,
        cadence=wish.cadence,
    )
