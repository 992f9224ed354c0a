"""A list of work → the same work on several processors, in child processes that inherit it all.

Forked children need no pickling of what they work with, and share its memory. Threads would not
do: feedgen sets the locale of the whole process, and Python runs one at a time.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

CHUNK = 64
"""Items handed over at once: large enough that handing over costs little, small enough that two
workers end at nearly the same time."""


def processors() -> int:
    """Give how many processors this process may use; 1 where it cannot be forked.

    One with several threads cannot: a lock that another thread holds would stay locked in the
    child for ever.
    """
    if threading.active_count() > 1:
        return 1
    if "fork" not in multiprocessing.get_all_start_methods():  # pragma: no cover - Windows
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def spread(
    items: Sequence[Item], work: Callable[[Sequence[Item]], Result], workers: int
) -> Iterator[tuple[int, Result]]:
    """Give how many items were worked on and the result, chunk by chunk, in any order.

    What `work` raises in a child is raised here. A few items, or one worker, need no children.
    """
    chunks = [items[at : at + CHUNK] for at in range(0, len(items), CHUNK)]
    if workers <= 1 or len(chunks) <= 1:
        for chunk in chunks:
            yield len(chunk), work(chunk)
        return
    fork = multiprocessing.get_context("fork")
    children = []
    pipes: list[Connection] = []
    for number in range(min(workers, len(chunks))):
        receiver, sender = fork.Pipe(duplex=False)
        share = chunks[number::workers]
        child = fork.Process(target=_child, args=(sender, share, work, os.getpid()), daemon=True)
        child.start()
        sender.close()
        children.append(child)
        pipes.append(receiver)
    done = False
    try:
        yield from _gather(pipes)
        done = True
    finally:
        for child in children:
            if not done:
                child.terminate()
            child.join()


def _gather(pipes: list[Connection]) -> Iterator[tuple[int, Result]]:
    """Receive from every child until each has ended."""
    while pipes:
        for ready in wait(pipes):
            assert isinstance(ready, Connection)  # noqa: S101 - wait gives back what it was given
            try:
                count, result = ready.recv()
            except EOFError:
                pipes.remove(ready)
                continue
            if isinstance(result, BaseException):
                raise result
            yield count, result


def _child(
    sender: Connection,
    share: Sequence[Sequence[Item]],
    work: Callable[[Sequence[Item]], Result],
    parent: int,
) -> None:
    """Work through a share, and stop as soon as nobody waits for it."""
    # What was inherited of a server's signal handling would tell the parent's loop, not us.
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends its children itself
    for chunk in share:  # pragma: no branch - coverage may miss how a child ends
        if os.getppid() != parent:  # pragma: no cover - tests/flow/test_killed.py kills it
            return
        try:
            sender.send((len(chunk), work(chunk)))
        except BrokenPipeError:  # pragma: no cover - likewise
            return
        # Not swallowed: raised again in the parent, which ends us before coverage has counted it.
        except Exception as error:  # noqa: BLE001  # pragma: no cover
            sender.send((len(chunk), error))  # and then it ends us
