"""Where the connections of one round go."""

from datetime import timedelta

from postoffice import NOW

from feedpub.newsletter.posting.connections import Connections
from feedpub.newsletter.posting.lines import Gate


def test_a_relay_has_no_more_connections_than_it_may_have() -> None:
    """Not even where the one that they were for does not answer; that is not asked for a while."""
    away, there = Gate("away", weight=99), Gate("there")
    now = [NOW]
    connections = Connections((away, there), lambda: now[0])

    assert away == connections.aim(0.5)[0]
    assert connections.opened(away, "there")
    assert away == connections.aim(0.5)[0]  # there is room nowhere else
    assert not connections.opened(away, "there")

    connections.closed("there")

    assert there == connections.aim(0.5)[0]
    assert connections.opened(there, "there")

    connections.closed("there")
    now[0] += timedelta(minutes=1)

    assert away == connections.aim(0.5)[0]


def test_who_connects_counts() -> None:
    """Until it has come to nothing: then there may be none left."""
    connections = Connections((Gate("relay"),), lambda: NOW)
    before = connections.are_none
    gate, _ = connections.aim(0.5)
    meanwhile = connections.are_none
    connections.closed(gate.name)

    assert (True, False, True) == (before, meanwhile, connections.are_none)
