"""Where the connections of one round go."""

import math
from datetime import timedelta

from postoffice import NOW

from feedpub.delivery.relays import RelayLimits
from feedpub.delivery.worker import ConnectionLimiter


def test_a_relay_has_no_more_connections_than_it_may_have() -> None:
    """Not even where the one that they were for does not answer; that is not asked for a while."""
    away, there = RelayLimits("away", weight=99), RelayLimits("there")
    now = [NOW]
    connections = ConnectionLimiter((away, there), lambda: now[0])

    assert away == aim(connections)
    assert connections.confirm(away, "there")
    assert away == aim(connections)  # there is room nowhere else
    assert not connections.confirm(away, "there")

    connections.release("there")

    assert there == aim(connections)
    assert connections.confirm(there, "there")

    connections.release("there")
    now[0] += timedelta(minutes=1)

    assert away == aim(connections)


def test_who_connects_counts() -> None:
    """Until it has come to nothing: then there may be none left."""
    connections = ConnectionLimiter((RelayLimits("relay"),), lambda: NOW)
    before = connections.is_idle
    gate = aim(connections)
    meanwhile = connections.is_idle
    connections.release(gate.name)

    assert (True, False, True) == (before, meanwhile, connections.is_idle)


def aim(connections: ConnectionLimiter, *without: str) -> RelayLimits:
    """Return where the next connection goes."""
    found = connections.reserve(0.5, without)
    assert found is not None
    return found[0]


def test_a_relay_that_is_not_used_gets_no_connection() -> None:
    """Nor does another one get more than it may have for that."""
    connections = ConnectionLimiter(
        (RelayLimits("over", connections=9), RelayLimits("there")), lambda: NOW
    )

    assert "there" == aim(connections, "over").name
    assert None is connections.reserve(0.5, ["over"])
    assert "over" == aim(connections).name


def test_how_many_messages_a_relay_takes_over_a_connection_is_learned() -> None:
    """From two connections that ended alike; that one ended after the first says nothing."""
    connections = ConnectionLimiter((RelayLimits("relay"),), lambda: NOW)
    known = [connections.get_message_limit("relay")]
    for number in (7, 1, 1, 5, 7):
        connections.record_message_limit("relay", number)
        known.append(connections.get_message_limit("relay"))

    assert [math.inf] * 5 + [7] == known
    assert math.inf == connections.get_message_limit("other")
