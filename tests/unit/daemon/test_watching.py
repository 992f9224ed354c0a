"""What is noticed of the folders, and what is told of it."""

import io
from collections.abc import Iterable
from pathlib import Path
from threading import Event

from folders import NOW, Site

from feedpub.daemon import Journal
from feedpub.daemon import Site as Running
from feedpub.daemon.record import Record
from feedpub.daemon.watching import Watch
from feedpub.watch import Batch


def test_what_has_no_name_is_heard_of_and_not_told(tmp_path: Path) -> None:
    """A sweep does not know what is gone: all is looked at then, and the build tells the rest."""
    site = Running(Site(tmp_path).request(), Event(), lambda: NOW)
    stream = io.StringIO()
    heard: list[Iterable[str] | None] = []
    watch = Watch(
        Journal(stream, lambda: NOW, human=True), Record(site, NOW, lambda: ()), heard.append
    )
    watch._noticed(Batch((), "sweep"))
    watch._noticed(Batch(("/a.md",), "events"))

    assert [None, ("/a.md",)] == heard
    assert 1 == stream.getvalue().count("changes")
    assert "paths: /a.md" in stream.getvalue()
