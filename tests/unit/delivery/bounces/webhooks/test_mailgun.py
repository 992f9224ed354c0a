"""Mailgun: what it means, and what it did not sign."""

import hmac
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from services import ADDRESS, ANN, KEYS, MAILGUN_KEY, NOW, SENDER, failed, mailgun

from feedpub.delivery.bounce_classifier import Refusal
from feedpub.delivery.bounces.webhooks.mailgun import Mailgun
from feedpub.delivery.bounces.webhooks.notification import WebhookError, WebhookRequest

READ = Mailgun(MAILGUN_KEY, KEYS)
GONE = "5.1.1 The email account that you tried to reach does not exist"


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (failed("bounce", GONE), "hard"),
        (failed("generic", "Mailbox full"), "soft"),
        (failed("espblock", "550 5.7.1 spam"), "soft"),
        (failed("suppress-bounce", "Not delivering to previously bounced address"), "hard"),
        (failed("suppress-complaint", ""), "complaint"),
        (failed("suppress-unsubscribe", ""), "unsubscribe"),
        ({"event": "complained", "recipient": ADDRESS, "envelope": SENDER}, "complaint"),
        ({"event": "unsubscribed", "recipient": ADDRESS, "envelope": SENDER}, "unsubscribe"),
    ],
)
def test_what_is_told_is_understood(event: object, kind: str) -> None:
    """With the subscriber, by the token in the return path, and the address."""
    (report,) = READ(mailgun(event), NOW).events

    assert (kind, ANN, ADDRESS) == (report.kind, report.subscriber, report.recipient)


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ({"delivery-status": {"code": "550", "description": GONE}}, "hard"),
        ({"delivery-status": {"message": GONE}}, "hard"),
        ({"delivery-status": {"message": "no", "enhanced-code": "5.1.1"}}, "hard"),
        ({"delivery-status": {"code": 452, "message": GONE}}, "soft"),
        ({"delivery-status": "strange"}, "soft"),
    ],
)
def test_the_server_is_heard(event: dict[str, object], kind: str) -> None:
    """Whichever of the fields it speaks in."""
    (report,) = READ(mailgun({**failed("bounce", ""), **event}), NOW).events

    assert kind == report.kind


@pytest.mark.parametrize(
    ("reason", "said", "expected"),
    [
        ("espblock", "550 no", ("soft", Refusal.POLICY)),
        ("old", "Too old", ("soft", Refusal.TECHNICAL)),
        ("bounce", "550 5.7.26 DMARC", ("soft", Refusal.POLICY)),
        ("bounce", "552 5.2.2 full", ("soft", Refusal.MAILBOX)),
        ("bounce", "550 no", ("soft", Refusal.UNCLASSIFIED)),
    ],
)
def test_the_reason_is_heeded(reason: str, said: str, expected: tuple[str, Refusal]) -> None:
    """A permanent failure may be about us, or a mailbox that is full."""
    (report,) = READ(mailgun(failed(reason, said)), NOW).events

    assert expected == (report.kind, report.refusal)


def test_a_hard_bounce_without_words_is_hard() -> None:
    """Mailgun has looked at them."""
    status = {"code": 550, "message": "no", "bounce-type": "hard"}
    (report,) = READ(mailgun({**failed("bounce", ""), "delivery-status": status}), NOW).events

    assert "hard" == report.kind


@pytest.mark.parametrize(
    "event", [failed("generic", "busy", "temporary"), {"event": "opened"}, None, []]
)
def test_anything_else_says_nothing(event: object) -> None:
    """What failed for now, Mailgun tries again."""
    assert () == READ(mailgun(event), NOW).events


def test_time_and_token_are_the_id() -> None:
    """A notice that is told again is known; the same token at another time is another."""
    event = failed("bounce", GONE)
    first, again = (READ(mailgun(event), NOW).id for _ in range(2))
    later = READ(mailgun(event, NOW + timedelta(seconds=1)), NOW).id

    assert first == again != later


@pytest.mark.parametrize("end", [8, 9, 11, 12, 14])
@pytest.mark.parametrize("token", ["1234abcd", ".5abcdef", "."])
def test_one_signature_is_good_for_one_time_and_token(end: int, token: str) -> None:
    """Both are signed without anything between: where one ends cannot be moved."""
    signed = f"{int(NOW.timestamp())}{token}"
    mark = hmac.digest(MAILGUN_KEY.encode(), signed.encode(), "sha256").hex()
    signature = {"timestamp": signed[:end], "token": signed[end:], "signature": mark}
    body = json.dumps({"signature": signature, "event-data": failed("bounce", GONE)}).encode()

    with pytest.raises(WebhookError, match=r"no valid timestamp|outside the allowed window"):
        READ(WebhookRequest(body, {}), NOW)


def test_another_key_is_refused() -> None:
    """And so is no signature at all."""
    with pytest.raises(WebhookError, match="invalid signature"):
        READ(mailgun(failed("bounce", GONE), key="another"), NOW)
    with pytest.raises(WebhookError, match="invalid signature"):
        READ(replace(mailgun({}), body=b"[]"), NOW)


@pytest.mark.parametrize("late", [timedelta(hours=2), -timedelta(hours=2)])
def test_what_is_of_another_time_is_refused(late: timedelta) -> None:
    """Somebody may have kept it."""
    with pytest.raises(WebhookError, match="is outside the allowed window"):
        READ(mailgun(failed("bounce", GONE)), NOW + late)


def test_half_of_it_is_refused() -> None:
    """It is no JSON."""
    posted = mailgun(failed("bounce", GONE))

    with pytest.raises(WebhookError, match="invalid JSON"):
        READ(replace(posted, body=posted.body[:-1]), NOW)


@given(st.binary())
def test_no_octets_raise_anything_else(body: bytes) -> None:
    """Whatever they are."""
    with pytest.raises(WebhookError):
        READ(replace(mailgun({}), body=body), NOW)


@given(
    st.recursive(
        st.none() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["delivery-status", "code", "message"]), inner)
        ),
        max_leaves=8,
    )
)
def test_no_event_raises_anything(strange: object) -> None:
    """Mailgun signed it, and it is none that Mailgun tells."""
    event = {**failed("bounce", GONE), "delivery-status": strange}
    posted = replace(mailgun({}), body=mailgun(event).body)

    assert 1 == len(READ(posted, NOW).events)
    assert json.loads(posted.body)
