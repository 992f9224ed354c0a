"""Bounces in words alone, and the answers of machines."""

import pytest
from notices import ABSENCE, EXIM, EXIM_DELAYED, EXIM_SENDER, OLD_GMAIL, QMAIL, mail, parts

from feedpub.delivery.bounces import heuristics, message
from feedpub.delivery.bounces.event import BounceEvent

DAEMON = "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example.net"


def parsed(data: bytes) -> message.ParsedMessage:
    """Read a message that can be read."""
    found = message.parse_message(data)
    assert found is not None
    return found


def bounced(header: str, words: str) -> BounceEvent | None:
    """Read a bounce with this header and these words."""
    return heuristics.parse_non_dsn(parsed(mail(header, words)))


@pytest.mark.parametrize("data", [QMAIL, EXIM, OLD_GMAIL])
def test_a_mailbox_that_is_gone(data: bytes) -> None:
    """What stands in the copy, or what the daemon says around it, changes nothing."""
    report = heuristics.parse_non_dsn(parsed(data))

    assert report is not None
    assert ("hard", "ann@example.net") == (report.kind, report.recipient)


def test_a_refusal_of_the_sender_is_soft() -> None:
    """The line before the reply says to which command it was the answer."""
    report = heuristics.parse_non_dsn(parsed(EXIM_SENDER))

    assert report is not None
    assert "soft" == report.kind
    assert "MAIL FROM" in report.text


def test_a_delay_is_no_bounce() -> None:
    """Exim tells of it in the subject and in words."""
    report = heuristics.parse_non_dsn(parsed(EXIM_DELAYED))

    assert BounceEvent(
        "auto",
        recipient="ann@example.net",
        text="Warning: message 1abc-0001-AB delayed 24 hours",
    ) == (report)


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("<ann@example.net>:\nUser unknown", "hard"),
        ("<ann@example.net>:\n552 5.2.2 Mailbox full", "soft"),
        ("<ann@example.net>:\n451 try later", "soft"),
        ("ann@example.net\nUnrouteable address", "hard"),
        ("", "unknown"),
        ("Gmail will retry for 47 more hours.", "auto"),
        ("Unknown user: ann@example.net", "hard"),
        ("ann@example.net on 1 June\nRecipient Not Found", "unknown"),
        ("User Ann (ann@example.net) not listed in the directory", "hard"),
        ("<ann@example.net>:\nThe mailbox is full", "soft"),
    ],
)
def test_the_words_decide(words: str, kind: str) -> None:
    """Hard where they are sure, soft where they have a code, unknown where they say nothing."""
    report = bounced(f"{DAEMON}\nSubject: Undeliverable: Three new posts", words)

    assert report is not None
    assert kind == report.kind


@pytest.mark.parametrize(
    ("header", "is_bounce"),
    [
        ("From: MAILER-DAEMON\nSubject: Returned mail: see transcript", True),
        ("From: Postmaster <postmaster@x>\nSubject: Undeliverable: Three", True),
        ("Return-Path: <>\nSubject: =?utf-8?b?57O757uf6YCA5L+h?=", True),
        (DAEMON, True),
        ("X-Failed-Recipients: ann@example.net, bob@example.net", True),
        ("From: Postmaster <postmaster@example.net>\nSubject: Hello", False),
        ("From: Ann <ann@example.net>\nSubject: Undeliverable?", False),
        ("Return-Path: <>\nFrom: ann@example.net\nSubject: Re: Three new posts", False),
        (f"{DAEMON}\nSubject: Out of office: Undeliverable", False),
    ],
)
def test_two_signs_make_a_daemon(header: str, *, is_bounce: bool) -> None:
    """Sender, subject, empty return path: one alone may be a person, or an absence."""
    report = bounced(header, "550 5.1.1 User unknown")

    assert is_bounce == (report is not None)


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated; owner=x",
        "X-Autoreply: yes",
        "X-Autorespond: Re: Three new posts",
        "X-Auto-Response-Suppress: All",
        "Precedence: auto_reply",
        "Precedence: Junk",
        "Subject: Automatic reply: Three new posts",
        "Subject: Out of Office",
        "Subject: 自动回复: Three new posts",
    ],
)
def test_a_machine_answers(header: str) -> None:
    """RFC 3834's field, those that came before it, and the subjects of programs with none."""
    report = heuristics.parse_auto_reply(
        parsed(mail(f"From: Ann <ann@example.net>\n{header}", "Away."))
    )

    assert report is not None
    assert ("auto", "ann@example.net") == (report.kind, report.recipient)


def test_a_receipt_is_an_answer() -> None:
    """That a mail was displayed changes nothing."""
    report = ("message/disposition-notification", "Disposition: manual-action; displayed")

    assert heuristics.parse_auto_reply(parsed(parts(report).encode())) is not None


@pytest.mark.parametrize(
    "header", ["Auto-Submitted: no", "Subject: Re: Three new posts", "Precedence: first-class"]
)
def test_a_person_answers(header: str) -> None:
    """What says nothing of a machine is somebody's."""

    assert (
        heuristics.parse_auto_reply(parsed(mail(f"From: ann@example.net\n{header}", "Thanks!")))
        is None
    )


def returned(header: str, words: str) -> BounceEvent | None:
    """Read a notice that returns the message."""
    whole = parts(("text/plain", words), ("message/rfc822", "Subject: x\n"), kind="mixed")
    return heuristics.parse_non_dsn(parsed(f"{header}\n{whole}".encode()))


@pytest.mark.parametrize(
    ("header", "words", "kind"),
    [
        (
            "From: MDaemon@example.net\nPrecedence: bulk\nSubject: Warning: x - User unknown!",
            "ann@example.net - no such user here.\n: Message contains [1] file attachments",
            "hard",
        ),
        (
            "From: MAILER-DAEMON@example.net\nPrecedence: bulk\nSubject: mail failed, returning",
            "Sorry.",
            "unknown",
        ),
        ("From: no-reply@example.net\nSubject: Notice", "Their mailbox is full.", "soft"),
        ("From: postmaster@example.net\nSubject: Automatic reply", "Sorry.", "unknown"),
    ],
)
def test_what_a_daemon_returns_is_a_bounce(header: str, words: str, kind: str) -> None:
    """It is no absence and no delay, whatever its subject."""
    report = returned(header, words)

    assert report is not None
    assert kind == report.kind


def test_an_absence_with_the_message_is_none() -> None:
    """A person's program may quote it as well."""

    assert returned("From: ann@example.net\nSubject: Automatic reply: x", "Away.") is None


def test_an_absence_is_no_bounce() -> None:
    """Though its return path is empty, as RFC 3834 wants it."""

    assert heuristics.parse_non_dsn(parsed(ABSENCE)) is None
