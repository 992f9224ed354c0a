"""What was published, and what time it is → whether the clock can be right.

A machine that starts without a time server may believe that it is years ago. Whatever was published
since would be taken away, as if it were still to come.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from feedpub.app import BuildRequest, SitePaths
from feedpub.errors import FeedpubError
from feedpub.models.content import Publication

if TYPE_CHECKING:
    from feedpub.site.pipeline import PreparedSite

_PART = 5  # one post in so many may go since its date is still to come
_TOLERANCE = timedelta(days=1)


def find_latest_date(published: Mapping[str, Publication]) -> datetime | None:
    """Return the latest date that had come when its post was published, None for none."""
    return max(
        (each.publish_date for each in published.values() if each.publish_date), default=None
    )


def is_clock_behind(now: datetime, last: datetime | None) -> bool:
    """Tell whether a clock cannot be right: it was later than this before, by more than a day."""
    return last is not None and now + _TOLERANCE < last


def check_clock_for_issue(now: datetime, last: datetime | None) -> None:
    """Refuse to make an issue by a clock that is behind what was published last.

    Raises FeedpubError where it is.
    """
    if last and is_clock_behind(now, last):
        raise FeedpubError(
            f"by the clock of this machine it is {now:%Y-%m-%d %H:%M} UTC, and a post of "
            f"{last:%Y-%m-%d} was published: no issue is made until the clock is right"
        )


def check_clock_for_build(
    request: BuildRequest,
    where: SitePaths,
    making: "PreparedSite",
    published: Mapping[str, Publication],
) -> None:
    """Refuse to take away more than a fifth of the posts because of what the clock says.

    Raises FeedpubError where their dates had come once, and by this clock are still to come.
    """
    due = sum(each.publish_date is not None for each in published.values())
    gone = sorted(_unpublished(request, making, published.values()))
    if len(gone) * _PART > due:
        path = f"{where.config.content.folder}/{gone[0]}"
        raise FeedpubError(
            f"{path}: was published, and by the clock of this machine ({request.now:%Y-%m-%d %H:%M}"
            f" UTC) its date is still to come, as that of {len(gone):,} of {due:,} posts; nothing "
            "was changed: set the clock right, or publish whatever the date with --future"
        )


def _unpublished(
    request: BuildRequest, making: "PreparedSite", published: Iterable[Publication]
) -> Iterable[str]:
    """Yield the paths of posts whose date had come when they were published, and is ahead now."""
    for each in published:
        if each.publish_date is None or each.publish_date <= request.now or request.future:
            continue
        reading = making.read_results.get(each.path)
        one = reading.manuscript if reading else None
        if one and one.published == each.publish_date and (request.drafts or not one.draft):
            yield each.path
