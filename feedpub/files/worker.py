"""Start child processes that work on what they are handed, and end with their parent.

A child counts in a second pipe the items that it begins, so that its parent knows which one it was
working on when it died.

What one item of work may cost, enforced by the kernel on the process that does it.

A regular expression or a parser written in C cannot be interrupted from Python, so the time is
kept by a timer whose signal ends the process, and the memory by a limit on its address space.
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

    cpu_seconds: float  # of processor time
    memory_bytes: int  # of memory, beyond what the process has already


TIMEOUT_SIGNAL = signal.SIGPROF
"""Ends a process whose item took more than its seconds."""

CRASH_SIGNALS = frozenset((signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGSEGV))
"""End a process by its own fault: it ran out of memory or of stack, or a library has a bug."""


class LimitEnforcer:
    """Holds this process to the limits of one item after another."""

    def __init__(self, limits: ResourceLimits) -> None:
        signal.signal(TIMEOUT_SIGNAL, signal.SIG_DFL)
        self._limits = limits
        self._page = resource.getpagesize()
        self._hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        try:
            self._size = os.open("/proc/self/statm", os.O_RDONLY)
        except OSError:  # pragma: no cover - not Linux: nothing tells how large the process is
            self._size = -1

    def start_item(self) -> None:
        """Begin with an item; the process ends when its time is up, and its memory is limited."""
        if self._size >= 0:
            pages = int(os.pread(self._size, 32, 0).split()[0])
            most = pages * self._page + self._limits.memory_bytes
            if self._hard == resource.RLIM_INFINITY or most < self._hard:
                resource.setrlimit(resource.RLIMIT_AS, (most, self._hard))
        signal.setitimer(signal.ITIMER_PROF, self._limits.cpu_seconds)

    def end_item(self) -> None:
        """Limit nothing until the next item."""
        signal.setitimer(signal.ITIMER_PROF, 0)
        if self._size >= 0:
            resource.setrlimit(resource.RLIMIT_AS, (self._hard, self._hard))


def exit_with_parent(parent: int) -> None:
    """Have the kernel end this process as soon as its parent ends, where it can (Linux)."""
    import ctypes  # noqa: PLC0415 - takes long, and the parent has no use for it

    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it has ended already
        os._exit(1)


Item = TypeVar("Item")

_PATIENCE = 5.0  # seconds for a worker that has nothing more to do
_BOOT = """
import sys
from multiprocessing.connection import Connection
connection = Connection(int(sys.argv[1]))
sys.path[:] = connection.recv()
from feedpub.files.worker import serve_spawned
serve_spawned(connection, int(sys.argv[2]))
"""


class _Process(Protocol):
    """What `multiprocessing` and `subprocess` can do alike."""

    def kill(self) -> None:
        """End it at once."""


@dataclass(slots=True)
class Worker:
    """A child process, as its parent knows it."""

    process: _Process
    connection: Connection
    progress_fd: int  # descriptor: an octet for each item that it began
    exit_status: Callable[[float | None], int | None]  # waits so long; None: it has not ended
    tasks: deque[range] = field(default_factory=deque)  # handed over, the current one first
    started: int = 0  # items of these

    def update_progress(self) -> None:
        """Count the items that were begun since."""
        with suppress(BlockingIOError):
            while octets := os.read(self.progress_fd, 1 << 16):
                self.started += len(octets)

    def shut_down(self) -> None:
        """Let it end, as it has nothing more to do."""
        self.connection.close()
        os.close(self.progress_fd)
        if self.exit_status(_PATIENCE) is None:  # pragma: no cover - it was stopped (SIGSTOP)
            self.process.kill()
            self.exit_status(None)

    def kill(self) -> int:
        """End it at once; return the number of the signal that ended it, 0 where none did."""
        self.process.kill()
        status = self.exit_status(None)
        self.connection.close()
        os.close(self.progress_fd)
        return -status if status is not None and status < 0 else 0


def fork_worker(
    work: Callable[[int], object], limits: ResourceLimits | None, others: Sequence[Worker]
) -> Worker:
    """Fork a worker that is handed indexes."""
    ours, theirs = multiprocessing.Pipe()
    read, write = os.pipe()
    os.set_blocking(read, False)
    # What the child inherits of its siblings would keep their pipes open when the parent ends.
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
    """Start an interpreter that is handed items."""
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
    with suppress(OSError):  # it has ended already: seen when it is waited for
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
    """Work on what comes, in a forked child."""
    # What was inherited of a server's signal handling would tell the parent's loop, not us.
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends its children itself
    exit_with_parent(parent)
    for descriptor in inherited:
        os.close(descriptor)
    _serve(connection, progress, work, limits)


def serve_spawned(connection: Connection, progress: int) -> None:
    """Work on what comes, in an interpreter of its own."""
    # The parent decides when to end: it closes the pipe, or ends and so has it closed.
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
    """Work on batch after batch, until nobody waits for it."""
    meter = None
    if limits:
        meter = LimitEnforcer(limits)
        # Where a library aborts, the parent says what became of the item, in better words.
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
    """Do as `_tried`, at the cost that one item may have."""
    meter.start_item()
    try:
        return _run_item(work, item)
    finally:
        meter.end_item()


def _run_item(work: Callable[[Item], object], item: Item) -> object:
    """Return the result of an item, or the error that ends it all."""
    try:
        return work(item)
    except Exception as error:  # noqa: BLE001 - raised again in the parent
        return _make_picklable(error)


def _make_picklable(error: Exception) -> Exception:
    """Return an error that can be handed to another process."""
    try:
        copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - pickled by us
    except Exception:  # noqa: BLE001 - an error may refuse to be pickled in any way
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error if isinstance(copy, type(error)) else RuntimeError(str(error))
