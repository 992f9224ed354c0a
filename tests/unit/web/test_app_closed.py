"""What is answered while the database is away."""

from pathlib import Path

import pytest
from signups import door
from starlette.responses import PlainTextResponse
from starlette.routing import Router
from webs import call

from feedpub.web import app as web_app
from feedpub.web import signup, webhooks
from feedpub.web.webhooks import WebhookHandlers

URL = "https://example.org/blog/"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/blog/subscribe"),
        ("POST", "/blog/unsubscribe/token"),
        ("GET", "/blog/preferences/token"),
        ("POST", "/hooks/ses"),
        ("POST", "/hooks/postmark/secret"),
    ],
)
def test_who_needs_the_database_is_to_come_again(method: str, path: str) -> None:
    """Readers and mail services alike: what they ask for is not gone."""
    reply = call(Router(web_app.build_unavailable_routes(URL)), path, method=method)

    assert (503, "60") == (reply.status, reply.headers["retry-after"])
    assert b"try again" in reply.body


def test_files_are_there_all_the_same() -> None:
    """Also the page with the form."""
    app = Router(web_app.build_unavailable_routes(URL), default=PlainTextResponse("a file"))

    assert b"a file" == call(app, "/blog/subscribe/").body
    assert b"a file" == call(app, "/blog/rss.xml").body


def test_nothing_is_left_out(tmp_path: Path) -> None:
    """Each address that needs the database has an answer while it is away."""
    with door(tmp_path) as site:
        whole = signup.build_signup_routes(lambda: site.scene, lambda: site.now, lambda _: None)
        url = site.desk.config.site.url
    doing = WebhookHandlers(lambda _: None, lambda _: True, lambda: site.now)
    hooks = webhooks.build_webhook_routes({}, doing)

    assert {each.path for each in web_app.build_unavailable_routes(url)} == {
        *(each.path for each in whole),
        *(getattr(each, "path", "") for each in hooks),
    }
