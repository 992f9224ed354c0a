"""The connections of one round, by relay → where the next one goes."""

import math
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from threading import Lock

from feedpub.newsletter.posting.lines import Gate, free, toward
from feedpub.newsletter.posting.times import Clock

_SHUNNED = timedelta(minutes=1)  # a relay that did not answer
_BELIEVED = 2  # connections that a relay ended after as many messages: that is its limit


class Connections:
    """Counts them; its methods are for all threads."""

    def __init__(self, gates: Sequence[Gate], now: Clock) -> None:
        """There are none yet."""
        self._gates = tuple(gates)
        self._now = now
        self._counting = Lock()  # guards what follows
        self._open: Counter[str] = Counter()  # by relay, those that are being made too
        self._shunned: dict[str, datetime] = {}  # relays that did not answer, until when
        self._ended: Counter[tuple[str, int]] = Counter()  # by relay, and after how many messages

    @property
    def are_none(self) -> bool:
        """Whether none is open or being made."""
        with self._counting:
            return not self._open.total()

    def aim(self, chance: float, without: Collection[str] = ()) -> tuple[Gate, float] | None:
        """Choose where the next connection goes, and count it there as if it were open.

        Where nobody answered of late it goes only if there is no room elsewhere; and to none of
        those it is to do `without`. Returns it with the chance that a transport is to connect with,
        and None where there is no room.
        """
        with self._counting:
            now = self._now()
            room = [
                each
                for each in self._gates
                if each.name not in without and self._open[each.name] < each.connections
            ]
            if not room:
                return None
            good = [each for each in room if self._shunned.get(each.name, now) <= now]
            gate = free(good or room, self._open, chance)
            self._open[gate.name] += 1
        return gate, toward(self._gates, gate)

    def messages(self, relay: str) -> float:
        """Return how many messages a relay takes over one connection, as far as is known."""
        with self._counting:
            known = [
                number
                for (name, number), times in self._ended.items()
                if name == relay and times >= _BELIEVED
            ]
        return min(known, default=math.inf)

    def ended(self, relay: str, messages: int) -> None:
        """Learn that a relay took no more over a connection after so many messages."""
        if messages > 1:
            with self._counting:
                self._ended[relay, messages] += 1

    def opened(self, gate: Gate, relay: str) -> bool:
        """Count a connection where it has come about, which may be elsewhere.

        False where that relay has as many as it may have, and this one must be closed.
        """
        with self._counting:
            self._open[gate.name] -= 1
            room = {each.name: each.connections for each in self._gates}
            if relay != gate.name:
                self._shunned[gate.name] = self._now() + _SHUNNED
                if self._open[relay] >= room.get(relay, math.inf):
                    return False
            self._open[relay] += 1
            return True

    def closed(self, relay: str) -> None:
        """Count a connection that is no more, or did not come about."""
        with self._counting:
            self._open[relay] -= 1
