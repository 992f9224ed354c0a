"""Conversion between model objects and rows, and helpers that several stores share.

Also recognises erased addresses by salted hash, without storing the addresses, and splits
streams into batches so that memory use stays constant.
"""

import hmac
import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from datetime import datetime
from hashlib import blake2b
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, case, func, select, update

from feedpub.models.newsletter import (
    Consent,
    Issue,
    MessageContent,
    PendingConfirmation,
    SignupRequest,
    Subscriber,
    SubscriptionFilter,
)
from feedpub.storage import schema
from feedpub.storage.schema import delivery, forgotten, issue

SUBSCRIBER_COLUMNS = schema.get_columns(
    schema.subscriber,
    (
        "id",
        "address",
        "name",
        "fields",
        "state",
        "language",
        "everything",
        "tags",
        "authors",
        "cadence",
        "soft_bounces",
        "changed",
        "consent_at",
        "consent_how",
        "consent_source",
        "waited",
    ),
)
"""The columns `parse_subscriber` takes."""

ISSUE_COLUMNS = schema.get_columns(
    schema.issue,
    (
        "id",
        "digest",
        "slot",
        "created",
        "state",
        "posts",
        "subject",
        "reason",
        "intro",
        "named",
        "title",
    ),
)
"""The columns `parse_issue` takes."""

ORIGINAL_DIGEST = case(
    (schema.issue.c.named == "", schema.issue.c.digest), else_=schema.issue.c.named
)
"""The name of an issue's digest when the issue was planned."""

SIGNUP_COLUMNS = schema.get_columns(
    schema.signup,
    (
        "mark",
        "address",
        "everything",
        "tags",
        "authors",
        "cadence",
        "language",
        "asked",
        "mails",
    ),
)
"""The columns `parse_confirmation` takes."""

Row = Sequence[Any]
Values = dict[str, object]


def parse_subscriber(row: Row) -> Subscriber:
    """Return the Subscriber in a row of SUBSCRIBER_COLUMNS."""
    (number, address, name, given, state, language, everything, tags, authors) = row[:9]
    cadence, soft_bounces, changed, at, how, source, waited = row[9:16]
    return Subscriber(
        id=number,
        address=address,
        consent=Consent(at, how, source),
        name=name,
        fields=tuple((key, value) for key, value in json.loads(given)) if given else (),
        state=state,
        language=language,
        follows=SubscriptionFilter(everything, parse_list(tags), parse_list(authors)),
        cadence=cadence,
        soft_bounces=soft_bounces,
        changed=changed,
        delayed_until=waited,
    )


def dump_subscriber(one: Subscriber, key: str, changed: datetime) -> Values:
    """Return the row of a subscriber, without its id."""
    return {
        "key": key,
        "address": one.address,
        "name": one.name,
        "fields": dump_list(one.fields),
        "state": one.state,
        "language": one.language,
        **dump_filter(one.follows),
        "cadence": one.cadence,
        "soft_bounces": one.soft_bounces,
        "changed": changed,
        "consent_at": one.consent.at,
        "consent_how": one.consent.how,
        "consent_source": one.consent.source,
    }


def dump_filter(one: SubscriptionFilter) -> Values:
    """Return the columns of a subscription filter."""
    return {
        "everything": one.everything,
        "tags": dump_list(one.tags),
        "authors": dump_list(one.authors),
    }


def parse_confirmation(row: Row) -> PendingConfirmation:
    """Return the PendingConfirmation in a row of SIGNUP_COLUMNS."""
    mark, address, everything, tags, authors, cadence, language, at, mails = row
    follows = SubscriptionFilter(everything, parse_list(tags), parse_list(authors))
    return PendingConfirmation(mark, SignupRequest(address, follows, cadence, language), at, mails)


def dump_signup_request(one: SignupRequest) -> Values:
    """Return the columns of a sign-up request."""
    return {
        "address": one.address,
        **dump_filter(one.follows),
        "cadence": one.cadence,
        "language": one.language,
    }


def parse_issue(row: Row) -> Issue:
    """Return the Issue in a row of ISSUE_COLUMNS."""
    number, digest, slot, created, state, posts, *told = row
    return Issue(number, digest, slot, created, state, parse_list(posts), *told)


def dump_list(texts: Iterable[object]) -> str:
    """Return a list as JSON; "" for an empty one, as nearly all are."""
    listed = list(texts)
    return json.dumps(listed, ensure_ascii=False, separators=(",", ":")) if listed else ""


def parse_list(text: str) -> tuple[str, ...]:
    """Return a list written by `dump_list`."""
    return tuple(json.loads(text)) if text else ()


def compress_content(content: MessageContent) -> bytes:
    """Return message content compressed, at about a fifth of its size."""
    return zlib.compress(
        dump_list(getattr(content, each.name) for each in fields(content)).encode()
    )


def decompress_content(octets: bytes) -> MessageContent:
    """Return message content compressed by `compress_content`."""
    return MessageContent(*parse_list(zlib.decompress(octets).decode()))


def make_message_key(digest: str, slot: datetime, created: datetime, subscriber: int) -> str:
    """Return the key from which a Message-ID is made: the same for every attempt at a delivery.

    `created` distinguishes databases whose issues have the same slots.
    """
    named = f"{digest}\n{slot.isoformat()}\n{created.isoformat()}\n{subscriber}"
    return blake2b(named.encode(), digest_size=12).hexdigest()


def hash_address(key: str, salt: bytes) -> bytes:
    """Return the HMAC-SHA256 of a canonical address."""
    return hmac.digest(salt, key.encode(), "sha256")


def is_address_forgotten(connection: Connection, key: str) -> bool:
    """Return whether the owner of a canonical address asked to be erased."""
    return bool(find_forgotten(connection, list_salts(connection), [key]))


def list_salts(connection: Connection) -> tuple[bytes, ...]:
    """Return the salts in use: one, unless it was changed."""
    return tuple(connection.execute(select(forgotten.c.salt).distinct()).scalars())


def find_forgotten(
    connection: Connection, salts: Iterable[bytes], keys: Iterable[str]
) -> list[str]:
    """Return those canonical addresses whose owners asked to be erased."""
    owners = {hash_address(key, salt): key for salt in salts for key in keys}
    if not owners:
        return []
    found = connection.execute(select(forgotten.c.hash).where(forgotten.c.hash.in_(owners)))
    return [owners[one] for one in found.scalars()]


def scrub_delivery_texts(connection: Connection, number: int) -> None:
    """Erase server replies, which often contain the address, from a subscriber's deliveries."""
    words = func.length(delivery.c.text) > 0
    # Through the issues: the index on deliveries starts with the issue.
    which = (delivery.c.issue.in_(select(issue.c.id)), delivery.c.subscriber == number, words)
    connection.execute(update(delivery).where(*which).values(text=""))


Item = TypeVar("Item")


def iter_batches(stream: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Yield a stream in lists of `size` items; the last may be shorter, none is empty."""
    rest = iter(stream)
    while batch := list(islice(rest, size)):
        yield batch
