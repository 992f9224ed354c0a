"""How a site stands, whether a daemon runs or not."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from daemons import here
from folders import NOW, Site
from newsrooms import Newsroom
from watched import wait_until

from feedpub.config.jobs import PeriodicJob
from feedpub.daemon.status import get_status
from feedpub.errors import FeedpubError
from feedpub.files import lock

HOUR = timedelta(hours=1)


def test_a_site_that_nobody_touched(tmp_path: Path) -> None:
    """Nothing runs, nothing was built, nothing is due; and to ask writes nothing."""
    site = Site(tmp_path)
    found = get_status(site.request())

    assert (False, None, None) == (found.is_running, found.daemon, found.last_build)
    assert ((), (), (), None) == (
        found.upcoming_posts,
        found.next_issues,
        found.open_issues,
        found.next_delivery,
    )
    assert not (tmp_path / ".feedpub").exists()


def test_a_site_that_is_run(tmp_path: Path) -> None:
    """What the daemon says of itself, and what the folder and the database say."""
    room = Newsroom(tmp_path)
    room.digests("name: weekly", 'name: each, schedule: "each post"')
    room.post("a.md")
    room.post("next.md", title="Next", date=str((NOW + HOUR).isoformat()))
    room.reader("bob@example.org")
    room.begin()
    room.write("one.md")
    with here(room) as daemon:
        daemon.wait("built")
        daemon.wait("watching", by="events")
        running = get_status(room.request())
    ended = get_status(room.request())

    assert running.is_running
    assert not ended.is_running
    assert ended.daemon is not None
    assert ended.daemon.ended_cleanly
    assert (("weekly", "each"), None) == (
        tuple(name for name, _ in ended.next_issues),
        ended.next_issues[1][1],
    )
    assert datetime.now(UTC) - HOUR < ended.daemon.since
    assert ended.last_build is not None
    assert "UTC" == str(ended.timezone)


def test_a_site_that_cannot_be_read(tmp_path: Path) -> None:
    """What is wrong with it is raised where nothing runs, and told beside what does."""
    site = Site(tmp_path)
    site.config("site: [")
    with pytest.raises(FeedpubError, match=r"config\.yaml"):
        get_status(site.request())
    with lock.single_instance(tmp_path / ".feedpub"):
        found = get_status(site.request())

    assert (True, None, "UTC") == (found.is_running, found.daemon, found.timezone.key)
    assert "config.yaml" in found.config_error


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"pid": 1, "watching": 3}', "nonsense"])
def test_what_another_version_wrote_is_nothing(tmp_path: Path, text: str) -> None:
    """Nobody stumbles over it."""
    site = Site(tmp_path)
    site.put(".feedpub/run.json", text)

    assert get_status(site.request()).daemon is None


def test_why_a_duty_fails_is_written_down(tmp_path: Path) -> None:
    """Without whose address it names."""

    def broken(now: datetime) -> None:
        del now
        raise LookupError("nothing for ann@example.org")

    site = Site(tmp_path)
    kept = tmp_path / ".feedpub" / "run.json"
    with here(site, jobs=[PeriodicJob("broken", broken)]) as daemon:
        daemon.wait("failed", duty="broken")
        wait_until(kept.exists, "its word")
        wait_until(lambda: "@example.org" in kept.read_text(encoding="utf-8"), "that it is kept")

        assert get_status(site.request()).daemon is not None

    found = {each["name"]: each["why"] for each in json.loads(kept.read_text("utf-8"))["duties"]}
    assert ("nothing for …@example.org", "") == (found["broken"], found["digests"])
