"""What a living process keeps between builds, and when it is of no use any more."""

import os
import shutil
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from folders import CONFIG, NOW, Site, told

from feedpub.errors import ConfigError, TemplateError
from feedpub.site import builder
from feedpub.site.build_state import BuildState, ChangedPaths, RebuildResult


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Give a site with two posts."""
    site = Site(tmp_path / "site")
    site.post("hello.md")
    site.post("second.md", "Second", "2025-02-01")
    site.put("content/cat.png", "cat")
    return site


def build(site: Site, kept: BuildState | None, *changed: str, **changes: bool) -> RebuildResult:
    """Build the site in this process; of it only these paths have changed."""
    paths = frozenset(str(site.root / path) for path in changed)
    return builder.rebuild(site.request(**changes), kept, paths)


def settled(site: Site) -> BuildState:
    """Build the site when any change of it would show in the times of its files."""
    newest = max(path.stat().st_ctime_ns for path in site.content.rglob("*"))
    while time.time_ns() - newest < 60_000_000:
        time.sleep(0.01)
    return builder.rebuild(site.request()).state


def clean(site: Site) -> dict[str, bytes]:
    """Give what a process that knows nothing makes of the site, elsewhere."""
    elsewhere = site.root.parent / "clean"
    shutil.rmtree(elsewhere, ignore_errors=True)
    copy = Site(elsewhere, now=site.now)
    shutil.copytree(site.content, copy.content, dirs_exist_ok=True)
    shutil.copy(site.root / "config.yaml", elsewhere)
    # What posts were published as is part of the input: it says which redirects there are.
    listed = site.public / ".feedpub"
    if listed.exists():
        copy.public.mkdir(parents=True, exist_ok=True)
        (copy.public / ".feedpub").write_bytes(b"#\n\n" + listed.read_bytes().partition(b"\n\n")[2])
    copy.build()
    return copy.written()


def test_an_edit_that_is_told_is_published(site: Site) -> None:
    """Whatever the post changes is there, byte for byte as a clean build has it."""
    kept = settled(site)
    site.post("hello.md", body="Other text.")

    built = build(site, kept, "content/hello.md")

    assert "Other text." in site.read("posts/hello/index.html")
    assert "Other text." in site.read("rss.xml")
    assert clean(site) == site.written()
    assert 0 < built.summary.written < len(site.written()) - 1


def test_an_edit_that_is_not_told_waits_for_a_sweep(site: Site) -> None:
    """Nothing but what was told is looked at, until somebody asks for everything."""
    kept = settled(site)
    site.post("hello.md", body="Other text.")
    built = build(site, kept, "content/second.md")

    assert "Other text." not in site.read("rss.xml")

    builder.rebuild(site.request(), built.state)

    assert "Other text." in site.read("rss.xml")
    assert clean(site) == site.written()


def test_what_stays_the_same_is_the_same_value(site: Site) -> None:
    """Of an edit all that has no part in it is what it was, and takes no time."""
    kept = settled(site)
    site.post("hello.md", body="Other text.")

    now = build(site, kept, "content/hello.md").state

    before, after = kept.prepared.library.posts, now.prepared.library.posts
    assert before[0] is after[0]
    assert before[1] != after[1]
    same = {path for path, each in now.outputs.items() if kept.outputs.get(path) is each}
    assert {"sitemap.xml", "feeds.opml", "tags/index.html", "authors/index.html"} <= same
    assert same.isdisjoint(("rss.xml", "posts/hello/index.html", "posts/second/index.html"))


def test_nothing_to_do_is_nothing_done(site: Site) -> None:
    """Where nothing changed, what is kept stays the very same."""
    kept = settled(site)

    assert kept is build(site, kept).state
    assert kept is builder.rebuild(site.request(), kept).state
    assert 0 == build(site, kept).summary.written


def test_a_new_post_is_published(site: Site) -> None:
    """Its neighbours are the posts they were."""
    kept = settled(site)
    site.post("third.md", "Third", "2025-03-01")

    now = build(site, kept, "content/third.md").state

    assert kept.prepared.library.posts == now.prepared.library.posts[1:]
    before, after = kept.prepared.library.posts, now.prepared.library.posts[1:]
    assert all(a is b for a, b in zip(before, after, strict=True))
    assert clean(site) == site.written()


def test_a_folder_that_is_moved_takes_its_posts_along(site: Site) -> None:
    """A watcher tells of the folder alone."""
    site.post("trip/index.md", "Trip", "2025-03-01")
    kept = settled(site)
    (site.content / "trip").rename(site.content / "voyage")

    build(site, kept, "content/trip", "content/voyage")

    assert "/posts/voyage/" in site.read("rss.xml")
    assert clean(site) == site.written()


def test_a_damaged_output_is_made_again_once_it_is_told(site: Site) -> None:
    """The output folder may be watched too, and a sweep looks at all of it."""
    kept = settled(site)
    before = site.written()
    site.put("public/rss.xml", "spoilt")
    shutil.rmtree(site.public / "posts")

    kept = build(site, kept, "public/posts").state

    assert "spoilt" == site.read("rss.xml")
    assert before.keys() == site.written().keys()

    build(site, kept, "public/rss.xml")

    assert before == site.written()


def test_a_file_that_is_copied_is_looked_at_when_told(site: Site) -> None:
    """So is one that a link leads to."""
    (site.content / "dog.png").symlink_to("cat.png")
    kept = settled(site)
    site.put("content/cat.png", "a cat")
    wait_for_the_clock()
    kept = build(site, kept).state

    assert ("cat", "a cat") == (site.read("cat.png"), site.read("dog.png"))

    build(site, kept, "content/cat.png")

    assert "a cat" == site.read("cat.png")


def wait_for_the_clock() -> None:
    """Wait until a file written before counts as settled."""
    time.sleep(0.1)


def test_what_a_build_that_failed_has_written_is_mended(site: Site) -> None:
    """Nobody is told of files that were written before it gave up; all are looked at again."""
    kept = settled(site)
    before = site.written()
    site.post("hello.md", body="Other text.")
    site.put("templates/404.html", "{{ sight.title }}")
    with pytest.raises(TemplateError):
        build(site, kept, "content/hello.md", "templates/404.html")

    assert "Other text." in site.read("rss.xml")

    site.post("hello.md")
    (site.root / "templates/404.html").unlink()
    kept = build(site, kept, "content/hello.md", "templates/404.html").state

    assert before == site.written()
    assert 0 == build(site, kept).summary.written


def test_a_template_that_is_told_is_taken_up(site: Site) -> None:
    """The user's own templates are read again, and pages made anew."""
    kept = settled(site)
    site.put("templates/404.html", "Nothing here.")

    built = build(site, kept, "templates/404.html")

    assert "Nothing here." == site.read("404.html")
    assert 1 == built.summary.written


def test_a_config_that_is_told_is_taken_up(site: Site) -> None:
    """All is made anew by it; one that is wrong says so, and what is kept is as good as before."""
    kept = settled(site)
    site.config("site: {title: Other}")
    with pytest.raises(ConfigError):
        build(site, kept, "config.yaml")
    site.post("hello.md", body="Other text.")
    kept = build(site, kept, "content/hello.md").state

    assert "Other text." in site.read("rss.xml")

    site.config(CONFIG.replace("Example & Co", "Other"))
    build(site, kept, "config.yaml")

    assert "<title>Other</title>" in site.read("rss.xml")
    assert clean(site) == site.written()


def test_a_post_appears_when_its_time_comes(site: Site) -> None:
    """Nothing need be told: the time alone is enough."""
    site.post("later.md", "Later", "2025-06-02T00:00:00Z")
    kept = settled(site)
    site.now = NOW + timedelta(days=1)

    built = build(site, kept)

    assert (2, 3) == (len(kept.prepared.library.posts), built.summary.published)
    assert clean(site) == site.written()


def test_drafts_may_be_asked_for(site: Site) -> None:
    """What is asked for may change from build to build."""
    site.put("content/draft.md", "---\ntitle: Draft\ndate: 2025-01-01\ndraft: true\n---\n")
    kept = settled(site)

    built = build(site, kept, drafts=True)

    assert 3 == built.summary.published


def test_another_build_in_between_is_noticed(site: Site) -> None:
    """What another process has published is not what is kept of this one."""
    kept = settled(site)
    site.post("hello.md", body="Other text.")
    site.build()

    built = build(site, kept)

    assert "Other text." in site.read("rss.xml")
    assert clean(site) == site.written()
    assert built.state is not kept


def test_a_build_from_nothing_may_be_asked_for(site: Site) -> None:
    """`clean` takes nothing for granted, whatever is told."""
    kept = settled(site)
    before = site.written()
    site.put("public/rss.xml", "spoilt")

    built = build(site, kept, clean=True)

    assert before == site.written()
    assert len(before) - 1 == built.summary.written


def test_a_memory_that_is_spoilt_is_done_without(site: Site) -> None:
    """HTML that is gone is made again, from nothing that is kept."""
    kept = settled(site)
    (site.root / ".feedpub/cache/bodies.sqlite").unlink()
    site.post("third.md", "Third", "2025-03-01")

    build(site, kept, "content/third.md")

    assert clean(site) == site.written()


def test_what_is_kept_of_another_site_is_of_no_use(site: Site, tmp_path: Path) -> None:
    """Another folder to write to is another site."""
    kept = settled(site)
    request = replace(site.request(), output=tmp_path / "elsewhere")

    built = builder.rebuild(request, kept, frozenset())

    assert built.summary.written == built.summary.written + built.summary.unchanged
    assert (tmp_path / "elsewhere" / "rss.xml").is_file()


def test_a_change_within_one_tick_of_the_clock_is_read(site: Site) -> None:
    """A file that the disk shows as it was is read again if it was read too soon after a change."""
    path = site.post("hello.md", body="One.")
    kept = builder.rebuild(site.request()).state
    facts = path.stat()
    path.write_text(path.read_text(encoding="utf-8").replace("One.", "Two."), encoding="utf-8")
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))

    build(site, kept, "content/hello.md")

    assert "Two." in site.read("rss.xml")


def test_problems_are_told_again(site: Site) -> None:
    """What is wrong with a file is told by every build, whether it is read again or not."""
    site.post("hello.md", body="[gone](gone.md)")
    kept = settled(site)
    site.post("second.md", "Second", "2025-02-01", body="Other text.")

    built = build(site, kept, "content/second.md")

    assert ['content/hello.md:5: link to "gone.md": no such file is published'] == told(
        built.summary
    )


def test_paths_are_sorted_by_the_folder_they_belong_to(site: Site) -> None:
    """What a watcher tells may lie in any of the three, or in none."""
    where = builder.rebuild(site.request()).state.inputs.paths
    paths = ("content/a.md", "templates/x.html", "public/rss.xml", "config.yaml")
    hints = ChangedPaths.from_paths(where, frozenset(str(site.root / path) for path in paths))

    assert ChangedPaths(frozenset({"a.md"}), frozenset({"x.html"}), frozenset({"rss.xml"})) == hints
    assert ["rss.xml"] == hints.select_changed(["atom.xml", "rss.xml"])
    assert [] == replace(hints, output=frozenset()).select_changed(["rss.xml"])


@pytest.mark.parametrize("what", ["folder", "list", "garbage", "half"])
def test_output_that_was_removed_or_damaged_is_whole_after_the_next_edit(
    site: Site, what: str
) -> None:
    """Where the folder or its list is not as it was left everything is looked at."""
    kept = settled(site)
    if what == "folder":
        shutil.rmtree(site.public)
    elif what == "list":
        (site.public / ".feedpub").unlink()
    else:
        (site.public / ".feedpub").write_bytes(b"\xff\x00" if what == "garbage" else b"# F\n404")
        (site.public / "posts/second/index.html").write_text("damaged", encoding="utf-8")
    (site.public / "rss.xml").unlink(missing_ok=True)
    site.post("hello.md", body="Other text.")

    build(site, kept, "content/hello.md")

    assert clean(site) == site.written()


def test_output_that_was_damaged_is_whole_after_a_look_at_everything(site: Site) -> None:
    """Nothing of the site itself has changed."""
    kept = settled(site)
    before = site.written()
    shutil.rmtree(site.public / "posts")
    (site.public / "rss.xml").write_text("damaged", encoding="utf-8")

    builder.rebuild(site.request(), kept)

    assert before == site.written()
