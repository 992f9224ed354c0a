"""A stream → lists of it, so that memory is steady."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")


def iter_batches(stream: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Give a stream in lists of a size, the last one shorter; none that is empty."""
    rest = iter(stream)
    while batch := list(islice(rest, size)):
        yield batch
