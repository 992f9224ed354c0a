"""Publishing a site: what is written, what is left alone, and what is told."""

import os
import shutil
import sqlite3
import threading
import time
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from folders import CONFIG, NOW, Site, told

from feedpub import app
from feedpub.app import open_newsletter
from feedpub.errors import ConfigError, FeedpubError, OutputError, TemplateError
from feedpub.files.lock import lock_folder
from feedpub.site import builder


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Give a site with two posts."""
    site = Site(tmp_path / "site")
    site.post("hello.md")
    site.post("second.md", "Second", "2025-02-01")
    return site


def test_a_site_is_written_and_counted(site: Site) -> None:
    """Feeds and pages are there, and the summary says how many."""
    summary = site.build()

    assert (2, 2, 0, 0, 0) == (
        summary.files,
        summary.published,
        summary.drafts,
        summary.scheduled,
        summary.ignored,
    )
    assert summary.written == len(site.written()) - 1  # the folder's own list
    assert str(site.public) == summary.folder
    for path in ("rss.xml", "atom.xml", "feed.json", "index.html", "posts/hello/index.html"):
        assert (site.public / path).is_file()


def test_the_feeds_that_changed_are_named(site: Site) -> None:
    """By their URLs, and only those whose bytes are others than before."""
    site.put("content/a.md", "---\ntitle: A\ndate: 2025-01-01\ntags: [One Two]\n---\nText.\n")
    home = "https://example.org/blog/"
    names = ("rss.xml", "atom.xml", "feed.json")

    first = site.build()
    assert {f"{home}{folder}{name}" for folder in ("", "tags/one-two/") for name in names} <= set(
        first.changed_feeds
    )

    assert () == site.build().changed_feeds

    site.post("third.md", "Third", "2025-03-01")
    third = site.build()
    assert f"{home}rss.xml" in third.changed_feeds
    assert not any("tags/" in each for each in third.changed_feeds)


def test_the_posts_that_are_new_are_named(site: Site) -> None:
    """Those whose pages were not there before; of a first build nobody can say."""
    assert () == site.build().new_posts

    site.post("third.md", "Third", "2025-03-01")
    site.post("hello.md", "Hello again")
    site.put("content/later.md", "---\ntitle: Later\ndate: 2025-06-02\n---\nText.\n")
    assert ["Third"] == [post.title for post in site.build().new_posts]

    site.now += timedelta(days=1)
    assert ["Later"] == [post.title for post in site.build().new_posts]

    assert () == site.build(clean=True).new_posts


def times(site: Site) -> dict[Path, tuple[int, int]]:
    """Give inode and time of change, in nanoseconds, of every file and folder that was written."""
    found = {path: path.stat() for path in site.public.rglob("*")}
    return {path: (facts.st_ino, facts.st_mtime_ns) for path, facts in found.items()}


def test_a_second_build_writes_nothing(site: Site) -> None:
    """An unchanged site keeps every file, to the nanosecond."""
    site.build()
    before = times(site)

    summary = site.build()

    assert (0, 0) == (summary.written, summary.removed)
    assert before == times(site)


def test_an_unchanged_site_is_not_even_read(site: Site) -> None:
    """Once the clock has moved on, a site is known to be unchanged without any work."""
    site.build()
    for path in site.content.rglob("*"):
        wait_until_settled(path)
    site.build()
    site.stages.clear()

    summary = site.build()

    assert [] == site.stages
    assert 0 == summary.written


def wait_until_settled(path: Path) -> None:
    """Wait until a change of the file would show in its times."""
    while time.time_ns() - path.stat().st_ctime_ns < 60_000_000:
        time.sleep(0.01)


def test_an_edit_changes_what_it_must(site: Site) -> None:
    """An edited post changes its page, the feeds that hold it, and no other post's page."""
    site.build()
    site.post("hello.md", body="Other text.")

    summary = site.build()

    assert "Other text." in site.read("posts/hello/index.html")
    assert "Other text." in site.read("rss.xml")
    assert 0 < summary.written < len(site.written()) - 1


@pytest.mark.parametrize("clean", [False, True])
def test_a_file_that_is_being_written_is_not_published_half(site: Site, *, clean: bool) -> None:
    """What is known of it stays, something new waits, and the next build has all of it."""
    site.put("content/cat.png", "whole cat")
    site.build()
    whole = "---\ntitle: New\ndate: 2025-03-01\n---\nBegun and ended.\n"
    names = ("hello.md", "new.md", "cat.png", "dog.png")
    opened = [(site.content / name).open("w", encoding="utf-8") for name in names]
    for file in opened:
        file.write(whole)
        file.flush()

    summary = site.build(clean=clean)

    assert "Text." in site.read("posts/hello/index.html")
    assert "whole cat" == site.read("cat.png")
    assert not (site.public / "dog.png").exists()
    assert "Begun" not in site.read("atom.xml")
    assert {"content/hello.md": False, "content/new.md": True} | {
        "content/cat.png": True,
        "content/dog.png": True,
    } == {each.path: each.left_out for each in summary.problems}

    for file in opened:
        file.close()
    assert () == site.build().problems
    assert 4 == site.read("atom.xml").count("Begun and ended.")  # as text and as summary
    assert whole == site.read("cat.png") == site.read("dog.png")


def test_a_post_appears_when_its_time_comes(site: Site) -> None:
    """A post dated in the future waits; nothing else than the time need change."""
    site.post("later.md", "Later", "2025-06-02T00:00:00Z")
    before = site.build()
    site.now = NOW + timedelta(days=1)

    after = site.build()

    assert (2, 1) == (before.published, before.scheduled)
    assert (3, 0) == (after.published, after.scheduled)
    assert "Later" in site.read("atom.xml")


def test_a_clock_set_back_a_little_takes_nothing_away(site: Site) -> None:
    """As when a time server corrects it: what was published stays, without a word."""
    site.post("later.md", "Later", "2025-06-02T00:00:00Z")
    site.now = NOW + timedelta(days=1)
    site.build()
    first = site.written()
    for site.now in (NOW, NOW - timedelta(hours=11)):
        summary = site.build()

        assert first == site.written()
        assert (3, 0) == (summary.published, summary.scheduled)


def test_a_clock_set_back_takes_few_posts_away(site: Site) -> None:
    """One post of a site that has six of it waits again for its date."""
    for number in range(3):
        site.post(f"{number}.md", f"Post {number}")
    site.post("later.md", "Later", "2025-06-02T00:00:00Z")
    site.now = NOW + timedelta(days=30)
    site.build()
    site.now = NOW - timedelta(days=1)

    summary = site.build()

    assert (5, 1) == (summary.published, summary.scheduled)
    assert "Later" not in site.read("atom.xml")


@pytest.mark.parametrize("forgotten", ["", ".feedpub", ".feedpub/cache"])
@pytest.mark.parametrize("clean", [False, True])
def test_a_clock_years_behind_takes_nothing_away(
    site: Site, forgotten: str, *, clean: bool
) -> None:
    """More than a fifth of the site would go: that is refused, with what to do, unless asked."""
    site.build()
    first = site.written()
    if forgotten:
        shutil.rmtree(site.root / forgotten)
    site.now = datetime(2020, 1, 1, tzinfo=UTC)

    for _ in range(2):
        with pytest.raises(FeedpubError, match=r"2020-01-01 .* 2 of 2 posts.*clock.*--future"):
            site.build(clean=clean)
        assert first == site.written()

    assert 2 == site.build(future=True).published
    with pytest.raises(FeedpubError, match="correct the clock"):
        site.build()

    site.now = NOW
    assert 2 == site.build().published
    assert first == site.written()


def test_posts_that_get_another_date_are_no_matter_of_the_clock(site: Site) -> None:
    """Whoever dates all posts into the future means that, and may take drafts back."""
    site.build()
    site.post("hello.md", date="2099-01-01")
    site.put("content/second.md", "---\ntitle: C\ndate: 2025-01-01\ndraft: true\n---\n")

    assert (0, 1, 1) == _counts(site.build())


def test_posts_published_ahead_of_their_dates_may_go_again(site: Site) -> None:
    """What `--future` has published waits for its date again without it."""
    for name in ("hello.md", "second.md"):
        site.post(name, date="2030-01-01")
    site.build(future=True)

    assert (0, 0, 2) == _counts(site.build())


def test_an_older_post_that_claims_an_address_does_not_get_it(site: Site) -> None:
    """The one that was published there stays there, and keeps its id, whatever is forgotten."""
    post = "---\ntitle: {}\ndate: {}\nslug: same\nid: urn:x:same\n---\nText.\n"
    site.put("content/new.md", post.format("New", "2025-02-02"))
    site.build()
    site.put("content/old.md", post.format("Old", "2001-01-01"))
    for _ in range(2):
        summary = site.build()

        assert "<h1>New" in site.read("posts/same/index.html")
        assert "<h1>Old" in site.read("posts/same-2/index.html")
        assert 1 == site.read("atom.xml").count("<id>urn:x:same</id>")
        assert [f"{site.content}/old.md"] * 2 == [
            str(site.root / problem.path) for problem in summary.problems
        ]
        shutil.rmtree(site.root / ".feedpub")


@pytest.mark.parametrize("away", ["---\ntitle: [\n---\n", "draft", "expired"])
def test_a_post_that_is_away_for_a_while_finds_its_address_free(site: Site, away: str) -> None:
    """A mistake in its front matter, or a draft of it, gives neither address nor id to another."""
    whole = "---\ntitle: New\ndate: 2025-02-02\nslug: same\nid: urn:x:1\n{}---\nText.\n"
    changes = {"draft": "draft: true\n", "expired": "expires: 2025-03-01\n"}
    site.put("content/new.md", whole.format(""))
    site.build()
    site.put("content/new.md", whole.format(changes[away]) if away in changes else away)
    site.put("content/old.md", whole.format("").replace("2025-02", "2001-02"))
    site.build()

    assert not (site.public / "posts/same").exists()
    assert "urn:x:1" not in site.read("atom.xml")

    site.put("content/new.md", whole.format(""))
    site.build()

    assert "2025-02-02" in site.read("posts/same/index.html")
    assert "2001-02-02" in site.read("posts/same-2/index.html")


def test_drafts_and_future_posts_are_shown_on_request(site: Site) -> None:
    """`--drafts` and `--future` publish what otherwise waits."""
    site.put("content/draft.md", "---\ntitle: Draft\ndate: 2025-01-01\ndraft: true\n---\nText.\n")
    site.post("later.md", "Later", "2099-01-01")

    assert (2, 1, 1) == _counts(site.build())
    assert (4, 0, 0) == _counts(site.build(drafts=True, future=True))


def _counts(summary: app.Summary) -> tuple[int, int, int]:
    return summary.published, summary.drafts, summary.scheduled


def test_one_bad_post_does_not_stop_the_others(site: Site) -> None:
    """A post that cannot be published is told with its place, and the rest is published."""
    site.put("content/bad.md", "---\ntitle: Bad\ndate: 2024-02-30\n---\nText.\n")

    summary = site.build()

    assert (3, 2) == (summary.files, summary.published)
    assert ['content/bad.md:3: date: "2024-02-30" is not a date'] == [
        line.split(";")[0] for line in told(summary)
    ]
    assert told(summary) == told(site.build())


def test_to_publish_takes_no_password(site: Site) -> None:
    """Where the site is built need not be where it mails; what mails is refused."""
    relay = 'mail: {transport: smtp, relays: [{host: h, password: "${NONE}"}]}\n'
    site.config(CONFIG + relay)

    assert () == site.build().problems
    assert () == site.check().problems
    with (
        pytest.raises(ConfigError, match='"NONE" is not set in the environment'),
        open_newsletter(site.request()),
    ):
        pass


def test_a_name_that_is_not_utf8_is_told(site: Site) -> None:
    """A file whose name is no text is left out and told; names of other files too."""
    site.put("content/" + b"caf\xe9.md".decode(errors="surrogateescape"), "---\ntitle: x\n---\n")

    summary = site.build()

    assert (3, 2) == (summary.files, summary.published)
    assert ["content/caf\\udce9.md: file name is not UTF-8; rename it"] == told(summary)


def test_a_file_that_cannot_be_read_is_told(site: Site) -> None:
    """What the disk refuses is a problem of that file alone."""
    (site.content / "loop.md").symlink_to(site.post("gone.md"))
    entries = site.content / "gone.md"
    site.build()
    entries.unlink()
    entries.mkdir()

    summary = site.build()

    assert 2 == summary.published


def test_ignored_and_expired_files_are_counted(site: Site) -> None:
    """Every file is published, draft, scheduled, ignored or left out."""
    site.post("_note.md")
    site.put("content/old.md", "---\ntitle: Old\ndate: 2024-01-01\nexpires: 2024-02-01\n---\n.\n")

    summary = site.build()

    assert (4, 2, 2) == (summary.files, summary.published, summary.ignored)


def test_memory_may_be_deleted_at_any_time(site: Site) -> None:
    """Without its memory a build takes longer and writes nothing."""
    site.build()
    before = site.written()
    shutil.rmtree(site.root / ".feedpub")

    summary = site.build()

    assert 0 == summary.written
    assert before == site.written()


@pytest.mark.parametrize("store", ["damaged", "emptied", "no database"])
def test_a_spoilt_memory_never_changes_a_byte(site: Site, store: str) -> None:
    """HTML that was remembered and has changed since is made anew, not published."""
    site.build()
    before = site.written()
    shutil.rmtree(site.public)
    path = site.root / ".feedpub/cache/bodies.sqlite"
    data = path.read_bytes()
    if store == "damaged":
        path.write_bytes(data.replace(b"Text.", b"Lies."))
    elif store == "no database":
        path.write_bytes(data[:1024] + b"x" * (len(data) - 1024))
    else:
        connection = sqlite3.connect(path)
        with closing(connection), connection:
            connection.execute("DELETE FROM body")

    site.build()

    assert before == site.written()


def test_a_clean_build_writes_everything(site: Site) -> None:
    """`--clean` starts from nothing, and comes to the same."""
    site.build()
    before = site.written()

    summary = site.build(clean=True)

    assert summary.written == len(before) - 1
    assert before == site.written()


def test_a_second_build_waits_for_the_first(site: Site) -> None:
    """Who comes second says that it waits, and builds once the first has ended."""
    waiting = threading.Event()
    said = partial(_said, waiting)
    second = threading.Thread(
        target=lambda: builder.build(replace(site.request(), progress=said)), daemon=True
    )
    with lock_folder(site.root / ".feedpub/cache", lambda: None):
        second.start()

        assert waiting.wait(30)
        assert not site.public.exists()

    second.join(30)

    assert (site.public / "rss.xml").is_file()


def _said(waiting: threading.Event, stage: str, _done: int, _total: int) -> None:
    if stage == "waiting for another build to end":
        waiting.set()


def test_another_output_folder_may_be_named(site: Site, tmp_path: Path) -> None:
    """`--output` writes elsewhere, relative to where one is."""
    request = replace(site.request(), output=tmp_path / "elsewhere")

    summary = builder.build(request)

    assert str(tmp_path / "elsewhere") == summary.folder
    assert (tmp_path / "elsewhere" / "rss.xml").is_file()
    assert not site.public.exists()


def test_templates_of_ones_own_win(site: Site) -> None:
    """A file in `templates/` takes the place of the packaged one of its name."""
    site.build()
    site.put("templates/404.html", "Nothing at {{ site.title }}.")

    summary = site.build()

    assert 1 == summary.written
    assert "Nothing at Example &amp; Co." == site.read("404.html").strip()


def test_a_broken_template_stops_the_build(site: Site) -> None:
    """An undefined name in a template is told with template and line."""
    site.put("templates/404.html", "fine\n{{ sight.title }}")

    with pytest.raises(TemplateError, match=r"templates/404.html:2: .*sight"):
        site.build()


def test_a_missing_config_is_told(tmp_path: Path) -> None:
    """Without a config there is nothing to do, and it says how to get one."""
    site = Site(tmp_path)
    (tmp_path / "config.yaml").unlink()

    with pytest.raises(FeedpubError, match="feedpub init"):
        site.build()


def test_a_missing_content_folder_is_told(site: Site) -> None:
    """Without content nothing of the old site is removed."""
    site.build()
    shutil.rmtree(site.content)

    with pytest.raises(FeedpubError, match="no such folder"):
        site.build()
    assert (site.public / "rss.xml").is_file()


def test_the_output_must_not_lie_in_the_content(site: Site) -> None:
    """An output folder inside the content, by whatever way it is named, is refused."""
    request = replace(site.request(), output=site.root / "public/../content/out")

    with pytest.raises(ConfigError, match="must not contain each other"):
        builder.build(request)


def test_an_output_that_is_a_file_is_refused(site: Site) -> None:
    """A file where the output folder should be is told, not overwritten."""
    site.put("public", "mine")

    with pytest.raises(OutputError, match="found a file"):
        site.build()


def test_pages_may_be_elsewhere(site: Site) -> None:
    """`pages: false` writes feeds alone, whose entries lead to the pages elsewhere."""
    site.config(
        CONFIG + 'content: {permalink: "https://their.site/{year}/{slug}/"}\npages: false\n'
    )

    summary = site.build()

    assert 0 == summary.pages
    assert "<link>https://their.site/2025/hello/</link>" in site.read("rss.xml")
    assert not (site.public / "index.html").exists()


def test_a_form_to_sign_up_comes_and_goes(site: Site) -> None:
    """With the configuration; only the page that has it is written anew."""
    digest = "digests: [{name: weekly}]\nmail: {sender: {name: Ann, email: ann@example.org}}\n"
    site.config(CONFIG + digest)
    site.build()
    page = site.public / "subscribe" / "index.html"
    before = page.read_bytes()
    site.config(f"{CONFIG}{digest}subscribers: {{form: true}}\n")

    assert 1 == site.build().written
    assert b'<form class="form" method="post" action="/blog/subscribe"' in page.read_bytes()

    site.config(CONFIG + digest)

    assert 1 == site.build().written
    assert before == page.read_bytes()


def test_a_folder_that_has_become_empty_may_be_away(site: Site) -> None:
    """Who is careful leaves the site as it is; who is not publishes it so."""
    site.build(refuse_empty=True)
    shutil.rmtree(site.content)
    site.content.mkdir()
    with pytest.raises(FeedpubError, match="is empty; is its disk unmounted"):
        site.build(refuse_empty=True)

    assert "Hello" in site.read("atom.xml")
    assert 0 == site.build().published
    assert 0 == site.build(refuse_empty=True).published


def spoil(path: Path, how: str) -> None:
    """Put something else in the place of a file of the cache."""
    if path.is_file():
        path.unlink()
    if how == "folder":
        path.mkdir()
        (path / "file").write_text("x", encoding="utf-8")
    elif how == "loop":
        path.symlink_to(path.name)
    elif how == "pipe":
        os.mkfifo(path)
    else:
        path.write_bytes({"garbage": b"spoilt" * 999, "empty": b"", "nul": bytes(8192)}[how])


@pytest.mark.parametrize("how", ["folder", "loop", "pipe", "garbage", "empty", "nul"])
@pytest.mark.parametrize("name", ["bodies.sqlite", "bodies.sqlite-journal", "build-*"])
def test_a_damaged_cache_is_made_anew_and_told_once(site: Site, name: str, how: str) -> None:
    """Whatever stands in its place; the site is what it was."""
    site.build()
    before, cache = site.written(), site.root / ".feedpub/cache"
    (path,) = list(cache.glob(name)) or [cache / name]
    spoil(path, how)
    site.post("hello.md", body="Other text.")
    told = site.build().damaged_files
    site.post("hello.md")

    assert () == site.build().damaged_files
    assert before == site.written()
    if name != "bodies.sqlite-journal" and (name, how) != ("bodies.sqlite", "empty"):
        assert (str(path),) == told
    assert not [*cache.glob("*.damaged")]


@pytest.mark.parametrize("how", ["loop", "garbage"])
def test_a_file_in_the_place_of_the_cache_gives_way(site: Site, how: str) -> None:
    """All of it may be deleted at any time."""
    (site.root / ".feedpub").mkdir()
    spoil(site.root / ".feedpub/cache", how)

    assert 2 == site.build().published
    assert (site.root / ".feedpub/cache").is_dir()
