"""`feedpub digest`, as people and scripts type it."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from commands import GOOD, ISSUE, NOW, Desk, run

from feedpub.files import lock
from feedpub.models.newsletter import DeliveryStatus, IssueStats, SendResult
from feedpub.newsletter.issues import DigestStatus
from feedpub.newsletter.planning import DigestResult
from feedpub.newsletter.recovery import RecoveryResult

STANDING = DigestStatus("weekly", "weekly mon 08:00", None, NOW, ("人工智能\x1b", "B"), 1200)
QUIET = DigestStatus("daily", "daily 08:00", NOW, None, (), 1)
SENT = DigestResult("weekly", ISSUE, ("A", "B\x1b"), 3, 34_567, GOOD, "")
NOTHING = DigestResult("daily", None, (), 0, 0, None, "nothing is new")
WOULD = replace(SENT, issue=None, stats=None)
FAILED = IssueStats(3, 2, 0, 1, 0, 0, 0)
MIXED = IssueStats(2000, 1980, 4, 10, 3, 2, 1, (("550 5.1.1", 8), ("451 4.7.1 \x1b", 4)))


def test_list() -> None:
    """Each digest is told with what is new and when it goes out; no title drives the terminal."""
    desk = Desk(standings=(STANDING, QUIET))
    actual = run("digest list", desk)

    assert [("digests",)] == desk.asked
    assert (0, "") == (actual.status, actual.err)
    assert actual.out == (
        "weekly: 2 new posts, 1,200 subscribers\n"
        "  schedule  weekly mon 08:00\n"
        "  last      never\n"
        "  next      2025-01-30 09:00 UTC\n"
        "  new       人工智能\\x1b\n"
        "  new       B\n"
        "daily: nothing new, 1 subscriber\n"
        "  schedule  daily 08:00\n"
        "  last      2025-01-30 09:00 UTC\n"
        "  next      never\n"
    )


@pytest.mark.parametrize(
    ("standings", "expected"),
    [
        ((), "No digests yet; add one under digests:"),
        ((QUIET,), "Next: `feedpub digest pre"),
        ((QUIET, STANDING), "The first `feedpub digest send` or `feedpub run` mails nothing"),
    ],
)
def test_list_says_what_next(standings: tuple[DigestStatus, ...], expected: str) -> None:
    """The last line says what to do."""
    actual = run("digest list", Desk(standings=standings), screen=True)

    assert actual.status == 0
    assert actual.err.startswith(expected)


def test_list_as_json() -> None:
    """Scripts get the same, with times in ISO 8601."""
    told = json.loads(run("digest list --json", Desk(standings=(STANDING,))).out)

    assert told["digests"] == [
        {
            "digest": "weekly",
            "schedule": "weekly mon 08:00",
            "last": None,
            "next": "2025-01-30T09:00:00+00:00",
            "posts": ["人工智能\x1b", "B"],
            "audience": 1200,
        }
    ]


def test_preview() -> None:
    """A preview is written beside the configuration, and where is printed."""
    desk = Desk()
    actual = run("digest preview weekly --config blog/c.yaml", desk, screen=True)
    folder = Path("blog/.feedpub/preview")

    assert [("preview", "weekly", folder, "")] == desk.asked
    assert actual.out == f"Subject: New: 人工智能\n{folder}/digest.html\n{folder}/digest.txt\n"
    assert actual.err.startswith("Next: `feedpub digest send weekly --dry-run`")
    assert [] == actual.shown


def test_preview_for_somebody() -> None:
    """It is written where and for whom it was asked, and opened; scripts get paths alone."""
    desk = Desk()
    actual = run("digest preview weekly --to www --for a@b.org --open", desk)

    assert [("preview", "weekly", Path("www"), "a@b.org")] == desk.asked
    assert (0, "") == (actual.status, actual.err)
    assert "www/digest.html\nwww/digest.txt\n" == actual.out
    assert [Path("www/digest.html")] == actual.shown


def test_preview_without_a_browser() -> None:
    """Where there is no browser it is said."""
    actual = run("digest preview weekly --to www --open", Desk(), browser=False)

    assert actual.status == 1
    assert actual.err == "www/digest.html: no browser is available to open it\n"


def test_test() -> None:
    """One message goes to one address, and what the server said is told, in a pipe too."""
    desk = Desk()
    actual = run("digest test weekly --to ann@example.org", desk, screen=True)

    assert [("test", "weekly", "ann@example.org")] == desk.asked
    assert actual.status == 0
    assert actual.out == "Sent to ann@example.org: mx.example.org: 250 2.0.0 queued as 1\n"
    assert actual.err == "Next: check how it looks there, and whether it went to spam.\n"
    assert run("digest test weekly --to ann@example.org", Desk()).out == actual.out


def test_test_into_a_folder() -> None:
    """Where nobody is mailed, the file is told."""
    desk = Desk(outcome=SendResult("accepted", text="ann-1.eml", relay="folder"))
    actual = run("digest test weekly --to a@b.org", desk, screen=True)

    assert actual.out == "Written for a@b.org: ann-1.eml (mail.transport is folder)\n"
    assert (0, "") == (actual.status, actual.err)


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (
            SendResult("deferred", 450, "4.2.1", "Busy\x1b", "mx"),
            "not accepted for now: mx: 450 4.2.1 B",
        ),
        (SendResult("failed", 550, "", "No", "mx"), "not accepted: mx: 550 No"),
        (SendResult("doubt", relay="mx"), "sent, but not confirmed by the server: mx"),
        (SendResult("offline", text="no route"), "not sent: no route"),
    ],
)
def test_test_that_was_not_taken(outcome: SendResult, expected: str) -> None:
    """It is told everywhere why, with status 1; no server drives the terminal."""
    actual = run("digest test weekly --to a@b.org", Desk(outcome=outcome))

    assert (1, "") == (actual.status, actual.out)
    assert actual.err.startswith(f"a@b.org: {expected}")
    assert "\x1b" not in actual.err


@pytest.mark.parametrize(("kind", "status"), [("accepted", 0), ("failed", 1)])
def test_test_as_json(kind: str, status: int) -> None:
    """Scripts get the answer as one object."""
    desk = Desk(outcome=SendResult(kind, 250, "2.0.0", "ok", "mx"))
    actual = run("digest test weekly --to a@b.org --json", desk)
    told = {"kind": kind, "code": 250, "status": "2.0.0", "text": "ok", "relay": "mx"}

    assert (status, told) == (actual.status, json.loads(actual.out))


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("", ("send", "", False, False, False)),
        (" weekly --due", ("send", "weekly", True, False, False)),
        (" --dry-run --backlog", ("send", "", False, True, True)),
    ],
)
def test_send(typed: str, expected: tuple[object, ...]) -> None:
    """What was typed is sent; nothing is said where nobody looks and all went well."""
    desk = Desk(sent=(NOTHING,))
    actual = run(f"digest send{typed}", desk)

    assert [expected] == desk.asked
    assert (0, "") == (actual.status, actual.err)


def test_send_on_a_terminal() -> None:
    """People are told what went out, and why something did not; progress leaves nothing."""
    nobody = replace(SENT, audience=0, stats=replace(GOOD, audience=0), reason="nobody follows it")
    actual = run("digest send", Desk(sent=(SENT, NOTHING, nobody)), screen=True)

    assert actual.status == 0
    assert actual.out == (
        "weekly: issue 7, 2 posts for 3 recipients\n"
        "  3 audience = 3 accepted + 0 deferred + 0 failed + 0 suppressed + 0 in doubt"
        " + 0 waiting\n"
        "daily: nothing was sent: nothing is new.\n"
        "weekly: issue 7, 2 posts for 0 recipients (nobody follows it)\n"
    )
    assert actual.err == "\rsending\r       \r"


def test_send_dry() -> None:
    """A dry run tells posts, audience and size, in a pipe too."""
    desk = Desk(sent=(WOULD, NOTHING, replace(WOULD, reason="nobody follows it")))
    actual = run("digest send --dry-run", desk, screen=True)

    assert run("digest send --dry-run", desk).out == actual.out
    assert actual.out == (
        "weekly: 2 posts for 3 recipients, 34.6 kB per message\n"
        "  A\n"
        "  B\\x1b\n"
        "daily: nothing would be sent: nothing is new.\n"
        "weekly: 2 posts for 3 recipients, 34.6 kB per message (nobody follows it)\n"
        "  A\n"
        "  B\\x1b\n"
    )
    assert actual.err.endswith("Nothing was sent. Next: run it again without --dry-run.\n")


@pytest.mark.parametrize(
    ("tally", "reason", "expected"),
    [
        (MIXED, "", "weekly: 4 deferred, 10 failed, 3 suppressed, 2 in doubt, 1 waiting\n"),
        (IssueStats(3, 0, 0, 0, 0, 0, 3), "no relay", "weekly: 3 waiting (no relay)\n"),
        (IssueStats(3, 2, 0, 0, 0, 1, 0), "", "weekly: 1 in doubt\n"),
        (IssueStats(3, 2, 1, 0, 0, 0, 0), "", "weekly: 1 deferred\n"),
        (IssueStats(3, 2, 0, 0, 1, 0, 0), "", ""),
    ],
)
def test_send_with_problems(tally: IssueStats, reason: str, expected: str) -> None:
    """Whoever did not get it is told of everywhere, with status 1: cron then tells somebody."""
    actual = run("digest send", Desk(sent=(replace(SENT, stats=tally, reason=reason),)))

    assert (int(bool(expected)), expected) == (actual.status, actual.err)


def test_send_says_when_it_goes_on() -> None:
    """The time is that of the site; where the relay is why they wait, that is what is said."""
    late = replace(SENT, stats=IssueStats(3, 2, 1, 0, 0, 0, 0), next_attempt=NOW)
    actual = run("digest send", Desk(sent=(late, replace(late, reason="no relay"))))

    assert actual.status == 1
    assert actual.err == (
        "weekly: 1 deferred (the next attempt is due at 2025-01-30 09:00 UTC)\n"
        "weekly: 1 deferred (no relay)\n"
    )


@pytest.mark.parametrize(
    ("state", "tally", "expected"),
    [
        ("sending", MIXED, "`feedpub digest status` shows why; `feedpub digest send` continues.\n"),
        (
            "paused",
            MIXED,
            "fix that, then `feedpub digest retry 7`, then `feedpub digest resume 7`.\n",
        ),
        ("paused", IssueStats(3, 2, 0, 0, 0, 0, 1), "fix that, then `feedpub digest resume 7`.\n"),
        ("done", FAILED, "`feedpub digest status` shows why, and what to do.\n"),
    ],
)
def test_send_with_problems_on_a_terminal(state: str, tally: IssueStats, expected: str) -> None:
    """The last line says what to do."""
    sent = replace(SENT, issue=replace(ISSUE, state=state), stats=tally)
    actual = run("digest send", Desk(sent=(sent,)), screen=True)

    assert actual.err.endswith(f"\nNext: {expected}")


def test_send_as_json() -> None:
    """Scripts get one object, whatever went out."""
    actual = run("digest send --json", Desk(sent=(replace(SENT, stats=MIXED), NOTHING)))
    told = json.loads(actual.out)

    assert actual.status == 1
    assert told["dry_run"] is False
    assert told["sent"][0] == {
        "digest": "weekly",
        "issue": 7,
        "posts": ["A", "B\x1b"],
        "audience": 3,
        "size": 34_567,
        "tally": {
            "audience": 2000,
            "accepted": 1980,
            "deferred": 4,
            "failed": 10,
            "suppressed": 3,
            "doubt": 2,
            "waiting": 1,
            "reasons": [
                {"reason": "550 5.1.1", "number": 8},
                {"reason": "451 4.7.1 \x1b", "number": 4},
            ],
        },
        "reason": "",
        "next_attempt": None,
    }
    assert (told["sent"][1]["issue"], told["sent"][1]["tally"]) == (None, None)


SKIPPED = replace(ISSUE, id=6, state="skipped", posts=(), subject="", reason="nothing new")
NONE = IssueStats(0, 0, 0, 0, 0, 0, 0)


def test_status() -> None:
    """Each issue is told with the equation that always holds, and the reasons."""
    desk = Desk(known=((ISSUE, MIXED), (SKIPPED, NONE)))
    actual = run("digest status weekly", desk, screen=True)

    assert [("issues", "weekly")] == desk.asked
    assert actual.status == 0
    assert actual.out == (
        "issue 7 of weekly, 2025-01-30 09:00 UTC, done: 2 posts; New: 人工智能\n"
        "  2,000 audience = 1,980 accepted + 4 deferred + 10 failed + 3 suppressed + 2 in doubt"
        " + 1 waiting\n"
        "    8  550 5.1.1\n"
        "    4  451 4.7.1 \\x1b\n"
        "issue 6 of weekly, 2025-01-30 09:00 UTC, skipped: nothing new\n"
    )
    assert actual.err == "Next: `feedpub digest retry 7` resends failed messages.\n"


def test_times_are_those_of_the_site() -> None:
    """In its zone, which is named; scripts get UTC."""
    there = ZoneInfo("Asia/Shanghai")
    standing = DigestStatus("weekly", "weekly mon 09:00", NOW, NOW, (), 1)
    desk = Desk(known=((ISSUE, GOOD),), standings=(standing,), place=there)
    listed = run("digest list", desk).out

    assert 2 == listed.count("2025-01-30 17:00 Asia/Shanghai\n")
    assert "weekly, 2025-01-30 17:00 Asia/Shanghai, done" in run("digest status", desk).out
    assert "agreed    2025-01-30 17:00 Asia/Shanghai, by" in run("subscribers show a", desk).out
    assert "2025-01-30T09:00:00+00:00" in run("digest status --json", desk).out


def test_status_of_what_was_not_delivered() -> None:
    """To whom, and what the server said: of some, and how many others there are."""
    wide = SendResult("failed", status="5.6.7", text="no letters beyond ASCII", relay="mx:25")
    late = SendResult("deferred", 451, "4.7.1", "later\x1b")
    lost = [DeliveryStatus(7, "weekly", f"{name}@example.org", NOW, wide) for name in "abcd"]
    lost = [DeliveryStatus(7, "weekly", "jürgen@example.org", NOW, late), *lost]
    desk = Desk(known=((ISSUE, MIXED),), lost=(*lost, *lost))
    actual = run("digest status weekly", desk)

    assert actual.out.split("\n")[4:6] == [
        "  jürgen@example.org: not accepted for now: 451 4.7.1 later\\x1b",
        "  a@example.org: not accepted: mx:25: 5.6.7 no letters beyond ASCII",
    ]
    assert actual.out.endswith("\n  and 11 more\n")

    few = Desk(known=((ISSUE, FAILED),), lost=tuple(lost[:1]))

    assert run("digest status weekly", few).out.endswith(" later\\x1b\n")


def test_status_of_what_is_paused() -> None:
    """It is said how it goes on, and first how those get it for whom it failed."""
    paused = replace(ISSUE, id=8, state="paused", reason="no relay")
    waiting = IssueStats(3, 2, 0, 0, 0, 0, 1)
    goes_on = "`feedpub digest resume 8` continues it, `cancel` ends it.\n"
    well, wrong = (
        run("digest status", Desk(known=((ISSUE, FAILED), (paused, tally))), screen=True).err
        for tally in (waiting, MIXED)
    )

    assert (f"Next: {goes_on}", f"Next: `feedpub digest retry 8` for what failed, {goes_on}") == (
        well,
        wrong,
    )


@pytest.mark.parametrize(
    ("tally", "state", "advice"),
    [
        (
            IssueStats(3, 2, 0, 0, 0, 1, 0),
            "done",
            "`feedpub digest retry 7 --doubt` resends these",
        ),
        (
            IssueStats(3, 1, 0, 1, 0, 1, 0),
            "done",
            "`feedpub digest retry 7` resends failed messages",
        ),
        (IssueStats(3, 1, 0, 0, 0, 1, 1), "sending", ""),
        (IssueStats(3, 2, 0, 0, 0, 1, 0), "cancelled", ""),
    ],
)
def test_status_of_what_is_in_doubt(tally: IssueStats, state: str, advice: str) -> None:
    """It is said what that is, and what sends it again, once the answers are in."""
    issue = replace(ISSUE, state=state)
    actual = run("digest status", Desk(known=((issue, tally),)), screen=True)

    assert advice in actual.err
    assert bool(advice) == bool(actual.err)


def test_status_where_all_is_well() -> None:
    """Where there is nothing to do nothing is said of it."""
    bare = replace(ISSUE, posts=(), subject="")
    actual = run("digest status", Desk(known=((bare, GOOD),)), screen=True)

    assert actual.out.startswith("issue 7 of weekly, 2025-01-30 09:00 UTC, done\n")
    assert actual.err == ""


def test_status_of_nothing() -> None:
    """Where nothing was sent it is said how to."""
    actual = run("digest status", Desk(), screen=True)

    assert (0, "") == (actual.status, actual.out)
    assert actual.err == "Nothing has been sent yet; use `feedpub digest send`.\n"


def test_status_as_json() -> None:
    """Scripts get every value of every issue."""
    (told,) = json.loads(run("digest status --json", Desk(known=((ISSUE, GOOD),))).out)["issues"]
    tally = told.pop("tally")

    assert told == {
        "id": 7,
        "digest": "weekly",
        "slot": "2025-01-30T09:00:00+00:00",
        "created": "2025-01-30T09:00:00+00:00",
        "state": "done",
        "subject": "New: 人工智能",
        "posts": ["a", "b"],
        "reason": "",
    }
    assert (3, 3, []) == (tally["audience"], tally["accepted"], tally["reasons"])


@pytest.mark.parametrize(
    ("word", "done", "after"),
    [
        ("pause", "Paused issue 7 of weekly: nothing more is sent.", "`feedpub digest resume 7`"),
        ("resume", "Resumed issue 7 of weekly.", "`feedpub digest send` sends waiting messages"),
        ("cancel", "Cancelled issue 7 of weekly: nothing more is sent.", "`feedpub digest status`"),
    ],
)
def test_changes(word: str, done: str, after: str) -> None:
    """An issue is paused, resumed and cancelled by its number."""
    desk = Desk()
    actual = run(f"digest {word} 7", desk, screen=True)

    assert [(word, 7)] == desk.asked
    assert (0, f"{done}\n") == (actual.status, actual.out)
    assert after in actual.err


@pytest.mark.parametrize(
    ("typed", "number", "expected"),
    [
        ("", 1200, "1,200 messages of issue 7 will be sent again.\n"),
        ("", 0, "No message of issue 7 failed: nothing to resend.\n"),
        (" --doubt", 1, "1 message of issue 7 will be sent again.\n"),
        (
            " --doubt",
            0,
            "No message of issue 7 has been in doubt long enough: nothing to resend.\n",
        ),
    ],
)
def test_retry(typed: str, number: int, expected: str) -> None:
    """What failed, or is in doubt, is sent again, and it is said how many that are."""
    desk = Desk(failed=number)
    actual = run(f"digest retry 7{typed}", desk, screen=True)

    assert [("retry", 7, *["doubt"] * bool(typed))] == desk.asked
    assert (0, expected) == (actual.status, actual.out)
    assert bool(number) == bool(actual.err)


@pytest.mark.parametrize("word", ["retry", "resume"])
def test_what_waits_goes_out_by_itself_where_feedpub_runs(word: str, tmp_path: Path) -> None:
    """Else it is said what sends it."""
    typed = f"digest {word} 7 --config {tmp_path / 'config.yaml'}"
    before = run(typed, Desk(failed=1), screen=True).err
    with lock.single_instance(tmp_path / ".feedpub"):
        meanwhile = run(typed, Desk(failed=1), screen=True).err

    assert "Next: `feedpub digest send` sends waiting messages.\n" == before
    assert "`feedpub run` is running, and sends waiting messages within a minute.\n" == meanwhile


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("--from mail.log --from sent", ("mail.log", "sent", None)),
        ("--skip-until 2025-01-29", (datetime(2025, 1, 29, 23, 59, 59, 999999, tzinfo=UTC),)),
        ("--skip-until 2025-01-29T08:00+00:00", (datetime(2025, 1, 29, 8, tzinfo=UTC),)),
    ],
)
def test_recover(typed: str, asked: tuple[object, ...]) -> None:
    """A date is the whole day, in the zone of the site."""
    desk = Desk()
    actual = run(f"digest recover {typed}", desk)

    assert [("recover", *asked)] == desk.asked
    assert (0, "") == (actual.status, actual.err)
    for told in ("9 messages from feedpub found, 3 of", "1 issue missing", "2 posts", "1 issue c"):
        assert told in actual.out


def test_recover_says_where_it_is_not_enough() -> None:
    """Nothing is sent then; scripts are told as well."""
    desk = Desk(recovered=RecoveryResult(9, 3, 0, 2, 0, 0, is_settled=False))
    actual = run("digest recover --from mail.log", desk)
    told = json.loads(run("digest recover --from mail.log --json", desk).out)

    assert (1, "Sending is still blocked.") == (actual.status, actual.out.splitlines()[0])
    assert "2 messages of unknown issues found" in actual.err
    assert (2, False) == (told["unknown"], told["is_settled"])


def test_recover_takes_dates() -> None:
    """Anything else is no date."""
    actual = run("digest recover --skip-until yesterday", Desk())

    assert 2 == actual.status
    assert 'invalid date "yesterday"; use 2025-01-30' in actual.err
