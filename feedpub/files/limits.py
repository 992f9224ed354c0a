"""What one item of work may cost, enforced by the kernel on the process that does it.

A regular expression or a parser written in C cannot be interrupted from Python, so the time is
kept by a timer whose signal ends the process, and the memory by a limit on its address space.
"""

import os
import resource
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass

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
