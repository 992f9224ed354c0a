"""What becomes of symbolic links in the content folder."""

from pathlib import Path

import pytest
from folders import Site, told

FOLLOW = 'site: {title: T, url: "https://example.org/"}\ncontent: {follow_links: true}\n'
POST = "---\ntitle: {}\ndate: 2025-01-30\n---\n{}\n"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Give a site with a vault of notes beside its content folder, and links that lead there."""
    site = Site(tmp_path / "site")
    site.post("ok.md", title="OK", body="![p](pic.png)")
    vault = tmp_path / "vault"
    (vault / "sub").mkdir(parents=True)
    (vault / "note.md").write_text(POST.format("Vault note", "One."), encoding="utf-8")
    (vault / "sub" / "deep.md").write_text(POST.format("Deep note", "Two."), encoding="utf-8")
    (vault / "sub" / "cat.png").write_bytes(b"cat")
    (vault / "pic.png").write_bytes(b"pic")
    for name in ("note.md", "sub", "pic.png"):
        (site.content / name).symlink_to(vault / name)
    return site


def test_links_that_lead_out_are_told_one_by_one(site: Site) -> None:
    """Nothing outside of the folder is published unless somebody says so."""
    lines = told(site.build())
    assert ["content/note.md", "content/pic.png", "content/sub"] == [
        line.partition(":")[0] for line in lines
    ]
    assert all("link" in line and "content.follow_links" in line for line in lines)
    assert "Vault note" not in site.read("feed.json")


def test_links_are_followed_where_that_is_asked_for(site: Site) -> None:
    """Files and folders, and what is changed, added or removed there later."""
    site.config(FOLLOW)
    assert [] == told(site.build())
    assert {"pic.png", "sub/cat.png", "posts/note/index.html", "posts/deep/index.html"} <= (
        site.written().keys()
    )
    vault = site.root.parent / "vault"
    (vault / "sub" / "deep.md").write_text(POST.format("Deeper", "Three."), encoding="utf-8")
    (vault / "sub" / "new.md").write_text(POST.format("New", "Four."), encoding="utf-8")
    (vault / "note.md").unlink()
    lines = told(site.build())
    assert ["content/note.md"] == [line.partition(":")[0] for line in lines]
    feed = site.read("feed.json")
    assert all(title in feed for title in ("Deeper", "New"))
    assert "Vault note" not in feed
    incremental = site.written()
    site.build(clean=True)
    assert incremental == site.written()


@pytest.mark.parametrize("follow", [False, True])
def test_links_that_lead_nowhere_or_in_circles_are_told(site: Site, *, follow: bool) -> None:
    """Whatever they lead to, a build ends, and never publishes its own output."""
    if follow:
        site.config(FOLLOW)
    site.build()
    (site.content / "nowhere.md").symlink_to("missing.md")
    (site.content / "circle.md").symlink_to("circle.md")
    (site.content / "above").symlink_to(site.root)
    (site.content / "output").symlink_to(site.public)
    (site.content / "own").mkdir()
    (site.content / "again").symlink_to("own")
    paths = {line.partition(":")[0] for line in told(site.build())}
    assert {
        f"content/{name}" for name in ("nowhere.md", "circle.md", "above", "output", "again")
    } <= paths
    assert not any("index.html" in path for path in site.written() if path.startswith("output"))


def test_links_that_nobody_expects_to_be_published_are_not_told(site: Site) -> None:
    """READMEs, locks of Emacs, and what is named under content.ignore."""
    site.config(
        'site: {title: T, url: "https://example.org/"}\n'
        'content: {ignore: ["sub/", "*.png", "note.md"]}\n'
    )
    (site.content / "README.md").symlink_to("../../README.md")
    (site.content / ".#ok.md").symlink_to("ann@host.1234:1700000000")
    assert [] == told(site.build())
