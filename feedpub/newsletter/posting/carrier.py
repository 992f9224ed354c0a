"""One connection at a time → messages handed over, one after the other."""

import secrets
from functools import partial

from feedpub import outbox
from feedpub.errors import MailError
from feedpub.mail import Session, Transport
from feedpub.mailing import Delivery, Message, Outcome
from feedpub.newsletter.posting.connections import Connections
from feedpub.newsletter.posting.office import Office
from feedpub.newsletter.posting.printing import Printer
from feedpub.newsletter.posting.recording import NotOursError
from feedpub.newsletter.posting.writing import said
from feedpub.outbox import Cause

_CLOSING = 421
_IN_VAIN = 2  # connections in a row over which nothing could be sent


class Carrier:
    """Carries what the office gives, for one thread."""

    def __init__(
        self, office: Office, connections: Connections, printer: Printer, way: Transport
    ) -> None:
        self._office = office
        self._connections = connections
        self._printer = printer
        self._way = way
        self._session: Session | None = None
        self._in_vain = 0
        self._taken = 0  # messages, over this connection

    def run(self) -> None:
        """Carry until there is nothing more, or the office says so."""
        try:
            while delivery := self._office.next():
                self._carry(delivery)
        finally:
            self._close()

    def cut(self) -> None:
        """Wait for no answer any more; for all threads."""
        session = self._session
        if session is not None:
            session.cut()

    def _carry(self, delivery: Delivery) -> None:
        message = self._message(delivery)
        if message is None:
            return
        session = self._connected(delivery)
        if session is None:
            return
        if not self._office.pace(session.relay):
            self._office.back(delivery)
            return
        began = self._office.now()
        try:
            outcome = session.send(message, partial(self._office.recorder.doubt, delivery.id))
        except NotOursError:
            self._office.lost(delivery)
            return
        if self._needs_another_connection(outcome):
            self._unsent(delivery, outcome)
        else:
            self._in_vain = 0
            self._taken += outcome.kind == "accepted"
            self._office.done(delivery, outcome, began)

    def _needs_another_connection(self, outcome: Outcome) -> bool:
        """Tell whether nothing was sent, and another connection may be all that it takes.

        Many relays take so many messages over one connection, and say so at the next MAIL. Over a
        new connection the same answer means something else.
        """
        if outcome.kind != "offline":
            return False
        found = outbox.cause(outcome)
        if self._taken and (found is Cause.RATE or outcome.code == _CLOSING):
            self._connections.ended(outcome.relay, self._taken)
            return True
        return found in {Cause.CONNECTION, Cause.SENDER}

    def _unsent(self, delivery: Delivery, outcome: Outcome) -> None:
        """Try again over a new connection; where that fails too, this way leads nowhere."""
        self._close()
        self._office.back(delivery)
        self._in_vain += 1
        if self._in_vain >= _IN_VAIN:
            self._stuck(_why(outcome))

    def _stuck(self, why: str) -> None:
        """Wait a little while there are other connections; the last one ends the round."""
        if self._connections.are_none:
            self._office.end(why)
        self._office.rest()

    def _message(self, delivery: Delivery) -> Message | None:
        """Write the reader's copy; None, and it failed, where there is no address to write to."""
        letter, language = self._office.letter(delivery)
        try:
            return self._printer.message(letter, delivery.key, delivery.subscriber, language)
        except ValueError as error:
            self._office.done(delivery, Outcome("failed", status="5.1.3", text=str(error)))
            return None

    def _connected(self, delivery: Delivery) -> Session | None:
        """Give a connection that is open; None where the office has the delivery back."""
        if self._session is not None and self._may_send(self._session):
            return self._session
        self._close()
        aim = self._connections.aim(secrets.randbelow(1000) / 1000, self._office.suspended())
        if aim is None:
            self._office.back(delivery)
            self._office.rest()
            return None
        gate, chance = aim
        try:
            session = self._way.connect(chance, self._office.refused)
        except MailError as error:
            self._office.back(delivery)
            self._connections.closed(gate.name)
            self._stuck(str(error))
            return None
        if not self._connections.opened(gate, session.relay):
            session.close()
            self._office.back(delivery)
            self._office.rest()
            return None
        self._session, self._taken = session, 0
        if session.relay in self._office.suspended():  # where another one was out of reach
            self._office.back(delivery)
            self._close()
            self._office.rest()
            return None
        return session

    def _may_send(self, session: Session) -> bool:
        """Tell whether a connection is open, and its relay takes another message over it."""
        known = self._connections.messages(session.relay)
        return (
            session.is_open
            and self._taken < known
            and session.relay not in self._office.suspended()
        )

    def _close(self) -> None:
        if self._session is not None:
            # Nothing is in doubt but over connections that are open: not after a kill either.
            self._office.recorder.wait()
            self._session.close()
            self._connections.closed(self._session.relay)
            self._session = None


def _why(outcome: Outcome) -> str:
    """Tell why nothing can be sent, and where a server said so, which and how."""
    if not outcome.code:
        return outcome.text
    return f"{outcome.relay}: {said(outcome)}"
