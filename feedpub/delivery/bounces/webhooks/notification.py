"""The request and notification types of webhooks, and helpers for all provider parsers."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from feedpub.delivery.bounces import find_token_subject
from feedpub.delivery.bounces.event import BounceEvent
from feedpub.models.tokens import SigningKeys

TIMESTAMP_TOLERANCE = timedelta(hours=1)
"""Permitted clock difference; the caller must remember ids for this long against replay."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DIGITS = 10  # digits of a Unix timestamp until 2286


class WebhookError(ValueError):
    """The request is not authentic or cannot be parsed; the message is for the log."""


class WebhookRetryLaterError(WebhookError):
    """The request cannot be verified at the moment; the provider should send it again."""


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """A POST request to a webhook."""

    body: bytes
    headers: Mapping[str, str]  # names in lower case
    secret: str = ""  # the last part of the URL's path


@dataclass(frozen=True, slots=True)
class WebhookNotification:
    """An authenticated notification, whose addresses can be trusted even without a token."""

    id: str  # the same if the provider sends it again
    events: tuple[BounceEvent, ...]
    confirm_url: str = ""  # the URL that confirms the webhook subscription


WebhookParser = Callable[[WebhookRequest, datetime], WebhookNotification]


def parse_json(body: bytes | str) -> object:
    """Parse JSON. Raises WebhookError."""
    try:
        found: object = json.loads(body)
    except (ValueError, RecursionError):
        raise WebhookError("invalid JSON") from None
    return found


def _parse_timestamp(seconds: str) -> datetime:
    """Parse a Unix timestamp. Raises WebhookError."""
    whole = seconds.partition(".")[0]
    if not (whole.isascii() and whole.isdigit() and len(whole) <= _DIGITS):
        raise WebhookError("no valid timestamp")
    return _EPOCH + timedelta(seconds=int(whole))


def require_fresh_timestamp(seconds: str, now: datetime) -> None:
    """Raise WebhookError unless `seconds` is a Unix timestamp within the tolerance."""
    require_fresh(_parse_timestamp(seconds), now)


def require_fresh(when: datetime, now: datetime) -> None:
    """Raise WebhookError for a time outside the tolerance, which suggests a replay."""
    if not now - TIMESTAMP_TOLERANCE <= when <= now + TIMESTAMP_TOLERANCE:
        raise WebhookError(f"timestamp {when:%Y-%m-%d %H:%M:%S} UTC is outside the allowed window")


def attach_subscriber(report: BounceEvent, event: object, keys: SigningKeys) -> BounceEvent:
    """Return the event with the subscriber whose token is in the provider's JSON, if any."""
    said = tuple(_strings(event))
    found = find_token_subject(said, keys, "bounce")
    return replace(
        report,
        subscriber=found if found is not None else find_token_subject(said, keys, "unsubscribe"),
    )


def _strings(value: object) -> Iterator[str]:
    """Yield every string in a JSON value, breadth first."""
    waiting = [value]
    for each in waiting:
        if isinstance(each, str):
            yield each
        elif isinstance(each, dict):
            waiting.extend(each.values())
        elif isinstance(each, list):
            waiting.extend(each)
