"""Keep the output folder safe: check who owns it, remove only our files, compress the rest.

`writer.write_outputs` uses these functions. Compression is deterministic for given versions of
the libraries.
"""

import os
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from pathlib import Path

import brotli

from feedpub.errors import OutputError
from feedpub.files.scanner import is_built


def has_content(target: Path, data: bytes) -> bool:
    """Return whether a file already holds exactly these bytes."""
    try:
        return target.stat().st_size == len(data) and target.read_bytes() == data
    except OSError:
        return False


def check_ownership(folder: Path, ours: set[str], wanted: AbstractSet[str]) -> None:
    """Create the folder; refuse it if writing would overwrite files that feedpub did not write."""
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
    """Return whether two names are the same file, as on a case-insensitive file system."""
    return (
        other is not None
        and all(os.path.lexists(folder / each) for each in (path, other))
        and (folder / path).samefile(folder / other)
    )


def _below(folder: Path, path: Path) -> str:
    """Return a path as it is written in the list file."""
    return path.relative_to(folder).as_posix()


def find_conflicts(paths: Sequence[str], wanted: AbstractSet[str]) -> list[str]:
    """Return the old files that are in the way of a new folder, or below a new file."""
    if not paths:
        return []
    folders = {parent for path in wanted for parent in iter_parents(path)}
    return [path for path in paths if path in folders or not wanted.isdisjoint(iter_parents(path))]


def iter_parents(path: str) -> Iterator[str]:
    """Yield every parent folder of a path."""
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def remove_files(folder: Path, paths: Sequence[str], wanted: AbstractSet[str]) -> list[str]:
    """Remove our files that are no longer wanted, and the folders left empty; return the paths."""
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


COMPRESSIBLE = frozenset(
    (
        *(".css", ".csv", ".htm", ".html", ".ics", ".js", ".json", ".map", ".md", ".mjs", ".opml"),
        *(".rtf", ".srt", ".svg", ".txt", ".vtt", ".webmanifest", ".xhtml", ".xml"),
    )
)
"""Suffixes of text files, which are worth compressing."""

MIN_SIZE = 1024  # octets; a smaller response fits into one packet anyway

_GZIP_LEVEL = 6
_BROTLI_QUALITY = 5
_GZIP_FRAME = 31  # zlib wbits: gzip header and trailer, largest window


def _gzip(data: bytes) -> bytes:
    return zlib.compress(data, _GZIP_LEVEL, _GZIP_FRAME)  # no timestamp or file name: reproducible


def _brotli(data: bytes) -> bytes:
    small: bytes = brotli.compress(data, mode=brotli.MODE_TEXT, quality=_BROTLI_QUALITY)
    return small


_CODINGS: Mapping[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": (".gz", _gzip),
    "br": (".br", _brotli),
}


def get_compressed_names(path: str, codings: Sequence[str]) -> dict[str, str]:
    """Return the names of a file's compressed variants, with their codings."""
    dot = path.rfind(".")
    if not codings or dot < 0 or path[dot:].lower() not in COMPRESSIBLE:
        return {}
    return {path + _CODINGS[coding][0]: coding for coding in codings}


def compress(data: bytes, coding: str) -> bytes | None:
    """Compress a file's bytes; None if it is not worth it."""
    if len(data) < MIN_SIZE:
        return None
    small = _CODINGS[coding][1](data)
    return small if len(small) < len(data) else None
