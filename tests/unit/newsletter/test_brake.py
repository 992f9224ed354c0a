"""Whether a relay is believed when it refuses messages, or says that addresses are gone."""

from hypothesis import given
from hypothesis import strategies as st

from feedpub.newsletter.posting.brake import Brake, Report


def test_one_of_many_is_believed_with_the_next_that_is_taken() -> None:
    """And told once."""
    brake = Brake(3)

    assert () == brake.taken()
    brake.refused(Report(7, hard=True))

    assert ((Report(7, hard=True),), ()) == (brake.taken(), brake.taken())
    assert not brake.is_pulled


def test_nobody_is_believed_where_nothing_is_taken() -> None:
    """A list of one, whose one address is gone, stays as it is."""
    brake = Brake(3)
    brake.refused(Report(1, hard=True))

    assert (False, ()) == (brake.is_pulled, brake.believed())


def test_half_of_a_small_list_is_believed_at_the_end() -> None:
    """As many were taken as refused."""
    brake = Brake(3)
    brake.taken()
    brake.refused(Report(2, hard=False))

    assert (Report(2, hard=False),) == brake.believed()


def test_a_relay_that_refuses_all_pulls_the_brake() -> None:
    """With the twentieth, and nobody is suppressed."""
    brake = Brake(3)
    pulled = []
    for reader in range(20):
        brake.refused(Report(reader, hard=True))
        pulled.append(brake.is_pulled)

    assert [False] * 19 + [True] == pulled
    assert () == brake.believed()
    assert str(brake).startswith("20 of the last 20 messages were refused; ")


def test_a_relay_that_takes_no_message_pulls_the_brake() -> None:
    """Be it for what the message says: the others are spared, and it is told how all get it."""
    brake = Brake(3)
    for _ in range(20):
        brake.refused(None)

    assert (True, ()) == (brake.is_pulled, brake.believed())
    assert str(brake).endswith("then `feedpub digest retry 3`, then `feedpub digest resume 3`")


def test_a_relay_that_loses_its_mind_pulls_the_brake() -> None:
    """After a thousand good ones 21 are enough, and none of them is suppressed."""
    brake = Brake(3)
    suppressed = [each for _ in range(1000) for each in brake.taken()]
    for reader in range(21):
        brake.refused(Report(reader, hard=True))

    assert (True, [], ()) == (brake.is_pulled, suppressed, brake.believed())


@given(st.lists(st.sampled_from(("taken", "refused", "gone"))))
def test_nobody_is_told_twice(answers: list[str]) -> None:
    """Nor anybody who was not said to be gone."""
    brake = Brake(3)
    told: list[int] = []
    for reader, answer in enumerate(answers):
        if answer == "taken":
            told += [each.reader for each in brake.taken()]
        else:
            brake.refused(Report(reader, hard=True) if answer == "gone" else None)

    assert len(set(told)) == len(told)
    assert {"gone"} >= {answers[reader] for reader in told}
