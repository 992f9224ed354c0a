"""How work is shared among processes, none of which may take the others down."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from feedpub.errors import FeedpubError, TemplateError
from feedpub.files.pool import (
    CHUNK_SIZE,
    BatchResult,
    LostWorker,
    SpawnedPool,
    can_fork,
    cpu_count,
    map_parallel,
)
from feedpub.files.worker import ResourceLimits

LIMITS = ResourceLimits(cpu_seconds=0.3, memory_bytes=60_000_000)
BAD = 70
"""The item that is not like the others."""


def double(item: int) -> int:
    """Do work that is easy to check."""
    return 2 * item


def spin(item: int) -> int:
    """Work for ever on the bad item, in C, where no exception can reach."""
    if item == BAD:
        return sum(range(1 << 60))
    return 2 * item


def eat(item: int) -> int:
    """Take memory without end for the bad item."""
    if item == BAD:
        eaten = []
        try:
            while True:
                eaten.append(bytearray(1_000_000))
        except MemoryError:
            return -len(eaten)
    return 2 * item


def crash(item: int) -> int:
    """Abort at the bad item, as a library does."""
    if item == BAD:
        os.abort()
    return 2 * item


def be_killed(place: Path, times: int, item: int) -> int:
    """Be killed at the bad item, as by a kernel that is out of memory, so many times."""
    if item == BAD:
        died = len(list(place.iterdir()))
        if died < times:
            (place / str(died)).touch()
            os.kill(os.getpid(), signal.SIGKILL)
    return 2 * item


def fail(item: int) -> int:
    """Raise what a template raises."""
    message = f"post.html:3: no {item}"
    raise TemplateError(message)


def same(work: Callable[[int], int]) -> Callable[[int], int]:
    """Return the work, as a worker that is spawned is given it."""
    return work


@contextmanager
def spawned(work: Callable[[int], int]) -> Iterator[SpawnedPool[int, int]]:
    """Give a pool of interpreters that do some work."""
    pool = SpawnedPool[int, int](partial(same, work), LIMITS, 2)
    try:
        yield pool
    finally:
        pool.close()


def forked(work: Callable[[int], int], items: Sequence[int]) -> list[BatchResult[int]]:
    """Do the work in forked children."""
    return list(map_parallel(items, work, 2, LIMITS))


def by_spawned(work: Callable[[int], int], items: Sequence[int]) -> list[BatchResult[int]]:
    """Do the work in interpreters of their own."""
    with spawned(work) as pool:
        return list(pool.map(items))


EITHER = pytest.mark.parametrize("do", [forked, by_spawned])
Do = Callable[[Callable[[int], int], Sequence[int]], list[BatchResult[int]]]


def results(outcomes: Sequence[BatchResult[int]]) -> dict[int, int]:
    """Return all results by index, and assert that none came twice."""
    pairs = [pair for each in outcomes for pair in each.results]

    assert len(pairs) == len(dict(pairs))

    return dict(pairs)


def losses(outcomes: Sequence[BatchResult[int]]) -> list[LostWorker]:
    """Return all losses."""
    return [loss for each in outcomes for loss in each.lost_workers]


@pytest.mark.parametrize("limits", [None, LIMITS])
@pytest.mark.parametrize("workers", [1, 2, 3])
@pytest.mark.parametrize("size", [0, 1, CHUNK_SIZE, CHUNK_SIZE + 1, 10 * CHUNK_SIZE])
def test_every_item_is_worked_on_once(
    workers: int, size: int, limits: ResourceLimits | None
) -> None:
    """However many items and workers, nothing is lost and nothing done twice."""
    outcomes = list(map_parallel(range(size), double, workers, limits))

    assert {index: 2 * index for index in range(size)} == results(outcomes)
    assert size == sum(each.count for each in outcomes)


def test_several_workers_are_several_processes() -> None:
    """Much work is done by children; little, without limits, by this process itself."""
    found = map_parallel(range(10 * CHUNK_SIZE), lambda _: os.getpid(), 2)
    children = set(results(list(found)).values())

    assert 2 == len(children)
    assert os.getpid() not in children
    assert {0: os.getpid()} == results(list(map_parallel([1], lambda _: os.getpid(), 2)))


def test_what_has_limits_is_never_done_by_this_process() -> None:
    """Not even one item: it might be the one that never ends."""
    found = results(list(map_parallel([1], lambda _: os.getpid(), 1, LIMITS)))

    assert os.getpid() not in found.values()


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_in_a_child_is_raised_here(workers: int) -> None:
    """What goes wrong in a child stops the work as if it were done here."""
    with pytest.raises(TemplateError, match=r"post.html:3: no"):
        list(map_parallel(range(10 * CHUNK_SIZE), fail, workers))


def test_an_error_in_an_interpreter_of_its_own_is_raised_here() -> None:
    """Likewise; and the pool is as good as new afterwards."""
    with spawned(fail) as pool:
        for _ in range(2):
            with pytest.raises(TemplateError, match=r"post.html:3: no 1"):
                list(pool.map([1]))


def test_an_error_that_no_process_can_hand_on_is_still_told() -> None:
    """Its kind and its words arrive, though not the error itself."""

    class OddError(Exception):
        def __init__(self, one: str, other: str) -> None:
            super().__init__(f"{one} and {other}")

    def work(_: int) -> None:
        raise OddError("this", "that")

    with pytest.raises(RuntimeError, match="OddError: this and that"):
        list(map_parallel([1], work, 1, LIMITS))


@EITHER
@pytest.mark.parametrize(
    ("work", "signals"),
    [(spin, {signal.SIGPROF}), (crash, {signal.SIGABRT})],
)
def test_an_item_over_its_limits_is_given_up_alone(
    do: Do, work: Callable[[int], int], signals: set[int]
) -> None:
    """The worker is ended; all other items, of the same batch too, are done by another."""
    items = range(3 * CHUNK_SIZE)
    outcomes = do(work, items)

    assert {index: 2 * index for index in items if index != BAD} == results(outcomes)
    assert [(BAD, False)] == [(each.index, each.retried) for each in losses(outcomes)]
    assert signals == {each.signal for each in losses(outcomes)}
    assert len(items) == sum(each.count for each in outcomes)


@EITHER
def test_many_such_items_are_given_up_each_by_itself(do: Do) -> None:
    """Neighbours, the first and the last among them."""
    items = [BAD, BAD, 1, 2, BAD, 3, BAD]
    outcomes = do(crash, items)

    assert {2: 2, 3: 4, 5: 6} == results(outcomes)
    assert [0, 1, 4, 6] == sorted(each.index for each in losses(outcomes))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells how large a process is")
@EITHER
def test_memory_is_bounded(do: Do) -> None:
    """An item that takes memory without end is refused some, and the next ones have theirs."""
    found = results(do(eat, range(CHUNK_SIZE + BAD)))

    assert 0 > found[BAD] > -500  # what it had before and used no longer counts as its own
    assert 2 * (BAD + 1) == found[BAD + 1]


@EITHER
def test_an_item_whose_worker_is_killed_is_tried_again(do: Do, tmp_path: Path) -> None:
    """A kernel out of memory kills anybody: once is told, and twice is given up."""
    items = range(CHUNK_SIZE + BAD)
    outcomes = do(partial(be_killed, tmp_path, 1), items)

    assert {index: 2 * index for index in items} == results(outcomes)
    assert [LostWorker(BAD, signal.SIGKILL, retried=True)] == losses(outcomes)

    outcomes = do(partial(be_killed, tmp_path, 3), items)

    assert {index: 2 * index for index in items if index != BAD} == results(outcomes)
    assert [True, False] == [each.retried for each in losses(outcomes)]


def test_workers_that_cannot_even_begin_are_an_error() -> None:
    """Not a loop without end."""

    pool = SpawnedPool[int, int](_die, LIMITS, 2)

    with pytest.raises(FeedpubError, match="killed"):
        list(pool.map([1]))


def _die() -> Callable[[int], int]:
    os.kill(os.getpid(), signal.SIGKILL)
    return double


def test_an_interpreter_is_kept_for_the_next_time() -> None:
    """To start one takes longer than to read a post; one that died meanwhile is replaced."""
    with spawned(_pid) as pool:
        first = results(list(pool.map([0])))[0]
        many = set(results(list(pool.map(range(4 * CHUNK_SIZE)))).values())
        again = results(list(pool.map([0])))[0]
        os.kill(again, signal.SIGKILL)
        after = results(list(pool.map([0])))[0]

    assert first in many
    assert os.getpid() not in many
    assert again in many
    assert after not in {*many, os.getpid()}


def _pid(_: int) -> int:
    return os.getpid()


def test_work_that_is_abandoned_leaves_no_process() -> None:
    """Whoever stops listening ends the workers as well."""
    outcomes = map_parallel(range(20 * CHUNK_SIZE), _pid, 2, LIMITS)
    some = next(outcomes)
    del outcomes
    pid = some.results[0][1]

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


FORKS = """
from test_pool import LONG, map_parallel, tell_and_wait
list(map_parallel(range(300), tell_and_wait, 2, LONG))
"""
SPAWNS = """
from test_pool import LONG, SpawnedPool, partial, same, tell_and_wait
list(SpawnedPool(partial(same, tell_and_wait), LONG, 2).map(range(300)))
"""
LONG = ResourceLimits(cpu_seconds=9, memory_bytes=1_000_000_000)


def tell_and_wait(item: int) -> None:
    """Say which process this is, in a file of its name, and work for a while."""
    Path(str(os.getpid())).touch()
    time.sleep(0.5 if item % CHUNK_SIZE else 0.2)


@pytest.mark.parametrize("script", [FORKS, SPAWNS])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_children_end_with_their_parent(number: int, script: str, tmp_path: Path) -> None:
    """However it ends, and whatever they are doing: they would hold its locks for ever."""
    paths = os.pathsep.join((str(Path(__file__).parent), *filter(None, sys.path)))
    with subprocess.Popen(
        [sys.executable, "-c", script], cwd=tmp_path, env={**os.environ, "PYTHONPATH": paths}
    ) as parent:
        children = _wait_for(lambda: [int(each.name) for each in tmp_path.iterdir()], 2)
        parent.send_signal(number)

    assert [] == _wait_for(lambda: [each for each in children if _is_alive(each)], 0)


def _wait_for(look: Callable[[], list[int]], number: int) -> list[int]:
    """Look again and again until there are so many, or a minute has passed."""
    end = time.monotonic() + 60
    while len(found := look()) != number and time.monotonic() < end:
        time.sleep(0.01)
    return found


def _is_alive(pid: int) -> bool:
    """Tell whether a process runs; one that nobody has waited for yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").split()[2] != "Z"
    except OSError:
        return False


def test_this_machine_has_a_processor() -> None:
    """There is always one worker at least."""
    assert cpu_count() >= 1


def test_a_process_with_threads_is_not_forked() -> None:
    """A lock that one of them holds would stay locked in the child for ever."""
    let = threading.Event()
    thread = threading.Thread(target=let.wait)
    thread.start()
    try:
        assert not can_fork()
        assert {0: os.getpid()} == results(list(map_parallel([1], _pid, 2)))
    finally:
        let.set()
        thread.join()

    assert can_fork()
