"""What was remembered tells which posts appear or go next, and how the site was built."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from folders import NOW, POST, Site

from feedpub.site import status
from feedpub.site.status import UpcomingChange

HOUR = timedelta(hours=1)


def write(site: Site, name: str, date: datetime, more: str = "") -> None:
    """Write a post that appears at some time."""
    text = POST.format(title=name, date=f"{date.isoformat()}\n{more}", body="Text.")
    site.put(f"content/{name}.md", text)


def test_posts_appear_and_go_in_the_order_of_time(tmp_path: Path) -> None:
    """What has been is not told, nor drafts, nor what expires before it appears."""
    site = Site(tmp_path)
    write(site, "old", NOW - HOUR)
    write(site, "gone", NOW - 2 * HOUR, f"expires: {(NOW - HOUR).isoformat()}")
    write(site, "next", NOW + HOUR)
    write(site, "short", NOW - HOUR, f"expires: {(NOW + 2 * HOUR).isoformat()}")
    write(site, "draft", NOW + HOUR, "draft: true")
    write(site, "never", NOW + 9 * HOUR, f"expires: {(NOW + 3 * HOUR).isoformat()}")
    summary = site.build()
    found = status.list_upcoming(site.request(), 10)

    assert (
        UpcomingChange(NOW + HOUR, "next", "next.md", expires=False),
        UpcomingChange(NOW + 2 * HOUR, "short", "short.md", expires=True),
        UpcomingChange(NOW + 3 * HOUR, "never", "never.md", expires=True),
    ) == found
    assert found[:1] == status.list_upcoming(site.request(), 1)
    assert NOW + HOUR == summary.next_change


def test_how_the_site_was_built(tmp_path: Path) -> None:
    """When, what it consists of and what is wrong: as long as the settings are the same."""
    site = Site(tmp_path)
    site.post("a.md")
    site.put("content/b.md", "---\ntitle: [\n---\n")
    before = datetime.now(UTC) - timedelta(seconds=5)
    site.build()
    found = status.load_last_build(site.request())

    assert found is not None
    assert before <= found.at <= datetime.now(UTC) + timedelta(seconds=5)
    assert (2, 1) == (found.counts.files, found.counts.published)
    assert ["content/b.md"] == [each.path for each in found.problems]
    assert site.build().next_change is None


def test_a_site_that_was_never_built(tmp_path: Path) -> None:
    """Nothing is known, and nothing is written to find that out."""
    site = Site(tmp_path)

    assert status.load_last_build(site.request()) is None
    assert () == status.list_upcoming(site.request(), 10)
    assert not (tmp_path / ".feedpub").exists()

    (tmp_path / ".feedpub" / "cache").mkdir(parents=True)

    assert status.load_last_build(site.request()) is None
