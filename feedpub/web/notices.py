"""POST /hooks/… of mail services → readers who are mailed no more, once the sender is sure."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from cryptography.x509 import Certificate
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from feedpub import newsletter
from feedpub.bounces import Report
from feedpub.bounces.webhooks import (
    WINDOW,
    Mailgun,
    Notice,
    NoticeDelayedError,
    NoticeError,
    Posted,
    Postmark,
    Reader,
    SendGrid,
    Ses,
)
from feedpub.config import Webhooks
from feedpub.errors import FeedpubError
from feedpub.http import ask, trusted_certificates
from feedpub.publish import Request as Site
from feedpub.tokens import Keys
from feedpub.web.bodies import UnreadError, body

LARGEST = 2**20  # octets of what is POSTed: SendGrid tells of many events at once
_SECONDS = 20.0  # for all of it to come
_MOST = 20_000  # notices that are remembered


@dataclass(frozen=True, slots=True)
class Doing:
    """What is done about a notice."""

    heed: Callable[[tuple[Report, ...]], None]  # may raise FeedpubError
    visit: Callable[[str], bool]  # GET a URL; tell whether that went well
    now: Callable[[], datetime]
    tell: Callable[[str], None] = lambda _line: None  # of what was not heeded


@dataclass(slots=True)
class Seen:
    """What was told of late: a notice that comes again changes nothing."""

    _ids: "OrderedDict[str, datetime]" = field(default_factory=OrderedDict)

    def first(self, number: str, now: datetime) -> bool:
        """Tell whether it is the first time; from now on it is not."""
        # A notice may be an hour old or, by another clock, be of the hour to come.
        while self._ids and now - next(iter(self._ids.values())) > 2 * WINDOW:
            self._ids.popitem(last=False)
        if number in self._ids:
            return False
        self._ids[number] = now
        if len(self._ids) > _MOST:
            self._ids.popitem(last=False)
        return True

    def forget(self, number: str) -> None:
        """Let it come again: nothing could be done about it."""
        self._ids.pop(number, None)


def readers(
    settings: Webhooks,
    keys: Keys,
    fetch: Callable[[str], bytes],
    roots: Callable[[], Sequence[Certificate]] = trusted_certificates,
) -> Mapping[str, Reader]:
    """Give what reads the notices of each service that the configuration names.

    Raises FeedpubError for a key that cannot be used.
    """
    found: dict[str, Reader] = {}
    if settings.ses:
        found["ses"] = Ses(settings.ses, keys, fetch, roots)
    if settings.postmark:
        found["postmark"] = Postmark(settings.postmark, keys)
    if settings.mailgun:
        found["mailgun"] = Mailgun(settings.mailgun, keys)
    if settings.sendgrid:
        try:
            found["sendgrid"] = SendGrid(settings.sendgrid, keys)
        except ValueError as error:
            raise FeedpubError(f"mail.webhooks.sendgrid: it {error}") from None
    return found


def site_routes(
    site: Site, now: Callable[[], datetime], tell: Callable[[str], None]
) -> list[BaseRoute]:
    """Give the routes of a site, () where its configuration names no service.

    Raises FeedpubError for a key that cannot be used.
    """
    with newsletter.opened(site) as desk:
        services = readers(desk.config.mail.webhooks, desk.keys, fetched)

    def heed(reports: tuple[Report, ...]) -> None:
        returned = newsletter.notified(replace(site, now=now()), reports)
        for each in returned.words:
            tell(f"a server refused us, and no reader: {each}")
        for issue in returned.paused:
            tell(f"issue {issue} is paused: servers refuse us")

    return routes(services, Doing(heed, visited, now, tell)) if services else []


def fetched(url: str) -> bytes:
    """Give all that is at a URL; b"" where it cannot be had."""
    answer = ask(url)
    return answer.body if answer.is_good and answer.is_whole else b""


def visited(url: str) -> bool:
    """Visit a URL; tell whether that went well."""
    return ask(url).is_good


def routes(services: Mapping[str, Reader], doing: Doing) -> list[BaseRoute]:
    """Give the routes POST /hooks/{service}, and with a secret behind it."""
    hooks = _Hooks(services, doing)
    paths = ("/hooks/{service}", "/hooks/{service}/{secret}")
    return [Route(path, hooks.post, methods=["POST"]) for path in paths]


class _Hooks:
    """Takes what services POST."""

    def __init__(self, services: Mapping[str, Reader], doing: Doing) -> None:
        self._services = services
        self._doing = doing
        self._seen = Seen()

    async def post(self, request: Request) -> Response:
        """Take one notice: 200 where it was heeded, 403 where it is not from the service."""
        service = request.path_params["service"]
        reader = self._services.get(service)
        if reader is None:
            return _said(404, "no such service")
        try:
            told = await body(request, LARGEST, _SECONDS)
        except UnreadError as error:
            response = _said(error.status, "it cannot be read")
            response.headers["Connection"] = "close"
            return response
        headers = {name.lower(): value for name, value in request.headers.items()}
        posted = Posted(told, headers, request.path_params.get("secret", ""))
        return await run_in_threadpool(self._taken, service, reader, posted)

    def _taken(self, service: str, reader: Reader, posted: Posted) -> Response:
        now = self._doing.now()
        try:
            notice = reader(posted, now)
        except NoticeDelayedError as error:
            self._doing.tell(f"{service}: {error}")
            return _said(503, "later")
        except NoticeError as error:
            self._doing.tell(f"{service}: refused: {error}")
            return _said(403, "refused")
        number = f"{service} {notice.id}"
        if not self._seen.first(number, now):
            return _said(200, "known")
        heeded = False
        try:
            heeded = self._heeded(notice)
        except FeedpubError as error:  # of the database, mostly: it is full, or away
            self._doing.tell(f"{service}: not heeded yet: {error}")
        finally:
            if not heeded:
                self._seen.forget(number)
        return _said(200, "ok") if heeded else _said(503, "later")

    def _heeded(self, notice: Notice) -> bool:
        if notice.reports:
            self._doing.heed(notice.reports)
        return not notice.visit or self._doing.visit(notice.visit)


def _said(status: int, text: str) -> Response:
    return PlainTextResponse(f"{text}\n", status, {"Cache-Control": "no-store"})
