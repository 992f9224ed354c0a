"""Postmark: what it means, and who has not the secret."""

import base64
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from services import ADDRESS, ANN, KEYS, NOW, POSTMARK_SECRET, SENDER, postmark

from feedpub.delivery.bounce_classifier import Refusal
from feedpub.delivery.bounces.webhooks.notification import WebhookError, WebhookRequest
from feedpub.delivery.bounces.webhooks.postmark import Postmark

READ = Postmark(POSTMARK_SECRET, KEYS)
BOUNCE = {
    "RecordType": "Bounce",
    "Type": "HardBounce",
    "Email": ADDRESS,
    "Details": "smtp;550 5.1.1 gone",
    "Content": f"Return-Path: <{SENDER}>\r\nReceived: by mx",
}


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({}, "hard"),
        ({"Type": "BadEmailAddress"}, "hard"),
        ({"Type": "SoftBounce"}, "soft"),
        ({"Type": "SomethingNew"}, "soft"),
        ({"Type": "AutoResponder"}, "auto"),
        ({"Type": "Unsubscribe"}, "unsubscribe"),
        ({"Type": "Unknown"}, "unknown"),
        ({"RecordType": "SpamComplaint"}, "complaint"),
    ],
)
def test_what_is_told_is_understood(changes: dict[str, str], kind: str) -> None:
    """With the subscriber, where the message came with it."""
    (report,) = READ(postmark({**BOUNCE, **changes}), NOW).events

    assert (kind, ANN, ADDRESS) == (report.kind, report.subscriber, report.recipient)
    assert "smtp;550 5.1.1 gone" == report.text


@pytest.mark.parametrize(
    ("kind", "said", "expected"),
    [
        ("HardBounce", "", ("hard", Refusal.INVALID)),
        ("HardBounce", "smtp;550 5.7.1 listed at dnsbl.example", ("soft", Refusal.POLICY)),
        ("HardBounce", "smtp;552 5.2.2 mailbox full", ("soft", Refusal.MAILBOX)),
        ("Blocked", "", ("soft", Refusal.POLICY)),
        ("Blocked", "smtp;550 5.1.1 gone", ("soft", Refusal.POLICY)),
        ("DMARCPolicy", "", ("soft", Refusal.POLICY)),
        ("SpamNotification", "", ("soft", Refusal.POLICY)),
        ("DnsError", "", ("soft", Refusal.TECHNICAL)),
        ("SoftBounce", "smtp;550 5.7.26 DMARC", ("soft", Refusal.POLICY)),
        ("Unconfirmed", "", ("auto", None)),
        ("ManuallyDeactivated", "", ("unsubscribe", None)),
    ],
)
def test_the_type_is_held_against_the_servers_words(
    kind: str, said: str, expected: tuple[str, Refusal | None]
) -> None:
    """What is about us is no fault of a reader."""
    (report,) = READ(postmark({**BOUNCE, "Type": kind, "Details": said}), NOW).events

    assert expected == (report.kind, report.refusal)


@pytest.mark.parametrize(
    ("reason", "kinds"),
    [
        ("HardBounce", ["hard"]),
        ("SpamComplaint", ["complaint"]),
        ("ManualSuppression", ["unsubscribe"]),
        (None, []),
    ],
)
def test_who_is_not_mailed_any_more_is_known(reason: str | None, kinds: list[str]) -> None:
    """And who is again, is not."""
    event = {
        "RecordType": "SubscriptionChange",
        "Recipient": ADDRESS,
        "SuppressionReason": reason,
    }

    assert kinds == [each.kind for each in READ(postmark(event), NOW).events]


def test_anything_else_says_nothing() -> None:
    """As that somebody opened a message."""
    assert () == READ(postmark({"RecordType": "Open"}), NOW).events


def test_the_secret_may_end_the_url() -> None:
    """In place of a password."""
    posted = WebhookRequest(json.dumps(BOUNCE).encode(), {}, POSTMARK_SECRET)

    assert 1 == len(READ(posted, NOW).events)


def test_the_same_again_has_the_same_id() -> None:
    """And another bounce another one."""
    other = {**BOUNCE, "Email": "bob@example.net"}

    assert READ(postmark(BOUNCE), NOW).id == READ(postmark(BOUNCE), NOW).id
    assert READ(postmark(BOUNCE), NOW).id != READ(postmark(other), NOW).id


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic",
        "Basic é",
        "Basic /w==",
        f"Bearer {POSTMARK_SECRET}",
        "Basic " + base64.b64encode(b"postmark:another").decode(),
        "Basic " + base64.b64encode(b"postmark").decode(),
    ],
)
def test_who_has_not_the_secret_is_refused(header: str) -> None:
    """Whatever else they have."""
    posted = WebhookRequest(postmark(BOUNCE).body, {"authorization": header}, "\ud800")

    with pytest.raises(WebhookError, match="wrong or missing secret"):
        READ(posted, NOW)


@given(st.binary())
def test_no_octets_raise_anything_else(body: bytes) -> None:
    """Whatever they are: those that are JSON say nothing."""
    posted = replace(postmark({}), body=body)
    try:
        assert () == READ(posted, NOW).events
    except WebhookError as error:
        assert "invalid JSON" == str(error)  # noqa: PT017 - either is right
