"""The connections of one round, by relay → where the next one goes."""

import math
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from threading import Lock

from feedpub.newsletter.posting.lines import RelayLimits, compute_connect_chance, pick_relay
from feedpub.newsletter.posting.times import Clock

_AVOID_FOR = timedelta(minutes=1)  # a relay that did not answer
_LIMIT_CONFIRMATIONS = 2  # connections that a relay ended after as many messages: that is its limit


class ConnectionLimiter:
    """Counts them; its methods are for all threads."""

    def __init__(self, gates: Sequence[RelayLimits], now: Clock) -> None:
        """There are none yet."""
        self._relays = tuple(gates)
        self._now = now
        self._counting = Lock()  # guards what follows
        self._open: Counter[str] = Counter()  # by relay, those that are being made too
        self._avoided_until: dict[str, datetime] = {}  # relays that did not answer, until when
        self._limit_counts: Counter[tuple[str, int]] = (
            Counter()
        )  # by relay, and after how many messages

    @property
    def is_idle(self) -> bool:
        """Whether none is open or being made."""
        with self._counting:
            return not self._open.total()

    def reserve(
        self, chance: float, without: Collection[str] = ()
    ) -> tuple[RelayLimits, float] | None:
        """Choose where the next connection goes, and count it there as if it were open.

        Where nobody answered of late it goes only if there is no room elsewhere; and to none of
        those it is to do `without`. Returns it with the chance that a transport is to connect with,
        and None where there is no room.
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
        """Return how many messages a relay takes over one connection, as far as is known."""
        with self._counting:
            known = [
                number
                for (name, number), times in self._limit_counts.items()
                if name == relay and times >= _LIMIT_CONFIRMATIONS
            ]
        return min(known, default=math.inf)

    def record_message_limit(self, relay: str, messages: int) -> None:
        """Learn that a relay took no more over a connection after so many messages."""
        if messages > 1:
            with self._counting:
                self._limit_counts[relay, messages] += 1

    def confirm(self, gate: RelayLimits, relay: str) -> bool:
        """Count a connection where it has come about, which may be elsewhere.

        False where that relay has as many as it may have, and this one must be closed.
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
        """Count a connection that is no more, or did not come about."""
        with self._counting:
            self._open[relay] -= 1
