"""The command as a shell starts it."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from feedpub.cli import load_doctor
from feedpub.newsletter.doctor import run_checks as examine

CONFIG = 'site: {title: "人 notes", url: "https://example.org/"}\n'


def test_started_as_a_module(tmp_path: Path) -> None:
    """`python -m feedpub` is the command, in UTF-8 whatever the locale says."""
    (tmp_path / "config.yaml").write_text(CONFIG, encoding="utf-8")
    result = subprocess.run(
        [sys.executable, "-m", "feedpub", "config"],
        capture_output=True,
        check=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )

    assert "  title: 人 notes\n" in result.stdout.decode()


def test_a_reader_that_goes_away(tmp_path: Path) -> None:
    """A pipe that is closed ends the command without a word."""
    (tmp_path / "config.yaml").write_text(CONFIG, encoding="utf-8")
    read, write = os.pipe()
    os.close(read)
    try:
        result = subprocess.run(
            [sys.executable, "-m", "feedpub", "config"],
            stdout=write,
            stderr=subprocess.PIPE,
            check=False,
            cwd=tmp_path,
        )
    finally:
        os.close(write)

    assert (result.returncode, result.stderr) == (141, b"")


def test_help_waits_for_nothing() -> None:
    """Help is there at once: what is heavy is not imported for it."""
    result = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "feedpub", "--help"],
        capture_output=True,
        check=True,
        text=True,
    )
    heavy = (
        "feedgen",
        "feedpub.config",
        "feedpub.newsletter.api",
        "feedpub.site.api",
        "jinja2",
        "lxml",
        "markdown",
        "yaml",
    )

    assert not [name for name in heavy if f" {name}\n" in result.stderr]


def test_what_builds_is_loaded_when_it_is_needed(tmp_path: Path) -> None:
    """A build in a folder without a site says what to do."""
    result = subprocess.run(
        [sys.executable, "-m", "feedpub", "build"],
        capture_output=True,
        check=False,
        cwd=tmp_path,
        text=True,
    )

    assert result.returncode == 1
    assert "run `feedpub init`" in result.stderr
    assert "Traceback" not in result.stderr


def test_what_mails_is_loaded_when_it_is_needed(tmp_path: Path) -> None:
    """The newsletter of a folder without a site says what to do."""
    result = subprocess.run(
        [sys.executable, "-m", "feedpub", "digest", "list"],
        capture_output=True,
        check=False,
        cwd=tmp_path,
        text=True,
    )

    assert result.returncode == 1
    assert "run `feedpub init`" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("config", "piped", "status", "said"),
    [
        ("", "", 75, "run `feedpub init`"),
        (CONFIG, "", 0, '"left": 1'),
        (CONFIG, "<&-", 0, '"read": 0'),
    ],
)
def test_a_mail_server_hands_a_message_over(
    tmp_path: Path, config: str, piped: str, status: int, said: str
) -> None:
    """Whatever octets it is of; what cannot be read for now it shall keep and bring again."""
    if config:
        (tmp_path / "config.yaml").write_text(config, encoding="utf-8")
    result = subprocess.run(
        ["/bin/sh", "-c", f"exec {sys.executable} -m feedpub bounces - --json {piped}"],
        input=b"Subject: \xff\r\n\r\nHello",
        capture_output=True,
        check=False,
        cwd=tmp_path,
    )
    told = (result.stdout + result.stderr).decode()

    assert status == result.returncode
    assert said in told
    assert "Traceback" not in told


def test_the_doctor_is_loaded_when_it_is_needed() -> None:
    """It needs a resolver."""
    assert examine is load_doctor()


def test_the_browser(tmp_path: Path) -> None:
    """A preview is shown in the browser that the user has chosen."""
    page, shown = tmp_path / "a b.html", tmp_path / "shown"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {shown}\n', encoding="utf-8")
    browser.chmod(0o700)
    program = f"""
import sys
from pathlib import Path
from feedpub.cli import open_browser
sys.exit(not open_browser(Path({str(page)!r})))
"""
    subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        env={**os.environ, "BROWSER": f"{browser} %s"},
    )

    assert shown.read_text(encoding="utf-8") == f"file://{tmp_path}/a%20b.html\n"


def test_on_a_terminal(tmp_path: Path) -> None:
    """On a terminal people are told what was done."""
    ours, theirs = pty.openpty()
    try:
        result = subprocess.run(
            [sys.executable, "-m", "feedpub", "init"],
            stdin=subprocess.DEVNULL,
            stdout=theirs,
            stderr=theirs,
            check=False,
            cwd=tmp_path,
            env={**os.environ, "NO_COLOR": "1", "TERM": "xterm"},
        )
        shown = os.read(ours, 10_000).decode()
    finally:
        os.close(ours)
        os.close(theirs)

    assert result.returncode == 0
    assert shown.startswith("Created a site:\r\n  config.yaml ")


def test_inside_another_program(tmp_path: Path) -> None:
    """A program that puts something else in place of standard output can run a command."""
    program = """
import io, sys
from feedpub.cli import run
shown, sys.stdout = sys.stdout, io.StringIO()
sys.argv = ["feedpub", "--version"]
status = run()
shown.write(f"{status} {sys.stdout.getvalue()}")
"""
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, cwd=tmp_path, text=True
    )

    assert result.stdout.startswith("0 feedpub ")
