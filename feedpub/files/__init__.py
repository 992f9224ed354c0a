"""Everything that touches the disk: sources in, outputs out, and what is remembered between."""

from feedpub.files.compression import COMPRESSIBLE
from feedpub.files.instance import keep_state, kept_state, only, running
from feedpub.files.lock import locked
from feedpub.files.memory import Bodies, Build, Memory, Packed, Reading, pack, sound, unpack
from feedpub.files.outputs import Written, clear, intact, is_built, write
from feedpub.files.packaged import code, packaged, texts
from feedpub.files.secrets import SECRET, secrets
from feedpub.files.settings import configuration
from feedpub.files.sources import Entry, digest, read, scan, stamp
from feedpub.files.workers import processors, spread

__all__ = [
    "COMPRESSIBLE",
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
    "is_built",
    "keep_state",
    "kept_state",
    "locked",
    "only",
    "pack",
    "packaged",
    "processors",
    "read",
    "running",
    "scan",
    "secrets",
    "sound",
    "spread",
    "stamp",
    "texts",
    "unpack",
    "write",
]
