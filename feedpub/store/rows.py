"""Values ⇄ rows."""

import json
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime
from hashlib import blake2b
from typing import Any

from sqlalchemy import case

from feedpub.mailing import Asked, Consent, Content, Follows, Issue, Subscriber, Wish
from feedpub.store import schema

SUBSCRIBER = schema.numbered(
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

ISSUE = schema.numbered(
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

ORIGIN = case((schema.issue.c.named == "", schema.issue.c.digest), else_=schema.issue.c.named)
"""What the digest of an issue was called when that was planned."""

ASKED = schema.numbered(
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


def subscriber(row: Row) -> Subscriber:
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
        follows=Follows(everything, texts(tags), texts(authors)),
        cadence=cadence,
        soft_bounces=soft_bounces,
        changed=changed,
        waited=waited,
    )


def reader(one: Subscriber, key: str, changed: datetime) -> Values:
    """Make a row of a subscriber, all but its id."""
    return {
        "key": key,
        "address": one.address,
        "name": one.name,
        "fields": packed(one.fields),
        "state": one.state,
        "language": one.language,
        **follows(one.follows),
        "cadence": one.cadence,
        "soft_bounces": one.soft_bounces,
        "changed": changed,
        "consent_at": one.consent.at,
        "consent_how": one.consent.how,
        "consent_source": one.consent.source,
    }


def follows(one: Follows) -> Values:
    """Make the columns of what somebody follows."""
    return {
        "everything": one.everything,
        "tags": packed(one.tags),
        "authors": packed(one.authors),
    }


def asked(row: Row) -> Asked:
    """Make a value of the columns in ASKED."""
    mark, address, everything, tags, authors, cadence, language, at, mails = row
    follows = Follows(everything, texts(tags), texts(authors))
    return Asked(mark, Wish(address, follows, cadence, language), at, mails)


def wish(one: Wish) -> Values:
    """Make the columns of what somebody asks for."""
    return {
        "address": one.address,
        **follows(one.follows),
        "cadence": one.cadence,
        "language": one.language,
    }


def issue(row: Row) -> Issue:
    """Make a value of the columns in ISSUE."""
    number, digest, slot, created, state, posts, *told = row
    return Issue(number, digest, slot, created, state, texts(posts), *told)


def packed(texts: Iterable[object]) -> str:
    """Make JSON of a list; "" of an empty one, as nearly all are."""
    listed = list(texts)
    return json.dumps(listed, ensure_ascii=False, separators=(",", ":")) if listed else ""


def texts(text: str) -> tuple[str, ...]:
    """Read a list of texts."""
    return tuple(json.loads(text)) if text else ()


def compressed(content: Content) -> bytes:
    """Make octets of what a message says, a fifth as many as it has letters."""
    return zlib.compress(packed(getattr(content, each.name) for each in fields(content)).encode())


def content(octets: bytes) -> Content:
    """Read what a message says."""
    return Content(*texts(zlib.decompress(octets).decode()))


def message_key(digest: str, slot: datetime, created: datetime, subscriber: int) -> str:
    """Give what makes the Message-ID of an issue to a reader: the same at every attempt.

    `created` tells two databases apart that count their issues alike.
    """
    named = f"{digest}\n{slot.isoformat()}\n{created.isoformat()}\n{subscriber}"
    return blake2b(named.encode(), digest_size=12).hexdigest()
