"""What is kept to be told → told: to hubs until they accept, to hooks as long as makes sense."""

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import SystemRandom

from feedpub import store
from feedpub.announce import commands, messages
from feedpub.announce.noting import note_issues, wanted
from feedpub.errands import COMMAND, HUB, Errand, decide, is_busy
from feedpub.http import Answer, ask
from feedpub.publish.request import Place, Request, place
from feedpub.store import Store

_BATCH = 100
_SECONDS = 8.0  # for an answer: whoever stops feedpub waits no longer than 10
_KEPT = timedelta(days=30)  # for so long is known what was told
_LOOK = timedelta(minutes=1)  # for issues that went out, by whichever process
# Of what is kept or was answered: they concern one errand.
_FAULTS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class Told:
    """What came of telling somebody."""

    errand: Errand
    state: str  # done, again or dropped
    text: str  # what the other side said
    next_at: datetime | None = None


def announce(
    request: Request,
    now: datetime,
    tell: Callable[[Told], None] = lambda _told: None,
    stopping: Callable[[], bool] = lambda: False,
) -> datetime | None:
    """Tell hubs and hooks what is due; give when to be called again, None where nothing waits.

    Whoever cannot be reached keeps nobody else from being told. `tell` hears of each attempt;
    once `stopping` says so, nothing more is begun.
    """
    where = place(request)
    config = where.config
    targets = wanted(config)
    if not targets:
        return None
    with closing(store.open(config.subscribers.database, where.memory.parent)) as database:
        database.withdraw(targets, now - _KEPT)
        note_issues(config, database, now)
        round_ = _Round(request, where, database, now)
        round_.run(tell, stopping)
        waits = database.next_errand()
    look = now + _LOOK if config.hooks.on_issue_sent else None
    return min((each for each in (waits, look) if each is not None), default=None)


class _Round:
    """All that is due, one errand after the other."""

    def __init__(self, request: Request, where: Place, database: Store, now: datetime) -> None:
        self._request = request
        self._where = where
        self._database = database
        self._began, self._now = time.monotonic(), now
        self._chance = SystemRandom()

    def run(self, tell: Callable[[Told], None], stopping: Callable[[], bool]) -> None:
        """Do what is due, until nothing is or somebody wants to stop."""
        while errands := self._database.errands(self._now, _BATCH):
            resting: set[str] = set()  # all that is for them waits
            for errand in errands:
                if errand.target in resting:
                    continue
                told = None if stopping() else self._attempt(errand, stopping, resting)
                if told is None:
                    return
                tell(told)

    def _attempt(
        self, errand: Errand, stopping: Callable[[], bool], resting: set[str]
    ) -> Told | None:
        """Do one errand; None where it was ended with feedpub, and begins again with it."""
        try:
            answer = self._ask(errand, stopping)
            if errand.kind == COMMAND and answer.status == 0 and stopping():
                return None
            told = self._settle(errand, answer, others=is_busy(answer.status))
        except _FAULTS as error:
            return self._settle(errand, Answer(0, f"cannot be told: {error!r}"), others=False)
        if told.state == "again" and is_busy(answer.status):
            resting.add(errand.target)
        return told

    def _ask(self, errand: Errand, stopping: Callable[[], bool]) -> Answer:
        request, config = self._request, self._where.config
        if errand.kind == COMMAND:
            home = request.config_path.absolute().parent
            return commands.run(errand.target, errand.body, home, request.environ, stopping)
        if errand.kind == HUB:
            body, headers = messages.ping(errand)
        else:
            body, headers = messages.hook(errand, config.hooks.secret, self._clock())
        return ask(errand.target, body, headers, seconds=_SECONDS)

    def _settle(self, errand: Errand, answer: Answer, *, others: bool) -> Told:
        """Record what came of it; with `others`, all that is for the same waits as long."""
        now = self._clock()
        found = decide(errand, answer.status, answer.after, now, self._chance.random())
        said = f"{answer.status} {answer.text}".strip() if answer.status else answer.text
        text = errand.redact(said)
        if found.next_at is None:
            self._database.told(errand, now, text)
        else:
            self._database.postpone(errand, found.next_at, now, text, others=others)
        return Told(errand, found.state, text, found.next_at)

    def _clock(self) -> datetime:
        return self._now + timedelta(seconds=time.monotonic() - self._began)
