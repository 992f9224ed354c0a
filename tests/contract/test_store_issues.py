"""Issues in the store: planned whole or not at all, once; and how they stand."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

import pytest
from mailings import (
    ACCEPTED,
    LATER,
    LEASE,
    NOW,
    Place,
    content,
    planned,
    selection,
    sent,
    settled,
    with_readers,
)
from sqlalchemy import Connection

from feedpub import storage
from feedpub.models.newsletter import (
    DeliveryUpdate,
    Issue,
    IssueStats,
    SendResult,
    SubscriptionFilter,
    Variant,
)
from feedpub.storage import Store
from feedpub.storage.database import Database
from feedpub.storage.errors import ConcurrentUpdateError, StoreError
from feedpub.storage.schema import EPOCH

NEXT = NOW + timedelta(days=7)
SILENCE = SendResult("doubt", text="no answer after the final dot")
FULL = SendResult("deferred", 452, "4.2.2", "mailbox full")
NOBODY = SendResult("failed", 550, "5.1.1", "no such user")


class Held(Database):
    """A database in which whoever writes is kept from committing for a while."""

    def __init__(self, url: str, folder: Path) -> None:
        super().__init__(url, folder)
        self.begun, self.go_on = Event(), Event()

    @contextmanager
    def begin_write(self) -> Iterator[Connection]:
        """Say that all is written, and wait."""
        with super().begin_write() as connection:
            yield connection
            self.begun.set()
            self.go_on.wait()


def test_a_new_digest_is_a_first(store: Store) -> None:
    """Until something of it is recorded."""
    planned(store, [], "one", digest="another")

    assert store.get_last_slot("weekly", LATER) is None
    assert frozenset() == store.list_mailed_posts("weekly")
    assert () == store.list_issues("weekly")


def test_the_first_run_mails_nothing_from_before(store: Store) -> None:
    """What is published by then counts as mailed; a second start changes nothing."""
    begun = store.initialize_digest("weekly", NOW, ["one", "two"], NOW)

    reason = "first run: 2 posts from before are not mailed"
    assert Issue(begun.id, "weekly", NOW, NOW, "skipped", (), "", reason) == begun
    assert begun == store.initialize_digest("weekly", NOW, ["three"], LATER)
    assert {"one", "two"} == store.list_mailed_posts("weekly")
    assert NOW == store.get_last_slot("weekly", LATER)


def test_who_begins_at_the_same_time_takes_no_post_away(store: Store) -> None:
    """One of two processes that both found nothing recorded sees a post that the other did not."""
    begun = store.initialize_digest("weekly", NOW, ["one"], NOW)
    second = store.initialize_digest("weekly", NOW + timedelta(seconds=1), ["one", "two"], LATER)

    assert begun == second
    assert {"one"} == store.list_mailed_posts("weekly")
    assert [begun] == list(store.list_issues("weekly"))

    alone = store.initialize_digest("daily", NOW, ["one"], NOW)

    assert "first run: 1 post from before is not mailed" == alone.reason


def test_a_skip_is_recorded(store: Store) -> None:
    """With its reason, and nothing in the ledger; an empty start is no different."""
    store.initialize_digest("weekly", NOW, [], NOW)
    skipped = store.skip_slot("weekly", NEXT, "nothing new", NEXT)

    assert ("skipped", "nothing new", ()) == (skipped.state, skipped.reason, skipped.posts)
    assert skipped == store.skip_slot("weekly", NEXT, "again", NEXT)
    assert frozenset() == store.list_mailed_posts("weekly")
    assert NEXT == store.get_last_slot("weekly", NEXT)


def test_an_issue_is_planned_whole(store: Store) -> None:
    """Posts, ledger, what each selection says, and a delivery for each reader."""
    ann, bob, cid = with_readers(store, 3)
    other = Variant("other", ("two",), content("Other"))
    audience = [(ann, "all"), (bob, "other"), (cid, "all")]
    issue = store.plan_issue(
        "weekly", NOW, ["one", "two"], "News", [selection("one", "two"), other], audience, LATER
    )

    expected = Issue(issue.id, "weekly", NOW, LATER, "sending", ("one", "two"), "News")
    assert expected == issue == store.get_issue(issue.id)
    assert (issue,) == store.list_issues()
    assert {"one", "two"} == store.list_mailed_posts("weekly")
    assert content("Other") == store.load_content(issue.id, "other")
    assert content() == store.load_content(issue.id, "all")
    assert IssueStats(3, 0, 0, 0, 0, 0, 3) == store.get_issue_stats(issue.id)
    pairs = {(ann, "one"), (ann, "two"), (bob, "two"), (cid, "one"), (cid, "two")}
    assert pairs == set(store.list_received_posts(["one", "two", "three"]))
    assert {(ann, "one"), (cid, "one")} == set(store.list_received_posts(["one"]))
    assert set() == set(store.list_received_posts([]))


def test_a_slot_is_planned_once(store: Store) -> None:
    """A second planner gets the first one's issue; and after a skip, the skip."""
    first = planned(store, with_readers(store, 2), "one")
    skip = store.skip_slot("weekly", NEXT, "nothing new", NEXT)

    assert first == planned(store, [1], "two")
    assert skip == planned(store, [1], "two", slot=NEXT)
    assert {"one"} == store.list_mailed_posts("weekly")


def test_a_post_goes_out_once_in_a_digest(store: Store) -> None:
    """Planned for another slot as well, it is refused, and nothing of that is left."""
    (ann,) = with_readers(store, 1)
    planned(store, [ann], "one")

    with pytest.raises(ConcurrentUpdateError, match=r"weekly: post one is already planned"):
        planned(store, [ann], "two", "one", slot=NEXT)

    assert {"one"} == store.list_mailed_posts("weekly")
    assert 1 == len(store.list_issues())


def test_a_reader_gets_a_post_once_in_all_digests(store: Store) -> None:
    """Another digest may give it to others, and to those it was suppressed for."""
    ann, bob, cid = with_readers(store, 3)
    weekly = planned(store, [ann, bob], "one")
    with pytest.raises(ConcurrentUpdateError, match="daily: some subscribers already get one of"):
        planned(store, [cid, bob], "two", "one", digest="daily")

    assert planned(store, [cid], "two", "one", digest="daily").state == "sending"

    store.cancel_issue(weekly.id, NOW)
    planned(store, [ann, bob], "one", digest="monthly")

    assert {(ann, "one"), (bob, "one"), (cid, "one")} == set(store.list_received_posts(["one"]))


def test_when_readers_were_last_mailed_is_known(store: Store) -> None:
    """By this digest, since a time; what was suppressed was no mail."""
    ann, bob, cid = weekly = with_readers(store, 3)
    for each in weekly:
        store.update_preferences(each, SubscriptionFilter(), "weekly", "", NOW)
    planned(store, [ann, bob], "one")
    planned(store, [ann], "two", slot=NEXT)
    planned(store, [cid], "three", digest="daily", slot=NEXT)
    gone = planned(store, [cid], "four", slot=NEXT + timedelta(days=7))
    store.cancel_issue(gone.id, NEXT)

    day = timedelta(days=1)
    assert {(ann, NEXT), (bob, NOW)} == set(store.list_last_mailed("weekly", NOW - day, NEXT, NOW))
    assert {(ann, NEXT)} == set(store.list_last_mailed("weekly", NOW, NEXT, NOW))
    assert {(ann, NOW), (bob, NOW)} == set(store.list_last_mailed("weekly", NOW - day, NOW, NOW))
    assert [] == list(store.list_last_mailed("weekly", NEXT, NEXT, NOW))


def test_other_posts_for_the_same_readers_are_no_matter(store: Store) -> None:
    """Digests that share a post are told apart by the reader's own selection."""
    ann, bob = with_readers(store, 2)
    two = [selection("one", key="1"), selection("two", key="2")]
    store.plan_issue("weekly", NOW, ["one", "two"], "", two, [(ann, "1"), (bob, "2")], NOW)

    second = store.plan_issue("daily", NOW, ["one", "two"], "", two, [(ann, "2"), (bob, "1")], NOW)

    assert 2 == store.get_issue_stats(second.id).audience


def test_many_posts_and_readers_are_planned(store: Store) -> None:
    """More than any database takes in one statement."""
    posts = [f"post-{each}" for each in range(1_200)]
    ids = with_readers(store, 2)
    selections = [selection(post, key=post) for post in posts[:250]]
    audience = [(each, "post-7") for each in [*ids, *range(1_000, 7_000)]]
    issue = store.plan_issue("weekly", NOW, posts, "", selections, audience, NOW)

    assert 6_002 == store.get_issue_stats(issue.id).audience
    assert 6_002 == len(list(store.list_received_posts(posts)))


def test_an_issue_that_is_not_there_is_told(store: Store) -> None:
    """Whatever is asked of it."""
    for asked in (store.get_issue, store.get_issue_stats, store.pause_issue, store.resume_issue):
        with pytest.raises(StoreError, match="there is no issue 7; `feedpub digest status` lists"):
            asked(7)
    with pytest.raises(StoreError, match="issue 7 has no variant all"):
        store.load_content(7, "all")


def test_the_newest_issue_is_told_first(store: Store) -> None:
    """Of one digest, or of all."""
    old, new = planned(store, [], "one"), planned(store, [], "two", slot=NEXT)
    other = planned(store, [], "one", digest="daily", slot=LATER)

    assert (new, other, old) == store.list_issues()
    assert (new, old) == store.list_issues("weekly")


def test_a_clock_that_ran_ahead_silences_nobody(store: Store) -> None:
    """What it recorded counts once its time has come, and before only as something."""
    years = NOW + timedelta(days=2_000)
    store.initialize_digest("weekly", years, ["one"], years)

    assert EPOCH == store.get_last_slot("weekly", NOW)
    assert years == store.get_last_slot("weekly", years - timedelta(days=1))

    planned(store, [], "two")

    assert NOW == store.get_last_slot("weekly", NOW)


def test_what_went_out_is_given_to_who_only_reads(store: Store, place: Place) -> None:
    """Newest first, without skips, and without a store of one's own."""
    old, new = planned(store, [], "one"), planned(store, [], "two", slot=NEXT)
    store.skip_slot("weekly", LATER, "nothing new", LATER)

    assert (new, old) == storage.load_sent_issues(place.url, place.folder)


def test_a_paused_issue_goes_on(store: Store) -> None:
    """Pausing says why, and resuming forgets it; both may be said twice."""
    issue = planned(store, with_readers(store, 1), "one")
    for _ in range(2):
        paused = store.pause_issue(issue.id, "too early")

        assert ("paused", "too early") == (paused.state, paused.reason)
        assert () == store.claim_deliveries("w", 9, LEASE, NOW)
        assert store.get_next_due() is None
    for _ in range(2):
        assert issue == store.resume_issue(issue.id)
    assert 1 == len(store.claim_deliveries("w", 9, LEASE, NOW))


def test_an_issue_says_why_it_waits(store: Store) -> None:
    """While it is sending, and no longer than that."""
    issue = planned(store, with_readers(store, 1), "one")

    assert "no connection" == store.set_wait_reason(issue.id, "no connection").reason
    assert "" == store.set_wait_reason(issue.id, "").reason

    store.pause_issue(issue.id)

    with pytest.raises(
        StoreError,
        match=f"issue {issue.id} is paused; it must be sending",
    ):
        store.set_wait_reason(issue.id, "no connection")


def test_a_cancelled_issue_tells_of_nothing_else(store: Store) -> None:
    """What was deferred before is not sent since it was cancelled, whatever a server said."""
    issue = planned(store, with_readers(store, 1), "one")
    busy = SendResult("deferred", 450, "4.2.1", "Busy", "mx")
    store.record_results(
        "w", settled(store.claim_deliveries("w", 1, LEASE, NOW), "deferred", busy), NOW
    )
    store.cancel_issue(issue.id, NOW)

    assert (("cancelled", 1),) == store.get_issue_stats(issue.id).reasons


def test_a_cancelled_issue_sends_nothing_more(store: Store) -> None:
    """What is sent stays so, what is in doubt stays in doubt, and it has ended."""
    issue = planned(store, with_readers(store, 4), "one")
    first, second, third = store.claim_deliveries("w", 3, LEASE, NOW)
    sent(store, "w", [first])
    store.mark_in_doubt("w", [second.id], NOW)

    cancelled = store.cancel_issue(issue.id, NOW, "wrong subject")

    assert ("cancelled", "wrong subject") == (cancelled.state, cancelled.reason)
    assert cancelled == store.cancel_issue(issue.id, NOW, "wrong subject")
    assert frozenset() == store.mark_in_doubt("w", [third.id], NOW)
    assert () == store.claim_deliveries("w", 9, LEASE, LATER)
    reasons = (("cancelled", 2), ("no answer", 1))
    assert IssueStats(4, 1, 0, 0, 2, 1, 0, reasons) == store.get_issue_stats(issue.id)
    for asked in (store.pause_issue, store.resume_issue):
        with pytest.raises(StoreError, match="is cancelled; it must be paused or sending"):
            asked(issue.id)
    with pytest.raises(StoreError, match="is cancelled; it must be done or paused or"):
        store.retry_failed(issue.id, NOW)


def test_an_issue_is_done_when_nothing_is_unsent(store: Store) -> None:
    """Not before; and once it is, it stays so."""
    issue = planned(store, with_readers(store, 2), "one")
    first, second = store.claim_deliveries("w", 9, LEASE, NOW)
    sent(store, "w", [first])

    assert not store.finish_issue(issue.id, LATER)

    store.mark_in_doubt("w", [second.id], NOW)

    assert not store.finish_issue(issue.id, LATER)

    store.record_results("w", settled([second], "doubt", SILENCE), NOW)

    assert store.finish_issue(issue.id, LATER)
    assert store.finish_issue(issue.id, LATER)
    assert "done" == store.get_issue(issue.id).state


def test_what_failed_may_be_tried_again(store: Store) -> None:
    """From the first attempt on; an issue that was done is sending again."""
    issue = planned(store, with_readers(store, 2), "one")
    first, second = store.claim_deliveries("w", 9, LEASE, NOW)
    store.record_results("w", [*settled([first], "failed", NOBODY), *settled([second])], NOW)
    store.finish_issue(issue.id, NOW)

    assert 1 == store.retry_failed(issue.id, LATER)

    assert "sending" == store.get_issue(issue.id).state
    (again,) = store.claim_deliveries("v", 9, LEASE, LATER)
    assert first == again
    assert 0 == store.retry_failed(issue.id, LATER)


def test_what_is_tried_again_is_not_lost_to_who_ends_the_issue(store: Store, place: Place) -> None:
    """Who comes while it is being planned again finds it unsent."""
    issue = planned(store, with_readers(store, 2), "one")
    first, second = store.claim_deliveries("w", 9, LEASE, NOW)
    store.record_results("w", [*settled([first], "failed", NOBODY), *settled([second])], NOW)
    database = Held(place.url, place.folder)
    publisher = Thread(target=Store(database).retry_failed, args=(issue.id, NOW))
    publisher.start()
    database.begun.wait()
    worker = Thread(target=store.finish_issue, args=(issue.id, NOW))
    worker.start()
    worker.join(0.2)
    database.go_on.set()
    publisher.join()
    worker.join()
    database.close()

    assert "sending" == store.get_issue(issue.id).state
    assert (first,) == store.claim_deliveries("v", 9, LEASE, NOW)


def test_what_is_in_doubt_may_be_sent_again(store: Store) -> None:
    """When it has been for long enough; under the same key."""
    issue = planned(store, with_readers(store, 2), "one")
    first, second = store.claim_deliveries("w", 9, LEASE, NOW)
    store.mark_in_doubt("w", [first.id], NOW)
    store.record_results("w", settled([first], "doubt", SILENCE), NOW)
    store.mark_in_doubt("w", [second.id], LATER)
    store.record_results("w", settled([second], "doubt", SILENCE), LATER)
    store.finish_issue(issue.id, LATER)

    assert 0 == store.resend_in_doubt(issue.id, NOW, LATER)
    assert "done" == store.get_issue(issue.id).state
    assert 1 == store.resend_in_doubt(issue.id, LATER, LATER)
    assert (first,) == store.claim_deliveries("v", 9, LEASE, LATER)


@pytest.mark.parametrize("resend", [True, False])
def test_what_a_dead_worker_left_in_doubt_is_settled(store: Store, *, resend: bool) -> None:
    """When it has been for long enough: sent again, or in doubt for good."""
    issue = planned(store, with_readers(store, 3), "one")
    first, second, third = store.claim_deliveries("w", 9, LEASE, NOW)
    store.mark_in_doubt("w", [first.id, third.id], NOW)
    store.mark_in_doubt("w", [second.id], LATER)
    store.record_results("w", settled([third], "doubt", SILENCE), NOW)

    assert 0 == store.resolve_abandoned(NOW, LATER, resend=resend)
    assert 1 == store.resolve_abandoned(LATER, LATER, resend=resend)

    again = (replace(first, attempts=1),) if resend else ()
    assert again == store.claim_deliveries("v", 9, LEASE, LATER)
    assert 3 - len(again) == store.get_issue_stats(issue.id).doubt
    assert not store.finish_issue(issue.id, LATER)


def test_a_digest_knows_when_it_was_last_for_somebody(store: Store) -> None:
    """The newest slot after a time; what was suppressed does not count, nor another digest."""
    ann, bob = weekly = with_readers(store, 2)
    for each in weekly:
        store.update_preferences(each, SubscriptionFilter(), "weekly", "", NOW)
    planned(store, [ann, bob], "one")
    planned(store, [ann], "two", slot=NEXT)
    planned(store, [bob], "three", digest="daily", slot=NEXT)
    cancelled = planned(store, [bob], "four", slot=NEXT + timedelta(days=7))
    store.cancel_issue(cancelled.id, NEXT)

    before = NOW - timedelta(days=1)
    assert {ann: NEXT, bob: NOW} == dict(store.list_last_mailed("weekly", before, NEXT, NOW))
    assert {ann: NEXT} == dict(store.list_last_mailed("weekly", NOW, NEXT, NOW))


def test_the_sum_holds_and_reasons_are_told(store: Store) -> None:
    """Audience = accepted + deferred + failed + suppressed + in doubt + waiting."""
    ids = with_readers(store, 8)
    issue = planned(store, ids, "one")
    claimed = store.claim_deliveries("w", 6, LEASE, NOW)
    store.mark_in_doubt("w", [each.id for each in claimed[:2]], NOW)
    store.record_results(
        "w",
        [
            *settled(claimed[:1], "accepted", ACCEPTED),
            DeliveryUpdate(claimed[2].id, "deferred", FULL, LATER),
            *settled(claimed[3:5], "failed", NOBODY),
        ],
        NOW,
    )
    store.change_state(ids[6], "unsubscribed", NOW)
    store.remove_subscriber(ids[7])
    store.claim_deliveries("v", 9, LEASE, NOW)

    reasons = (
        ("550 5.1.1", 2),
        ("452 4.2.2", 1),
        ("no answer", 1),
        ("removed", 1),
        ("unsubscribed", 1),
    )
    assert IssueStats(8, 1, 1, 2, 2, 1, 1, reasons) == store.get_issue_stats(issue.id)


def test_only_those_for_whom_posts_wait_can_be_asked_for(store: Store) -> None:
    """Who wants mail less often than it goes out, or did until a time or later."""
    ann, bob, cid, dan = ids = with_readers(store, 4)
    for each, cadence in zip(ids[:3], ("daily", "weekly", "monthly"), strict=True):
        store.update_preferences(each, SubscriptionFilter(), cadence, "", NOW)
    store.update_preferences(bob, SubscriptionFilter(), "digest", "", NOW)
    store.update_preferences(cid, SubscriptionFilter(), "each", "", LATER)
    planned(store, ids, "one")

    assert {(each, "one") for each in (ann, bob, cid, dan)} == set(
        store.list_received_posts(["one"])
    )
    for since, those in ((NOW, {ann, bob, cid}), (LATER, {ann, cid}), (NEXT, {ann})):
        assert {(each, "one") for each in those} == set(store.list_received_posts(["one"], since))
        mailed = store.list_last_mailed("weekly", NOW - timedelta(days=1), NEXT, since)
        assert dict.fromkeys(those, NOW) == dict(mailed)
