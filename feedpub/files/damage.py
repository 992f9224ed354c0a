"""Parts of the cache that are damaged, or where something else stands: set aside, and told once."""

import os
import shutil
import stat
from pathlib import Path

_DAMAGED = ".damaged"
_JOURNALS = ("-journal", "-wal", "-shm")


def create_cache_folder(folder: Path) -> None:
    """Make the folder of the memory, in place of whatever else stands there."""
    if os.path.lexists(folder) and not folder.is_dir():
        folder.unlink()
    folder.mkdir(parents=True, exist_ok=True)


def pop_damaged(folder: Path) -> tuple[str, ...]:
    """Return what was damaged in the memory and is made anew, by its path, and remove it.

    So it is told once, by whoever works with the memory next.
    """
    found = sorted(folder.glob(f"*{_DAMAGED}")) if folder.is_dir() else []
    for path in found:
        remove_path(path)
    return tuple(str(path).removesuffix(_DAMAGED) for path in found)


def quarantine(path: Path) -> None:
    """Move what is damaged out of the way, with its journal; `take_damaged` tells of it."""
    aside = path.with_name(f"{path.name}{_DAMAGED}")
    remove_path(aside)
    if os.path.lexists(path):
        path.rename(aside)
    for end in _JOURNALS:
        remove_path(path.with_name(f"{path.name}{end}"))


def clear_journals(path: Path) -> None:
    """Remove what stands where SQLite keeps its journals and is no file: a pipe would hang it."""
    for end in _JOURNALS:
        journal = path.with_name(f"{path.name}{end}")
        if os.path.lexists(journal) and not stat.S_ISREG(journal.lstat().st_mode):
            remove_path(journal)


def remove_path(path: Path) -> None:
    """Remove whatever is at a path, a folder with all in it."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
