"""Share work among child processes, none of which can take the others or the parent down.

A child that dies (killed by the kernel for lack of memory, crashed by a library, out of the time
that `Limits` gives one item) costs at most the item it was working on: the parent knows which one
that was, and has all others done by another child. `concurrent.futures.ProcessPoolExecutor` fails
as a whole when one of its processes dies, and cannot end a single one that takes too long.

Children are forked where that is safe, which is fastest and hands them everything without
pickling. A process with threads must not be forked, since a lock that another thread holds would
stay locked in the child for ever; there, fresh interpreters are started instead.
"""

import os
import pickle
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Generic, TypeVar

from feedpub.errors import FeedpubError
from feedpub.files.worker import (
    CRASH_SIGNALS,
    TIMEOUT_SIGNAL,
    ResourceLimits,
    Worker,
    fork_worker,
    spawn_worker,
)

Item = TypeVar("Item")
Result = TypeVar("Result")

CHUNK_SIZE = 64
"""Items handed over at once, at most: so many that handing over costs little."""

_PREFETCH = 2  # batches that a forked worker is given at once, so that it never waits for the next
_SHARES = 4  # batches of each worker, at least
_ITEMS_PER_SPAWN = 16  # items for which an interpreter more is started
_MAX_FAILED_STARTS = (
    3  # workers in a row that ended before they began to work: then something is amiss
)


@dataclass(frozen=True, slots=True)
class LostWorker:
    """A worker process that ended while it worked on an item."""

    index: int  # of the item
    signal: int  # that ended the process; 0 where none did
    retried: bool  # the item was handed to another process; else it is given up


@dataclass(frozen=True, slots=True)
class BatchResult(Generic[Result]):
    """What came of a few items: results by index, and the workers that were lost over others."""

    results: Sequence[tuple[int, Result]] = ()
    lost_workers: Sequence[LostWorker] = ()

    @property
    def count(self) -> int:
        """Return how many items need no more work."""
        return len(self.results) + sum(not loss.retried for loss in self.lost_workers)


def cpu_count() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def can_fork() -> bool:
    """Tell whether this process may be forked: it has no other threads."""
    return threading.active_count() == 1


def map_parallel(
    items: Sequence[Item],
    work: Callable[[Item], Result],
    workers: int,
    limits: ResourceLimits | None = None,
) -> Iterator[BatchResult[Result]]:
    """Do the work on every item in forked children; yield what comes of it, in any order.

    Without limits, a few items (or one worker) are not worth a child and are done here.
    Whatever `work` raises is raised here, and ends it all.
    """
    few = workers <= 1 or len(items) <= CHUNK_SIZE
    if not items:
        return
    if limits is None and (few or not can_fork()):
        for at in range(0, len(items), CHUNK_SIZE):
            some = range(at, min(at + CHUNK_SIZE, len(items)))
            yield BatchResult([(index, work(items[index])) for index in some])
        return
    tasks = _batches(len(items), workers)
    others: list[Worker] = []

    def start() -> Worker:
        return fork_worker(lambda index: work(items[index]), limits, others)

    yield from _TaskRunner[Result](
        start, lambda task: task, min(workers, len(tasks)), _PREFETCH
    ).run(tasks, others)
    _finish(others)


def _batches(number: int, workers: int) -> list[range]:
    """Divide so many items: several batches for each worker, that all may end at about one time."""
    size = max(1, min(CHUNK_SIZE, number // (_SHARES * workers)))
    return [range(at, min(at + size, number)) for at in range(0, number, size)]


class SpawnedPool(Generic[Item, Result]):
    """Workers that are fresh interpreters, for a process that must not be forked.

    The first one is kept between calls, since it takes a while to start. It ends when the pool is
    closed or forgotten, or when this process ends.
    """

    def __init__(
        self, make: Callable[[], Callable[[Item], Result]], limits: ResourceLimits, workers: int
    ) -> None:
        """Make no process yet; `make` is pickled, and called in each to give the work."""
        self._make = make
        self._limits = limits
        self._size = workers
        self._idle: list[Worker] = []
        self._turn = threading.Lock()
        weakref.finalize(self, _finish, self._idle)

    def map(self, items: Sequence[Item]) -> Iterator[BatchResult[Result]]:
        """Do the work on every item, as `map_parallel` does."""
        tasks = _batches(len(items), self._size)
        if not tasks:
            return
        with self._turn:
            run = _TaskRunner[Result](
                lambda: spawn_worker(self._make, self._limits),
                lambda task: [items[index] for index in task],
                min(self._size, -(-len(items) // _ITEMS_PER_SPAWN)),
                1,
            )
            yield from run.run(tasks, self._idle)
            while len(self._idle) > 1:
                self._idle.pop().shut_down()

    def close(self) -> None:
        """End the workers; another call of `map` starts new ones."""
        _finish(self._idle)


def _finish(workers: list[Worker]) -> None:
    """Let workers end."""
    while workers:
        workers.pop().shut_down()


class _TaskRunner(Generic[Result]):
    """One list of tasks, until all are done or given up."""

    def __init__(
        self, start: Callable[[], Worker], encode: Callable[[range], object], size: int, ahead: int
    ) -> None:
        self._start = start
        self._encode = encode
        self._size = size
        self._ahead = ahead
        self._left: deque[range] = deque()
        self._retried: set[int] = set()
        self._fruitless = 0

    def run(self, tasks: Sequence[range], workers: list[Worker]) -> Iterator[BatchResult[Result]]:
        """Do them with these workers and new ones, which are `workers` afterwards.

        Where that fails or is abandoned, no worker is left.
        """
        self._left.extend(tasks)
        done = False
        try:
            while self._left or any(worker.tasks for worker in workers):
                self._dispatch(workers)
                yield from self._collect(workers)
            done = True
        finally:
            if not done:
                while workers:
                    workers.pop().kill()

    def _dispatch(self, workers: list[Worker]) -> None:
        """Give each worker something to do, and start more if there is more."""
        idle = sum(not worker.tasks for worker in workers)
        for _ in range(min(self._size - len(workers), len(self._left) - idle)):
            workers.append(self._start())  # noqa: PERF401 - each is to know of those before it
        for _ in range(self._ahead):
            for worker in workers:
                if self._left and len(worker.tasks) < self._ahead:
                    task = self._left.popleft()
                    worker.tasks.append(task)
                    with suppress(OSError):  # it has ended: seen when it is waited for
                        worker.connection.send(self._encode(task))

    def _collect(self, workers: list[Worker]) -> Iterator[BatchResult[Result]]:
        """Wait for a worker, and take what it gives."""
        busy = {worker.connection: worker for worker in workers if worker.tasks}
        for ready in wait(list(busy)):
            assert isinstance(ready, Connection)  # noqa: S101 - wait gives back what it was given
            worker = busy[ready]
            try:
                results = ready.recv()
            except (EOFError, OSError, pickle.UnpicklingError):
                workers.remove(worker)
                yield from self._requeue(worker)
                continue
            if isinstance(results, BaseException):
                raise results
            worker.update_progress()
            task = worker.tasks.popleft()
            worker.started -= len(task)
            self._fruitless = 0
            yield BatchResult(list(zip(task, results, strict=True)))

    def _requeue(self, worker: Worker) -> Iterator[BatchResult[Result]]:
        """Have what a dead worker left undone done by others, but for what killed it."""
        with suppress(OSError):
            worker.update_progress()
        ended_by = worker.kill()
        current = worker.tasks.popleft()
        self._left.extendleft(reversed(worker.tasks))
        if not worker.started:
            self._left.appendleft(current)
            self._fruitless += 1
            if self._fruitless >= _MAX_FAILED_STARTS:
                raise FeedpubError(
                    f"worker processes are killed (signal {ended_by}) before they begin to work; "
                    "is the machine out of memory?"
                )
            return
        self._fruitless = 0
        at = current[worker.started - 1]
        # Those before it were done, but the results of a batch are handed over together.
        self._left.extendleft(
            part for part in (range(at + 1, current.stop), range(current.start, at)) if part
        )
        final = at in self._retried or ended_by == TIMEOUT_SIGNAL or ended_by in CRASH_SIGNALS
        if not final:
            self._retried.add(at)
            self._left.appendleft(range(at, at + 1))
        yield BatchResult(lost_workers=[LostWorker(at, ended_by, retried=not final)])
