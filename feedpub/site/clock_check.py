"""Detect a system clock that is wrong, before a build removes posts or an issue is made.

A machine that boots without a time server may be years behind. All posts published since would
then look scheduled, and would be removed.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from feedpub.app import BuildRequest, SitePaths
from feedpub.errors import FeedpubError
from feedpub.models.content import Publication

if TYPE_CHECKING:
    from feedpub.site.pipeline import PreparedSite

_PART = 5  # at most one post in five may be withdrawn because of its date
_TOLERANCE = timedelta(days=1)


def find_latest_date(published: Mapping[str, Publication]) -> datetime | None:
    """Return the latest date that was past when its post was published, None if there is none."""
    return max(
        (each.publish_date for each in published.values() if each.publish_date), default=None
    )


def is_clock_behind(now: datetime, last: datetime | None) -> bool:
    """Return whether the clock is more than a day behind a date known to be past."""
    return last is not None and now + _TOLERANCE < last


def check_clock_for_issue(now: datetime, last: datetime | None) -> None:
    """Refuse to make an issue if the clock is behind the last published post.

    Raises FeedpubError in that case.
    """
    if last and is_clock_behind(now, last):
        raise FeedpubError(
            f"the system clock says {now:%Y-%m-%d %H:%M} UTC, but a post of {last:%Y-%m-%d} is "
            "already published: no issue is created until the clock is right"
        )


def check_clock_for_build(
    request: BuildRequest,
    where: SitePaths,
    making: "PreparedSite",
    published: Mapping[str, Publication],
) -> None:
    """Refuse to remove more than a fifth of the dated posts because of the clock.

    Raises FeedpubError if that many posts were once due and are now in the future.
    """
    due = sum(each.publish_date is not None for each in published.values())
    gone = sorted(_unpublished(request, making, published.values()))
    if len(gone) * _PART > due:
        path = f"{where.config.content.folder}/{gone[0]}"
        raise FeedpubError(
            f"{path}: was published, but by the system clock ({request.now:%Y-%m-%d %H:%M} UTC) "
            f"its date is in the future, as for {len(gone):,} of {due:,} posts; nothing was "
            "changed: correct the clock, or publish regardless of dates with --future"
        )


def _unpublished(
    request: BuildRequest, making: "PreparedSite", published: Iterable[Publication]
) -> Iterable[str]:
    """Yield the paths of posts that were due when published and are now in the future."""
    for each in published:
        if each.publish_date is None or each.publish_date <= request.now or request.future:
            continue
        reading = making.read_results.get(each.path)
        one = reading.manuscript if reading else None
        if one and one.published == each.publish_date and (request.drafts or not one.draft):
            yield each.path
