"""Amazon SES by SNS: what it means, and what is not from Amazon."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st
from services import (
    ADDRESS,
    ANN,
    CERTIFICATE,
    KEYS,
    NOW,
    ROOT,
    TOPIC,
    Amazon,
    Issuer,
    certificate,
    ses_bounce,
    ses_complaint,
)

from feedpub.delivery.bounce_classifier import Refusal
from feedpub.delivery.bounces import explain_message
from feedpub.delivery.bounces.webhooks.notification import (
    WebhookError,
    WebhookRequest,
    WebhookRetryLaterError,
)
from feedpub.delivery.bounces.webhooks.ses import Ses

AMAZON = Amazon()


def reader(amazon: Amazon = AMAZON) -> Ses:
    """Give what reads what SNS tells."""
    return Ses(TOPIC, KEYS, amazon.fetch, amazon.roots)


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (ses_bounce(), "hard"),
        (ses_bounce("Transient"), "soft"),
        (ses_bounce("Undetermined"), "unknown"),
        (ses_complaint(), "complaint"),
        (ses_complaint(""), "complaint"),
        (ses_complaint("not-spam"), "auto"),
    ],
)
def test_what_is_told_is_understood(event: object, kind: str) -> None:
    """With the subscriber, by the token in the return path, and the address."""
    notice = reader()(AMAZON.tell(event), NOW)

    (report,) = notice.events
    assert "one" == notice.id
    assert (kind, ANN, ADDRESS) == (report.kind, report.subscriber, report.recipient)


def test_a_bounce_says_why() -> None:
    """In the words of the server, or of SES."""
    event = ses_bounce()
    (report,) = reader()(AMAZON.tell(event), NOW).events

    assert ("5.1.1", "smtp; 550 5.1.1 no such user") == (report.status, report.text)

    event["bounce"] = {
        "bounceType": "Permanent",
        "bounceSubType": "NoEmail",
        "bouncedRecipients": [{"emailAddress": ADDRESS}, "no recipient"],
    }
    first, second = reader()(AMAZON.tell(event), NOW).events

    assert "NoEmail" == first.text
    assert "" == second.recipient


@pytest.mark.parametrize(
    ("how", "detail", "said", "kind", "refusal"),
    [
        ("Permanent", "General", "", "hard", Refusal.INVALID),
        ("Permanent", "General", "smtp; 550 5.1.1 user unknown", "hard", Refusal.INVALID),
        ("Permanent", "General", "smtp; 550 no", "hard", Refusal.INVALID),
        ("Permanent", "General", "smtp; 550 5.7.1 blocked by policy", "soft", Refusal.POLICY),
        ("Permanent", "General", "smtp; 552 5.2.2 mailbox full", "soft", Refusal.MAILBOX),
        ("Permanent", "General", "smtp; 550 4.4.7 expired", "soft", Refusal.TECHNICAL),
        ("Permanent", "UnsubscribedRecipient", "", "unsubscribe", None),
        ("Transient", "General", "", "auto", None),
        ("Transient", "General", "smtp; 451 4.3.0 later", "soft", Refusal.TECHNICAL),
        ("Transient", "General", "smtp; 550 5.1.1 user unknown", "soft", Refusal.UNCLASSIFIED),
        ("Transient", "MailboxFull", "", "soft", Refusal.MAILBOX),
        ("Transient", "MessageTooLarge", "", "soft", Refusal.POLICY),
        ("Transient", "ContentRejected", "", "soft", Refusal.POLICY),
        ("Undetermined", "Undetermined", "", "unknown", Refusal.UNCLASSIFIED),
    ],
)
def test_the_word_of_ses_is_held_against_the_servers(
    how: str, detail: str, said: str, kind: str, refusal: Refusal | None
) -> None:
    """Permanent may be a policy, and Transient without a word of the server is an absence."""
    event = ses_bounce()
    event["bounce"] = {
        "bounceType": how,
        "bounceSubType": detail,
        "bouncedRecipients": [{"emailAddress": ADDRESS, "diagnosticCode": said}],
    }
    (report,) = reader()(AMAZON.tell(event), NOW).events

    assert (kind, refusal) == (report.kind, report.refusal)


def test_of_several_recipients_each_is_told_by_address() -> None:
    """The token is that of the message, and would be right for one of them at most."""
    notice = reader()(AMAZON.tell(ses_bounce("Permanent", "bob@example.net")), NOW)

    assert [(None, ADDRESS), (None, "bob@example.net")] == [
        (each.subscriber, each.recipient) for each in notice.events
    ]


def test_a_delivery_says_nothing() -> None:
    """Nor does anything else that SES tells of."""
    assert () == reader()(AMAZON.tell({"notificationType": "Delivery"}), NOW).events


@pytest.mark.parametrize("version", ["1", "2"])
def test_both_signatures_are_known(version: str) -> None:
    """With SHA-1 and with SHA-256, and with a subject."""
    posted = AMAZON.tell(ses_bounce(), SignatureVersion=version, Subject="Amazon SES")

    assert 1 == len(reader()(posted, NOW).events)


def test_a_subscription_is_to_be_confirmed() -> None:
    """By a visit to a URL of SNS."""
    visit = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=2336"
    changes = {"Type": "SubscriptionConfirmation", "SubscribeURL": visit, "Token": "2336"}
    notice = reader()(AMAZON.tell("Visit it.", **changes), NOW)

    assert ((), visit) == (notice.events, notice.confirm_url)

    changes["Type"] = "UnsubscribeConfirmation"

    assert "" == reader()(AMAZON.tell("Gone.", **changes), NOW).confirm_url


def test_a_certificate_is_fetched_once() -> None:
    """As long as there are few of them."""
    amazon = Amazon()
    read = reader(amazon)
    read(amazon.tell(ses_bounce()), NOW)
    read(amazon.tell(ses_bounce()), NOW)

    assert [CERTIFICATE] == amazon.fetched

    for number in range(5):
        another = CERTIFICATE.replace("-1.", f"-{number}abc.")
        read(amazon.tell(ses_bounce(), SigningCertURL=another), NOW)
    read(amazon.tell(ses_bounce()), NOW)

    assert 7 == len(amazon.fetched)


@pytest.mark.parametrize(
    "changed",
    [
        {"Message": json.dumps(ses_bounce("Transient"))},
        {"MessageId": "two"},
        {"Timestamp": f"{NOW:%Y-%m-%dT%H:%M:%S}.124Z"},
        {"Subject": "x"},
        {"Signature": "AAAA"},
        {"Signature": "é"},
        {"Signature": ""},
        {"SignatureVersion": "1"},
        {"Message": "\ud800"},
    ],
)
def test_what_was_changed_is_refused(changed: dict[str, str]) -> None:
    """Whatever it is."""
    told = {**AMAZON.sign(AMAZON.envelope(ses_bounce(), NOW)), **changed}

    with pytest.raises(WebhookError, match="invalid signature"):
        reader()(WebhookRequest(json.dumps(told).encode(), {}), NOW)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"TopicArn": "arn:aws:sns:eu-west-1:666:feedpub"}, "wrong SNS topic"),
        ({"SignatureVersion": "3"}, "unknown signature version"),
        ({"Timestamp": "now"}, "no valid timestamp"),
        ({"Timestamp": "2025-06-01T12:00:00"}, "no valid timestamp"),
        ({"SigningCertURL": "http://sns.eu-west-1.amazonaws.com/x.pem"}, "not an SNS URL"),
        ({"SigningCertURL": "https://sns.eu-west-1.amazonaws.com.evil.example/"}, "not an SNS URL"),
        ({"SigningCertURL": "https://evil.example/sns.eu-west-1.amazonaws.com"}, "not an SNS URL"),
        ({"SigningCertURL": "https://a@sns.eu-west-1.amazonaws.com/"}, "not an SNS URL"),
        ({"SigningCertURL": "https://sns.eu-west-1.amazonaws.com:8443/"}, "not an SNS URL"),
        ({"SigningCertURL": "https://sns.eu-west-1.amazonaws.com:x/"}, "invalid URL"),
        ({"SigningCertURL": "https://sns.eu-west-1.amazonaws.com/\n"}, "invalid URL"),
        ({"SigningCertURL": "https://s3.eu-west-1.amazonaws.com/x.pem"}, "not an SNS URL"),
        ({"SigningCertURL": ""}, "not an SNS URL"),
        *(
            (
                {"SigningCertURL": f"https://sns.eu-west-1.amazonaws.com/{path}"},
                "not the URL of an SNS certificate",
            )
            for path in (
                *("", "?Action=ListTopics", "SimpleNotificationService-1.pem?x=1", "x.pem"),
                *("SimpleNotificationService-1.pem#x", "SimpleNotificationService-xyz.pem"),
                *("a/SimpleNotificationService-1.pem", "SimpleNotificationService-1.pem/"),
                "SimpleNotificationService-.pem",
            )
        ),
        (
            {
                "Type": "SubscriptionConfirmation",
                "SubscribeURL": "https://evil.example/",
                "Token": "2",
            },
            "not an SNS URL",
        ),
    ],
)
def test_what_is_signed_and_wrong_is_refused(changes: dict[str, str], why: str) -> None:
    """Anybody may have SNS sign something, and nothing is fetched from elsewhere."""
    amazon = Amazon(AMAZON.key)
    with pytest.raises(WebhookError, match=why):
        reader(amazon)(amazon.tell(ses_bounce(), **changes), NOW)

    assert {CERTIFICATE} >= set(amazon.fetched)


def test_another_key_is_refused() -> None:
    """Whoever signed it."""
    stranger = Amazon()

    with pytest.raises(WebhookError, match="invalid signature"):
        reader()(stranger.tell(ses_bounce()), NOW)


@pytest.mark.parametrize("late", [timedelta(hours=2), -timedelta(hours=2)])
def test_what_is_of_another_time_is_refused(late: timedelta) -> None:
    """Somebody may have kept it."""
    with pytest.raises(WebhookError, match="is outside the allowed window"):
        reader()(AMAZON.tell(ses_bounce()), NOW + late)


def test_a_certificate_of_another_time_is_refused() -> None:
    """And is fetched again, since there may be a new one."""
    amazon = Amazon()
    read = reader(amazon)
    read(amazon.tell(ses_bounce()), NOW)
    later = NOW + timedelta(days=2)
    with pytest.raises(WebhookError, match="expired or not yet valid"):
        read(amazon.tell(ses_bounce(), later), later)
    amazon.pem = certificate(amazon.key, end=NOW + timedelta(days=9), issuer=ROOT)

    assert 1 == len(read(amazon.tell(ses_bounce(), later), later).events)


@pytest.mark.parametrize(
    ("pem", "why"),
    [
        (b"no certificate", "cannot be read"),
        (certificate(ec.generate_private_key(ec.SECP256R1()), issuer=ROOT), "no RSA key"),
        (certificate(AMAZON.key), "no trusted issuer"),
        (certificate(AMAZON.key, issuer=Issuer("root")), "no trusted issuer"),
        (certificate(AMAZON.key, issuer=Issuer("unknown")), "no trusted issuer"),
        (certificate(AMAZON.key, name="sqs.amazonaws.com", issuer=ROOT), "not an SNS certificate"),
        (
            certificate(AMAZON.key, name="sns.amazonaws.com.example.org", issuer=ROOT),
            "not an SNS certificate",
        ),
        (ROOT.certificate.public_bytes(Encoding.PEM), "not an SNS certificate"),
    ],
)
def test_a_strange_certificate_is_refused(pem: bytes, why: str) -> None:
    """Whatever it is."""
    amazon = Amazon(pem=pem)

    with pytest.raises(WebhookError, match=why):
        reader(amazon)(amazon.tell(ses_bounce()), NOW)


def test_a_chain_of_certificates_is_followed() -> None:
    """An issuer between is in the file, or is fetched from where the certificate says."""
    between = Issuer("between", ROOT)
    place = "http://crt.r2m02.amazontrust.com/r2m02.cer"
    own = certificate(AMAZON.key, issuer=between, fetched_at=place)
    told = AMAZON.tell(ses_bounce())
    whole = Amazon(AMAZON.key, pem=own + between.certificate.public_bytes(Encoding.PEM))
    alone = Amazon(AMAZON.key, pem=own, more={place: between.der})

    assert 1 == len(reader(whole)(told, NOW).events)
    assert 1 == len(reader(alone)(told, NOW).events)
    assert [[CERTIFICATE], [CERTIFICATE, place]] == [whole.fetched, alone.fetched]

    with pytest.raises(WebhookRetryLaterError, match="issuer of the SNS certificate"):
        reader(Amazon(AMAZON.key, pem=own, more={place: b""}))(told, NOW)
    for octets in (b"no certificate", Issuer("between").der):
        with pytest.raises(WebhookError, match="no trusted issuer"):
            reader(Amazon(AMAZON.key, pem=own, more={place: octets}))(told, NOW)


@pytest.mark.parametrize(
    "place",
    ["http://127.0.0.1/x", "http://amazontrust.com.example.org/", "file://a.amazontrust.com/"],
)
def test_issuers_are_fetched_from_amazon_alone(place: str) -> None:
    """A certificate cannot send us to whatever it names."""
    between = Issuer("between", ROOT)
    amazon = Amazon(AMAZON.key, pem=certificate(AMAZON.key, issuer=between, fetched_at=place))

    with pytest.raises(WebhookError, match="no trusted issuer"):
        reader(amazon)(amazon.tell(ses_bounce()), NOW)
    assert [CERTIFICATE] == amazon.fetched


def test_without_the_certificate_nobody_can_tell() -> None:
    """SNS is to come again."""
    amazon = Amazon()
    amazon.pem = b""

    with pytest.raises(WebhookRetryLaterError, match="cannot be fetched"):
        reader(amazon)(amazon.tell(ses_bounce()), NOW)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.99])
def test_half_of_it_is_refused(share: float) -> None:
    """It is no JSON."""
    posted = AMAZON.tell(ses_bounce())

    with pytest.raises(WebhookError, match="invalid JSON"):
        reader()(replace(posted, body=posted.body[: int(len(posted.body) * share)]), NOW)


def test_a_message_that_is_none_of_ses_is_refused() -> None:
    """Though SNS signed it."""
    with pytest.raises(WebhookError, match="invalid JSON"):
        reader()(AMAZON.tell("Hello!"), NOW)


@given(st.binary())
def test_no_octets_raise_anything_else(body: bytes) -> None:
    """Whatever they are."""
    with pytest.raises(WebhookError):
        reader()(WebhookRequest(body, {}), NOW)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["notificationType", "eventType", "bounce", "complaint", "bouncedRecipients"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=10,
)


@given(JSON)
def test_no_event_raises_anything(event: object) -> None:
    """SNS signed it, and it is none that SES tells."""
    told = reader()(AMAZON.tell({"notificationType": "Bounce", "bounce": event}), NOW)

    assert all(each.recipient == "" for each in told.events)


@given(st.dictionaries(st.sampled_from(list(AMAZON.envelope("", NOW))), JSON))
def test_no_envelope_raises_anything_else(changes: dict[str, object]) -> None:
    """Whatever stands in its fields."""
    told = {**AMAZON.envelope("", NOW), **changes}

    with pytest.raises(WebhookError):
        reader()(WebhookRequest(json.dumps(told).encode(), {}), NOW)


def test_what_ses_tells_by_mail_is_read() -> None:
    """SNS may send the same to an address, and add a footer."""
    head = b"From: no-reply@sns.amazonaws.com\r\nSubject: AWS Notification Message\r\n\r\n"
    told = json.dumps(ses_bounce()).encode()
    footer = b"\r\n--\r\nIf you wish to stop receiving notifications from this topic, ..."
    bounce, broken = explain_message(head + told + footer), explain_message(head + told[:100])
    delivery = explain_message(head + b'{"notificationType": "Delivery"}')

    assert bounce is not None
    assert ("hard", ADDRESS, "5.1.1") == (bounce.kind, bounce.recipient, bounce.status)
    assert delivery is not None
    assert "auto" == delivery.kind
    assert broken is None
