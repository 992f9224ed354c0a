"""A build shows what went out of digests, and never makes a database."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from folders import CONFIG, Site, told
from mailings import selection

from feedpub import storage
from feedpub.storage import Store

SLOT = datetime(2025, 2, 3, 8, 0, tzinfo=UTC)
DIGESTS = "digests: [{name: weekly}]\n"
PAGE = "digests/weekly/2025-02-03-0800/index.html"
POST = "tag:example.org,2026:hello.md"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Give a site with a post and a digest."""
    site = Site(tmp_path / "site")
    site.config(f"{CONFIG}mail: {{sender: {{name: Ann, email: ann@example.org}}}}\n{DIGESTS}")
    site.post("hello.md")
    return site


@pytest.fixture
def database(site: Site) -> Iterator[Store]:
    """Give the site's database, with nothing in it."""
    database = storage.open_store("", site.root / ".feedpub")
    yield database
    database.close()


def plan(database: Store) -> None:
    """Plan an issue of the post for nobody."""
    database.plan_issue(
        "weekly", SLOT, [POST], "AT&T", [selection(POST)], [], SLOT, "<p>Dear you</p>"
    )


def spoil(site: Site) -> None:
    """Make something else of the database."""
    for path in (site.root / ".feedpub").glob("newsletter.sqlite*"):
        path.unlink()
    site.put(".feedpub/newsletter.sqlite", b"no database at all" * 99)


def test_a_build_makes_no_database(site: Site) -> None:
    """Before anybody has subscribed, the archive of a digest is there and empty."""
    site.build()

    assert ["cache"] == [each.name for each in (site.root / ".feedpub").iterdir()]
    assert "No issue has gone out yet." in site.read("digests/weekly/index.html")


def test_a_build_fills_no_database(site: Site) -> None:
    """An empty file, which a process that was killed may leave, stays one."""
    file = site.put(".feedpub/newsletter.sqlite", b"")
    site.build()

    assert "No issue has gone out yet." in site.read("digests/weekly/index.html")
    assert b"" == file.read_bytes()


def test_an_issue_is_published_by_the_next_build(site: Site, database: Store) -> None:
    """It has its page, and its place in the archive and in the feed; nothing is written again."""
    site.build()
    plan(database)
    site.build()
    again = site.build()

    assert 0 == again.written
    assert "AT&amp;T" in site.read(PAGE)
    assert "<p>Dear you</p>" in site.read(PAGE)
    assert '<a href="/blog/posts/hello/">Hello</a>' in site.read(PAGE)
    assert f"/blog/{PAGE.removesuffix('index.html')}" in site.read("digests/weekly/index.html")
    assert "AT&amp;T" in site.read("digests/weekly/rss.xml")
    assert [] == told(site.check())


def test_skips_are_not_shown(site: Site, database: Store) -> None:
    """What never went out has no page."""
    database.skip_slot("weekly", SLOT, "nothing new", SLOT)
    site.build()

    assert "No issue has gone out yet." in site.read("digests/weekly/index.html")


def test_without_digests_no_database_is_read(site: Site) -> None:
    """A site without `digests:` does not care what lies there."""
    site.config(CONFIG)
    spoil(site)

    assert [] == told(site.build())


def test_a_database_that_cannot_be_used_takes_no_page_away(site: Site, database: Store) -> None:
    """The rest is published, issues stay as they were, and somebody is told, until it is back."""
    plan(database)
    site.build()
    database.close()
    kept = (site.root / ".feedpub/newsletter.sqlite").read_bytes()
    spoil(site)
    site.post("second.md", "Second", "2025-02-01")

    (fault,) = told(site.build())

    assert f"{site.root / 'config.yaml'}: " in fault
    assert "newsletter.sqlite: file is not a database" in fault
    assert fault.endswith("; until then issues are shown as of the last build")
    assert "AT&amp;T" in site.read(PAGE)
    assert "Second" in site.read("index.html")
    assert [fault] == told(site.build())
    assert [fault] == told(site.check())

    site.put(".feedpub/newsletter.sqlite", kept)

    assert [] == told(site.build())


def test_a_database_that_could_never_be_used_keeps_no_page_from_being_built(site: Site) -> None:
    """The posts are published, and what is wrong is told."""
    spoil(site)

    (fault,) = told(site.build())

    assert "newsletter.sqlite: file is not a database" in fault
    assert (site.public / "index.html").exists()


def test_pages_of_issues_stay_though_nothing_is_known_of_them(site: Site, database: Store) -> None:
    """The cache is gone and the database is damaged: messages that are out still lead there."""
    plan(database)
    site.build()
    before = site.read(PAGE)
    database.close()
    spoil(site)
    shutil.rmtree(site.root / ".feedpub" / "cache")
    for _ in range(2):
        assert 1 == len(told(site.build()))
        assert before == site.read(PAGE)


def test_a_database_that_is_locked_keeps_no_page_from_being_built(
    site: Site, database: Store
) -> None:
    """Be it that nobody else may even look into it."""
    plan(database)
    database.close()
    path = site.root / ".feedpub" / "newsletter.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")

        (fault,) = told(site.build())

    assert "newsletter.sqlite" in fault
    assert (site.public / "index.html").exists()


def test_a_database_without_its_tables_keeps_no_page_from_being_built(
    site: Site, database: Store
) -> None:
    """It says of what version it is, and is of none."""
    plan(database)
    database.close()
    path = site.root / ".feedpub" / "newsletter.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("ALTER TABLE issue RENAME TO lost")

        (fault,) = told(site.build())

    assert "the database is damaged (" in fault
    assert (site.public / "index.html").exists()


def test_a_check_remembers_nothing(site: Site, database: Store) -> None:
    """What it has seen of the database is not there for the next build."""
    plan(database)
    site.check()
    database.close()
    spoil(site)

    (fault,) = told(site.build())

    assert "new ones are missing" in fault
