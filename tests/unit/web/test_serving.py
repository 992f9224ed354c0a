"""What is served while somebody writes, when it is told what changes."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Timer
from urllib.parse import urlsplit

import pytest
from folders import NOW, Site
from webs import get

from feedpub.errors import FeedpubError
from feedpub.publish import Summary
from feedpub.publish.request import place
from feedpub.web import live, serve
from feedpub.web.serving import Stand, watched


class Writer:
    """Somebody who writes, looks, and leaves."""

    def __init__(self, root: Path) -> None:
        self.site = Site(root / "site")
        self.told: list[str] = []
        self.pages: list[bytes] = []
        self.port = 0
        self.stand = Stand("127.0.0.1", 0, lambda: NOW, self.ready)

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
        os.kill(os.getpid(), signal.SIGTERM)
        ended.wait()


def test_live(tmp_path: Path) -> None:
    """Each change is built and told, what is none is not; faults leave what is served as it was."""
    writer = Writer(tmp_path)
    writer.site.post("a.md")
    live(writer.site.request(), writer.stand, writer.built, writer.failed, writer.changes)

    assert [
        "built 1, new True, 0 faults",
        ".feedpub/live /blog/",
        "built 2, new True, 0 faults",
        "built 2, new False, 1 faults",
        'templates/post.html:1: "nothing" is undefined',
        "built 2, new False, 0 faults",
    ] == writer.told
    assert b"Bee" in writer.pages[0]
    assert b"/-live/reload.js?" in writer.pages[0]


def test_live_that_cannot_begin(tmp_path: Path) -> None:
    """Where there is nothing to show, nothing is served."""
    writer = Writer(tmp_path)
    writer.site.config("site: {}\n")

    with pytest.raises(FeedpubError, match=r"site\.title: missing"):
        live(writer.site.request(), writer.stand, writer.built, writer.failed, writer.changes)

    assert [] == writer.told


def test_serve_what_was_never_built(tmp_path: Path) -> None:
    """What to do is said."""
    writer = Writer(tmp_path)

    with pytest.raises(FeedpubError, match="nothing is built there; run `feedpub build` first"):
        serve(writer.site.request(), writer.stand)


def test_watching(tmp_path: Path) -> None:
    """At first there may be something new; then silence says nothing, until it ends."""
    site = Site(tmp_path / "site")
    ended = Event()
    told = watched(place(site.request()), site.root / "config.yaml", ended, beat=10)
    first = next(told)
    later = Timer(1.0, ended.set)
    later.start()

    assert [] == list(told)
    assert first is not None
    later.join()
