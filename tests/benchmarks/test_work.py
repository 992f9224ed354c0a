"""What two sides wrote is counted, so that a ratio compares the same work."""

from pathlib import Path

from benchmarks.work import difference, done


def site(folder: Path, entries: int) -> Path:
    """A site of one post and a feed."""
    (folder / "posts/a").mkdir(parents=True)
    (folder / "posts/a/index.html").write_text("<p>", encoding="utf-8")
    (folder / "index.html").write_text("<p>", encoding="utf-8")
    (folder / "rss.xml").write_text("<rss><item>" * entries, encoding="utf-8")
    return folder


def test_pages_feeds_and_entries_are_counted(tmp_path: Path) -> None:
    """Pages of posts, other pages, and the entries of each feed."""
    counted = done(site(tmp_path, entries=2))

    assert (1, 1, {"rss.xml": 2}) == (counted.posts, counted.pages, counted.feeds)


def test_the_same_work_has_no_difference(tmp_path: Path) -> None:
    """Two sites with the same posts and entries are equal."""
    ours, theirs = (done(site(tmp_path / name, entries=2)) for name in ("ours", "theirs"))

    assert "" == difference(ours, theirs)


def test_a_shorter_feed_is_a_difference(tmp_path: Path) -> None:
    """The feed that differs is named."""
    ours, theirs = done(site(tmp_path / "a", entries=1)), done(site(tmp_path / "b", entries=2))

    assert "1 feeds differ: rss.xml has 1 and 2 entries" == difference(ours, theirs)
