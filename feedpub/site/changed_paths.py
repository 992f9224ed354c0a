"""Paths that may have changed, as a watcher tells them → which of them lie below a folder."""

import os.path
from collections.abc import Collection, Iterable
from pathlib import Path


def select_below(folder: Path, changed: Iterable[str]) -> frozenset[str]:
    """Give the paths that lie below a folder, as seen from it; "" is the folder, or one above it.

    A watcher may name a folder as it was asked to watch it, or as the disk knows it.
    """
    homes = {_make_absolute(folder), os.path.realpath(folder)}
    found: set[str] = set()
    for each in changed:
        path = _make_absolute(each)
        for home in homes:
            if path.startswith(f"{home}/"):
                found.add(path[len(home) + 1 :])
            elif path == home or home.startswith(f"{path.rstrip('/')}/"):
                found.add("")
    return frozenset(found)


def _make_absolute(path: Path | str) -> str:
    """Give the absolute path; links in it stay, since what they lead to may have changed."""
    return os.path.abspath(path)  # noqa: PTH100 - `resolve` would follow links


def is_changed(path: str, changed: Collection[str]) -> bool:
    """Tell whether a path below a folder, or a folder above it, is one of those `below` gave."""
    if not changed:
        return False
    while path:
        if path in changed:
            return True
        path = path.rpartition("/")[0]
    return "" in changed
