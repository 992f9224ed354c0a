"""Networks are told apart for a day, and nobody can tell which they are."""

from datetime import timedelta

import pytest
from mailings import NOW

from feedpub.newsletter.signup import Networks


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.254", True),
        ("192.0.2.1", "192.0.3.1", False),
        ("192.0.2.1", "::ffff:192.0.2.7", True),
        ("2001:db8:1:2::3", "2001:db8:1:ffff::1", True),
        ("2001:db8:1::1", "2001:db8:2::1", False),
        ("fe80::1%eth0", "fe80::2", True),
        ("", "unix", True),
    ],
)
def test_neighbours_have_one_mark(one: str, other: str, same: bool) -> None:
    """A network is what a household has, and its neighbours."""
    networks = Networks()

    assert same == (networks.mark(one, NOW) == networks.mark(other, NOW))


def test_a_mark_means_nothing_tomorrow() -> None:
    """Nor to another process: the salt is known to nobody."""
    networks = Networks()
    mark = networks.mark("192.0.2.1", NOW)

    assert mark != networks.mark("192.0.2.1", NOW + timedelta(days=1))
    assert mark != Networks().mark("192.0.2.1", NOW)
    assert b"192" not in mark
