"""What is kept beside the database, and outlives kills and power cuts."""

import stat
from pathlib import Path

from feedpub.files.sent_log import AppendLog, SentCounter


def test_a_mark_only_rises(tmp_path: Path) -> None:
    """For the database that it is of; another one begins it anew."""
    mark = SentCounter(tmp_path)

    assert mark.read() is None

    mark.write("a" * 24, 5)
    mark.advance_to("a" * 24, 12)
    mark.advance_to("a" * 24, 7)
    mark.advance_to("b" * 24, 99)
    mark.sync()

    assert ("a" * 24, 12) == mark.read()

    mark.write("b" * 24, 3)

    assert ("b" * 24, 3) == mark.read()
    assert 0o600 == stat.S_IMODE((tmp_path / "sent").stat().st_mode)


def test_a_mark_that_a_power_cut_spoilt_says_nothing(tmp_path: Path) -> None:
    """It is written again with the next message."""
    mark = SentCounter(tmp_path)
    for spoilt in (b"", b"abc", b"\0" * 40, b"abc 1x"):
        (tmp_path / "sent").write_bytes(spoilt)

        assert mark.read() is None

    (tmp_path / "sent").write_bytes(b"")
    mark.advance_to("abc", 4)

    assert ("abc", 4) == mark.read()


def test_a_log_grows(tmp_path: Path) -> None:
    """And tells how long it is, to be read on from there."""
    log = AppendLog(tmp_path / "log")

    assert (0, []) == (log.get_length(), list(log.read_lines()))

    length = log.append(["one", "two"])
    log.append(["three"])

    assert ["one", "two", "three"] == list(log.read_lines())
    assert ["three"] == list(log.read_lines(length))
    assert 0o600 == stat.S_IMODE(log.path.stat().st_mode)


def test_a_line_that_a_power_cut_tore_harms_no_other(tmp_path: Path) -> None:
    """What comes after it is a line of its own."""
    log = AppendLog(tmp_path / "log")
    log.append(["one"])
    with log.path.open("ab") as file:
        file.write(b"tw")
    log.append(["three"])

    assert ["one", "tw", "three"] == list(log.read_lines())
