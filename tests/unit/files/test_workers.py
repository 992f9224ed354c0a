"""How work is shared among processes."""

import os
import threading
from collections.abc import Sequence

import pytest

from feedpub.errors import TemplateError
from feedpub.files.workers import CHUNK, processors, spread


def doubled(items: Sequence[int]) -> list[int]:
    """Work that is easy to check."""
    return [2 * item for item in items]


@pytest.mark.parametrize("workers", [1, 2, 3])
@pytest.mark.parametrize("size", [0, 1, CHUNK, CHUNK + 1, 10 * CHUNK])
def test_every_item_is_worked_on_once(workers: int, size: int) -> None:
    """However many items and workers, nothing is lost and nothing done twice."""
    results = list(spread(range(size), doubled, workers))

    assert list(range(0, 2 * size, 2)) == sorted(each for _, result in results for each in result)
    assert size == sum(count for count, _ in results)


def test_several_workers_are_several_processes() -> None:
    """Much work is done by children; little by this process itself."""

    def who(_: Sequence[int]) -> int:
        return os.getpid()

    children = {pid for _, pid in spread(range(10 * CHUNK), who, 2)}

    assert 2 == len(children)
    assert os.getpid() not in children
    assert [(1, os.getpid())] == list(spread([1], who, 2))


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_in_a_child_is_raised_here(workers: int) -> None:
    """What goes wrong in a child stops the work as if it were done here."""

    def fail(_: Sequence[int]) -> None:
        message = "post.html:3: no"
        raise TemplateError(message)

    with pytest.raises(TemplateError, match=r"post.html:3: no"):
        list(spread(range(10 * CHUNK), fail, workers))


def test_this_machine_has_a_processor() -> None:
    """There is always one worker at least."""
    assert processors() >= 1


def test_a_process_with_threads_is_not_forked() -> None:
    """A lock that one of them holds would stay locked in the child for ever."""
    let = threading.Event()
    thread = threading.Thread(target=let.wait)
    thread.start()
    try:
        assert 1 == processors()
    finally:
        let.set()
        thread.join()
