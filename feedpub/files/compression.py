"""The bytes of a file → the same, compressed; the same bytes each time, on every machine with the
same libraries.
"""

import zlib
from collections.abc import Callable, Mapping, Sequence

import brotli

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
