"""One connection at a time → messages handed over, one after the other."""

import secrets
from functools import partial

from feedpub.errors import MailError
from feedpub.mail import Session, Transport
from feedpub.mailing import Delivery, Message, Outcome
from feedpub.newsletter.posting.connections import Connections
from feedpub.newsletter.posting.office import Office
from feedpub.newsletter.posting.printing import Printer
from feedpub.newsletter.posting.recording import NotOursError

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

    def run(self) -> None:
        """Carry until there is nothing more, or the office says so."""
        try:
            while delivery := self._office.next():
                self._carry(delivery)
        finally:
            self._close()

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
        try:
            outcome = session.send(message, partial(self._office.recorder.doubt, delivery.id))
        except NotOursError:
            self._office.lost(delivery)
            return
        if outcome.kind == "offline":
            self._unsent(delivery, outcome)
        else:
            self._in_vain = 0
            self._office.done(delivery, outcome)

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
        if self._session is not None and self._session.is_open:
            return self._session
        self._close()
        gate, chance = self._connections.aim(secrets.randbelow(1000) / 1000)
        try:
            session = self._way.connect(chance)
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
        self._session = session
        return session

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
    return f"{outcome.relay}: " + " ".join(
        filter(None, (str(outcome.code), outcome.status, outcome.text))
    )
