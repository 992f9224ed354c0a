"""Where the connections of one round go."""

import math
from datetime import timedelta

from postoffice import NOW

from feedpub.newsletter.posting.connections import Connections
from feedpub.newsletter.posting.lines import Gate


def test_a_relay_has_no_more_connections_than_it_may_have() -> None:
    """Not even where the one that they were for does not answer; that is not asked for a while."""
    away, there = Gate("away", weight=99), Gate("there")
    now = [NOW]
    connections = Connections((away, there), lambda: now[0])

    assert away == aim(connections)
    assert connections.opened(away, "there")
    assert away == aim(connections)  # there is room nowhere else
    assert not connections.opened(away, "there")

    connections.closed("there")

    assert there == aim(connections)
    assert connections.opened(there, "there")

    connections.closed("there")
    now[0] += timedelta(minutes=1)

    assert away == aim(connections)


def test_who_connects_counts() -> None:
    """Until it has come to nothing: then there may be none left."""
    connections = Connections((Gate("relay"),), lambda: NOW)
    before = connections.are_none
    gate = aim(connections)
    meanwhile = connections.are_none
    connections.closed(gate.name)

    assert (True, False, True) == (before, meanwhile, connections.are_none)


def aim(connections: Connections, *without: str) -> Gate:
    """Return where the next connection goes."""
    found = connections.aim(0.5, without)
    assert found is not None
    return found[0]


def test_a_relay_that_is_not_used_gets_no_connection() -> None:
    """Nor does another one get more than it may have for that."""
    connections = Connections((Gate("over", connections=9), Gate("there")), lambda: NOW)

    assert "there" == aim(connections, "over").name
    assert None is connections.aim(0.5, ["over"])
    assert "over" == aim(connections).name


def test_how_many_messages_a_relay_takes_over_a_connection_is_learned() -> None:
    """From two connections that ended alike; that one ended after the first says nothing."""
    connections = Connections((Gate("relay"),), lambda: NOW)
    known = [connections.messages("relay")]
    for number in (7, 1, 1, 5, 7):
        connections.ended("relay", number)
        known.append(connections.messages("relay"))

    assert [math.inf] * 5 + [7] == known
    assert math.inf == connections.messages("other")
