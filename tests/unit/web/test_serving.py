"""What is served while somebody writes, when it is told what changes."""

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event
from urllib.parse import urlsplit

import pytest
from folders import CONFIG, NOW, Site
from webs import get

from feedpub.app import Summary, resolve_paths
from feedpub.errors import FeedpubError
from feedpub.files.watch import ChangeBatch
from feedpub.web.serving import ServeOptions, serve, serve_live, watch_changes


class Writer:
    """Somebody who writes, looks, and leaves."""

    def __init__(self, root: Path) -> None:
        self.site = Site(root / "site")
        self.told: list[str] = []
        self.pages: list[bytes] = []
        self.port = 0
        self.stand = ServeOptions("127.0.0.1", 0, lambda: NOW, self.ready)

    def ready(self, folder: Path, url: str) -> None:
        """Hear where to look."""
        self.told.append(f"{folder.relative_to(self.site.root)} {urlsplit(url).path}")
        self.port = urlsplit(url).port or 0

    def built(self, summary: Summary) -> None:
        """Hear of a build."""
        faults = len(summary.problems)
        self.told.append(f"built {summary.published}, new {summary.written > 0}, {faults} faults")

    def failed(self, error: FeedpubError) -> None:
        """Hear of a build that failed."""
        self.told.append(str(error).partition("\n")[0])

    def changes(self, ended: Event) -> Iterator[None]:
        """Change this and that; then leave."""
        yield
        self.site.post("b.md", "Bee")
        yield
        self.site.post("c.md", date="never")
        yield
        (self.site.content / "c.md").unlink()
        own = self.site.put("templates/post.html", "{{ nothing }}")
        yield
        own.unlink()
        yield
        self.pages.append(get(self.port, "/blog/posts/bee/").body)
        rebound = get(self.port, "/blog/posts/bee/", {"Host": f"rebound.example:{self.port}"})
        self.told.append(f"rebound: {rebound.status}")
        os.kill(os.getpid(), signal.SIGTERM)
        ended.wait()


def test_live(tmp_path: Path) -> None:
    """Each change is built and told, what is none is not; faults leave what is served as it was."""
    writer = Writer(tmp_path)
    writer.site.post("a.md")
    serve_live(writer.site.request(), writer.stand, writer.built, writer.failed, writer.changes)

    assert [
        "built 1, new True, 0 faults",
        ".feedpub/live /blog/",
        "built 2, new True, 0 faults",
        "built 2, new False, 1 faults",
        'templates/post.html:1: "nothing" is undefined',
        "built 2, new False, 0 faults",
        "rebound: 421",
    ] == writer.told
    assert b"Bee" in writer.pages[0]
    assert b"/-live/reload.js?" in writer.pages[0]


def test_live_that_cannot_begin(tmp_path: Path) -> None:
    """Where there is nothing to show, nothing is served."""
    writer = Writer(tmp_path)
    writer.site.config("site: {}\n")

    with pytest.raises(FeedpubError, match=r"site\.title: required key is missing"):
        serve_live(writer.site.request(), writer.stand, writer.built, writer.failed, writer.changes)

    assert [] == writer.told


def test_serve_what_was_never_built(tmp_path: Path) -> None:
    """What to do is said."""
    writer = Writer(tmp_path)

    with pytest.raises(FeedpubError, match="not built yet; run `feedpub build` first"):
        serve(writer.site.request(), writer.stand)


def test_what_is_being_written_is_for_this_machine(tmp_path: Path) -> None:
    """Though the site is for all the world; who wants it elsewhere says so."""
    writer = Writer(tmp_path)
    writer.site.config(f"{CONFIG}web: {{host: 0.0.0.0}}\n")
    writer.site.post("a.md")
    found: list[str] = []
    writer.stand = replace(writer.stand, host="", on_ready=lambda _, url: found.append(url))

    def changes(ended: Event) -> Iterator[None]:
        yield
        local = Path("/proc/net/tcp").read_text(encoding="ascii").split("\n")
        port = f":{urlsplit(found[0]).port or 0:04X} 00000000:0000 0A"  # listens
        found.extend(line.split()[1] for line in local if port in line)
        os.kill(os.getpid(), signal.SIGTERM)
        ended.wait()

    serve_live(writer.site.request(), writer.stand, writer.built, writer.failed, changes)

    assert ["0100007F"] == [each.partition(":")[0] for each in found[1:]]


def test_a_disk_that_is_full_is_told_of(tmp_path: Path) -> None:
    """And it goes on: somebody may make room."""
    writer = Writer(tmp_path)
    writer.site.post("a.md")
    in_the_way = tmp_path / "site" / ".feedpub" / "live" / ".feedpub-parts"

    def changes(ended: Event) -> Iterator[None]:
        in_the_way.write_text("", encoding="utf-8")
        writer.site.post("b.md")
        yield
        in_the_way.unlink()
        yield
        os.kill(os.getpid(), signal.SIGTERM)
        ended.wait()

    serve_live(writer.site.request(), writer.stand, writer.built, writer.failed, changes)

    assert ".feedpub-parts" in writer.told[2]
    assert "built 2, new True, 0 faults" == writer.told[3]


def test_watching(tmp_path: Path) -> None:
    """What was there is told of first; a file that is replaced is, however often."""
    site = Site(tmp_path / "site")
    site.post("a.md")
    ended, config = Event(), site.root / "config.yaml"
    told = watch_changes(resolve_paths(site.request()), config, ended, beat=0.01)

    assert isinstance(next(told), ChangeBatch)

    for title in ("One", "Two"):
        part = site.put("config.part", CONFIG.replace("Example & Co", title))
        part.replace(config)

        assert config == next(told)

    new = str(site.post("b.md"))

    assert any(isinstance(each, ChangeBatch) and new in each.paths for each in told)

    ended.set()

    assert [] == list(told)
