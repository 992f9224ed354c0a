"""When somebody is told again, and when no more."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedpub.models.webhooks import (
    COMMAND,
    DEFAULT_RETRY_POLICY,
    HUB,
    URL,
    WebhookDelivery,
    WebhookRetryDecision,
    decide_retry,
    parse_retry_after,
)

NOW = datetime(2025, 1, 30, 8, 0, tzinfo=UTC)


def errand(kind: str = HUB, attempts: int = 0) -> WebhookDelivery:
    """Give something to be told."""
    return WebhookDelivery(
        kind, "https://hub.example/", "https://example.org/rss.xml", attempts=attempts
    )


@pytest.mark.parametrize("kind", [HUB, URL, COMMAND])
@pytest.mark.parametrize("status", [200, 202, 204])
def test_what_was_taken_is_done(kind: str, status: int) -> None:
    """Any 2xx will do."""
    assert WebhookRetryDecision("done") == decide_retry(errand(kind), status, "", NOW, 0.5)


@pytest.mark.parametrize(("attempts", "wait"), [(0, 30), (1, 60), (5, 960), (10, 21_600)])
def test_the_wait_doubles(attempts: int, wait: int) -> None:
    """From half a minute up to six hours."""
    decision = decide_retry(errand(attempts=attempts), 500, "", NOW, 0.5)

    assert WebhookRetryDecision("again", NOW + timedelta(seconds=wait)) == decision


@pytest.mark.parametrize(("chance", "wait"), [(0.0, 22.5), (1.0, 37.5)])
def test_chance_spreads_them_out(chance: float, wait: float) -> None:
    """A quarter less or more."""
    assert NOW + timedelta(seconds=wait) == decide_retry(errand(), 0, "", NOW, chance).next_at


@given(st.integers(0, 10_000), st.sampled_from([0, 301, 404, 410, 500]))
def test_a_hub_is_told_until_it_accepts(attempts: int, status: int) -> None:
    """However often it did not."""
    assert "again" == decide_retry(errand(attempts=attempts), status, "", NOW, 0.5).state


def test_a_url_is_told_for_three_days() -> None:
    """And not at all once it is gone."""
    last = DEFAULT_RETRY_POLICY.max_attempts - 1

    assert "again" == decide_retry(errand(URL, last - 1), 500, "", NOW, 0.5).state
    assert WebhookRetryDecision("dropped") == decide_retry(errand(URL, last), 500, "", NOW, 0.5)
    assert WebhookRetryDecision("dropped") == decide_retry(errand(URL), 410, "", NOW, 0.5)


def test_a_command_runs_once() -> None:
    """It may have done half of what it does."""
    assert WebhookRetryDecision("dropped") == decide_retry(errand(COMMAND), 500, "", NOW, 0.5)


@pytest.mark.parametrize(
    ("after", "seconds"),
    [
        ("120", 120),
        (" 7 ", 7),
        ("Thu, 30 Jan 2025 08:01:00 GMT", 60),
        ("Thu, 30 Jan 2025 08:01:00", 60),
        ("Thu, 30 Jan 2025 07:00:00 GMT", 0),
        ("soon", 0),
        ("", 0),
        ("²", 0),
        ("-5", 0),
        ("Mon, 01 Jan 2024 00:00:00 +99999999999999999", 0),
    ],
)
def test_a_server_may_say_when(after: str, seconds: int) -> None:
    """In seconds or by a date; what is neither says nothing."""
    assert timedelta(seconds=seconds) == parse_retry_after(after, NOW)


def test_a_server_that_asks_for_time_gets_it() -> None:
    """But no more than a day."""
    assert NOW + timedelta(hours=1) == decide_retry(errand(), 429, "3600", NOW, 0.5).next_at
    assert NOW + timedelta(days=1) == decide_retry(errand(), 429, "999999999999", NOW, 0.5).next_at


@given(st.text())
def test_nothing_that_a_server_asks_for_raises(after: str) -> None:
    """Whatever it says, there is a time."""
    assert timedelta() <= parse_retry_after(after, NOW)


@pytest.mark.parametrize(
    ("kind", "target", "shown"),
    [
        (URL, "https://chat.example/services/T1/k3y?token=t0ken", "https://chat.example"),
        (URL, "https://chat.example:8443/k3y", "https://chat.example:8443"),
        (HUB, "https://hub.example/k3y", "https://hub.example"),
        (COMMAND, "bin/toot --public", "bin/toot --public"),
    ],
)
def test_a_log_shows_no_path_of_a_hook(kind: str, target: str, shown: str) -> None:
    """Whoever knows the whole URL can write there."""
    assert shown == WebhookDelivery(kind, target, "topic").redacted_target


@pytest.mark.parametrize(
    "said",
    [
        "404 Cannot POST /services/T1/k3y?token=t0k%20n",
        "404 no https://chat.example/services/T1/k3y?token=t0k%20n here",
        "404 /services/T1/k3y is gone; token=t0k%20n",
        "404 token=t0k n",
    ],
)
def test_what_a_server_repeats_is_left_out(said: str) -> None:
    """It is kept, and logged; what it says besides stays."""
    one = WebhookDelivery(URL, "https://chat.example/services/T1/k3y?token=t0k%20n", "topic")
    told = one.redact(said)

    assert told.startswith("404 ")
    assert not any(secret in told for secret in ("k3y", "t0k", "T1"))
    assert said == WebhookDelivery(COMMAND, "bin/toot", "topic").redact(said)
    assert "404 /a" == WebhookDelivery(URL, "https://chat.example/a", "topic").redact("404 /a")
