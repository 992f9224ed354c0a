"""The outbox's decisions, and its buckets."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from feedpub.delivery.retry import (
    DEFAULT_RETRY_POLICY,
    FailureCause,
    RetryDecision,
    RetryPolicy,
    TokenBucket,
    acquire_token,
    decide_retry,
    find_cause,
    get_suspension_time,
    has_retry_time,
    is_about_sender,
    is_soft_bounce,
    is_throttling,
    slow_down,
    speed_up,
)
from feedpub.models.newsletter import SendResult

NOW = datetime(2025, 6, 1, 8, 0, tzinfo=UTC)
LATER = SendResult("deferred", 450, "4.2.0", "Greylisted")
GONE = SendResult("failed", 550, "5.1.1", "User unknown")
KINDS = ("accepted", "deferred", "failed", "doubt", "offline")


def minutes(decision: RetryDecision) -> float:
    """Give how long after now the next attempt is."""
    assert decision.next_attempt is not None
    return (decision.next_attempt - NOW) / timedelta(minutes=1)


def test_what_was_taken_is_done() -> None:
    """Accepted is accepted, at the first attempt or the last."""

    assert ("accepted", None, "") == decide_retry(0, SendResult("accepted", 250), NOW, 0.5, "hold")
    assert ("accepted", None, "") == decide_retry(99, SendResult("accepted", 250), NOW, 0.5, "hold")


def test_a_server_out_of_reach_costs_no_attempt() -> None:
    """It is planned as before, however often that happens."""

    assert ("planned", None, "") == decide_retry(99, SendResult("offline"), NOW, 0.5, "hold")


def test_a_refusal_is_the_end() -> None:
    """A 5xx fails; only an address that is gone for good is not mailed again."""
    policy = SendResult("failed", 554, "5.7.1", "Rejected by policy")

    assert ("failed", None, "bounced") == decide_retry(0, GONE, NOW, 0.5, "hold")
    assert ("failed", None, "") == decide_retry(0, policy, NOW, 0.5, "hold")


def test_waits_double_up_to_the_longest() -> None:
    """Five minutes, ten, twenty; then every six hours."""
    waits = [minutes(decide_retry(attempts, LATER, NOW, 0.5, "hold")) for attempts in range(10)]

    assert [5, 10, 20, 40, 80, 160, 320, 360, 360, 360] == waits


def test_waits_are_spread_out() -> None:
    """What was deferred together does not come back together: a quarter less or more."""

    assert 3.75 == minutes(decide_retry(0, LATER, NOW, 0.0, "hold"))
    assert 6.25 == pytest.approx(minutes(decide_retry(0, LATER, NOW, 0.999999, "hold")), abs=1e-4)


def test_patience_ends_after_days() -> None:
    """The 24th attempt is the last, about four days and a half after the first."""
    tried = sum(minutes(decide_retry(attempts, LATER, NOW, 0.5, "hold")) for attempts in range(23))

    assert ("failed", None, "") == decide_retry(23, LATER, NOW, 0.5, "hold")
    assert 4 * 24 < tried / 60 < 5 * 24


def test_doubt_is_kept() -> None:
    """Whatever may have been taken is not sent again unless somebody wants it."""

    assert ("doubt", None, "") == decide_retry(0, SendResult("doubt"), NOW, 0.5, "hold")


def test_doubt_is_resent_where_that_is_wanted() -> None:
    """Like a deferred one, and as often; what is in doubt after that stays so."""

    assert ("deferred", NOW + timedelta(minutes=5), "") == decide_retry(
        0, SendResult("doubt"), NOW, 0.5, "resend"
    )
    assert ("doubt", None, "") == decide_retry(23, SendResult("doubt"), NOW, 0.5, "resend")


def test_an_outcome_of_another_kind_is_a_mistake() -> None:
    """A transport that says what nobody knows is not guessed at."""
    with pytest.raises(ValueError, match="unknown outcome kind 'lost'"):
        decide_retry(0, SendResult("lost"), NOW, 0.5, "hold")


@given(
    st.integers(0, 10_000),
    st.builds(
        SendResult,
        st.sampled_from(KINDS),
        st.integers(0, 599),
        st.sampled_from(["", "5.1.1", "4.2.2", "5.7.1"]),
        st.text(max_size=40),
    ),
    st.floats(0, 1, exclude_max=True),
    st.sampled_from(["resend", "hold"]),
    st.builds(
        RetryPolicy,
        st.integers(1, 100),
        st.timedeltas(timedelta(seconds=1), timedelta(days=1)),
        st.timedeltas(timedelta(seconds=1), timedelta(days=1)),
    ),
)
def test_every_decision_is_whole(
    attempts: int, outcome: SendResult, chance: float, on_doubt: str, patience: RetryPolicy
) -> None:
    """A delivery has a next attempt exactly when it is deferred, and that lies in the future."""
    state, following, suppress = decide_retry(attempts, outcome, NOW, chance, on_doubt, patience)

    assert state in {"planned", "deferred", "accepted", "failed", "doubt"}
    assert (state == "deferred") == (following is not None)
    assert following is None or NOW < following <= NOW + patience.max_delay * 1.25
    assert not suppress or (outcome.kind, state, suppress) == ("failed", "failed", "bounced")
    assert state != "deferred" or attempts + 1 < patience.max_attempts


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (SendResult("deferred", 421, "4.7.0", "Try again later"), True),
        (SendResult("deferred", 451, "", "Too much mail"), True),
        (SendResult("deferred", 450, "4.2.1", "This user gets too much mail"), False),
        (SendResult("deferred", 450, "4.1.1", "Unverified"), False),
        (SendResult("accepted", 250, "2.0.0"), False),
        (GONE, False),
    ],
)
def test_a_domain_is_slowed_by_what_is_not_about_one_mailbox(
    outcome: SendResult, *, expected: bool
) -> None:
    """A full mailbox or a greylist says nothing of the next reader at that domain."""

    assert expected == is_throttling(outcome)


def test_a_bucket_gives_its_burst_and_then_its_rate() -> None:
    """Three at once, then one every half second."""
    bucket = TokenBucket(rate=2, burst=3, tokens=3, updated_at=NOW)
    waits = []
    for _ in range(5):
        bucket, wait = acquire_token(bucket, NOW)
        waits.append(wait)

    assert [0, 0, 0, 0.5, 0.5] == waits
    assert 0 == acquire_token(bucket, NOW + timedelta(seconds=0.5))[1]


@given(
    st.floats(1e-4, 1e5),
    st.floats(0, 100),
    st.lists(st.floats(0, 1000), min_size=1, max_size=60),
)
@example(0.1, 1, [0.0, 0.0])
@example(3.0, 0, [0.0, 0.1, 0.3])
def test_a_bucket_never_gives_more_than_its_rate(
    rate: float, burst: float, pauses: list[float]
) -> None:
    """However often it is asked, in any time: the burst and the rate; and a wait is enough."""
    bucket, now, taken = TokenBucket(rate, burst, burst, NOW), NOW, 0
    for pause in pauses:
        now += timedelta(seconds=pause)
        bucket, wait = acquire_token(bucket, now)
        if wait:
            now += timedelta(seconds=wait)
            bucket, wait = acquire_token(bucket, now)
            assert 0 == wait
        taken += 1

    assert 0 <= bucket.tokens
    elapsed = (now - NOW).total_seconds()
    assert taken <= max(burst, 1) + elapsed * rate + 1e-3 * len(pauses)


def test_no_rate_is_no_limit() -> None:
    """A rate of 0 never waits, until a server asks for less."""
    bucket, wait = acquire_token(
        TokenBucket(rate=0, burst=1, tokens=0, updated_at=NOW - timedelta(days=1)), NOW
    )
    slower, pause = acquire_token(slow_down(bucket), NOW)

    assert 0 == wait
    assert 1 / 16 == pause
    assert 0 == acquire_token(replace(slower, rate_factor=1), NOW)[1]


def test_a_clock_set_back_gives_nothing() -> None:
    """An hour back adds no tokens and costs no hour of waiting."""
    empty = TokenBucket(rate=1, burst=1, tokens=0, updated_at=NOW)
    bucket, wait = acquire_token(empty, NOW - timedelta(hours=1))

    assert 1 == wait
    assert 0 == acquire_token(bucket, NOW - timedelta(hours=1) + timedelta(seconds=1))[1]


def test_a_domain_that_asks_for_less_gets_less() -> None:
    """Each time half, down to a 64th; each message taken quickens it by a 64th."""
    bucket = TokenBucket(rate=64, burst=10, tokens=10, updated_at=NOW)
    for _ in range(10):
        bucket = slow_down(bucket)

    assert 1 == acquire_token(bucket, NOW)[1]

    bucket = speed_up(bucket)

    assert 0.5 == acquire_token(bucket, NOW)[1]
    for _ in range(100):
        bucket = speed_up(bucket)
    assert 1 == bucket.rate_factor
    assert math.isclose(1 / 64, acquire_token(bucket, NOW)[1], rel_tol=1e-3)


def test_patience_has_a_default() -> None:
    """What is not configured follows RFC 5321."""

    assert RetryPolicy() == DEFAULT_RETRY_POLICY


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (SendResult("accepted", 250), FailureCause.MESSAGE),
        (SendResult("doubt"), FailureCause.MESSAGE),
        (SendResult("offline", text="no route to host"), FailureCause.CONNECTION),
        (SendResult("deferred", text="no answer in time"), FailureCause.MESSAGE),
        # At MAIL no reader had been named.
        (SendResult("offline", 421, "4.3.2", "Too many messages"), FailureCause.CONNECTION),
        (SendResult("offline", 452, "4.5.3", "Too many messages"), FailureCause.RATE),
        (SendResult("offline", 452, "4.3.1", "Disk full"), FailureCause.RATE),
        (
            SendResult("offline", 454, "", "Throttling failure: Maximum rate exceeded"),
            FailureCause.RATE,
        ),
        (SendResult("offline", 454, "4.7.0", "Daily message quota exceeded"), FailureCause.QUOTA),
        (SendResult("offline", 550, "5.4.5", "Daily sending quota exceeded"), FailureCause.QUOTA),
        (SendResult("offline", 553, "5.7.1", "Sender address rejected"), FailureCause.SENDER),
        (SendResult("offline", 550, "", "No"), FailureCause.SENDER),
        # Later it may be about the reader.
        (
            SendResult("deferred", 454, "", "Throttling failure: sending rate exceeded"),
            FailureCause.RATE,
        ),
        (SendResult("deferred", 451, "4.7.1", "You send too fast, slow down"), FailureCause.RATE),
        (SendResult("deferred", 421, "4.3.2", "Closing"), FailureCause.RATE),
        (
            SendResult("deferred", 450, "4.7.1", "Your daily quota has been exceeded"),
            FailureCause.QUOTA,
        ),
        (
            SendResult("failed", 550, "5.4.5", "Daily user sending limit exceeded."),
            FailureCause.QUOTA,
        ),
        (
            SendResult("failed", 550, "5.1.90", "Recipient limit of the day reached"),
            FailureCause.QUOTA,
        ),
        (
            SendResult("failed", 554, "5.2.0", "SubmissionQuotaExceededException; sender's quota"),
            FailureCause.QUOTA,
        ),
        (SendResult("failed", 554, "5.7.1", "Rejected as spam"), FailureCause.SENDER),
        (
            SendResult("failed", status="5.3.4", text="the message is too large"),
            FailureCause.SENDER,
        ),
        (SendResult("failed", status="5.1.3", text="no address"), FailureCause.MESSAGE),
        (SendResult("failed", 550, "5.1.1", "No such user"), FailureCause.MESSAGE),
        (SendResult("failed", 552, "5.2.2", "Mailbox full"), FailureCause.MESSAGE),
        (
            SendResult("failed", 552, "5.2.2", "The user has exceeded their quota"),
            FailureCause.MESSAGE,
        ),
        (SendResult("deferred", 452, "4.2.2", "Mailbox full"), FailureCause.MESSAGE),
        (
            SendResult("deferred", 450, "4.2.1", "The user gets mail too quickly"),
            FailureCause.MESSAGE,
        ),
        (
            SendResult("deferred", 450, "4.7.1", "Greylisted, please come back"),
            FailureCause.MESSAGE,
        ),
        (SendResult("deferred", 451, "4.3.0", "Lookup failed"), FailureCause.MESSAGE),
    ],
)
def test_a_refusal_has_a_cause(outcome: SendResult, expected: FailureCause) -> None:
    """Only what is about the message or its reader counts against a delivery."""

    assert expected is find_cause(outcome)


@pytest.mark.parametrize(
    ("code", "text", "seconds"),
    [
        (550, "Daily user sending limit exceeded.", 3600),
        (550, "Quota exceeded, try again in 20 minutes", 1200),
        (454, "Sending quota used up; retry after 7200 seconds", 7200),
        (454, "Daily quota: please wait 2h", 7200),
        (454, "Daily quota: please wait 2 sec", 60),
        (454, "Daily quota: please wait 9999 hours", 86400),
        (554, "Blocked for policy reasons", 900),
        (554, "Rejected as spam, see ticket 4711", 900),
    ],
)
def test_a_relay_is_left_alone_for_as_long_as_it_says(code: int, text: str, seconds: int) -> None:
    """Else for an hour; where it refuses us for a policy, somebody may mend that sooner."""

    assert timedelta(seconds=seconds) == get_suspension_time(
        SendResult("failed", code, "5.7.0", text)
    )


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (SendResult("failed", 552, "5.2.2", "Mailbox full"), True),
        (SendResult("failed", 550, "", "Not today"), True),
        (SendResult("failed", 550, "5.1.1", "No such user"), False),
        (SendResult("failed", 554, "5.7.1", "Rejected as spam"), False),
        (SendResult("failed", status="5.1.3", text="no address"), False),
        (SendResult("deferred", 452, "4.2.2", "Mailbox full"), False),
    ],
)
def test_some_refusals_count_as_soft_bounces(outcome: SendResult, expected: bool) -> None:
    """Those for good of a mailbox that may be there yet."""

    assert expected is is_soft_bounce(outcome)


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (SendResult("failed", 550, "5.7.26", "Unauthenticated mail is not accepted"), True),
        (SendResult("failed", 550, "5.4.5", "Daily sending quota exceeded"), True),
        (SendResult("failed", 550, "5.1.1", "No such user"), False),
        (SendResult("failed", status="5.1.3", text="spam is no address"), False),
    ],
)
def test_what_is_about_us(outcome: SendResult, *, expected: bool) -> None:
    """A server has said so; what we found out ourselves is no refusal."""

    assert expected == is_about_sender(outcome)


def test_a_relay_may_say_when_to_try_again() -> None:
    """Or leave it open."""

    assert has_retry_time(SendResult("deferred", 451, text="Try again in 30 minutes"))
    assert not has_retry_time(SendResult("deferred", 451, text="Try again later"))
