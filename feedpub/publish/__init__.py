"""A folder of posts → a folder of feeds and pages: the use cases `build` and `check`."""

from pathlib import Path
from typing import TYPE_CHECKING

from feedpub.publish.building import build, rebuild
from feedpub.publish.coming import Coming, LastBuild, coming, last_build
from feedpub.publish.kept import Built, Kept
from feedpub.publish.request import Progress, Request, Summary

if TYPE_CHECKING:
    from feedpub.publish.comparing import OldAddress

__all__ = [
    "Built",
    "Coming",
    "Kept",
    "LastBuild",
    "Progress",
    "Request",
    "Summary",
    "build",
    "check",
    "coming",
    "import_check",
    "last_build",
    "rebuild",
]


def check(request: Request) -> Summary:
    """Find everything that somebody should mend; nothing of the site is written.

    Raises FeedpubError where the config or a template cannot be used at all.
    """
    # Imported only here, as it takes long and a build has no use for it.
    from feedpub.publish import checking  # noqa: PLC0415

    return checking.check(request)


def import_check(request: Request, old: Path) -> "tuple[OldAddress, ...]":
    """Tell of each address of an old site what is there now; nothing is written.

    Raises FeedpubError where the old site or the configuration cannot be read.
    """
    from feedpub.publish import comparing  # noqa: PLC0415 - likewise

    return comparing.import_check(request, old)
