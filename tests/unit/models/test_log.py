"""The log: one line for each thing, for people and programs, and nothing that must not be there."""

import io
import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from feedpub.models.log import EventLogger, render_console, render_json
from feedpub.models.tokens import SigningKeys, sign_token

NOW = datetime(2025, 6, 1, 12, 0, 0, 250_000, tzinfo=UTC)
EVIL = "a\nb\r\x1b[31mc\u2028d\u202ee\x00"


def test_programs_get_an_object_a_line() -> None:
    """With time and event first; lists are lists."""
    stream = io.StringIO()
    journal = EventLogger(stream, lambda: NOW, human=False)
    journal.info("built", posts=3, seconds=0.5, ok=True, paths=("a.md", "b.md"), line=None)
    journal.info("stopped")

    one, two = map(json.loads, stream.getvalue().splitlines())

    assert {
        "time": "2025-06-01T12:00:00.250+00:00",
        "event": "built",
        "posts": 3,
        "seconds": 0.5,
        "ok": True,
        "paths": ["a.md", "b.md"],
        "line": None,
    } == one
    assert "stopped" == two["event"]


def test_people_get_what_there_is() -> None:
    """What is nothing, not so, or not there is left out."""
    line = render_console(
        NOW, "built", {"posts": 1200, "paths": ("a", "b"), "why": "", "ok": True, "n": 0}
    )

    assert line.endswith("  built  posts: 1200, paths: a; b, ok: yes")
    assert render_console(NOW, "stopped", {"no": False, "s": 0.5, "x": None}).endswith(
        "stopped  s: 0.5"
    )


def test_people_are_told_the_time_of_the_clock() -> None:
    """In whichever zone it gives it: theirs is not the machine's."""
    there = NOW.astimezone(ZoneInfo("Asia/Shanghai"))

    assert "20:00:00  stopped" == render_console(there, "stopped", {})


def test_no_line_holds_who_reads_or_what_is_secret() -> None:
    """Addresses keep their domain; logins, tokens and keys are gone; paths and words stay."""
    token = sign_token(SigningKeys(b"k" * 32), "unsubscribe", 77, "bob@example.org")
    said = (
        f"550 <bob+x@example.org>: no; https://x.example/unsubscribe/{token} "
        f"postgresql://ann:secret@db/news {'ab12' * 16} "
        "content/2025-01-30-a-very-long-title-of-a-post-of-mine.md Donaudampfschifffahrtskapitän"
    )
    for line in (
        render_console(NOW, "failed", {"why": said, "paths": (said,)}),
        render_json(NOW, "failed", {"why": said, "paths": (said,)}),
    ):
        assert "bob" not in line
        assert token not in line
        assert "secret" not in line
        assert "ab12ab12" not in line
        assert 2 == line.count("@example.org")
        assert 2 == line.count("content/2025-01-30-a-very-long-title-of-a-post-of-mine.md")
        assert 2 == line.count("Donaudampfschifffahrtskapit")


@given(st.text(), st.text())
def test_nobody_can_begin_a_line(text: str, other: str) -> None:
    """Whatever a file, a title or a stranger's answer is, it stays in its line."""
    stream = io.StringIO()
    for is_human in (True, False):
        journal = EventLogger(stream, lambda: NOW, human=is_human)
        journal.info("problem", path=text + EVIL, paths=(other, EVIL))

    lines = stream.getvalue().splitlines()

    assert 2 == len(lines)
    assert "problem" == json.loads(lines[1])["event"]
    assert not set(lines[0]) & set(EVIL) - set("abcde[31m")


def test_no_line_of_the_log_reorders_or_hides_text() -> None:
    """Bidi controls and characters that nobody sees are shown as escapes."""
    for character in "\u202e\u2066\u200f\u061c\u200b\ufeff\x9b":
        told = render_console(
            NOW, "problem", {"path": f"a{character}b", "paths": (f"c{character}d",)}
        )

        assert character not in told + render_json(NOW, "problem", {"path": f"a{character}b"})


def test_a_log_that_cannot_be_written_stops_nothing() -> None:
    """The disk may be full, or the stream closed."""
    stream = io.StringIO()
    stream.close()

    EventLogger(stream, lambda: NOW, human=True).info("built")


def test_a_long_text_is_cut() -> None:
    """Whatever is quoted, a line stays one that can be read."""
    assert 10_000 > len(render_json(NOW, "failed", {"why": "long " * 100_000}))
