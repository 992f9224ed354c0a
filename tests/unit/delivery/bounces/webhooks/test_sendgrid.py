"""SendGrid: what it means, and what it did not sign."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from services import ADDRESS, ANN, KEYS, NOW, SENDER, Grid

from feedpub.delivery.bounce_classifier import Refusal
from feedpub.delivery.bounces.webhooks.notification import WebhookError
from feedpub.delivery.bounces.webhooks.sendgrid import SendGrid

GRID = Grid()
READ = SendGrid(GRID.public, KEYS)
BOUNCE = {
    "email": ADDRESS,
    "event": "bounce",
    "type": "bounce",
    "status": "5.1.1",
    "reason": "550 5.1.1 no such user here",
    "return": SENDER,
}


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({}, "hard"),
        ({"type": "blocked"}, "soft"),
        ({"status": "5.7.1", "reason": "550 5.7.1 spam"}, "soft"),
        ({"status": ""}, "hard"),
        ({"event": "dropped", "reason": "Bounced Address"}, "hard"),
        ({"event": "dropped", "reason": "Invalid"}, "hard"),
        ({"event": "dropped", "reason": "Spam Reporting Address"}, "complaint"),
        ({"event": "dropped", "reason": "Unsubscribed Address"}, "unsubscribe"),
        ({"event": "dropped", "reason": "Spam Content"}, "soft"),
        ({"event": "spamreport"}, "complaint"),
        ({"event": "unsubscribe"}, "unsubscribe"),
        ({"event": "group_unsubscribe"}, "unsubscribe"),
    ],
)
def test_what_is_told_is_understood(changes: dict[str, str], kind: str) -> None:
    """With the subscriber, where a token of ours is in it."""
    (report,) = READ(GRID.tell([{**BOUNCE, **changes}]), NOW).events

    assert (kind, ANN, ADDRESS) == (report.kind, report.subscriber, report.recipient)


@pytest.mark.parametrize(
    ("category", "reason", "expected"),
    [
        ("Invalid Address", "550 no", ("hard", Refusal.INVALID)),
        ("Invalid Address", "550 5.7.1 blocked", ("soft", Refusal.POLICY)),
        ("Mailbox Unavailable", "550 5.1.1 gone", ("soft", Refusal.MAILBOX)),
        ("Content", "550 no", ("soft", Refusal.POLICY)),
        ("Reputation", "550 5.1.1 gone", ("soft", Refusal.POLICY)),
        ("Frequency or Volume Too High", "450 no", ("soft", Refusal.RATE)),
        ("Technical", "550 no", ("soft", Refusal.TECHNICAL)),
        ("Unclassified", "550 5.1.1 no such user", ("hard", Refusal.INVALID)),
        ("Unclassified", "550 no", ("soft", Refusal.UNCLASSIFIED)),
    ],
)
def test_the_classification_is_heeded(
    category: str, reason: str, expected: tuple[str, Refusal]
) -> None:
    """And held against the server's words."""
    event = {**BOUNCE, "bounce_classification": category, "reason": reason, "status": ""}
    (report,) = READ(GRID.tell([event]), NOW).events

    assert expected == (report.kind, report.refusal)


def test_a_block_is_about_the_message() -> None:
    """SendGrid mails such an address again."""
    (report,) = READ(GRID.tell([{**BOUNCE, "type": "blocked"}]), NOW).events

    assert report.is_about_sender


def test_many_events_come_together() -> None:
    """Those that say nothing are left out."""
    events = [
        {"email": "a@example.net", "event": "deferred"},
        {"email": "b@example.net", "event": "spamreport"},
        {"email": "c@example.net", "event": "dropped", "reason": "Recipient List over Package"},
        "strange",
        {**BOUNCE, "return": ""},
    ]
    reports = READ(GRID.tell(events), NOW).events

    assert [("b@example.net", None), (ADDRESS, None)] == [
        (each.recipient, each.subscriber) for each in reports
    ]


def test_the_same_again_has_the_same_id() -> None:
    """Though each signature is another one: there are many good ones."""
    first, second = GRID.tell([BOUNCE]), GRID.tell([BOUNCE])

    assert first.headers != second.headers
    assert READ(first, NOW).id == READ(second, NOW).id


@pytest.mark.parametrize("header", ["signature", "timestamp"])
@pytest.mark.parametrize("value", ["", "AAAA", "é", "\ud800", "1"])
def test_what_is_not_signed_is_refused(header: str, value: str) -> None:
    """Whatever stands in the headers."""
    posted = GRID.tell([BOUNCE])
    name = f"x-twilio-email-event-webhook-{header}"

    with pytest.raises(WebhookError, match="invalid signature"):
        READ(replace(posted, headers={**posted.headers, name: value}), NOW)


def test_what_was_changed_or_cut_is_refused() -> None:
    """A single octet is enough."""
    posted = GRID.tell([BOUNCE])

    for body in (posted.body[:-1], posted.body + b" ", b""):
        with pytest.raises(WebhookError, match="invalid signature"):
            READ(replace(posted, body=body), NOW)


def test_another_key_is_refused() -> None:
    """Whoever signed it."""
    with pytest.raises(WebhookError, match="invalid signature"):
        READ(Grid().tell([BOUNCE]), NOW)


@pytest.mark.parametrize("late", [timedelta(hours=2), -timedelta(hours=2)])
def test_what_is_of_another_time_is_refused(late: timedelta) -> None:
    """Somebody may have kept it."""
    with pytest.raises(WebhookError, match="is outside the allowed window"):
        READ(GRID.tell([BOUNCE]), NOW + late)


@pytest.mark.parametrize("when", ["soon", "", "²", "99999999999"])
def test_a_strange_time_is_refused(when: str) -> None:
    """Though it is signed."""
    body = json.dumps([BOUNCE]).encode()

    with pytest.raises(WebhookError, match="no valid timestamp"):
        READ(replace(GRID.tell([]), body=body, headers=GRID.headers(body, when)), NOW)


@pytest.mark.parametrize(
    ("body", "why"),
    [(b"{}", "not a list"), (b"[", "invalid JSON"), (b"[" * 100_000, "invalid JSON")],
)
def test_what_is_no_list_is_refused(body: bytes, why: str) -> None:
    """Though it is signed; nor does it matter how deep it is."""
    headers = GRID.headers(body, str(int(NOW.timestamp())))

    with pytest.raises(WebhookError, match=why):
        READ(replace(GRID.tell([]), body=body, headers=headers), NOW)


@given(st.binary())
def test_no_octets_raise_anything_else(body: bytes) -> None:
    """Whatever they are, and though they are signed."""
    headers = GRID.headers(body, str(int(NOW.timestamp())))
    try:
        READ(replace(GRID.tell([]), body=body, headers=headers), NOW)
    except WebhookError as error:
        assert str(error)  # noqa: PT017 - either is right


@pytest.mark.parametrize("key", ["", "AAAA", "no base64!", "é"])
def test_a_key_that_is_none_is_told(key: str) -> None:
    """When the program starts, and not when the first notice comes."""
    with pytest.raises(ValueError, match="not a verification key"):
        SendGrid(key, KEYS)
