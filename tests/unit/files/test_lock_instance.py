"""One daemon at a time, and what it says of itself."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from feedpub.errors import FeedpubError
from feedpub.files.lock import is_running, load_state, save_state, single_instance

HOLD = """
import sys
from pathlib import Path
from feedpub.files.lock import single_instance
with single_instance(Path(sys.argv[1])):
    print("holds", flush=True)
    sys.stdin.readline()
"""


def test_the_second_is_refused_by_the_number_of_the_first(tmp_path: Path) -> None:
    """As long as the first is there; after kill -9 the folder is free."""
    folder = tmp_path / ".feedpub"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as first:
        assert first.stdout is not None
        assert b"holds\n" == first.stdout.readline()
        assert is_running(folder)

        with (
            pytest.raises(
                FeedpubError, match=rf"already running in {tmp_path}, as process {first.pid};"
            ),
            single_instance(folder, 0.1),
        ):
            pass

        first.kill()
        first.communicate()

    assert not is_running(folder)

    with single_instance(folder):
        assert is_running(folder)
        assert f"{os.getpid()}\n" == (folder / "run.lock").read_text(encoding="ascii")


def test_where_none_ever_ran(tmp_path: Path) -> None:
    """Nothing runs, and nothing was said."""
    assert not is_running(tmp_path)
    assert "" == load_state(tmp_path)


def test_what_is_said_is_kept_whole(tmp_path: Path) -> None:
    """The last word counts, and nothing else is left."""
    save_state(tmp_path, "one")
    save_state(tmp_path, "two: 人")

    assert "two: 人" == load_state(tmp_path)
    assert ["run.json"] == [each.name for each in tmp_path.iterdir()]
