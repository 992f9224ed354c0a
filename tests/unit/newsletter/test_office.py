"""What the connections of one round share."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from mailings import ACCEPTED
from postoffice import NOW, delivery, desk, folder, mailing, moment, printer, states, tally

import feedpub.store
from feedpub.mailing import Content, Delivery, Issue, Outcome, Selection
from feedpub.newsletter.desk import Desk
from feedpub.newsletter.posting.letters import KEPT
from feedpub.newsletter.posting.lines import Gate
from feedpub.newsletter.posting.office import Office
from feedpub.newsletter.posting.times import Clock
from feedpub.store import Store, StoreError


class Hasty(Store):
    """A store where somebody pauses an issue just before it is said to wait; or it is broken."""

    broken = False

    def note(self, number: int, reason: str) -> Issue:
        """Be too late."""
        if self.broken:
            raise StoreError("broken")
        self.pause(number, "a mistake in it")
        return super().note(number, reason)


def hasty(url: str, home: Path) -> Hasty:
    """Open it."""
    return Hasty(feedpub.store.open(url, home)._database)


GATES = (Gate("relay", connections=2),)
GONE = Outcome("failed", 550, "5.1.1", "No such user", "relay")
LATER = Outcome("deferred", 451, "4.3.2", "Later", "relay")


@contextmanager
def office(one: Desk, now: Clock = lambda: NOW) -> Iterator[Office]:
    """Give an office whose recorder runs, and is done in the end."""
    opened = Office(one, "worker", printer(one), GATES, now, lambda _: None)
    thread = threading.Thread(target=opened.recorder.run)
    thread.start()
    try:
        yield opened
    finally:
        opened.recorder.end()
        thread.join(10)
        opened.finish()


def given(opened: Office) -> Delivery:
    """Give a delivery that there must be."""
    found = opened.next()
    assert found is not None
    return found


def test_a_slow_domain_gives_most_of_it_back(tmp_path: Path) -> None:
    """Until later, so that others may be claimed: here one that comes last."""
    slow = [f"reader{n}@slow.example" for n in range(600)]
    with desk(tmp_path, folder()) as one:
        issue = mailing(one, *slow, "last@fast.example")
        with office(one) as opened:
            for _ in range(6):
                opened._paces.slow("@slow.example", NOW)
            found = given(opened)

            assert "last@fast.example" == found.subscriber.address

        later = one.store.claim("later", 700, timedelta(1), moment(299))
        rest = one.store.claim("later", 700, timedelta(1), moment(301))
        after = tally(one, issue)

    assert (601, 601) == (after.waiting, len(later) + len(rest))
    assert 500 < len(rest)


def test_who_waits_is_woken_by_what_comes_back(tmp_path: Path) -> None:
    """And by the end of the round."""
    with desk(tmp_path, folder()) as one, office(one) as opened:
        mailing(one, "ann@example.org")
        found = given(opened)
        opened._is_dry = False
        opened._claiming = True  # somebody else is at it
        heard: list[Delivery | None] = []

        def wait() -> None:
            heard.extend((opened.next(), opened.next()))

        thread = threading.Thread(target=wait)
        thread.start()
        opened.back(found)
        while not heard and thread.is_alive() and len(opened._waiting):
            thread.join(0.01)
        opened.halt()
        thread.join(10)

        assert [found, None] == heard


def test_a_pace_ends_with_the_round(tmp_path: Path) -> None:
    """Nobody waits for a token then."""
    with desk(tmp_path, folder()) as one, office(one) as opened:
        assert opened.pace("relay")
        for _ in range(8):
            opened._paces.slow("relay", NOW)
        heard: list[bool] = []
        thread = threading.Thread(target=lambda: heard.append(opened.pace("relay")))
        thread.start()
        opened.halt()
        thread.join(10)

        assert [False] == heard


def test_who_asks_for_less_is_slowed_down(tmp_path: Path) -> None:
    """The domain; and the relay where it speaks for itself."""
    with desk(tmp_path, folder()) as one, office(one) as opened:
        opened.done(delivery(1, "a@one.example"), Outcome("deferred", 450, "4.7.1", relay="relay"))

        assert opened.pace("relay")
        assert (1 / 16) == opened._paces.wait("@one.example", NOW)

        opened.done(delivery(2, "a@two.example"), LATER)

        assert (1 / 16) == opened._paces.wait("relay", NOW)


def test_what_a_relay_says_while_it_is_doubted_changes_nothing(tmp_path: Path) -> None:
    """The issue is paused once, and what comes back of it is not kept."""
    addresses = [f"reader{n}@example.org" for n in range(30)]
    with desk(tmp_path, folder()) as one:
        issue = mailing(one, *addresses)
        with office(one) as opened:
            taken = [given(opened) for _ in range(25)]
            for each in taken[:22]:
                opened.done(each, GONE)
            opened.back(taken[22])

            assert opened.why == one.store.issue(issue.id).reason
            assert "20 of the last 20" in opened.why
            assert 0 == len(opened._waiting)

        assert {"active"} == set(states(one).values())
        assert 8 == tally(one, issue).waiting


def test_an_issue_that_was_ended_is_left_alone(tmp_path: Path) -> None:
    """Nobody writes into it why it waits."""
    with desk(tmp_path, folder()) as one:
        issue = mailing(one, "ann@example.org")
        with office(one) as opened:
            found = given(opened)
            opened.back(found)
            one.store.cancel(issue.id, NOW, "enough")
            opened.end("the wire is cut")

            assert "the wire is cut" == opened.why

        assert "enough" == one.store.issue(issue.id).reason


def test_letters_are_encoded_once_and_not_all_kept(tmp_path: Path) -> None:
    """Ten thousand selections would not fit into the memory."""
    with desk(tmp_path, folder()) as one:
        ids = [mailing_reader(one, n) for n in range(70)]
        content = Content("News", "", "<p>Hello</p>", "Hello", "en")
        selections = [Selection(f"s{n}", ("post",), content) for n in range(70)]
        audience = [(reader, f"s{n}") for n, reader in enumerate(ids)]
        one.store.plan("weekly", NOW, ("post",), "News", selections, audience, NOW)
        with office(one) as opened:
            found = [given(opened) for _ in range(70)]
            first = opened.letter(found[0])

            assert first is opened.letter(found[0])

            for each in found:
                opened.letter(each)

            assert KEPT == len(opened._letters._letters)
            assert (first, True) == (opened.letter(found[0]), first is not opened.letter(found[0]))
            opened.done(found[0], ACCEPTED)


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

            assert 1 == len(opened._waiting)

            second = given(opened)
            opened.lost(first)
            opened.done(second, ACCEPTED)
            opened.recorder.wait()
            times.append(times[-1] + hour)

            assert {first.id} == {each.id for each in taken(opened)}


def taken(opened: Office) -> list[Delivery]:
    """Claim once more, and give all that waits."""
    opened._claim()
    return [given(opened) for _ in range(len(opened._waiting))]


def mailing_reader(one: Desk, number: int) -> int:
    """Add a reader; give the id."""
    mailing(one, f"reader{number}@example.org", digest=f"digest{number}")
    found = one.store.find(f"reader{number}@example.org")
    assert found is not None
    one.store.cancel(max(each.id for each in one.store.issues()), NOW)
    return found.id


def test_nothing_is_claimed_once_it_is_over(tmp_path: Path) -> None:
    """Somebody may have been about to, and a database that is away is not waited for."""
    with desk(tmp_path, folder()) as one, office(one) as opened:
        mailing(one, "ann@example.org")
        opened.halt()
        opened._claim()

        assert (None, 0) == (opened.next(), len(opened._waiting))


def wait_in_vain(one: Desk) -> None:
    """End a round since there is no relay."""
    with office(one) as opened:
        given(opened)
        opened.end("no relay")


def test_who_pauses_an_issue_meanwhile_has_the_last_word(tmp_path: Path) -> None:
    """Why it waited before is no matter then, and ends no round."""
    with desk(tmp_path, folder(), hasty) as one:
        issue = mailing(one, "ann@example.org", "bob@example.org")
        wait_in_vain(one)
        after = one.store.issue(issue.id)

    assert ("paused", "a mistake in it") == (after.state, after.reason)


def test_a_store_that_cannot_say_why_an_issue_waits_is_told(tmp_path: Path) -> None:
    """It is broken then."""
    with desk(tmp_path, folder(), hasty) as one:
        assert isinstance(one.store, Hasty)
        one.store.broken = True
        mailing(one, "ann@example.org", "bob@example.org")
        with pytest.raises(StoreError, match="broken"):
            wait_in_vain(one)
