"""Delivery workers, one per connection, and the limits on the connections they open.

`DeliveryRunner` runs one `DeliveryWorker` per allowed connection, each in its own thread; they
share one `ConnectionLimiter`.
"""

import math
import secrets
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import partial
from threading import Lock

from feedpub.delivery import retry
from feedpub.delivery.dispatcher import Dispatcher
from feedpub.delivery.relays import Clock, RelayLimits, compute_connect_chance, pick_relay
from feedpub.delivery.render import MessageRenderer
from feedpub.delivery.results import LeaseLostError, format_reply
from feedpub.delivery.retry import FailureCause
from feedpub.delivery.transport import MailSession, Transport
from feedpub.errors import MailError
from feedpub.models.newsletter import Delivery, Message, SendResult

_AVOID_FOR = timedelta(minutes=1)  # how long to avoid a relay that did not answer
_LIMIT_CONFIRMATIONS = 2  # connections ended after the same number of messages prove a limit


class ConnectionLimiter:
    """Counts connections per relay and chooses where the next one goes. Thread-safe."""

    def __init__(self, gates: Sequence[RelayLimits], now: Clock) -> None:
        self._relays = tuple(gates)
        self._now = now
        self._counting = Lock()  # guards everything below
        self._open: Counter[str] = Counter()  # by relay, including connections being opened
        self._avoided_until: dict[str, datetime] = {}  # relays that did not answer
        self._limit_counts: Counter[tuple[str, int]] = Counter()  # by relay and message count

    @property
    def is_idle(self) -> bool:
        """Whether no connection is open or being opened."""
        with self._counting:
            return not self._open.total()

    def reserve(
        self, chance: float, without: Collection[str] = ()
    ) -> tuple[RelayLimits, float] | None:
        """Choose the relay for the next connection and reserve a place there.

        Relays that did not answer recently are chosen only if no other has room, and those in
        `without` never. Return the relay and the `chance` to pass to `Transport.connect`, or None
        if there is no room.
        """
        with self._counting:
            now = self._now()
            room = [
                each
                for each in self._relays
                if each.name not in without and self._open[each.name] < each.connections
            ]
            if not room:
                return None
            good = [each for each in room if self._avoided_until.get(each.name, now) <= now]
            gate = pick_relay(good or room, self._open, chance)
            self._open[gate.name] += 1
        return gate, compute_connect_chance(self._relays, gate)

    def get_message_limit(self, relay: str) -> float:
        """Return how many messages a relay takes per connection; infinity if unknown."""
        with self._counting:
            known = [
                number
                for (name, number), times in self._limit_counts.items()
                if name == relay and times >= _LIMIT_CONFIRMATIONS
            ]
        return min(known, default=math.inf)

    def record_message_limit(self, relay: str, messages: int) -> None:
        """Record that a relay ended a connection after this many messages."""
        if messages > 1:
            with self._counting:
                self._limit_counts[relay, messages] += 1

    def confirm(self, gate: RelayLimits, relay: str) -> bool:
        """Count a connection at the relay that it reached, which may not be the reserved one.

        Return False if that relay already has all its connections; the caller must close this one.
        """
        with self._counting:
            self._open[gate.name] -= 1
            room = {each.name: each.connections for each in self._relays}
            if relay != gate.name:
                self._avoided_until[gate.name] = self._now() + _AVOID_FOR
                if self._open[relay] >= room.get(relay, math.inf):
                    return False
            self._open[relay] += 1
            return True

    def release(self, relay: str) -> None:
        """Give up the place of a connection that was closed or not established."""
        with self._counting:
            self._open[relay] -= 1


_CLOSING = 421
_MAX_FAILED_CONNECTIONS = 2  # consecutive connections over which nothing could be sent


class DeliveryWorker:
    """Sends the dispatcher's deliveries over one connection at a time, in one thread."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        connections: ConnectionLimiter,
        renderer: MessageRenderer,
        transport: Transport,
    ) -> None:
        self._dispatcher = dispatcher
        self._connections = connections
        self._renderer = renderer
        self._transport = transport
        self._session: MailSession | None = None
        self._failed_connections = 0
        self._accepted_count = 0  # messages accepted over this connection

    def run(self) -> None:
        """Send until the dispatcher has no more deliveries."""
        try:
            while delivery := self._dispatcher.fetch_delivery():
                self._deliver(delivery)
        finally:
            self._close()

    def abort(self) -> None:
        """Break off the current exchange with the server. Thread-safe."""
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
        """Return whether nothing was sent and a new connection may be all it takes.

        Many relays limit the messages per connection and say so at the next MAIL. Over a new
        connection the same reply is a real refusal.
        """
        if outcome.kind != "offline":
            return False
        found = retry.find_cause(outcome)
        if self._accepted_count and (found is FailureCause.RATE or outcome.code == _CLOSING):
            self._connections.record_message_limit(outcome.relay, self._accepted_count)
            return True
        return found in {FailureCause.CONNECTION, FailureCause.SENDER}

    def _requeue_unsent(self, delivery: Delivery, outcome: SendResult) -> None:
        """Requeue a delivery to retry it over a new connection; back off if that fails too."""
        self._close()
        self._dispatcher.requeue(delivery)
        self._failed_connections += 1
        if self._failed_connections >= _MAX_FAILED_CONNECTIONS:
            self._handle_no_connection(_describe_failure(outcome))

    def _handle_no_connection(self, why: str) -> None:
        """Wait while other connections are open; abort the round if this was the last."""
        if self._connections.is_idle:
            self._dispatcher.abort(why)
        self._dispatcher.wait_before_retry()

    def _message(self, delivery: Delivery) -> Message | None:
        """Render the message; None, with the delivery failed, if the address is unusable."""
        letter, language = self._dispatcher.get_prepared_message(delivery)
        try:
            return self._renderer.render(letter, delivery.key, delivery.subscriber, language)
        except ValueError as error:
            self._dispatcher.complete(
                delivery, SendResult("failed", status="5.1.3", text=str(error))
            )
            return None

    def _get_session(self, delivery: Delivery) -> MailSession | None:
        """Return an open session; None if the delivery was requeued instead."""
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
        # The transport falls back to other relays, even to one that is suspended.
        if session.relay in self._dispatcher.get_suspended_relays():
            self._dispatcher.requeue(delivery)
            self._close()
            self._dispatcher.wait_before_retry()
            return None
        return session

    def _may_send(self, session: MailSession) -> bool:
        """Return whether the session is open and its relay takes another message over it."""
        known = self._connections.get_message_limit(session.relay)
        return (
            session.is_open
            and self._accepted_count < known
            and session.relay not in self._dispatcher.get_suspended_relays()
        )

    def _close(self) -> None:
        if self._session is not None:
            # So even after a kill, no more deliveries are in doubt than connections were open.
            self._dispatcher.result_writer.flush()
            self._session.close()
            self._connections.release(self._session.relay)
            self._session = None


def _describe_failure(outcome: SendResult) -> str:
    """Describe why nothing can be sent, naming the relay if it replied."""
    if not outcome.code:
        return outcome.text
    return f"{outcome.relay}: {format_reply(outcome)}"
