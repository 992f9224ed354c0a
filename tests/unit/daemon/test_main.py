"""The whole of `feedpub run`: what is published, who is mailed, and who asks, in one process."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.client import HTTPConnection
from io import StringIO
from pathlib import Path
from threading import Event, Thread
from urllib.parse import urlencode, urlsplit

import pytest
from daemons import Clock, Here
from folders import CONFIG, NOW, Site
from newsrooms import Newsroom
from signups import link
from watched import wait_until

from feedpub.daemon.main import build_daemon, run_daemon
from feedpub.daemon.settings import CurrentSite as Running
from feedpub.daemon.signals import Signals
from feedpub.daemon.status import get_status
from feedpub.daemon.web_server import WebServer
from feedpub.errors import FeedpubError
from feedpub.models.log import EventLogger
from feedpub.newsletter import queue_status
from feedpub.web.middleware import AccessRecord, HitCounter

FORM = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
READER = {"User-Agent": "Feedly/1.0 (32 subscribers)"}


@contextmanager
def running(folder: Site) -> Iterator[Here]:
    """Run all of it in a thread until the end."""
    daemon = Here(Clock(folder.now), Signals(), StringIO())
    journal = EventLogger(daemon.stream, daemon.clock, human=False)
    site = Running(folder.request(), daemon.signals.stop, daemon.clock)
    front, means = build_daemon(site, journal, {})
    thread = Thread(target=lambda: daemon.ended.append(run_daemon(site, means, daemon.signals)))
    thread.start()
    try:
        yield daemon
    finally:
        daemon.signals.request_stop()
        thread.join(120)
        front.close()

    assert [()] == daemon.ended


def home(daemon: Here) -> str:
    """Give the address it listens at, once it answers readers."""
    found = served(daemon)
    wait_until(lambda: ask(found, "unsubscribe/x")[0] == 404, "the pages of readers")
    return found


def served(daemon: Here) -> str:
    """Give the address it listens at, once the site is there."""
    found = str(daemon.wait("listening")["address"])
    daemon.wait("watching")
    wait_until(lambda: ask(found, "")[0] == 200, "an answer")
    return found


def ask(
    home: str,
    path: str,
    fields: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
) -> tuple[int, str]:
    """Ask for a path below the site, or post a form to it."""
    parts = urlsplit(home)
    connection = HTTPConnection(parts.netloc, timeout=60)
    body = urlencode(fields) if fields else None
    sent = {**(FORM if fields else {}), **(headers or {})}
    connection.request("POST" if fields else "GET", parts.path + path, body, sent)
    answer = connection.getresponse()
    found = answer.status, answer.read().decode()
    connection.close()
    return found


def test_what_is_published_is_served(tmp_path: Path) -> None:
    """Below the path of the site's address, and anew after each build."""
    site = Site(tmp_path)
    site.config(f"{CONFIG}web: {{port: 0, metrics: true}}\n")
    site.post("a.md")
    with running(site) as daemon:
        where = home(daemon)
        site.post("b.md", title="Second")
        daemon.wait("built", posts=2)
        feed = ask(where, "rss.xml", headers=READER)
        root = where.removesuffix("blog/")
        told = ask(root, "metrics")[1]
        ready = ask(root, "healthz/ready")

    assert "/blog/" == urlsplit(where).path
    assert (200, True) == (feed[0], "Second" in feed[1])
    assert (200, "ok\n") == ready
    assert "feedpub_posts 2.0" in told
    assert 'feedpub_feed_requests_total{status="200"} 1.0' in told
    assert "feedpub_watcher_lag_seconds" in told


def test_who_asked_last_is_counted(tmp_path: Path) -> None:
    """Though the daemon ends before it is time to keep that."""
    site = Site(tmp_path)
    site.config(f"{CONFIG}web: {{port: 0}}\n")
    site.post("a.md")
    with running(site) as daemon:
        ask(home(daemon), "rss.xml", headers=READER)

    assert [("Feedly", 1)] == list(queue_status.collect_statistics(site.request(), 1).user_agents)


def test_whoever_comes_first_waits_for_all_of_it(tmp_path: Path) -> None:
    """Nobody is sent away because the site is being built, or its pages are being made."""
    room = Newsroom(tmp_path)
    room.config(room_text(room) + "subscribers: {form: true}\n")
    with running(room) as daemon:
        where = str(daemon.wait("listening")["address"])
        taken = ask(where, "subscribe", {"address": "bob@example.net"})

    assert 200 == taken[0]


def test_readers_sign_up_and_confirm(tmp_path: Path) -> None:
    """The mail comes at once; who has confirmed is mailed, and counted."""
    room = Newsroom(tmp_path)
    room.config(room_text(room) + "subscribers: {form: true}\n")
    room.post("old.md", title="Before")
    with running(room) as daemon:
        where = home(daemon)
        taken = ask(where, "subscribe", {"address": "bob@example.net"})
        daemon.wait("sign-ups answered", sent=1)
        (mail,) = room.messages()
        path = link(mail, "confirm")
        looked, done = ask(where, path), ask(where, path, {"yes": "1"})
        told = ask(where, "metrics")
    with room.desk() as desk:
        reader = desk.store.find_subscriber("bob@example.net")

    assert [200, 200, 200, 404] == [each[0] for each in (taken, looked, done, told)]
    assert reader is not None
    assert ("active", "form") == (reader.state, reader.consent.how)
    assert "bob" not in daemon.text()


def test_a_new_configuration_is_answered_by(tmp_path: Path) -> None:
    """Without a word to those who ask meanwhile; a digest that is new has its pages."""
    site = Site(tmp_path)
    bare = CONFIG.replace("author: Ann", "author: {name: Ann, email: ann@example.org}")
    site.config(f"{bare}web: {{port: 0}}\n")
    with running(site) as daemon:
        where = home(daemon)
        before = ask(where, "unsubscribe/x")[1]
        site.config(f"{bare}digests: [{{name: weekly}}]\nweb: {{port: 0}}\n")
        daemon.wait("config reloaded", changed=True)
        wait_until(lambda: ask(where, "unsubscribe/x")[1] != before, "the pages of readers")
        site.config(f"{bare}digests: [{{name: daily}}]\nweb: {{port: 0}}\n")
        daemon.wait("config reloaded", count=2, changed=True)
        daemon.wait("digest skipped", digest="daily")

        assert 404 == ask(where, "unsubscribe/x")[0]


def test_a_database_that_is_away_keeps_nobody_from_the_site(tmp_path: Path) -> None:
    """Only who signs up or leaves is to come again; they can once it is back."""
    site = Site(tmp_path)
    bare = CONFIG.replace("author: Ann", "author: {name: Ann, email: ann@example.org}")
    site.config(f"{bare}digests: [{{name: weekly}}]\nweb: {{port: 0}}\n")
    site.post("a.md")
    in_the_way = tmp_path / ".feedpub" / "newsletter.sqlite"
    in_the_way.mkdir(parents=True)
    with running(site) as daemon:
        where = served(daemon)
        daemon.wait("failed", duty="pages")
        feed, left = ask(where, "rss.xml"), ask(where, "unsubscribe/x")
        in_the_way.rmdir()
        site.post("b.md")
        wait_until(lambda: ask(where, "unsubscribe/x")[0] == 404, "the pages of readers")

    assert [200, 503] == [feed[0], left[0]]


def test_changed_templates_of_readers_pages_are_taken_up(tmp_path: Path) -> None:
    """Though no file is made of them; one that is wrong is told, and the pages stay as they are."""
    site = Site(tmp_path)
    bare = CONFIG.replace("author: Ann", "author: {name: Ann, email: ann@example.org}")
    site.config(f"{bare}digests: [{{name: weekly}}]\nweb: {{port: 0}}\n")
    site.put("templates/web/notice.html", "Mine: one")
    site.put("templates/mail/known.txt", "{% broken")  # concerns nobody who looks at a page
    with running(site) as daemon:
        where = home(daemon)
        one = ask(where, "unsubscribe/x")[1]
        site.put("templates/web/notice.html", "{% broken")
        told = daemon.wait("failed", duty="pages")
        still = ask(where, "unsubscribe/x")[1]
        site.put("templates/web/notice.html", "Mine: two")
        wait_until(lambda: ask(where, "unsubscribe/x")[1] == "Mine: two", "the template")

    assert ["Mine: one"] * 2 == [one, still]
    assert str(told["why"]).startswith("templates/web/notice.html:1: ")


def test_what_a_configuration_brought_is_let_go_where_it_cannot_be_used(tmp_path: Path) -> None:
    """A key that is none, say: no database stays open for it, and the site is served."""
    room = Newsroom(tmp_path)
    room.digests("name: weekly", mail="webhooks: {sendgrid: nonsense}")
    before = open_files()
    site = Running(room.request(), Event(), lambda: NOW)
    front = WebServer(site, EventLogger(StringIO(), lambda: NOW, human=True), HitCounter())
    for _ in range(3):
        with pytest.raises(FeedpubError, match="sendgrid"):
            front.reload(NOW)
    front.close()

    assert before == open_files()


def open_files() -> list[str]:
    """Give the databases that this process has open."""
    links = Path("/proc/self/fd").iterdir()
    return sorted(name for each in links if (name := str(each.resolve())).endswith(".sqlite"))


def test_hubs_are_told_of_what_has_changed(tmp_path: Path) -> None:
    """Nobody listens there: it is told, and tried again; nobody is kept waiting by it."""
    site = Site(tmp_path)
    site.config(f"{CONFIG}web: false\nfeeds: {{hub: 'http://127.0.0.1:1/'}}\n")
    site.post("a.md")
    with running(site) as daemon:
        told = daemon.wait("not told", state="again")

    assert ("hub", "http://127.0.0.1:1") == (told["kind"], told["target"])
    assert str(told["topic"]).startswith("https://example.org/blog/")
    assert [] == daemon.events("listening")


def test_what_does_not_work_is_said_to_who_asks(tmp_path: Path) -> None:
    """To whoever looks whether all is well."""
    site = Site(tmp_path)
    site.config(f"{CONFIG}web: {{port: 0}}\n")
    site.post("a.md")
    with running(site) as daemon:
        root = home(daemon).removesuffix("blog/")
        site.content.rename(tmp_path / "away")
        daemon.wait("failed", duty="build")
        wait_until(lambda: ask(root, "healthz/ready")[0] == 503, "that it says so")

        assert (200, "ok\n") == ask(root, "healthz")
        assert "build: failing" in ask(root, "healthz/ready")[1]


def test_what_keeps_nobody_from_reading_is_said_too(tmp_path: Path) -> None:
    """The site is served, and there is something to mend: without a word of what it says."""
    room = Newsroom(tmp_path)
    room.digests("name: weekly", mail="mailbox: away.mbox")
    room.put("content/bad.md", "---\ndate: never\n---\n")
    good = room_text(room)
    with running(room) as daemon:
        root = home(daemon).removesuffix("blog/")
        daemon.wait("failed", duty="bounces")
        room.config("site: {secret: [")
        daemon.wait("config refused")
        told = ask(root, "healthz/ready")
        room.config(good)
        daemon.wait("config reloaded")

    assert (200, ["ok", "bounces: failing, will be retried"]) == (
        told[0],
        told[1].split("\n")[:2],
    )
    assert ["the configuration was rejected; the previous one stays in force"] == [
        line for line in told[1].split("\n") if "config" in line
    ]
    assert "the last build found problems" in told[1]


def test_mail_that_cannot_be_sent_is_said_too(tmp_path: Path) -> None:
    """That messages and sign-ups wait: to whoever looks, and nothing is said to be delivered."""
    room = Newsroom(tmp_path)
    relay = "{host: 127.0.0.1, port: 1, security: none}"
    room.digests('name: each, schedule: "each post"', mail=f"transport: smtp, relays: [{relay}]")
    room.config(room_text(room) + "subscribers: {form: true}\n")
    room.reader("bob@example.net")
    with running(room) as daemon:
        where = home(daemon)
        daemon.wait("digest skipped")
        ask(where, "subscribe", {"address": "ann@example.net"})
        daemon.wait("sign-ups answered")
        room.now = daemon.clock()
        room.write("one.md")
        waits = daemon.wait("delivery waits", waiting=1)
        root = where.removesuffix("blog/")
        wait_until(lambda: "are waiting" in ask(root, "healthz/ready")[1], "that it says so")
        told = ask(root, "healthz/ready")
        found = get_status(room.request())

    assert "connection failed" in str(waits["reason"])
    assert [] == daemon.events("delivered")
    assert (200, "ok", "sign-ups are waiting: confirmation mail could not be sent") == (
        told[0],
        told[1].split("\n")[0],
        told[1].split("\n")[-2],
    )
    assert "connection failed" in found.open_issues[0][0].reason
    assert 1 == found.pending_signups


def test_a_port_that_is_taken_is_a_reason_not_to_begin(tmp_path: Path) -> None:
    """Nothing is built then, and it says what to do."""
    site = Site(tmp_path)
    site.config(f"{CONFIG}web: {{port: 0}}\n")
    with running(site) as daemon:
        port = urlsplit(home(daemon)).port
        other = Site(tmp_path / "other")
        other.config(f"{CONFIG}web: {{port: {port}}}\n")
        clock = Clock(datetime.now(UTC))
        signals = Signals()
        again = Running(other.request(), signals.stop, clock)
        front, means = build_daemon(again, EventLogger(StringIO(), clock, human=False), {})
        with pytest.raises(FeedpubError, match="cannot listen"):
            run_daemon(again, means, signals)
        front.close()

    assert not other.public.exists()


def test_an_answer_that_fails_is_told(tmp_path: Path) -> None:
    """By its path, and without whose it was; that not all is well is no failure to say so."""
    site = Site(tmp_path)
    stream = StringIO()
    running = Running(site.request(), Event(), lambda: NOW)
    front = WebServer(running, EventLogger(stream, lambda: NOW, human=True), HitCounter())
    for path, code in (("/a", 404), ("/healthz/ready", 503), ("/confirm/{token}", 500)):
        front._on_request(AccessRecord("GET", path, code, ""))

    assert stream.getvalue().endswith(
        "answer failed  method: GET, path: /confirm/{token}, status: 500\n"
    )
    assert 1 == stream.getvalue().count("answer failed")


def test_requests_that_are_dropped_are_told(tmp_path: Path) -> None:
    """As a number, ever more rarely."""
    stream = StringIO()
    running = Running(Site(tmp_path).request(), Event(), lambda: NOW)
    front = WebServer(running, EventLogger(stream, lambda: NOW, human=True), HitCounter())
    for heard in ("mail", "note", *["drop"] * 7):
        front._on_signup(heard)

    lines = stream.getvalue().splitlines()
    assert [f"sign-ups dropped  number: {each}" for each in (1, 2, 4)] == [
        line[line.index("sign-ups") :] for line in lines
    ]


def test_feeds_of_a_site_below_a_path_of_any_script(tmp_path: Path) -> None:
    """Who asks for them is counted."""
    site, traffic = Site(tmp_path), HitCounter()
    site.config(CONFIG.replace("/blog/", "/bücher/"))
    running = Running(site.request(), Event(), lambda: NOW)
    front = WebServer(running, EventLogger(StringIO(), lambda: NOW, human=True), traffic)
    front._on_request(AccessRecord("GET", "/b%C3%BCcher/rss.xml", 200, ""))

    assert ["rss.xml"] == [each.feed for each in traffic.drain()]


def test_a_notice_that_is_not_from_the_service_is_told(tmp_path: Path) -> None:
    """And refused; how the newsletter stands is told to who measures."""
    room = Newsroom(tmp_path)
    room.digests("name: weekly", mail="webhooks: {postmark: secret}")
    room.config(room_text(room).replace("{port: 0}", "{port: 0, metrics: true}"))
    room.reader("bob@example.net")
    with running(room) as daemon:
        root = home(daemon).removesuffix("blog/")
        refused = ask(root, "hooks/postmark/wrong", {"RecordType": "Bounce"})
        told = daemon.wait("notice refused")
        figures = ask(root, "metrics")[1]

    assert 403 == refused[0]
    assert str(told["why"]).startswith("postmark: refused")
    assert 'feedpub_subscribers{state="active"} 1.0' in figures


def test_figures_of_a_site_whose_database_is_away(tmp_path: Path) -> None:
    """What the process itself knows is told, and that the database is away."""
    room = Newsroom(tmp_path)
    room.config(room_text(room).replace("{port: 0}", "{port: 0, metrics: true}"))
    with running(room) as daemon:
        root = home(daemon).removesuffix("blog/")
        before = ask(root, "metrics")[1]
        database = tmp_path / ".feedpub/newsletter.sqlite"
        database.rename(tmp_path / "away")
        database.mkdir()
        status, told = ask(root, "metrics")
        database.rmdir()
        (tmp_path / "away").rename(database)

    assert "feedpub_database_up 1.0" in before
    assert 200 == status
    assert "feedpub_database_up 0.0" in told
    assert "feedpub_builds_total" in told


def room_text(room: Site) -> str:
    """Give the configuration as it is written."""
    return (room.root / "config.yaml").read_text(encoding="utf-8")
