"""Logs kept beside the database, to detect that it was restored from a backup.

Three small files in `.feedpub/`: `sent` counts the batches of messages released to a server, with
a nonce that identifies the database; `departures` holds a salted hash of everyone who
unsubscribed, and `issues` a line for each issue planned. The two logs are fsynced before the
change they record is committed. `storage.sent_files` uses them.
"""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

_NUMBER = 20  # digits; a fixed length lets the counter be overwritten in place
_OWNER = 0o600  # subscribers and their number are private


class SentCounter:
    """The number of releases of messages to a server; safe across threads and processes."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "sent"

    def read(self) -> tuple[str, int] | None:
        """Return the database's nonce and the number; None if unknown.

        Raises OSError if the file cannot be read.
        """
        try:
            words = self._path.read_bytes().split()
        except FileNotFoundError:
            return None
        # Ignore what a power failure left half-written.
        if len(words) != 2 or not words[1].isdigit():  # noqa: PLR2004 - nonce and number
            return None
        return words[0].decode("ascii", "replace"), int(words[1])

    def write(self, nonce: str, number: int) -> None:
        """Reset to another database or number. Raises OSError."""
        with self._locked() as file:
            os.truncate(file, 0)
            os.pwrite(file, _line(nonce, number), 0)
            os.fsync(file)

    def advance_to(self, nonce: str, number: int) -> None:
        """Raise the number if this one is larger and of the same database. Raises OSError.

        On return it survives a killed process; it survives a power failure only after `sync`, since
        an fsync per message would be slow.
        """
        with self._locked() as file:
            line = _line(nonce, number)
            there = os.pread(file, len(line), 0)
            # Equal lengths and zero-padding: octets compare as the numbers do.
            if there < line and (not there or there.startswith(nonce.encode())):
                os.pwrite(file, line, 0)

    def sync(self) -> None:
        """Flush the number to disk. Raises OSError."""
        with self._locked() as file:
            os.fsync(file)

    @contextmanager
    def _locked(self) -> Iterator[int]:
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _OWNER)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file
        finally:
            os.close(file)


class AppendLog:
    """An append-only log of lines; safe across threads and processes."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, lines: Sequence[str]) -> int:
        """Append lines, flush them to disk, and return the log's new length. Raises OSError."""
        file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, _OWNER)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            length = os.fstat(file).st_size
            torn = length and os.pread(file, 1, length - 1) != b"\n"  # by a power failure
            data = ("\n" * bool(torn) + "".join(f"{line}\n" for line in lines)).encode()
            written = os.write(file, data)
            if written < len(data):
                os.ftruncate(file, length)
                raise OSError(28, "No space left on device", str(self.path))
            os.fsync(file)
            return length + written
        finally:
            os.close(file)

    def get_length(self) -> int:
        """Return the log's length in octets; 0 if there is none. Raises OSError."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    def read_lines(self, start: int = 0) -> Iterator[str]:
        """Yield the lines from an offset on. Raises OSError."""
        try:
            with self.path.open("rb") as file:
                file.seek(start)
                for line in file:
                    yield line.decode("utf-8", "replace").rstrip("\n")
        except FileNotFoundError:
            return


def _line(nonce: str, number: int) -> bytes:
    return f"{nonce} {number:0{_NUMBER}d}\n".encode()
