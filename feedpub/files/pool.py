"""Run work in child processes, so that the death of one affects neither the others nor the parent.

A child that dies (killed by the kernel for lack of memory, crashed in a library, over its
`ResourceLimits`) costs at most the item it was working on: the parent knows which one that was,
and has another child do the rest. `concurrent.futures.ProcessPoolExecutor` fails as a whole when
one of its processes dies, and cannot stop a single one that takes too long.

`map_parallel` forks its children, which is fastest and needs no pickling. A process with threads
must not fork, since a lock held by another thread would stay locked in the child; `SpawnedPool`
starts fresh interpreters instead.
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
"""The most items per batch: enough to make the cost of passing a batch negligible."""

_PREFETCH = 2  # batches queued per forked worker, so that it never waits for the next one
_SHARES = 4  # batches per worker, at least
_ITEMS_PER_SPAWN = 16  # items that justify starting another interpreter
_MAX_FAILED_STARTS = 3  # give up after so many workers in a row died before their first item


@dataclass(frozen=True, slots=True)
class LostWorker:
    """A worker process that died while working on an item."""

    index: int  # of the item
    signal: int  # that killed the process; 0 if none did
    retried: bool  # the item goes to another process; otherwise it is given up


@dataclass(frozen=True, slots=True)
class BatchResult(Generic[Result]):
    """Results of a batch by item index, and the workers lost."""

    results: Sequence[tuple[int, Result]] = ()
    lost_workers: Sequence[LostWorker] = ()

    @property
    def count(self) -> int:
        """Return how many items are finished, including those given up."""
        return len(self.results) + sum(not loss.retried for loss in self.lost_workers)


def cpu_count() -> int:
    """Return the number of CPUs available to this process."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def can_fork() -> bool:
    """Return whether this process may fork: it has no other threads."""
    return threading.active_count() == 1


def map_parallel(
    items: Sequence[Item],
    work: Callable[[Item], Result],
    workers: int,
    limits: ResourceLimits | None = None,
) -> Iterator[BatchResult[Result]]:
    """Apply `work` to every item in forked children; yield batches of results in any order.

    Without limits, a small number of items, a single worker, or a process that may not fork means
    that the work is done in this process. An exception from `work` is raised here and ends the run.
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
    """Split the items into several batches per worker, so that all workers finish together."""
    size = max(1, min(CHUNK_SIZE, number // (_SHARES * workers)))
    return [range(at, min(at + size, number)) for at in range(0, number, size)]


class SpawnedPool(Generic[Item, Result]):
    """A pool of fresh interpreters, for a process that must not fork.

    One worker is kept between calls, since starting it takes a while. It ends when the pool is
    closed or garbage-collected, or when this process ends.
    """

    def __init__(
        self, make: Callable[[], Callable[[Item], Result]], limits: ResourceLimits, workers: int
    ) -> None:
        """Start no process yet; `make` is pickled, and called in each worker to create `work`."""
        self._make = make
        self._limits = limits
        self._size = workers
        self._idle: list[Worker] = []
        self._turn = threading.Lock()
        weakref.finalize(self, _finish, self._idle)

    def map(self, items: Sequence[Item]) -> Iterator[BatchResult[Result]]:
        """Apply the function to every item, as `map_parallel` does."""
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
        """End the workers; the next `map` starts new ones."""
        _finish(self._idle)


def _finish(workers: list[Worker]) -> None:
    """Shut down all workers."""
    while workers:
        workers.pop().shut_down()


class _TaskRunner(Generic[Result]):
    """Runs one list of tasks until each is done or given up."""

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
        """Run the tasks on these workers and new ones; `workers` then holds those still alive.

        On failure, or if the caller stops iterating, all workers are killed.
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
        """Fill each worker's queue, and start more workers while tasks remain."""
        idle = sum(not worker.tasks for worker in workers)
        for _ in range(min(self._size - len(workers), len(self._left) - idle)):
            workers.append(self._start())  # noqa: PERF401 - each must see those before it
        for _ in range(self._ahead):
            for worker in workers:
                if self._left and len(worker.tasks) < self._ahead:
                    task = self._left.popleft()
                    worker.tasks.append(task)
                    with suppress(OSError):  # it has died; `_collect` notices
                        worker.connection.send(self._encode(task))

    def _collect(self, workers: list[Worker]) -> Iterator[BatchResult[Result]]:
        """Wait for workers, and yield the results of those that are ready."""
        busy = {worker.connection: worker for worker in workers if worker.tasks}
        for ready in wait(list(busy)):
            assert isinstance(ready, Connection)  # noqa: S101 - wait returns what it was given
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
        """Requeue what a dead worker left undone, except the item that killed it."""
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
                    f"worker processes were killed (signal {ended_by}) before they started work; "
                    "is the machine out of memory?"
                )
            return
        self._fruitless = 0
        at = current[worker.started - 1]
        # Items before it were finished, but results are sent per batch: those are lost, too.
        self._left.extendleft(
            part for part in (range(at + 1, current.stop), range(current.start, at)) if part
        )
        final = at in self._retried or ended_by == TIMEOUT_SIGNAL or ended_by in CRASH_SIGNALS
        if not final:
            self._retried.add(at)
            self._left.appendleft(range(at, at + 1))
        yield BatchResult(lost_workers=[LostWorker(at, ended_by, retried=not final)])
