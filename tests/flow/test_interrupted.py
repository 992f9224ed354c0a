"""Commands that wait for a locked database and are interrupted: each ends at once, nothing done."""

import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from watched import wait_until

from feedpub import storage
from feedpub.cli.context import EXIT_INTERRUPTED

CONFIG = """
site: {title: Example, url: "https://example.org/", author: {name: Ann, email: ann@example.org}}
digests: [{name: weekly}]
mail: {transport: folder, bounces: returned@example.org}
"""
LONGEST = 10.0  # seconds from the signal to the end


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Give a site whose database is up to date."""
    (tmp_path / "content").mkdir()
    (tmp_path / "content/post.md").write_text("# A post\n\nText.\n", encoding="utf-8")
    (tmp_path / "list.csv").write_text("email\nbob@example.org\n", encoding="utf-8")
    (tmp_path / "config.yaml").write_text(CONFIG, encoding="utf-8")
    storage.open_store("", tmp_path / ".feedpub").close()
    return tmp_path


@pytest.fixture
def locked(home: Path) -> Iterator[Path]:
    """Give the path of that database, which somebody else holds for themselves alone."""
    path = home / ".feedpub/newsletter.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        yield path
        other.execute("ROLLBACK")


def has_open(process: "subprocess.Popen[str]", path: Path) -> bool:
    """Tell whether a process has opened a file."""
    try:
        links = [each.readlink() for each in Path(f"/proc/{process.pid}/fd").iterdir()]
    except FileNotFoundError:  # closed between two looks
        return False
    return path in links


@pytest.mark.parametrize(
    "words",
    [
        "subscribers add ann@example.net",
        "subscribers list",
        "subscribers import list.csv --yes",
        "digest send weekly",
        "status",
        "doctor",
        "bounces returned",
    ],
)
def test_a_command_that_waits_for_a_lock_is_interrupted(
    home: Path, locked: Path, words: str
) -> None:
    """By Ctrl-C, long before it would give up, and without a traceback."""
    (home / "returned").mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "feedpub", *words.split()],
        cwd=home,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until(lambda: has_open(process, locked) or process.poll() is not None, "the database")
    time.sleep(0.5)  # it waits by now

    assert process.poll() is None, process.communicate()

    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    _, told = process.communicate(timeout=60)

    assert LONGEST > time.monotonic() - began
    assert EXIT_INTERRUPTED == process.returncode
    assert "Traceback" not in told


def test_a_command_goes_on_once_the_lock_is_gone(home: Path) -> None:
    """What waited is done."""
    path = home / ".feedpub/newsletter.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        process = subprocess.Popen(
            [sys.executable, "-m", "feedpub", "subscribers", "add", "ann@example.net"],
            cwd=home,
            stderr=subprocess.PIPE,
            text=True,
        )
        wait_until(lambda: has_open(process, path), "the database")
        time.sleep(1.0)
        other.execute("ROLLBACK")

    assert ("", 0) == (process.communicate(timeout=60)[1], process.returncode)
    with closing(storage.open_store("", home / ".feedpub")) as store:
        assert ["ann@example.net"] == [each.address for each in store.iter_subscribers()]
