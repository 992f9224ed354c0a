"""What people and scripts read of what came of a command."""

import io
import json

from feedpub.app import Summary
from feedpub.cli.output import (
    Terminal,
    format_build,
    format_check,
    print_problems,
    suggest_next_step,
    summary_to_json,
)
from feedpub.models.content import Problem

OUT = Problem("content/b.md", 4, 'date: "2024-02-30" is not a date', left_out=True)
WARNING = Problem("content/a.md", 10, 'unknown key "tittle"; did you mean "title"?')
FIRST = Problem("content/a.md", 9, "x")
SUMMARY = Summary(
    files=10,
    published=1,
    drafts=2,
    scheduled=3,
    ignored=3,
    feeds=1200,
    pages=5,
    written=7,
    unchanged=8,
    removed=9,
    problems=(OUT, WARNING, FIRST),
    folder="public",
)
PLAIN = Summary(1, 1, 0, 0, 0, 3, 2, 5, 0, 0, (), "public")


def test_object() -> None:
    """Scripts get every count, the time and the problems by path and line, and nothing else."""
    expected = {
        "files": 10,
        "published": 1,
        "drafts": 2,
        "scheduled": 3,
        "ignored": 3,
        "feeds": 1200,
        "pages": 5,
        "written": 7,
        "unchanged": 8,
        "removed": 9,
        "seconds": 0.123,
        "problems": [
            {"path": "content/a.md", "line": 9, "message": "x", "left_out": False},
            {
                "path": "content/a.md",
                "line": 10,
                "message": 'unknown key "tittle"; did you mean "title"?',
                "left_out": False,
            },
            {
                "path": "content/b.md",
                "line": 4,
                "message": 'date: "2024-02-30" is not a date',
                "left_out": True,
            },
        ],
    }
    text = summary_to_json(SUMMARY, SUMMARY.problems, 0.12345)

    assert expected == json.loads(text)
    assert list(expected) == list(json.loads(text))
    assert text.isascii()


def test_object_of_nothing_done() -> None:
    """Where nothing was done every count is 0."""
    actual = json.loads(summary_to_json(None, (OUT,), 0.0))

    assert actual["files"] == actual["written"] == 0
    assert len(actual["problems"]) == 1


def test_problems() -> None:
    """Problems are told as compilers do, by path and line; what is left out says so."""
    stream = io.StringIO()
    whole = Problem("content/c.md", 0, "a\nb\x1b", left_out=True)
    print_problems([*SUMMARY.problems, whole], Terminal(stream, {}, lambda: 0.0, 80))

    assert stream.getvalue().splitlines() == [
        "content/a.md:9: x",
        'content/a.md:10: unknown key "tittle"; did you mean "title"?',
        'content/b.md:4: date: "2024-02-30" is not a date [left out]',
        "content/c.md: a b\\x1b [left out]",
    ]


def test_build() -> None:
    """A build is told in two lines: what there is, and what was done to the disk."""
    assert list(format_build(SUMMARY, 1.26)) == [
        "Published 1 post as 1,200 feeds and 5 pages in public, in 1.3 s.",
        "  7 written, 8 unchanged, 9 removed; 2 drafts, 3 scheduled, 3 ignored",
    ]
    assert list(format_build(PLAIN, 0)) == [
        "Published 1 post as 3 feeds and 2 pages in public, in 0.0 s.",
        "  5 written, 0 unchanged, 0 removed",
    ]


def test_check() -> None:
    """A check is told in two lines: what was looked at, and what would be published."""
    assert list(format_check(SUMMARY, 1.26)) == [
        "Checked 10 files and 1,200 feeds, in 1.3 s.",
        "  1 post to publish; 2 drafts, 3 scheduled, 3 ignored",
    ]


def test_next_step() -> None:
    """What to do is said last; files left out are counted, not their problems."""
    again = "fix what is listed, then run `feedpub build` again."

    assert suggest_next_step((), "build") == ""
    assert suggest_next_step((OUT, OUT), "build") == f"1 file left out: {again}"
    assert suggest_next_step((WARNING, FIRST), "build") == f"2 warnings: {again}"
    assert suggest_next_step((WARNING, OUT), "build") == f"1 file left out, 1 warning: {again}"
