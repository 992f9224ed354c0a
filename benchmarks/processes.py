"""A command that goes on → a process to ask: is it ready, what has it used of the processor?"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.measure import MeasureError, session

PATIENCE = 600.0
"""Seconds after which what has not come will not come."""

_TICKS = os.sysconf("SC_CLK_TCK")


@contextmanager
def living(command: tuple[str, ...], folder: Path) -> Iterator[int]:
    """Let a command run in a folder, and give its session; in the end it is told to stop."""
    with (folder / "live.log").open("wb") as output:
        process = subprocess.Popen(
            command, cwd=folder, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            yield process.pid
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(PATIENCE)


def wait(done: Callable[[], bool], period: float) -> float:
    """Ask again and again, so many seconds apart, until it is done; give the seconds it took.

    Raises:
        MeasureError: it was not done for a long time.
    """
    began = time.perf_counter()
    while not done():
        if time.perf_counter() - began > PATIENCE:
            raise MeasureError("what was waited for did not come; see live.log")
        time.sleep(period)
    return time.perf_counter() - began


def used(leader: int) -> float:
    """Give the seconds of processor time that all processes of a session have used."""
    return sum(map(_used, session(leader)))


def idle(leader: int, seconds: float) -> float:
    """Give the share of one processor that a session uses while nothing happens."""
    before = used(leader)
    time.sleep(seconds)
    return (used(leader) - before) / seconds


def _used(process: Path) -> float:
    """Give the processor time of a process and its children that have ended (proc(5))."""
    try:
        fields = (process / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return 0.0  # it has ended since
    return sum(map(int, fields[11:15])) / _TICKS
