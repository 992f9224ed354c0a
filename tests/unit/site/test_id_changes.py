"""A site that moves to another host: whoever publishes it is told before readers see all again."""

from pathlib import Path

import pytest
from folders import CONFIG, Site

THERE = CONFIG.replace("https://example.org/blog/", "https://www.example.net/")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Give a site with a post."""
    found = Site(tmp_path)
    found.post("hello.md")
    return found


def told(site: Site) -> list[str]:
    """Give what a check finds of it."""
    return [each.message for each in site.check().problems if "authority" in each.message]


def test_another_host_changes_every_id(site: Site) -> None:
    """A check tells it before, and the build that does it."""
    site.build()

    assert [] == told(site)

    site.config(THERE)
    (fault,) = told(site)

    assert fault.startswith("post ids began with example.org at the last build")
    assert fault.endswith("set site.authority: example.org")
    assert [fault] == [each.message for each in site.build().problems]
    assert [fault] == [each.message for each in site.build().problems]

    site.post("next.md", "Next")

    assert () == site.build().problems


def test_who_follows_the_advice_keeps_every_id(site: Site) -> None:
    """And is not told again."""
    site.build()
    before = site.read("atom.xml")
    site.config(THERE.replace("author:", "authority: example.org, author:"))

    assert [] == told(site)
    assert () == site.build().problems
    assert "<id>tag:example.org,2026:hello.md</id>" in before
    assert "<id>tag:example.org,2026:hello.md</id>" in site.read("atom.xml")


def test_a_site_without_posts_has_no_ids(site: Site) -> None:
    """Nobody can have seen them."""
    (site.content / "hello.md").unlink()
    site.build()
    site.config(THERE)

    assert [] == told(site)
