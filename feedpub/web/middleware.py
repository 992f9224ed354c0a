"""Requests and answers → the same, within bounds: what pages may do, and how often one may ask.

One request and its answer → what metrics and logs are told of it, and nothing of the person.

Requests for feeds that were seen → counts by status, and by the program that asked.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from http import HTTPStatus
from ipaddress import IPv6Address, ip_address
from math import ceil
from threading import Lock
from urllib.parse import unquote

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from feedpub.models.stats import UNKNOWN_AGENT, FeedHits, parse_user_agent

_MINUTE = 60.0
_LONGEST_HOST = 300
_ROUNDING = 1e-6  # seconds: sums of shares are not exact
_HTML, _XHTML = b"text/html", b"application/xhtml+xml"
_XML = (b"+xml", b"/xml", b"/xsl", b"/xslt")
_DOCUMENTS = (b".rdf", b".svg", b".svgz", b".xml", b".xsl", b".xslt")  # whatever type they get
# Documents that may be looked at by themselves: nothing in them runs or is fetched.
_INERT = b"default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox"
# HTML from the content folder: it may look as it likes, but it runs nothing on this origin, which
# is that of readers' links, and sends no form.
_COPIED_HTML_POLICY = (
    b"script-src 'none'; worker-src 'none'; object-src 'none'; base-uri 'none'; "
    b"form-action 'none'; frame-ancestors 'none'; "
    b"sandbox allow-popups allow-popups-to-escape-sandbox allow-downloads"
)


class SecurityHeadersMiddleware:
    """Says with every answer what browsers may do with it."""

    def __init__(self, app: ASGIApp, policy: str) -> None:
        """Give the site's own pages this Content-Security-Policy, where they have none already."""
        self._app = app
        self._always = [
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"strict-origin-when-cross-origin"),
        ]
        self._policy = policy.encode("latin-1", "replace")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on, and add to the answer."""

        async def added(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = dict(message["headers"])
                more = [each for each in self._always if each[0] not in given]
                kind = given.get(b"content-type", b"").partition(b";")[0].strip().lower()
                policy = self._policy_of(kind, scope["raw_path"].lower(), message["status"])
                if policy and b"content-security-policy" not in given:
                    more.append((b"content-security-policy", policy))
                message["headers"] = [*message["headers"], *more]
            await send(message)

        await self._app(scope, receive, added)

    def _policy_of(self, kind: bytes, path: bytes, status: int) -> bytes:
        """Return the Content-Security-Policy of an answer by its media type, b"" for none.

        The site's own pages are at the addresses of folders, and where nothing is; HTML that has
        a name of its own was copied from the content folder.
        """
        if kind == _HTML:
            is_own = path.endswith(b"/") or status == HTTPStatus.NOT_FOUND
            return self._policy if is_own else _COPIED_HTML_POLICY
        if kind == _XHTML:
            return _COPIED_HTML_POLICY
        return _INERT if kind.endswith(_XML) or path.endswith(_DOCUMENTS) else b""


class HostCheckMiddleware:
    """Answer only requests that name this server.

    A page of somebody else's can have its own name lead to this machine, and would be taken by
    the browser for the same origin (DNS rebinding).
    """

    def __init__(self, app: ASGIApp, host: str, names: Collection[str] = ()) -> None:
        """Guard an application of a server that listens at `host`, and has other `names` too.

        Where it listens for other machines, any address is its own: only names can be rebound.
        """
        self._app = app
        self._names = {"localhost", host.lower(), *(each.lower() for each in names)}
        self._is_local = host == "localhost" or _is_loopback(host)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on, or refuse it."""
        if self._is_own(get_host(scope)):
            await self._app(scope, receive, send)
        else:
            await _refuse(HTTPStatus.MISDIRECTED_REQUEST, send)

    def _is_own(self, name: str) -> bool:
        if name in self._names:
            return True
        try:
            address = ip_address(name)
        except ValueError:
            return False
        return address.is_loopback or not self._is_local


def get_host(scope: Scope) -> str:
    """Return the host of a request without its port, "" where none, or more than one, is told."""
    told = [value for name, value in scope["headers"] if name == b"host"]
    host = told[0][:_LONGEST_HOST].decode("latin-1").lower() if len(told) == 1 else ""
    name, bracket, _ = host.removeprefix("[").partition("]")
    return name if bracket and host.startswith("[") else host.partition(":")[0]


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class RateLimitMiddleware:
    """Refuses for a while who asks for more than so many things a minute."""

    def __init__(
        self, app: ASGIApp, limit: int, clock: Callable[[], float], room: int = 10_000
    ) -> None:
        """Answer `limit` requests a minute of each address, and all that come at once up to that.

        This machine itself is not limited: a proxy of its own says whom it speaks for.

        Args:
            app: What answers.
            limit: Requests a minute.
            clock: Gives seconds since some moment.
            room: How many addresses are kept in mind, for a minute.
        """
        self._app = app
        self._limit = limit
        self._clock = clock
        self._room = room
        self._full_at: dict[str, float] = {}  # client → when it may do all that it may again
        self._clients: dict[str, str] = {}  # address → what counts as one client

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on, or say when to come again."""
        client = scope.get("client")
        wait = self._wait(self._client(client[0])) if client else 0.0
        if wait > 0:
            again = (b"retry-after", b"%d" % ceil(wait))
            await _refuse(HTTPStatus.TOO_MANY_REQUESTS, send, again)
            return
        await self._app(scope, receive, send)

    def _client(self, address: str) -> str:
        found = self._clients.get(address)
        if found is None:
            if len(self._clients) >= self._room:
                self._clients.clear()
            found = self._clients[address] = get_client_network(address)
        return found

    def _wait(self, address: str) -> float:
        """Count a request; give how many seconds it came too early."""
        if not address:
            return 0.0
        now = self._clock()
        each = _MINUTE / self._limit
        # Every request takes its share of a minute; what was taken comes back as time goes by.
        full = max(self._full_at.pop(address, now), now)
        wait = full + each - now - _MINUTE
        if wait > _ROUNDING:
            self._full_at[address] = full
            return wait
        if len(self._full_at) >= self._room:
            del self._full_at[next(iter(self._full_at))]  # who has not been here for longest
        self._full_at[address] = full + each
        return 0.0


def get_client_network(address: str) -> str:
    """Return what counts as one client: an address of IPv4, of IPv6 its whole network.

    One of a private network may be a proxy's that the configuration does not name: all whom it
    speaks for count as one. "" is for this machine itself.
    """
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address[:_LONGEST_HOST]
    if isinstance(found, IPv6Address):
        found = found.ipv4_mapped or found
    if found.is_loopback:
        return ""
    if isinstance(found, IPv6Address):
        return str(IPv6Address(int(found) >> 64 << 64))
    return str(found)


async def _refuse(status: HTTPStatus, send: Send, *headers: tuple[bytes, bytes]) -> None:
    """Answer with a status and its name; what is left of the request is not read."""
    text = f"{status.phrase}\n".encode()
    whole = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(text)),
        (b"connection", b"close"),
        *headers,
    ]
    await send({"type": "http.response.start", "status": int(status), "headers": whole})
    await send({"type": "http.response.body", "body": text})


@dataclass(frozen=True, slots=True)
class AccessRecord:
    """What happened. No address, no query, and no token: these are a person's."""

    method: str
    path: str  # without the query; "/confirm/{token}" where a route has names for its parts
    status: int
    user_agent: str  # User-Agent; feed fetchers tell in it how many they fetch for


class RequestLogMiddleware:
    """Tells of every request to an application."""

    def __init__(self, app: ASGIApp, seen: Callable[[AccessRecord], None]) -> None:
        self._app = app
        self._seen = seen

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on, and tell of it when all is done."""
        status: int = HTTPStatus.INTERNAL_SERVER_ERROR  # unless somebody says otherwise

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            agent = _header(scope, b"user-agent")
            self._seen(AccessRecord(scope["method"], _path(scope), status, agent))


def _path(scope: Scope) -> str:
    """Give the path, with the names of its parts in place of what a person's link holds."""
    path: str = scope["raw_path"].decode("latin-1")
    names = {str(value): f"{{{name}}}" for name, value in scope.get("path_params", {}).items()}
    if not names:
        return path
    return "/".join(names.get(unquote(part), part) for part in path.split("/"))


def _header(scope: Scope, wanted: bytes) -> str:
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == wanted), "")


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
