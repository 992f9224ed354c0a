"""Networks are told apart for a day, and nobody can tell which they are."""

from datetime import timedelta

import pytest
from mailings import NOW

from feedpub.newsletter.signup import NetworkHasher


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("8.8.2.1", "8.8.2.254", True),
        ("8.8.2.1", "8.8.3.1", False),
        ("8.8.2.1", "::ffff:8.8.2.7", True),
        ("2606:4700:1:2::3", "2606:4700:1:ffff::1", True),
        ("2606:4700:1::1", "2606:4700:2::1", False),
    ],
)
def test_neighbours_have_one_mark(one: str, other: str, same: bool) -> None:
    """A network is what a household has, and its neighbours."""
    networks = NetworkHasher()

    assert same == (networks.hash_network(one, NOW) == networks.hash_network(other, NOW))


@pytest.mark.parametrize(
    "address", ["", "unix", "127.0.0.1", "::1", "fe80::1%eth0", "192.168.1.9", "::ffff:10.0.0.1"]
)
def test_an_unnamed_proxy_is_one_network(address: str) -> None:
    """Whatever its address is; those that tell no address are one together."""
    networks = NetworkHasher()
    mark = networks.hash_network(address, NOW)

    assert mark
    assert mark == networks.hash_network(address, NOW) != networks.hash_network("8.8.2.1", NOW)


def test_a_mark_means_nothing_tomorrow() -> None:
    """Nor to another process: the salt is known to nobody."""
    networks = NetworkHasher()
    mark = networks.hash_network("8.8.2.1", NOW)

    assert mark != networks.hash_network("8.8.2.1", NOW + timedelta(days=1))
    assert mark != NetworkHasher().hash_network("8.8.2.1", NOW)
    assert b"8.8" not in mark
