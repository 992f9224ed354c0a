"""`feedpub run` and `feedpub status`: what people and scripts are told."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TextIO
from zoneinfo import ZoneInfo

import pytest
from commands import ISSUE, Screen, nobody

from feedpub.app import BuildRequest, Counts
from feedpub.cli import load_daemon
from feedpub.cli.context import AppContext, NewsletterAPI, PublishAPI
from feedpub.cli.session import main
from feedpub.daemon.status import DaemonState, SiteStatus
from feedpub.models.content import Problem
from feedpub.models.newsletter import IssueStats, SenderRefusal
from feedpub.site.status import LastBuild, UpcomingChange

NOW = datetime(2025, 6, 1, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
TALLY = IssueStats(5, 1, 1, 0, 0, 0, 3, (("451 4.3.2", 1),))
RUNS = DaemonState(
    pid=77,
    version="0.1.0",
    since=NOW - HOUR,
    ended_cleanly=False,
    config_error="",
    config_error_at=None,
    timezone=ZoneInfo("UTC"),
    watch_mode="events",
    no_events_reason="",
    missing_folders=(),
    failing_jobs=(),
)
BUILD = LastBuild(NOW - HOUR, Counts(9, 3, 2, 4, 0, 6, 7), ())
NOTHING = SiteStatus(False, None, None, (), (), (), None, ZoneInfo("UTC"))  # noqa: FBT003
WHOLE = SiteStatus(
    is_running=True,
    daemon=RUNS,
    last_build=BUILD,
    upcoming_posts=(
        UpcomingChange(NOW + HOUR, "Soon\x1b[31m", "soon.md", expires=False),
        UpcomingChange(NOW + 2 * HOUR, "Old", "old.md", expires=True),
    ),
    next_issues=(("each", None), ("weekly", NOW + HOUR * 3 / 2)),
    open_issues=((ISSUE, TALLY),),
    next_delivery=NOW - HOUR,
    timezone=ZoneInfo("Asia/Shanghai"),
    pending_signups=1,
    oldest_signup=NOW - timedelta(minutes=1),
)


@dataclass
class Machine:
    """Runs nothing: says what it was told to."""

    found: SiteStatus = NOTHING
    leaves: tuple[str, ...] = ()
    human: list[bool] = field(default_factory=list)
    left: list[int] = field(default_factory=list)

    def run_forever(
        self, request: BuildRequest, stream: TextIO, now: Callable[[], datetime], *, human: bool
    ) -> tuple[str, ...]:
        """Say that it was asked."""
        assert request.config_path == Path("config.yaml")
        stream.write(f"{now():%Y}\n")
        self.human.append(human)
        return self.leaves

    def get_status(self, request: BuildRequest) -> SiteStatus:
        """Give what it was told."""
        assert request.now == NOW
        return self.found


def typed(words: str, machine: Machine, *, screen: bool = False) -> tuple[int, str, str]:
    """Type a command; give its status, and what it wrote."""
    out, err = (Screen(), Screen()) if screen else (io.StringIO(), io.StringIO())

    def publish() -> PublishAPI:
        raise AssertionError

    def newsletter() -> NewsletterAPI:
        raise AssertionError

    world = AppContext(
        stdin=io.BytesIO,
        stdout=out,
        stderr=err,
        environ={"NO_COLOR": "1"},
        now=lambda: NOW,
        monotonic=lambda: 0.0,
        terminal_width=80,
        publish=publish,
        newsletter=newsletter,
        doctor=lambda: lambda _: (),
        web=lambda: None,  # type: ignore[arg-type,return-value]
        open_browser=lambda _: False,
        daemon=lambda: machine,
        exit=machine.left.append,
    )
    return main(words.split(), world), out.getvalue(), err.getvalue()


@pytest.mark.parametrize(("words", "screen", "human"), [("run", True, True), ("run", False, False)])
def test_people_and_programs_are_told_in_their_ways(
    words: str, *, screen: bool, human: bool
) -> None:
    """JSON where nobody looks, or where it is asked for."""
    machine = Machine()

    assert (0, "2025\n", "") == typed(words, machine, screen=screen)
    assert (0, "2025\n", "") == typed("run --json", machine, screen=screen)
    assert [human, False] == machine.human
    assert [] == machine.left


def test_what_does_not_end_is_left() -> None:
    """The process ends all the same, and says so by its status; but for a build."""
    machine = Machine(leaves=("build", "delivery"))

    assert 1 == typed("run", machine)[0]
    assert [1] == machine.left

    machine = Machine(leaves=("build",))

    assert 0 == typed("run", machine)[0]
    assert [0] == machine.left


def test_a_site_where_nothing_is() -> None:
    """It says so, and nothing is wrong with it."""
    status, out, err = typed("status", Machine())

    assert (0, "") == (status, err)
    assert out.split("\n") == [
        "`feedpub run` is not running.",
        "Not built yet, or not with these settings.",
        "Nothing is due.",
        "",
    ]


def test_how_a_site_stands() -> None:
    """What runs, what was built, what is due by time, in the zone of the site; what goes out."""
    status, out, err = typed("status", Machine(WHOLE))

    assert (0, "") == (status, err)
    assert out.split("\n") == [
        "`feedpub run` is running as process 77, since 2025-06-01 19:00:00.",
        "  version   0.1.0",
        "  watching  by events",
        "Built 2025-06-01 19:00:00: 3 posts, 6 feeds, 7 pages; 2 drafts, 4 scheduled.",
        "Due next, in Asia/Shanghai:",
        "  now                  mail to 1 sign-up",
        "  now                  waiting messages",
        "  2025-06-01 21:00:00  appears: Soon\\x1b[31m (soon.md)",
        "  2025-06-01 21:30:00  digest weekly",
        "  2025-06-01 22:00:00  expires: Old (old.md)",
        "  with each post       digest each",
        "Issue 7 of weekly, done",
        "  5 audience = 1 accepted + 1 deferred + 0 failed + 0 suppressed + 0 in doubt + 3 waiting",
        "    1  451 4.3.2",
        "",
    ]


def test_scripts_get_all_of_it() -> None:
    """As one object."""
    status, out, err = typed("status --json", Machine(WHOLE))
    told = json.loads(out)

    assert (0, "") == (status, err)
    assert told["running"]
    assert 77 == told["daemon"]["pid"]
    assert "2025-06-01T19:00:00+08:00" == told["daemon"]["since"] == told["build"]["at"]
    assert {
        "at": "2025-06-01T21:00:00+08:00",
        "title": "Soon\x1b[31m",
        "path": "soon.md",
        "expires": False,
    } == told["posts"][0]
    assert [None, 5, 3] == [
        told["digests"][0]["next"],
        told["issues"][0]["tally"]["audience"],
        told["issues"][0]["tally"]["waiting"],
    ]
    assert None is json.loads(typed("status --json", Machine())[1])["build"]


def test_what_needs_looking_at() -> None:
    """Each in a line, and the status says so."""
    told = replace(
        RUNS,
        config_error="config.yaml:1: x\nconfig.yaml:2: y",
        config_error_at=NOW,
        watch_mode="sweep",
        no_events_reason="no room",
        missing_folders=("/c",),
        failing_jobs=("a",),
        clock_problem="the clock is behind",
    )
    build = LastBuild(NOW, BUILD.counts, (Problem("a.md", 1, "x"), Problem("b.md", 1, "x")))
    found = SiteStatus(True, told, build, (), (), (), NOW + HOUR, ZoneInfo("UTC"))  # noqa: FBT003
    status, out, err = typed("status", Machine(found))

    assert 1 == status
    assert "2025-06-01 13:00:00  waiting messages" in out
    rejected = "the configuration was rejected at 2025-06-01 12:00:00"
    assert err.split("\n") == [
        f"{rejected}; the previous one stays in force: config.yaml:1: x; config.yaml:2: y",
        "the clock is behind",
        "file events unavailable (no room); falling back to polling",
        "/c: not found; the site stays as it is",
        "a: failing, will be retried",
        "2 problems in the last build: `feedpub check`",
        "",
    ]

    gone = SiteStatus(False, RUNS, None, (), (), (), None, ZoneInfo("UTC"))  # noqa: FBT003
    status, out, err = typed("status", Machine(gone))

    assert (1, "`feedpub run` is not running.") == (status, out.split("\n")[0])
    assert "the last `feedpub run`, process 77, did not exit cleanly\n" == err


def test_mail_that_does_not_go_out() -> None:
    """Why an issue waits, and that somebody waits who signed up: they are worth a look."""
    waits = replace(ISSUE, state="sending", reason="relay:25: connection failed")
    paused = replace(ISSUE, id=8, state="paused", reason="refused as unknown")
    found = replace(
        WHOLE,
        open_issues=((waits, TALLY), (paused, TALLY)),
        pending_signups=2,
        oldest_signup=NOW - HOUR,
    )
    status, out, err = typed("status", Machine(found))
    told = json.loads(typed("status --json", Machine(found))[1])

    assert 1 == status
    assert "  now                  mail to 2 sign-ups\n" in out
    assert err.split("\n") == [
        "issue 7 of weekly waits: relay:25: connection failed",
        "issue 8 of weekly is paused: refused as unknown",
        (
            "2 sign-ups without confirmation mail, the oldest since 2025-06-01 19:00:00: "
            "`feedpub doctor` checks what delays it"
        ),
        "",
    ]
    assert {"waiting": 2, "since": "2025-06-01T19:00:00+08:00"} == told["sign_ups"]
    assert 3 == len(told["problems"])


def test_where_the_configuration_cannot_be_read() -> None:
    """What runs is told all the same, and what is wrong; the rest nobody knows."""
    found = replace(NOTHING, is_running=True, daemon=RUNS, config_error="config.yaml:1: x")
    status, out, err = typed("status", Machine(found))

    assert 1 == status
    assert out.startswith("`feedpub run` is running as process 77, since 2025-06-01 11:00:00.\n")
    assert "built" not in out.lower()
    assert (
        "the configuration was rejected; the previous one stays in force: config.yaml:1: x\n" == err
    )

    begins = replace(NOTHING, is_running=True)

    assert typed("status", Machine(begins))[1].startswith("`feedpub run` is running, and has not")


def test_the_daemon_is_there_when_it_is_asked_for(tmp_path: Path) -> None:
    """The world brings it along."""
    site = tmp_path / "config.yaml"
    site.write_text('site: {title: A, url: "https://example.org/"}', encoding="utf-8")
    out = io.StringIO()
    world = AppContext(
        stdin=io.BytesIO,
        stdout=out,
        stderr=io.StringIO(),
        environ={},
        now=lambda: NOW,
        monotonic=lambda: 0.0,
        terminal_width=80,
        publish=lambda: None,  # type: ignore[arg-type,return-value]
        newsletter=lambda: None,  # type: ignore[arg-type,return-value]
        doctor=lambda: lambda _: (),
        web=lambda: None,  # type: ignore[arg-type,return-value]
        open_browser=lambda _: False,
        daemon=load_daemon,
        exit=nobody,
    )

    assert 0 == main(["status", "--config", str(site)], world)
    assert "not running" in out.getvalue()


def test_what_came_back_is_told() -> None:
    """Servers that refuse us, in their words, and mail that nobody understood."""
    refusal = SenderRefusal("example.net", "550 5.7.26 DMARC\x1b", 12, NOW)
    found = replace(WHOLE, refusals=(refusal,), unread_bounces=3)
    status, _, err = typed("status", Machine(found))
    told = json.loads(typed("status --json", Machine(found))[1])

    assert 1 == status
    assert "example.net rejected our mail 12 times" in err
    assert "550 5.7.26 DMARC" in err
    assert "3 messages to the return path not recognised" in err
    assert ("example.net", 12) == (told["refusals"][0]["domain"], told["refusals"][0]["number"])
    assert 3 == told["unread"]
