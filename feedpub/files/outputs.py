"""Outputs → the output folder: each file whole or not there, equal bytes untouched, and nothing
removed that feedpub did not write.

The folder's own list (`.feedpub`) names every file that may be ours. It is written before the
first of them, so that a build killed at any moment leaves nothing that the next does not know.
"""

import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from feedpub.errors import OutputError
from feedpub.files.beneath import read_beneath
from feedpub.files.compression import compressed, compressed_names
from feedpub.files.listing import is_built, listed, read_list, write_list
from feedpub.files.sources import RACY, digest
from feedpub.files.workers import processors, spread
from feedpub.model import Changes, Copy, Output

PARTS = ".feedpub-parts"  # files being written: no name in use is ever half there; stays when
# a build is killed, or gives up
_RACY = "racy-"


class Facts(NamedTuple):
    """How the disk shows a file; all zeros where there is none."""

    size: int  # octets
    modified: int  # nanoseconds
    changed: int  # nanoseconds
    inode: int


class Written(NamedTuple):
    """What is remembered of a file that was written: its key, and how the disk showed it then."""

    key: str
    facts: tuple[int, ...]  # Facts, as they are kept


Ledger = Mapping[str, Written]
"""Path below the output folder → what was last written there."""


def write(  # noqa: PLR0913 - what, where to, what is known, and who is told
    outputs: Iterable[Output | Copy],
    folder: Path,
    content: Path,
    ledger: Ledger,
    progress: Callable[[int, int], None],
    codings: Sequence[str] = (),
    *,
    untouched: AbstractSet[str] = frozenset(),
    publications: str = "",
) -> tuple[Changes, dict[str, Written]]:
    """Bring the folder to hold just these outputs; give what changed, and the ledger of now.

    An output is not rendered where its key is the one in `ledger` and the file lies there as it
    was left; those whose paths are `untouched` are taken to be so, and not looked at. Copies are
    taken from `content`. Compressed in each of `codings` (gzip, br), what is worth it lies beside
    as well. `publications` is what the folder's list tells besides.

    Raises OutputError where the folder holds, or could come to hold, what is not ours.
    """
    wanted = {output.path: output for output in outputs}
    beside = _beside(wanted.keys(), codings)
    work = _Work(folder, content, ledger, beside)
    # Where the last one to write here did not come to its end, nothing is as it was left.
    trusted = () if (folder / PARTS).exists() else wanted.keys() & untouched
    settled = {path for path in trusted if work.is_settled(path)}
    possible = wanted.keys() | work.companions(settled)
    ours, before = read_list(folder)
    _refuse(folder, ours, possible)
    removable = sorted(ours - possible)
    if not possible <= ours or before != publications:
        write_list(folder, ours | possible, publications)
    shutil.rmtree(folder / PARTS, ignore_errors=True)
    (folder / PARTS).mkdir()
    removed = _remove(folder, _in_the_way(removable, possible), possible)
    suspect = (output for path, output in wanted.items() if path not in settled)
    stale = [output for output in suspect if not work.intact(output)]
    again = {name for output in stale for name in beside.get(output.path, ())}
    now = {path: ledger[path] for path in (possible - again) & ledger.keys()}
    written: list[str] = []
    for count, results in spread(stale, work.write, processors()):
        for path, is_new, key, left in results:
            now[path] = Written(key, left)
            if is_new:
                written.append(path)
        progress(count, len(stale))
    removed += _remove(folder, removable + sorted(ours & possible - now.keys()), now.keys())
    write_list(folder, now.keys(), publications)
    shutil.rmtree(folder / PARTS, ignore_errors=True)
    changes = Changes(tuple(sorted(written)), tuple(sorted(removed)), len(now) - len(written))
    return changes, {path: now[path] for path in sorted(now)}


def intact(folder: Path, ledger: Ledger) -> bool:
    """Tell whether every file of the ledger, and the list, lies in the folder as it was left.

    That is not so where somebody has begun to write since, and did not come to an end.
    """
    whole = is_built(folder) and not (folder / PARTS).exists()
    return whole and all(
        facts(f"{folder}/{path}") == written.facts for path, written in ledger.items()
    )


def clear(folder: Path) -> None:
    """Remove every file that is ours, for a build that starts from nothing."""
    _remove(folder, sorted(listed(folder)), set())


class _Work:
    """Writes outputs, one after the other, in whichever process it finds itself."""

    def __init__(
        self,
        folder: Path,
        content: Path,
        ledger: Ledger,
        beside: Mapping[str, Mapping[str, str]],
    ) -> None:
        self._folder = folder
        self._content = content
        self._ledger = ledger
        self._beside = beside
        self._made: set[str] = set()

    def intact(self, output: Output | Copy) -> bool:
        """Tell whether an output need not be made: its key is known, its files untouched."""
        known = self._ledger.get(output.path)
        return (
            known is not None
            and known.key == self._key(output)
            and all(
                facts(f"{self._folder}/{path}") == self._ledger[path].facts
                for path in (output.path, *self._beside.get(output.path, ()))
                if path in self._ledger
            )
        )

    def is_settled(self, path: str) -> bool:
        """Tell whether what is known of an output's file was no guess, and of all beside it too."""
        known = self._ledger.get(path)
        codings = self._beside.get(path, {}).values()
        return (
            known is not None
            and not known.key.startswith(_RACY)
            and known.key.partition("+")[2] == "+".join(codings)
        )

    def companions(self, settled: AbstractSet[str]) -> set[str]:
        """Give what may lie beside outputs; beside those that are settled nothing new does."""
        return {
            name
            for path, names in self._beside.items()
            for name in names
            if path not in settled or name in self._ledger
        }

    def write(self, outputs: Sequence[Output | Copy]) -> list[tuple[str, bool, str, Facts]]:
        """Write these; give for each its path, whether it changed, and what to remember of it."""
        done = []
        for output in outputs:
            key = self._key(output)
            target = self._folder / output.path
            if isinstance(output, Copy):
                data = read_beneath(self._content, output.source)
            else:
                data = output.render()
            is_new = not _holds(target, data)
            if is_new:
                self._put(target, output.path, data)
            done.append((output.path, is_new, key, facts(target)))
            done += self._compress(output.path, data, key, is_new=is_new)
        return done

    def _compress(
        self, path: str, data: bytes, key: str, *, is_new: bool
    ) -> Iterator[tuple[str, bool, str, Facts]]:
        """Write what lies beside a file. It is never older than the file, which servers check."""
        for name, coding in self._beside.get(path, {}).items():
            small = compressed(data, coding)
            if small is not None:
                target = self._folder / name
                differs = is_new or not _holds(target, small)
                if differs:
                    self._put(target, name, small)
                yield name, differs, f"{key} {coding}", facts(target)

    def _key(self, output: Output | Copy) -> str:
        """Give the key of an output, and of what may lie beside it."""
        codings = self._beside.get(output.path, {}).values()
        return "+".join((self._own_key(output), *codings))

    def _own_key(self, output: Output | Copy) -> str:
        """Give an output's key: a copy's is what the disk tells of its source."""
        if isinstance(output, Output):
            return output.key
        found = facts(self._content / output.source, follow=True)
        if max(found.modified, found.changed) > time.time_ns() - RACY:
            return f"{_RACY}{time.time_ns()}"  # it may change again and look the same
        return digest(repr(found).encode())

    def _put(self, target: Path, path: str, data: bytes) -> None:
        """Write a file under another name, then give it its own: whole, or not there at all."""
        folder = path.rpartition("/")[0]
        if folder not in self._made:
            target.parent.mkdir(parents=True, exist_ok=True)
            self._made.add(folder)
        part = self._folder / PARTS / str(os.getpid())
        part.write_bytes(data)
        part.replace(target)


def _holds(target: Path, data: bytes) -> bool:
    """Tell whether a file holds just these bytes already."""
    try:
        return target.stat().st_size == len(data) and target.read_bytes() == data
    except OSError:
        return False


def facts(path: Path | str, *, follow: bool = False) -> Facts:
    """Ask the disk about a file; of a link about itself, unless it is to be followed."""
    try:
        found = os.stat(path, follow_symlinks=follow)  # noqa: PTH116 - no Path for each of so many
    except OSError:
        return Facts(0, 0, 0, 0)
    return Facts(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)


def _beside(paths: AbstractSet[str], codings: Sequence[str]) -> dict[str, dict[str, str]]:
    """Give for each path what may lie beside it compressed, where nothing else wants its place."""
    if not codings:
        return {}
    taken = paths | {parent for path in paths for parent in _parents(path)}
    named = {path: compressed_names(path, codings) for path in paths}
    return {
        path: free
        for path, names in named.items()
        if (free := {name: names[name] for name in names if name not in taken})
    }


def _refuse(folder: Path, ours: set[str], wanted: AbstractSet[str]) -> None:
    """Refuse a folder that holds files of somebody else's where ours would go."""
    folder.mkdir(parents=True, exist_ok=True)
    strangers = sorted(item.name for item in folder.iterdir() if not item.name.startswith("."))
    if strangers and not is_built(folder):
        message = (
            f"{folder}: holds files that feedpub did not write (such as {strangers[0]}); "
            "choose an empty folder for output.folder, or move them away"
        )
        raise OutputError(message)
    new = sorted(wanted - ours) if strangers else []
    folded = {path.casefold(): path for path in ours} if new else {}
    for path in new:
        if _is_same(folder, path, folded.get(path.casefold())):
            continue
        target = folder / path
        below = target.rglob("*") if target.is_dir() and not target.is_symlink() else (target,)
        for each in below:
            if os.path.lexists(each) and not each.is_dir() and _below(folder, each) not in ours:
                message = f"{each}: feedpub did not write this file; move it away"
                raise OutputError(message)


def _is_same(folder: Path, path: str, other: str | None) -> bool:
    """Tell whether two names are one file, as on a disk that ignores letter case."""
    return (
        other is not None
        and all(os.path.lexists(folder / each) for each in (path, other))
        and (folder / path).samefile(folder / other)
    )


def _below(folder: Path, path: Path) -> str:
    """Give a path as the list has it."""
    return path.relative_to(folder).as_posix()


def _in_the_way(paths: Sequence[str], wanted: AbstractSet[str]) -> list[str]:
    """Give the old files that stand where a new one needs a folder, or the other way about."""
    if not paths:
        return []
    folders = {parent for path in wanted for parent in _parents(path)}
    return [path for path in paths if path in folders or not wanted.isdisjoint(_parents(path))]


def _parents(path: str) -> Iterator[str]:
    """Give every folder above a path."""
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def _remove(folder: Path, paths: Sequence[str], wanted: AbstractSet[str]) -> list[str]:
    """Remove files of ours that are no longer wanted, and the folders they leave empty."""
    removed: list[str] = []
    if not paths:
        return removed
    kept = {path.casefold(): path for path in wanted}
    for path in paths:
        target = folder / path
        if _is_same(folder, path, kept.get(path.casefold())):
            continue
        with suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError):
            target.unlink()
            removed.append(path)
        parent = target.parent
        while parent != folder:
            with suppress(OSError):  # not empty
                parent.rmdir()
            parent = parent.parent
    return removed
