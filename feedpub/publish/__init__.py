"""A folder of posts → a folder of feeds and pages: the use cases `build` and `check`."""

from pathlib import Path
from typing import TYPE_CHECKING

from feedpub.publish.building import build, rebuild
from feedpub.publish.coming import LastBuild, UpcomingChange, list_upcoming, load_last_build
from feedpub.publish.kept import BuildState, RebuildResult
from feedpub.publish.request import BuildRequest, ProgressCallback, Summary

if TYPE_CHECKING:
    from feedpub.publish.comparing import OldUrl

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
    from feedpub.publish import checking  # noqa: PLC0415

    return checking.check(request)


def import_check(request: BuildRequest, old: Path) -> "tuple[OldUrl, ...]":
    """Tell of each address of an old site what is there now; nothing is written.

    Raises FeedpubError where the old site or the configuration cannot be read.
    """
    from feedpub.publish import comparing  # noqa: PLC0415 - likewise

    return comparing.import_check(request, old)
