"""Programs that are not Python: a test that drives one skips, or under CI fails, without it."""

import fcntl
import os
import shutil
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest

_PACKAGES = {
    "caddy": "apt-get install caddy",
    "chromium": "apt-get install chromium",
    "java": "apt-get install default-jre-headless",
    "newsboat": "apt-get install newsboat",
    "nginx": "apt-get install nginx-light",
    "node": "apt-get install npm",
    "npm": "apt-get install npm",
    "spamassassin": "apt-get install spamassassin",
    "systemd-analyze": "apt-get install systemd",
}
_ROOT = Path(__file__).resolve().parent.parent


def needs(program: str) -> str:
    """Give the program's path; without it skip the test, or fail it where CI=true."""
    path = shutil.which(program)
    if path is None:
        lacks(f"{program} is not installed: {_PACKAGES[program]}")
    return path


def lacks(reason: str) -> NoReturn:
    """Skip the test, or fail it where CI=true: there everything must have been tested."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def from_npm(package: str) -> Path:
    """Give a folder in which `node` finds a package of npm, `name@version`, with what it needs.

    It is installed where it is not yet, and kept in FEEDPUB_TEST_CACHE, or in `.cache` of the
    checkout.
    """
    npm = needs("npm")
    folder = Path(os.environ.get("FEEDPUB_TEST_CACHE") or _ROOT / ".cache") / package
    folder.mkdir(parents=True, exist_ok=True)
    complete = folder / "complete"
    with (folder / "lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run in several processes
        if not complete.exists():
            done = subprocess.run(
                [npm, "install", "--prefix", folder, "--ignore-scripts", "--no-audit", package],
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                lacks(f"npm could not install {package}: {done.stderr[-500:]}")
            complete.touch()
    return folder


def nu_checker() -> tuple[str, ...]:
    """Give the command of the Nu HTML checker, installed from npm where it is not yet.

    It is kept in FEEDPUB_TEST_CACHE, or in `.cache` of the checkout.
    """
    java, npm = needs("java"), needs("npm")
    folder = Path(os.environ.get("FEEDPUB_TEST_CACHE") or _ROOT / ".cache") / "vnu"
    jar = folder / "node_modules/vnu-jar/build/dist/vnu.jar"
    if not jar.exists():
        folder.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            [npm, "install", "--prefix", folder, "--ignore-scripts", "--no-audit", "vnu-jar"],
            capture_output=True,
            text=True,
            check=False,
        )
        if not jar.exists():
            lacks(f"npm could not install vnu-jar: {done.stderr[-500:]}")
    return (java, "-Xss1m", "-jar", str(jar))
