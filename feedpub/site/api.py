"""A folder of posts → a folder of feeds and pages: the use cases `build` and `check`."""

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
    """Find everything that somebody should mend; nothing of the site is written.

    Raises FeedpubError where the config or a template cannot be used at all.
    """
    # Imported only here, as it takes long and a build has no use for it.
    from feedpub.site import checker  # noqa: PLC0415

    return checker.check(request)


def import_check(request: BuildRequest, old: Path) -> "tuple[OldUrl, ...]":
    """Tell of each address of an old site what is there now; nothing is written.

    Raises FeedpubError where the old site or the configuration cannot be read.
    """
    from feedpub.site import import_check as site_import_check  # noqa: PLC0415 - likewise

    return site_import_check.import_check(request, old)
