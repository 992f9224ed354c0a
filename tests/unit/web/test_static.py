"""What the output folder answers."""

import asyncio
import gzip
import os
import resource
import time
from collections.abc import Mapping
from email.utils import formatdate
from pathlib import Path

import pytest
from starlette.types import Message, Scope
from webs import LATER, Reply, ask, call, serving, static

PAGE = b"<!doctype html><title>A</title>" + b"x" * 2000
BROTLI, GZIP = b"as brotli", b"as gzip"


@pytest.fixture
def public(tmp_path: Path) -> Path:
    """Give a small site as it was built."""
    folder = tmp_path / "public"
    put(folder, "index.html", b"home")
    put(folder, "a/index.html", PAGE)
    put(folder, "a/index.html.br", BROTLI)
    put(folder, "a/index.html.gz", GZIP)
    put(folder, "rss.xml", b"<rss/>")
    put(folder, "tags/人/atom.xml", b"<feed/>")
    put(folder, "bell.mp3", bytes(range(256)) * 3000)
    put(folder, "404.html", b"nothing here")
    put(folder, ".feedpub", b"the list")
    (folder / "empty").mkdir()
    return folder


def put(folder: Path, path: str, data: bytes) -> None:
    """Write a file."""
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_bytes(data)


def get(folder: Path, path: str, **headers: str) -> Reply:
    """Ask for a path."""
    return call(static(folder), path, named(headers))


def asked(path: str) -> Scope:
    """Return what a server hands on of a request for a path."""
    return {
        "type": "http",
        "method": "GET",
        "path": path,
        "headers": [],
        "raw_path": path.encode(),
        "query_string": b"",
    }


def named(headers: Mapping[str, str]) -> dict[str, str]:
    """Give headers their names."""
    return {name.replace("_", "-"): value for name, value in headers.items()}


def test_a_page(public: Path) -> None:
    """A folder's page is whole, with all that tells what it is."""
    reply = get(public, "/a/")
    age = int((public / "a/index.html").stat().st_mtime)

    assert (200, PAGE) == (reply.status, reply.body)
    assert {
        "etag": reply.headers["etag"],
        "last-modified": formatdate(age, usegmt=True),
        "cache-control": "public, max-age=60",
        "vary": "Accept-Encoding",
        "content-type": "text/html; charset=utf-8",
        "accept-ranges": "bytes",
        "content-length": str(len(PAGE)),
    } == reply.headers
    assert b"home" == get(public, "/").body
    assert b"home" == get(public, "/index.html").body


def test_another_file_has_another_tag(public: Path) -> None:
    """A tag stays as long as the file does; other bytes have another, whatever time they claim."""
    app = static(public)
    first, again = call(app, "/rss.xml").headers, call(app, "/rss.xml").headers
    facts = (public / "rss.xml").stat()
    put(public, "new", b"<RSS/>")
    os.utime(public / "new", ns=(facts.st_atime_ns, facts.st_mtime_ns))
    (public / "new").replace(public / "rss.xml")
    third = call(app, "/rss.xml").headers

    assert first["etag"] == again["etag"] != third["etag"]
    assert first["last-modified"] == third["last-modified"]
    assert first["etag"].startswith('"')


def test_known_and_unchanged(public: Path) -> None:
    """Who has it already gets nothing but what they know, and how long it is fresh."""
    whole = get(public, "/rss.xml").headers
    reply = get(public, "/rss.xml", if_none_match=whole["etag"])

    assert (304, b"") == (reply.status, reply.body)
    assert reply.headers == {name: whole[name] for name in ("etag", "cache-control", "vary")}
    assert 304 == get(public, "/rss.xml", if_modified_since=whole["last-modified"]).status
    assert 304 == get(public, "/rss.xml", if_none_match=f'"x", W/{whole["etag"]}').status
    assert 304 == get(public, "/rss.xml", if_none_match="*").status
    assert 200 == get(public, "/rss.xml", if_none_match='"x"').status
    before = formatdate(1, usegmt=True)
    assert 200 == get(public, "/rss.xml", if_modified_since=before).status
    for nonsense in ("", "yesterday", "x" * 5000, "1 " * 90, whole["last-modified"] + "9" * 180):
        assert get(public, "/rss.xml", if_modified_since=nonsense).status in {200, 304}


def test_a_file_of_this_second(public: Path) -> None:
    """It may change again within the second: its date is not told, for it would hide that."""
    written = int((public / "rss.xml").stat().st_mtime)
    young = static(public, now=lambda: written + 0.9)
    old = static(public, now=lambda: written + 1.0)

    told = call(old, "/rss.xml").headers
    assert "last-modified" not in call(young, "/rss.xml").headers
    date = told["last-modified"]
    assert 200 == call(young, "/rss.xml", {"if-modified-since": date}).status
    assert 304 == call(young, "/rss.xml", {"if-none-match": told["etag"]}).status
    assert 206 == call(young, "/rss.xml", {"range": "bytes=0-1"}).status
    assert 200 == call(young, "/rss.xml", {"range": "bytes=0-1", "if-range": date}).status


def test_head(public: Path) -> None:
    """HEAD is GET without the body."""
    app = static(public)
    for path in ("/", "/a/", "/a", "/bell.mp3", "/nothing"):
        head, whole = call(app, path, method="HEAD"), call(app, path)

        assert (whole.status, whole.headers) == (head.status, head.headers)
        assert path == "/a" or head.body == b""  # of what is no file the server sends none


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_other_methods(public: Path, method: str) -> None:
    """A folder is read only, and says so."""
    reply = call(static(public), "/", method=method)

    assert (405, "GET, HEAD") == (reply.status, reply.headers["allow"])
    assert b"Method not allowed.\n" == reply.body


def test_other_methods_over_a_connection(public: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The refusal is whole, and no failure."""
    request = b"DELETE / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with serving(static(public)) as port:
        reply = ask(port, request)

    assert (405, b"Method not allowed.\n") == (reply.status, reply.body)
    assert "" == caplog.text


def test_parts(public: Path) -> None:
    """A player gets the part that it asks for."""
    whole = get(public, "/bell.mp3")
    reply = get(public, "/bell.mp3", range="bytes=10-19", if_range=whole.headers["etag"])

    assert (206, bytes(range(10, 20))) == (reply.status, reply.body)
    assert "bytes 10-19/768000" == reply.headers["content-range"]
    assert "10" == reply.headers["content-length"]
    assert 200 == call(static(public), "/bell.mp3", {"range": "bytes=0-1"}, method="HEAD").status

    reply = get(public, "/bell.mp3", range="bytes=768000-")

    assert (416, "bytes */768000") == (reply.status, reply.headers["content-range"])

    parts = get(public, "/bell.mp3", range="bytes=0-1,10-11")

    assert 206 == parts.status
    assert parts.headers["content-type"].startswith("multipart/byteranges")
    assert str(len(parts.body)) == parts.headers["content-length"]


@pytest.mark.parametrize(
    "asked", ["lines=1-2", "", "0-1", "bytes", "bytes=0-1" + ",0-1" * 60, "bytes=" + " " * 32_000]
)
def test_what_is_no_range_is_answered_whole(public: Path, asked: str) -> None:
    """A unit that nobody knows, or more than anybody asks for, is ignored."""
    assert (200, 768_000) == (
        (reply := get(public, "/bell.mp3", range=asked)).status,
        len(reply.body),
    )


@pytest.mark.parametrize(
    ("header", "part"),
    [
        *(("range", part) for part in (" ", "\t", "0", "-", ",", "0-,", "bytes=", "=", "9 ")),
        *(("accept-encoding", part) for part in (" ", ";", ",", "q=", "gzip;q=0.1,", "a;", "0")),
        *(("if-none-match", part) for part in ('"', 'W/"', ",", " ", '""', "*")),
        *(("if-modified-since", part) for part in (" ", "1", "(", ",", ":", "-", "GMT ")),
        *(("if-range", part) for part in ('"', " ", "1")),
    ],
)
def test_no_header_takes_long(public: Path, header: str, part: str) -> None:
    """A header as long as a connection takes is answered at once, also within one that is good."""
    long = part * (32_000 // len(part))
    app = static(public)
    began = time.process_time()
    for value in (long, f"bytes=0-{long}x", f"{long}x", f"bytes={long}-{long}", f"gzip{long};q=1x"):
        more = {"range": "bytes=0-1"} if header == "if-range" else {}
        assert call(app, "/rss.xml", {header: value, **more}).status < 500

    assert time.process_time() - began < 2


def test_large_files(public: Path) -> None:
    """What does not fit in one piece arrives whole in several."""
    whole = bytes(range(256)) * 6000
    put(public, "film.mp4", whole)

    assert whole == get(public, "/film.mp4").body
    assert whole[5:] == get(public, "/film.mp4", range="bytes=5-").body


def test_compressed(public: Path) -> None:
    """Who takes it gets the file that lies beside, with a tag of its own."""
    plain = get(public, "/a/")
    brotli = get(public, "/a/", accept_encoding="gzip, br")
    gzipped = get(public, "/a/", accept_encoding="gzip")

    assert (BROTLI, "br") == (brotli.body, brotli.headers["content-encoding"])
    assert (GZIP, "gzip") == (gzipped.body, gzipped.headers["content-encoding"])
    assert "content-encoding" not in plain.headers
    assert 3 == len({each.headers["etag"] for each in (plain, brotli, gzipped)})
    for each in (plain, brotli, gzipped):
        assert "Accept-Encoding" == each.headers["vary"]
        assert "text/html; charset=utf-8" == each.headers["content-type"]


def test_compressed_only_where_it_may_be(public: Path) -> None:
    """Without anything beside, or of what is no text, or where nobody compresses, it is plain."""
    put(public, "bell.mp3.br", b"nobody asked for this")
    (public / "rss.xml.br").mkdir()

    assert "content-encoding" not in get(public, "/bell.mp3", accept_encoding="br").headers
    assert "vary" not in get(public, "/bell.mp3", accept_encoding="br").headers
    assert b"<rss/>" == get(public, "/rss.xml", accept_encoding="br, gzip").body
    app = static(public, codings=())
    assert PAGE == call(app, "/a/", {"accept-encoding": "br"}).body


def test_compressed_by_its_own_name(public: Path) -> None:
    """Asked for by its own name it is a file like any other, before and after."""
    app = static(public)
    for _ in range(2):
        assert "br" == call(app, "/a/", {"accept-encoding": "br"}).headers["content-encoding"]
        itself = call(app, "/a/index.html.br").headers
        assert "application/octet-stream" == itself["content-type"]
        assert not {"content-encoding", "vary"} & itself.keys()


def test_compressed_of_an_older_file(public: Path) -> None:
    """What is older than the file it was made of, or has none, is not served for it."""
    os.utime(public / "a/index.html", (LATER, LATER))

    assert PAGE == get(public, "/a/", accept_encoding="br").body

    (public / "a/index.html").unlink()

    assert 404 == get(public, "/a/", accept_encoding="br").status
    assert BROTLI == get(public, "/a/index.html.br").body


def test_feeds(public: Path) -> None:
    """Feeds say what they are, where they are, and which hubs tell of them."""
    app = static(public, hubs=("https://hub.example/", "https://other.example/"))
    rss, atom = call(app, "/rss.xml").headers, call(app, "/tags/%E4%BA%BA/atom.xml").headers

    assert "application/rss+xml; charset=utf-8" == rss["content-type"]
    assert rss["link"] == (
        '<https://hub.example/>; rel="hub", <https://other.example/>; rel="hub", '
        '<https://example.org/rss.xml>; rel="self"'
    )
    assert '<https://example.org/tags/%E4%BA%BA/atom.xml>; rel="self"' in atom["link"]
    assert "link" not in call(app, "/").headers


def test_a_folder_without_a_slash(public: Path) -> None:
    """The slash is asked for, and what was asked goes along; a folder without a page is none."""
    reply = call(static(public), "/a", query=b'x=1&y="\r\n<')

    assert (301, "/a/?x=1&y=%22%0D%0A%3C") == (reply.status, reply.headers["location"])
    assert 404 == get(public, "/empty").status
    assert 404 == get(public, "/empty/").status
    assert "/%C3%BC/" == redirected(public, "/%C3%BC")


def redirected(public: Path, path: str) -> str:
    """Give where a new folder's page is said to be."""
    put(public, "ü/index.html", b"page")
    return get(public, path).headers["location"]


def test_a_site_below_a_path(public: Path) -> None:
    """Its own paths are answered; the host's root leads there, and nothing else does."""
    app = static(public, "https://example.org/blog/")

    assert b"home" == call(app, "/blog/").body
    assert PAGE == call(app, "/blog/a/").body
    assert "/blog/a/" == call(app, "/blog/a").headers["location"]
    for path in ("/", "/blog"):
        assert (301, "/blog/") == (
            call(app, path).status,
            call(app, path).headers["location"],
        )
    assert 404 == call(app, "/a/").status
    link = call(app, "/blog/rss.xml").headers["link"]
    assert '<https://example.org/blog/rss.xml>; rel="self"' == link


def test_no_such_page(public: Path) -> None:
    """The site itself says it, for a minute."""
    reply = get(public, "/nothing", if_none_match="*", range="bytes=0-1")

    assert (404, b"nothing here") == (reply.status, reply.body)
    assert "text/html; charset=utf-8" == reply.headers["content-type"]
    assert "public, max-age=60" == reply.headers["cache-control"]
    assert "etag" not in reply.headers


def test_no_such_page_in_a_site_without_one(public: Path, tmp_path: Path) -> None:
    """A site of feeds alone says it in a line; so does one whose page is none, or elsewhere."""
    (public / "404.html").unlink()

    assert (404, b"Not found.\n") == (get(public, "/x").status, get(public, "/x").body)

    (public / "404.html").mkdir()

    assert b"Not found.\n" == get(public, "/x").body

    (public / "404.html").rmdir()
    put(tmp_path, "secret", b"secret")
    (public / "404.html").symlink_to(tmp_path / "secret")

    assert b"Not found.\n" == get(public, "/x").body


def test_links_out_of_the_folder(public: Path, tmp_path: Path) -> None:
    """They lead nowhere, whatever they are called and however often one asks."""
    put(tmp_path, "secret/index.html", b"secret")
    (public / "out").symlink_to(tmp_path / "secret")
    (public / "in").symlink_to("a")
    app = static(public)

    for _ in range(2):
        assert 404 == call(app, "/out/").status
        assert 404 == call(app, "/out/index.html").status
    assert PAGE == call(app, "/in/").body
    (public / "out").unlink()
    (public / "rss.xml").unlink()
    (public / "rss.xml").symlink_to(tmp_path / "secret/index.html")
    assert 404 == call(app, "/rss.xml").status


def test_lists_in_several_lines(public: Path) -> None:
    """They are one list, whichever line says what matters."""
    tag = get(public, "/a/").headers["etag"].encode()
    request = b"GET /a/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s: %s\r\n%s: %s\r\n\r\n"
    with serving(static(public)) as port:
        for one, other in ((tag, b'"x"'), (b'"x"', tag)):
            name = b"If-None-Match"
            assert 304 == ask(port, request % (name, one, name, other)).status
        for one, other in ((b"br", b"x"), (b"x", b"br")):
            name = b"Accept-Encoding"
            reply = ask(port, request % (name, one, name, other))
            assert "br" == reply.headers["content-encoding"]


def test_who_leaves_is_not_waited_for(public: Path) -> None:
    """A large file is read no further once nobody takes it."""
    put(public, "film.mp4", b"x" * (1 << 22))
    sent: list[Message] = []

    async def leave() -> None:
        leaving = asyncio.Event()

        async def receive() -> Message:
            await leaving.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            sent.append(message)
            leaving.set()
            await asyncio.sleep(0)

        scope = asked("/film.mp4")
        await static(public)(scope, receive, send)

    asyncio.run(leave())

    assert len(sent) < 10


def test_a_file_that_is_cut_off(public: Path) -> None:
    """What shrinks while it is sent ends the connection: its rest is not made up."""
    put(public, "film.mp4", b"x" * (1 << 22))
    sent: list[Message] = []

    async def cut() -> None:
        async def receive() -> Message:
            await asyncio.Event().wait()
            raise AssertionError

        async def send(message: Message) -> None:
            sent.append(message)
            os.truncate(public / "film.mp4", 1000)

        scope = asked("/film.mp4")
        await static(public)(scope, receive, send)

    asyncio.run(cut())

    assert sum(len(each.get("body", b"")) for each in sent) < 1 << 22


def test_replaced_while_it_is_served(public: Path) -> None:
    """A build gives the name to another file: each answer is one of the two, and whole."""
    bodies = {gzip.compress(bytes([each]) * 300_000, 0) for each in range(2)}
    with serving(static(public)) as port:
        for data in [*bodies] * 10:
            put(public, "new", data)
            (public / "new").replace(public / "bell.mp3")
            reply = ask(port, b"GET /bell.mp3 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert data == reply.body


@pytest.mark.parametrize(
    "target",
    [
        b"/../secret",
        b"/%2e%2e/secret",
        b"/%2e%2e%2fsecret",
        b"/%252e%252e%252fsecret",
        b"/..\\secret",
        b"/..%5csecret",
        b"/a/../../secret",
        b"/a/%2e%2e/%2e%2e/secret",
        b"/secret%00.html",
        b"//secret",
        b"/.feedpub",
        b"/%2efeedpub",
        b"http://example.org/../secret",
        b"http://example.org",
        b"file:///secret",
        b"../secret",
        b"/\xc0\xae\xc0\xae/secret",
        b"/" + b"../" * 1000 + b"secret",
    ],
)
def test_nothing_outside_by_raw_requests(public: Path, tmp_path: Path, target: bytes) -> None:
    """Whatever stands in the request line, what lies outside the folder is not sent."""
    put(tmp_path, "secret", b"secret")
    with serving(static(public)) as port:
        reply = ask(port, b"GET " + target + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")

    assert reply.status in {200, 301, 400, 404}
    assert b"secret" not in reply.body
    assert b"the list" not in reply.body


def test_what_is_no_file(public: Path) -> None:
    """A pipe is not waited for, and a folder beside a page, or that is away, is no failure."""
    os.mkfifo(public / "pipe")
    (public / "circle").symlink_to("circle")
    (public / "b/index.html").mkdir(parents=True)
    for path in ("/pipe", "/circle", "/b/", "/b", "/rss.xml/x", "/" + "x" * 300, "/x" * 3000):
        assert 404 == get(public, path).status
    assert 404 == get(public / "away", "/").status


def test_too_many_open_files(public: Path) -> None:
    """That nothing more can be opened does not mean that there is nothing."""
    app, statuses = static(public), []
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)

    async def ask_without_room() -> None:
        async def send(message: Message) -> None:
            statuses.append(message.get("status"))
            await asyncio.sleep(0)

        async def receive() -> Message:
            await asyncio.Event().wait()
            raise AssertionError

        scope = asked("/rss.xml")
        resource.setrlimit(resource.RLIMIT_NOFILE, (1, hard))
        try:
            await app(scope, receive, send)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    asyncio.run(ask_without_room())

    assert 503 == statuses[0]
