"""Whether a relay is believed when it says that addresses are gone."""

from hypothesis import given
from hypothesis import strategies as st

from feedpub.newsletter.posting.brake import Brake


def test_one_of_many_is_believed_with_the_next_that_is_taken() -> None:
    """And told once."""
    brake = Brake()

    assert () == brake.taken()
    brake.gone(7)

    assert ((7,), ()) == (brake.taken(), brake.taken())
    assert not brake.is_pulled


def test_nobody_is_believed_where_nothing_is_taken() -> None:
    """A list of one, whose one address is gone, stays as it is."""
    brake = Brake()
    brake.gone(1)

    assert (False, ()) == (brake.is_pulled, brake.believed())


def test_half_of_a_small_list_is_believed_at_the_end() -> None:
    """As many were taken as refused."""
    brake = Brake()
    brake.taken()
    brake.gone(2)

    assert (2,) == brake.believed()


def test_a_relay_that_refuses_all_pulls_the_brake() -> None:
    """With the twentieth, and nobody is suppressed."""
    brake = Brake()
    pulled = []
    for reader in range(20):
        brake.gone(reader)
        pulled.append(brake.is_pulled)

    assert [False] * 19 + [True] == pulled
    assert () == brake.believed()
    assert str(brake).startswith("20 of the last 20 addresses were refused as unknown; ")


def test_a_relay_that_loses_its_mind_pulls_the_brake() -> None:
    """After a thousand good ones 21 are enough, and none of them is suppressed."""
    brake = Brake()
    suppressed = [each for _ in range(1000) for each in brake.taken()]
    for reader in range(21):
        brake.gone(reader)

    assert (True, [], ()) == (brake.is_pulled, suppressed, brake.believed())


@given(st.lists(st.booleans()))
def test_nobody_is_told_twice(answers: list[bool]) -> None:
    """Nor anybody who was not said to be gone."""
    brake = Brake()
    told: list[int] = []
    for reader, gone in enumerate(answers):
        if gone:
            brake.gone(reader)
        else:
            told += brake.taken()

    assert len(set(told)) == len(told)
    assert all(answers[reader] for reader in told)
