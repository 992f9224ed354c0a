"""Match the paths that a watcher reports against folders and files."""

import os.path
from collections.abc import Collection, Iterable
from pathlib import Path


def select_below(folder: Path, changed: Iterable[str]) -> frozenset[str]:
    """Return the changed paths below a folder, relative to it; "" if it or a parent changed.

    A watcher may report paths below the folder as given, or with symbolic links resolved.
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
    """Return the absolute path; symbolic links stay, since a link itself may have changed."""
    return os.path.abspath(path)  # noqa: PTH100 - `resolve` would follow links


def is_changed(path: str, changed: Collection[str]) -> bool:
    """Return whether a relative path, or a folder above it, is in the result of `select_below`."""
    if not changed:
        return False
    while path:
        if path in changed:
            return True
        path = path.rpartition("/")[0]
    return "" in changed
