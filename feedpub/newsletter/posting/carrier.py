"""One connection at a time → messages handed over, one after the other."""

import secrets
from functools import partial

from feedpub import outbox
from feedpub.errors import MailError
from feedpub.mail import MailSession, Transport
from feedpub.mailing import Delivery, Message, SendResult
from feedpub.newsletter.posting.connections import ConnectionLimiter
from feedpub.newsletter.posting.office import Dispatcher
from feedpub.newsletter.posting.printing import MessageRenderer
from feedpub.newsletter.posting.recording import LeaseLostError
from feedpub.newsletter.posting.writing import format_reply
from feedpub.outbox import FailureCause

_CLOSING = 421
_MAX_FAILED_CONNECTIONS = 2  # connections in a row over which nothing could be sent


class DeliveryWorker:
    """Carries what the office gives, for one thread."""

    def __init__(
        self,
        office: Dispatcher,
        connections: ConnectionLimiter,
        printer: MessageRenderer,
        way: Transport,
    ) -> None:
        self._dispatcher = office
        self._connections = connections
        self._renderer = printer
        self._transport = way
        self._session: MailSession | None = None
        self._failed_connections = 0
        self._accepted_count = 0  # messages, over this connection

    def run(self) -> None:
        """Carry until there is nothing more, or the office says so."""
        try:
            while delivery := self._dispatcher.fetch_delivery():
                self._deliver(delivery)
        finally:
            self._close()

    def abort(self) -> None:
        """Wait for no answer any more; for all threads."""
        session = self._session
        if session is not None:
            session.abort()

    def _deliver(self, delivery: Delivery) -> None:
        message = self._message(delivery)
        if message is None:
            return
        session = self._get_session(delivery)
        if session is None:
            return
        if not self._dispatcher.wait_for_rate_limit(session.relay):
            self._dispatcher.requeue(delivery)
            return
        began = self._dispatcher.now()
        try:
            outcome = session.send(
                message, partial(self._dispatcher.result_writer.mark_in_doubt, delivery.id)
            )
        except LeaseLostError:
            self._dispatcher.handle_lost_lease(delivery)
            return
        if self._needs_another_connection(outcome):
            self._requeue_unsent(delivery, outcome)
        else:
            self._failed_connections = 0
            self._accepted_count += outcome.kind == "accepted"
            self._dispatcher.complete(delivery, outcome, began)

    def _needs_another_connection(self, outcome: SendResult) -> bool:
        """Tell whether nothing was sent, and another connection may be all that it takes.

        Many relays take so many messages over one connection, and say so at the next MAIL. Over a
        new connection the same answer means something else.
        """
        if outcome.kind != "offline":
            return False
        found = outbox.find_cause(outcome)
        if self._accepted_count and (found is FailureCause.RATE or outcome.code == _CLOSING):
            self._connections.record_message_limit(outcome.relay, self._accepted_count)
            return True
        return found in {FailureCause.CONNECTION, FailureCause.SENDER}

    def _requeue_unsent(self, delivery: Delivery, outcome: SendResult) -> None:
        """Try again over a new connection; where that fails too, this way leads nowhere."""
        self._close()
        self._dispatcher.requeue(delivery)
        self._failed_connections += 1
        if self._failed_connections >= _MAX_FAILED_CONNECTIONS:
            self._handle_no_connection(_describe_failure(outcome))

    def _handle_no_connection(self, why: str) -> None:
        """Wait a little while there are other connections; the last one ends the round."""
        if self._connections.is_idle:
            self._dispatcher.abort(why)
        self._dispatcher.wait_before_retry()

    def _message(self, delivery: Delivery) -> Message | None:
        """Write the reader's copy; None, and it failed, where there is no address to write to."""
        letter, language = self._dispatcher.get_prepared_message(delivery)
        try:
            return self._renderer.render(letter, delivery.key, delivery.subscriber, language)
        except ValueError as error:
            self._dispatcher.complete(
                delivery, SendResult("failed", status="5.1.3", text=str(error))
            )
            return None

    def _get_session(self, delivery: Delivery) -> MailSession | None:
        """Give a connection that is open; None where the office has the delivery back."""
        if self._session is not None and self._may_send(self._session):
            return self._session
        self._close()
        aim = self._connections.reserve(
            secrets.randbelow(1000) / 1000, self._dispatcher.get_suspended_relays()
        )
        if aim is None:
            self._dispatcher.requeue(delivery)
            self._dispatcher.wait_before_retry()
            return None
        gate, chance = aim
        try:
            session = self._transport.connect(chance, self._dispatcher.handle_connection_refusal)
        except MailError as error:
            self._dispatcher.requeue(delivery)
            self._connections.release(gate.name)
            self._handle_no_connection(str(error))
            return None
        if not self._connections.confirm(gate, session.relay):
            session.close()
            self._dispatcher.requeue(delivery)
            self._dispatcher.wait_before_retry()
            return None
        self._session, self._accepted_count = session, 0
        if (
            session.relay in self._dispatcher.get_suspended_relays()
        ):  # where another one was out of reach
            self._dispatcher.requeue(delivery)
            self._close()
            self._dispatcher.wait_before_retry()
            return None
        return session

    def _may_send(self, session: MailSession) -> bool:
        """Tell whether a connection is open, and its relay takes another message over it."""
        known = self._connections.get_message_limit(session.relay)
        return (
            session.is_open
            and self._accepted_count < known
            and session.relay not in self._dispatcher.get_suspended_relays()
        )

    def _close(self) -> None:
        if self._session is not None:
            # Nothing is in doubt but over connections that are open: not after a kill either.
            self._dispatcher.result_writer.flush()
            self._session.close()
            self._connections.release(self._session.relay)
            self._session = None


def _describe_failure(outcome: SendResult) -> str:
    """Tell why nothing can be sent, and where a server said so, which and how."""
    if not outcome.code:
        return outcome.text
    return f"{outcome.relay}: {format_reply(outcome)}"
