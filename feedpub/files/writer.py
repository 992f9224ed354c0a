"""Write the output folder. Enter at `write_outputs`.

Each file is replaced atomically, files with equal content are left untouched, and files that
feedpub did not write are never removed.
"""

import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import NamedTuple

from feedpub.errors import OutputError
from feedpub.files.output_folder import (
    check_ownership,
    compress,
    find_conflicts,
    get_compressed_names,
    has_content,
    iter_parents,
    remove_files,
)
from feedpub.files.pool import cpu_count, map_parallel
from feedpub.files.safe_open import read_beneath
from feedpub.files.scanner import (
    UnfinishedError,
    compute_digest,
    is_built,
    racy_until,
    raise_if_being_written,
    read_list,
    write_list,
)
from feedpub.models.content import BuildResult, OutputFile, StaticFile

# Holds files while they are written; each is then renamed into place. It is left behind if a build
# is killed or fails, which tells the next build not to trust its records.
PARTS_FOLDER = ".feedpub-parts"
_STAGED = "staged"  # subfolder of PARTS_FOLDER
_RACY = "racy-"


class FileStat(NamedTuple):
    """Stat data of a file; all zeros if it does not exist."""

    size: int  # octets
    modified: int  # nanoseconds
    changed: int  # nanoseconds
    inode: int


_NO_FILE = FileStat(0, 0, 0, 0)


class ManifestEntry(NamedTuple):
    """The record of a written file: its cache key, and its stat data after writing."""

    key: str
    stat: tuple[int, ...]  # a FileStat, as stored in the cache


Manifest = Mapping[str, ManifestEntry]
"""The record of each written file, by path below the output folder."""


def write_outputs(  # noqa: PLR0913 - outputs, folders, records and options
    outputs: Iterable[OutputFile | StaticFile],
    folder: Path,
    content: Path,
    ledger: Manifest,
    progress: Callable[[int, int], None],
    codings: Sequence[str] = (),
    *,
    untouched: AbstractSet[str] = frozenset(),
    unfinished: AbstractSet[str] = frozenset(),
    publications: str = "",
    anew: bool = False,
    spare: str = "",
    follow_links: bool = False,
) -> tuple[BuildResult, dict[str, ManifestEntry]]:
    """Make the folder hold exactly these outputs; return the changes and the new manifest.

    An output is rendered only if its cache key differs from the one in `ledger`, the previous
    manifest, or if its file was touched. Options:

    - `untouched`: paths assumed to be unchanged, without looking at them.
    - `content`: the folder that static files are copied from. A copy whose source is gone is
      removed; one whose source is unreadable is left out; one whose source is in `unfinished`, or
      being written, keeps its old content.
    - `codings`: gzip, br; compressed variants are written where they are worth it.
    - `publications`: the lines of publications for the folder's list.
    - `anew`: write every file, and change the folder only after everything is rendered.
    - `spare`: keep files written earlier below this path even if they are no longer wanted.
    - `follow_links`: sources of copies may be outside of `content`.

    Raises OutputError if the folder holds, or could come to hold, files that are not ours.
    """
    wanted = {output.path: output for output in outputs}
    beside = _plan_compressed(wanted.keys(), codings)
    work = _OutputWriter(
        folder, content, ledger, beside, held=unfinished, anew=anew, follow_links=follow_links
    )
    # If the last build was interrupted, its records cannot be trusted.
    trusted = () if (folder / PARTS_FOLDER).exists() else wanted.keys() & untouched
    settled = {path for path in trusted if work.is_reliable(path)}
    possible = wanted.keys() | work.list_compressed_paths(settled)
    ours, before = _find_owned_paths(folder, ledger)
    check_ownership(folder, ours, possible)
    spared = {path for path in ours - possible if spare and path.startswith(spare)}
    removable = sorted(ours - possible - spared)
    shutil.rmtree(folder / PARTS_FOLDER, ignore_errors=True)
    (folder / PARTS_FOLDER).mkdir()

    def make_room() -> list[str]:
        if not possible <= ours or before != publications:
            write_list(folder, ours | possible, publications)
        return remove_files(folder, find_conflicts(removable, possible), possible)

    removed = [] if anew else make_room()
    suspect = (output for path, output in wanted.items() if path not in settled)
    stale = [output for output in suspect if not work.is_up_to_date(output)]
    again = {name for output in stale for name in (output.path, *beside.get(output.path, ()))}
    now = {path: ledger[path] for path in (possible - again) & ledger.keys()}
    rendered: list[_FileResult] = []
    killed: list[tuple[str, int]] = []
    for outcome in map_parallel(stale, work.write, cpu_count()):
        rendered += [made for _, each in outcome.results for made in each]
        for loss in outcome.lost_workers:
            killed.append((stale[loss.index].path, loss.signal))
            if not loss.retried:
                raise OutputError(
                    _describe_killed_twice(folder / stale[loss.index].path, loss.signal)
                )
        progress(outcome.count, len(stale))
    if anew:
        removed = make_room()
        rendered = [work.move_into_place(made) for made in rendered]
    now |= {made.path: ManifestEntry(made.key, made.stat) for made in rendered if not made.fault}
    written = [made.path for made in rendered if made.is_new]
    removed += remove_files(folder, removable + sorted(ours & possible - now.keys()), now.keys())
    write_list(folder, now.keys() | spared, publications)
    shutil.rmtree(folder / PARTS_FOLDER, ignore_errors=True)
    changes = BuildResult(
        tuple(sorted(written)),
        tuple(sorted(removed)),
        len(now) - len(written),
        tuple(sorted((made.path, made.fault) for made in rendered if made.fault)),
        tuple(sorted(killed)),
    )
    return changes, {path: now[path] for path in sorted(now)}


def _find_owned_paths(folder: Path, ledger: Manifest) -> tuple[set[str], str]:
    """Return the paths that may be ours, and the list's lines of publications.

    If the list was removed or damaged, but any file is still as we left it, the folder is ours: all
    recorded paths count as ours again.
    """
    ours, before = read_list(folder)
    lost = ledger.keys() - ours
    if any(ledger[path].stat == stat_file(folder / path) != _NO_FILE for path in lost):
        ours |= lost
        write_list(folder, ours, before)
    return ours, before


def _describe_killed_twice(target: Path, number: int) -> str:
    what = f"were killed by signal {number}" if number else "exited unexpectedly"
    return (
        f"{target}: two processes that wrote it {what}; is the machine out of memory? "
        "Run the build again"
    )


def is_unchanged(folder: Path, ledger: Manifest) -> bool:
    """Return whether the list and every recorded file are still as they were written.

    False if a later build was interrupted.
    """
    whole = is_built(folder) and not (folder / PARTS_FOLDER).exists()
    return whole and all(
        stat_file(f"{folder}/{path}") == written.stat for path, written in ledger.items()
    )


class _FileResult(NamedTuple):
    """The result of writing one file."""

    path: str
    is_new: bool  # its content has changed
    key: str
    stat: FileStat
    fault: str = ""  # why the source cannot be read; `path` is then the source's


class _OutputWriter:
    """Writes outputs one at a time, in this process or a forked one."""

    def __init__(  # noqa: PLR0913 - folders, records and options
        self,
        folder: Path,
        content: Path,
        ledger: Manifest,
        beside: Mapping[str, Mapping[str, str]],
        *,
        held: AbstractSet[str],
        anew: bool,
        follow_links: bool,
    ) -> None:
        self._held = held
        self._follow_links = follow_links
        self._folder = folder
        self._content = content
        self._ledger = ledger
        self._beside = beside
        self._anew = anew
        self._made: set[str] = set()

    def is_up_to_date(self, output: OutputFile | StaticFile) -> bool:
        """Return whether an output can be skipped: same key, and its files untouched."""
        known = self._ledger.get(output.path)
        return (
            known is not None
            and known.key == self._key(output)
            and all(
                stat_file(f"{self._folder}/{path}") == self._ledger[path].stat
                for path in (output.path, *self._beside.get(output.path, ()))
                if path in self._ledger
            )
        )

    def is_reliable(self, path: str) -> bool:
        """Return whether the recorded key is not racy and covers the same compressed variants."""
        known = self._ledger.get(path)
        codings = self._beside.get(path, {}).values()
        return (
            known is not None
            and not known.key.startswith(_RACY)
            and known.key.partition("+")[2] == "+".join(codings)
        )

    def list_compressed_paths(self, settled: AbstractSet[str]) -> set[str]:
        """Return the compressed variants that may exist; settled outputs gain no new ones."""
        return {
            name
            for path, names in self._beside.items()
            for name in names
            if path not in settled or name in self._ledger
        }

    def write(self, output: OutputFile | StaticFile) -> list[_FileResult]:
        """Write an output and its compressed variants; return a result for each file."""
        if isinstance(output, StaticFile):
            try:
                # Compute the key before reading: if it changes in between, it is copied again.
                key, data = self._key(output), self._source(output.source)
            except FileNotFoundError:
                return []
            except UnfinishedError as error:
                return self._keep_existing(output, str(error.strerror))
            except OSError as error:
                fault = f"cannot be read ({error.strerror})"
                return [
                    _FileResult(output.source, is_new=False, key="", stat=_NO_FILE, fault=fault)
                ]
        else:
            key, data = self._key(output), output.render()
        is_new = self._anew or not has_content(self._folder / output.path, data)
        found = self._put(output.path, data, is_new=is_new)
        main = _FileResult(output.path, is_new, key, found)
        return [main, *self._compress(output.path, data, key, is_new=is_new)]

    def _source(self, path: str) -> bytes:
        """Read the source of a copy. Raises UnfinishedError if it is being written."""
        if path in self._held:
            raise UnfinishedError(path)
        raise_if_being_written(self._content / path)
        data = read_beneath(self._content, path, follow_links=self._follow_links)
        raise_if_being_written(self._content / path)
        return data

    def _keep_existing(self, output: StaticFile, fault: str) -> list[_FileResult]:
        """Keep the existing copy until its source is complete."""
        told = _FileResult(output.source, is_new=False, key="", stat=_NO_FILE, fault=fault)
        try:
            data = (self._folder / output.path).read_bytes()
        except OSError:
            return [told]
        key = f"{_RACY}{time.time_ns()}"
        found = self._put(output.path, data, is_new=self._anew)
        main = _FileResult(output.path, self._anew, key, found)
        return [told, main, *self._compress(output.path, data, key, is_new=self._anew)]

    def move_into_place(self, made: _FileResult) -> _FileResult:
        """Move a staged file to its final path."""
        if made.fault:
            return made
        target = self._folder / made.path
        self._make_folder(target)
        (self._folder / PARTS_FOLDER / _STAGED / made.path).replace(target)
        return made._replace(stat=stat_file(target))

    def _compress(self, path: str, data: bytes, key: str, *, is_new: bool) -> Iterator[_FileResult]:
        """Write a file's compressed variants after the file: servers ignore an older variant."""
        for name, coding in self._beside.get(path, {}).items():
            small = compress(data, coding)
            if small is not None:
                differs = is_new or not has_content(self._folder / name, small)
                found = self._put(name, small, is_new=differs)
                yield _FileResult(name, differs, f"{key} {coding}", found)

    def _key(self, output: OutputFile | StaticFile) -> str:
        """Return the key of an output and its compressed variants."""
        codings = self._beside.get(output.path, {}).values()
        return "+".join((self._own_key(output), *codings))

    def _own_key(self, output: OutputFile | StaticFile) -> str:
        """Return an output's key; for a copy, a digest of its source's stat data."""
        if isinstance(output, OutputFile):
            return output.cache_key
        found = stat_file(self._content / output.source, follow=True)
        if racy_until(found.modified, found.changed) > time.time_ns():
            return f"{_RACY}{time.time_ns()}"  # it may change again without being noticed
        return compute_digest(repr(found).encode())

    def _put(self, path: str, data: bytes, *, is_new: bool) -> FileStat:
        """Write a file atomically: to a temporary name, then renamed.

        With `anew` it is staged, and moved into place after all files are written.
        """
        target = self._folder / path
        if self._anew:
            staged = self._folder / PARTS_FOLDER / _STAGED / path
            self._make_folder(staged)
            staged.write_bytes(data)
            return _NO_FILE
        if is_new:
            self._make_folder(target)
            part = self._folder / PARTS_FOLDER / str(os.getpid())
            part.write_bytes(data)
            part.replace(target)
        return stat_file(target)

    def _make_folder(self, target: Path) -> None:
        """Create the parent folder of a file."""
        folder = str(target.parent)
        if folder not in self._made:
            target.parent.mkdir(parents=True, exist_ok=True)
            self._made.add(folder)


def stat_file(path: Path | str, *, follow: bool = False) -> FileStat:
    """Return a file's stat data, or a link's own unless `follow` is set."""
    try:
        found = os.stat(path, follow_symlinks=follow)  # noqa: PTH116 - avoids a Path per file
    except OSError:
        return _NO_FILE
    return FileStat(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)


def _plan_compressed(paths: AbstractSet[str], codings: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return each path's compressed variants, except names taken by other outputs."""
    if not codings:
        return {}
    taken = paths | {parent for path in paths for parent in iter_parents(path)}
    named = {path: get_compressed_names(path, codings) for path in paths}
    return {
        path: free
        for path, names in named.items()
        if (free := {name: names[name] for name in names if name not in taken})
    }
