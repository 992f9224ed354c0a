"""Bounce webhooks of mail services: verify POST /hooks/SERVICE and process the bounces.

Enter at `build_site_webhook_routes`. `read_body`, which limits the size and the time of a request
body, is also used by the sign-up forms.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import anyio
from cryptography.x509 import Certificate
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from feedpub import app
from feedpub.app import BuildRequest as Site
from feedpub.config.schema import WebhooksConfig
from feedpub.delivery.bounces.event import BounceEvent
from feedpub.delivery.bounces.webhooks.mailgun import Mailgun
from feedpub.delivery.bounces.webhooks.notification import (
    TIMESTAMP_TOLERANCE,
    WebhookError,
    WebhookNotification,
    WebhookParser,
    WebhookRequest,
    WebhookRetryLaterError,
)
from feedpub.delivery.bounces.webhooks.postmark import Postmark
from feedpub.delivery.bounces.webhooks.sendgrid import SendGrid
from feedpub.delivery.bounces.webhooks.ses import Ses
from feedpub.delivery.http_client import load_trusted_certificates, send_request
from feedpub.errors import FeedpubError
from feedpub.models.tokens import SigningKeys
from feedpub.newsletter import bounce_processing

_DIGITS = 15  # no plausible Content-Length has more


class BodyError(Exception):
    """A request body was refused or could not be read; `status` is the HTTP status to answer."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


async def read_body(request: Request, largest: int, seconds: float) -> bytes:
    """Return the body of a request, of at most `largest` bytes, read within `seconds`.

    Raises:
        BodyError: It is too large, too slow or incomplete; the rest is not read.
    """
    length = request.headers.get("content-length", "")
    if length.isdigit() and (len(length) > _DIGITS or int(length) > largest):
        raise BodyError(413)
    whole = bytearray()
    try:
        with anyio.fail_after(seconds):
            async for part in request.stream():
                whole += part
                if len(whole) > largest:
                    raise BodyError(413)
    except TimeoutError:
        raise BodyError(408) from None
    except ClientDisconnect:
        raise BodyError(400) from None
    return bytes(whole)


MAX_BODY_SIZE = 2**20  # bytes: SendGrid batches many events
_SECONDS = 20.0  # for the whole body to arrive
_MOST = 20_000  # notification ids that are remembered


@dataclass(frozen=True, slots=True)
class WebhookHandlers:
    """The actions that a notification triggers."""

    process_reports: Callable[[tuple[BounceEvent, ...]], None]  # may raise FeedpubError
    visit: Callable[[str], bool]  # GET a URL; return whether that succeeded
    now: Callable[[], datetime]
    log: Callable[[str], None] = lambda _line: None  # reports rejected and failed notifications


@dataclass(slots=True)
class ReplayCache:
    """The ids of recent notifications, so that one sent again is ignored."""

    _ids: "OrderedDict[str, datetime]" = field(default_factory=OrderedDict)

    def add(self, number: str, now: datetime) -> bool:
        """Remember an id; return whether it is new."""
        # A notification may be up to the tolerance old, or as far in the future by another clock.
        while self._ids and now - next(iter(self._ids.values())) > 2 * TIMESTAMP_TOLERANCE:
            self._ids.popitem(last=False)
        if number in self._ids:
            return False
        self._ids[number] = now
        if len(self._ids) > _MOST:
            self._ids.popitem(last=False)
        return True

    def discard(self, number: str) -> None:
        """Forget an id whose notification could not be processed, so that a retry is accepted."""
        self._ids.pop(number, None)


def build_parsers(
    settings: WebhooksConfig,
    keys: SigningKeys,
    fetch: Callable[[str], bytes],
    roots: Callable[[], Sequence[Certificate]] = load_trusted_certificates,
) -> Mapping[str, WebhookParser]:
    """Return the notification parser of each service in the configuration.

    Raises FeedpubError for an invalid key.
    """
    found: dict[str, WebhookParser] = {}
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
            raise FeedpubError(f"mail.webhooks.sendgrid: {error}") from None
    return found


def build_site_webhook_routes(
    site: Site, now: Callable[[], datetime], tell: Callable[[str], None]
) -> list[BaseRoute]:
    """Return the webhook routes of a site, none if its configuration names no service.

    Raises FeedpubError for an invalid key.
    """
    with app.open_newsletter(site) as newsletter:
        services = build_parsers(newsletter.config.mail.webhooks, newsletter.keys, fetch)

    def heed(reports: tuple[BounceEvent, ...]) -> None:
        returned = bounce_processing.process_events(replace(site, now=now()), reports)
        for each in returned.words:
            tell(f"a server rejected the sender, not the recipient: {each}")
        for issue in returned.paused:
            tell(f"issue {issue} is paused: servers reject our mail")

    return (
        build_webhook_routes(services, WebhookHandlers(heed, visit, now, tell)) if services else []
    )


def fetch(url: str) -> bytes:
    """Return the content at a URL, b"" if it cannot be fetched completely."""
    answer = send_request(url)
    return answer.body if answer.is_success and answer.is_complete else b""


def visit(url: str) -> bool:
    """Fetch a URL; return whether that succeeded."""
    return send_request(url).is_success


def build_webhook_routes(
    services: Mapping[str, WebhookParser], doing: WebhookHandlers
) -> list[BaseRoute]:
    """Return the routes POST /hooks/{service} and POST /hooks/{service}/{secret}."""
    hooks = _WebhookEndpoint(services, doing)
    paths = ("/hooks/{service}", "/hooks/{service}/{secret}")
    return [Route(path, hooks.post, methods=["POST"]) for path in paths]


class _WebhookEndpoint:
    """Receives the notifications that services POST."""

    def __init__(self, services: Mapping[str, WebhookParser], doing: WebhookHandlers) -> None:
        self._services = services
        self._doing = doing
        self._seen = ReplayCache()

    async def post(self, request: Request) -> Response:
        """Process one notification: 200 if done, 403 if not authentic, 503 to ask for a retry."""
        service = request.path_params["service"]
        reader = self._services.get(service)
        if reader is None:
            return _plain_response(404, "no such service")
        try:
            told = await read_body(request, MAX_BODY_SIZE, _SECONDS)
        except BodyError as error:
            response = _plain_response(error.status, "unreadable request body")
            response.headers["Connection"] = "close"
            return response
        headers = {name.lower(): value for name, value in request.headers.items()}
        posted = WebhookRequest(told, headers, request.path_params.get("secret", ""))
        return await run_in_threadpool(self._process, service, reader, posted)

    def _process(self, service: str, reader: WebhookParser, posted: WebhookRequest) -> Response:
        now = self._doing.now()
        try:
            notice = reader(posted, now)
        except WebhookRetryLaterError as error:
            self._doing.log(f"{service}: {error}")
            return _plain_response(503, "later")
        except WebhookError as error:
            self._doing.log(f"{service}: refused: {error}")
            return _plain_response(403, "refused")
        number = f"{service} {notice.id}"
        if not self._seen.add(number, now):
            return _plain_response(200, "known")
        heeded = False
        try:
            heeded = self._handle(notice)
        except FeedpubError as error:  # mostly database errors: full or unavailable
            self._doing.log(f"{service}: not processed yet: {error}")
        finally:
            if not heeded:
                self._seen.discard(number)
        return _plain_response(200, "ok") if heeded else _plain_response(503, "later")

    def _handle(self, notice: WebhookNotification) -> bool:
        if notice.events:
            self._doing.process_reports(notice.events)
        return not notice.confirm_url or self._doing.visit(notice.confirm_url)


def _plain_response(status: int, text: str) -> Response:
    return PlainTextResponse(f"{text}\n", status, {"Cache-Control": "no-store"})
