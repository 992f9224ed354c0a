"""Whatever is asked for, nothing outside the output folder is sent, and nobody is told of a bug."""

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from webs import Reply, ask, called, serving, static

from feedpub.web.static import SiteFiles

SECRET = b"what nobody may read"
PIECES = st.sampled_from(
    (
        *("/", "//", "\\", ".", "..", "...", "~", "", " ", "?", "#", ";", ":", "%", "%2", "%zz"),
        *("%2e", "%2E%2e", "%2f", "%5c", "%00", "%0d%0a", "%252e", "%252e%252e%252f", "%c0%ae"),
        *("%u002e", "%ff", "%e4%ba%ba", "secret", "public", "out", "up", "in", "posts", "a"),
        *("index.html", "index.html.gz", "rss.xml", ".feedpub", ".git", ".well-known", "blog"),
        *("x" * 300, "/../" * 50, "file:", "http://", "C:", "nul", "\xe4", "\x01"),
    )
)
PATHS = st.lists(PIECES, max_size=8).map("".join)
HEADERS = st.dictionaries(
    st.sampled_from(
        (
            *("accept-encoding", "if-match", "if-modified-since", "if-none-match", "if-range"),
            *("if-unmodified-since", "range", "host", "x-forwarded-for"),
        )
    ),
    st.one_of(
        st.sampled_from(("gzip", "br;q=1", "*", "bytes=0-", "bytes=-1", "bytes=9-1", '"a"')),
        st.text(st.characters(max_codepoint=255), max_size=20),
    ),
    max_size=3,
)
STATUSES = {200, 206, 301, 304, 404, 405, 412, 416}


@pytest.fixture(scope="module")
def public() -> Iterator[Path]:
    """Give a folder with much around it that is nobody's business."""
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home) / "public"
        for path in ("posts/a/index.html", "posts/a/index.html.gz", "index.html", "rss.xml"):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(b"public")
        for path in ("secret", "a", "index.html", "public/.feedpub", "public/.git/secret"):
            (Path(home) / path).parent.mkdir(exist_ok=True)
            (Path(home) / path).write_bytes(SECRET)
        (folder / "out").symlink_to("../secret")
        (folder / "up").symlink_to("..")
        (folder / "in").symlink_to("posts")
        yield folder


@pytest.fixture(scope="module", params=["https://example.org/", "https://example.org/blog/"])
def app(public: Path, request: pytest.FixtureRequest) -> SiteFiles:
    """Serve it at a host's root, and below a path."""
    return static(public, request.param)


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.Runner]:
    """Give one event loop for all requests."""
    with asyncio.Runner() as runner:
        yield runner


def check(reply: Reply) -> None:
    """Hold an answer to what is always true."""
    assert reply.status in STATUSES
    assert SECRET not in reply.body
    assert reply.status not in {200, 206} or reply.body in b"public"
    assert "\n" not in "".join(reply.headers.values())
    assert not reply.headers.get("location", "/").startswith(("//", "/\\"))


@given(path=PATHS, headers=HEADERS, method=st.sampled_from(["GET", "HEAD", "POST"]))
@example(path="out", headers={}, method="GET")
@example(path="up/secret", headers={}, method="GET")
@example(path="in/a/", headers={"accept-encoding": "gzip"}, method="GET")
def test_any_request(
    app: SiteFiles, loop: asyncio.Runner, path: str, headers: dict[str, str], method: str
) -> None:
    """By any path, with any headers, only what is published comes out."""
    for whole in (f"/{path}", f"/blog/{path}", path):
        check(loop.run(called(app, whole, headers, method)))


@given(path=PATHS)
def test_any_path_over_a_socket(port: int, path: str) -> None:
    """A real server, to which the path is sent as it is, keeps to it too."""
    target = f"/{path}".replace(" ", "%20").encode("latin-1")
    reply = ask(port, b"GET " + target + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")

    assert reply.status in STATUSES | {400}
    assert SECRET not in reply.body


@pytest.fixture(scope="module")
def port(public: Path) -> Iterator[int]:
    """Give a server's port."""
    with serving(static(public)) as opened:
        yield opened
