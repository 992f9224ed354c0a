"""Public functions of the site package: `build`, `check` and `import_check`."""

from pathlib import Path
from typing import TYPE_CHECKING

from feedpub.app import BuildRequest, ProgressCallback, Summary
from feedpub.site.build_state import BuildState, RebuildResult
from feedpub.site.builder import build, rebuild
from feedpub.site.status import LastBuild, UpcomingChange, list_upcoming, load_last_build

if TYPE_CHECKING:
    from feedpub.site.import_check import OldUrl

__all__ = [
    "BuildRequest",
    "BuildState",
    "LastBuild",
    "ProgressCallback",
    "RebuildResult",
    "Summary",
    "UpcomingChange",
    "build",
    "check",
    "import_check",
    "list_upcoming",
    "load_last_build",
    "rebuild",
]


def check(request: BuildRequest) -> Summary:
    """Return all problems of the site; nothing is written.

    Raises FeedpubError if the configuration or a template cannot be used.
    """
    # Imported late: slow to load, and a build does not need it.
    from feedpub.site import checker  # noqa: PLC0415

    return checker.check(request)


def import_check(request: BuildRequest, old: Path) -> "tuple[OldUrl, ...]":
    """Return what now answers at each URL of an old site; nothing is written.

    Raises FeedpubError if the old site or the configuration cannot be read.
    """
    from feedpub.site import import_check as site_import_check  # noqa: PLC0415 - as above

    return site_import_check.import_check(request, old)
