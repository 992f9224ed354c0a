"""The files in deploy/ do what they say: the web servers serve a built site as it is meant."""

import gzip
import re
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest
import yaml
from example import ROOT, Built
from programs import needs
from webs import free_port

DEPLOY = ROOT / "deploy"
TYPES = {
    "": "text/html; charset=utf-8",
    "rss.xml": "application/rss+xml; charset=utf-8",
    "tags/cplusplus/rss.xml": "application/rss+xml; charset=utf-8",
    "atom.xml": "application/atom+xml; charset=utf-8",
    "feed.json": "application/feed+json; charset=utf-8",
    "feeds.opml": "text/x-opml; charset=utf-8",
}


class Answer:
    """What a server answered."""

    def __init__(self, port: int, path: str, **headers: str) -> None:
        """Ask for a path below the root."""
        connection = HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.request(
                "GET", f"/{path}", headers={k.replace("_", "-"): v for k, v in headers.items()}
            )
            answer = connection.getresponse()
            self.status = answer.status
            self.headers = {name.lower(): value for name, value in answer.getheaders()}
            self.body = answer.read()
        finally:
            connection.close()


@contextmanager
def running(command: list[str], port: int, folder: Path) -> Iterator[None]:
    """Run a server in the foreground until it is not needed any more."""
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdout=log,
            stderr=log,
            env={
                "HOME": str(folder),
                "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            },
        )
    try:
        while process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        assert process.poll() is None, (folder / "log").read_text()
        yield
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def nginx(public: Path, folder: Path) -> Iterator[int]:
    """Run nginx with the documented configuration, for this folder; give its port."""
    program, port = needs("nginx"), free_port()
    site = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    site = site.replace("listen 80;", f"listen 127.0.0.1:{port};")
    site = site.replace("/srv/blog/public", str(public))
    (folder / "site.conf").write_text(site, encoding="utf-8")
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"pid {folder}/pid; daemon off; error_log {folder}/error.log; user root;\n"
        "events {} http { access_log off; include /etc/nginx/mime.types;\n"
        f"{temporary} include {folder}/site.conf; }}\n"
    )
    with running([program, "-p", str(folder), "-c", str(folder / "nginx.conf")], port, folder):
        yield port


@contextmanager
def caddy(public: Path, folder: Path) -> Iterator[int]:
    """Run Caddy with the documented configuration, for this folder; give its port."""
    program, port = needs("caddy"), free_port()
    site = (DEPLOY / "Caddyfile").read_text(encoding="utf-8")
    site = site.replace("/srv/blog/public", str(public))
    site = re.sub("^example.org", f"http://127.0.0.1:{port}", site, flags=re.MULTILINE)
    (folder / "Caddyfile").write_text("{\n\tadmin off\n}\n" + site, encoding="utf-8")
    command = [program, "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]
    with running(command, port, folder):
        yield port


@pytest.fixture(scope="module", params=["nginx", "caddy"])
def port(
    request: pytest.FixtureRequest, example: Built, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[int]:
    """Give the port of a server of the example site."""
    server = {"nginx": nginx, "caddy": caddy}[request.param]
    with server(example.public, tmp_path_factory.mktemp("server")) as port:
        yield port


@pytest.mark.parametrize(("path", "media_type"), TYPES.items())
def test_every_file_has_its_media_type(
    port: int, example: Built, path: str, media_type: str
) -> None:
    """Feed readers, and browsers, are told what it is and how it is encoded."""
    answer = Answer(port, path)

    assert (200, media_type) == (answer.status, answer.headers["content-type"].lower())
    assert (example.public / (path or "index.html")).read_bytes() == answer.body
    assert "nosniff" == answer.headers["x-content-type-options"]


@pytest.mark.parametrize("path", ["atom.xml", "rss.xml", "feed.json", ""])
def test_what_has_not_changed_is_not_sent_again(port: int, path: str) -> None:
    """A reader that asks again with what it was told gets 304 and nothing else."""
    first = Answer(port, path)
    again = Answer(port, path, If_None_Match=first.headers["etag"])
    since = Answer(port, path, If_Modified_Since=first.headers["last-modified"])

    assert [(304, b""), (304, b"")] == [(each.status, each.body) for each in (again, since)]


def test_what_is_compressed_already_is_sent_so(port: int, example: Built) -> None:
    """The files of `output.compress` go out as they lie there."""
    packed = example.public / "atom.xml.gz"
    packed.write_bytes(gzip.compress((example.public / "atom.xml").read_bytes(), mtime=0))
    answer = Answer(port, "atom.xml", Accept_Encoding="gzip")

    assert ("gzip", packed.read_bytes()) == (answer.headers["content-encoding"], answer.body)
    assert TYPES["atom.xml"] == answer.headers["content-type"].lower()


def test_what_is_not_there_has_a_page_of_its_own(port: int, example: Built) -> None:
    """The site's own 404, with its status; what feedpub keeps for itself is not there either."""
    for path in ("nothing", ".feedpub", "posts/.hidden"):
        answer = Answer(port, path)

        assert (404, (example.public / "404.html").read_bytes()) == (answer.status, answer.body)


def test_assets_are_kept_and_feeds_are_not(port: int, example: Built) -> None:
    """A style sheet's name changes with it; a feed's does not."""
    (style,) = (example.public / "assets").glob("style-*.css")

    assert "immutable" in Answer(port, f"assets/{style.name}").headers["cache-control"]
    assert "max-age=300" == Answer(port, "atom.xml").headers["cache-control"]


@pytest.mark.parametrize(
    "path",
    ["subscribe", "confirm/x", "unsubscribe/x", "resubscribe/x", "forget/x", "hooks/postmark"],
)
def test_readers_are_handed_on(port: int, path: str) -> None:
    """Nobody listens behind the server here: that is what it says."""
    assert 502 == Answer(port, path).status


def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    """No word of it is unknown, and no path wrong but the one of a feedpub that is not here."""
    unit = (DEPLOY / "feedpub.service").read_text(encoding="utf-8")
    copy = tmp_path / "feedpub.service"
    copy.write_text(unit.replace("/opt/feedpub/bin/feedpub", sys.executable), encoding="utf-8")
    done = subprocess.run(
        [needs("systemd-analyze"), "verify", "--man=no", str(copy)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (0, "") == (done.returncode, done.stderr)


@pytest.mark.parametrize("name", ["compose.yaml", "pages.yaml"])
def test_yaml_is_yaml(name: str) -> None:
    """And holds what the programs it is for look for first."""
    found = yaml.safe_load((DEPLOY / name).read_text(encoding="utf-8"))

    assert {"services", "jobs"} & found.keys()


def test_the_image_is_of_the_python_that_feedpub_needs() -> None:
    """The Dockerfile, the recipe for static hosts and pyproject.toml agree."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    version = project["requires-python"].removeprefix(">=")

    assert f"FROM python:{version}-slim" in (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    assert f'python-version: "{version}"' in (DEPLOY / "pages.yaml").read_text(encoding="utf-8")
