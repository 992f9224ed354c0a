"""Which files of the content folder become posts, by their names and dates."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from folders import Site, told

from feedpub.content.filenames import MARKDOWN_SUFFIXES


@pytest.mark.parametrize("suffix", MARKDOWN_SUFFIXES)
def test_every_suffix_of_markdown_is_a_post(suffix: str, tmp_path: Path) -> None:
    """A draft of any of them is not in the output, and neither is its source."""
    site = Site(tmp_path)
    site.post(f"old{suffix}", title="Old", body="**bold**")
    site.put(f"content/wait{suffix.upper()}", "---\ntitle: Wait\ndraft: true\n---\nHush.\n")
    summary = site.build()
    assert (1, 1) == (summary.published, summary.drafts)
    assert "<strong>bold</strong>" in site.read("posts/old/index.html")
    assert not any("Hush" in data.decode(errors="replace") for data in site.written().values())


def test_posts_about_readmes_are_published(tmp_path: Path) -> None:
    """A README is a file of that name, perhaps with a language, and nothing else."""
    site = Site(tmp_path)
    for name in ("README-driven development.md", "readme.so-review.md", "Readme, please.md"):
        site.post(name, title=name)
    for name in ("README.md", "README", "docs/readme.de.md", "README.pt-BR.markdown"):
        site.post(name, title="Of the project")
    summary = site.build()
    assert (3, []) == (summary.published, told(summary))
    assert "Of the project" not in site.read("feed.json")


@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Kiritimati"])
@pytest.mark.parametrize(
    ("date", "year"), [("0001-01-01", 1), ("1492-10-12 08:00", 1492), ("9999-12-31 23:59:59", 9999)]
)
def test_any_year_is_published(date: str, year: int, zone: str, tmp_path: Path) -> None:
    """Feeds, pages and the sitemap have it with four digits, whichever the zone of the site."""
    site = Site(tmp_path)
    site.config(f"site: {{title: T, url: 'https://example.org/', timezone: {zone}}}\n")
    site.post("x.md", title="Of old", date=date)
    assert [] == told(site.build(future=True))
    assert [] == told(site.check()) or year == 9999
    in_utc = site.read("atom.xml").partition("<published>")[2][:4]
    assert in_utc in {f"{year:04}", f"{year - 1:04}"}
    assert f" {in_utc} " in site.read("rss.xml").partition("<pubDate>")[2][:20]
    assert f"<lastmod>{in_utc}-" in site.read("sitemap.xml")
    assert f'<time datetime="{year:04}-' in site.read("posts/x/index.html")


def test_local_mean_time_is_written_as_html_wants_it(tmp_path: Path) -> None:
    """Offsets of seconds, as before there were time zones, are no part of HTML."""
    site = Site(tmp_path, now=datetime(2025, 1, 1, tzinfo=UTC))
    site.config("site: {title: T, url: 'https://example.org/', timezone: Europe/Berlin}\n")
    site.post("x.md", title="Of old", date="1850-05-06 12:00")
    site.build()
    assert 'datetime="1850-05-06T11:06:32+00:00"' in site.read("posts/x/index.html")
