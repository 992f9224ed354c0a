"""What comes to the return path: whom it is about, and what it means."""

import logging
import re
import time
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from notices import (
    ABSENCE,
    ANN,
    BOUNCE,
    EXIM,
    EXIM_DELAYED,
    EXIM_SENDER,
    KEYS,
    LEAVE,
    OLD_GMAIL,
    QMAIL,
    RETURNED,
    VERP,
    complaint,
    dsn,
    mail,
    parts,
)

from feedpub.delivery import bounce_classifier, bounces
from feedpub.delivery.bounce_classifier import Refusal
from feedpub.delivery.bounces import (
    authentication,
    explain_message,
    find_received_time,
    find_unsubscribe_sender,
    heuristics,
    message,
    parse_bounce,
    smtp_commands,
)
from feedpub.delivery.bounces import dsn as bounces_dsn
from feedpub.delivery.bounces.event import BounceEvent
from feedpub.models.tokens import SigningKeys, TokenSubject, sign_token

ANN_AT = "ann@example.net"
ELSEWHERE = "postmaster@example.org"


def kind_of(data: bytes) -> tuple[str, TokenSubject | None]:
    """Give what a message is and whom it is about."""
    report = parse_bounce(data, KEYS)
    return ("", None) if report is None else (report.kind, report.subscriber)


def test_a_bounce_from_postfix() -> None:
    """A delivery status notification for an unknown user is hard, with all it says."""
    said = "550 5.1.1 <ann@example.net>: Recipient address rejected: User unknown"

    assert BounceEvent("hard", ANN, ANN_AT, "5.1.1", said, Refusal.INVALID) == parse_bounce(
        dsn(), KEYS
    )


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (QMAIL, "hard"),
        (EXIM, "hard"),
        (OLD_GMAIL, "hard"),
        (EXIM_SENDER, "soft"),
        (EXIM_DELAYED, "auto"),
        (dsn("5.2.2", "smtp; 552 5.2.2 Mailbox full"), "soft"),
        (dsn("5.7.1", "smtp; 554 5.7.1 blocked using dnsbl.example"), "soft"),
        (dsn("4.4.7", "smtp; 421 no answer", action="failed"), "soft"),
        (dsn("4.4.1", "smtp; 421 no answer", action="delayed"), "auto"),
        (dsn("2.0.0", "", action="delivered"), "auto"),
        (complaint(), "complaint"),
        (ABSENCE, "auto"),
    ],
)
def test_every_kind_of_notice_has_its_kind(data: bytes, kind: str) -> None:
    """Each mail system's own form, and whom it is about by the address it came to."""
    assert (kind, ANN) == kind_of(data)


@pytest.mark.parametrize(
    "name",
    ["To", "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "Return-Path", "Cc"],
)
def test_the_token_is_found_where_delivery_put_it(name: str) -> None:
    """Forwarders and mailboxes write the address that a message came to into many headers."""
    bare = dsn(to=ELSEWHERE, returned="Subject: Three new posts\n")

    assert ("hard", None) == kind_of(bare)
    assert ("hard", ANN) == kind_of(f"{name}: <{VERP.upper()}>\r\n".encode() + bare)


@pytest.mark.parametrize(
    "returned",
    [
        RETURNED,
        f"Return-Path: <{VERP}>\n",
        f"Return-Path: <SRS0=1a2B=XY=example.org=bounces+{BOUNCE}@forward.example>\n",
        f"Return-Path: <prvs=0123456789=bounces+{BOUNCE}@example.org>\n",
        f"List-Unsubscribe: <https://example.org/u/{LEAVE}>\n",
        f"List-Unsubscribe: <mailto:unsubscribe+{LEAVE}@example.org?subject=unsubscribe>\n",
    ],
)
def test_the_token_is_found_in_the_returned_message(returned: str) -> None:
    """Where the notice came to another address, the message that it returns tells."""
    assert ("hard", ANN) == kind_of(dsn(to=ELSEWHERE, returned=returned))


def test_the_token_is_found_in_the_words_of_a_bounce() -> None:
    """A qmail without VERP still ends with the message, and its return path."""
    data = QMAIL.replace(f"To: {VERP}".encode(), b"To: postmaster@example.org", 1)

    assert ("hard", ANN) == kind_of(data)


def test_the_token_is_found_in_a_complaint() -> None:
    """The report names the return path, where the copy was taken away."""
    data = complaint(fields=f"Original-Mail-From: <{VERP}>\nOriginal-Rcpt-To: <{ANN_AT}>\n")
    bare = data.replace(RETURNED.replace("\n", "\r\n").encode(), b"Subject: redacted\r\n")

    assert BounceEvent("complaint", ANN, ANN_AT, "", "abuse (SomeMailer/1.0)") == parse_bounce(
        bare, KEYS
    )


def test_a_token_of_somebody_else_is_nobody() -> None:
    """What another site or a guess has made names no subscriber."""
    strange = sign_token(SigningKeys(b"x" * 32), "bounce", 4711, ANN_AT)
    data = dsn(to=f"bounces+{strange}@example.org", returned="Subject: x\n")

    assert ("hard", None) == kind_of(data)


@pytest.mark.parametrize(
    "header",
    [
        f"To: unsubscribe+{LEAVE}@example.org",
        f"Delivered-To: unsubscribe+{LEAVE.upper()}@example.org\nTo: undisclosed:;",
        f"To: unsubscribe@example.org\nSubject: unsubscribe {LEAVE}",
        f"To: unsubscribe+{LEAVE}@example.org\nAuto-Submitted: auto-generated\nPrecedence: bulk",
    ],
)
def test_a_mail_unsubscribes(header: str) -> None:
    """The token in the address or subject is enough: a mail program may send it by itself."""
    data = mail(f"From: Ann <other@example.com>\n{header}", "unsubscribe")

    assert BounceEvent("unsubscribe", ANN, "other@example.com", "", "by mail") == parse_bounce(
        data, KEYS
    )


def test_only_a_token_unsubscribes() -> None:
    """Anybody can write any sender: without a token, or with one for bounces, nobody leaves."""
    bare = mail(f"From: {ANN_AT}\nTo: unsubscribe@example.org", "unsubscribe")
    other = mail(f"From: {ANN_AT}\nTo: unsubscribe+{BOUNCE}@example.org", "unsubscribe")

    assert parse_bounce(bare, KEYS) is None
    assert parse_bounce(other, KEYS) is None


def test_a_person_is_left_alone() -> None:
    """What somebody wrote is no notice, though it quotes one and comes to the return path."""
    data = mail(
        f"From: Ann <{ANN_AT}>\nTo: {VERP}\nSubject: Re: Undelivered mail?",
        "You wrote: 550 5.1.1 User unknown",
    )

    assert parse_bounce(data, KEYS) is None


def test_a_message_is_explained_without_a_site() -> None:
    """Who it is about is not known, but what it means is."""
    report = explain_message(dsn())
    leaving = explain_message(mail("From: ann@example.net\nSubject: Unsubscribe", "Bye."))

    assert report is not None
    assert ("hard", ANN_AT, None) == (report.kind, report.recipient, report.subscriber)
    assert leaving is not None
    assert ("unsubscribe", ANN_AT) == (leaving.kind, leaving.recipient)
    assert explain_message(mail("From: ann@example.net\nSubject: Hello", "Nice posts!")) is None


def test_a_bounce_inside_a_notice_is_read() -> None:
    """A gateway hands it on, and says less itself."""
    inner = dsn().decode().replace("\r\n", "\n")
    whole = parts(("text/plain", "It was returned."), ("message/rfc822", inner), kind="mixed")
    outer = f"From: gateway@example.org\nReturn-Path: <>\nSubject: Returned mail\n{whole}"
    report = explain_message(outer.encode())

    assert report is not None
    assert ("hard", ANN_AT) == (report.kind, report.recipient)


def test_a_post_about_bounces_is_no_bounce() -> None:
    """What the returned message says means nothing, be it the text of a report."""
    post = "From: news@example.org\nSubject: On bounces\n\nAction: failed\nStatus: 5.1.1\n"
    report = explain_message(dsn("5.2.2", "smtp; 552 5.2.2 Mailbox full", returned=post))

    assert report is not None
    assert "soft" == report.kind


def test_a_form_that_only_flufl_knows_is_recognised() -> None:
    """It tells the address; what it means is weighed as for any other."""
    data = mail(
        "From: mail@example.net\nReturn-Path: <>\nSubject: Your mail",
        """
        The following address failed:

            <ann@example.net>

        Included is a copy of the message header:
        """,
    )
    report = explain_message(data)

    assert report is not None
    assert ("unknown", ANN_AT) == (report.kind, report.recipient)


def test_a_flood_of_tokens_is_given_up() -> None:
    """After 200 words that look like tokens the rest is not tried."""
    flood = "a" * 28
    data = mail(f"To: {' '.join([flood] * 200)} {VERP}\nAuto-Submitted: auto-replied", "")

    assert ("auto", None) == kind_of(data)


def test_what_nobody_could_have_meant_is_left_alone() -> None:
    """A thousand parts within parts are no notice; a thousand brackets are no address."""
    deep = "".join(
        f'Content-Type: multipart/mixed; boundary="{number}"\n\n--{number}\n'
        for number in range(3000)
    )

    assert parse_bounce(deep.encode(), KEYS) is None
    assert parse_bounce(b"X-Failed-Recipients: " + b"(" * 5000, KEYS) is not None


FRAGMENTS = st.sampled_from(
    [
        b"Content-Type: multipart/report; boundary=b\r\n",
        b"Content-Type: message/delivery-status\r\n",
        b"Content-Type: message/global-delivery-status\r\n",
        b"Content-Type: message/feedback-report\r\n",
        b"Content-Type: message/rfc822\r\n",
        b"Content-Type: text/plain; charset*=\0''x\r\n",
        b"Content-Type: text/html; charset=nonsense\r\n",
        b"Content-Type: text/rfc822-headers\r\n",
        b"Content-Transfer-Encoding: base64\r\n",
        b"Content-Transfer-Encoding: quoted-printable\r\n",
        b"Content-Transfer-Encoding: x-uuencode\r\n",
        b"Subject: =?utf-8?b?=E4=?= =?nonsense?q?x?= =?utf-16?b?AA==?=\r\n",
        b"From: MAILER-DAEMON\r\n",
        b"Return-Path: <>\r\n",
        b"Action: failed\r\nStatus: 5.0.0\r\n",
        b"Diagnostic-Code: smtp;\r\n",
        b"X-Failed-Recipients: \xff((\r\n",
        b"Feedback-Type: abuse\r\n",
        b"--- Below this line is a copy of the message.\r\n",
        b"550 5.1.1 no such user\r\n",
        b"\r\n",
        b"--b\r\n",
        b"--b--\r\n",
        VERP.encode(),
    ]
)


@given(st.lists(FRAGMENTS | st.binary(max_size=20), max_size=30))
@example([])
def test_reading_never_raises(fragments: list[bytes]) -> None:
    """Whatever the octets, there is a report of a known kind or none."""
    report = parse_bounce(b"".join(fragments), KEYS)
    kinds = {"hard", "soft", "complaint", "unsubscribe", "auto", "unknown"}

    assert report is None or report.kind in kinds
    assert report is None or report.text.isprintable()


@pytest.mark.parametrize(
    "data",
    [
        b"Subject: " + b"-" * 500_000 + b"\n\n" + b"-" * 500_000,
        b"Content-Type: text/html\n\n" + b"<style " * 140_000,
        b"Content-Type: text/html\n\n" + b"<" * 1_000_000,
        b"From: " + b"mailer-daemon" * 70_000 + b"\nSubject: undeliver" + b"auto" * 50_000,
        b"X-Failed-Recipients: a@x\n\n" + b"a" * 1_000_000,
        b"X-Failed-Recipients: a@x\n\n" + b"550 user " * 110_000,
        b"X-Failed-Recipients: a@x\n\n" + b" \n" * 500_000,
        b"X-Failed-Recipients: a@x\n\n" + b"4\n" * 500_000,
        b"Subject: " + b"=?utf-8?q?" * 100_000,
        b"To: " + b"a" * 1_000_000,
        b"A:\n" * 350_000,
        dsn(diagnostic="smtp; " + "user " * 200_000),
        dsn(diagnostic="smtp; 550 " + "a@" * 120_000),
        dsn(words="mailbox " * 30_000),
        dsn(words=">>> RCPT TO:<" * 20_000),
        dsn(words="- " * 100_000 + "returned"),
        dsn(words="The following address failed:\n" + ("a" * 118 + "\n") * 2_000),
        b"From: <" * 40_000,
        *(
            f"{name}: ".encode() + text * (250_000 // len(text)) + b"\n\nHello"
            for name in ("Subject", "From", "To", "Received", "Authentication-Results")
            for text in (
                b" ",
                b"delivery ",
                b"out of ",
                b"=?",
                b"=?a?q?",
                b"(",
                b"a@",
            )
        ),
        b"Auto-Submitted: auto-replied\nPrecedence: " + b"\t" * 250_000 + b"\n\nHello",
    ],
)
def test_no_message_is_read_for_long(data: bytes) -> None:
    """What is made to be slow is read as fast as anything else."""
    begin = time.process_time()
    parse_bounce(data, KEYS)
    explain_message(data)
    find_received_time(data, datetime(2025, 6, 1, tzinfo=UTC))
    find_unsubscribe_sender(data, "leave@example.org", "mail.example.org")

    assert 4 > time.process_time() - begin


def attacks(pattern: str) -> list[str]:
    """Make texts that a pattern may try in many ways: each of its words, again and again."""
    literals = re.findall(r"[A-Za-z]{2,}(?: [a-z]+)*", pattern)
    repeated = [*dict.fromkeys(literals), " ", "a", "-", "1", "@", "<", ":", "\t", "\n", "a ", "1."]
    return [(each + end) * 100_000 for each in repeated for end in ("", " ")]


PATTERNS = [
    (f"{module.__name__}.{name}", value)
    for module in (
        bounce_classifier,
        bounces,
        authentication,
        smtp_commands,
        message,
        heuristics,
        bounces_dsn,
    )
    for name, value in vars(module).items()
    if isinstance(value, re.Pattern) and isinstance(value.pattern, str)
]


@pytest.mark.parametrize(("name", "pattern"), PATTERNS, ids=[name for name, _ in PATTERNS])
def test_no_pattern_backtracks(name: str, pattern: re.Pattern[str]) -> None:
    """Each stays fast on texts made of its own words, at the size that reaches it at most.

    Of a field and a reply 2,000 characters are looked at, of a text 20,000, of HTML 100,000.
    """
    size = 2_000
    if name.startswith("feedpub.delivery.bounces.message"):
        size = 100_000
    elif "commands" in name or "words" in name:
        size = 20_000
    slowest = 0.0
    for text in attacks(pattern.pattern):
        begin = time.process_time()
        for _ in pattern.finditer(text[:size] + "\x00"):
            pass
        slowest = max(slowest, time.process_time() - begin)

    assert 0.5 > slowest


def test_a_pattern_of_others_that_fails_is_no_matter(caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is said of it, on standard error or in a log."""
    with caplog.at_level(logging.DEBUG):
        assert (
            explain_message(mail("From: \nSubject: Mail failed\nReturn-Path: x", "Sorry.")) is None
        )

    assert "" == caplog.text
