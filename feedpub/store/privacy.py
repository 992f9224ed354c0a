"""An address and a salt → a hash that tells nobody whose it is, and still tells them again."""

import hmac
from collections.abc import Iterable

from sqlalchemy import Connection, func, select, update

from feedpub.store.schema import delivery, forgotten, issue


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
