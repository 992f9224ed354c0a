"""Values ⇄ rows.

An address and a salt → a hash that tells nobody whose it is, and still tells them again.

A stream → lists of it, so that memory is steady.
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
"""The columns that `subscriber` makes a value of."""

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
"""The columns that `issue` makes a value of."""

ORIGINAL_DIGEST = case(
    (schema.issue.c.named == "", schema.issue.c.digest), else_=schema.issue.c.named
)
"""What the digest of an issue was called when that was planned."""

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
"""The columns that `asked` makes a value of."""

Row = Sequence[Any]
Values = dict[str, object]


def parse_subscriber(row: Row) -> Subscriber:
    """Make a value of the columns in SUBSCRIBER."""
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
    """Make a row of a subscriber, all but its id."""
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
    """Make the columns of what somebody follows."""
    return {
        "everything": one.everything,
        "tags": dump_list(one.tags),
        "authors": dump_list(one.authors),
    }


def parse_confirmation(row: Row) -> PendingConfirmation:
    """Make a value of the columns in ASKED."""
    mark, address, everything, tags, authors, cadence, language, at, mails = row
    follows = SubscriptionFilter(everything, parse_list(tags), parse_list(authors))
    return PendingConfirmation(mark, SignupRequest(address, follows, cadence, language), at, mails)


def dump_signup_request(one: SignupRequest) -> Values:
    """Make the columns of what somebody asks for."""
    return {
        "address": one.address,
        **dump_filter(one.follows),
        "cadence": one.cadence,
        "language": one.language,
    }


def parse_issue(row: Row) -> Issue:
    """Make a value of the columns in ISSUE."""
    number, digest, slot, created, state, posts, *told = row
    return Issue(number, digest, slot, created, state, parse_list(posts), *told)


def dump_list(texts: Iterable[object]) -> str:
    """Make JSON of a list; "" of an empty one, as nearly all are."""
    listed = list(texts)
    return json.dumps(listed, ensure_ascii=False, separators=(",", ":")) if listed else ""


def parse_list(text: str) -> tuple[str, ...]:
    """Read a list of texts."""
    return tuple(json.loads(text)) if text else ()


def compress_content(content: MessageContent) -> bytes:
    """Make octets of what a message says, a fifth as many as it has letters."""
    return zlib.compress(
        dump_list(getattr(content, each.name) for each in fields(content)).encode()
    )


def decompress_content(octets: bytes) -> MessageContent:
    """Read what a message says."""
    return MessageContent(*parse_list(zlib.decompress(octets).decode()))


def make_message_key(digest: str, slot: datetime, created: datetime, subscriber: int) -> str:
    """Give what makes the Message-ID of an issue to a reader: the same at every attempt.

    `created` tells two databases apart that count their issues alike.
    """
    named = f"{digest}\n{slot.isoformat()}\n{created.isoformat()}\n{subscriber}"
    return blake2b(named.encode(), digest_size=12).hexdigest()


def hash_address(key: str, salt: bytes) -> bytes:
    """Give the HMAC-SHA256 of a canonical address."""
    return hmac.digest(salt, key.encode(), "sha256")


def is_address_forgotten(connection: Connection, key: str) -> bool:
    """Tell whether somebody with this canonical address asked to be forgotten."""
    return bool(find_forgotten(connection, list_salts(connection), [key]))


def list_salts(connection: Connection) -> tuple[bytes, ...]:
    """Give every salt there is: one, unless it was changed."""
    return tuple(connection.execute(select(forgotten.c.salt).distinct()).scalars())


def find_forgotten(
    connection: Connection, salts: Iterable[bytes], keys: Iterable[str]
) -> list[str]:
    """Give those of some canonical addresses whose owners asked to be forgotten."""
    owners = {hash_address(key, salt): key for salt in salts for key in keys}
    if not owners:
        return []
    found = connection.execute(select(forgotten.c.hash).where(forgotten.c.hash.in_(owners)))
    return [owners[one] for one in found.scalars()]


def scrub_delivery_texts(connection: Connection, number: int) -> None:
    """Take a server's words, which often name the address, from a reader's deliveries."""
    words = func.length(delivery.c.text) > 0
    # By way of the issues: deliveries are found by issue and reader, not by reader alone.
    which = (delivery.c.issue.in_(select(issue.c.id)), delivery.c.subscriber == number, words)
    connection.execute(update(delivery).where(*which).values(text=""))


Item = TypeVar("Item")


def iter_batches(stream: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Give a stream in lists of a size, the last one shorter; none that is empty."""
    rest = iter(stream)
    while batch := list(islice(rest, size)):
        yield batch
