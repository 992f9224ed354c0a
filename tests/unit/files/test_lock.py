"""One writer at a time."""

import subprocess
import sys
from pathlib import Path

import pytest

from feedpub.errors import OutputError
from feedpub.files.lock import lock_folder

HOLD = """
import sys
from pathlib import Path
from feedpub.files.lock import lock_folder
with lock_folder(Path(sys.argv[1]), lambda: print("waits", flush=True)):
    print("holds", flush=True)
    sys.stdin.readline()
"""


def holder(folder: Path) -> "subprocess.Popen[str]":
    """Start another process that holds a folder until it is told to end."""
    return subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def said(process: "subprocess.Popen[str]") -> str:
    """Give the next line a process printed."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_a_second_process_says_so_and_waits(tmp_path: Path) -> None:
    """Who comes second waits until the first has ended."""
    folder = tmp_path / "made/for/it"
    with lock_folder(folder, lambda: None):
        second = holder(folder)

        assert "waits" == said(second)

    assert "holds" == said(second)

    second.communicate("\n")


def test_a_killed_process_gives_the_folder_up(tmp_path: Path) -> None:
    """No file stays behind that would lock the site for ever."""
    with holder(tmp_path) as first:
        assert "holds" == said(first)

        first.kill()
        first.communicate()
        waited: list[bool] = []
        with lock_folder(tmp_path, lambda: waited.append(True)):
            assert [] == waited
    assert [] == list(tmp_path.iterdir())


def test_a_file_in_place_of_the_folder_is_told(tmp_path: Path) -> None:
    """A folder that cannot be made is told by name, and the file stays."""
    (tmp_path / "public").write_text("mine", encoding="utf-8")

    with (
        pytest.raises(OutputError, match=r"public: expected a folder, found a file"),
        lock_folder(tmp_path / "public", lambda: None),
    ):
        pass

    assert "mine" == (tmp_path / "public").read_text(encoding="utf-8")
