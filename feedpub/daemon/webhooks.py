"""Queue and deliver webhooks: to WebSub hubs, and to the configured hook URLs and commands.

`enqueue_changes` is called after a build, `deliver_due_webhooks` periodically. Failed deliveries
are retried with back-off.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import SystemRandom
from urllib.parse import unquote

from feedpub import storage
from feedpub.app import BuildRequest, SitePaths, resolve_paths
from feedpub.config.schema import Config
from feedpub.config.urls import is_absolute_url
from feedpub.daemon import webhook_payloads
from feedpub.delivery.http_client import HttpResponse, send_request
from feedpub.files.scanner import compute_digest, list_owned_paths
from feedpub.models.content import Post
from feedpub.models.text import quote
from feedpub.models.webhooks import (
    COMMAND,
    HUB,
    URL,
    WebhookDelivery,
    decide_retry,
    is_temporary_failure,
)
from feedpub.storage import Store

_FEEDS = frozenset(("rss.xml", "atom.xml", "feed.json"))
MAX_ISSUE_AGE = timedelta(days=2)
"""Issues completed longer ago are not announced, so that a new hook starts with new events."""


def enqueue_changes(
    request: BuildRequest, changed: Sequence[str], now: datetime, posts: Sequence[Post] = ()
) -> int:
    """Queue deliveries for changed feeds (URLs) and new posts; return how many.

    `deliver_due_webhooks` sends them. A hub is notified once of a feed that changes repeatedly
    before delivery. `posts` are the new posts for the hooks, as in `Summary.new_posts`; they are
    included even if a killed build had already written their feeds.
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
    topic, body = webhook_payloads.build_published_payload(config.site, feeds, posts, now)
    events = list(build_deliveries(config.hooks.on_published, topic, body))
    with closing(storage.open_store(config.subscribers.database, where.cache.parent)) as database:
        database.enqueue_webhooks(pings, now)
        database.enqueue_unique_webhooks(events, now)
    return len(pings) + len(events)


def enqueue_missed_changes(request: BuildRequest, now: datetime) -> int:
    """Queue a hub notification for every feed that differs from the last one announced.

    Call this at start-up: the process may have been killed after writing a feed and before
    queueing. A new hub is notified of every feed.
    """
    where = resolve_paths(request)
    config = where.config
    if not config.feeds.hubs:
        return 0
    paths = sorted(
        path for path in list_owned_paths(where.output) if path.rpartition("/")[2] in _FEEDS
    )
    said = _digest_feeds(where, (config.site.url + quote(path) for path in paths))
    with closing(storage.open_store(config.subscribers.database, where.cache.parent)) as database:
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
    """Yield each feed with a digest of its content, "" if it is gone."""
    for feed in feeds:
        path = where.output / unquote(feed.removeprefix(where.config.site.url))
        try:
            yield feed, compute_digest(path.read_bytes())
        except OSError:
            yield feed, ""


def enqueue_issues(config: Config, database: Store, now: datetime) -> None:
    """Queue deliveries for completed issues, once each, whichever process sent them."""
    for issue in (
        database.list_completed_issues(now - MAX_ISSUE_AGE) if config.hooks.on_issue_sent else ()
    ):
        topic, body = webhook_payloads.build_issue_payload(
            config.site, issue, database.get_issue_stats(issue.id), now
        )
        database.enqueue_unique_webhooks(
            build_deliveries(config.hooks.on_issue_sent, topic, body), now
        )


def find_targets(config: Config) -> frozenset[tuple[str, str]]:
    """Return every configured (kind, target)."""
    every = (*config.hooks.on_published, *config.hooks.on_issue_sent)
    hubs = ((HUB, hub) for hub in config.feeds.hubs)
    return frozenset((*hubs, *((_kind(hook), hook) for hook in every)))


def build_deliveries(targets: Sequence[str], topic: str, body: str) -> Iterator[WebhookDelivery]:
    """Return the deliveries of an event to these hooks."""
    return (WebhookDelivery(_kind(target), target, topic, body) for target in targets)


def _kind(target: str) -> str:
    return URL if is_absolute_url(target) else COMMAND


_BATCH = 100
_SECONDS = 8.0  # request timeout: stopping the daemon must not take longer than 10 s
_RETENTION = timedelta(days=30)  # how long completed deliveries are kept
_POLL_INTERVAL = timedelta(minutes=1)  # for issues completed by any process
# Errors caused by one delivery's stored data or response; the others go on.
_FAULTS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class WebhookResult:
    """The result of one delivery attempt."""

    delivery: WebhookDelivery
    state: str  # done, again or dropped
    text: str  # the receiver's response
    next_at: datetime | None = None


def deliver_due_webhooks(
    request: BuildRequest,
    now: datetime,
    tell: Callable[[WebhookResult], None] = lambda _told: None,
    stopping: Callable[[], bool] = lambda: False,
) -> datetime | None:
    """Deliver what is due; return when to call again, None if nothing waits.

    An unreachable target does not delay the others. `tell` receives each result; once `stopping`
    returns True, no further delivery is started.
    """
    where = resolve_paths(request)
    config = where.config
    targets = find_targets(config)
    if not targets:
        return None
    with closing(storage.open_store(config.subscribers.database, where.cache.parent)) as database:
        database.purge_webhooks(targets, now - _RETENTION)
        enqueue_issues(config, database, now)
        round_ = _WebhookDispatcher(request, where, database, now)
        round_.run(tell, stopping)
        waits = database.get_next_webhook_time()
    look = now + _POLL_INTERVAL if config.hooks.on_issue_sent else None
    return min((each for each in (waits, look) if each is not None), default=None)


class _WebhookDispatcher:
    """One round of deliveries."""

    def __init__(
        self, request: BuildRequest, where: SitePaths, database: Store, now: datetime
    ) -> None:
        self._request = request
        self._where = where
        self._database = database
        self._began, self._now = time.monotonic(), now
        self._chance = SystemRandom()

    def run(self, tell: Callable[[WebhookResult], None], stopping: Callable[[], bool]) -> None:
        """Deliver until nothing is due or the daemon stops."""
        while deliveries := self._database.find_due_webhooks(self._now, _BATCH):
            resting: set[str] = set()  # unreachable targets: their other deliveries wait
            for delivery in deliveries:
                if delivery.target in resting:
                    continue
                told = None if stopping() else self._attempt(delivery, stopping, resting)
                if told is None:
                    return
                tell(told)

    def _attempt(
        self, delivery: WebhookDelivery, stopping: Callable[[], bool], resting: set[str]
    ) -> WebhookResult | None:
        """Attempt one delivery; None if a stop aborted it, and it is repeated after a restart."""
        try:
            answer = self._send(delivery, stopping)
            if delivery.kind == COMMAND and answer.status == 0 and stopping():
                return None
            told = self._record_result(delivery, answer, others=is_temporary_failure(answer.status))
        except _FAULTS as error:
            return self._record_result(
                delivery, HttpResponse(0, f"cannot be told: {error!r}"), others=False
            )
        if told.state == "again" and is_temporary_failure(answer.status):
            resting.add(delivery.target)
        return told

    def _send(self, delivery: WebhookDelivery, stopping: Callable[[], bool]) -> HttpResponse:
        request, config = self._request, self._where.config
        if delivery.kind == COMMAND:
            home = request.config_path.absolute().parent
            return webhook_payloads.run_command(
                delivery.target, delivery.body, home, request.environ, stopping
            )
        if delivery.kind == HUB:
            body, headers = webhook_payloads.build_websub_request(delivery)
        else:
            body, headers = webhook_payloads.build_webhook_request(
                delivery, config.hooks.secret, self._clock()
            )
        return send_request(delivery.target, body, headers, seconds=_SECONDS)

    def _record_result(
        self, delivery: WebhookDelivery, answer: HttpResponse, *, others: bool
    ) -> WebhookResult:
        """Record a result; with `others`, postpone everything else for the same target."""
        now = self._clock()
        found = decide_retry(
            delivery, answer.status, answer.retry_after, now, self._chance.random()
        )
        said = f"{answer.status} {answer.text}".strip() if answer.status else answer.text
        text = delivery.redact(said)
        if found.next_at is None:
            self._database.complete_webhook(delivery, now, text)
        else:
            self._database.reschedule_webhook(delivery, found.next_at, now, text, others=others)
        return WebhookResult(delivery, found.state, text, found.next_at)

    def _clock(self) -> datetime:
        return self._now + timedelta(seconds=time.monotonic() - self._began)
