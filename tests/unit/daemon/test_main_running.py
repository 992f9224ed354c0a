"""The daemon: what it does by itself, by a clock of ours."""

import io
import mailbox
import os
import signal
import threading
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from daemons import Clock, duty, here
from folders import CONFIG, NOW, POST, Site
from newsrooms import Newsroom
from notices import BOUNCE, dsn
from watched import wait_until

from feedpub.app import BuildRequest, Summary
from feedpub.config.jobs import PeriodicJob
from feedpub.daemon.main import Dependencies, run_daemon, run_forever
from feedpub.daemon.settings import CurrentSite as Running
from feedpub.daemon.signals import Signals
from feedpub.daemon.state_file import StateFile
from feedpub.daemon.status import get_status
from feedpub.daemon.watch_job import SiteWatcher
from feedpub.errors import FeedpubError
from feedpub.files.watch import WatchStatus
from feedpub.models.log import EventLogger
from feedpub.site.build_state import BuildState, RebuildResult

HOUR = timedelta(hours=1)
FEED = "atom.xml"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Give a site with a post."""
    found = Site(tmp_path)
    found.post("a.md")
    return found


def at(site: Site, name: str, date: datetime, more: str = "") -> None:
    """Write a post that appears at some time."""
    text = POST.format(title=name, date=f"{date.isoformat()}\n{more}", body="Text.")
    site.put(f"content/{name}.md", text)


def test_what_is_saved_is_published(site: Site) -> None:
    """A post is in the feed soon after it is written; and is gone when it is."""
    with here(site) as daemon:
        daemon.wait("built", posts=1)
        daemon.wait("watching", by="events")
        site.post("b.md", title="Second")
        daemon.wait("built", posts=2, appeared=1)

        assert "Second" in site.read(FEED)

        (site.content / "b.md").unlink()
        daemon.wait("built", posts=1, gone=1)

        assert "Second" not in site.read(FEED)

    assert [()] == daemon.ended
    assert "stopped" == daemon.events()[-1]["event"]


def test_a_post_appears_when_its_time_comes_and_goes_when_it_has(site: Site) -> None:
    """To the second, though nobody touches a file."""
    clock = Clock(NOW)
    at(site, "soon", NOW + HOUR, f"expires: {(NOW + 2 * HOUR).isoformat()}")
    with here(site, clock) as daemon:
        daemon.wait("built", posts=1)
        clock.at += HOUR - timedelta(seconds=0.5)
        appeared = daemon.wait("built", posts=2)
        clock.at += HOUR
        daemon.wait("built", count=2, posts=1)

    assert NOW + HOUR <= datetime.fromisoformat(str(appeared["time"]))


def test_a_clock_set_back_takes_nothing_back(site: Site) -> None:
    """What has appeared stays, also where something else is published in the hour that comes twice.

    What is to come comes once, at its time.
    """
    clock = Clock(NOW)
    at(site, "soon", NOW + HOUR)
    at(site, "later", NOW + 2 * HOUR)
    with here(site, clock) as daemon:
        daemon.wait("built", posts=1)
        clock.at += HOUR
        daemon.wait("built", posts=2)
        daemon.wait("clock changed")  # the daemon looks at it once a second
        clock.at -= HOUR
        daemon.wait("clock changed", count=2)
        site.post("b.md")
        daemon.wait("built", posts=3)
        clock.at += 2 * HOUR
        daemon.wait("built", posts=4)

    assert [1, 2, 3, 4] == [each["posts"] for each in daemon.events("built")]


def test_a_changed_configuration_is_taken_up(site: Site) -> None:
    """A wrong one is told and changes nothing: posts are published by the one before."""
    with here(site) as daemon:
        daemon.wait("built", posts=1)
        site.config("site: {title: [")
        refused = daemon.wait("config refused")
        site.post("b.md")
        daemon.wait("built", posts=2)
        kept = site.root / ".feedpub" / "run.json"
        wait_until(lambda: "config.yaml" in kept.read_text(encoding="utf-8"), "that it is kept")

        assert "config.yaml" in str(refused["why"])

        found = get_status(site.request())

        assert (True, None) == (found.is_running, found.last_build)
        assert "config.yaml:1: " in found.config_error
        assert found.daemon is not None
        assert (found.daemon.config_error, "UTC") == (found.config_error, found.timezone.key)
        assert found.daemon.config_error_at is not None

        site.config(CONFIG.replace("Example & Co", "Renamed"))
        daemon.wait("config reloaded", changed=True)
        wait_until(lambda: "Renamed" in site.read(FEED), "the new title")
        site.config(CONFIG.replace("Example & Co", "Moved") + "content: {folder: posts}\n")
        site.put("posts/c.md", "---\ntitle: Elsewhere\ndate: 2025-01-01\n---\nText.\n")
        wait_until(lambda: "Elsewhere" in site.read(FEED), "the other folder")
        site.put("posts/d.md", "---\ntitle: Watched\ndate: 2025-01-01\n---\nText.\n")
        wait_until(lambda: "Watched" in site.read(FEED), "that it is watched")


def test_what_counts_after_a_restart_is_told(site: Site) -> None:
    """Where a socket is open it stays; not so where the setting is as it was."""
    with here(site) as daemon:
        daemon.wait("built")
        site.config(f"{CONFIG}web: {{port: 1234, host: '::1'}}\n")
        daemon.wait("config reloaded", after_a_restart=["web.host", "web.port"])
        site.config(CONFIG)
        daemon.wait("config reloaded", changed=True, after_a_restart=[])


def test_a_signal_has_the_configuration_read(site: Site) -> None:
    """Though nobody touched it."""
    with here(site) as daemon:
        daemon.wait("built")
        daemon.signals.request_reload()
        daemon.wait("config reloaded", changed=False)


def test_changed_templates_are_taken_up(site: Site) -> None:
    """A folder of templates that comes later, too; a wrong template leaves the site as it is."""
    with here(site) as daemon:
        daemon.wait("built")
        (site.root / "templates").mkdir()
        daemon.wait("watching")
        site.put("templates/post.html", "{% broken")
        daemon.wait("failed", duty="build")
        before = site.read("posts/a/index.html")
        site.put("templates/post.html", "Mine: {{ post.title }}")
        wait_until(lambda: "Mine: Hello" in site.read("posts/a/index.html"), "the template")

    assert "Mine" not in before


@pytest.mark.parametrize("sweep", [1, 3600])
def test_output_that_is_removed_is_whole_again(site: Site, sweep: int) -> None:
    """By the next sweep, or soon after the next edit where that comes first."""
    site.config(f'site: {{title: A, url: "https://example.org/"}}\nrun: {{sweep: {sweep}}}\n')
    with here(site) as daemon:
        daemon.wait("watching", by="events")
        for path in (site.public / "posts/a/index.html", site.public / FEED):
            time.sleep(2.5)  # until everything may be looked at again after an edit
            path.unlink()
            (site.public / "404.html").write_text("damaged", encoding="utf-8")
            if sweep > 1:
                site.post("b.md", body=f"Text of {path.name}.")
            wait_until(path.exists, "the file")
            wait_until(lambda: "damaged" not in site.read("404.html"), "the other one")


def test_nothing_is_published_or_mailed_half(tmp_path: Path) -> None:
    """Not at a digest's slot either; what is saved beside a long copy does not wait for it."""
    room = Newsroom(tmp_path)
    room.digests('name: each, schedule: "each post"')
    room.reader("bob@example.org")
    room.begin()
    with here(room, Clock(room.now)) as daemon:
        daemon.wait("watching")
        with (room.content / "long.md").open("w", encoding="utf-8") as file:
            file.write(f"---\ntitle: Long\ndate: {room.now.isoformat()}\n---\nThe first half.\n")
            file.flush()
            for number in range(3):
                room.write(f"{number}.md")
                daemon.wait("built", posts=number + 1)
                wait_until(
                    lambda: len(room.mailed().get("bob@example.org", [])) > number,  # noqa: B023
                    "the message",
                )

            assert "Long" not in room.read(FEED)

            file.write("The second half.\n")
        daemon.wait("built", posts=4)
        wait_until(lambda: len(room.mailed()["bob@example.org"]) == 4, "the last message")

    assert "The second half." in room.read(FEED)
    assert any("The second half." in path.read_text() for path in tmp_path.glob("mail/*.eml"))


def test_a_file_that_is_written_for_long_is_told_of(tmp_path: Path) -> None:
    """Nobody need guess why it is not published."""
    told: list[str] = []
    stream = io.StringIO()
    site = Site(tmp_path)
    running = Running(site.request(), Signals().stop, lambda: NOW)
    journal = EventLogger(stream, lambda: NOW, human=True)
    watch = SiteWatcher(journal, StateFile(running, NOW, tuple), told.append)  # type: ignore[arg-type]
    watch.watch(running)
    watch.stop()
    path = str(site.content.absolute() / "a.md")
    for slow in ((), (path,), (path,)):
        watch.update_status(WatchStatus(files_in_progress=frozenset([path]), slow_files=slow))

    assert 1 == stream.getvalue().count("still being written")
    assert "a.md" in stream.getvalue()
    assert {path} == running.build_request(NOW).unfinished


def test_a_clock_that_is_years_behind_is_waited_for(tmp_path: Path) -> None:
    """Nothing is taken away or mailed, which is told; once the clock is right all goes on."""
    room = Newsroom(tmp_path)
    room.digests('name: each, schedule: "each post"')
    room.reader("bob@example.org")
    for number in range(9):
        room.post(f"{number}.md", f"Old {number}", "2015-01-01")
    room.post("new.md", "New", "2025-05-30")
    room.build()
    before = room.written()
    calls: list[datetime] = []
    clock = Clock(datetime(2020, 1, 1, tzinfo=UTC))
    with here(room, clock, jobs=[duty("hooks", calls)]) as daemon:
        daemon.wait("clock behind")
        room.post("b.md", "Second", "2015-01-02")
        daemon.wait("changes")
        wait_until(lambda: bool(get_status(room.request()).daemon), "how it stands")
        told = get_status(room.request()).daemon
        clock.at += timedelta(days=30)
        daemon.wait("clock changed")

        assert before == room.written()
        assert {} == room.mailed()
        assert [] == calls
        assert told is not None
        assert "2025-05-30" in told.clock_problem

        clock.at = NOW
        daemon.wait("clock right again")
        daemon.wait("built", posts=11)
        wait_until(lambda: bool(calls), "the other duty")

    assert 1 == len(daemon.events("clock behind"))
    assert [] == daemon.events("failed")


def test_a_build_by_hand_settles_what_a_clock_has_published_too_early(tmp_path: Path) -> None:
    """The clock was ahead then; whoever builds by the right one takes that back."""
    site = Site(tmp_path)
    for number in range(9):
        site.post(f"{number}.md")
    site.post("later.md", date="2026-05-30")
    site.now = NOW + timedelta(days=400)
    site.build()
    with here(site, Clock(NOW)) as daemon:
        daemon.wait("clock behind")
        site.now = NOW
        site.build()
        daemon.wait("clock right again")
        daemon.wait("built", posts=9)


def test_a_folder_that_is_away_leaves_the_site_as_it_is(site: Site) -> None:
    """Renamed, or unmounted so that it is empty: it is told, and all is well when it is back."""
    with here(site) as daemon:
        daemon.wait("watching", by="events")
        site.content.rename(site.root / "elsewhere")
        daemon.wait("watching", away=[str(site.content.absolute())])
        daemon.wait("failed", duty="build")
        site.content.mkdir()
        wait_until(lambda: "is empty; is its disk" in daemon.text(), "that it is empty")
        site.content.rmdir()
        (site.root / "elsewhere").rename(site.content)
        daemon.wait("watching", count=2, away=[])
        site.post("b.md")
        daemon.wait("built", posts=2)

    assert [] == daemon.events("built", removed=1)
    assert "Hello" in site.read(FEED)


def test_problems_are_told_once_and_when_they_are_mended(site: Site) -> None:
    """Each with its path and line; a great many are counted."""
    with here(site) as daemon:
        daemon.wait("built")
        site.put("content/bad.md", "---\ntitle: [\n---\n")
        problem = daemon.wait("problem", path="content/bad.md", left_out=True)
        site.post("b.md")
        daemon.wait("built", posts=2)
        for number in range(30):
            site.put(f"content/bad{number}.md", "---\ntitle: [\n---\n")
        wait_until(lambda: len(daemon.events("problem")) >= 20, "many")
        for path in site.content.glob("bad*.md"):
            path.unlink()
        daemon.wait("mended")

    assert problem["line"]
    assert 1 == len(daemon.events("problem", path="content/bad.md"))


def test_a_duty_that_fails_is_told_and_the_others_go_on(site: Site) -> None:
    """A bug with its trace; the daemon goes on, and so does what else is to be done."""
    calls: list[datetime] = []

    def broken(now: datetime) -> datetime:
        raise LookupError(f"ann@example.org at {now}")

    with here(site, jobs=[duty("pings", calls), PeriodicJob("broken", broken)]) as daemon:
        failed = daemon.wait("failed", duty="broken")
        before = len(calls)
        site.post("b.md")
        daemon.wait("built", posts=2)
        wait_until(lambda: len(calls) > before, "that it is told of the build")

    assert "LookupError" in str(failed["trace"])
    assert "ann@" not in daemon.text()


def test_who_cannot_be_told_of_a_build_keeps_nobody_waiting(site: Site) -> None:
    """It is told with the next one; what else comes of a build is done meanwhile."""
    calls: list[datetime] = []
    told: list[tuple[str, ...]] = []
    away = threading.Event()

    def built(summary: Summary) -> None:
        if away.is_set():
            raise FeedpubError("the database is away")
        told.append(tuple(post.title for post in summary.new_posts))

    with here(site, on_built=built, jobs=[duty("pings", calls)]) as daemon:
        daemon.wait("watching", by="events")
        away.set()
        wait_until(lambda: calls, "the first call")
        before = len(calls)
        site.post("b.md", title="Second")
        daemon.wait("failed", duty="build", why="the database is away")
        wait_until(lambda: len(calls) > before, "that it is called")
        away.clear()
        site.post("c.md", title="Third")
        wait_until(lambda: len(told) > 1, "that it is told")

    assert {"Second"} <= set(told[1])


def test_what_fails_so_again_is_told_ever_more_rarely(site: Site) -> None:
    """The first, second and fourth time: not every time somebody saves a file."""
    calls: list[datetime] = []

    def broken(
        request: BuildRequest, kept: BuildState | None, changed: frozenset[str] | None
    ) -> RebuildResult:
        del kept, changed
        calls.append(request.now)
        raise FeedpubError("as before")

    with here(site, rebuild=broken) as daemon:
        daemon.wait("watching", by="events")
        for number in range(6):
            before = len(calls)
            site.post(f"{number}.md")
            wait_until(lambda: len(calls) > before, "a build")  # noqa: B023 - done in the loop

    told = [each["times"] for each in daemon.events("failed")]

    assert [1, 1] == told[:2]  # before there were threads, and after
    assert {1, 2, 4, 8, 16} >= set(told)


def test_readers_are_served_as_long_as_it_runs(site: Site) -> None:
    """In a thread of their own, which ends with it."""
    served = threading.Event()

    def serve(stop: threading.Event) -> None:
        served.set()
        stop.wait(60)

    with here(site, serve=serve) as daemon:
        daemon.wait("built")
        wait_until(served.is_set, "that somebody serves")

    assert [()] == daemon.ended


@pytest.mark.parametrize("fault", [LookupError("no such table"), None])
def test_where_nobody_is_served_any_more_it_ends(site: Site, fault: Exception | None) -> None:
    """With why, and not as if all were well: whoever started it starts it again."""

    def serve(stop: threading.Event) -> None:
        del stop
        if fault:
            raise fault

    with here(site, serve=serve) as daemon:
        told = daemon.wait("web ended")
        daemon.wait("stopped", unfinished=["web"])

    assert [("web",)] == daemon.ended
    assert (str(fault or ""), bool(fault)) == (told["why"], "LookupError" in str(told["trace"]))


def test_what_does_not_end_in_time_is_left(site: Site) -> None:
    """It says what that is."""
    let, begun = threading.Event(), threading.Event()

    def slow(now: datetime) -> None:
        del now
        begun.set()
        let.wait(60)

    def serve(stop: threading.Event) -> None:
        del stop
        let.wait(60)

    with here(site, jobs=[PeriodicJob("slow", slow)], serve=serve, stop_timeout=0.1) as daemon:
        wait_until(begun.is_set, "work")
    let.set()

    (ended,) = daemon.ended
    assert {"slow", "web"} == set(ended) - {"build"}  # the disk may be slow as well
    assert [*ended] == daemon.events("stopped")[0]["unfinished"]


def test_what_is_written_last_is_not_waited_for(site: Site) -> None:
    """The database may be locked for ever: that it was not written is told."""
    let = threading.Event()
    with here(site, on_stop=lambda: let.wait(60), stop_timeout=0.1) as daemon:
        pass
    let.set()

    assert "readership" in daemon.ended[0]


def test_a_build_is_given_up_at_the_end(site: Site) -> None:
    """The site is whole at any moment of it, so nobody waits for it."""
    begun = threading.Event()

    def endless(
        request: BuildRequest, kept: BuildState | None, changed: frozenset[str] | None
    ) -> RebuildResult:
        del kept, changed
        begun.set()
        while True:
            request.progress("reading", 1, 2)
            request.progress("waiting", 0, 0)

    with here(site) as daemon:
        daemon.wait("built")
    with here(site, rebuild=endless) as daemon:
        wait_until(begun.is_set, "a build")

    assert [()] == daemon.ended
    assert [] == daemon.events("failed")


def test_digests_go_out_at_their_slot(tmp_path: Path) -> None:
    """The page that it leads to is there before; each post at once where that is wanted."""
    room = Newsroom(tmp_path)
    room.digests("name: weekly", 'name: each, schedule: "each post", title: Each')
    room.post("old.md")
    room.reader("bob@example.org")
    clock = Clock(room.now)
    with here(room, clock) as daemon:
        daemon.wait("digest skipped", digest="weekly")
        daemon.wait("digest skipped", digest="each")
        room.now = clock()
        room.write("one.md")
        daemon.wait("digest planned", digest="each")
        daemon.wait("delivered", digest="each", accepted=1)
        clock.at += timedelta(days=7)
        skipped = daemon.wait("digest skipped", digest="weekly")

    assert {"bob@example.org": ["one"]} == room.mailed()
    assert skipped
    # That the page of an issue is no news for the next one is not worth a word.
    assert ["it starts without mailing 1 existing post"] == [
        each["reason"] for each in daemon.events("digest skipped", digest="each")
    ]
    assert "bob" not in daemon.text()


def test_bounces_are_read_from_the_mailbox(tmp_path: Path) -> None:
    """As the configuration says where they arrive; the database is cleaned up too."""
    room = Newsroom(tmp_path)
    room.digests("name: weekly", mail="mailbox: returned")
    ann = room.reader("ann@example.net")
    with room.desk() as desk:
        token = desk.create_token("bounce", ann)
    with closing(mailbox.Maildir(tmp_path / "returned")) as box:
        box.add(dsn().replace(BOUNCE.encode(), token.encode()))
        box.add(dsn())
        policy = dsn("5.7.26", "smtp; 550 5.7.26 DMARC", to=f"bounces+{token}@example.org")
        box.add(policy)
    with here(room) as daemon:
        read = daemon.wait("bounces read")

    assert (3, 1, 1, 1) == (read["read"], read["hard"], read["refused"], read["stopped"])
    (refused,) = daemon.events("sender refused")
    assert "5.7.26" in str(refused["why"])
    (unknown,) = daemon.events("mail not understood")
    assert 1 == unknown["messages"]
    assert "ann" not in daemon.text()

    kept = tmp_path / ".feedpub" / "run.json"
    kept.unlink()
    with here(room) as daemon:
        wait_until(kept.exists, "its word")
        wait_until(lambda: '"bounces", "due": "2' in kept.read_text(encoding="utf-8"), "a look")

    assert [] == daemon.events("bounces read")


def test_a_mailbox_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """A password that is missing, a server that is not there; the rest goes on."""
    room = Newsroom(tmp_path)
    room.digests("name: weekly", mail='mailbox: "imaps://ann@127.0.0.1:1"')
    with here(room) as daemon:
        failed = daemon.wait("failed", duty="bounces")
        daemon.wait("digest skipped")

    assert "IMAP_PASSWORD" in str(failed["why"])

    room.environ = {"IMAP_PASSWORD": "x"}
    with here(room) as daemon:
        failed = daemon.wait("failed", duty="bounces")

    assert "127.0.0.1" in str(failed["why"])


def test_where_nothing_can_be_written_down_it_goes_on(site: Site) -> None:
    """As on a full disk: that is told once, and that it can be again."""
    in_the_way = site.root / ".feedpub" / "run.json.part"
    with here(site) as daemon:
        daemon.wait("built", posts=1)
        in_the_way.mkdir()
        site.post("b.md")
        told = daemon.wait("status not kept")
        for times in (1, 2):  # by the second it was tried again
            daemon.signals.request_reload()
            daemon.wait("config reloaded", count=times)
        in_the_way.rmdir()
        daemon.wait("status kept again")

    assert "run.json.part" in str(told["why"])
    assert 1 == len(daemon.events("status not kept"))
    assert [()] == daemon.ended


def test_a_fault_of_its_own_ends_all_of_it(site: Site) -> None:
    """Nobody who waits for the end waits for ever."""
    signals, stream = Signals(), io.StringIO()
    clock = Clock(NOW)
    served: list[bool] = []
    loop = threading.current_thread()

    def now() -> datetime:
        if "watching" in stream.getvalue() and threading.current_thread() is loop:
            raise LookupError("what time is it?")
        return clock()

    def serve(stop: threading.Event) -> None:
        served.append(stop.wait(60))

    means = Dependencies(now, EventLogger(stream, clock, human=True), {}, serve=serve)
    with pytest.raises(LookupError, match="what time"):
        run_daemon(Running(site.request(), signals.stop, clock), means, signals)

    assert [True] == served
    assert "stopped" in stream.getvalue()


def test_a_site_is_run_once(site: Site) -> None:
    """A second daemon is refused by the number of the first."""
    with here(site) as daemon:
        daemon.wait("built")
        with pytest.raises(FeedpubError, match=f"as process {os.getpid()};"):
            run_forever(site.request(), io.StringIO(), daemon.clock, human=True)


def test_people_are_told_the_time_of_the_site(site: Site) -> None:
    """In its zone, which is named once; programs in UTC."""
    site.config(CONFIG.replace("{", "{timezone: Asia/Shanghai, ", 1) + "web: false\n")

    def begun(stream: io.StringIO) -> None:
        wait_until(lambda: "watching" in stream.getvalue(), "a beginning")
        os.kill(os.getpid(), signal.SIGTERM)

    for human, told in ((True, "20:00:00  started  "), (False, '"2025-06-01T12:00:00.000+00:00"')):
        stream = io.StringIO()
        ends = threading.Thread(target=begun, args=(stream,))
        ends.start()
        run_forever(site.request(), stream, lambda: NOW, human=human)
        ends.join()
        first = stream.getvalue().split("\n")[0]

        assert told in first
        assert "Asia/Shanghai" in first
