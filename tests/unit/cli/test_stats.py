"""`feedpub stats`, as people and scripts type it."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from commands import NOW, UNREAD, Desk, run

from feedpub.models.newsletter import IssueStats
from feedpub.models.stats import FeedAudience, IssueSummary, Statistics

TODAY = NOW.date()
TALLY = IssueStats(1200, 1150, 10, 20, 15, 2, 3)
READ = Statistics(
    title="Notes",
    accent="#1a5fb4",
    since=TODAY - timedelta(days=14),
    today=TODAY,
    active=tuple((TODAY - timedelta(days=14 - each), 1100 + 10 * each) for each in range(15)),
    states=(("pending", 3), ("active", 1240)),
    feeds=(FeedAudience("rss.xml", 1234, 9000), FeedAudience("tags/人工智能/atom.xml", 7, 20)),
    user_agents=(("Feedly", 8000), ("new\x1bsboat", 9)),
    issues=(
        IssueSummary(TODAY, "weekly", "New: 人工智能", "done", TALLY),
        IssueSummary(
            TODAY - timedelta(days=7), "weekly", "", "done", IssueStats(9, 9, 0, 0, 0, 0, 0)
        ),
    ),
)


def test_a_table() -> None:
    """Three parts that line up, with wide characters too."""
    actual = run("stats", Desk(statistic=READ), screen=True)

    assert 0 == actual.status
    assert actual.out == (
        "Notes, 2025-01-16 to 2025-01-30\n"
        "\n"
        "Active subscribers: 1,240\n"
        "  1,100  2025-01-16  =====================\n"
        "  1,170  2025-01-23  ======================\n"
        "  1,240  2025-01-30  ========================\n"
        "\n"
        "Feeds by subscribers\n"
        "  1,234  9,000 requests  rss.xml\n"
        "      7  20 requests     tags/人工智能/atom.xml\n"
        "\n"
        "Issues by outcome\n"
        "  2025-01-30  1,150 of 1,200 accepted, 20 failed, 15 open, 15 suppressed  New: 人工智能\n"
        "  2025-01-23  9 of 9 accepted                                             weekly\n"
        "\n"
        "User agents by requests\n"
        "  8,000  Feedly\n"
        "      9  new\\x1bsboat\n"
    )
    assert "Next: `feedpub stats --html stats.html` draws charts.\n" == actual.err


def test_of_a_site_that_nobody_reads() -> None:
    """It is told what would count."""
    actual = run("stats", Desk(), screen=True)

    assert "Notes, 2025-01-30 to 2025-01-30\n" == actual.out
    assert "Feeds are counted while `feedpub run` serves them.\n" == actual.err


def test_json() -> None:
    """Everything, for scripts."""
    desk = Desk(statistic=READ)
    actual = run("stats --json --days 15", desk)
    told = json.loads(actual.out)

    assert [("statistics", 15)] == desk.asked
    assert {"pending": 3, "active": 1240} == told["subscribers"]
    assert {"day": "2025-01-30", "number": 1240} == told["active"][-1]
    assert {"feed": "rss.xml", "readers": 1234, "requests": 9000} == told["feeds"][0]
    assert 8000 == told["programs"]["Feedly"]
    assert (1150, 2, "New: 人工智能") == tuple(
        told["issues"][0][key] for key in ("accepted", "in_doubt", "subject")
    )


@pytest.mark.parametrize(("option", "begins"), [("html", "<!doctype html>"), ("svg", "<svg ")])
def test_a_file(tmp_path: Path, option: str, begins: str) -> None:
    """A page or a picture, in place of the table."""
    file = tmp_path / f"stats.{option}"
    actual = run(f"stats --{option} {file}", Desk(statistic=READ), screen=True)

    assert (0, f"Wrote {file}.\n") == (actual.status, actual.out)
    assert file.read_text(encoding="utf-8").startswith(begins)


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """As of any other."""
    actual = run(f"stats --html {tmp_path}/no/stats.html", Desk(statistic=READ))

    assert 1 == actual.status
    assert "No such file or directory" in actual.err


@pytest.mark.parametrize("days", ["0", "1101", "x", "-1"])
def test_days_that_are_none_are_told(days: str) -> None:
    """With how many there may be."""
    actual = run(f"stats --days={days}", Desk())

    assert 2 == actual.status
    assert f'invalid number of days "{days}"; use 1 to 1100' in actual.err


def test_ninety_days_are_told_unless_asked() -> None:
    """A quarter of a year."""
    desk = Desk(statistic=UNREAD)
    run("stats", desk)

    assert [("statistics", 90)] == desk.asked
