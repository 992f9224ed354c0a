"""Answer recorded sign-ups: send confirmation mail within the limits, or activate subscribers.

`send_confirmations` is the entry point; the daemon and the command line call it.
"""

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

_AGAIN = timedelta(minutes=15)  # until a deferred message is retried


@dataclass(frozen=True, slots=True)
class ConfirmationResult:
    """The outcome of one run."""

    sent: int
    admitted: int  # activated without a confirmation mail: double opt-in is off
    stop_reason: str  # why the run stopped early, "" if it did not


def send_confirmations(
    request: BuildRequest, limits: SignupLimits | None = None
) -> ConfirmationResult:
    """Answer the pending sign-ups that the limits allow now, and purge expired ones.

    Raises FeedpubError if the configuration, a template, the database or the secret is unusable.
    """
    chosen = limits or SignupLimits()
    with open_newsletter(request) as newsletter:
        newsletter.require_current_database()
        _tidy(newsletter, chosen, request.now)
        templates = load_templates(
            newsletter.paths, packaged.read_templates(newsletter.paths.templates)
        )
        composer = Composer(newsletter.config, templates)
        return process_signups(
            newsletter, composer, build_transport(newsletter), request.now, chosen
        )


def _tidy(newsletter: NewsletterContext, limits: SignupLimits, now: datetime) -> None:
    """Purge expired sign-ups, and release those claimed by dead processes of this machine."""
    newsletter.store.purge_signups(limits, now)
    for worker in newsletter.store.list_signup_workers():
        if relays.is_dead(worker):
            newsletter.store.release_signups(worker, now)


def process_signups(
    newsletter: NewsletterContext,
    composer: Composer,
    transport: Transport,
    now: datetime,
    limits: SignupLimits,
) -> ConfirmationResult:
    """Answer the pending sign-ups with an open newsletter; compose nothing if there are none.

    A worker that is killed leaves at most one sign-up that is answered again: its message may or
    may not have been sent.
    """
    signups, worker = (
        _ConfirmationWorker(newsletter, composer, transport, now),
        relays.create_worker_id(),
    )
    try:
        while not signups.stop_reason and (
            asked := newsletter.store.claim_signup(worker, limits, now)
        ):
            try:
                signups.process(asked)
            except Exception:
                newsletter.store.requeue_signup(asked, now)
                raise
    finally:
        signups.close()
    return ConfirmationResult(signups.sent, signups.admitted, signups.stop_reason)


class _ConfirmationWorker:
    """Answers sign-ups one by one over a single connection."""

    def __init__(
        self, newsletter: NewsletterContext, composer: Composer, transport: Transport, now: datetime
    ) -> None:
        self._newsletter = newsletter
        self._composer = composer
        self._transport = transport
        self._now = now
        self._signer: MessageSigner | None = None
        self._prepared: dict[tuple[str, str], PreparedMessage] = {}
        self._session: MailSession | None = None
        self.sent = self.admitted = 0
        self.stop_reason = ""

    def process(self, asked: PendingConfirmation) -> None:
        """Decide how to answer a sign-up, and do so."""
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
                # The requested preferences apply only once confirmed; until then no row changes.
                unknown = Subscriber(0, address, Consent(asked.at, "form"))
                if self._deliver(asked, kind, store.add_subscriber(unknown, self._now)):
                    store.mark_confirmation_sent(asked)

    def close(self) -> None:
        """Close the connection."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def _deliver(self, asked: PendingConfirmation, kind: str, one: Subscriber) -> bool:
        """Send the answer; return False if it has to be retried."""
        try:
            message = self._message(asked, kind, one)
        except ValueError:  # a valid address that cannot be put into a message
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
            case _:  # accepted or in doubt: both count, and the person may sign up again
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
        """Build one recipient's message. Raises ValueError if it cannot be addressed."""
        # Anybody may sign up an active subscriber, so keep the language of their own choice.
        wanted = one.language if kind == signup.ALREADY_ACTIVE else asked.request.language
        letter = self._prepare_message(kind, wanted or self._newsletter.config.site.language)
        signer, pages = self._get_signer(), self._newsletter.config.readers_url
        # Retries of one request share a Message-ID; the next request gets another.
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
        return signer.build_message(letter.render_for(reader), one)

    def _prepare_message(self, kind: str, language: str) -> PreparedMessage:
        """Encode the part that all messages of a kind and language share, once."""
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
        """Load the signing keys when the first message needs them."""
        if self._signer is None:
            self._signer = MessageSigner(self._newsletter)
        return self._signer


def _subscriber(asked: PendingConfirmation) -> Subscriber:
    """Return a sign-up as an active subscriber not yet in the store."""
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
