"""One writer at a time in a folder.

The folder `.feedpub/` → one `feedpub run` at a time in it, and what that one says of itself.
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
    """Hold a folder (made if need be) for this process and its children.

    `waiting` is called once where another process holds it; then it is waited for. The lock is
    the kernel's, on the folder itself: a process that dies gives it up, and no file stays behind.
    Raises OutputError where there is a file in the way.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        message = f"{error.filename}: is a file where a folder must be; move it away"
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
_TIMEOUT, _PAUSE = 3.0, 0.05  # seconds: what was killed may have children that are about to end


@contextmanager
def single_instance(folder: Path, patience: float = _TIMEOUT) -> Iterator[None]:
    """Be the only one that runs in a folder (made if need be).

    The lock is the kernel's: a process that dies gives it up.

    Raises:
        FeedpubError: There is another one; the message says which process it is.
    """
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        end = time.monotonic() + patience
        while not _try_lock(handle, fcntl.LOCK_EX):
            if time.monotonic() >= end:
                raise FeedpubError(
                    f"`feedpub run` is running in {folder.parent.absolute()} already, as process "
                    f"{_holder(handle)}; stop that one first"
                )
            time.sleep(_PAUSE)
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)


def is_running(folder: Path) -> bool:
    """Tell whether there is one that runs in a folder."""
    try:
        handle = os.open(folder / _LOCK, os.O_RDONLY)
    except OSError:
        return False
    try:
        return not _try_lock(handle, fcntl.LOCK_SH)
    finally:
        os.close(handle)


def save_state(folder: Path, text: str) -> None:
    """Keep what the one that runs says of itself: whole, or as it was."""
    part = folder / f"{_STATE}.part"
    part.write_text(text, encoding="utf-8")
    part.replace(folder / _STATE)


def load_state(folder: Path) -> str:
    """Give what the last one that ran said of itself; "" where none ever did."""
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
