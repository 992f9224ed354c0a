"""Requests that nobody means, made by chance from pieces that have broken servers before.

for octets in requests(seed=1, number=400, tokens=[...]): ...
"""

import random
from collections.abc import Iterator, Sequence

METHODS = (*["GET"] * 9, *["POST"] * 6, "HEAD", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", "x")
PATHS = (
    *("", "posts/hostile/", "rss.xml", "atom.xml", "feed.json", "index.html", "subscribe", "out"),
    *("subscribe/", "confirm/", "unsubscribe/", "preferences/", "forget/", "resubscribe/", "\\"),
    *("%", "%2", "%zz", "%00", "%0d%0aX: y", "%2e%2e/", "../", "..%2f", "%c0%ae", "%ff", "%252e"),
    *("//", "/", "?", "?offer=", "?x=%00", "#", ";", ".feedpub", ".well-known/x", "assets/", "人"),
    *("x" * 300, "a/" * 200, "%e4%ba%ba", "\xe4", "\x01", " ", "*", "http://evil.example/"),
)
ROOTS = (
    "/blog/",
    "/blog/",
    "/blog/",
    "/",
    "",
    "/hooks/",
    "/hooks/postmark",
    "/healthz",
    "/metrics",
)
VALUES = (
    *("", " ", "0", "-1", "\xff", "*", '"', 'W/"x"', '"a", "b"', "gzip", "br;q=0", "bytes=0-"),
    *("bytes=-1", "bytes=9-1", "bytes=0-0,1-1", "bytes=a-b", "bytes=0-99999999999999999999"),
    *("Thu, 01 Jan 1970 00:00:00 GMT", "Thu, 99 Xxx 1970", "now", "127.0.0.1", "8.8.8.8, x", "::1"),
    *("https://evil.example", "null", "same-origin", "cross-site", "chunked", "100-continue"),
    *("multipart/form-data", "application/x-www-form-urlencoded", "application/json", "text/xml"),
    *("Basic eDp5", "Basic ====", "Basic \xff", "close", "keep-alive", "upgrade", "websocket"),
)
NAMES = (
    *("Range", "If-Range", "If-None-Match", "If-Modified-Since", "Accept-Encoding", "Accept"),
    *("Host", "X-Forwarded-For", "X-Forwarded-Proto", "Origin", "Sec-Fetch-Site", "Cookie"),
    *("Content-Type", "Content-Length", "Transfer-Encoding", "Expect", "Connection", "Upgrade"),
    *("User-Agent", "Authorization", "X-Twilio-Email-Event-Webhook-Signature", "Referer", "x y"),
)
FRAMING = ("content-length", "transfer-encoding", "connection", "expect", "host", "upgrade", "x y")
BODIES = (
    *(
        "",
        "a",
        "address=",
        "address=ann%40example.net",
        "address=%ff%00&tag=" + "&tag=x" * 50,
        "{}",
    ),
    *("[]", "null", '{"Type":"Notification"}', "[" * 3000, '{"a":' * 3000, "1" * 5000, "\xff\xfe"),
    *(
        "address=" + "a" * 5000,
        "&" * 6000,
        "5\r\nhello\r\n0\r\n\r\n",
        "zz\r\n",
        "1e999",
        '"\\ud800"',
    ),
)


def requests(seed: int, number: int, tokens: Sequence[str] = ()) -> Iterator[bytes]:
    """Make so many requests; `tokens` are those of readers, to be cut and changed."""
    chance = random.Random(seed)
    for _ in range(number):
        yield _request(chance, tokens)


def _request(chance: random.Random, tokens: Sequence[str]) -> bytes:
    pieces = chance.choices(PATHS, k=chance.choice((0, 1, 1, 1, 1, 2, 4)))
    sane = chance.random() < 0.7  # else it is mostly not even HTTP, and goes no further
    if sane:
        pieces = [each for each in pieces if each.isascii() and each.isprintable()]
        pieces = [each for each in pieces if not {" ", "#", "\\"} & {*each}]
    path = chance.choice(ROOTS) + "".join(pieces)
    path = path if path.startswith("/") or not sane else f"/{path}"
    if tokens and chance.random() < 0.3:
        path += _changed(chance, chance.choice(tokens))
    body = chance.choice(BODIES) * chance.choice((1, 1, 1, 3))
    lines = [f"{chance.choice(METHODS)} {path} HTTP/1.{chance.choice('1110')}", "Host: x"]
    for _ in range(chance.choice((0, 1, 2, 5))):
        value = chance.choice(VALUES)
        if chance.random() < 0.1:  # as patterns that backtrack are attacked
            value = value + chance.choice((" ", ",", "0", "-", "\t", '"', ";")) * 9000 + "x"
        name = chance.choice(NAMES)
        if not sane or name.lower() not in FRAMING:
            lines.append(f"{name}: {value}")
    if body.startswith("address") and chance.random() < 0.7:
        lines.append("Content-Type: application/x-www-form-urlencoded")
    if sane:
        lines.append("Connection: close")
    if sane or chance.random() < 0.7:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", body]).encode("latin-1", "replace")


def _changed(chance: random.Random, token: str) -> str:
    at = chance.randrange(len(token))
    return chance.choice((token, token[:at], token[:at] + chance.choice("a0_%.") + token[at + 1 :]))
