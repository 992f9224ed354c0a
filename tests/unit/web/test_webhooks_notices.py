"""Notices of mail services, POSTed: what is heeded, and what is not."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from asgi import Reply, ask
from listeners import Reply as HttpReply
from listeners import listening
from made import config
from newsrooms import Newsroom
from services import (
    ADDRESS,
    KEYS,
    MAILGUN_KEY,
    NOW,
    POSTMARK_SECRET,
    TOPIC,
    Amazon,
    Grid,
    failed,
    mailgun,
    postmark,
    ses_bounce,
)
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from feedpub.config.schema import WebhooksConfig
from feedpub.delivery.bounces.event import BounceEvent
from feedpub.delivery.bounces.webhooks.notification import WebhookRequest
from feedpub.errors import FeedpubError
from feedpub.storage.errors import StoreError, StoreUnavailable
from feedpub.subscribers import manage
from feedpub.web.app import create_app as site_app
from feedpub.web.webhooks import (
    MAX_BODY_SIZE,
    ReplayCache,
    WebhookHandlers,
    build_parsers,
    build_site_webhook_routes,
    build_webhook_routes,
    fetch,
    visit,
)

AMAZON, GRID = Amazon(), Grid()
ALL = WebhooksConfig(TOPIC, POSTMARK_SECRET, MAILGUN_KEY, GRID.public)
GONE = failed("suppress-bounce", "gone")
VISIT = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription"


@dataclass
class Office:
    """A site that is told of bounces."""

    settings: WebhooksConfig = ALL
    now: datetime = NOW
    is_away: bool = False
    fault: Exception = field(default_factory=lambda: StoreUnavailable("away"))
    heeded: list[BounceEvent] = field(default_factory=list)
    visited: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    routes: list[BaseRoute] = field(init=False)

    def __post_init__(self) -> None:
        doing = WebhookHandlers(self.heed, self.visit, lambda: self.now, self.told.append)
        services = build_parsers(self.settings, KEYS, AMAZON.fetch, AMAZON.roots)
        self.routes = build_webhook_routes(services, doing)

    @property
    def app(self) -> Starlette:
        """What answers."""
        return Starlette(routes=self.routes)

    def heed(self, reports: tuple[BounceEvent, ...]) -> None:
        """Remember them."""
        if self.is_away:
            raise self.fault
        self.heeded += reports

    def visit(self, url: str) -> bool:
        """Remember it."""
        self.visited.append(url)
        return not self.is_away

    def post(self, path: str, posted: WebhookRequest) -> Reply:
        """POST something."""
        return ask(self.app, "POST", f"/hooks/{path}", posted.body, posted.headers)


@pytest.mark.parametrize(
    ("path", "posted"),
    [
        ("ses", AMAZON.tell(ses_bounce())),
        ("postmark", postmark({"RecordType": "Bounce", "Email": ADDRESS})),
        (
            f"postmark/{POSTMARK_SECRET.replace(' ', '%20')}",
            WebhookRequest(postmark({"RecordType": "Bounce", "Email": ADDRESS}).body, {}),
        ),
        ("mailgun", mailgun(GONE)),
        ("sendgrid", GRID.tell([{"event": "spamreport", "email": ADDRESS}])),
    ],
)
def test_each_service_is_heeded(path: str, posted: WebhookRequest) -> None:
    """Once: what comes again changes nothing."""
    office = Office()
    path = path.replace("%20", " ")

    first, second = office.post(path, posted), office.post(path, posted)

    assert (200, b"ok\n") == (first.status, first.body)
    assert (200, b"known\n") == (second.status, second.body)
    assert [ADDRESS] == [each.recipient for each in office.heeded]
    assert [] == office.told


def test_a_subscription_is_confirmed() -> None:
    """By a visit, and again where that did not go well."""
    office = Office(is_away=True)
    changes = {"Type": "SubscriptionConfirmation", "SubscribeURL": VISIT, "Token": "x"}
    posted = AMAZON.tell("Visit it.", **changes)

    assert 503 == office.post("ses", posted).status

    office.is_away = False

    assert 200 == office.post("ses", posted).status
    assert [VISIT, VISIT] == office.visited


def test_what_is_forged_is_refused() -> None:
    """And told of, for the log; nothing is heeded."""
    office = Office()
    forged = (
        ("ses", Amazon().tell(ses_bounce())),
        ("postmark", postmark({"RecordType": "Bounce"}, "another")),
        ("mailgun", mailgun(GONE, key="another")),
        ("sendgrid", Grid().tell([])),
    )

    assert [403] * 4 == [office.post(path, posted).status for path, posted in forged]
    assert [] == office.heeded
    assert "mailgun: refused: invalid signature" == office.told[2]


def test_what_cannot_be_told_yet_is_to_come_again() -> None:
    """The certificate cannot be fetched, or the database is away."""
    office = Office(is_away=True)
    posted = mailgun(GONE)
    pem, AMAZON.pem = AMAZON.pem, b""
    try:
        assert 503 == office.post("ses", AMAZON.tell(ses_bounce())).status
    finally:
        AMAZON.pem = pem
    assert 503 == office.post("mailgun", posted).status

    office.is_away = False

    assert b"ok\n" == office.post("mailgun", posted).body
    assert 1 == len(office.heeded)


def test_what_meets_a_full_disk_is_to_come_again() -> None:
    """And so it is told to whoever runs the site."""
    office = Office(is_away=True, fault=StoreError("the disk is full"))
    posted = mailgun(GONE)

    assert 503 == office.post("mailgun", posted).status
    assert ["mailgun: not processed yet: the disk is full"] == office.told

    office.is_away = False

    assert b"ok\n" == office.post("mailgun", posted).body


def test_what_meets_a_bug_may_come_again() -> None:
    """It is not taken for known."""
    office = Office(is_away=True, fault=ZeroDivisionError())
    posted = mailgun(GONE)
    with pytest.raises(ZeroDivisionError):
        office.post("mailgun", posted)

    office.is_away = False

    assert b"ok\n" == office.post("mailgun", posted).body


def test_what_says_nothing_is_taken() -> None:
    """The service need not tell it again."""
    office = Office()

    assert 200 == office.post("mailgun", mailgun({"event": "opened"})).status
    assert [] == office.heeded


@pytest.mark.parametrize("path", ["ses", "postmark", "mailgun", "sendgrid", "other", "a/b"])
def test_a_service_that_is_not_wanted_is_not_there(path: str) -> None:
    """Without a key there is nobody to believe."""
    assert 404 == Office(WebhooksConfig()).post(path, mailgun(GONE)).status


def test_only_post_does_anything() -> None:
    """A link that somebody follows does not."""
    office = Office()

    assert 405 == ask(office.app, "GET", "/hooks/mailgun").status
    assert 405 == ask(office.app, "PUT", "/hooks/mailgun", b"{}").status


def test_a_body_that_is_too_large_is_not_read() -> None:
    """No more of it than is allowed."""
    pieces = (b"x" * MAX_BODY_SIZE for _ in range(100))
    reply = ask(Office().app, "POST", "/hooks/mailgun", pieces)

    assert (413, "close") == (reply.status, reply.headers["connection"])


def test_a_large_batch_is_taken(tmp_path: Path) -> None:
    """By the whole of a site: services tell of many events at once."""
    office = Office()
    posted = GRID.tell([{"event": "spamreport", "email": ADDRESS, "more": "x" * 900_000}])
    app = site_app(config(), tmp_path, NOW.timestamp, office.routes)

    assert 200 == ask(app, "POST", "/hooks/sendgrid", posted.body, posted.headers).status
    assert [ADDRESS] == [each.recipient for each in office.heeded]


def test_whoever_hangs_up_is_let_go() -> None:
    """Nothing is heeded."""
    reply = ask(Office().app, "POST", "/hooks/mailgun", [mailgun(GONE).body[:10], b""])

    assert 400 == reply.status


def test_a_key_that_is_none_is_told() -> None:
    """As of anything else in the configuration."""
    with pytest.raises(FeedpubError, match=r"mail\.webhooks\.sendgrid: not a verification key"):
        Office(WebhooksConfig(sendgrid="x"))


def test_what_was_seen_is_forgotten_in_time() -> None:
    """When its time would be refused; and there is no end of memory."""
    seen = ReplayCache()

    assert seen.add("a", NOW)
    assert not seen.add("a", NOW + timedelta(hours=2))
    assert seen.add("a", NOW + timedelta(hours=2, seconds=1))
    assert all(seen.add(str(number), NOW + timedelta(hours=3)) for number in range(20_000))
    assert seen.add("a", NOW + timedelta(hours=3))


def test_no_answer_tells_more_than_it_must() -> None:
    """Nothing of why, and nothing is kept by anybody between."""
    reply = Office().post("mailgun", mailgun(GONE, key="another"))
    headers: Mapping[str, str] = reply.headers

    assert b"refused\n" == reply.body
    assert "no-store" == headers["cache-control"]


def test_a_site_heeds_whom_it_believes(tmp_path: Path) -> None:
    """From the configuration to the list of readers."""
    room = Newsroom(tmp_path)
    room.environ = {"MAILGUN_KEY": MAILGUN_KEY}
    room.reader(ADDRESS)
    assert [] == build_site_webhook_routes(room.request(), lambda: NOW, room.stages.append)

    room.digests("name: weekly", mail='webhooks: {mailgun: "${MAILGUN_KEY}"}')
    app = Starlette(
        routes=build_site_webhook_routes(room.request(), lambda: NOW, room.stages.append)
    )
    posted = mailgun(GONE)

    assert 200 == ask(app, "POST", "/hooks/mailgun", posted.body).status
    assert "bounced" == manage.get_subscriber(room.request(), ADDRESS).state


def test_what_is_fetched_is_whole() -> None:
    """Half a certificate is none."""
    with listening(HttpReply(200, b"x" * 100_000), HttpReply(200, b"whole"), 500, 204) as server:
        assert b"" == fetch(server.url)
        assert b"whole" == fetch(server.url)
        assert not visit(server.url)
        assert visit(server.url)
