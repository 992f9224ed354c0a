"""Everything that touches the disk: sources in, outputs out, and what is remembered between."""

from feedpub.files.beneath import open_beneath
from feedpub.files.compression import COMPRESSIBLE
from feedpub.files.damage import make_folder, take_damaged
from feedpub.files.instance import keep_state, kept_state, only, running
from feedpub.files.limits import CRASHES, OUT_OF_TIME, Limits
from feedpub.files.listing import LIST, is_built, publication_lines, publications
from feedpub.files.lock import locked
from feedpub.files.memory import Bodies, Build, Memory, Reading, Row, sound
from feedpub.files.old_sites import old_addresses
from feedpub.files.outputs import Ledger, Written, facts, intact, write
from feedpub.files.outside import AppendLog, SentMark
from feedpub.files.packaged import code, packaged, texts
from feedpub.files.pool import Loss, SpawnedPool, can_fork, cpu_count, map_parallel
from feedpub.files.secrets import SECRET, secrets
from feedpub.files.settings import configuration
from feedpub.files.sources import Entry, digest, head, read, rescan, scan

__all__ = [
    "COMPRESSIBLE",
    "CRASHES",
    "LIST",
    "OUT_OF_TIME",
    "SECRET",
    "AppendLog",
    "Bodies",
    "Build",
    "Entry",
    "Ledger",
    "Limits",
    "Loss",
    "Memory",
    "Reading",
    "Row",
    "SentMark",
    "SpawnedPool",
    "Written",
    "can_fork",
    "code",
    "configuration",
    "cpu_count",
    "digest",
    "facts",
    "head",
    "intact",
    "is_built",
    "keep_state",
    "kept_state",
    "locked",
    "make_folder",
    "map_parallel",
    "old_addresses",
    "only",
    "open_beneath",
    "packaged",
    "publication_lines",
    "publications",
    "read",
    "rescan",
    "running",
    "scan",
    "secrets",
    "sound",
    "take_damaged",
    "texts",
    "write",
]
