"""Find out when a message came in."""

from datetime import UTC, datetime
from email.parser import BytesHeaderParser
from email.utils import parsedate_to_datetime

from feedpub.bounces.mails import truncate_message

_LONGEST = 200  # characters of a date


def find_received_time(data: bytes, now: datetime) -> datetime:
    """Return when a message came in; now where it does not say so, or tells of the future.

    The server that took it in wrote that into the first `Received`; `Date` is as good as the clock
    of whoever sent it. Never raises, whatever the octets.
    """
    header = BytesHeaderParser().parsebytes(truncate_message(data))
    for value in (str(header.get("received", "")).rpartition(";")[2], header.get("date", "")):
        try:
            at = parsedate_to_datetime(str(value)[:_LONGEST])
            known = at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC)
        except (ValueError, OverflowError):
            continue
        return min(known, now)
    return now
