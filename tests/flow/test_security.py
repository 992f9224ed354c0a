"""A site as strangers find it: floods, forgeries, hostile posts, requests that make no sense."""

import json
import os
import re
import resource
import socket
import time
from collections import Counter
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import unquote, urlencode

import feedparser
import lxml.html
import pytest
from fuzzed import requests
from hypothesis import given, settings
from hypothesis import strategies as st
from newsrooms import Newsroom
from sqlalchemy import Table, func, select
from starlette.types import ASGIApp, Receive, Scope, Send
from webs import ask, call, get, serving

from feedpub.app import NewsletterContext
from feedpub.delivery.bounces.webhooks.postmark import Postmark
from feedpub.delivery.relays import build_transport
from feedpub.models.newsletter import SignupRequest
from feedpub.models.signup import SignupLimits
from feedpub.newsletter import confirmations
from feedpub.newsletter import signup as newsletter_signup
from feedpub.newsletter.compose import Composer
from feedpub.newsletter.signup import PageContext
from feedpub.storage import schema
from feedpub.web import health, signup, webhooks
from feedpub.web.app import create_app
from feedpub.web.health import MetricsSnapshot

CONFIG = """
site:
  title: Example & Co
  url: https://example.org/blog/
  author: {name: Ann, email: ann@example.org}
digests: [{name: weekly}]
subscribers: {form: true}
web: {proxies: [127.0.0.1], limit: 0}
"""
FORM = "application/x-www-form-urlencoded"
ANN = "ann@example.net"
SECRET = b"what nobody may read"
LIMITS = SignupLimits()
MANY, WORKERS = 10_000, 4
MEMORY = 200_000  # kB that ten thousand sign-ups may take, of which most is the first page's
HOSTILE = r"""---
title: "<script>alert(1)</script><b onclick=alert(2)>x</b> {{ 7*7 }} {% raw %} \a\e]0;x\r\n\
  Bcc: eve@example.net"
date: 2025-06-01T12:00:00Z
tags: ["<script>alert(3)</script>", "{{ 7*7 }}"]
authors: ["<img src=x onerror=alert(4)>"]
summary: "<script>alert(5)</script> {{ 7*7 }}"
---
<script>alert(6)</script>

<svg onload="alert(7)"><script>alert(8)</script><a xlink:href="javascript:alert(9)">x</a></svg>

<img src="x.png" onerror="alert(10)"> <iframe srcdoc="<script>alert(11)</script>"></iframe>

[one](javascript:alert(12)) [two](java&#x73;cript:alert(13))
[three](data:text/html,<script>x</script>)

![picture](javascript:alert(14))
<a href=" jAvAsCrIpT:alert(15)" style="x:expression(alert(16))">y</a>

<form action="https://evil.example/"><button formaction="javascript:alert(17)"></form>

<math><mtext><style><img src=x onerror=alert(18)></style></mtext></math>

{{ 7*7 }} {% raw %} {{ config }} {% include "base.html" %} ${7*7} <%= 7*7 %>

![drawing](evil.svg)
"""
SVG = '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(2)</script></svg>'


@dataclass
class Town:
    """A site with all that answers for it."""

    room: Newsroom
    desk: NewsletterContext
    scene: PageContext
    app: ASGIApp

    def round(self) -> confirmations.ConfirmationResult:
        """Answer the requests that wait."""
        composer = Composer(self.desk.config, self.scene.templates)
        return confirmations.process_signups(
            self.desk, composer, build_transport(self.desk), self.room.now, LIMITS
        )

    def state(self, address: str) -> str:
        """Give the state of somebody, "" where nobody knows them."""
        one = self.desk.store.find_subscriber(address)
        return one.state if one else ""


@contextmanager
def town(folder: Path, patience: float = signup.FORM_TIMEOUT) -> Iterator[Town]:
    """Build a site and put together what serves it."""
    room = Newsroom(folder / "site")
    room.config(CONFIG)
    room.put("content/hostile/index.md", HOSTILE)
    room.put("content/hostile/evil.svg", SVG)
    (folder / "secret").write_bytes(SECRET)
    room.put("secret", SECRET)
    room.begin()
    room.build()
    (room.public / "out").symlink_to("../secret")
    with room.desk() as desk:
        scene = newsletter_signup.load_page_context(room.request(), desk)
        doing = webhooks.WebhookHandlers(lambda _: None, lambda _: True, lambda: room.now)
        routes = [
            *health.build_health_routes(lambda: "", MetricsSnapshot),
            *webhooks.build_webhook_routes(
                {"postmark": Postmark("a secret of some length", desk.keys)}, doing
            ),
            *signup.build_signup_routes(lambda: scene, lambda: room.now, lambda _: None, patience),
        ]
        made = create_app(desk.config, room.public, lambda: room.now.timestamp() + 1e6, routes)
        yield Town(room, desk, scene, made)


def test_ten_thousand_sign_ups(tmp_path: Path) -> None:
    """From one network and from many, for one address and for many: little comes of it.

    Whoever asks is told the same, whomever they ask for.
    """
    with town(tmp_path) as one, serving(one.app, ("127.0.0.1",)) as port:
        one.room.reader("known@example.net")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

        def ask_for(worker: int) -> set[tuple[int, str]]:
            told = set()
            with closing(HTTPConnection("127.0.0.1", port)) as connection:
                for each in range(worker, MANY, WORKERS):
                    address = _victim(each)
                    source = f"{each % 200}.{each // 200}.1.1" if each % 2 else "8.8.2.1"
                    fields = {"address": address, "cadence": "each"}
                    headers = {
                        "Content-Type": FORM,
                        "Sec-Fetch-Site": "same-origin",
                        "X-Forwarded-For": source,
                    }
                    connection.request("POST", "/blog/subscribe", urlencode(fields), headers)
                    response = connection.getresponse()
                    told.add((response.status, response.read().decode().replace(address, "")))
            return told

        with ThreadPoolExecutor(WORKERS) as threads:
            told = set().union(*threads.map(ask_for, range(WORKERS)))
        sent = one.round().sent + one.round().sent
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

        assert 1 == len(told)
        assert {200} == {status for status, _ in told}
        assert LIMITS.max_per_interval == sent == len(list((one.room.root / "mail").glob("*.eml")))
        to = [str(each["To"]) for each in one.room.messages()]
        assert len(to) == len(set(to))
        assert LIMITS.max_pending >= _count(one, schema.signup)
        assert LIMITS.max_per_interval + 1 >= _count(one, schema.subscriber)
        assert MEMORY > after - before


def _victim(each: int) -> str:
    """Give whom the request of a number is for: one in ten for the same stranger, or a reader."""
    if each % 10 == 0:
        return "victim@example.net" if each % 20 else "known@example.net"
    return f"victim{each}@d{each % 101}.example.net"


def _count(one: Town, table: Table) -> int:
    with one.desk.store._database.begin_read() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar() or 0


ACTIVE = {"script", "iframe", "object", "embed", "form", "input", "button", "style"}


def harmless(html: str, own: Collection[str] = ()) -> None:
    """Hold that nothing in some HTML acts, but for elements that are the site's own."""
    root = lxml.html.document_fromstring(html)
    for element in root.iter("*"):
        assert element.tag not in ACTIVE.difference(own), element.tag
        for name, value in element.items():
            assert not str(name).lower().startswith("on"), (element.tag, name)
            assert not re.match(r"\s*(javascript|vbscript|data:text)", str(value), re.IGNORECASE)
            assert name not in {"srcdoc", "formaction"}
    text = "".join(map(str, root.itertext()))
    assert "49" not in text
    assert "{{ 7*7 }}" in text
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", html)


def test_a_hostile_post(tmp_path: Path) -> None:
    """Script, SVG, handlers, links that run, template syntax, control characters: nothing acts."""
    with town(tmp_path) as one, serving(one.app) as port:
        found = get(port, "/blog/posts/hostile/")
        inline = {"style", "svg", "form", "input", "button"}
        harmless(found.body.decode(), inline)
        assert b"evil.example" not in found.body
        assert b"alert(7)" not in found.body
        policy = found.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        (drawing,) = {*re.findall(r'/blog/[^"]*evil[^"]*\.svg', found.body.decode())}
        svg = get(port, drawing)
        assert "sandbox" in svg.headers["content-security-policy"]
        assert "nosniff" == svg.headers["x-content-type-options"]

        for feed in ("rss.xml", "atom.xml"):
            read = feedparser.parse(get(port, f"/blog/{feed}").body, sanitize_html=False)
            (entry,) = read.entries
            harmless(entry.content[0].value)
        (item,) = json.loads(get(port, "/blog/feed.json").body)["items"]
        harmless(item["content_html"])


def test_a_hostile_post_by_mail(tmp_path: Path) -> None:
    """No header is its own, no part acts, and no terminal is told what to do."""
    with town(tmp_path) as one:
        one.room.reader(ANN)
        one.room.put("content/other/index.md", HOSTILE.replace("T12", "T11"))
        one.room.send()
        (mail,) = one.room.messages()
        html, text = (mail.get_body((kind,)) for kind in ("html", "plain"))
        assert html is not None
        assert text is not None
        harmless(html.get_content(), {"style"})

        assert ANN == mail["To"]
        assert mail["Bcc"] is None
        assert "{{ 7*7 }}" in text.get_content()
        for shown in (mail["Subject"], *text.get_content().splitlines()):
            assert not re.search(r"[\x00-\x1f\x7f-\x9f]", shown)


UP = ("..", "%2e%2e", "%252e%252e", "..%2f..", "..%5c..", "\\..", "....//", "%c0%ae%c0%ae", "%00")


@pytest.mark.parametrize("prefix", ["/blog/", "/blog/posts/", "/", "//", "http://x/blog/", ""])
def test_nothing_else_is_served(tmp_path_factory: pytest.TempPathFactory, prefix: str) -> None:
    """Whatever way leads out, by a raw socket, is none; nor do links of the disk."""
    with town(tmp_path_factory.mktemp("town")) as one, serving(one.app) as port:
        for up in UP:
            for way in (f"{up}/secret", f"{up}/{up}/secret", f"{up}/.feedpub/keys", "out"):
                reply = ask(port, f"GET {prefix}{way} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                assert reply.status in {400, 404}, way
                assert SECRET not in reply.body


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site", "Origin": "https://evil.example.org"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://example.org.evil.example"}, 403),
        ({"Origin": "https://example.org", "Sec-Fetch-Site": "same-origin"}, 200),
    ],
)
def test_forms_of_other_sites(tmp_path: Path, headers: dict[str, str], status: int) -> None:
    """A form on another page signs nobody up."""
    fields = urlencode({"address": ANN}).encode()
    with town(tmp_path) as one, serving(one.app) as port:
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        head = (
            f"POST /blog/subscribe HTTP/1.1\r\nHost: example.org\r\nContent-Type: {FORM}\r\n"
            f"Content-Length: {len(fields)}\r\n{lines}\r\n"
        )
        assert status == ask(port, head.encode() + fields).status
        assert one.round().sent == (status == 200)


def test_bodies_that_are_too_large_or_too_slow(tmp_path: Path) -> None:
    """They are refused, told or not how large they are; others are served meanwhile."""
    head = f"POST /blog/subscribe HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM}\r\n"
    chunk = b"10000\r\n" + b"a" * 0x10000 + b"\r\n"
    with town(tmp_path, 0.5) as one, serving(one.app) as port:
        told = ask(port, f"{head}Content-Length: 999999999\r\n\r\na=".encode())
        untold = ask(port, f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + chunk * 2)
        slow = [socket.create_connection(("127.0.0.1", port)) for _ in range(50)]
        for each in slow:
            each.sendall(f"{head}Content-Length: 100\r\n\r\naddress=".encode())
        meanwhile = get(port, "/blog/")
        late = [each.recv(12) for each in slow]
        for each in slow:
            each.close()

        assert (413, 413, 200) == (told.status, untold.status, meanwhile.status)
        assert {b"HTTP/1.1 408"} == set(late)


def test_tokens_that_are_forged_cut_or_swapped(tmp_path: Path) -> None:
    """A token is good for its person and its purpose, and as long as it says something."""
    with town(tmp_path) as one:
        ann, bob = one.room.reader(ANN), one.room.reader("bob@example.net")
        tokens = {
            purpose: newsletter_signup.create_token(one.desk, purpose, ann)
            for purpose in ("confirm", "preferences", "unsubscribe")
        }
        mine, other = (
            tokens["unsubscribe"],
            newsletter_signup.create_token(one.desk, "unsubscribe", bob),
        )
        forged = [
            *(mine[:cut] for cut in range(1, len(mine))),
            *(f"{mine[:at]}{'b' if mine[at] == 'a' else 'a'}{mine[at + 1 :]}" for at in range(20)),
            *(mine[:at] + other[at:] for at in range(3, 20)),
            *(tokens["confirm"], tokens["preferences"], f"{mine}=", f"{mine}a", "0", "%00", "%ff"),
        ]
        for page in ("unsubscribe", "forget", "resubscribe"):
            for token in {*forged} - {mine, other}:
                reply = call(one.app, f"/blog/{page}/{token}", method="POST")
                assert 404 == reply.status, token
        for page in ("preferences", "confirm"):
            assert 404 == call(one.app, f"/blog/{page}/{mine}").status

        assert ["active"] * 2 == [one.state(each.address) for each in (ann, bob)]
        assert 200 == call(one.app, f"/blog/unsubscribe/{mine.upper()}", method="POST").status
        assert "unsubscribed" == one.state(ANN)


def decoding(inner: ASGIApp) -> ASGIApp:
    """Give an application the paths that a server would, which decodes them."""

    async def decoded(scope: Scope, receive: Receive, send: Send) -> None:
        await inner({**scope, "path": unquote(scope["path"], "latin-1")}, receive, send)

    return decoded


@pytest.fixture(scope="module")
def outside() -> Iterator[tuple[ASGIApp, list[str]]]:
    """Give a site with a reader and somebody who is asked, and their tokens."""
    with TemporaryDirectory() as folder, town(Path(folder)) as one:
        ann = one.room.reader(ANN)
        newsletter_signup.request_signup(
            one.desk, SignupRequest("bob@example.net"), b"", one.room.now
        )
        one.round()
        bob = one.desk.store.find_subscriber("bob@example.net")
        assert bob is not None
        tokens = [
            newsletter_signup.create_token(one.desk, purpose, each)
            for purpose in ("confirm", "preferences", "unsubscribe")
            for each in (ann, bob)
        ]
        yield decoding(one.app), tokens


METHODS = st.one_of(
    st.sampled_from(("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "X")),
    st.from_regex("[A-Z]{1,20}", fullmatch=True),
)
PLACES = st.sampled_from(
    (
        *("/", "/blog", "/blog/", "/blog/rss.xml", "/blog/posts/hostile/", "/blog/subscribe"),
        *("/blog/subscribe/", "/blog/confirm/", "/blog/unsubscribe/", "/blog/preferences/"),
        *("/blog/resubscribe/", "/blog/forget/", "/hooks/postmark", "/hooks/postmark/", "/healthz"),
        *("/healthz/ready", "/metrics", "/hooks/ses", "*", ""),
    )
)
TEXTS = st.one_of(
    st.text(st.characters(max_codepoint=255), max_size=40),
    st.sampled_from(("%", "%00", "%2f", "..", "\r\n", "\x00", "{{ 7*7 }}", "<script>", "9" * 400)),
)
HEADERS = st.dictionaries(
    st.sampled_from(
        (
            *("content-type", "content-length", "origin", "sec-fetch-site", "host", "cookie"),
            *("accept-language", "accept-encoding", "range", "if-none-match", "authorization"),
            *("x-forwarded-for", "transfer-encoding", "user-agent", "if-modified-since"),
        )
    ),
    st.one_of(TEXTS, st.sampled_from((FORM, "application/json", "same-origin", "bytes=0-1", "-1"))),
    max_size=4,
)
FIELDS = st.lists(
    st.tuples(
        st.sampled_from(("address", "follow", "tag", "author", "cadence", "language", "subject")),
        st.one_of(TEXTS, st.text(max_size=20), st.sampled_from((ANN, "some", "weekly", "zh"))),
    ),
    max_size=8,
)
BODIES = st.one_of(
    st.binary(max_size=200),
    st.sampled_from((b"{}", b"[]", b"null", b"[" * 9_000, b"a" * 300_000, b"&=" * 9_000)),
    FIELDS.map(lambda each: urlencode(each, errors="surrogatepass").encode()),
)


@settings(max_examples=1_000, deadline=None)
@given(METHODS, PLACES, st.integers(0, 9), TEXTS, HEADERS, st.lists(BODIES, min_size=1, max_size=3))
def test_no_request_breaks_anything(  # noqa: PLR0913, PLR0917 - all that a request may be
    outside: tuple[ASGIApp, list[str]],
    method: str,
    place: str,
    which: int,
    more: str,
    headers: dict[str, str],
    bodies: list[bytes],
) -> None:
    """Whatever is sent wherever, nobody is told of a bug."""
    app, tokens = outside
    path = place + (tokens[which] if which < len(tokens) else more)
    told = headers if which % 2 else {"content-type": FORM, **headers}
    reply = call(app, path, told, method=method, query=more.encode("latin-1"), bodies=bodies)

    assert reply.status < 500
    assert SECRET not in reply.body
    assert b"Traceback" not in reply.body


FUZZED = int(os.environ.get("FEEDPUB_FUZZED", "400"))
"""How many requests are tried: a campaign takes 20,000."""


def test_requests_that_make_no_sense(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Each is answered in good time or hung up on; none finds a bug, and none a secret."""
    slowest, statuses = 0.0, Counter[int]()
    with town(tmp_path, 0.5) as one, serving(one.app, ("127.0.0.1",)) as port:
        reader = one.room.reader(ANN)
        purposes = ("confirm", "preferences", "unsubscribe")
        tokens = [newsletter_signup.create_token(one.desk, purpose, reader) for purpose in purposes]
        for octets in requests(1, FUZZED, tokens):
            began = time.monotonic()
            answer = hung_up(port, octets)
            slowest = max(slowest, time.monotonic() - began)
            found = re.match(rb"HTTP/1\.1 (\d{3}) ", answer)
            statuses[int(found[1]) if found else 0] += 1
            assert not found or int(found[1]) < 500, (octets, answer)
            assert SECRET not in answer
            assert b"Traceback" not in answer
        assert 200 == get(port, "/blog/").status

    told = capfd.readouterr()
    assert "" == caplog.text
    assert "Traceback" not in told.err
    assert slowest < 10


def hung_up(port: int, octets: bytes) -> bytes:
    """Send octets and nothing more; give what comes back.

    A request that asks for the connection to be closed is waited for; one that may not be whole
    ends here, so that nobody waits for the rest.
    """
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        with suppress(ConnectionError, BrokenPipeError):
            connection.sendall(octets)
            if b"Connection: close" not in octets:
                connection.shutdown(socket.SHUT_WR)
        answer = bytearray()
        with suppress(ConnectionError):
            while piece := connection.recv(65_536):
                answer += piece
        return bytes(answer)
