"""nginx and Caddy as deploy/ configures them: they serve a site as feedpub itself does, and hand
on to it what is no file.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from daemons import started
from example import Built, build
from fronts import Answer, caddy, nginx
from watched import wait_until
from webs import free_port

SERVERS = {"nginx": nginx, "caddy": caddy}
AWAY = b"Nobody can answer that at the moment. Please try again in a minute.\n"
GZIP = {"Accept-Encoding": "gzip"}
COPIED = tuple(
    f"demo/{name}"
    for name in (
        *("a.html", "a.htm", "a.xht", "a.xhtml", "a.svg", "a.svgz", "a.xsl", "a.xslt", "a.xml"),
        *("a.rdf", "b.HTML", "c.Svg"),
    )
)
HASHED = "notes-20240101aa.png"  # not by feedpub
HIDDEN = (".feedpub", "%2efeedpub", "tags/.secret/rss.xml", ".git/rss.xml", ".well-known/.secret")
MOST = 1 << 20  # octets: services tell of many bounces at once
TYPES = {
    "": "text/html; charset=utf-8",
    "rss.xml": "application/rss+xml; charset=utf-8",
    "tags/cplusplus/rss.xml": "application/rss+xml; charset=utf-8",
    "atom.xml": "application/atom+xml; charset=utf-8",
    "tags/cplusplus/atom.xml": "application/atom+xml; charset=utf-8",
    "archive-1.xml": "application/atom+xml; charset=utf-8",
    "feed.json": "application/feed+json; charset=utf-8",
    "tags/cplusplus/feed.json": "application/feed+json; charset=utf-8",
    "feeds.opml": "text/x-opml; charset=utf-8",
}


@dataclass(frozen=True)
class Stand:
    """A site that is served by nginx or Caddy, and by the feedpub behind it."""

    public: Path
    port: int
    behind: int


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """Give the folder of a site that has all kinds of files, and the port it says."""
    home, behind = tmp_path_factory.mktemp("site"), free_port()
    more = f"web: {{port: {behind}}}\nsubscribers: {{form: true}}\n\nsite:\n"
    built = build(
        home, ("\nsite:\n", more), ("# compress:", "compress:"), ("limit: 20", "limit: 3")
    )
    for name in ("drawings/a.svg", "assets/b.svg", f"assets/{HASHED}", *COPIED):
        (home / "content" / name).parent.mkdir(exist_ok=True)
        (home / "content" / name).write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    for name in (*HIDDEN, ".well-known/security.txt"):
        place = built.public / name
        if "%" not in name and not place.exists():
            place.parent.mkdir(exist_ok=True)
            place.write_text("somebody else's")
    return home, behind


@pytest.fixture(scope="module")
def behind(site: tuple[Path, int]) -> Iterator[int]:
    """Give the port of feedpub itself."""
    home, port = site
    with started(home) as daemon:
        daemon.wait("watching")
        wait_until(lambda: Answer(port, "unsubscribe/x").status == 404, "the pages of readers")
        yield port


@pytest.fixture(scope="module", params=SERVERS)
def stand(
    request: pytest.FixtureRequest,
    site: tuple[Path, int],
    behind: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stand]:
    """Give a server in front of feedpub."""
    public, folder = site[0] / "public", tmp_path_factory.mktemp("server")
    with SERVERS[request.param](public, folder, behind) as port:
        yield Stand(public, port, behind)


@pytest.fixture(scope="module", params=SERVERS)
def alone(
    request: pytest.FixtureRequest, example: Built, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[int]:
    """Give the port of a server that nobody is behind."""
    server = SERVERS[request.param]
    with server(example.public, tmp_path_factory.mktemp("server"), free_port()) as port:
        yield port


@pytest.mark.parametrize(("path", "media_type"), TYPES.items())
def test_every_file_has_its_media_type(stand: Stand, path: str, media_type: str) -> None:
    """Feed readers, and browsers, are told what it is and how it is encoded."""
    answer = Answer(stand.port, path)

    assert (200, media_type) == (answer.status, answer.headers["content-type"].lower())
    assert (stand.public / (path or "index.html")).read_bytes() == answer.body


@pytest.mark.parametrize("path", [*TYPES, "drawings/a.svg", "sitemap.xml", "nothing", "no/rss.xml"])
def test_browsers_are_told_the_same_as_by_feedpub(stand: Stand, path: str) -> None:
    """What a page may do, and a feed or a drawing may not, is what `web.policy` and feedpub say."""
    answer, own = Answer(stand.port, path), Answer(stand.behind, path)

    assert (own.status, own.body) == (answer.status, answer.body)
    for name in ("content-security-policy", "x-content-type-options"):
        assert own.headers.get(name) == answer.headers.get(name)


@pytest.mark.parametrize("path", COPIED)
def test_what_was_copied_runs_nothing(stand: Stand, path: str) -> None:
    """It lies on the origin of readers' links; it is in a sandbox, whoever serves it."""
    for port in (stand.port, stand.behind):
        for asked in (path, f"{path}?/", f"{path}?x=a.png"):
            answer = Answer(port, asked)
            policy = answer.headers["content-security-policy"]
            assert (200, "nosniff") == (answer.status, answer.headers["x-content-type-options"])
            assert "sandbox" in policy
            assert "allow-scripts" not in policy
    own = Answer(stand.port, "").headers["content-security-policy"]
    assert "script-src 'none'; worker-src 'none'" in own


@pytest.mark.parametrize("path", ["atom.xml", "rss.xml", "feed.json", ""])
def test_what_has_not_changed_is_not_sent_again(stand: Stand, path: str) -> None:
    """A reader that asks again with what it was told gets 304 and nothing else."""
    first = Answer(stand.port, path)
    told = ("If-None-Match", "etag"), ("If-Modified-Since", "last-modified")
    again = [Answer(stand.port, path, headers={asked: first.headers[told]}) for asked, told in told]

    assert [(304, b""), (304, b"")] == [(each.status, each.body) for each in again]


def test_what_is_compressed_already_is_sent_so(stand: Stand) -> None:
    """The files of `output.compress` go out as they lie there; a cache is told that there are."""
    answer = Answer(stand.port, "atom.xml", headers=GZIP)

    assert ("gzip", "Accept-Encoding") == (
        answer.headers["content-encoding"],
        answer.headers["vary"],
    )
    assert (stand.public / "atom.xml.gz").read_bytes() == answer.body
    assert TYPES["atom.xml"] == answer.headers["content-type"].lower()


@pytest.mark.parametrize("path", ["nothing", "drawings/", *HIDDEN])
def test_what_is_not_there_has_a_page_of_its_own(stand: Stand, path: str) -> None:
    """The site's own 404, with its status; so have a folder without a page, and what is hidden."""
    answer = Answer(stand.port, path)

    assert (404, TYPES[""]) == (answer.status, answer.headers["content-type"])
    assert (stand.public / "404.html").read_bytes() == answer.body
    assert "max-age=300" == answer.headers["cache-control"]


def test_what_is_well_known_is_not_hidden(stand: Stand) -> None:
    """The one name with a dot that others ask for (RFC 8615)."""
    answer = Answer(stand.port, ".well-known/security.txt")

    assert (200, b"somebody else's") == (answer.status, answer.body)


def test_only_what_has_its_digest_in_its_name_is_kept(stand: Stand) -> None:
    """A style sheet's name changes with it; a feed's does not, nor that of a file of the site's."""
    (style,) = (stand.public / "assets").glob("style-*.css")

    assert "immutable" in Answer(stand.port, f"assets/{style.name}").headers["cache-control"]
    for path in ("atom.xml", "assets/b.svg", f"assets/{HASHED}"):
        assert "max-age=300" == Answer(stand.port, path).headers["cache-control"]


@pytest.mark.parametrize("path", ["confirm/x", "unsubscribe/x", "forget/x", "healthz", "metrics"])
def test_what_feedpub_answers_it_answers_alone(stand: Stand, path: str) -> None:
    """Nothing is added to what it tells, and nothing taken away."""
    answer, own = Answer(stand.port, path), Answer(stand.behind, path)
    hidden = {"server", "date", "connection", "content-length", "transfer-encoding"}

    assert (own.status, own.body) == (answer.status, answer.body)
    assert sorted(set(own.names) - hidden) == sorted(set(answer.names) - hidden)
    assert len(set(answer.names)) == len(answer.names)


@pytest.mark.parametrize("path", ["subscribe", "subscribe/"])
def test_who_signs_up_is_not_answered_by_a_file(stand: Stand, path: str) -> None:
    """The form is shown as a file, and sent to feedpub."""
    answer = Answer(stand.port, path, b"address=ann%40example.org")
    shown = Answer(stand.port, "subscribe/")

    assert (200, "no-store") == (answer.status, answer.headers["cache-control"])
    assert b"ann@example.org" in answer.body
    assert (stand.public / "subscribe/index.html").read_bytes() == shown.body


@pytest.mark.parametrize(
    "path",
    [
        *("subscribe", "confirm/x", "preferences/x", "unsubscribe/x", "resubscribe/x", "forget/x"),
        *("hooks/postmark", "healthz", "healthz/ready", "metrics"),
    ],
)
def test_who_cannot_be_handed_on_is_asked_to_come_later(alone: int, path: str) -> None:
    """Nobody listens behind the server: it does not say that there is no such page."""
    answer = Answer(alone, path)

    assert (503, AWAY) == (answer.status, answer.body)
    assert "60" == answer.headers["retry-after"]
    assert "no-store" == answer.headers["cache-control"]


@pytest.mark.parametrize("path", ["subscribe/", "unsubscribe/x", "hooks/sendgrid"])
def test_as_much_as_feedpub_takes_is_handed_on(alone: int, path: str) -> None:
    """A form, or many bounces told at once: never swallowed, and not refused before."""
    answer = Answer(alone, path, b"x" * MOST)

    assert (503, AWAY) == (answer.status, answer.body)


@pytest.mark.parametrize("server", SERVERS)
def test_a_site_may_lie_below_a_path(server: str, tmp_path: Path) -> None:
    """With what the comment says changed, all is as it is at the root; machines go there."""
    path = "/blog/"
    home, folder = tmp_path / "site", tmp_path / "server"
    home.mkdir()
    folder.mkdir()
    built = build(home, (".example/", f".example{path}"), ("folder: public", "folder: public/blog"))
    (style,) = (built.public / "assets").glob("style-*.css")
    with SERVERS[server](home / "public", folder, free_port(), path) as port:
        statuses = {
            asked: Answer(port, asked).status
            for asked in ("blog/", "blog/tags/cplusplus/rss.xml", "blog/confirm/x", "healthz")
        }
        kept = Answer(port, f"blog/assets/{style.name}").headers["cache-control"]
        missing = Answer(port, "blog/nothing")
        posted = Answer(port, "blog/subscribe/", b"address=ann%40example.org")

    assert [200, 200, 503, 503] == [*statuses.values()]
    assert "immutable" in kept
    assert (404, (built.public / "404.html").read_bytes()) == (missing.status, missing.body)
    assert 503 == posted.status
