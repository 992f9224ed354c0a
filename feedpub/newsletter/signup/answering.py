"""Requests that wait → mails that ask for a confirmation, as many as the limits allow."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from feedpub import admission, files
from feedpub.admission import Limits
from feedpub.digests import Composer
from feedpub.digests.compose import mark
from feedpub.errors import MailError
from feedpub.mail import Session, Transport
from feedpub.mailing import ACTIVE, Asked, Consent, Message, Outcome, Subscriber
from feedpub.message import Heading, Letter, Reader, prepare
from feedpub.model import Author
from feedpub.newsletter.desk import Desk, opened
from feedpub.newsletter.posting import Press, transport, workers
from feedpub.newsletter.signup.ways import token
from feedpub.publish.making import look
from feedpub.publish.request import Request
from feedpub.refusals import is_gone

_AGAIN = timedelta(minutes=15)  # until what was put off is tried again


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of a round."""

    sent: int
    admitted: int  # without being asked by mail: there is no double opt-in
    waiting: str  # why it stopped before the end, "" where it did not


def confirmations(request: Request, limits: Limits | None = None) -> Answered:
    """Answer the requests that wait, as far as the limits allow now, and let go of what is over.

    Raises FeedpubError where the configuration, a template, the database or the secret cannot be
    used.
    """
    chosen = limits or Limits()
    with opened(request) as desk:
        desk.require_current()
        _tidy(desk, chosen, request.now)
        templates = look(desk.where, files.texts(desk.where.templates))
        composer = Composer(desk.config, templates)
        return answer(desk, composer, transport(desk), request.now, chosen)


def _tidy(desk: Desk, limits: Limits, now: datetime) -> None:
    """Let go of what is over, and take back what processes of this machine had that are gone."""
    desk.store.tidy_asked(limits, now)
    for clerk in desk.store.clerks():
        if workers.is_gone(clerk):
            desk.store.give_back(clerk, now)


def answer(
    desk: Desk, composer: Composer, way: Transport, now: datetime, limits: Limits
) -> Answered:
    """Answer the requests that wait, with a desk that is open; nothing is written where none do.

    Whoever is killed meanwhile leaves one request that is answered again: it is not known whether
    its mail went out.
    """
    clerk, worker = _Clerk(desk, composer, way, now), workers.name()
    try:
        while not clerk.waiting and (asked := desk.store.next_asked(worker, limits, now)):
            try:
                clerk.take(asked)
            except Exception:
                desk.store.unsent(asked, now)
                raise
    finally:
        clerk.close()
    return Answered(clerk.sent, clerk.admitted, clerk.waiting)


class _Clerk:
    """Answers one request after the other, over one connection."""

    def __init__(self, desk: Desk, composer: Composer, way: Transport, now: datetime) -> None:
        self._desk = desk
        self._composer = composer
        self._way = way
        self._now = now
        self._press: Press | None = None
        self._letters: dict[tuple[str, str], Letter] = {}
        self._session: Session | None = None
        self.sent = self.admitted = 0
        self.waiting = ""

    def take(self, asked: Asked) -> None:
        """Decide what a request is answered, and do so."""
        store, address = self._desk.store, asked.wish.address
        one = store.find(address)
        kind = admission.answer(
            one.state if one else "",
            is_forgotten=one is None and store.is_forgotten(address),
            double_opt_in=self._desk.config.subscribers.double_opt_in,
        )
        match kind:
            case admission.SILENCE:
                store.answered(asked)
            case admission.ADMIT:
                store.add(_subscriber(asked), self._now)
                store.answered(asked)
                self.admitted += 1
            case admission.KNOWN:
                if self._send(asked, kind, one or _subscriber(asked)):
                    store.answered(asked)
            case _:
                # What is wished counts once it is confirmed, and changes nobody's row before.
                unknown = Subscriber(0, address, Consent(asked.at, "form"))
                if self._send(asked, kind, store.add(unknown, self._now)):
                    store.posted(asked)

    def close(self) -> None:
        """End the connection."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def _send(self, asked: Asked, kind: str, one: Subscriber) -> bool:
        """Write to somebody; False where it has to be tried again."""
        try:
            message = self._message(asked, kind, one)
        except ValueError:  # the address can be written, and still not be written to
            return True
        outcome = self._sent(message)
        match outcome.kind:
            case "offline":
                self.waiting = outcome.text
                self._desk.store.unsent(asked, self._now)
                return False
            case "deferred":
                self._desk.store.unsent(asked, self._now + _AGAIN)
                return False
            case "failed":
                if is_gone(outcome.code, outcome.status, outcome.text):
                    limit = self._desk.config.mail.soft_bounces
                    self._desk.store.bounced(one.id, hard=True, limit=limit, now=self._now)
            case _:  # accepted, or in doubt: then it counts, and they may ask again
                self.sent += 1
        return True

    def _sent(self, message: Message) -> Outcome:
        try:
            if self._session is None or not self._session.is_open:
                self.close()
                self._session = self._way.connect()
            return self._session.send(message, lambda: None)
        except MailError as error:
            return Outcome("offline", text=str(error))

    def _message(self, asked: Asked, kind: str, one: Subscriber) -> Message:
        """Write what one person gets. Raises ValueError where it cannot be addressed."""
        # Nobody else chooses the language of somebody who is mailed already.
        wanted = one.language if kind == admission.KNOWN else asked.wish.language
        letter = self._letter(kind, wanted or self._desk.config.site.language)
        press, pages = self._pressed(), self._desk.config.readers_url
        # The same for the same request, however often it is tried; another one for the next.
        key = f"{kind}-{asked.mark.hex()[:24]}-{asked.at.timestamp():.0f}"
        reader = Reader(key=key, address=one.address)
        if kind == admission.KNOWN:
            leave, choose = (self._desk.token(each, one) for each in ("unsubscribe", "preferences"))
            reader = replace(
                reader,
                unsubscribe=f"{pages}unsubscribe/{leave}",
                preferences=f"{pages}preferences/{choose}",
            )
        else:
            reader = replace(reader, online=f"{pages}confirm/{token(self._desk, 'confirm', one)}")
        return press.message(letter.to(reader), one)

    def _letter(self, kind: str, language: str) -> Letter:
        """Encode what all who are written to in a language have in common, once."""
        if (kind, language) not in self._letters:
            mail = self._desk.config.mail
            content = (
                self._composer.known(language)
                if kind == admission.KNOWN
                else self._composer.confirm(mark("online"), language)
            )
            answers = Author("", mail.reply_to) if mail.reply_to else None
            heading = Heading(self._pressed().sender, self._now, list_id="", reply_to=answers)
            self._letters[kind, language] = prepare(content, heading)
        return self._letters[kind, language]

    def _pressed(self) -> Press:
        """Read the keys that messages are signed with once there is a message."""
        if self._press is None:
            self._press = Press(self._desk)
        return self._press


def _subscriber(asked: Asked) -> Subscriber:
    """Give who asked as an active reader whom the store does not know yet."""
    wish = asked.wish
    return Subscriber(
        id=0,
        address=wish.address,
        consent=Consent(asked.at, "form"),
        state=ACTIVE,
        language=wish.language,
        follows=wish.follows,
        cadence=wish.cadence,
    )
