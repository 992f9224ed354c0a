"""Requests for feeds that were seen → counts by status, and by the program that asked."""

from collections import Counter
from datetime import UTC, date, datetime
from threading import Lock
from urllib.parse import unquote

from feedpub.readership import Visit, agent
from feedpub.web.seen import Seen

FEEDS = frozenset(("rss.xml", "atom.xml", "feed.json"))
"""What the documents of feeds are called."""

_MOST = 20_000  # feeds × programs that are counted until they are taken; no more, whoever asks
_SEEN = frozenset((200, 206, 304))  # what a reader's program gets of a feed that is there


class Traffic:
    """What was asked for since somebody took the counts; for all threads of a process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._statuses: Counter[int] = Counter()
        self._requests: Counter[tuple[date, str, str]] = Counter()

    def see(self, seen: Seen, root: str, now: datetime) -> None:
        """Count a request, if it is for a feed below `root`, the path of the site's address."""
        path = unquote(seen.path)
        if path.startswith(root) and path.rpartition("/")[2] in FEEDS:
            self.count(path.removeprefix(root), seen.agent, seen.status, now)

    def count(self, path: str, program: str, status: int, now: datetime) -> None:
        """Count a request for a feed, by its User-Agent; of who asked nothing else is known."""
        key = (now.astimezone(UTC).date(), path, program)
        with self._lock:
            self._statuses[status] += 1
            if status not in _SEEN:
                return  # there is no such feed, perhaps
            if key in self._requests or len(self._requests) < _MOST:
                self._requests[key] += 1

    def statuses(self) -> tuple[tuple[str, int], ...]:
        """Give how many requests there were of each status since the process began."""
        with self._lock:
            return tuple((str(status), number) for status, number in sorted(self._statuses.items()))

    def taken(self) -> tuple[Visit, ...]:
        """Give what is counted, by the programs' names alone, and begin anew."""
        with self._lock:
            counted, self._requests = self._requests, Counter()
        requests: Counter[tuple[date, str, str]] = Counter()
        readers: dict[tuple[date, str, str], int] = {}
        for (day, path, program), number in counted.items():
            found = agent(program)
            key = (day, path, found.name)
            requests[key] += number
            readers[key] = max(readers.get(key, 0), found.readers)
        return tuple(
            Visit(day.isoformat(), path, name, readers[day, path, name], number)
            for (day, path, name), number in sorted(requests.items())
        )
