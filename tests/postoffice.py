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

from feedpub import storage
from feedpub.app import NewsletterContext, SitePaths
from feedpub.config.schema import Config, DigestConfig, MailConfig, RelayConfig
from feedpub.content.library import Library
from feedpub.delivery.relays import Clock, build_clock, build_transport
from feedpub.delivery.render import MessageRenderer
from feedpub.delivery.runner import DeliveryRunner, RunResult
from feedpub.delivery.transport import Transport
from feedpub.models.content import Author
from feedpub.models.newsletter import Delivery, Issue, IssueStats, Subscriber
from feedpub.models.tokens import SigningKeys
from feedpub.site.describe import FilterDescriber, FilterNames
from feedpub.storage import Store
from feedpub.storage.sent_files import RestoreGuard

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
    valid_from=None,
    valid_until=None,
    problems=(),
)


def relay(port: int, *, connections: int = 1, rate: int = 0, weight: int = 1) -> RelayConfig:
    """Give a relay on this machine."""
    return RelayConfig("127.0.0.1", port, "none", connections=connections, rate=rate, weight=weight)


def config(mail: MailConfig) -> Config:
    """Give a configuration with one digest that is mailed so."""
    return made.config(mail=mail, digests=(DigestConfig("weekly"),))


def smtp(*relays: RelayConfig, **changes: str | int) -> MailConfig:
    """Give how mail leaves over relays."""
    sender = Author("Ann", "news@example.org")
    return replace(MailConfig(transport="smtp", sender=sender, relays=relays), **changes)  # type: ignore[arg-type]


def folder() -> MailConfig:
    """Give how mail becomes files."""
    return MailConfig(sender=Author("Ann", "news@example.org"))


@contextmanager
def desk(
    path: Path, mail: MailConfig, opened: Callable[[str, Path], Store] = storage.open_store
) -> Iterator[NewsletterContext]:
    """Give a desk in a folder of its own."""
    home = path / ".feedpub"
    chosen = config(mail)
    where = SitePaths(chosen, path / "content", path / "templates", path / "public", home / "cache")
    with closing(opened("", home)) as store:
        yield NewsletterContext(
            chosen, where, store, SigningKeys(b"k" * 32), RestoreGuard(home, [b"salt"])
        )


def mailing(one: NewsletterContext, *addresses: str, digest: str = "weekly") -> Issue:
    """Plan an issue for active readers with these addresses."""
    ids = [one.store.add_subscriber(mailings.reader(each), NOW).id for each in addresses]
    return mailings.planned(one.store, ids, f"post of {digest}", digest=digest)


def printer(one: NewsletterContext) -> MessageRenderer:
    """Give who writes the copies."""
    return MessageRenderer(one, FilterDescriber(mails.templates(), FilterNames({}, {})))


def round_of(
    one: NewsletterContext,
    way: Transport | None = None,
    stop: Event | None = None,
    progress: Callable[[int], None] = lambda _: None,
    now: Clock | None = None,
) -> RunResult:
    """Send all that is due."""
    way = way or build_transport(one)
    return DeliveryRunner(
        one, printer(one), way, now or build_clock(NOW), progress, stop
    ).run_once()


def tally(one: NewsletterContext, issue: Issue) -> IssueStats:
    """Tell how an issue stands."""
    return one.store.get_issue_stats(issue.id)


def delivery(number: int, address: str, issue: int = 1) -> Delivery:
    """Give a delivery that no store knows of."""
    reader = replace(mailings.reader(address), id=number)
    return Delivery(number, issue, reader, "all", f"key-{number}", 0)


def moment(seconds: float = 0) -> datetime:
    """Give a time so many seconds after the beginning."""
    return datetime.fromtimestamp(NOW.timestamp() + seconds, UTC)


def states(one: NewsletterContext) -> dict[str, str]:
    """Give the state of every reader by address."""
    return {each.address: each.state for each in one.store.iter_subscribers()}


def subscriber(one: NewsletterContext, address: str) -> Subscriber:
    """Give the reader with an address."""
    found = one.store.find_subscriber(address)
    assert found is not None
    return found
