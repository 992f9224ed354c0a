"""`feedpub serve` as people run it: by its command, ended by signals, looked at by a browser."""

import gzip
import http.client
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import brotli
import pytest
from webs import get

CONFIG = """\
site: {title: Notes, url: "https://notes.example/blog/"}
feeds: {hubs: [https://hub.example/]}
output: {compress: [gzip, br]}
"""
POST = "---\ntitle: %s\ndate: 2025-01-30\n%s---\n%s\n"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Write a site of a post and a draft."""
    (tmp_path / "content").mkdir()
    (tmp_path / "config.yaml").write_text(CONFIG, encoding="utf-8")
    write(tmp_path, "one", "One", "Some words. " * 200)
    write(tmp_path, "two", "Two", "Not yet.", "draft: true\n")
    return tmp_path


def write(site: Path, name: str, title: str, text: str, more: str = "") -> None:
    """Write a post as an editor does: beside it, then in its place."""
    part = site / "content" / f".{name}.md.part"
    part.write_text(POST % (title, more, text), encoding="utf-8")
    part.replace(site / "content" / f"{name}.md")


def feedpub(site: Path, *words: str) -> "subprocess.Popen[str]":
    """Run feedpub."""
    return subprocess.Popen(
        [sys.executable, "-m", "feedpub", *words],
        cwd=site,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        bufsize=1,
    )


def build(site: Path) -> None:
    """Build the site as it is published."""
    assert "" == out(feedpub(site, "build"))


@contextmanager
def serving(site: Path, *words: str) -> Iterator[tuple["subprocess.Popen[str]", int]]:
    """Serve a site; give the process and its port. It is ended as systemd ends it."""
    process = feedpub(site, "serve", "--port", "0", *words)
    assert process.stdout is not None
    try:
        line = until(process, "Serving")
        yield process, int(re.findall(r":(\d+)/", line)[0])
    finally:
        process.send_signal(signal.SIGTERM)
        process.stdout.read()
        status = process.wait()
        process.stdout.close()
    assert 0 == status


def until(process: "subprocess.Popen[str]", word: str) -> str:
    """Read what is printed until a line says something."""
    assert process.stdout is not None
    read = []
    for line in process.stdout:
        read.append(line)
        if word in line:
            return line
    raise AssertionError(read)


def test_what_was_built(site: Path) -> None:
    """Pages and feeds are served below the site's path, compressed as they were built."""
    build(site)
    with serving(site) as (_, port):
        page = get(port, "/blog/posts/one/")
        small = get(port, "/blog/posts/one/", {"Accept-Encoding": "gzip"})
        smaller = get(port, "/blog/posts/one/", {"Accept-Encoding": "gzip, br"})
        feed = get(port, "/blog/rss.xml")
        again = get(port, "/blog/rss.xml", {"If-None-Match": feed.headers["etag"]})
        draft = get(port, "/blog/posts/two/")
        style = get(port, re.findall(r'href="(/blog/assets/[^"]+)"', page.body.decode())[0])
        root = get(port, "/")

    assert page.body == gzip.decompress(small.body) == brotli.decompress(smaller.body)
    assert '<https://hub.example/>; rel="hub"' in feed.headers["link"]
    assert [200, 304, 404] == [feed.status, again.status, draft.status]
    assert b"Nothing lies at this address" in draft.body
    assert "public, max-age=31536000, immutable" == style.headers["cache-control"]
    assert "/blog/" == root.headers["location"]


def test_ctrl_c(site: Path) -> None:
    """Ctrl-C is how one ends it: no failure."""
    build(site)
    with serving(site) as (process, port):
        assert 200 == get(port, "/blog/").status
        process.send_signal(signal.SIGINT)
        process.wait()


def test_nothing_was_built(site: Path) -> None:
    """There is nothing to serve, and what to do is said."""
    process = feedpub(site, "serve")

    assert "public: not built yet; run `feedpub build` first\n" == out(process)
    assert 1 == process.returncode


def test_a_port_that_is_taken(site: Path) -> None:
    """Another port can be named, in the configuration too."""
    build(site)
    with serving(site) as (_, port):
        (site / "config.yaml").write_text(f"{CONFIG}web: {{port: {port}}}\n", encoding="utf-8")
        process = feedpub(site, "serve")

        assert f"127.0.0.1, port {port}: cannot listen" in out(process)
        assert 1 == process.returncode


def out(process: "subprocess.Popen[str]") -> str:
    """Give all that is printed."""
    printed, _ = process.communicate()
    return printed


def test_live(site: Path) -> None:
    """While one writes drafts are shown, pages change at once, and public/ is left alone."""
    with serving(site, "--live") as (process, port), listening(port) as changes:
        assert b"<strong>Draft</strong>" in get(port, "/blog/posts/two/").body
        assert b"data: 0\n" == said(changes)

        write(site, "two", "Two", "Now it says more.", "draft: true\n")
        assert b"data: 1\n" == said(changes)
        assert b"Now it says more." in get(port, "/blog/posts/two/").body

        (site / "config.yaml").write_text("site: {}\n", encoding="utf-8")
        until(process, "site.title: required key is missing")
        assert b"Now it says more." in get(port, "/blog/posts/two/").body

    assert not (site / "public").exists()


def test_who_looks_is_let_go(site: Path) -> None:
    """A browser that looks does not keep the end from coming."""
    with serving(site, "--live") as (process, port), listening(port) as changes:
        said(changes)
        process.send_signal(signal.SIGTERM)
        assert b"" == changes.read().strip()


@contextmanager
def listening(port: int) -> Iterator[http.client.HTTPResponse]:
    """Listen as a page does."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", "/-live/changes")
    response = connection.getresponse()
    try:
        yield response
    finally:
        response.close()
        connection.close()


def said(response: http.client.HTTPResponse) -> bytes:
    """Give the next thing that is said, waiting for it."""
    while not (line := response.readline()).startswith(b"data"):
        assert line
    return line
