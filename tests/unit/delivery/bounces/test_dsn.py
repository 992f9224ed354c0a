"""Delivery status notifications and complaints."""

import pytest
from notices import QMAIL, complaint, dsn, mail, parts

from feedpub.delivery.bounces import dsn as bounces_dsn
from feedpub.delivery.bounces import message
from feedpub.delivery.bounces.event import BounceEvent


def parsed(data: bytes) -> message.ParsedMessage:
    """Read a message that can be read."""
    found = message.parse_message(data)
    assert found is not None
    return found


def told(*blocks: str, words: str = "Sorry.") -> BounceEvent:
    """Read a delivery status notification of these blocks."""
    whole = parts(("text/plain", words), ("message/delivery-status", "\n\n".join(blocks)))
    report = bounces_dsn.parse_dsn(parsed(whole.encode()))
    assert report is not None
    return report


@pytest.mark.parametrize(
    ("status", "diagnostic", "kind", "expected"),
    [
        ("5.1.1", "smtp; 550-5.1.1 The email account does not exist", "hard", "5.1.1"),
        ("5.1.10", "smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; none", "hard", "5.1.10"),
        ("5.0.0", "smtp; 550 5.1.1 User unknown", "hard", "5.1.1"),
        ("5.0.0", "smtp; 550 <ann@example.net>: no such user", "hard", "5.0.0"),
        ("5.0.0", "smtp; 550 no such user", "soft", "5.0.0"),
        ("5.0.0", "smtp; 550 : User unknown", "soft", "5.0.0"),
        ("5.1.0", "smtp; 550 #5.1.0 Address rejected.", "hard", "5.1.0"),
        ("5.4.4", "X-Postfix; Host or domain name not found. Host not found", "hard", "5.4.4"),
        ("5.4.4", "", "hard", "5.4.4"),
        ("5.1.10", "smtp; 556 5.1.10 Recipient address has null MX", "hard", "5.1.10"),
        ("5.1.3", "smtp; 553 https://www.spamhaus.org/query/ip/192.0.2.1", "soft", "5.1.3"),
        ("5.1.1", "smtp; 550 5.1.1 rejected by recipient preferences", "soft", "5.1.1"),
        ("5.1.1", "smtp; 550 5.7.1 access denied", "soft", "5.1.1"),
        ("5.1.0", "smtp; 5.1.0 - Unknown address error 550-'5.7.1 Access denied'", "soft", "5.1.0"),
        ("5.0.0 (undefined status)", "x-unix; user unknown", "hard", "5.0.0"),
        ("", "smtp; 550 5.1.1 User unknown", "hard", "5.1.1"),
        ("", "550 5.1.1 User unknown", "hard", "5.1.1"),
        ("5.1.1", "", "hard", "5.1.1"),
        ("5.1.1", "smtp; 550 5.1.1 User unknown; your email was not delivered", "hard", "5.1.1"),
        ("5.4.7", "smtp; 450 4.1.1 unverified: User unknown", "soft", "5.4.7"),
        ("5.2.2", "smtp; 552 Mailbox full", "soft", "5.2.2"),
        ("5.7.26", "smtp; 550-5.7.26 Your email has been blocked", "soft", "5.7.26"),
        ("nonsense", "nonsense", "soft", ""),
    ],
)
def test_status_and_diagnostic_decide(
    status: str, diagnostic: str, kind: str, expected: str
) -> None:
    """The status, unless it says nothing; then the server's words and the codes in them."""
    report = bounces_dsn.parse_dsn(parsed(dsn(status, diagnostic)))

    assert report is not None
    assert (kind, expected) == (report.kind, report.status)


def test_words_stand_in_for_a_diagnostic() -> None:
    """Old Exchange servers say it for people alone."""
    block = "Final-Recipient: RFC822; ann@example.net\nAction: failed\nStatus: 5.0.0"
    words = "Could not be reached:\n\nann@example.net on 1 June\n<mx.example.net #5.1.1>"
    report = told("Reporting-MTA: dns;mx", block, words=words)

    assert ("hard", "ann@example.net", "5.1.1") == (report.kind, report.recipient, report.status)


@pytest.mark.parametrize(("status", "kind"), [("5.1.1", "hard"), ("5.7.1", "soft")])
def test_a_status_that_says_it_needs_no_words(status: str, kind: str) -> None:
    """Those for people tell of spam filters, of anything; they are shown all the same."""
    block = f"Final-Recipient: rfc822; ann@example.net\nAction: failed\nStatus: {status}"
    words = (
        "Your message to ann@example.net was no spam, and there is no such user: 450 4.2.0 Later."
    )
    report = told("Reporting-MTA: dns; mx", block, words=words)

    assert (kind, status) == (report.kind, report.status)
    assert "Your message" in report.text


def test_the_first_that_failed_counts() -> None:
    """Another that was delivered, or expanded, does not."""
    report = told(
        "Reporting-MTA: dns; mx",
        "Final-Recipient: rfc822; list@example.net\nAction: expanded\nStatus: 2.0.0",
        "Final-Recipient: rfc822; <ann@example.net>\nAction: Failed (gone)\nStatus: 5.1.1",
    )

    assert ("hard", "ann@example.net") == (report.kind, report.recipient)


def test_an_error_is_a_failure() -> None:
    """OpenSMTPD calls it so."""

    assert "hard" == told("Final-Recipient: rfc822; a@x\nAction: error\nStatus: 5.1.1").kind


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (
            "<ann@example.net>: host mx said: 550 No such user (in reply to\n RCPT TO command)",
            "hard",
        ),
        ("<ann@example.net>: host mx said: 550 No such user (in reply to end of DATA", "soft"),
        ("... while talking to mx\n>>> RCPT TO:<ann@example.net>\n<<< 550 No such user", "hard"),
        ("... while talking to mx\n>>> DATA\n<<< 550 No such user", "soft"),
        (">>> DATA\n<<< 550 No such user\n<<< 503 5.0.0 Need RCPT (recipient)", "hard"),
        ("SMTP error from remote mail server after RCPT TO:<ann@example.net>: 550", "hard"),
        ("SMTP error from remote mail server after end of data: 550", "soft"),
        ("192.0.2.25 does not like recipient.\nRemote host said: 550 No such user", "hard"),
        ("192.0.2.25 failed after I sent the message.\nRemote host said: 550", "soft"),
        ("mx did not like our RCPT TO: 550 No such user", "hard"),
    ],
)
def test_the_refused_command_counts(words: str, kind: str) -> None:
    """Where words alone say that a user is unknown: at RCPT they mean it, later a filter may.

    The command stands in what is written for people, in the way of each mail system.
    """
    report = bounces_dsn.parse_dsn(parsed(dsn("5.0.0", "smtp; 550 No such user", words=words)))

    assert report is not None
    assert kind == report.kind


def test_a_refusal_of_the_sender_is_told_apart() -> None:
    """It says nothing of the reader."""
    policy = bounces_dsn.parse_dsn(parsed(dsn("5.7.26", "smtp; 550 5.7.26 fails DMARC")))
    full = bounces_dsn.parse_dsn(parsed(dsn("5.2.2", "smtp; 552 5.2.2 Mailbox full")))

    assert policy is not None
    assert full is not None
    assert policy.is_about_sender
    assert not full.is_about_sender


def test_a_report_in_the_text_is_read() -> None:
    """Some gateways show its fields to people, in a message without parts, or with broken ones."""
    fields = "Final-Recipient: rfc822; ann@example.net\nAction: failed\nStatus: 5.1.1\n"
    plain = mail("From: MAILER-DAEMON@example.net", f"Sorry.\n\nTechnical report:\n\n{fields}")
    broken = f"Content-Type: multipart/report; boundary=other\n\n--b\n\nSorry.\n\n{fields}"

    for data in (plain, broken.encode()):
        report = bounces_dsn.parse_dsn(parsed(data))
        assert report is not None
        assert ("hard", "ann@example.net") == (report.kind, report.recipient)


def test_the_copy_names_the_address_where_the_report_does_not() -> None:
    """A message of ours has one recipient."""
    block = "Action: failed\nStatus: 5.1.1"
    whole = parts(
        ("text/plain", "Sorry."),
        ("message/delivery-status", f"Reporting-MTA: dns; mx\n\n{block}"),
        ("message/rfc822", "To: Ann <ann@example.net>\n\nHello"),
    )
    report = bounces_dsn.parse_dsn(parsed(whole.encode()))

    assert report is not None
    assert "ann@example.net" == report.recipient


def test_a_disabled_account_is_not_gone() -> None:
    """Though a server says so in the words for people only."""
    words = "The account is disabled.\n\n<ann@example.net>: 550 user unknown (in reply to RCPT TO)"
    report = bounces_dsn.parse_dsn(parsed(dsn("5.0.0", "", words=words)))

    assert report is not None
    assert "soft" == report.kind


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded"])
def test_what_did_not_fail_changes_nothing(action: str) -> None:
    """A delay is no bounce: the other server goes on trying."""
    report = bounces_dsn.parse_dsn(parsed(dsn("4.4.1", action=action)))

    assert report is not None
    assert ("auto", "ann@example.net", action) == (report.kind, report.recipient, report.text)


def test_a_report_without_recipients_is_none() -> None:
    """Nor is any other message."""
    empty = parts(("message/delivery-status", "Reporting-MTA: dns; mx"))

    assert bounces_dsn.parse_dsn(parsed(empty.encode())) is None
    assert bounces_dsn.parse_dsn(parsed(QMAIL)) is None


@pytest.mark.parametrize(
    ("feedback", "kind"),
    [
        ("abuse", "complaint"),
        ("Fraud", "complaint"),
        ("", "complaint"),
        ("not-spam", "auto"),
        ("auth-failure", "auto"),
        ("opt-out", "unsubscribe"),
    ],
)
def test_a_complaint_has_its_type(feedback: str, kind: str) -> None:
    """Reports that a message is spam are complaints; that it is none changes nothing."""
    report = bounces_dsn.parse_arf(parsed(complaint(feedback)))

    assert report is not None
    assert kind == report.kind


def test_a_complaint_names_its_source() -> None:
    """By its program, or by who sent it; the reader's address where it is not hidden."""
    whole = complaint(fields="Original-Rcpt-To: rfc822;ann@example.net\n")
    bare = complaint("").replace(b"User-Agent: SomeMailer/1.0\r\n", b"")

    assert BounceEvent("complaint", None, "ann@example.net", "", "abuse (SomeMailer/1.0)") == (
        bounces_dsn.parse_arf(parsed(whole))
    )
    assert BounceEvent("complaint", text="complaint (abuse@example.net)") == (
        bounces_dsn.parse_arf(parsed(bare))
    )


def test_a_complaint_of_microsoft_is_known_by_its_copy() -> None:
    """It has no report, but the message with the reader's address added."""
    copy = "X-HmXmrOriginalRecipient: ann@example.net\nSubject: Three new posts\n"
    data = "From: staff@hotmail.com\n" + parts(("message/rfc822", copy), kind="mixed")

    assert BounceEvent("complaint", None, "ann@example.net", "", "complaint (Microsoft)") == (
        bounces_dsn.parse_arf(parsed(data.encode()))
    )


def test_any_other_message_is_no_complaint() -> None:
    """Not even one that complains."""

    assert bounces_dsn.parse_arf(parsed(mail("Subject: Complaint", "Spam!"))) is None
