"""Requests for feeds that were seen → counts by status, and by the program that asked."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from threading import Lock
from urllib.parse import unquote

from feedpub.readership import OTHER, Visit, agent
from feedpub.web.seen import Seen

FEEDS = frozenset(("rss.xml", "atom.xml", "feed.json"))
"""What the documents of feeds are called."""

_MOST = 20_000  # feeds × programs that are counted until they are taken; no more, whoever asks
_NAMES = 200  # programs that are told apart in one day: anybody may call theirs anything
_SEEN = frozenset((200, 206, 304))  # what a reader's program gets of a feed that is there


class Traffic:
    """What was asked for since somebody took the counts; for all threads of a process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._statuses: Counter[int] = Counter()
        self._visits: dict[tuple[str, str, str], Visit] = {}  # by day, feed and program
        self._day = date.min
        self._names = {OTHER}  # of programs that were told apart on that day

    def see(self, seen: Seen, root: str, now: datetime) -> None:
        """Count a request, if it is for a feed below `root`, the path of the site's address."""
        path = unquote(seen.path)
        if path.startswith(root) and path.rpartition("/")[2] in FEEDS:
            self.count(path.removeprefix(root), seen.agent, seen.status, now)

    def count(self, path: str, program: str, status: int, now: datetime) -> None:
        """Count a request for a feed, by its User-Agent; of who asked nothing else is known."""
        found, day = agent(program), now.astimezone(UTC).date()
        with self._lock:
            self._statuses[status] += 1
            if status in _SEEN:  # else there is no such feed, perhaps
                name = self._known(found.name, day)
                self._add(Visit(day.isoformat(), path, name, found.readers, 1))

    def statuses(self) -> tuple[tuple[str, int], ...]:
        """Give how many requests there were of each status since the process began."""
        with self._lock:
            return tuple((str(status), number) for status, number in sorted(self._statuses.items()))

    def taken(self) -> tuple[Visit, ...]:
        """Give what is counted, and begin anew."""
        with self._lock:
            visits, self._visits = self._visits, {}
        return tuple(visit for _, visit in sorted(visits.items()))

    def give_back(self, visits: Iterable[Visit]) -> None:
        """Count what was taken and could not be kept."""
        with self._lock:
            for each in visits:
                self._add(each)

    def _known(self, name: str, day: date) -> str:
        """Give the name that a program is counted by."""
        if day != self._day:
            self._day, self._names = day, {OTHER}
        if name not in self._names:
            if len(self._names) > _NAMES:
                return OTHER
            self._names.add(name)
        return name

    def _add(self, visit: Visit) -> None:
        key = (visit.day, visit.feed, visit.agent)
        before = self._visits.get(key)
        if before is not None:
            readers = max(before.readers, visit.readers)
            visit = replace(visit, readers=readers, requests=before.requests + visit.requests)
        elif len(self._visits) >= _MOST:
            return
        self._visits[key] = visit
