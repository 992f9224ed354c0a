"""A command is measured with all that it starts."""

import sys
from pathlib import Path

import pytest

from benchmarks.measure import MeasureError, run


def test_the_memory_of_children_counts(tmp_path: Path) -> None:
    """A child that holds 80 MB is seen, and so is the time it waits."""
    child = "import time; held = bytearray(b'x') * 80_000_000; time.sleep(0.5)"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"

    took = run((sys.executable, "-c", code), tmp_path)

    assert took.peak > 80_000_000
    assert took.seconds > 0.5


def test_a_command_that_fails_is_not_measured(tmp_path: Path) -> None:
    """Its output is told instead."""
    with pytest.raises(MeasureError, match=r"(?s)ended with 1.*a reason"):
        run((sys.executable, "-c", "raise SystemExit('a reason')"), tmp_path)
