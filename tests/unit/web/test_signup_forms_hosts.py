"""Readers' pages on a host of their own."""

from collections.abc import Mapping
from pathlib import Path

import newsrooms
import pytest
from newsrooms import Newsroom
from signups import FORM, config, door, forms, link, text
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from webs import Reply, call

from feedpub.config.load import parse_config
from feedpub.errors import FeedpubError
from feedpub.web.app import create_app

SITE, READERS = "https://example.org/blog/", "https://readers.example.org/blog/"
HOST = "https://readers.example.org"
STYLE = "/blog/assets/style-0123456789.css"


async def page(request: Request) -> Response:
    """Answer as a reader's page."""
    return PlainTextResponse(f"page of {request.path_params['token']}")


@pytest.fixture
def public(tmp_path: Path) -> Path:
    """Return a site with a page, a style sheet and what an author copied there."""
    for path in ("index.html", "demo.html", "assets/style-0123456789.css"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(b"a file")
    return tmp_path


def asked(public: Path, host: str, path: str, method: str = "GET", query: bytes = b"") -> Reply:
    """Ask a host for a path."""
    chosen = config(url=SITE, host=HOST)
    routes = [Route("/blog/unsubscribe/{token}", page, methods=["GET", "POST"])]
    routes.append(Route("/healthz", page_of_health))
    made = create_app(chosen, public, lambda: 4e9, routes)
    headers: Mapping[str, str] = {"host": host} if host else {}
    return call(made, path, headers, method=method, query=query)


async def page_of_health(request: Request) -> Response:
    """Answer who asks whether all is well."""
    del request
    return PlainTextResponse("ok")


def test_pages_of_readers_are_on_their_host_alone(public: Path) -> None:
    """A link of an old mail leads there; what is POSTed is taken on both, as mail programs do."""
    there = asked(public, "readers.example.org:443", "/blog/unsubscribe/x")
    old = asked(public, "example.org", "/blog/unsubscribe/x", query=b"a=b")

    assert (200, b"page of x") == (there.status, there.body)
    assert (307, f"{READERS}unsubscribe/x?a=b") == (old.status, old.headers["location"])
    for host in ("example.org", "readers.example.org"):
        assert 200 == asked(public, host, "/blog/unsubscribe/x", "POST").status
        assert 200 == asked(public, host, "/healthz").status


@pytest.mark.parametrize("path", ["/blog/", "/blog/demo.html", "/", "/blog/assets/x.html", "//x/"])
def test_nothing_else_is_on_that_host(public: Path, path: str) -> None:
    """What authors publish shares no origin with readers' pages; only style sheets are there."""
    reply = asked(public, "readers.example.org", path)

    assert (307, f"https://example.org{path}") == (reply.status, reply.headers["location"])
    assert 200 == asked(public, "readers.example.org", STYLE).status
    assert 200 == asked(public, "example.org", "/blog/demo.html").status


def test_the_form_of_the_site_may_be_sent_there(public: Path) -> None:
    """The policy of pages names the host; that of an other site's stays without it."""
    policy = asked(public, "example.org", "/blog/").headers["content-security-policy"]

    assert f"form-action 'self' {HOST};" in policy


def test_mails_and_forms_lead_there(tmp_path: Path) -> None:
    """From signing up on the site to leaving, no link of a reader's is on the site's host."""
    with door(tmp_path, config(url=SITE, host=HOST)) as site:
        sent = {"Content-Type": FORM, "Sec-Fetch-Site": "same-site"}
        sent["Origin"] = "https://example.org"
        assert 200 == site.ask("POST", "subscribe", "address=ann%40example.org", sent).status_code
        site.round()
        (mail,) = site.mails()
        path = link(mail, "confirm")
        assert f"{READERS}{path}" in text(mail)
        assert f"{READERS}subscribe" == site.scene.signup_options.action
        shown = site.get(path)
        assert all(each.startswith(READERS) for each in forms(shown))
        strange = {**sent, "Origin": "https://evil.example"}
        refused = site.ask("POST", "subscribe", "address=bob%40example.org", strange)
        assert 403 == refused.status_code


def test_issues_lead_there(tmp_path: Path) -> None:
    """The button of a mail program and the links of the mail."""
    room = Newsroom(tmp_path)
    room.config(f"{newsrooms.config('name: weekly')}subscribers: {{host: readers.example.org}}\n")
    room.begin()
    room.reader("ann@example.net")
    room.write("a.md")
    room.send()
    (mail,) = room.messages()

    assert "<https://readers.example.org/" in str(mail["List-Unsubscribe"])
    assert "https://readers.example.org/" in text(mail)


@pytest.mark.parametrize("written", ["readers.example.org", HOST, f"{HOST}/"])
def test_a_host_is_named_by_itself_or_as_a_url(written: str) -> None:
    """It has the path of the site; without one readers are where the site is."""
    home = f"site: {{title: A, url: '{SITE}'}}\n"
    named = parse_config(f"{home}subscribers: {{host: '{written}'}}\n", "config.yaml", {})

    assert (HOST, READERS) == (named.subscribers.host, named.readers_url)
    assert SITE == parse_config(home, "config.yaml", {}).readers_url


@pytest.mark.parametrize("written", ["https://a.example/x", "ftp://a.example", "a b"])
def test_what_is_no_host_is_told(written: str) -> None:
    """With its line."""
    wrong = f"site: {{title: A, url: '{SITE}'}}\nsubscribers: {{host: '{written}'}}\n"

    with pytest.raises(FeedpubError, match=r"config\.yaml:2: subscribers\.host: "):
        parse_config(wrong, "config.yaml", {})
