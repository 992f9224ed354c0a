"""What a build changed, and which issues went out → what is to be told to whom."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from urllib.parse import unquote

from feedpub import store
from feedpub.announce import messages
from feedpub.config import Config
from feedpub.config.addresses import is_absolute_url
from feedpub.errands import COMMAND, HUB, URL, WebhookDelivery
from feedpub.files import compute_digest
from feedpub.files.listing import list_owned_paths
from feedpub.model import Post
from feedpub.publish.request import BuildRequest, SitePaths, resolve_paths
from feedpub.slugs import quote
from feedpub.store import Store

_FEEDS = frozenset(("rss.xml", "atom.xml", "feed.json"))
MAX_ISSUE_AGE = timedelta(days=2)
"""Issues that ended longer ago are told to nobody: a new hook begins with what is new."""


def enqueue_changes(
    request: BuildRequest, changed: Sequence[str], now: datetime, posts: Sequence[Post] = ()
) -> int:
    """Keep for `announce` that feeds, by their URLs, have changed; give how many errands that is.

    A feed that changes again before a hub was told of it is told of once. `posts` are those that
    are new, as `publish.Summary.new` has them, for the hooks: also where a build that was killed
    had written their feeds before.
    """
    where = resolve_paths(request)
    config, feeds = where.config, tuple(changed)
    if not ((feeds and config.feeds.hubs) or ((feeds or posts) and config.hooks.on_published)):
        return 0
    pings = [
        WebhookDelivery(HUB, hub, feed, said)
        for feed, said in _digest_feeds(where, feeds)
        for hub in config.feeds.hubs
    ]
    topic, body = messages.build_published_payload(config.site, feeds, posts, now)
    events = list(build_deliveries(config.hooks.on_published, topic, body))
    with closing(store.open_store(config.subscribers.database, where.cache.parent)) as database:
        database.enqueue_webhooks(pings, now)
        database.enqueue_unique_webhooks(events, now)
    return len(pings) + len(events)


def enqueue_missed_changes(request: BuildRequest, now: datetime) -> int:
    """Keep for `announce` every feed that says something else than hubs were last told of.

    To be called when the program begins: it may have been killed after a feed was written, and
    before that was noted. A hub that is new is told of every feed.
    """
    where = resolve_paths(request)
    config = where.config
    if not config.feeds.hubs:
        return 0
    paths = sorted(
        path for path in list_owned_paths(where.output) if path.rpartition("/")[2] in _FEEDS
    )
    said = _digest_feeds(where, (config.site.url + quote(path) for path in paths))
    with closing(store.open_store(config.subscribers.database, where.cache.parent)) as database:
        known = database.load_last_payloads(HUB)
        pings = [
            WebhookDelivery(HUB, hub, feed, digest)
            for feed, digest in said
            for hub in config.feeds.hubs
            if known.get((hub, feed)) != digest
        ]
        database.enqueue_webhooks(pings, now)
    return len(pings)


def _digest_feeds(where: SitePaths, feeds: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Give feeds with a digest of what each says now; "" where it is gone."""
    for feed in feeds:
        path = where.output / unquote(feed.removeprefix(where.config.site.url))
        try:
            yield feed, compute_digest(path.read_bytes())
        except OSError:
            yield feed, ""


def enqueue_issues(config: Config, database: Store, now: datetime) -> None:
    """Keep that issues went out, each once, whoever sent them."""
    for issue in (
        database.list_completed_issues(now - MAX_ISSUE_AGE) if config.hooks.on_issue_sent else ()
    ):
        topic, body = messages.build_issue_payload(
            config.site, issue, database.get_issue_stats(issue.id), now
        )
        database.enqueue_unique_webhooks(
            build_deliveries(config.hooks.on_issue_sent, topic, body), now
        )


def find_targets(config: Config) -> frozenset[tuple[str, str]]:
    """Give every (kind, target) that the configuration wants told of anything."""
    every = (*config.hooks.on_published, *config.hooks.on_issue_sent)
    hubs = ((HUB, hub) for hub in config.feeds.hubs)
    return frozenset((*hubs, *((_kind(hook), hook) for hook in every)))


def build_deliveries(targets: Sequence[str], topic: str, body: str) -> Iterator[WebhookDelivery]:
    """Give the errands that tell these hooks of something."""
    return (WebhookDelivery(_kind(target), target, topic, body) for target in targets)


def _kind(target: str) -> str:
    return URL if is_absolute_url(target) else COMMAND
