"""A disk that tells times in whole seconds, as FAT and old ext3 do: no save is missed there."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from daemons import here
from folders import Site
from watched import wait_until

ROUNDS = 4


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Give a folder on a disk that tells times in whole seconds."""
    image, folder = tmp_path / "image", tmp_path / "disk"
    folder.mkdir()
    mkfs = shutil.which("mkfs.ext4") or "/usr/sbin/mkfs.ext4"
    with image.open("wb") as file:
        file.truncate(16 * 2**20)
    commands = (
        [mkfs, "-q", "-I", "128", str(image)],
        ["mount", "-o", "loop", str(image), str(folder)],
    )
    try:
        for command in commands:
            subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("nobody may mount a disk here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def shows(site: Site, text: str) -> bool:
    """Tell whether the feed has a text."""
    return text in site.read("atom.xml")


def at_the_start_of_a_second() -> None:
    """Wait until two saves fall in one second."""
    time.sleep(1 - time.time() % 1)


def test_two_saves_of_one_size_within_a_second_are_seen(disk: Path) -> None:
    """By a build after each, though size and times are the same."""
    site = Site(disk / "site")
    path = site.post("a.md", body="Number 00.")
    for number in range(1, ROUNDS):
        at_the_start_of_a_second()
        path.write_text(path.read_text().replace(f"{number - 1:02}.", "xx."), encoding="utf-8")
        site.build()
        path.write_text(path.read_text().replace("xx.", f"{number:02}."), encoding="utf-8")
        assert path.stat().st_mtime_ns % 1_000_000_000 == 0
        site.build()

        assert f"Number {number:02}." in site.read("atom.xml")


@pytest.mark.parametrize("events", [True, False])
def test_a_daemon_sees_both(disk: Path, *, events: bool) -> None:
    """Whether the kernel tells of them or a sweep looks for them."""
    site = Site(disk / "site")
    site.config(
        'site: {title: A, url: "https://example.org/"}\n'
        f"run: {{events: {str(events).lower()}, sweep: 1}}\n"
    )
    path = site.post("a.md", body="Number 00.")
    with here(site) as daemon:
        daemon.wait("watching")
        for number in range(1, ROUNDS):
            at_the_start_of_a_second()
            path.write_text(path.read_text().replace(f"{number - 1:02}.", "xx."), encoding="utf-8")
            time.sleep(0.4)
            path.write_text(path.read_text().replace("xx.", f"{number:02}."), encoding="utf-8")
            wait_until(partial(shows, site, f"Number {number:02}."), "the second save")
