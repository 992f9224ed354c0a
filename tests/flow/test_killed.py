"""Builds that are killed, and builds that meet: the site is whole at every moment."""

import contextlib
import fcntl
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest
from lxml import etree

POSTS = 2_000
MOMENTS = int(os.environ.get("MOMENTS", "8"))  # at which a build is killed
IN_A_ROW = 3  # builds that are killed before one may end
CONFIG = """
site: {title: Example, url: "https://example.org/"}
markdown: {engine: comrak}
feeds: {limit: 10}
pages: {per_page: 500}
"""

Files = Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class State:
    """A site's content, the site that a clean build makes of it, and how long that takes."""

    write: Callable[[Path], None]
    published: Files
    seconds: float


def first(home: Path) -> None:
    """Write the content as it is at first."""
    _write(home, range(POSTS), "short")


def edited(home: Path) -> None:
    """Write the content after somebody changed every post, and renamed a few."""
    _write(home, range(100, POSTS + 100), "not quite as short")


def _write(home: Path, numbers: range, text: str) -> None:
    content = home / "content"
    shutil.rmtree(content, ignore_errors=True)
    content.mkdir()
    for number in numbers:
        date = f"{2000 + number % 20}-01-{number % 28 + 1:02}"
        head = f"title: Post {number}\ndate: {date}\ntags: [t{number % 7}]"
        (content / f"p{number}.md").write_text(f"---\n{head}\n---\n{text}\n", encoding="utf-8")


def start(home: Path) -> subprocess.Popen[str]:
    """Begin a build in a group of processes of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "feedpub", "build", "--json"],
        cwd=home,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finish(build: subprocess.Popen[str]) -> dict[str, int]:
    """Wait for a build; give what it told."""
    told, faults = build.communicate(timeout=100)

    assert (0, "") == (build.returncode, faults)

    summary: dict[str, int] = json.loads(told)
    return summary


def published(home: Path) -> Files:
    """Give every file of the output folder that has its name; those being written have none."""
    public = str(home / "public")
    found: dict[str, bytes] = {}
    for folder, folders, names in os.walk(public):
        folders[:] = [name for name in folders if name != ".feedpub-parts"]
        for name in names:
            path = f"{folder}/{name}".removeprefix(f"{public}/")
            if not path.startswith(".feedpub"):
                found[path] = (home / "public" / path).read_bytes()
    return found


def listed(home: Path) -> set[str]:
    """Give the files that the output folder's own list names."""
    try:
        text = (home / "public" / ".feedpub").read_text(encoding="utf-8")
    except FileNotFoundError:
        return set()
    # Behind an empty line stands what posts were published as.
    return set(text.partition("\n\n")[0].split("\n")[1:])


def whole(path: str, data: bytes) -> bool:
    """Tell whether a document has its end."""
    if path.endswith((".xml", ".opml")):
        etree.fromstring(data)
    elif path.endswith(".json"):
        json.loads(data)
    elif path.endswith(".html"):
        return data.rstrip().endswith(b"</html>")
    return True


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> tuple[State, State]:
    """The site before and after the edits, each built cleanly and in peace."""
    return (_clean(tmp_path_factory, first), _clean(tmp_path_factory, edited))


def _clean(tmp_path_factory: pytest.TempPathFactory, write: Callable[[Path], None]) -> State:
    home = tmp_path_factory.mktemp("clean")
    (home / "config.yaml").write_text(CONFIG, encoding="utf-8")
    write(home)
    began = time.perf_counter()
    finish(start(home))
    state = State(write, published(home), time.perf_counter() - began)

    assert len(state.published) > POSTS
    assert [] == [path for path, data in state.published.items() if not whole(path, data)]
    assert set() == state.published.keys() - listed(home)

    return state


def kill(home: Path, moment: float) -> bool:
    """Build, and end all processes of the build after so many seconds; tell whether it ran yet."""
    build = start(home)
    try:
        build.communicate(timeout=moment)
    except subprocess.TimeoutExpired:
        os.killpg(build.pid, signal.SIGKILL)
        build.communicate()
    return build.returncode != 0


@pytest.mark.timeout(400)  # 40 builds of 2,000 posts: less than a minute where nothing else runs
def test_kill_9_at_any_moment_leaves_whole_files_and_heals(
    states: tuple[State, State], tmp_path: Path
) -> None:
    """Whenever a build is killed, every file is the old one or the new one, and known as ours.

    The next build equals a clean one: after first builds, after builds of a site whose every
    post was edited, and after a build that was to heal and was killed too.
    """
    chance = random.Random(2)
    (tmp_path / "config.yaml").write_text(CONFIG, encoding="utf-8")
    length = min(state.seconds for state in states)
    killed = 0
    old: Files = {}
    for number in count():
        new = states[number % 2]
        if number % 3 == 0:
            shutil.rmtree(tmp_path / "public", ignore_errors=True)
            shutil.rmtree(tmp_path / ".feedpub", ignore_errors=True)
            old = {}
        new.write(tmp_path)
        for _ in range(IN_A_ROW):
            if not kill(tmp_path, chance.uniform(0.1, 0.95) * length):
                length *= 0.9  # it ended by itself: the machine is faster now than it was
                break
            killed += 1
            found = published(tmp_path)
            strange = {
                path
                for path, data in found.items()
                if data not in (old.get(path), new.published.get(path))
            }

            assert set() == strange
            assert set() == found.keys() - listed(tmp_path)

        finish(start(tmp_path))

        assert new.published == published(tmp_path)
        assert new.published.keys() == listed(tmp_path) - {""}
        assert not (tmp_path / "public" / ".feedpub-parts").exists()

        if killed >= MOMENTS:
            break
        old = new.published


@pytest.mark.parametrize("share", [0.3, 0.5, 0.8])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_children_of_a_killed_build_end_with_it(
    states: tuple[State, State], tmp_path: Path, share: float, number: int
) -> None:
    """Where the parent alone is killed, no child holds its locks: the next build is clean."""
    (tmp_path / "config.yaml").write_text(CONFIG, encoding="utf-8")
    state = states[0]
    state.write(tmp_path)
    build = start(tmp_path)
    try:
        build.communicate(timeout=share * state.seconds)
    except subprocess.TimeoutExpired:
        build.send_signal(number)
        build.communicate(timeout=30)  # its pipes close when the last of its children has ended
    finish(start(tmp_path))

    assert state.published == published(tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="children are found in /proc")
def test_a_child_that_is_killed_is_told_and_nothing_is_missing(
    states: tuple[State, State], tmp_path: Path
) -> None:
    """As by a kernel that is out of memory: the build says so and ends with 1, yet is whole."""
    chance = random.Random(3)
    (tmp_path / "config.yaml").write_text(CONFIG, encoding="utf-8")
    state = states[0]
    state.write(tmp_path)
    killed = 0
    for _ in range(max(3, MOMENTS // 10)):
        shutil.rmtree(tmp_path / "public", ignore_errors=True)
        shutil.rmtree(tmp_path / ".feedpub", ignore_errors=True)
        build = start(tmp_path)
        while not children(build.pid) and build.poll() is None:
            time.sleep(0.001)
        time.sleep(chance.uniform(0.0, 0.3) * state.seconds)
        found = children(build.pid)
        if found and build.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(chance.choice(found), signal.SIGKILL)
                killed += 1
        told, faults = build.communicate(timeout=300)
        problems = json.loads(told)["problems"]

        assert "Traceback" not in faults
        assert build.returncode == (1 if problems else 0)
        assert all("killed" in each["message"] for each in problems)
        assert state.published == published(tmp_path)

        finish(start(tmp_path))

        assert state.published == published(tmp_path)

    assert killed


def children(parent: int) -> list[int]:
    """Return the children of a process."""
    try:
        text = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii")
    except OSError:
        return []
    return [int(word) for word in text.split()]


def test_two_builds_at_once(states: tuple[State, State], tmp_path: Path) -> None:
    """The second waits for the first, and finds that nothing is left to be done."""
    (tmp_path / "config.yaml").write_text(CONFIG, encoding="utf-8")
    state = states[0]
    state.write(tmp_path)
    one = start(tmp_path)
    while not held(tmp_path / "public") and one.poll() is None:
        time.sleep(0.001)
    other = start(tmp_path)
    told = [finish(one), finish(other)]

    assert [len(state.published), 0] == [each["written"] for each in told]
    assert [0, len(state.published)] == [each["unchanged"] for each in told]
    assert state.published == published(tmp_path)


def held(folder: Path) -> bool:
    """Tell whether a process holds the folder's lock."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False
