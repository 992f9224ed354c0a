"""Anybody may write anybody's address into a form, and nobody is pestered with it."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mailings import NOW

from feedpub.admission import (
    DROP,
    MAIL,
    NOTE,
    Crowd,
    Limits,
    Standing,
    answer,
    domain,
    heard,
    mailbox,
)
from feedpub.mailing import STATES

LIMITS = Limits()
HOUR = timedelta(hours=1)


def test_a_first_request_is_answered_by_mail() -> None:
    """Where there is room for one more."""
    assert MAIL == heard(None, Crowd(), LIMITS, NOW)
    assert DROP == heard(None, Crowd(waiting=LIMITS.waiting), LIMITS, NOW)


def test_a_network_is_heard_so_often() -> None:
    """Whatever it asks for."""
    crowd = Crowd(network=LIMITS.network)

    assert MAIL == heard(None, replace(crowd, network=crowd.network - 1), LIMITS, NOW)
    assert DROP == heard(None, crowd, LIMITS, NOW)
    assert DROP == heard(Standing(1, NOW - HOUR, is_waiting=True), crowd, LIMITS, NOW)


def test_one_mail_waits_at_a_time() -> None:
    """Who asks again before it went out gets it once, with what they asked for last."""
    assert NOTE == heard(Standing(0, None, is_waiting=True), Crowd(), LIMITS, NOW)


@pytest.mark.parametrize(
    ("ago", "expected"), [(-HOUR, NOTE), (HOUR / 2, NOTE), (HOUR, MAIL), (HOUR * 9, MAIL)]
)
def test_an_hour_lies_between_two_mails(ago: timedelta, expected: str) -> None:
    """Also where the clock was set back meanwhile."""
    standing = Standing(1, NOW - ago, is_waiting=False)

    assert expected == heard(standing, Crowd(), LIMITS, NOW)


def test_three_mails_are_enough() -> None:
    """Until somebody confirms that the address is theirs."""
    standing = Standing(LIMITS.mails, NOW - 99 * HOUR, is_waiting=False)

    assert DROP == heard(standing, Crowd(), LIMITS, NOW)
    assert MAIL == heard(replace(standing, mails=0, sent=None), Crowd(), LIMITS, NOW)
    assert DROP == heard(replace(standing, mails=0), Crowd(waiting=LIMITS.waiting), LIMITS, NOW)


def test_other_addresses_of_a_mailbox_count() -> None:
    """What went out to one of them, or is about to, is a mail to all."""
    fresh = Crowd(aliases=Standing(1, NOW - 2 * HOUR, is_waiting=False))
    waits = Standing(0, None, is_waiting=True)
    was_sent = Standing(1, NOW - HOUR / 2, is_waiting=False)
    for aliases in (waits, was_sent):
        assert DROP == heard(None, Crowd(aliases=aliases), LIMITS, NOW)
        assert NOTE == heard(waits, Crowd(aliases=aliases), LIMITS, NOW)
    assert MAIL == heard(None, fresh, LIMITS, NOW)
    own = Standing(LIMITS.mails - 1, NOW - 9 * HOUR, is_waiting=False)
    assert MAIL == heard(own, Crowd(), LIMITS, NOW)
    assert DROP == heard(own, fresh, LIMITS, NOW)


def test_a_domain_is_heard_so_often() -> None:
    """Of an address that is new; what waits already is only written down."""
    crowd = Crowd(domain=LIMITS.domain)

    assert MAIL == heard(None, replace(crowd, domain=crowd.domain - 1), LIMITS, NOW)
    assert DROP == heard(None, crowd, LIMITS, NOW)
    assert NOTE == heard(Standing(0, None, is_waiting=True), crowd, LIMITS, NOW)


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
    assert same is (mailbox(one) == mailbox(other))


def test_providers_are_no_domain_of_anybodys() -> None:
    """Many people have their mailboxes there."""
    assert ["", "", "example.org"] == [
        domain(f"ann@{each}") for each in ("gmail.com", "pm.me", "example.org")
    ]


@given(st.lists(st.integers(0, 600), max_size=40))
def test_nobody_is_mailed_more_often_than_that(minutes: list[int]) -> None:
    """However often somebody asks, and whenever: an hour apart, and three in all."""
    sent = []
    now = NOW
    standing: Standing | None = None
    for wait in minutes:
        now += timedelta(minutes=wait)
        if heard(standing, Crowd(), LIMITS, now) == MAIL:
            sent.append(now)
            standing = Standing(len(sent), now, is_waiting=False)

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
    assert expected == answer(state, is_forgotten=False, double_opt_in=True)


def test_without_double_opt_in_only_who_is_new_is_taken_in() -> None:
    """Nobody else can bring back who left."""
    told = {each: answer(each, is_forgotten=False, double_opt_in=False) for each in ("", *STATES)}

    assert {"", "pending"} == {each for each, kind in told.items() if kind == "admit"}
    assert "confirm" == told["unsubscribed"]


@pytest.mark.parametrize("double_opt_in", [True, False])
def test_who_is_forgotten_hears_nothing(double_opt_in: bool) -> None:
    """That is what they asked for."""
    assert "silence" == answer("", is_forgotten=True, double_opt_in=double_opt_in)
