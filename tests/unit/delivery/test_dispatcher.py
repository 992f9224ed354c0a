"""What the connections of one round share."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from mailings import ACCEPTED
from postoffice import NOW, delivery, desk, folder, mailing, moment, printer, states, tally

from feedpub import storage
from feedpub.app import NewsletterContext
from feedpub.delivery.content import MAX_CACHED_MESSAGES
from feedpub.delivery.dispatcher import Dispatcher
from feedpub.delivery.relays import Clock, RelayLimits
from feedpub.models.newsletter import Delivery, Issue, MessageContent, SendResult, Variant
from feedpub.storage import Store
from feedpub.storage.errors import StoreError


class Hasty(Store):
    """A store where somebody pauses an issue just before it is said to wait; or it is broken."""

    broken = False

    def set_wait_reason(self, number: int, reason: str) -> Issue:
        """Be too late."""
        if self.broken:
            raise StoreError("broken")
        self.pause_issue(number, "a mistake in it")
        return super().set_wait_reason(number, reason)


def hasty(url: str, home: Path) -> Hasty:
    """Open it."""
    return Hasty(storage.open_store(url, home)._database)


GATES = (RelayLimits("relay", connections=2),)
GONE = SendResult("failed", 550, "5.1.1", "No such user", "relay")
LATER = SendResult("deferred", 451, "4.3.2", "Later", "relay")


@contextmanager
def office(one: NewsletterContext, now: Clock = lambda: NOW) -> Iterator[Dispatcher]:
    """Give an office whose recorder runs, and is done in the end."""
    opened = Dispatcher(one, "worker", printer(one), GATES, now, lambda _: None)
    thread = threading.Thread(target=opened.result_writer.run)
    thread.start()
    try:
        yield opened
    finally:
        opened.result_writer.close()
        thread.join(10)
        opened.finish()


def given(opened: Dispatcher) -> Delivery:
    """Give a delivery that there must be."""
    found = opened.fetch_delivery()
    assert found is not None
    return found


def test_a_slow_domain_gives_most_of_it_back(tmp_path: Path) -> None:
    """Until later, so that others may be claimed: here one that comes last."""
    slow = [f"reader{n}@slow.example" for n in range(600)]
    with desk(tmp_path, folder()) as one:
        issue = mailing(one, *slow, "last@fast.example")
        with office(one) as opened:
            for _ in range(6):
                opened._rate_limiter.slow_down("@slow.example", NOW)
            found = given(opened)

            assert "last@fast.example" == found.subscriber.address

        later = one.store.claim_deliveries("later", 700, timedelta(1), moment(299))
        rest = one.store.claim_deliveries("later", 700, timedelta(1), moment(301))
        after = tally(one, issue)

    assert (601, 601) == (after.waiting, len(later) + len(rest))
    assert 500 < len(rest)


def test_who_waits_is_woken_by_what_comes_back(tmp_path: Path) -> None:
    """And by the end of the round."""
    with desk(tmp_path, folder()) as one, office(one) as opened:
        mailing(one, "ann@example.org")
        found = given(opened)
        opened._is_drained = False
        opened._claiming = True  # somebody else is at it
        heard: list[Delivery | None] = []

        def wait() -> None:
            heard.extend((opened.fetch_delivery(), opened.fetch_delivery()))

        thread = threading.Thread(target=wait)
        thread.start()
        opened.requeue(found)
        while not heard and thread.is_alive() and len(opened._ready_queue):
            thread.join(0.01)
        opened.stop()
        thread.join(10)

        assert [found, None] == heard


def test_a_pace_ends_with_the_round(tmp_path: Path) -> None:
    """Nobody waits for a token then."""
    with desk(tmp_path, folder()) as one, office(one) as opened:
        assert opened.wait_for_rate_limit("relay")
        for _ in range(8):
            opened._rate_limiter.slow_down("relay", NOW)
        heard: list[bool] = []
        thread = threading.Thread(target=lambda: heard.append(opened.wait_for_rate_limit("relay")))
        thread.start()
        opened.stop()
        thread.join(10)

        assert [False] == heard


def test_who_asks_for_less_is_slowed_down(tmp_path: Path) -> None:
    """The domain; and the relay where it speaks for itself."""
    with desk(tmp_path, folder()) as one, office(one) as opened:
        opened.complete(
            delivery(1, "a@one.example"), SendResult("deferred", 450, "4.7.1", relay="relay")
        )

        assert opened.wait_for_rate_limit("relay")
        assert (1 / 16) == opened._rate_limiter.acquire("@one.example", NOW)

        opened.complete(delivery(2, "a@two.example"), LATER)

        assert (1 / 16) == opened._rate_limiter.acquire("relay", NOW)


def test_what_a_relay_says_while_it_is_doubted_changes_nothing(tmp_path: Path) -> None:
    """The issue is paused once, and what comes back of it is not kept."""
    addresses = [f"reader{n}@example.org" for n in range(30)]
    with desk(tmp_path, folder()) as one:
        issue = mailing(one, *addresses)
        with office(one) as opened:
            taken = [given(opened) for _ in range(25)]
            for each in taken[:22]:
                opened.complete(each, GONE)
            opened.requeue(taken[22])

            assert opened.stop_reason == one.store.get_issue(issue.id).reason
            assert "20 of the last 20" in opened.stop_reason
            assert 0 == len(opened._ready_queue)

        assert {"active"} == set(states(one).values())
        assert 8 == tally(one, issue).waiting


def test_an_issue_that_was_ended_is_left_alone(tmp_path: Path) -> None:
    """Nobody writes into it why it waits."""
    with desk(tmp_path, folder()) as one:
        issue = mailing(one, "ann@example.org")
        with office(one) as opened:
            found = given(opened)
            opened.requeue(found)
            one.store.cancel_issue(issue.id, NOW, "enough")
            opened.abort("the wire is cut")

            assert "the wire is cut" == opened.stop_reason

        assert "enough" == one.store.get_issue(issue.id).reason


def test_letters_are_encoded_once_and_not_all_kept(tmp_path: Path) -> None:
    """Ten thousand selections would not fit into the memory."""
    with desk(tmp_path, folder()) as one:
        ids = [mailing_reader(one, n) for n in range(70)]
        content = MessageContent("News", "", "<p>Hello</p>", "Hello", "en")
        selections = [Variant(f"s{n}", ("post",), content) for n in range(70)]
        audience = [(reader, f"s{n}") for n, reader in enumerate(ids)]
        one.store.plan_issue("weekly", NOW, ("post",), "News", selections, audience, NOW)
        with office(one) as opened:
            found = [given(opened) for _ in range(70)]
            first = opened.get_prepared_message(found[0])

            assert first is opened.get_prepared_message(found[0])

            for each in found:
                opened.get_prepared_message(each)

            assert MAX_CACHED_MESSAGES == len(opened._prepared_messages._prepared)
            assert (first, True) == (
                opened.get_prepared_message(found[0]),
                first is not opened.get_prepared_message(found[0]),
            )
            opened.complete(found[0], ACCEPTED)


def test_what_waited_longer_than_a_lease_is_there_once(tmp_path: Path) -> None:
    """Claimed anew it is the same message, and two connections must not carry it."""
    hour = timedelta(hours=1)
    times = [NOW]
    with desk(tmp_path, folder()) as one:
        mailing(one, "ann@example.org", "bob@example.org")
        with office(one, lambda: times[-1]) as opened:
            first = given(opened)
            for _ in range(2):
                times.append(times[-1] + hour)
                opened._claim()

            assert 1 == len(opened._ready_queue)

            second = given(opened)
            opened.handle_lost_lease(first)
            opened.complete(second, ACCEPTED)
            opened.result_writer.flush()
            times.append(times[-1] + hour)

            assert {first.id} == {each.id for each in taken(opened)}


def taken(opened: Dispatcher) -> list[Delivery]:
    """Claim once more, and give all that waits."""
    opened._claim()
    return [given(opened) for _ in range(len(opened._ready_queue))]


def mailing_reader(one: NewsletterContext, number: int) -> int:
    """Add a reader; give the id."""
    mailing(one, f"reader{number}@example.org", digest=f"digest{number}")
    found = one.store.find_subscriber(f"reader{number}@example.org")
    assert found is not None
    one.store.cancel_issue(max(each.id for each in one.store.list_issues()), NOW)
    return found.id


def test_nothing_is_claimed_once_it_is_over(tmp_path: Path) -> None:
    """Somebody may have been about to, and a database that is away is not waited for."""
    with desk(tmp_path, folder()) as one, office(one) as opened:
        mailing(one, "ann@example.org")
        opened.stop()
        opened._claim()

        assert (None, 0) == (opened.fetch_delivery(), len(opened._ready_queue))


def wait_in_vain(one: NewsletterContext) -> None:
    """End a round since there is no relay."""
    with office(one) as opened:
        given(opened)
        opened.abort("no relay")


def test_who_pauses_an_issue_meanwhile_has_the_last_word(tmp_path: Path) -> None:
    """Why it waited before is no matter then, and ends no round."""
    with desk(tmp_path, folder(), hasty) as one:
        issue = mailing(one, "ann@example.org", "bob@example.org")
        wait_in_vain(one)
        after = one.store.get_issue(issue.id)

    assert ("paused", "a mistake in it") == (after.state, after.reason)


def test_a_store_that_cannot_say_why_an_issue_waits_is_told(tmp_path: Path) -> None:
    """It is broken then."""
    with desk(tmp_path, folder(), hasty) as one:
        assert isinstance(one.store, Hasty)
        one.store.broken = True
        mailing(one, "ann@example.org", "bob@example.org")
        with pytest.raises(StoreError, match="broken"):
            wait_in_vain(one)
