"""Whether a relay is believed when it refuses messages, or says that addresses are gone."""

from hypothesis import given
from hypothesis import strategies as st

from feedpub.delivery.throttle import CircuitBreaker, RecipientRejection


def test_one_of_many_is_believed_with_the_next_that_is_taken() -> None:
    """And told once."""
    brake = CircuitBreaker(3)

    assert () == brake.record_success()
    brake.record_failure(RecipientRejection(7, hard=True))

    assert ((RecipientRejection(7, hard=True),), ()) == (
        brake.record_success(),
        brake.record_success(),
    )
    assert not brake.is_open


def test_nobody_is_believed_where_nothing_is_taken() -> None:
    """A list of one, whose one address is gone, stays as it is."""
    brake = CircuitBreaker(3)
    brake.record_failure(RecipientRejection(1, hard=True))

    assert (False, ()) == (brake.is_open, brake.pop_confirmed())


def test_half_of_a_small_list_is_believed_at_the_end() -> None:
    """As many were taken as refused."""
    brake = CircuitBreaker(3)
    brake.record_success()
    brake.record_failure(RecipientRejection(2, hard=False))

    assert (RecipientRejection(2, hard=False),) == brake.pop_confirmed()


def test_a_relay_that_refuses_all_pulls_the_brake() -> None:
    """With the twentieth, and nobody is suppressed."""
    brake = CircuitBreaker(3)
    pulled = []
    for reader in range(20):
        brake.record_failure(RecipientRejection(reader, hard=True))
        pulled.append(brake.is_open)

    assert [False] * 19 + [True] == pulled
    assert () == brake.pop_confirmed()
    assert str(brake).startswith("20 of the last 20 messages were refused; ")


def test_a_relay_that_takes_no_message_pulls_the_brake() -> None:
    """Be it for what the message says: the others are spared, and it is told how all get it."""
    brake = CircuitBreaker(3)
    for _ in range(20):
        brake.record_failure(None)

    assert (True, ()) == (brake.is_open, brake.pop_confirmed())
    assert str(brake).endswith("then `feedpub digest retry 3`, then `feedpub digest resume 3`")


def test_a_relay_that_loses_its_mind_pulls_the_brake() -> None:
    """After a thousand good ones 21 are enough, and none of them is suppressed."""
    brake = CircuitBreaker(3)
    suppressed = [each for _ in range(1000) for each in brake.record_success()]
    for reader in range(21):
        brake.record_failure(RecipientRejection(reader, hard=True))

    assert (True, [], ()) == (brake.is_open, suppressed, brake.pop_confirmed())


@given(st.lists(st.sampled_from(("taken", "refused", "gone"))))
def test_nobody_is_told_twice(answers: list[str]) -> None:
    """Nor anybody who was not said to be gone."""
    brake = CircuitBreaker(3)
    told: list[int] = []
    for reader, answer in enumerate(answers):
        if answer == "taken":
            told += [each.subscriber_id for each in brake.record_success()]
        else:
            brake.record_failure(
                RecipientRejection(reader, hard=True) if answer == "gone" else None
            )

    assert len(set(told)) == len(told)
    assert {"gone"} >= {answers[reader] for reader in told}
