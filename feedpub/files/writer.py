"""Outputs → the output folder: each file whole or not there, equal bytes untouched, and nothing
removed that feedpub did not write.
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

PARTS_FOLDER = (
    ".feedpub-parts"  # files being written: no name in use is ever half there; stays when
)
# a build is killed, or gives up
_STAGED = "staged"  # in there
_RACY = "racy-"


class FileStat(NamedTuple):
    """How the disk shows a file; all zeros where there is none."""

    size: int  # octets
    modified: int  # nanoseconds
    changed: int  # nanoseconds
    inode: int


_NO_FILE = FileStat(0, 0, 0, 0)


class ManifestEntry(NamedTuple):
    """What is remembered of a file that was written: its key, and how the disk showed it then."""

    key: str
    stat: tuple[int, ...]  # Facts, as they are kept


Manifest = Mapping[str, ManifestEntry]
"""Path below the output folder → what was last written there."""


def write_outputs(  # noqa: PLR0913 - what, where to, what is known, and who is told
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
    """Bring the folder to hold just these outputs; give what changed, and the ledger of now.

    An output is not rendered where its key is the one in `ledger` and the file lies there as it
    was left; those whose paths are `untouched` are taken to be so, and not looked at. Copies are
    taken from `content`; one whose source has gone is not wanted any more, one that cannot be read
    is left out, and one that is `unfinished`, or being written, stays what it was. Compressed in
    each of `codings` (gzip, br), what is worth it lies beside as well. `publications` is what the
    folder's list tells besides. With `anew` every file is written, and the folder stays as it is
    until all are rendered. With `spare`, what was written before below that path stays, though
    it is not wanted now. With `follow_links` the sources of copies may lie outside of `content`.

    Raises OutputError where the folder holds, or could come to hold, what is not ours.
    """
    wanted = {output.path: output for output in outputs}
    beside = _plan_compressed(wanted.keys(), codings)
    work = _OutputWriter(
        folder, content, ledger, beside, held=unfinished, anew=anew, follow_links=follow_links
    )
    # Where the last one to write here did not come to its end, nothing is as it was left.
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
    """Return the paths that may be ours, and what the list tells besides.

    Where the list was removed or damaged, and any file lies as we left it, the folder is ours all
    the same: so is what stands where the others were.
    """
    ours, before = read_list(folder)
    lost = ledger.keys() - ours
    if any(ledger[path].stat == stat_file(folder / path) != _NO_FILE for path in lost):
        ours |= lost
        write_list(folder, ours, before)
    return ours, before


def _describe_killed_twice(target: Path, number: int) -> str:
    what = f"by signal {number}" if number else "by an end of their own"
    return (
        f"{target}: two processes that wrote it were ended {what}; is the machine out of memory? "
        "Run the build again"
    )


def is_unchanged(folder: Path, ledger: Manifest) -> bool:
    """Tell whether every file of the ledger, and the list, lies in the folder as it was left.

    That is not so where somebody has begun to write since, and did not come to an end.
    """
    whole = is_built(folder) and not (folder / PARTS_FOLDER).exists()
    return whole and all(
        stat_file(f"{folder}/{path}") == written.stat for path, written in ledger.items()
    )


class _FileResult(NamedTuple):
    """What came of one file."""

    path: str
    is_new: bool  # its bytes are others than before
    key: str
    stat: FileStat
    fault: str = ""  # why the source, whose path this then is, cannot be read


class _OutputWriter:
    """Writes outputs, one after the other, in whichever process it finds itself."""

    def __init__(  # noqa: PLR0913 - where from, where to, what is known, and how
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
        """Tell whether an output need not be made: its key is known, its files untouched."""
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
        """Tell whether what is known of an output's file was no guess, and of all beside it too."""
        known = self._ledger.get(path)
        codings = self._beside.get(path, {}).values()
        return (
            known is not None
            and not known.key.startswith(_RACY)
            and known.key.partition("+")[2] == "+".join(codings)
        )

    def list_compressed_paths(self, settled: AbstractSet[str]) -> set[str]:
        """Give what may lie beside outputs; beside those that are settled nothing new does."""
        return {
            name
            for path, names in self._beside.items()
            for name in names
            if path not in settled or name in self._ledger
        }

    def write(self, output: OutputFile | StaticFile) -> list[_FileResult]:
        """Write an output and what lies beside it; give what came of each file."""
        if isinstance(output, StaticFile):
            try:
                # The key before the bytes: what changes in between is copied again.
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
        """Read the source of a copy. Raises UnfinishedError where somebody is writing it."""
        if path in self._held:
            raise UnfinishedError(path)
        raise_if_being_written(self._content / path)
        data = read_beneath(self._content, path, follow_links=self._follow_links)
        raise_if_being_written(self._content / path)
        return data

    def _keep_existing(self, output: StaticFile, fault: str) -> list[_FileResult]:
        """Keep the copy that there is, until its source is whole again."""
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
        """Give a file that was staged its own place."""
        if made.fault:
            return made
        target = self._folder / made.path
        self._make_folder(target)
        (self._folder / PARTS_FOLDER / _STAGED / made.path).replace(target)
        return made._replace(stat=stat_file(target))

    def _compress(self, path: str, data: bytes, key: str, *, is_new: bool) -> Iterator[_FileResult]:
        """Write what lies beside a file. It is never older than the file, which servers check."""
        for name, coding in self._beside.get(path, {}).items():
            small = compress(data, coding)
            if small is not None:
                differs = is_new or not has_content(self._folder / name, small)
                found = self._put(name, small, is_new=differs)
                yield _FileResult(name, differs, f"{key} {coding}", found)

    def _key(self, output: OutputFile | StaticFile) -> str:
        """Give the key of an output, and of what may lie beside it."""
        codings = self._beside.get(output.path, {}).values()
        return "+".join((self._own_key(output), *codings))

    def _own_key(self, output: OutputFile | StaticFile) -> str:
        """Give an output's key: a copy's is what the disk tells of its source."""
        if isinstance(output, OutputFile):
            return output.cache_key
        found = stat_file(self._content / output.source, follow=True)
        if racy_until(found.modified, found.changed) > time.time_ns():
            return f"{_RACY}{time.time_ns()}"  # it may change again and look the same
        return compute_digest(repr(found).encode())

    def _put(self, path: str, data: bytes, *, is_new: bool) -> FileStat:
        """Write a file under another name, then give it its own: whole, or not there at all.

        Where everything is written anew, it gets its own name only when all are there.
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
        """Make the folder that a file is to lie in."""
        folder = str(target.parent)
        if folder not in self._made:
            target.parent.mkdir(parents=True, exist_ok=True)
            self._made.add(folder)


def stat_file(path: Path | str, *, follow: bool = False) -> FileStat:
    """Ask the disk about a file; of a link about itself, unless it is to be followed."""
    try:
        found = os.stat(path, follow_symlinks=follow)  # noqa: PTH116 - no Path for each of so many
    except OSError:
        return _NO_FILE
    return FileStat(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)


def _plan_compressed(paths: AbstractSet[str], codings: Sequence[str]) -> dict[str, dict[str, str]]:
    """Give for each path what may lie beside it compressed, where nothing else wants its place."""
    if not codings:
        return {}
    taken = paths | {parent for path in paths for parent in iter_parents(path)}
    named = {path: get_compressed_names(path, codings) for path in paths}
    return {
        path: free
        for path, names in named.items()
        if (free := {name: names[name] for name in names if name not in taken})
    }
