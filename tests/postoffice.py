"""A desk with a real store, and a round of sending from it, for tests of the delivery.

with desk(tmp_path, server.port) as one:
    issue = mailing(one, "ann@example.org", "bob@example.org")
    posted = round_of(one)
"""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import made
import mailings
import mails

import feedpub.store
from feedpub.config import Config, Digest, Mail, Relay
from feedpub.digests import Following, Names
from feedpub.library import Library
from feedpub.mail import Transport
from feedpub.mailing import Delivery, Issue, Subscriber, Tally
from feedpub.model import Author
from feedpub.newsletter.desk import Desk
from feedpub.newsletter.outside import OutsideFiles
from feedpub.newsletter.posting import Clock, Posted, Postman, Printer, clock, transport
from feedpub.publish.request import Place
from feedpub.store import Store
from feedpub.tokens import Keys

NOW = mailings.NOW
LIBRARY = Library(
    posts=(),
    tags=(),
    categories=(),
    authors=(),
    languages=(),
    files={},
    drafts=0,
    scheduled=0,
    expired=0,
    since=None,
    until=None,
    problems=(),
)


def relay(port: int, *, connections: int = 1, rate: int = 0, weight: int = 1) -> Relay:
    """Give a relay on this machine."""
    return Relay("127.0.0.1", port, "none", connections=connections, rate=rate, weight=weight)


def config(mail: Mail) -> Config:
    """Give a configuration with one digest that is mailed so."""
    return made.config(mail=mail, digests=(Digest("weekly"),))


def smtp(*relays: Relay, **changes: str | int) -> Mail:
    """Give how mail leaves over relays."""
    sender = Author("Ann", "news@example.org")
    return replace(Mail(transport="smtp", sender=sender, relays=relays), **changes)  # type: ignore[arg-type]


def folder() -> Mail:
    """Give how mail becomes files."""
    return Mail(sender=Author("Ann", "news@example.org"))


@contextmanager
def desk(
    path: Path, mail: Mail, opened: Callable[[str, Path], Store] = feedpub.store.open
) -> Iterator[Desk]:
    """Give a desk in a folder of its own."""
    home = path / ".feedpub"
    chosen = config(mail)
    where = Place(chosen, path / "content", path / "templates", path / "public", home / "cache")
    with closing(opened("", home)) as store:
        yield Desk(chosen, where, store, Keys(b"k" * 32), OutsideFiles(home, [b"salt"]))


def mailing(one: Desk, *addresses: str, digest: str = "weekly") -> Issue:
    """Plan an issue for active readers with these addresses."""
    ids = [one.store.add(mailings.reader(each), NOW).id for each in addresses]
    return mailings.planned(one.store, ids, f"post of {digest}", digest=digest)


def printer(one: Desk) -> Printer:
    """Give who writes the copies."""
    return Printer(one, Following(mails.templates(), Names({}, {})))


def round_of(
    one: Desk,
    way: Transport | None = None,
    stop: Event | None = None,
    progress: Callable[[int], None] = lambda _: None,
    now: Clock | None = None,
) -> Posted:
    """Send all that is due."""
    way = way or transport(one)
    return Postman(one, printer(one), way, now or clock(NOW), progress, stop).round()


def tally(one: Desk, issue: Issue) -> Tally:
    """Tell how an issue stands."""
    return one.store.tally(issue.id)


def delivery(number: int, address: str, issue: int = 1) -> Delivery:
    """Give a delivery that no store knows of."""
    reader = replace(mailings.reader(address), id=number)
    return Delivery(number, issue, reader, "all", f"key-{number}", 0)


def moment(seconds: float = 0) -> datetime:
    """Give a time so many seconds after the beginning."""
    return datetime.fromtimestamp(NOW.timestamp() + seconds, UTC)


def states(one: Desk) -> dict[str, str]:
    """Give the state of every reader by address."""
    return {each.address: each.state for each in one.store.all()}


def subscriber(one: Desk, address: str) -> Subscriber:
    """Give the reader with an address."""
    found = one.store.find(address)
    assert found is not None
    return found
