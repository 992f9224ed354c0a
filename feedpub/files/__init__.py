"""Everything that touches the disk: sources in, outputs out, and what is remembered between."""

from feedpub.files.lock import locked
from feedpub.files.memory import Bodies, Build, Memory, Packed, Reading, pack, sound, unpack
from feedpub.files.outputs import Written, clear, intact, write
from feedpub.files.packaged import code, packaged, texts
from feedpub.files.secrets import SECRET, secrets
from feedpub.files.settings import configuration
from feedpub.files.sources import Entry, digest, read, scan, stamp
from feedpub.files.workers import processors, spread

__all__ = [
    "SECRET",
    "Bodies",
    "Build",
    "Entry",
    "Memory",
    "Packed",
    "Reading",
    "Written",
    "clear",
    "code",
    "configuration",
    "digest",
    "intact",
    "locked",
    "pack",
    "packaged",
    "processors",
    "read",
    "scan",
    "secrets",
    "sound",
    "spread",
    "stamp",
    "texts",
    "unpack",
    "write",
]
