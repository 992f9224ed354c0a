"""Read posts in child processes with CPU and memory limits.

A child that exceeds `READ_LIMITS` while reading a post is killed, and the post is left out and
reported; the main process is not affected. Enter at `ReaderPool`.
"""

import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from feedpub.config.schema import Config
from feedpub.content import reader
from feedpub.errors import PostError
from feedpub.files import scanner
from feedpub.files.cache import CacheRow, ReadResult
from feedpub.files.pool import LostWorker, SpawnedPool, can_fork, cpu_count, map_parallel
from feedpub.files.scanner import UnfinishedError
from feedpub.files.worker import CRASH_SIGNALS, TIMEOUT_SIGNAL, ResourceLimits
from feedpub.models.content import Problem

READ_LIMITS = ResourceLimits(cpu_seconds=2.0, memory_bytes=200_000_000)
"""Limits for reading one post."""


@dataclass(frozen=True, slots=True)
class ReadJob:
    """A file to read."""

    path: str
    stat: tuple[int, ...]  # as in ReadResult
    known_digest: str  # digest of its bytes when last read, "" if never


@dataclass(frozen=True, slots=True)
class JobResult:
    """The result of reading a file: a row for the cache, or a reason why there is none."""

    path: str
    row: CacheRow | None = None
    is_gone: bool = False  # the file no longer exists
    is_unfinished: bool = False  # the file is still being written
    killed_by: int | None = None  # signal that killed a worker reading it

    @property
    def is_unchanged(self) -> bool:
        """Whether the bytes have the known digest."""
        return self.row is None and not (self.is_gone or self.is_unfinished)


class ReaderPool:
    """Reads the posts of one site in child processes.

    Keep it for later builds: where the process cannot fork, because it has threads, one spawned
    child waits for more work.
    """

    def __init__(self, config: Config, folder: Path, limits: ResourceLimits = READ_LIMITS) -> None:
        """Create the pool; nothing is imported or started before the first read."""
        self._make = partial(PostFileReader, config, folder)
        self._read: PostFileReader | None = None
        self._limits = limits
        self._spawned = SpawnedPool[ReadJob, JobResult](self._make, limits, cpu_count())

    def read(self, jobs: Sequence[ReadJob]) -> Iterator[tuple[int, list[JobResult]]]:
        """Read files; yield the number done and the results of some of them, in any order.

        Raises ConfigError if a Python-Markdown extension cannot be loaded.
        """
        if self._read is None:
            self._read = self._make()
        outcomes = (
            map_parallel(jobs, self._read, cpu_count(), self._limits)
            if can_fork()
            else self._spawned.map(jobs)
        )
        for outcome in outcomes:
            found = [each for _, each in outcome.results]
            found += [
                _handle_lost_worker(jobs[loss.index], loss, self._limits)
                for loss in outcome.lost_workers
            ]
            yield outcome.count, found


class PostFileReader:
    """Reads files of one content folder; runs in any process."""

    def __init__(self, config: Config, folder: Path) -> None:
        self._reader = reader.PostReader(config)
        self._folder = folder
        self._largest = config.content.largest
        self._follow_links = config.content.follow_links

    def __call__(self, job: ReadJob) -> JobResult:
        """Read one file; errors in it are part of the result."""
        body, html, facts = "", "", job.stat
        try:
            source = scanner.read_source(
                self._folder, job.path, self._largest, follow_links=self._follow_links
            )
            if source.digest == job.known_digest:
                return JobResult(job.path)
            parsed_post, rendered = self._reader.read(source)
            html = rendered.dumps()
            reading, body = ReadResult(job.path, facts, parsed_post), source.digest
        except PostError as error:
            reading = ReadResult(job.path, facts, None, error.problem)
        except (FileNotFoundError, UnfinishedError) as error:
            is_gone = isinstance(error, FileNotFoundError)
            return JobResult(job.path, is_gone=is_gone, is_unfinished=not is_gone)
        except OSError as error:
            reading = _left_out(job.path, (), f"cannot be read ({error.strerror})")
        except MemoryError:
            reading = _left_out(job.path, facts, _TOO_LARGE)
        except RecursionError:
            reading = _left_out(job.path, facts, "nested too deeply")
        except Exception as error:  # noqa: BLE001 - one post must not stop the build
            reading = _left_out(job.path, facts, _fault(error))
        except BaseException as error:
            if type(error).__name__ != "PanicException":  # raised by libraries written in Rust
                raise
            reading = _left_out(job.path, facts, _fault(error))
        return JobResult(job.path, CacheRow(job.path, bytes(reading), body, html))


def _handle_lost_worker(job: ReadJob, loss: LostWorker, limits: ResourceLimits) -> JobResult:
    """Return the result for a file whose worker process died."""
    if loss.retried:
        return JobResult(job.path, killed_by=loss.signal)
    facts = job.stat
    if loss.signal == TIMEOUT_SIGNAL:
        message = (
            f"takes more than {limits.cpu_seconds:g} s to read; simplify it, split it "
            "into several "
            "posts, or set markdown.engine to comrak"
        )
    elif loss.signal in CRASH_SIGNALS:
        message = (
            f"reading it takes more than {limits.memory_bytes // 1_000_000} MB of memory, "
            "or crashes a "
            "library; is it nested too deeply?"
        )
    else:
        facts = ()  # forget stat data: the next build tries again
        message = f"the process reading it was killed twice ({_name(loss.signal)}); {_MEMORY}"
    reading = _left_out(job.path, facts, message)
    return JobResult(job.path, CacheRow(job.path, bytes(reading), "", ""))


_MEMORY = "is the machine out of memory?"
_TOO_LARGE = "reading it takes too much memory; simplify it, or split it into several posts"


def describe_killed_worker(path: str, number: int) -> Problem:
    """Return the problem for a worker that was killed while processing a file."""
    what = f"a process working on it was killed ({_name(number)}), and another took over"
    return Problem(path, 0, f"{what}; {_MEMORY}")


def _name(number: int) -> str:
    return signal.Signals(number).name if number else "exited by itself"


def _fault(error: BaseException) -> str:
    return (
        f"cannot be read because of a bug in feedpub or a Markdown extension "
        f"({type(error).__name__}: {error}); please report it"
    )


def _left_out(path: str, facts: tuple[int, ...], message: str) -> ReadResult:
    return ReadResult(path, facts, None, Problem(path, 0, message, left_out=True))
