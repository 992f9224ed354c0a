"""Files in a folder of a post's own name are published beside its page, as Hexo does."""

from pathlib import Path

import pytest
from folders import Site, told


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Give a site without posts."""
    return Site(tmp_path / "site")


def test_files_in_the_folder_of_a_post_are_beside_its_page(site: Site) -> None:
    """All of them, where the post names one as if it lay beside it."""
    site.post("_posts/trip.md", "Trip", body="![sea](sea.jpg) [map](my%20map.pdf)")
    site.post("2024-05-01-walk.md", "Walk", body="![wood](wood.jpg)")
    site.put("content/_posts/trip/sea.jpg", b"x")
    site.put("content/_posts/trip/my map.pdf", b"x")
    site.put("content/_posts/trip/more/sun.jpg", b"x")
    site.put("content/2024-05-01-walk/wood.jpg", b"x")
    site.build()

    assert (site.public / "posts/trip/sea.jpg").is_file()
    assert (site.public / "posts/trip/my map.pdf").is_file()
    assert (site.public / "posts/trip/more/sun.jpg").is_file()
    assert (site.public / "posts/walk/wood.jpg").is_file()
    assert not (site.public / "_posts").exists()
    assert 'src="sea.jpg"' in site.read("posts/trip/index.html") or (
        'src="/blog/posts/trip/sea.jpg"' in site.read("posts/trip/index.html")
    )
    assert [] == told(site.check())


def test_other_folders_stay_where_they_are(site: Site) -> None:
    """What a post names by its folder, has beside it, or shares with other posts."""
    site.post("trip.md", "Trip", body="![sea](trip/sea.jpg)")
    site.post("walk.md", "Walk", body="![wood](wood.jpg)")
    site.post("year.md", "Year", body="![sun](sun.jpg)")
    site.post("year/may.md", "May", body="![sun](sun.jpg)")
    for path in ("trip/sea.jpg", "walk/wood.jpg", "wood.jpg", "year/sun.jpg"):
        site.put(f"content/{path}", b"x")
    site.build()

    for path in ("trip/sea.jpg", "walk/wood.jpg", "wood.jpg", "year/sun.jpg"):
        assert (site.public / path).is_file()
    assert [] == told(site.check())


def test_a_build_that_goes_on_moves_them_as_a_clean_one_does(site: Site) -> None:
    """When the post begins to name a file, and when it stops."""
    site.put("content/trip/sea.jpg", b"x")
    for body, place in (("x", "trip"), ("![](sea.jpg)", "posts/trip"), ("y", "trip")):
        site.post("trip.md", "Trip", body=body)
        site.build()
        assert [f"{place}/sea.jpg"] == [each for each in site.written() if each.endswith(".jpg")]
