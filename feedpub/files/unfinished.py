"""Files that somebody is writing at this moment: half of one must not be taken for all of it."""

import errno
import fcntl
import os
import signal
from pathlib import Path


class UnfinishedError(OSError):
    """A file is being written."""

    def __init__(self, path: str) -> None:
        """Say which."""
        super().__init__(errno.EAGAIN, "it is still being written", path)


def is_being_written(path: str | Path) -> bool | None:
    """Tell whether somebody has a file open for writing; None where nobody can tell.

    The kernel grants a lease for reading only where nobody does. It is given back at once.
    """
    try:
        number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False  # it is gone, or is none of ours
    try:
        # Who opens the file meanwhile waits, and we would be sent a signal: one that is ignored.
        fcntl.fcntl(number, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(number, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError as error:
        return True if error.errno == errno.EAGAIN else None
    except AttributeError:  # pragma: no cover - not Linux
        return None
    finally:
        os.close(number)
    return False


def raise_if_being_written(path: Path) -> None:
    """Raise UnfinishedError where somebody has a file open for writing."""
    if is_being_written(path):
        raise UnfinishedError(str(path))
