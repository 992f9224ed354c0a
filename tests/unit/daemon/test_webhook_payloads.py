"""Commands that are run without a shell, and do not stay."""

import os
from pathlib import Path

from feedpub.daemon.webhook_payloads import run_command
from feedpub.delivery.http_client import HttpResponse

ENVIRON = {"PATH": os.environ["PATH"]}


def test_a_command_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    """With all that it started."""
    answer = run_command("sh -c 'sleep 100 & sleep 100'", "", tmp_path, ENVIRON, lambda: False, 0.2)

    assert HttpResponse(0, "took longer than 0 s") == answer


def test_a_lot_can_be_told(tmp_path: Path) -> None:
    """Whether the command reads it or not."""
    assert HttpResponse(200, "") == run_command(
        "true", "x" * 1_000_000, tmp_path, ENVIRON, lambda: False
    )
    assert HttpResponse(200, "1000000") == run_command(
        "wc -c", "x" * 1_000_000, tmp_path, ENVIRON, lambda: False
    )


def test_its_last_words_are_told(tmp_path: Path) -> None:
    """Not the ten thousand before."""
    answer = run_command("sh -c 'seq 10000; exit 3'", "", tmp_path, ENVIRON, lambda: False)

    assert 500 == answer.status
    assert answer.text.startswith("status 3: ")
    assert answer.text.endswith("9999 10000")


def test_what_cannot_be_run_is_told(tmp_path: Path) -> None:
    """A folder, or words that no program can have."""
    assert (
        "cannot be run: Permission denied"
        == run_command(".", "", tmp_path, ENVIRON, lambda: False).text
    )
    assert run_command("a\0b", "", tmp_path, ENVIRON, lambda: False).text.startswith(
        "cannot be run: "
    )
