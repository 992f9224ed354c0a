"""What is noticed of the folders, and what is told of it."""

import io
from collections.abc import Iterable
from pathlib import Path
from threading import Event

from folders import NOW, Site

from feedpub.daemon.settings import CurrentSite as Running
from feedpub.daemon.state_file import StateFile
from feedpub.daemon.watch_job import SiteWatcher
from feedpub.files.watch import ChangeBatch
from feedpub.models.log import EventLogger


def test_what_has_no_name_is_heard_of_and_not_told(tmp_path: Path) -> None:
    """A sweep does not know what is gone: all is looked at then, and the build tells the rest."""
    site = Running(Site(tmp_path).request(), Event(), lambda: NOW)
    stream = io.StringIO()
    heard: list[Iterable[str] | None] = []
    watch = SiteWatcher(
        EventLogger(stream, lambda: NOW, human=True), StateFile(site, NOW, lambda: ()), heard.append
    )
    watch._on_batch(ChangeBatch((), "sweep"))
    watch._on_batch(ChangeBatch(("/a.md",), "events"))

    assert [None, ("/a.md",)] == heard
    assert 1 == stream.getvalue().count("changes")
    assert "paths: /a.md" in stream.getvalue()
