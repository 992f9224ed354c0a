"""Everything that touches the disk: sources in, outputs out, and what is remembered between."""

from feedpub.files.beneath import open_beneath
from feedpub.files.compression import COMPRESSIBLE
from feedpub.files.instance import keep_state, kept_state, only, running
from feedpub.files.listing import LIST, is_built, publication_lines, publications
from feedpub.files.lock import locked
from feedpub.files.memory import Bodies, Build, Memory, Reading, Row, sound
from feedpub.files.outputs import Ledger, Written, clear, facts, intact, write
from feedpub.files.packaged import code, packaged, texts
from feedpub.files.secrets import SECRET, secrets
from feedpub.files.settings import configuration
from feedpub.files.sources import Entry, digest, read, rescan, scan
from feedpub.files.workers import processors, spread

__all__ = [
    "COMPRESSIBLE",
    "LIST",
    "SECRET",
    "Bodies",
    "Build",
    "Entry",
    "Ledger",
    "Memory",
    "Reading",
    "Row",
    "Written",
    "clear",
    "code",
    "configuration",
    "digest",
    "facts",
    "intact",
    "is_built",
    "keep_state",
    "kept_state",
    "locked",
    "only",
    "open_beneath",
    "packaged",
    "processors",
    "publication_lines",
    "publications",
    "read",
    "rescan",
    "running",
    "scan",
    "secrets",
    "sound",
    "spread",
    "texts",
    "write",
]
