"""`feedpub bounces` and `feedpub doctor`, as people, cron and mail servers type them."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from commands import Desk, run
from notices import dsn

from feedpub.errors import ConfigError, FeedpubError, MailError
from feedpub.models.content import Problem
from feedpub.newsletter.bounce_processing import BounceSummary
from feedpub.newsletter.dns_checks import Finding, fail, ok, unknown, warn
from feedpub.storage.errors import StoreUnavailable

MANY = BounceSummary(1210, 3, 2, 0, 1, 1200, 4, 4)
ONE = BounceSummary(1, 0, 0, 0, 0, 0, 1, 1)
FINE = ok("SPF", "v=spf1\x1b -all")
WEAK = warn("DMARC", "there is none", "publish one")
ILL = fail("SMTP", "it does not answer", "mend it")


def test_bounces() -> None:
    """What came back is told by kind, and how many are mailed no more; progress leaves nothing."""
    desk = Desk(returned=MANY)
    actual = run("bounces some/Maildir", desk, screen=True)

    assert [("bounces", Path("some/Maildir"))] == desk.asked
    assert actual.status == 0
    assert actual.out == (
        "Read 1,210 messages; 4 subscribers are no longer mailed.\n"
        "      3  permanently undeliverable\n"
        "      2  temporarily undeliverable\n"
        "      1  asked to unsubscribe\n"
        "  1,200  automatic replies and delay notices: ignored\n"
        "      4  not about a subscriber\n"
    )
    assert actual.err == (
        "\rreading\r       \rMessages not about a subscriber stay there, for you to read.\n"
    )


def test_explain(tmp_path: Path) -> None:
    """Each message is told on a line of its own, without a site; one unread makes it 1."""
    bounce, letter = tmp_path / "bounce.eml", tmp_path / "letter.eml"
    bounce.write_bytes(dsn())
    letter.write_bytes(b"From: ann@example.net\n\nHello")
    desk = Desk()
    actual = run(f"bounces --explain {bounce} {letter} {tmp_path / 'none'}", desk)
    said = [json.loads(line) for line in actual.out.splitlines()]

    assert actual.status == 1
    assert [] == desk.asked
    assert f"{tmp_path / 'none'}: cannot be read" in actual.err
    assert [(str(bounce), "hard", "ann@example.net", "5.1.1"), (str(letter), None, "", "")] == [
        (each["path"], each["kind"], each["address"], each["status"]) for each in said
    ]
    assert "User unknown" in said[0]["text"]


def test_bounces_by_cron() -> None:
    """Nothing is said where nobody looks and all went well."""
    actual = run("bounces some/Maildir", Desk(returned=MANY))

    assert (0, "", "") == (actual.status, actual.out, actual.err)


@pytest.mark.parametrize("typed", ["bounces", "bounces -"])
def test_bounces_from_a_mail_server(typed: str) -> None:
    """One message comes by standard input; one about no reader is dealt with as well."""
    desk = Desk(returned=ONE)
    actual = run(typed, desk, screen=True)

    assert [("bounces", "-")] == desk.asked
    assert actual.status == 0
    assert actual.out == (
        "Read 1 message; 1 subscriber is no longer mailed.\n  1  not about a subscriber\n"
    )


@pytest.mark.parametrize(
    ("returned", "status", "told"),
    [
        (replace(ONE, kept=1), 0, ".feedpub/returned/new"),
        (replace(ONE, full=True), 67, "full"),
    ],
)
def test_what_nobody_understood_is_kept_or_goes_back(
    returned: BounceSummary, status: int, told: str
) -> None:
    """The mail server returns what cannot be kept (EX_NOUSER)."""
    actual = run("bounces -", Desk(returned=returned), screen=True)

    assert status == actual.status
    assert told in actual.err


def test_who_refuses_us_is_told() -> None:
    """In the server's words, to whoever reads a mailbox; to a mail server nothing is said."""
    refused = replace(ONE, left=0, refused=1, words=("example.net: 550 5.7.26 DMARC",), paused=(7,))
    typed, piped = (run(f"bounces {place}", Desk(returned=refused)) for place in ("x", "-"))

    assert "example.net: 550 5.7.26 DMARC" in typed.err
    assert "issue 7 is paused" in typed.err
    assert "" == piped.err


def test_bounces_without_any() -> None:
    """Where nothing came nothing is to be done."""
    actual = run("bounces some/Maildir", Desk(), screen=True)

    assert actual.out == "Read 0 messages; 0 subscribers are no longer mailed.\n"
    assert actual.err == "\rreading\r       \r"


def test_bounces_as_json() -> None:
    """Scripts get every number."""
    actual = run("bounces x --json", Desk(returned=MANY), screen=True)

    assert (0, {**asdict(MANY), "words": [], "paused": []}) == (
        actual.status,
        json.loads(actual.out),
    )


def test_nobody_types_a_bounce() -> None:
    """On a keyboard it is said what to name; nothing is waited for."""
    desk = Desk()
    actual = run("bounces", desk, screen=True, keyboard=True)

    assert [] == desk.asked
    assert actual.status == 2
    assert actual.err.startswith("feedpub bounces: name a Maildir, an mbox or imaps://user@host/")
    assert run("bounces some/Maildir", Desk(), keyboard=True).status == 0


@pytest.mark.parametrize(
    "fault",
    [
        StoreUnavailable("the database is unavailable"),
        ConfigError((Problem("c.yaml", 3, "a"),)),
        MailError("it cannot be read"),
    ],
)
def test_a_mail_server_keeps_what_could_not_be_read(fault: FeedpubError) -> None:
    """Status 75 tells it to try again, whatever is amiss; anybody else gets status 1."""
    desk = Desk(returned=fault)
    piped = run("bounces -", desk)

    assert (75, f"{fault}\n") == (piped.status, piped.err)
    assert 75 == run("bounces --json", desk).status
    assert 1 == run("bounces some/Maildir", desk).status


def test_doctor() -> None:
    """Each finding is told, what to do below it; nothing that the DNS says drives the terminal."""
    desk = Desk(ills=(FINE, WEAK, ILL))
    actual = run("doctor", desk)

    assert [("doctor",)] == desk.asked
    assert actual.status == 1
    assert actual.out == (
        "Can mail be sent?\n"
        "bad   SMTP   it does not answer\n"
        "             -> mend it\n"
        "Will it arrive?\n"
        "good  SPF    v=spf1\\x1b -all\n"
        "poor  DMARC  there is none\n"
        "             -> publish one\n"
    )
    assert actual.err == ""


def test_doctor_says_what_nobody_knows() -> None:
    """That is not poor; nor is there a heading where all is of one kind."""
    unasked = unknown("clock", "nobody to compare it with", "look at it")
    actual = run("doctor", Desk(ills=(unasked, ILL)), screen=True)

    assert actual.out == (
        "unknown  clock  nobody to compare it with\n"
        "                -> look at it\n"
        "bad      SMTP   it does not answer\n"
        "                -> mend it\n"
    )
    assert actual.err.startswith("1 bad, 0 poor: ")


@pytest.mark.parametrize(
    ("found", "status", "expected"),
    [
        ((FINE,), 0, "All is well. Next: `feedpub digest test NAME --to` your own address.\n"),
        ((FINE, WEAK), 0, "1 poor: mail can be sent, but what is poor is worth fixing.\n"),
        ((WEAK, ILL), 1, "1 bad, 1 poor: fix what is bad, then run `feedpub doctor` again.\n"),
    ],
)
def test_doctor_says_what_next(found: tuple[Finding, ...], status: int, expected: str) -> None:
    """Only what is bad ends with status 1; the last line says what to do."""
    actual = run("doctor", Desk(ills=found), screen=True)

    assert (status, expected) == (actual.status, actual.err)


def test_doctor_as_json() -> None:
    """Scripts get all findings."""
    actual = run("doctor --json", Desk(ills=(FINE, ILL)))

    assert actual.status == 1
    assert json.loads(actual.out) == {
        "findings": [
            {"about": "SPF", "state": "good", "told": "v=spf1\x1b -all", "advice": ""},
            {"about": "SMTP", "state": "bad", "told": "it does not answer", "advice": "mend it"},
        ]
    }
