"""Requests for feeds that were seen → counts by status, and by the program that asked."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from threading import Lock
from urllib.parse import unquote

from feedpub.readership import UNKNOWN_AGENT, FeedHits, parse_user_agent
from feedpub.web.seen import AccessRecord

FEED_FILENAMES = frozenset(("rss.xml", "atom.xml", "feed.json"))
"""What the documents of feeds are called."""

_MOST = 20_000  # feeds × programs that are counted until they are taken; no more, whoever asks
_NAMES = 200  # programs that are told apart in one day: anybody may call theirs anything
_COUNTED_STATUSES = frozenset(
    (200, 206, 304)
)  # what a reader's program gets of a feed that is there


class HitCounter:
    """What was asked for since somebody took the counts; for all threads of a process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._statuses: Counter[int] = Counter()
        self._visits: dict[tuple[str, str, str], FeedHits] = {}  # by day, feed and program
        self._day = date.min
        self._names = {UNKNOWN_AGENT}  # of programs that were told apart on that day

    def record(self, seen: AccessRecord, root: str, now: datetime) -> None:
        """Count a request, if it is for a feed below `root`, the path of the site's address."""
        path = unquote(seen.path)
        if path.startswith(root) and path.rpartition("/")[2] in FEED_FILENAMES:
            self.count(path.removeprefix(root), seen.user_agent, seen.status, now)

    def count(self, path: str, program: str, status: int, now: datetime) -> None:
        """Count a request for a feed, by its User-Agent; of who asked nothing else is known."""
        found, day = parse_user_agent(program), now.astimezone(UTC).date()
        with self._lock:
            self._statuses[status] += 1
            if status in _COUNTED_STATUSES:  # else there is no such feed, perhaps
                name = self._canonical_name(found.name, day)
                self._add(FeedHits(day.isoformat(), path, name, found.subscribers, 1))

    def get_status_counts(self) -> tuple[tuple[str, int], ...]:
        """Give how many requests there were of each status since the process began."""
        with self._lock:
            return tuple((str(status), number) for status, number in sorted(self._statuses.items()))

    def drain(self) -> tuple[FeedHits, ...]:
        """Give what is counted, and begin anew."""
        with self._lock:
            visits, self._visits = self._visits, {}
        return tuple(visit for _, visit in sorted(visits.items()))

    def restore(self, visits: Iterable[FeedHits]) -> None:
        """Count what was taken and could not be kept."""
        with self._lock:
            for each in visits:
                self._add(each)

    def _canonical_name(self, name: str, day: date) -> str:
        """Give the name that a program is counted by."""
        if day != self._day:
            self._day, self._names = day, {UNKNOWN_AGENT}
        if name not in self._names:
            if len(self._names) > _NAMES:
                return UNKNOWN_AGENT
            self._names.add(name)
        return name

    def _add(self, visit: FeedHits) -> None:
        key = (visit.day, visit.feed, visit.agent)
        before = self._visits.get(key)
        if before is not None:
            readers = max(before.subscribers, visit.subscribers)
            visit = replace(visit, subscribers=readers, requests=before.requests + visit.requests)
        elif len(self._visits) >= _MOST:
            return
        self._visits[key] = visit
