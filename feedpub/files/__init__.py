"""Everything that touches the disk: sources in, outputs out, and what is remembered between."""

from feedpub.files.beneath import open_beneath
from feedpub.files.compression import COMPRESSIBLE
from feedpub.files.damage import create_cache_folder, pop_damaged
from feedpub.files.instance import is_running, load_state, save_state, single_instance
from feedpub.files.limits import CRASH_SIGNALS, TIMEOUT_SIGNAL, ResourceLimits
from feedpub.files.listing import LIST_FILE, format_publications, is_built, read_publications
from feedpub.files.lock import lock_folder
from feedpub.files.memory import (
    BuildCache,
    BuildRecord,
    CacheRow,
    ReadResult,
    RenderCache,
    retry_on_corrupt_cache,
)
from feedpub.files.old_sites import read_old_urls
from feedpub.files.outputs import Manifest, ManifestEntry, is_unchanged, stat_file, write_outputs
from feedpub.files.outside import AppendLog, SentCounter
from feedpub.files.packaged import compute_program_digest, find_packaged_templates, read_templates
from feedpub.files.pool import LostWorker, SpawnedPool, can_fork, cpu_count, map_parallel
from feedpub.files.secrets import SECRET_VARIABLE, load_secrets
from feedpub.files.settings import load_config
from feedpub.files.sources import FileEntry, compute_digest, read_head, read_source, rescan, scan

__all__ = [
    "COMPRESSIBLE",
    "CRASH_SIGNALS",
    "LIST_FILE",
    "SECRET_VARIABLE",
    "TIMEOUT_SIGNAL",
    "AppendLog",
    "BuildCache",
    "BuildRecord",
    "CacheRow",
    "FileEntry",
    "LostWorker",
    "Manifest",
    "ManifestEntry",
    "ReadResult",
    "RenderCache",
    "ResourceLimits",
    "SentCounter",
    "SpawnedPool",
    "can_fork",
    "compute_digest",
    "compute_program_digest",
    "cpu_count",
    "create_cache_folder",
    "find_packaged_templates",
    "format_publications",
    "is_built",
    "is_running",
    "is_unchanged",
    "load_config",
    "load_secrets",
    "load_state",
    "lock_folder",
    "map_parallel",
    "open_beneath",
    "pop_damaged",
    "read_head",
    "read_old_urls",
    "read_publications",
    "read_source",
    "read_templates",
    "rescan",
    "retry_on_corrupt_cache",
    "save_state",
    "scan",
    "single_instance",
    "stat_file",
    "write_outputs",
]
