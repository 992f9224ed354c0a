"""Make room in the output folder for what is to be written, and remove nothing that is not ours.

The bytes of a file → the same, compressed; the same bytes each time, on every machine with the
same libraries.
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
    """Tell whether a file holds just these bytes already."""
    try:
        return target.stat().st_size == len(data) and target.read_bytes() == data
    except OSError:
        return False


def check_ownership(folder: Path, ours: set[str], wanted: AbstractSet[str]) -> None:
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


def find_conflicts(paths: Sequence[str], wanted: AbstractSet[str]) -> list[str]:
    """Give the old files that stand where a new one needs a folder, or the other way about."""
    if not paths:
        return []
    folders = {parent for path in wanted for parent in iter_parents(path)}
    return [path for path in paths if path in folders or not wanted.isdisjoint(iter_parents(path))]


def iter_parents(path: str) -> Iterator[str]:
    """Give every folder above a path."""
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def remove_files(folder: Path, paths: Sequence[str], wanted: AbstractSet[str]) -> list[str]:
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


COMPRESSIBLE = frozenset(
    (
        *(".css", ".csv", ".htm", ".html", ".ics", ".js", ".json", ".map", ".md", ".mjs", ".opml"),
        *(".rtf", ".srt", ".svg", ".txt", ".vtt", ".webmanifest", ".xhtml", ".xml"),
    )
)
"""Suffixes of files that are text, and not compressed already."""

MIN_SIZE = 1024  # octets: what is smaller travels in one packet as it is

_GZIP_LEVEL = 6
_BROTLI_QUALITY = 5
_GZIP_FRAME = 31  # zlib's word for the header and trailer of gzip, with the largest window


def _gzip(data: bytes) -> bytes:
    return zlib.compress(data, _GZIP_LEVEL, _GZIP_FRAME)  # it writes neither time nor name


def _brotli(data: bytes) -> bytes:
    small: bytes = brotli.compress(data, mode=brotli.MODE_TEXT, quality=_BROTLI_QUALITY)
    return small


_CODINGS: Mapping[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": (".gz", _gzip),
    "br": (".br", _brotli),
}


def get_compressed_names(path: str, codings: Sequence[str]) -> dict[str, str]:
    """Give the names that a file's compressed ones would have, each with its coding."""
    dot = path.rfind(".")
    if not codings or dot < 0 or path[dot:].lower() not in COMPRESSIBLE:
        return {}
    return {path + _CODINGS[coding][0]: coding for coding in codings}


def compress(data: bytes, coding: str) -> bytes | None:
    """Compress the bytes of a file; None where that is not worth it."""
    if len(data) < MIN_SIZE:
        return None
    small = _CODINGS[coding][1](data)
    return small if len(small) < len(data) else None
