"""Times shown in a time zone, the first and the last day of all calendars among them."""

from datetime import datetime, tzinfo


def to_timezone(moment: datetime, zone: tzinfo) -> datetime:
    """Return a moment as clocks of a zone show it; where they have no year for it, as it is."""
    try:
        return moment.astimezone(zone)
    except OverflowError:
        return moment
