"""What a mail service POSTs, and how JSON is read that anybody may have written."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from feedpub.delivery.bounces import find_token_subject
from feedpub.delivery.bounces.event import BounceEvent
from feedpub.models.tokens import SigningKeys

TIMESTAMP_TOLERANCE = timedelta(hours=1)
"""How far a notice's time may be from ours; within it, whoever reads one remembers its id."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DIGITS = 10  # of seconds since then, until the year 2286


class WebhookError(ValueError):
    """It is not from whom it seems, or cannot be read; the message says why, for a log."""


class WebhookRetryLaterError(WebhookError):
    """Nobody can tell at the moment: whoever sent it should send it again."""


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """What somebody POSTed."""

    body: bytes
    headers: Mapping[str, str]  # names in lower case
    secret: str = ""  # the end of the URL


@dataclass(frozen=True, slots=True)
class WebhookNotification:
    """What a service told, for sure: so an address in it may be believed where no token is."""

    id: str  # the same when it is told again
    events: tuple[BounceEvent, ...]
    confirm_url: str = ""  # a URL that confirms that we want to be told


WebhookParser = Callable[[WebhookRequest, datetime], WebhookNotification]


def parse_json(body: bytes | str) -> object:
    """Read JSON. Raises NoticeError."""
    try:
        found: object = json.loads(body)
    except (ValueError, RecursionError):
        raise WebhookError("it is no JSON") from None
    return found


def _parse_timestamp(seconds: str) -> datetime:
    """Read seconds since 1970. Raises NoticeError."""
    whole = seconds.partition(".")[0]
    if not (whole.isascii() and whole.isdigit() and len(whole) <= _DIGITS):
        raise WebhookError("it has no time")
    return _EPOCH + timedelta(seconds=int(whole))


def require_fresh_timestamp(seconds: str, now: datetime) -> None:
    """Raise NoticeError for what is no time, in seconds since 1970, or another one than now."""
    require_fresh(_parse_timestamp(seconds), now)


def require_fresh(when: datetime, now: datetime) -> None:
    """Raise NoticeError for what is of another time: somebody may have kept it."""
    if not now - TIMESTAMP_TOLERANCE <= when <= now + TIMESTAMP_TOLERANCE:
        raise WebhookError(f"it is of {when:%Y-%m-%d %H:%M:%S} UTC, and not of now")


def attach_subscriber(report: BounceEvent, event: object, keys: SigningKeys) -> BounceEvent:
    """Give a report with the subscriber whose token stands in the event, if any does."""
    said = tuple(_strings(event))
    found = find_token_subject(said, keys, "bounce")
    return replace(
        report,
        subscriber=found if found is not None else find_token_subject(said, keys, "unsubscribe"),
    )


def _strings(value: object) -> Iterator[str]:
    """Give every text in it, from the outside in."""
    waiting = [value]
    for each in waiting:
        if isinstance(each, str):
            yield each
        elif isinstance(each, dict):
            waiting.extend(each.values())
        elif isinstance(each, list):
            waiting.extend(each)
