"""File locks: `lock_folder` admits one writer to a folder, `single_instance` one `feedpub run`.

Both use flock(2): the kernel releases the lock of a process that dies. The running instance
also publishes its state for other commands (`save_state`, `load_state`).
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from feedpub.errors import FeedpubError, OutputError


@contextmanager
def lock_folder(folder: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Lock a folder, created if needed, for this process and its children.

    If another process holds it, `waiting` is called once and the lock is waited for. The lock is on
    the folder itself: the kernel releases it if the process dies, and no lock file is left behind.
    Raises OutputError if a file is in the way.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        message = f"{error.filename}: expected a folder, found a file; move it away"
        raise OutputError(message) from None
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


_LOCK, _STATE = "run.lock", "run.json"
_TIMEOUT, _PAUSE = 3.0, 0.05  # seconds; children of a killed process may take a moment to exit


@contextmanager
def single_instance(folder: Path, timeout: float = _TIMEOUT) -> Iterator[None]:
    """Hold the lock of the only `feedpub run` in a folder, which is created if needed.

    The kernel releases the lock if the process dies.

    Raises:
        FeedpubError: another instance is still running after `timeout` seconds; the message gives
            its process id.
    """
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        end = time.monotonic() + timeout
        while not _try_lock(handle, fcntl.LOCK_EX):
            if time.monotonic() >= end:
                raise FeedpubError(
                    f"`feedpub run` is already running in {folder.parent.absolute()}, as process "
                    f"{_holder(handle)}; stop it first"
                )
            time.sleep(_PAUSE)
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)


def is_running(folder: Path) -> bool:
    """Return whether a `feedpub run` is active in a folder."""
    try:
        handle = os.open(folder / _LOCK, os.O_RDONLY)
    except OSError:
        return False
    try:
        return not _try_lock(handle, fcntl.LOCK_SH)
    finally:
        os.close(handle)


def save_state(folder: Path, text: str) -> None:
    """Save the running instance's state atomically."""
    part = folder / f"{_STATE}.part"
    part.write_text(text, encoding="utf-8")
    part.replace(folder / _STATE)


def load_state(folder: Path) -> str:
    """Return the state last saved; "" if there is none."""
    try:
        return (folder / _STATE).read_text(encoding="utf-8")
    except OSError:
        return ""


def _try_lock(handle: int, kind: int) -> bool:
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(handle: int) -> str:
    return os.pread(handle, 32, 0).decode("ascii", "replace").strip() or "unknown"
