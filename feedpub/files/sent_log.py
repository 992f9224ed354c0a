"""Keep beside the database what tells, should it be restored from a backup, what went on since.

Three small files in `.feedpub/`: `sent` says how often messages were released to a server, and of
which database; `departures` has a salted hash of everybody who left, and `issues` a line for each
issue that was planned. The two logs are on the disk when what they tell of is committed.
"""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

_NUMBER = 20  # digits, so that the file never changes its length
_OWNER = 0o600  # others need not know who reads, nor how many


class SentCounter:
    """How often messages were released to a server; for all threads and processes."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "sent"

    def read(self) -> tuple[str, int] | None:
        """Return the nonce of the database and the number; None where nothing is known.

        Raises OSError where the file cannot be read.
        """
        try:
            words = self._path.read_bytes().split()
        except FileNotFoundError:
            return None
        # What a power cut left half-written tells nothing.
        if len(words) != 2 or not words[1].isdigit():  # noqa: PLR2004 - nonce and number
            return None
        return words[0].decode("ascii", "replace"), int(words[1])

    def write(self, nonce: str, number: int) -> None:
        """Begin anew with another database, or another number. Raises OSError."""
        with self._locked() as file:
            os.truncate(file, 0)
            os.pwrite(file, _line(nonce, number), 0)
            os.fsync(file)

    def advance_to(self, nonce: str, number: int) -> None:
        """Write a number where it is larger than that of the same database. Raises OSError.

        It outlives a killed process when this returns, and a power cut once `sync` was called: a
        disk that had to promise it for each message would be slow.
        """
        with self._locked() as file:
            line = _line(nonce, number)
            there = os.pread(file, len(line), 0)
            if there < line and (not there or there.startswith(nonce.encode())):
                os.pwrite(file, line, 0)

    def sync(self) -> None:
        """Wait until the number is on the disk. Raises OSError."""
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
    """Lines that are only ever added; for all threads and processes."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, lines: Sequence[str]) -> int:
        """Add lines; return how long the log is then, on the disk. Raises OSError."""
        file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, _OWNER)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            length = os.fstat(file).st_size
            torn = length and os.pread(file, 1, length - 1) != b"\n"  # by a power cut
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
        """Return how long the log is; 0 where there is none. Raises OSError."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    def read_lines(self, start: int = 0) -> Iterator[str]:
        """Return the lines from some length on. Raises OSError."""
        try:
            with self.path.open("rb") as file:
                file.seek(start)
                for line in file:
                    yield line.decode("utf-8", "replace").rstrip("\n")
        except FileNotFoundError:
            return


def _line(nonce: str, number: int) -> bytes:
    return f"{nonce} {number:0{_NUMBER}d}\n".encode()
