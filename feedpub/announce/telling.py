"""What is kept to be told → told: to hubs until they accept, to hooks as long as makes sense."""

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import SystemRandom

from feedpub import store
from feedpub.announce import commands, messages
from feedpub.announce.noting import enqueue_issues, find_targets
from feedpub.errands import COMMAND, HUB, WebhookDelivery, decide_retry, is_temporary_failure
from feedpub.http import HttpResponse, send_request
from feedpub.publish.request import BuildRequest, SitePaths, resolve_paths
from feedpub.store import Store

_BATCH = 100
_SECONDS = 8.0  # for an answer: whoever stops feedpub waits no longer than 10
_RETENTION = timedelta(days=30)  # for so long is known what was told
_POLL_INTERVAL = timedelta(minutes=1)  # for issues that went out, by whichever process
# Of what is kept or was answered: they concern one errand.
_FAULTS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class WebhookResult:
    """What came of telling somebody."""

    delivery: WebhookDelivery
    state: str  # done, again or dropped
    text: str  # what the other side said
    next_at: datetime | None = None


def deliver_due_webhooks(
    request: BuildRequest,
    now: datetime,
    tell: Callable[[WebhookResult], None] = lambda _told: None,
    stopping: Callable[[], bool] = lambda: False,
) -> datetime | None:
    """Tell hubs and hooks what is due; give when to be called again, None where nothing waits.

    Whoever cannot be reached keeps nobody else from being told. `tell` hears of each attempt;
    once `stopping` says so, nothing more is begun.
    """
    where = resolve_paths(request)
    config = where.config
    targets = find_targets(config)
    if not targets:
        return None
    with closing(store.open_store(config.subscribers.database, where.cache.parent)) as database:
        database.purge_webhooks(targets, now - _RETENTION)
        enqueue_issues(config, database, now)
        round_ = _WebhookDispatcher(request, where, database, now)
        round_.run(tell, stopping)
        waits = database.get_next_webhook_time()
    look = now + _POLL_INTERVAL if config.hooks.on_issue_sent else None
    return min((each for each in (waits, look) if each is not None), default=None)


class _WebhookDispatcher:
    """All that is due, one errand after the other."""

    def __init__(
        self, request: BuildRequest, where: SitePaths, database: Store, now: datetime
    ) -> None:
        self._request = request
        self._where = where
        self._database = database
        self._began, self._now = time.monotonic(), now
        self._chance = SystemRandom()

    def run(self, tell: Callable[[WebhookResult], None], stopping: Callable[[], bool]) -> None:
        """Do what is due, until nothing is or somebody wants to stop."""
        while errands := self._database.find_due_webhooks(self._now, _BATCH):
            resting: set[str] = set()  # all that is for them waits
            for errand in errands:
                if errand.target in resting:
                    continue
                told = None if stopping() else self._attempt(errand, stopping, resting)
                if told is None:
                    return
                tell(told)

    def _attempt(
        self, errand: WebhookDelivery, stopping: Callable[[], bool], resting: set[str]
    ) -> WebhookResult | None:
        """Do one errand; None where it was ended with feedpub, and begins again with it."""
        try:
            answer = self._send(errand, stopping)
            if errand.kind == COMMAND and answer.status == 0 and stopping():
                return None
            told = self._record_result(errand, answer, others=is_temporary_failure(answer.status))
        except _FAULTS as error:
            return self._record_result(
                errand, HttpResponse(0, f"cannot be told: {error!r}"), others=False
            )
        if told.state == "again" and is_temporary_failure(answer.status):
            resting.add(errand.target)
        return told

    def _send(self, errand: WebhookDelivery, stopping: Callable[[], bool]) -> HttpResponse:
        request, config = self._request, self._where.config
        if errand.kind == COMMAND:
            home = request.config_path.absolute().parent
            return commands.run_command(errand.target, errand.body, home, request.environ, stopping)
        if errand.kind == HUB:
            body, headers = messages.build_websub_request(errand)
        else:
            body, headers = messages.build_webhook_request(
                errand, config.hooks.secret, self._clock()
            )
        return send_request(errand.target, body, headers, seconds=_SECONDS)

    def _record_result(
        self, errand: WebhookDelivery, answer: HttpResponse, *, others: bool
    ) -> WebhookResult:
        """Record what came of it; with `others`, all that is for the same waits as long."""
        now = self._clock()
        found = decide_retry(errand, answer.status, answer.retry_after, now, self._chance.random())
        said = f"{answer.status} {answer.text}".strip() if answer.status else answer.text
        text = errand.redact(said)
        if found.next_at is None:
            self._database.complete_webhook(errand, now, text)
        else:
            self._database.reschedule_webhook(errand, found.next_at, now, text, others=others)
        return WebhookResult(errand, found.state, text, found.next_at)

    def _clock(self) -> datetime:
        return self._now + timedelta(seconds=time.monotonic() - self._began)
