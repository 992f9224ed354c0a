"""Builds in which something goes wrong: a full disk, files that vanish, a clock that is wrong."""

import os
import random
import resource
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

POSTS = 150
MOMENTS = int(os.environ.get("MOMENTS", "6"))  # of each kind of mishap
CONFIG = """
site: {title: Example, url: "https://example.org/"}
markdown: {engine: comrak}
pages: {per_page: 50}
"""


def build(
    home: Path, *options: str, largest_file: int = 0, clock: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a build; no file that it writes may be longer than `largest_file` octets, if given."""

    def limit() -> None:
        if largest_file:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))

    begin = ["faketime", clock] if clock else []
    # What measures coverage would fail to write its own file, and say so with a traceback.
    environ = {key: text for key, text in os.environ.items() if not key.startswith("COVERAGE_")}
    return subprocess.run(
        [*begin, sys.executable, "-m", "feedpub", "build", *options],
        cwd=home,
        env=environ,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        preexec_fn=limit,  # the limit is for the build alone
    )


def write(home: Path, text: str) -> None:
    """Write the content and the configuration."""
    shutil.rmtree(home / "content", ignore_errors=True)
    (home / "content").mkdir()
    (home / "config.yaml").write_text(CONFIG, encoding="utf-8")
    for number in range(POSTS):
        head = f"title: Post {number}\ndate: {2000 + number % 20}-01-02\ntags: [t{number % 5}]"
        body = f"---\n{head}\n---\n{text} {'word ' * number}\n"
        (home / "content" / f"p{number}.md").write_text(body, encoding="utf-8")


def published(home: Path) -> dict[str, bytes]:
    """Return every file of the output folder but its own list."""
    public = home / "public"
    return {
        path.relative_to(public).as_posix(): path.read_bytes()
        for path in public.rglob("*")
        if path.is_file() and not path.relative_to(public).as_posix().startswith(".feedpub")
    }


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return the site that a build in peace makes of the content."""
    home = tmp_path_factory.mktemp("clean")
    write(home, "whole")

    assert build(home).returncode == 0

    return published(home)


def test_a_full_disk_is_told_and_the_next_build_mends_all(
    clean: dict[str, bytes], tmp_path: Path
) -> None:
    """Whatever cannot be written, each file is the old one or the new one, and nothing is lost."""
    chance = random.Random(3)
    write(tmp_path, "old")
    build(tmp_path)
    old = published(tmp_path)
    failed = 0
    for _ in range(MOMENTS):
        write(tmp_path, "whole")
        done = build(tmp_path, largest_file=int(2 ** chance.uniform(8, 18)))
        failed += done.returncode == 1

        assert "Traceback" not in done.stderr
        assert done.returncode == 0 or done.stderr
        assert {
            path
            for path, data in published(tmp_path).items()
            if data not in (old.get(path), clean.get(path))
        } == set()

        assert build(tmp_path).returncode == 0
        assert published(tmp_path) == clean

        write(tmp_path, "old")
        build(tmp_path)
    assert failed


def test_files_that_vanish_and_come_back_during_a_build_fail_nothing(
    clean: dict[str, bytes], tmp_path: Path
) -> None:
    """A post that is moved away or written anew meanwhile is read as it is, or is gone."""
    chance = random.Random(4)
    write(tmp_path, "whole")
    for _ in range(MOMENTS):
        over = threading.Event()

        def disturb(over: threading.Event = over) -> None:
            while not over.wait(0.002):
                path = tmp_path / "content" / f"p{chance.randrange(POSTS)}.md"
                text = path.read_bytes()
                path.unlink()
                over.wait(chance.uniform(0, 0.005))
                path.write_bytes(text)

        shutil.rmtree(tmp_path / ".feedpub", ignore_errors=True)
        meddler = threading.Thread(target=disturb)
        meddler.start()
        try:
            done = build(tmp_path)
        finally:
            over.set()
            meddler.join()

        assert "Traceback" not in done.stderr
        assert done.returncode in (0, 1)
        assert build(tmp_path).returncode == 0
        assert published(tmp_path) == clean


@pytest.mark.skipif(not shutil.which("faketime"), reason="faketime is not installed")
def test_a_clock_that_jumps_takes_nothing_away(clean: dict[str, bytes], tmp_path: Path) -> None:
    """Behind by years a build refuses; ahead it publishes; once it is right all is as ever."""
    chance = random.Random(5)
    write(tmp_path, "whole")
    build(tmp_path)
    for _ in range(MOMENTS):
        behind = build(tmp_path, clock=f"{chance.randint(1999, 2010)}-01-01 00:00:00")

        assert behind.returncode == 1
        assert "Traceback" not in behind.stderr
        assert published(tmp_path) == clean

        ahead = build(tmp_path, clock=f"{chance.randint(2040, 2090)}-01-01 00:00:00")

        assert ahead.returncode == 0
        assert build(tmp_path).returncode == 0
        assert published(tmp_path) == clean
