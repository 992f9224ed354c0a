"""What requests and answers are held to."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send
from webs import Reply, ask, call, serving

from feedpub.config.schema import WebConfig
from feedpub.web.middleware import (
    HostCheckMiddleware,
    RateLimitMiddleware,
    SecurityHeadersMiddleware,
    get_client_network,
)

POLICY = "default-src 'self'"


async def nothing(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer without a word."""
    await Response()(scope, receive, send)


def answered(media_type: str, path: str = "/", status: int = 200, **headers: str) -> Reply:
    """Give an answer of a kind as it goes out."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await Response(b"x", status, given, media_type)(scope, receive, send)

    return call(SecurityHeadersMiddleware(answer, POLICY), path)


@pytest.mark.parametrize("media_type", ["text/html", "text/html; charset=utf-8"])
def test_pages_have_a_policy(media_type: str) -> None:
    """A page may do what the policy says."""
    assert POLICY == answered(media_type).headers["content-security-policy"]


@pytest.mark.parametrize(
    ("path", "status", "expected"),
    [
        ("/", 200, True),
        ("/posts/a/", 200, True),
        ("/nothing", 404, True),
        ("/demo.html", 200, False),
        ("/demo/index.html", 200, False),
        ("/demo.HTM", 200, False),
        ("/demo", 200, False),
    ],
)
def test_copied_html_runs_nothing(path: str, status: int, *, expected: bool) -> None:
    """Pages of the site's own are at the addresses of folders; all other HTML is in a sandbox."""
    policy = answered("text/html", path, status).headers["content-security-policy"]

    assert expected is (policy == POLICY)
    assert expected or {"sandbox", "script-src", "worker-src"} <= {
        each.split()[0] for each in policy.split(";")
    }
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    xhtml = answered("application/xhtml+xml", path, status).headers["content-security-policy"]
    assert "sandbox" in xhtml


def test_the_default_policy_runs_nothing_either() -> None:
    """Whatever found its way into a page."""
    directives = [each.strip() for each in WebConfig().policy.split(";")]

    assert {"script-src 'none'", "worker-src 'none'"} <= set(directives)


@pytest.mark.parametrize(
    "path", ["/a.svgz", "/a.XSL", "/a.xslt", "/a.rdf", "/a.xml", "/tags/a.svg"]
)
def test_documents_are_inert_whatever_their_type(path: str) -> None:
    """A server may not know what they are; browsers may guess."""
    policy = answered("application/octet-stream", path).headers["content-security-policy"]

    assert "sandbox" in policy


@pytest.mark.parametrize(
    "media_type",
    [
        *("image/svg+xml", "application/xml", "application/rss+xml", "text/xml; charset=utf-8"),
        *("Application/XML", "application/rdf+xml", "text/xsl", "application/mathml+xml"),
    ],
)
def test_documents_that_browsers_show_are_inert(media_type: str) -> None:
    """What is written into a picture or a feed does not run, looked at by itself."""
    policy = answered(media_type).headers["content-security-policy"]

    assert "default-src 'none'" in policy
    assert "sandbox" in policy


def test_every_answer() -> None:
    """Nothing is taken for what it does not say it is, and links tell other hosts little."""
    headers = answered("image/png").headers

    assert "nosniff" == headers["x-content-type-options"]
    assert "strict-origin-when-cross-origin" == headers["referrer-policy"]
    assert "content-security-policy" not in headers


def test_what_an_answer_says_itself() -> None:
    """A page that has its own way keeps it."""
    headers = answered(
        "text/html", content_security_policy="sandbox", referrer_policy="no-referrer"
    ).headers

    assert "sandbox" == headers["content-security-policy"]
    assert "no-referrer" == headers["referrer-policy"]


LOCAL = ("127.0.0.1", "127.0.0.1:8000", "localhost:8000", "LOCALHOST", "[::1]:8000", "127.1.2.3")


@pytest.mark.parametrize("host", LOCAL)
def test_its_own_host_is_answered(host: str) -> None:
    """By the address or the name of this machine, with a port or without."""
    assert 200 == call(HostCheckMiddleware(nothing, "127.0.0.1"), "/", {"host": host}).status


@pytest.mark.parametrize(
    "host",
    [
        *("rebound.example", "127.0.0.1.rebound.example", "localhost.rebound.example:8000", ""),
        *("192.0.2.1", "[2001:db8::1]:8000", "[::1", "::1", "127.0.0.1@rebound.example"),
        "a" * 9000,
    ],
)
def test_another_host_is_refused(host: str) -> None:
    """A name that somebody else has lead here (DNS rebinding) is not served."""
    app = HostCheckMiddleware(nothing, "127.0.0.1")

    assert 421 == call(app, "/", {"host": host}).status
    assert 421 == call(app, "/").status


def test_a_server_for_other_machines_has_more_names() -> None:
    """Addresses cannot be rebound; names it has to know."""
    app = HostCheckMiddleware(nothing, "192.0.2.9", ("laptop",))

    for host, status in (("192.0.2.1:8000", 200), ("Laptop", 200), ("rebound.example", 421)):
        assert status == call(app, "/", {"host": host}).status


class Clock:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self) -> float:
        """Give the time."""
        return self.now


def test_who_hammers_waits() -> None:
    """So many at once are answered, then one as soon as its share of the minute has gone by."""
    clock = Clock()
    app = RateLimitMiddleware(nothing, 3, clock)

    def come(client: str = "8.8.8.8") -> int:
        return call(app, "/", client=client).status

    assert [200, 200, 200, 429, 429] == [come() for _ in range(5)]
    assert 200 == come("8.8.4.4")
    assert "20" == call(app, "/", client="8.8.8.8").headers["retry-after"]
    clock.now += 20
    assert [200, 429] == [come() for _ in range(2)]
    clock.now += 3600
    assert [200, 200, 200, 429] == [come() for _ in range(4)]


@given(st.integers(1, 1000), st.lists(st.floats(0, 30), max_size=60))
def test_never_more_than_the_limit(limit: int, pauses: list[float]) -> None:
    """Whoever asks whenever: twice the limit in a minute is the most, and nobody waits over one."""
    clock = Clock()
    app = RateLimitMiddleware(nothing, limit, clock)
    taken = []
    for pause in pauses:
        clock.now += pause
        reply = call(app, "/", client="8.8.8.8")
        if reply.status == 200:
            taken.append(clock.now)
        else:
            assert 1 <= int(reply.headers["retry-after"]) <= 60

    for moment in taken:
        assert sum(moment <= each < moment + 60 for each in taken) <= 2 * limit


def test_memory_ends_somewhere() -> None:
    """However many ask, only so many are remembered."""
    app = RateLimitMiddleware(nothing, 1, Clock(), room=2)
    for number in range(5):
        assert 200 == call(app, "/", client=f"8.8.8.{number}").status

    assert 429 == call(app, "/", client="8.8.8.4").status
    assert 200 == call(app, "/", client="8.8.8.0").status
    assert [2, 2] == [len(app._full_at), len(app._clients)]


def test_nobody_in_particular() -> None:
    """A client without an address, on a socket of the machine, is nobody to be counted."""

    async def local() -> int:
        sent: list[Message] = []

        async def send(message: Message) -> None:
            sent.append(message)

        async def receive() -> Message:
            raise AssertionError

        app = RateLimitMiddleware(nothing, 1, Clock())
        scope: Scope = {"type": "http", "method": "GET", "headers": [], "client": None}
        await app(scope, receive, send)
        await app(scope, receive, send)
        return int(sent[-2]["status"])

    assert 200 == asyncio.run(local())


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("8.8.8.8", "8.8.8.8"),
        ("127.0.0.1", ""),
        ("192.168.1.9", "192.168.1.9"),
        ("172.17.0.1", "172.17.0.1"),
        ("::1", ""),
        ("fe80::1%eth0", "fe80::"),
        ("::ffff:8.8.8.8", "8.8.8.8"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("2606:4700:1:2:3:4:5:6", "2606:4700:1:2::"),
        ("2606:4700:1:2:ffff::", "2606:4700:1:2::"),
        ("::ffff:127.0.0.1", ""),
        ("unknown", "unknown"),
    ],
)
def test_what_counts_as_one_client(address: str, expected: str) -> None:
    """An address of IPv4, a network of IPv6, private ones too; this machine is none."""
    assert expected == get_client_network(address)


def test_the_address_behind_a_proxy() -> None:
    """Those whom a trusted proxy speaks for are told apart; nobody else is believed."""
    app = RateLimitMiddleware(nothing, 1, Clock())
    request = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Forwarded-For: %s\r\n\r\n"
    with serving(app, ["127.0.0.1"]) as port:
        clients = (b"8.8.8.8", b"8.8.4.4", b"1.1.1.1, 8.8.8.8")
        first = [ask(port, request % client).status for client in clients]
    with serving(app) as port:
        second = ask(port, request % b"8.8.8.8").status

    assert [200, 200, 429] == first
    assert 200 == second
