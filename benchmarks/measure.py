"""A command becomes seconds and bytes: how long it ran, and the most memory it held at once."""

import os
import resource
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PERIOD = 0.05
"""Seconds between two looks at the memory."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of a command took."""

    seconds: float  # by the wall clock, from start to exit
    peak: (
        int  # bytes: the largest sum of PSS over all of its processes, looked at 20 times a second
    )
    worked: float = 0.0  # seconds of processors, of all of its processes


class MeasureError(Exception):
    """A measured command failed; its figures would mean nothing."""


def run(command: tuple[str, ...], folder: Path) -> Run:
    """Run the command in the folder and measure it; every peer is measured in the same way.

    PSS counts a page that processes share once, in shares, so that a pool of forked workers is
    not charged for the same memory again and again.

    Raises:
        MeasureError: it ended with another status than 0.
    """
    os.sync()  # what the last run left to be written is not this one's to pay
    log = folder / "build.log"
    peaks = [0]
    done = threading.Event()
    with log.open("wb") as output:
        before = _worked()
        began = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=folder, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
        watcher = threading.Thread(target=_watch, args=(process.pid, peaks, done))
        watcher.start()
        status = process.wait()
        seconds = time.perf_counter() - began
    done.set()
    watcher.join()
    if status != 0:
        tail = log.read_text(encoding="utf-8", errors="replace")[-2_000:]
        raise MeasureError(f"{' '.join(command)} in {folder} ended with {status}\n{tail}")
    return Run(seconds, max(peaks), _worked() - before)


def _worked() -> float:
    """Seconds of processors of all processes that were waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def held(leader: int) -> int:
    """Give the memory that the processes of a session hold now, in bytes of PSS."""
    return sum(_proportional_size(process) for process in session(leader))


def _watch(leader: int, peaks: list[int], done: threading.Event) -> None:
    while not done.wait(PERIOD):
        peaks.append(held(leader))


def session(leader: int) -> Iterator[Path]:
    """The processes of the session: the command and all it started (proc(5), /proc/pid/stat)."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue  # it has ended since
        if int(fields[3]) == leader:
            yield stat.parent


def _proportional_size(process: Path) -> int:
    try:
        rollup = (process / "smaps_rollup").read_text(encoding="utf-8")
    except OSError:
        return 0  # it has ended since
    sizes = (line.split()[1] for line in rollup.splitlines() if line.startswith("Pss:"))
    return sum(int(size) * 1024 for size in sizes)
