"""Anybody may write anybody's address into a form, and nobody is pestered with it."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mailings import NOW

from feedpub.models.newsletter import SUBSCRIBER_STATES
from feedpub.models.signup import (
    DROP,
    SEND_MAIL,
    UPDATE_ONLY,
    RecentSignups,
    SignupHistory,
    SignupLimits,
    decide_reply,
    decide_request,
    find_private_domain,
    normalize_mailbox,
)

LIMITS = SignupLimits()
HOUR = timedelta(hours=1)


def test_a_first_request_is_answered_by_mail() -> None:
    """Where there is room for one more."""
    assert SEND_MAIL == decide_request(None, RecentSignups(), LIMITS, NOW)
    assert DROP == decide_request(None, RecentSignups(pending=LIMITS.max_pending), LIMITS, NOW)


def test_a_network_is_heard_so_often() -> None:
    """Whatever it asks for."""
    crowd = RecentSignups(network=LIMITS.max_per_network)

    assert SEND_MAIL == decide_request(None, replace(crowd, network=crowd.network - 1), LIMITS, NOW)
    assert DROP == decide_request(None, crowd, LIMITS, NOW)
    assert DROP == decide_request(SignupHistory(1, NOW - HOUR, is_pending=True), crowd, LIMITS, NOW)


def test_one_mail_waits_at_a_time() -> None:
    """Who asks again before it went out gets it once, with what they asked for last."""
    assert UPDATE_ONLY == decide_request(
        SignupHistory(0, None, is_pending=True), RecentSignups(), LIMITS, NOW
    )


@pytest.mark.parametrize(
    ("ago", "expected"),
    [(-HOUR, UPDATE_ONLY), (HOUR / 2, UPDATE_ONLY), (HOUR, SEND_MAIL), (HOUR * 9, SEND_MAIL)],
)
def test_an_hour_lies_between_two_mails(ago: timedelta, expected: str) -> None:
    """Also where the clock was set back meanwhile."""
    standing = SignupHistory(1, NOW - ago, is_pending=False)

    assert expected == decide_request(standing, RecentSignups(), LIMITS, NOW)


def test_three_mails_are_enough() -> None:
    """Until somebody confirms that the address is theirs."""
    standing = SignupHistory(LIMITS.max_mails, NOW - 99 * HOUR, is_pending=False)

    assert DROP == decide_request(standing, RecentSignups(), LIMITS, NOW)
    assert SEND_MAIL == decide_request(
        replace(standing, mails_sent=0, last_sent=None), RecentSignups(), LIMITS, NOW
    )
    assert DROP == decide_request(
        replace(standing, mails_sent=0), RecentSignups(pending=LIMITS.max_pending), LIMITS, NOW
    )


def test_other_addresses_of_a_mailbox_count() -> None:
    """What went out to one of them, or is about to, is a mail to all."""
    fresh = RecentSignups(aliases=SignupHistory(1, NOW - 2 * HOUR, is_pending=False))
    waits = SignupHistory(0, None, is_pending=True)
    was_sent = SignupHistory(1, NOW - HOUR / 2, is_pending=False)
    for aliases in (waits, was_sent):
        assert DROP == decide_request(None, RecentSignups(aliases=aliases), LIMITS, NOW)
        assert UPDATE_ONLY == decide_request(waits, RecentSignups(aliases=aliases), LIMITS, NOW)
    assert SEND_MAIL == decide_request(None, fresh, LIMITS, NOW)
    own = SignupHistory(LIMITS.max_mails - 1, NOW - 9 * HOUR, is_pending=False)
    assert SEND_MAIL == decide_request(own, RecentSignups(), LIMITS, NOW)
    assert DROP == decide_request(own, fresh, LIMITS, NOW)


def test_a_domain_is_heard_so_often() -> None:
    """Of an address that is new; what waits already is only written down."""
    crowd = RecentSignups(domain=LIMITS.max_per_domain)

    assert SEND_MAIL == decide_request(None, replace(crowd, domain=crowd.domain - 1), LIMITS, NOW)
    assert DROP == decide_request(None, crowd, LIMITS, NOW)
    assert UPDATE_ONLY == decide_request(
        SignupHistory(0, None, is_pending=True), crowd, LIMITS, NOW
    )


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("ann@example.org", "ann+news@example.org", True),
        ("ann+a@example.org", "ann+b+c@example.org", True),
        ("ann.lee@gmail.com", "annlee@gmail.com", True),
        ("a.n.n@gmail.com", "ann+x@googlemail.com", True),
        ("ann.lee@proton.me", "annlee@protonmail.com", True),
        ("ann.lee@example.org", "annlee@example.org", False),
        ("ann@example.org", "ann@example.net", False),
        ("+a@example.org", "+b@example.org", False),
        ("\u00fcli+x@example.org", "\u00fcli@example.org", True),
    ],
)
def test_what_is_one_mailbox(one: str, other: str, *, same: bool) -> None:
    """Tags are none of it anywhere, nor dots where nobody reads them."""
    assert same is (normalize_mailbox(one) == normalize_mailbox(other))


def test_providers_are_no_domain_of_anybodys() -> None:
    """Many people have their mailboxes there."""
    assert ["", "", "example.org"] == [
        find_private_domain(f"ann@{each}") for each in ("gmail.com", "pm.me", "example.org")
    ]


@given(st.lists(st.integers(0, 600), max_size=40))
def test_nobody_is_mailed_more_often_than_that(minutes: list[int]) -> None:
    """However often somebody asks, and whenever: an hour apart, and three in all."""
    sent = []
    now = NOW
    standing: SignupHistory | None = None
    for wait in minutes:
        now += timedelta(minutes=wait)
        if decide_request(standing, RecentSignups(), LIMITS, now) == SEND_MAIL:
            sent.append(now)
            standing = SignupHistory(len(sent), now, is_pending=False)

    assert len(sent) <= 3
    assert all(later - earlier >= HOUR for earlier, later in pairwise(sent))


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("", "confirm"),
        ("pending", "confirm"),
        ("active", "known"),
        ("unsubscribed", "confirm"),
        ("bounced", "confirm"),
        ("complained", "silence"),
        ("suppressed", "silence"),
    ],
)
def test_how_a_request_is_answered(state: str, expected: str) -> None:
    """Who left may come back by a mail they answer; who complained is left alone."""
    assert expected == decide_reply(state, is_forgotten=False, double_opt_in=True)


def test_without_double_opt_in_only_who_is_new_is_taken_in() -> None:
    """Nobody else can bring back who left."""
    told = {
        each: decide_reply(each, is_forgotten=False, double_opt_in=False)
        for each in ("", *SUBSCRIBER_STATES)
    }

    assert {"", "pending"} == {each for each, kind in told.items() if kind == "admit"}
    assert "confirm" == told["unsubscribed"]


@pytest.mark.parametrize("double_opt_in", [True, False])
def test_who_is_forgotten_hears_nothing(double_opt_in: bool) -> None:
    """That is what they asked for."""
    assert "silence" == decide_reply("", is_forgotten=True, double_opt_in=double_opt_in)
