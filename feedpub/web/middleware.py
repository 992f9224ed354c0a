"""ASGI middleware: security headers, Host check, rate limit, request log and feed counters.

`app.create_app` applies it. Request records hold no addresses, queries or tokens, so neither logs
nor metrics identify a person.
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
_ROUNDING = 1e-6  # seconds: sums of floats are not exact
_HTML, _XHTML = b"text/html", b"application/xhtml+xml"
_XML = (b"+xml", b"/xml", b"/xsl", b"/xslt")
_DOCUMENTS = (b".rdf", b".svg", b".svgz", b".xml", b".xsl", b".xslt")  # whatever their media type
# XML and SVG opened as documents: no script runs and nothing is fetched.
_INERT = b"default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox"
# HTML copied from the content folder may use any style, but runs no scripts and submits no forms:
# its origin may also be that of subscribers' links.
_COPIED_HTML_POLICY = (
    b"script-src 'none'; worker-src 'none'; object-src 'none'; base-uri 'none'; "
    b"form-action 'none'; frame-ancestors 'none'; "
    b"sandbox allow-popups allow-popups-to-escape-sandbox allow-downloads"
)


class SecurityHeadersMiddleware:
    """Add security headers to every response."""

    def __init__(self, app: ASGIApp, policy: str) -> None:
        """Use `policy` as the Content-Security-Policy of the site's own pages that set none."""
        self._app = app
        self._always = [
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"strict-origin-when-cross-origin"),
        ]
        self._policy = policy.encode("latin-1", "replace")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, adding headers to its response."""

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
        """Return the Content-Security-Policy of a response by its media type, b"" for none.

        The site's own pages have the URLs of folders, or status 404; HTML with its own file name
        was copied from the content folder.
        """
        if kind == _HTML:
            is_own = path.endswith(b"/") or status == HTTPStatus.NOT_FOUND
            return self._policy if is_own else _COPIED_HTML_POLICY
        if kind == _XHTML:
            return _COPIED_HTML_POLICY
        return _INERT if kind.endswith(_XML) or path.endswith(_DOCUMENTS) else b""


class HostCheckMiddleware:
    """Refuse requests whose Host header does not name this server.

    Otherwise another site could point its domain at this machine, and browsers would treat both as
    the same origin (DNS rebinding).
    """

    def __init__(self, app: ASGIApp, host: str, names: Collection[str] = ()) -> None:
        """Guard a server that listens on `host` and is also known by `names`.

        If it listens beyond loopback, any IP address is accepted: only names can be rebound.
        """
        self._app = app
        self._names = {"localhost", host.lower(), *(each.lower() for each in names)}
        self._is_local = host == "localhost" or _is_loopback(host)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 421."""
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
    """Return the host of a request without its port, "" if there is none or more than one."""
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
    """Limit the requests per minute of each client network; answer 429 beyond that."""

    def __init__(
        self, app: ASGIApp, limit: int, clock: Callable[[], float], room: int = 10_000
    ) -> None:
        """Allow each client `limit` requests a minute, all of which may come at once.

        Loopback addresses are not limited: a proxy on this machine forwards the client's address.

        Args:
            app: The application to protect.
            limit: Requests per minute.
            clock: Returns seconds on a monotonic clock.
            room: How many clients to track.
        """
        self._app = app
        self._limit = limit
        self._clock = clock
        self._room = room
        self._full_at: dict[str, float] = {}  # client: when its allowance is full again
        self._clients: dict[str, str] = {}  # address: its client network

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 429 with Retry-After."""
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
        """Count a request; return how many seconds it came too early."""
        if not address:
            return 0.0
        now = self._clock()
        each = _MINUTE / self._limit
        # A token bucket kept as one number: a request takes 1/limit of a minute. Removing and
        # adding the key again keeps the dictionary in order of the last request.
        full = max(self._full_at.pop(address, now), now)
        wait = full + each - now - _MINUTE
        if wait > _ROUNDING:
            self._full_at[address] = full
            return wait
        if len(self._full_at) >= self._room:
            del self._full_at[next(iter(self._full_at))]  # the least recently seen client
        self._full_at[address] = full + each
        return 0.0


def get_client_network(address: str) -> str:
    """Return what counts as one client: an IPv4 address, or the /64 network of an IPv6 address.

    A private address may be that of a proxy missing from the configuration; all its clients then
    share one limit. Returns "" for loopback addresses.
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
    """Answer with a status and its phrase, and close the connection without reading the body."""
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
    """One request as logged: without address, query or token, which are personal data."""

    method: str
    path: str  # without the query; "/confirm/{token}" where the route has parameters
    status: int
    user_agent: str  # feed fetchers report their number of subscribers in it


class RequestLogMiddleware:
    """Report every request to a callback once its response has been sent."""

    def __init__(self, app: ASGIApp, seen: Callable[[AccessRecord], None]) -> None:
        self._app = app
        self._seen = seen

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, then report it."""
        status: int = HTTPStatus.INTERNAL_SERVER_ERROR  # unless a response is started

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
    """Return the path with route parameters, such as tokens, replaced by their names."""
    path: str = scope["raw_path"].decode("latin-1")
    names = {str(value): f"{{{name}}}" for name, value in scope.get("path_params", {}).items()}
    if not names:
        return path
    return "/".join(names.get(unquote(part), part) for part in path.split("/"))


def _header(scope: Scope, wanted: bytes) -> str:
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == wanted), "")


FEED_FILENAMES = frozenset(("rss.xml", "atom.xml", "feed.json"))
"""File names of feeds, as `HitCounter` recognises them."""

_MOST = 20_000  # counters held until drained; bounds memory against made-up requests
_NAMES = 200  # distinct agents per day: User-Agent can be anything
_COUNTED_STATUSES = frozenset((200, 206, 304))  # statuses of requests for feeds that exist


class HitCounter:
    """Thread-safe counts of feed requests, held until they are drained into the database."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._statuses: Counter[int] = Counter()
        self._visits: dict[tuple[str, str, str], FeedHits] = {}  # by day, feed and agent
        self._day = date.min
        self._names = {UNKNOWN_AGENT}  # agents seen on that day

    def record(self, seen: AccessRecord, root: str, now: datetime) -> None:
        """Count a request if it is for a feed below `root`, the path of the site URL."""
        path = unquote(seen.path)
        if path.startswith(root) and path.rpartition("/")[2] in FEED_FILENAMES:
            self.count(path.removeprefix(root), seen.user_agent, seen.status, now)

    def count(self, path: str, program: str, status: int, now: datetime) -> None:
        """Count a request for a feed by status and User-Agent; nothing else is kept."""
        found, day = parse_user_agent(program), now.astimezone(UTC).date()
        with self._lock:
            self._statuses[status] += 1
            if status in _COUNTED_STATUSES:  # others may be for feeds that do not exist
                name = self._canonical_name(found.name, day)
                self._add(FeedHits(day.isoformat(), path, name, found.subscribers, 1))

    def get_status_counts(self) -> tuple[tuple[str, int], ...]:
        """Return the number of requests by status since the process began."""
        with self._lock:
            return tuple((str(status), number) for status, number in sorted(self._statuses.items()))

    def drain(self) -> tuple[FeedHits, ...]:
        """Return the counts and reset them."""
        with self._lock:
            visits, self._visits = self._visits, {}
        return tuple(visit for _, visit in sorted(visits.items()))

    def restore(self, visits: Iterable[FeedHits]) -> None:
        """Add back counts that were drained but could not be saved."""
        with self._lock:
            for each in visits:
                self._add(each)

    def _canonical_name(self, name: str, day: date) -> str:
        """Return the name to count an agent under; beyond the daily limit, all are unknown."""
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
