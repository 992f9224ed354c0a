"""What a build changed, and which issues went out → what is to be told to whom."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from urllib.parse import unquote

from feedpub import store
from feedpub.announce import messages
from feedpub.config import Config
from feedpub.config.addresses import is_absolute
from feedpub.errands import COMMAND, HUB, URL, Errand
from feedpub.files import digest
from feedpub.files.listing import listed
from feedpub.model import Post
from feedpub.publish.request import Place, Request, place
from feedpub.slugs import quote
from feedpub.store import Store

_FEEDS = frozenset(("rss.xml", "atom.xml", "feed.json"))
RECENT = timedelta(days=2)
"""Issues that ended longer ago are told to nobody: a new hook begins with what is new."""


def noted(
    request: Request, changed: Sequence[str], now: datetime, posts: Sequence[Post] = ()
) -> int:
    """Keep for `announce` that feeds, by their URLs, have changed; give how many errands that is.

    A feed that changes again before a hub was told of it is told of once. `posts` are those that
    are new, as `publish.Summary.new` has them, for the hooks: also where a build that was killed
    had written their feeds before.
    """
    where = place(request)
    config, feeds = where.config, tuple(changed)
    if not ((feeds and config.feeds.hubs) or ((feeds or posts) and config.hooks.on_published)):
        return 0
    pings = [
        Errand(HUB, hub, feed, said)
        for feed, said in _said(where, feeds)
        for hub in config.feeds.hubs
    ]
    topic, body = messages.published(config.site, feeds, posts, now)
    events = list(hooks(config.hooks.on_published, topic, body))
    with closing(store.open(config.subscribers.database, where.memory.parent)) as database:
        database.order(pings, now)
        database.order_once(events, now)
    return len(pings) + len(events)


def caught_up(request: Request, now: datetime) -> int:
    """Keep for `announce` every feed that says something else than hubs were last told of.

    To be called when the program begins: it may have been killed after a feed was written, and
    before that was noted. A hub that is new is told of every feed.
    """
    where = place(request)
    config = where.config
    if not config.feeds.hubs:
        return 0
    paths = sorted(path for path in listed(where.output) if path.rpartition("/")[2] in _FEEDS)
    said = _said(where, (config.site.url + quote(path) for path in paths))
    with closing(store.open(config.subscribers.database, where.memory.parent)) as database:
        known = database.ordered(HUB)
        pings = [
            Errand(HUB, hub, feed, digest)
            for feed, digest in said
            for hub in config.feeds.hubs
            if known.get((hub, feed)) != digest
        ]
        database.order(pings, now)
    return len(pings)


def _said(where: Place, feeds: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Give feeds with a digest of what each says now; "" where it is gone."""
    for feed in feeds:
        path = where.output / unquote(feed.removeprefix(where.config.site.url))
        try:
            yield feed, digest(path.read_bytes())
        except OSError:
            yield feed, ""


def note_issues(config: Config, database: Store, now: datetime) -> None:
    """Keep that issues went out, each once, whoever sent them."""
    for issue in database.ended(now - RECENT) if config.hooks.on_issue_sent else ():
        topic, body = messages.sent(config.site, issue, database.tally(issue.id), now)
        database.order_once(hooks(config.hooks.on_issue_sent, topic, body), now)


def wanted(config: Config) -> frozenset[tuple[str, str]]:
    """Give every (kind, target) that the configuration wants told of anything."""
    every = (*config.hooks.on_published, *config.hooks.on_issue_sent)
    hubs = ((HUB, hub) for hub in config.feeds.hubs)
    return frozenset((*hubs, *((_kind(hook), hook) for hook in every)))


def hooks(targets: Sequence[str], topic: str, body: str) -> Iterator[Errand]:
    """Give the errands that tell these hooks of something."""
    return (Errand(_kind(target), target, topic, body) for target in targets)


def _kind(target: str) -> str:
    return URL if is_absolute(target) else COMMAND
