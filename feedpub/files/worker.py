"""Worker processes: start them, serve items in them, and limit what each item may cost.

`pool` starts workers with `fork_worker` or `spawn_worker`. A worker writes one octet to a second
pipe as it begins each item, so that its parent knows which one it died on. Workers end with their
parent.

Limits are enforced by the kernel, since Python cannot interrupt a regular expression or a parser
written in C: a timer signal ends a process that takes too long, and memory is limited by its
address space.
"""

import gc
import multiprocessing
import os
import pickle
import resource
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Protocol, TypeVar

_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class ResourceLimits:
    """The most that one item may cost."""

    cpu_seconds: float  # CPU time
    memory_bytes: int  # on top of the process's size at the start of the item


TIMEOUT_SIGNAL = signal.SIGPROF
"""Kills a worker whose item exceeded its CPU time."""

CRASH_SIGNALS = frozenset((signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGSEGV))
"""Signals of a crash: out of memory or stack, or a bug in a library. Not worth a retry."""


class LimitEnforcer:
    """Applies ResourceLimits to this process, item by item."""

    def __init__(self, limits: ResourceLimits) -> None:
        signal.signal(TIMEOUT_SIGNAL, signal.SIG_DFL)
        self._limits = limits
        self._page = resource.getpagesize()
        self._hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        try:
            self._size = os.open("/proc/self/statm", os.O_RDONLY)
        except OSError:  # pragma: no cover - not Linux: the process size is unknown
            self._size = -1

    def start_item(self) -> None:
        """Start the CPU timer, and cap the address space at its current size plus the allowance."""
        if self._size >= 0:
            pages = int(os.pread(self._size, 32, 0).split()[0])
            most = pages * self._page + self._limits.memory_bytes
            if self._hard == resource.RLIM_INFINITY or most < self._hard:
                resource.setrlimit(resource.RLIMIT_AS, (most, self._hard))
        signal.setitimer(signal.ITIMER_PROF, self._limits.cpu_seconds)

    def end_item(self) -> None:
        """Lift the limits until the next item."""
        signal.setitimer(signal.ITIMER_PROF, 0)
        if self._size >= 0:
            resource.setrlimit(resource.RLIMIT_AS, (self._hard, self._hard))


def exit_with_parent(parent: int) -> None:
    """Ask the kernel to kill this process when its parent ends (Linux only)."""
    import ctypes  # noqa: PLC0415 - slow to import, and unused in the parent

    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before prctl took effect
        os._exit(1)


Item = TypeVar("Item")

_PATIENCE = 5.0  # seconds for an idle worker to exit
_BOOT = """
import sys
from multiprocessing.connection import Connection
connection = Connection(int(sys.argv[1]))
sys.path[:] = connection.recv()
from feedpub.files.worker import serve_spawned
serve_spawned(connection, int(sys.argv[2]))
"""


class _Process(Protocol):
    """What `multiprocessing.Process` and `subprocess.Popen` have in common."""

    def kill(self) -> None:
        """Kill the process."""


@dataclass(slots=True)
class Worker:
    """The parent's handle on a child process."""

    process: _Process
    connection: Connection
    progress_fd: int  # pipe with one octet for each item begun
    exit_status: Callable[[float | None], int | None]  # waits up to a timeout; None: running
    tasks: deque[range] = field(default_factory=deque)  # batches sent to it, the current one first
    started: int = 0  # items begun in `tasks`

    def update_progress(self) -> None:
        """Count the items begun since the last call."""
        with suppress(BlockingIOError):
            while octets := os.read(self.progress_fd, 1 << 16):
                self.started += len(octets)

    def shut_down(self) -> None:
        """Let an idle worker exit, and wait for it."""
        self.connection.close()
        os.close(self.progress_fd)
        if self.exit_status(_PATIENCE) is None:  # pragma: no cover - it was stopped (SIGSTOP)
            self.process.kill()
            self.exit_status(None)

    def kill(self) -> int:
        """Kill the worker; return the number of the signal that ended it, 0 if none did."""
        self.process.kill()
        status = self.exit_status(None)
        self.connection.close()
        os.close(self.progress_fd)
        return -status if status is not None and status < 0 else 0


def fork_worker(
    work: Callable[[int], object], limits: ResourceLimits | None, others: Sequence[Worker]
) -> Worker:
    """Fork a worker that takes item indexes."""
    ours, theirs = multiprocessing.Pipe()
    read, write = os.pipe()
    os.set_blocking(read, False)
    # Inherited descriptors of siblings would keep their pipes open after the parent ends.
    inherited = [ours.fileno(), read]
    for each in others:
        inherited += [each.connection.fileno(), each.progress_fd]
    process = multiprocessing.get_context("fork").Process(
        target=_serve_forked,
        args=(theirs, write, work, limits, inherited, os.getpid()),
        daemon=True,
    )
    process.start()
    theirs.close()
    os.close(write)

    def exit_status(seconds: float | None) -> int | None:
        process.join(seconds)
        return process.exitcode

    return Worker(process, ours, read, exit_status)


def spawn_worker(make: Callable[[], Callable[[Item], object]], limits: ResourceLimits) -> Worker:
    """Start a fresh interpreter that takes items."""
    ours, theirs = multiprocessing.Pipe()
    read, write = os.pipe()
    os.set_blocking(read, False)
    process = subprocess.Popen(  # noqa: S603 - this very interpreter
        [sys.executable, "-c", _BOOT, str(theirs.fileno()), str(write)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        pass_fds=(theirs.fileno(), write),
    )
    theirs.close()
    os.close(write)
    with suppress(OSError):  # it has died already; the pool notices
        ours.send(sys.path)
        ours.send((make, limits))

    def exit_status(seconds: float | None) -> int | None:
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:  # pragma: no cover - it was stopped (SIGSTOP)
            return None

    return Worker(process, ours, read, exit_status)


def _serve_forked(
    connection: Connection,
    progress: int,
    work: Callable[[int], object],
    limits: ResourceLimits | None,
    inherited: Sequence[int],
    parent: int,
) -> None:
    """Serve batches in a forked child."""
    # Inherited signal handling would wake the parent's event loop instead of this process.
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends its children itself
    exit_with_parent(parent)
    for descriptor in inherited:
        os.close(descriptor)
    _serve(connection, progress, work, limits)


def serve_spawned(connection: Connection, progress: int) -> None:
    """Serve batches in a fresh interpreter."""
    # The parent decides when to end: it closes the pipe, or its exit does.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    make, limits = connection.recv()
    _serve(connection, progress, make(), limits)


def _serve(
    connection: Connection,
    progress: int,
    work: Callable[[Item], object],
    limits: ResourceLimits | None,
) -> None:
    """Serve batch after batch until the parent closes the pipe."""
    meter = None
    if limits:
        meter = LimitEnforcer(limits)
        # Silence a library that aborts: the parent reports the item with a better message.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        gc.freeze()  # garbage would count as memory of the next item
        gc.enable()
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            results = []
            for item in connection.recv():
                os.write(progress, b".")
                result = _run_limited(work, item, meter) if meter else _run_item(work, item)
                if isinstance(result, Exception):
                    connection.send(result)
                    return
                results.append(result)
            connection.send(results)


def _run_limited(work: Callable[[Item], object], item: Item, meter: LimitEnforcer) -> object:
    """Run one item as `_run_item` does, under the limits."""
    meter.start_item()
    try:
        return _run_item(work, item)
    finally:
        meter.end_item()


def _run_item(work: Callable[[Item], object], item: Item) -> object:
    """Return the result of an item, or the exception it raised."""
    try:
        return work(item)
    except Exception as error:  # noqa: BLE001 - raised again in the parent
        return _make_picklable(error)


def _make_picklable(error: Exception) -> Exception:
    """Return an exception that can be sent to the parent."""
    try:
        copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - pickled by us
    except Exception:  # noqa: BLE001 - pickling can fail with any exception
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error if isinstance(copy, type(error)) else RuntimeError(str(error))
