"""What a builder looks at, and what it keeps from one build to the next."""

import io
import os
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

import pytest
from folders import NOW, Site

from feedpub.app import BuildRequest, Summary
from feedpub.daemon.builder import SiteBuilder
from feedpub.daemon.settings import CurrentSite as Running
from feedpub.errors import FeedpubError
from feedpub.models.log import EventLogger
from feedpub.site import builder as site_builder
from feedpub.site.build_state import BuildState, RebuildResult


class Spy:
    """Builds, and knows what it was asked for."""

    def __init__(self) -> None:
        self.changed: list[frozenset[str] | None] = []
        self.kept: list[BuildState | None] = []
        self.fault: Exception | None = None
        self.meanwhile: tuple[SiteBuilder, str] | None = None

    def __call__(
        self, request: BuildRequest, kept: BuildState | None, changed: frozenset[str] | None
    ) -> RebuildResult:
        """Build."""
        self.changed.append(changed)
        self.kept.append(kept)
        if self.meanwhile:
            builder, path = self.meanwhile
            builder.mark_changed([path])
        if self.fault:
            raise self.fault
        return site_builder.rebuild(request, kept, changed)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Give a site with a post."""
    found = Site(tmp_path)
    found.post("a.md")
    return found


@pytest.fixture
def spy() -> Spy:
    """Give who builds."""
    return Spy()


@pytest.fixture
def built() -> list[Summary]:
    """Give what was told of builds."""
    return []


@pytest.fixture
def builder(site: Site, spy: Spy, built: list[Summary]) -> SiteBuilder:
    """Give the builder of the site."""
    journal = EventLogger(io.StringIO(), lambda: NOW, human=False)
    running = Running(site.request(), Event(), lambda: NOW)
    return SiteBuilder(running, journal, spy, built.append)


def test_only_what_was_heard_of_is_looked_at(site: Site, spy: Spy, builder: SiteBuilder) -> None:
    """At first that is everything; what was heard of twice is looked at once."""
    builder(NOW)
    site.post("a.md", body="Other text.")
    builder.mark_changed([str(site.content / "a.md")])
    builder.mark_changed([str(site.content / "a.md"), str(site.content / "b.md")])
    builder(NOW)

    assert "Other text." in site.read("rss.xml")

    builder(NOW)

    both = frozenset(str(site.content / name) for name in ("a.md", "b.md"))
    assert [None, both, frozenset()] == spy.changed
    assert spy.kept[0] is None
    assert None not in spy.kept[1:]


def test_where_anything_may_have_changed_all_is_looked_at(
    site: Site, spy: Spy, builder: SiteBuilder
) -> None:
    """So after a sweep, whatever else was heard: a damaged file is mended, too."""
    builder(NOW)
    (site.public / "rss.xml").write_bytes(b"spoilt")
    builder.mark_changed(["a.md"])
    builder.mark_changed(None)
    builder.mark_changed(["b.md"])
    builder(NOW)

    assert [None, None] == spy.changed
    assert "<rss" in site.read("rss.xml")


def test_all_is_looked_at_where_nobody_may_have_told_yet(
    site: Site, spy: Spy, builder: SiteBuilder
) -> None:
    """As before a digest is planned, whose posts must be on the site."""
    builder(NOW)
    site.post("b.md")
    builder.rebuild_all(NOW)

    assert [None, None] == spy.changed
    assert "/posts/b/" in site.read("rss.xml")


def test_after_a_failure_all_is_looked_at(site: Site, spy: Spy, builder: SiteBuilder) -> None:
    """Nobody knows how far it came; what was kept before is of use still."""
    builder(NOW)
    spy.fault = FeedpubError("the disk is full")
    builder.mark_changed(["a.md"])
    with pytest.raises(FeedpubError, match="full"):
        builder(NOW)
    spy.fault = None
    site.post("b.md")
    builder.mark_changed(["c.md"])
    builder(NOW)

    assert [None, frozenset({"a.md"}), None] == spy.changed
    assert spy.kept[1] is spy.kept[2] is not None
    assert "/posts/b/" in site.read("rss.xml")


def test_what_is_heard_of_during_a_build_is_for_the_next(spy: Spy, builder: SiteBuilder) -> None:
    """It may have looked there already."""
    assert builder.build_state is None

    builder(NOW)
    spy.meanwhile = (builder, "a.md")
    builder(NOW)
    builder(NOW)

    assert [None, frozenset(), frozenset({"a.md"})] == spy.changed
    assert builder.build_state is not None


def test_any_thread_may_build_and_none_forks(site: Site, builder: SiteBuilder) -> None:
    """What is kept goes from one to the next; a lock another thread holds would stay locked."""
    builder(NOW)
    forks: list[int] = []
    os.register_at_fork(before=lambda: forks.append(1))
    for number in range(2):
        names = [f"{number}-{each}.md" for each in range(130)]
        for name in names:
            site.post(name)
        builder.mark_changed(str(site.content / name) for name in names)
        thread = Thread(target=builder, args=(NOW,))
        thread.start()
        thread.join()

    assert [] == forks
    assert (site.public / "posts" / "1-129" / "index.html").is_file()


def test_a_post_that_comes_due_is_found_without_a_look_at_the_folder(
    site: Site, spy: Spy, builder: SiteBuilder, built: list[Summary]
) -> None:
    """The builder knows when, and is called then."""
    due = NOW + timedelta(hours=1)
    site.post("soon.md", title="Soon", date=due.isoformat())

    assert builder(NOW) == due
    assert builder(due) is None
    assert [None, frozenset()] == spy.changed
    assert [1, 2] == [each.published for each in built]
    assert ["Soon"] == [post.title for post in built[1].new_posts]
    assert "Soon" in site.read("rss.xml")


def test_what_could_not_be_told_is_told_with_the_next_build(site: Site, spy: Spy) -> None:
    """As where the database is away: each feed and each post once, whatever came meanwhile."""
    told: list[Summary] = []
    faults = [FeedpubError("the database is away")] * 2

    def built(summary: Summary) -> None:
        if len(told) == 1 and faults:
            raise faults.pop()
        told.append(summary)

    journal = EventLogger(io.StringIO(), lambda: NOW, human=False)
    builder = SiteBuilder(Running(site.request(), Event(), lambda: NOW), journal, spy, built)
    builder(NOW)
    for name in ("b", "c"):
        site.post(f"{name}.md", title=name.upper())
        builder.mark_changed([str(site.content / f"{name}.md")])
        with pytest.raises(FeedpubError, match="away"):
            builder(NOW)
    builder(NOW)
    builder(NOW)

    first, later = told
    assert ["C", "B"] == [post.title for post in later.new_posts]
    assert (
        sorted(set(later.changed_feeds))
        == sorted(later.changed_feeds)
        == sorted(first.changed_feeds)
    )
    assert 3 == later.published


def test_a_template_that_is_of_no_file_is_told_of(
    site: Site, builder: SiteBuilder, built: list[Summary]
) -> None:
    """The pages that answer readers are made of some."""
    builder(NOW)
    path = site.put("templates/web/notice.html", "Mine.")
    builder.mark_changed([str(path)])
    builder(NOW)
    builder.mark_changed([str(path)])
    builder(NOW)

    assert [False, True] == [each.written == 0 for each in built]
