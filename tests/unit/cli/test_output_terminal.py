"""What a terminal shows, and what a file in its place holds."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedpub.cli.output import Style, Terminal, escape, format_columns, measure_width


class Screen(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


class Clock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.seconds


def test_colours() -> None:
    """A terminal shows what a line means by a colour."""
    terminal = Terminal(Screen(), {}, Clock(), 80)

    assert terminal.style("x", Style.ERROR) == "\x1b[31mx\x1b[0m"
    assert terminal.style("x", Style.NONE) == "x"


@pytest.mark.parametrize(
    ("stream", "environ"),
    [(io.StringIO(), {}), (Screen(), {"NO_COLOR": "1"}), (Screen(), {"TERM": "dumb"})],
)
def test_no_colours(stream: io.StringIO, environ: dict[str, str]) -> None:
    """A file, NO_COLOR and a terminal without colours get plain text."""
    terminal = Terminal(stream, environ, Clock(), 80)

    assert terminal.style("x", Style.ERROR) == "x"


def test_empty_no_color() -> None:
    """NO_COLOR with nothing in it says nothing (https://no-color.org)."""
    terminal = Terminal(Screen(), {"NO_COLOR": ""}, Clock(), 80)

    assert terminal.style("x", Style.WARNING) == "\x1b[33mx\x1b[0m"


def test_progress_after_a_second() -> None:
    """Progress is shown after a second, ten times a second at most, and taken away in the end."""
    screen, clock = Screen(), Clock()
    terminal = Terminal(screen, {}, clock, 80)
    for clock.seconds, done in ((0.9, 1), (1.0, 2500), (1.05, 3000), (1.2, 10_000)):
        terminal.show_progress("reading", done, 10_000)
    terminal.clear_progress()
    terminal.clear_progress()
    first = "reading  ======------------------  2,500 of 10,000"
    last = "reading  ========================  10,000 of 10,000"

    assert screen.getvalue() == f"\r{first}\r{last}\r{' ' * len(last)}\r"


def test_a_shorter_line_covers_a_longer_one() -> None:
    """Nothing of an earlier stage's line is left."""
    screen, clock = Screen(), Clock()
    terminal = Terminal(screen, {}, clock, 80)
    clock.seconds = 1.0
    terminal.show_progress("waiting for another build", 0, 0)
    terminal.show_progress("going on", 0, 0)

    assert screen.getvalue().endswith("\rgoing on" + " " * len("waiting for anoth") + "")


def test_waiting_is_told_at_once() -> None:
    """A stage that is not counted is waited for, and told at once."""
    screen = Screen()
    Terminal(screen, {}, Clock(), 80).show_progress("waiting", 0, 0)

    assert screen.getvalue() == "\rwaiting"


def test_progress_in_a_narrow_terminal() -> None:
    """Progress never needs a second line."""
    screen = Screen()
    Terminal(screen, {}, Clock(), 5).show_progress("waiting", 0, 0)

    assert screen.getvalue() == "\rwait"


@pytest.mark.parametrize(("stream", "environ"), [(io.StringIO(), {}), (Screen(), {"TERM": "dumb"})])
def test_no_progress(stream: io.StringIO, environ: dict[str, str]) -> None:
    """Where the cursor cannot move there is no progress."""
    clock = Clock()
    terminal = Terminal(stream, environ, clock, 80)
    clock.seconds = 5.0
    terminal.show_progress("reading", 1, 2)
    terminal.echo("done")

    assert stream.getvalue() == "done\n"


def test_a_line_takes_the_place_of_progress() -> None:
    """What is said does not stand behind the progress."""
    screen = Screen()
    terminal = Terminal(screen, {}, Clock(), 80)
    terminal.show_progress("waiting", 0, 0)
    terminal.echo("done")

    assert screen.getvalue() == "\rwaiting\r       \rdone\n"


@given(st.text())
def test_safe(text: str) -> None:
    """What is shown never drives the terminal, and can always be encoded."""
    shown = escape(text)

    assert all(each >= " " for each in shown)
    assert shown == shown.encode().decode()


def test_safe_shows_what_it_takes_out() -> None:
    """An escape sequence in a file's name is shown, not obeyed."""
    assert escape("a\x1b[31m 人\n") == "a\\x1b[31m 人\\x0a"


HIDDEN = "\u202e\u202d\u2066\u2067\u2068\u2069\u200e\u200f\u061c\u200b\u00ad\ufeff\u2028\u2029\x9b"


@pytest.mark.parametrize("character", HIDDEN + "\U000e0041")
def test_nothing_quoted_reorders_or_hides_text(character: str) -> None:
    """A name with a bidi control in it is shown as it is written, however it is printed."""
    screen = Screen()
    terminal = Terminal(screen, {}, Clock(), 80)
    name = f"gpj{character}.md"

    terminal.echo(f"{name}: a fault")
    terminal.echo(terminal.style(name, Style.ERROR))
    terminal.show_progress(name, 0, 0)
    shown = screen.getvalue() + escape(name) + format_columns([(name, "x")])

    assert character not in shown
    assert f"{ord(character):x}.md" in escape(name)


def test_what_people_write_with_stays() -> None:
    """Right-to-left letters, and the joiners of Persian and of emoji, are no controls."""
    text = "می\u200cخواهم שלום 👩\u200d💻 é"

    assert text == escape(text)


def test_columns() -> None:
    """Columns line up with wide characters, too."""
    actual = format_columns([("人工智能.md", "a"), ("e\u0301.md", "b")])

    assert actual == "  人工智能.md  a\n  e\u0301.md         b"


def test_many_columns() -> None:
    """There may be many columns, as wide as those before; no line ends in spaces."""
    actual = format_columns([("人", "a", ""), ("b", "cc", "d")], (4, 1, 9))

    assert actual == "  人    a\n  b     cc  d"


def test_progress_without_an_end() -> None:
    """Where nobody knows how much there is, it is told how much is done, and not too often."""
    screen, clock = Screen(), Clock()
    terminal = Terminal(screen, {}, clock, 80)
    terminal.show_progress("reading", 1, 0)
    clock.seconds = 5.0
    terminal.show_progress("reading", 12_000, 0)
    terminal.show_progress("reading", 12_001, 0)

    assert screen.getvalue() == "\rreading  12,000"


def test_no_columns() -> None:
    """No rows are no lines."""
    assert format_columns([]) == ""


def test_width() -> None:
    """A wide character needs two columns, a combining one none."""
    assert [measure_width(text) for text in ("abc", "人", "e\u0301", "Ａ")] == [3, 2, 1, 2]
