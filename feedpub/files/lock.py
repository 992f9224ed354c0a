"""One writer at a time in a folder."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from feedpub.errors import OutputError


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
