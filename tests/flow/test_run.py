"""`feedpub run` as people run it: a process of its own, real files, real mail, real signals."""

import json
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from daemons import Process, command, started
from folders import CONFIG as BARE
from folders import POST, Site
from mailservers import HANG, MailServer
from newsrooms import Newsroom
from watched import wait_until

CONFIG = f"{BARE}web: {{port: 0}}\n"  # many run at a time
FEED = "atom.xml"
READERS = 60
SLOW = 0.3  # seconds that a server takes for a message
SWEEP = "run: {events: false, sweep: 1}\n"
RELAY = (
    "transport: smtp, relays: [{{host: 127.0.0.1, port: {port}, security: none, connections: 2}}]"
)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Give a site with a post."""
    found = Site(tmp_path)
    found.config(CONFIG)
    found.post("a.md")
    return found


def post_of(site: Site, name: str, date: datetime, more: str = "") -> None:
    """Write a post that appears at some time."""
    text = POST.format(title=name, date=f"{date.isoformat()}\n{more}", body="Text.")
    site.put(f"content/{name}.md", text)


def feed(site: Site) -> str:
    """Give the feed as a reader gets it; it always is whole."""
    text = site.read(FEED)

    assert text.rstrip().endswith("</feed>")

    return text


def typed(site: Site, *words: str) -> "subprocess.CompletedProcess[str]":
    """Type a command beside the daemon."""
    return subprocess.run(
        command(*words), cwd=site.root, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("more", ["", SWEEP], ids=["events", "sweep"])
def test_whatever_happens_to_files_the_site_follows(site: Site, more: str) -> None:
    """Saved as editors do, checked out by git, copied slowly, unmounted: it is published.

    By events, and by sweeps alone.
    """
    site.config(CONFIG + more)
    with started(site.root) as daemon:
        daemon.wait("watching", by="sweep" if more else "events")
        _edited(site, daemon)
        _checked_out(site, daemon)
        _copied(site, daemon)
        _moved(site, daemon)
        builds = len(daemon.events("built"))

        assert 0 == daemon.end()

    assert 60 > builds
    assert [] == daemon.events("problem")


def _edited(site: Site, daemon: Process) -> None:
    """Save as vim does: a swap file, a test file, a backup, and a new file in its place."""
    (site.content / ".b.md.swp").write_bytes(b"\x00")
    (site.content / "4913").touch()
    (site.content / "4913").unlink()
    site.post("b.md.tmp", title="By an editor")
    (site.content / "b.md.tmp").rename(site.content / "b.md")
    daemon.wait("built", posts=2)
    (site.content / ".b.md.swp").unlink()

    assert "By an editor" in feed(site)


def _checked_out(site: Site, daemon: Process) -> None:
    """Have a thousand posts come and go at once."""
    elsewhere = site.root / "elsewhere"
    elsewhere.mkdir()
    for number in range(1_000):
        text = POST.format(title=f"Post {number}", date="2024-01-01", body="Text.")
        (elsewhere / f"p{number}.md").write_text(text, encoding="utf-8")
    shutil.copytree(elsewhere, site.content / "many")
    daemon.wait("built", posts=1_002)
    shutil.rmtree(site.content / "many")
    wait_until(lambda: daemon.events("built")[-1]["posts"] == 2, "that they are gone")
    shutil.rmtree(elsewhere)


def _copied(site: Site, daemon: Process) -> None:
    """Write a post slowly: nobody sees half of it."""
    before = len(daemon.events("built", posts=3))
    with (site.content / "large.md").open("w", encoding="utf-8") as copy:
        copy.write("---\ntitle: Slowly\ndate: 2025-03-01\n---\n")
        for number in range(20):
            copy.write(f"Part {number}.\n\n")
            copy.flush()
            time.sleep(0.1)

            assert "Slowly" not in feed(site)

    daemon.wait("built", count=before + 1, posts=3)

    assert "Part 19." in feed(site)


def _moved(site: Site, daemon: Process) -> None:
    """Take the folder away, and bring it back."""
    away = site.root / "away"
    site.content.rename(away)
    daemon.wait("watching", away=[str(site.content)])
    daemon.wait("failed", duty="build")

    assert "Slowly" in feed(site)

    away.rename(site.content)
    wait_until(lambda: daemon.events("watching")[-1]["away"] == [], "that it is back")
    site.post("c.md", title="After all")
    daemon.wait("built", posts=4)


def test_where_the_kernel_has_no_watches_left(site: Site) -> None:
    """It says so, and publishes all the same."""
    few = "echo 2 > /proc/sys/user/max_inotify_watches"
    alone = ["unshare", "--user", "--map-root-user", "sh", "-c"]
    if subprocess.run([*alone, few], check=False, capture_output=True).returncode:
        pytest.skip("this kernel lets nobody have limits of their own (user namespaces)")
    site.config(f"{CONFIG}run: {{sweep: 1}}\n")
    for number in range(9):
        site.post(f"{number}/b.md")
    with started(site.root, before=[*alone, f'{few} && exec "$0" "$@"']) as daemon:
        watching = daemon.wait("watching", by="sweep")
        site.post("c.md", title="All the same")
        wait_until(lambda: "All the same" in feed(site), "the post")
        told = typed(site, "status")

        assert 0 == daemon.end()

    assert "limit" in str(watching["no_events"])
    assert (1, True) == (told.returncode, "file events unavailable" in told.stderr)


def test_posts_appear_and_go_by_themselves(site: Site) -> None:
    """To the second; status tells of it before."""
    post_of(site, "next", datetime.now(UTC) + timedelta(days=1))
    with started(site.root) as daemon:
        daemon.wait("watching", by="events")
        found = json.loads(typed(site, "status", "--json").stdout)
        soon = datetime.now(UTC) + timedelta(seconds=4)
        later = soon + timedelta(seconds=4)
        post_of(site, "soon", soon, f"expires: {later.isoformat()}")
        appeared = daemon.wait("built", posts=2)
        gone = daemon.wait("built", gone=1)

        assert 0 == daemon.end(signal.SIGINT)

    assert ["next"] == [each["title"] for each in found["posts"]]
    assert found["running"]
    assert soon <= datetime.fromisoformat(str(appeared["time"]))
    assert later <= datetime.fromisoformat(str(gone["time"]))


def test_one_daemon_and_commands_beside_it(site: Site) -> None:
    """A second daemon is refused; builds and sends beside the first are safe."""
    with started(site.root) as daemon:
        daemon.wait("watching", by="events")
        second = typed(site, "run")
        for number in range(3):
            site.post(f"{number}.md")

            assert 0 == typed(site, "build").returncode

        daemon.send(signal.SIGHUP)
        daemon.wait("config reloaded", changed=False)
        wait_until(lambda: feed(site).count("</entry>") == 4, "all posts")

        assert 0 == daemon.end()

    assert (1, "") == (second.returncode, second.stdout)
    assert f"as process {daemon.process.pid}; stop it first" in second.stderr
    assert "" == (site.root / "run.err").read_text(encoding="utf-8")


def room_with(folder: Path, port: int) -> Newsroom:
    """Give a newsroom that mails each post to many readers; it has begun."""
    room = Newsroom(folder)
    room.digests('name: each, schedule: "each post"')
    room.now = datetime.now(UTC)
    room.begin()
    for number in range(READERS):
        room.reader(f"reader{number}@example.org")
    room.digests('name: each, schedule: "each post"', mail=RELAY.format(port=port))
    return room


def slowly(recipient: str) -> str:
    """Take a message after a while."""
    del recipient
    time.sleep(SLOW)
    return ""


def test_it_ends_in_the_middle_of_sending(tmp_path: Path) -> None:
    """What is in hand is finished, and known to be; the rest goes out after the next start."""
    with MailServer({"END": slowly}) as server:
        room = room_with(tmp_path, server.port)
        with started(tmp_path) as daemon:
            daemon.wait("built")
            room.write("one.md")
            wait_until(lambda: len(server.taken) > 3, "some messages")

            assert 0 == daemon.end()

        taken = len(server.taken)
        with room.desk() as desk:
            (issue,) = (each for each in desk.store.list_issues() if each.state == "sending")
            tally = desk.store.get_issue_stats(issue.id)

        assert taken < READERS
        assert (taken, 0, READERS - taken) == (tally.accepted, tally.doubt, tally.waiting)
        assert taken == daemon.events("delivered")[-1]["accepted"]

        with started(tmp_path) as daemon:
            daemon.wait("delivered", state="done", accepted=READERS)

            assert 0 == daemon.end()

    copies = Counter(each.recipient for each in server.taken)

    assert (READERS, {1}) == (len(copies), set(copies.values()))
    assert "reader1" not in daemon.text()


def test_a_server_that_never_answers_keeps_nobody(tmp_path: Path) -> None:
    """It ends after some seconds, what is open is in doubt; at a second signal it ends at once."""
    with MailServer({"END": HANG}) as server:
        room = room_with(tmp_path, server.port)
        with started(tmp_path) as daemon:
            daemon.wait("built")
            room.write("one.md")
            wait_until(lambda: "." in server.log.commands, "a message")

            assert 0 == daemon.end()
        assert [] == daemon.events("stopped")[-1]["unfinished"]
        assert daemon.events("delivered")[-1]["doubt"]

        with started(tmp_path) as daemon:
            daemon.wait("built")
            before = server.log.commands.count(".")
            wait_until(lambda: server.log.commands.count(".") > before, "another message")
            daemon.send(signal.SIGTERM)
            daemon.wait("stopping")

            assert -signal.SIGTERM == daemon.end()


def test_it_tells_systemd(site: Site) -> None:
    """That it is ready, alive, reading its configuration, and about to end."""
    path = site.root / "notify"
    listen = f"""
import socket, sys
wire = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
wire.bind({str(path)!r})
print("listens", flush=True)
while True:
    print(repr(wire.recv(1000).decode().split(chr(10))[0]), flush=True)
"""
    with subprocess.Popen(
        [sys.executable, "-c", listen], stdout=subprocess.PIPE, text=True
    ) as manager:
        assert manager.stdout is not None
        assert "listens\n" == manager.stdout.readline()

        environ = {"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": "1000000"}
        with started(site.root, environ) as daemon:
            heard = [manager.stdout.readline() for _ in range(4)]
            daemon.send(signal.SIGHUP)
            while "RELOADING" not in heard[-1]:
                heard.append(manager.stdout.readline())
            heard.append(manager.stdout.readline())

            assert 0 == daemon.end()

            while "STOPPING" not in heard[-1]:
                heard.append(manager.stdout.readline())
        manager.kill()

    assert "'READY=1'\n" == heard[0]
    assert "'WATCHDOG=1'\n" == heard[1]
    assert heard[heard.index("'RELOADING=1'\n") + 1] == "'READY=1'\n"
