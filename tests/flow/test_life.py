"""A site as people live with it, from the first visit to the last mail, with nothing made up."""

import re
import signal
import sqlite3
import subprocess
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from browsers import Step, visit
from daemons import Process, started
from folders import Site
from listeners import Listener, listening
from mailservers import MailServer
from programs import needs
from watched import wait_until
from webs import free_port

CONFIG = """
site:
  title: Example & Co
  url: {home}
  author: {{name: Ann, email: ann@example.org}}
  language: en
authors: {{lin: Lin}}
feeds: {{hub: "{hub}"}}
digests: [{{name: minutely, schedule: "* * * * *"}}]
subscribers: {{form: true}}
web: {{port: {port}, metrics: true}}
mail:
  transport: smtp
  relays: [{{host: 127.0.0.1, port: {relay}, security: none}}]
"""
POST = "---\ntitle: {title}\ndate: {date}\ntags: [{tag}]\nauthor: {author}\n---\nText.\n"
FEEDS = 18  # of the site, two tags, two authors and a digest, in three formats each
READER = "bob@example.net"
ONE_CLICK = "List-Unsubscribe=One-Click"
ANSWERED = 'feedpub_feed_requests_total{{status="{}"}}'


@dataclass
class World:
    """A site that runs, and who is around it."""

    site: Site
    home: str
    mails: MailServer
    hub: Listener
    newsboat: Path

    def save(self, name: str, tag: str, author: str = "Ann") -> None:
        """Write a post as of today."""
        yesterday = datetime.now(UTC) - timedelta(days=1)
        text = POST.format(title=name, date=yesterday.isoformat(), tag=tag, author=author)
        self.site.put(f"content/{name}.md", text)

    def messages(self) -> list[EmailMessage]:
        """Give what has arrived."""
        return [_read(each.data) for each in self.mails.taken]

    def metric(self, name: str) -> float:
        """Give a figure that it tells."""
        text = self.asked("GET", "metrics")[1]
        found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
        return float(found[1]) if found else 0.0

    def asked(self, method: str, path: str, body: str = "") -> tuple[int, str]:
        """Ask it as a program does."""
        connection = HTTPConnection(urlsplit(self.home).netloc, timeout=60)
        kind = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        connection.request(method, f"/{path}", body or None, kind)
        answer = connection.getresponse()
        found = answer.status, answer.read().decode()
        connection.close()
        return found

    def reload(self) -> list[str]:
        """Have the feed reader look; give the titles that it knows."""
        command = [needs("newsboat"), "-C", "config", "-u", "urls", "-c", "cache.db", "-x"]
        environ = {"HOME": str(self.newsboat), "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}
        environ["TERM"] = "dumb"
        for words in (["reload"], ["print-unread"]):
            done = subprocess.run(
                [*command, *words], cwd=self.newsboat, env=environ, capture_output=True, check=False
            )

            assert 0 == done.returncode, done.stderr

        return _titles(self.newsboat / "cache.db")


def _read(data: bytes) -> EmailMessage:
    found = message_from_bytes(data, policy=default)
    assert isinstance(found, EmailMessage)
    return found


def _titles(cache: Path) -> list[str]:
    with closing(sqlite3.connect(cache)) as opened:
        return [title for (title,) in opened.execute("SELECT title FROM rss_item ORDER BY title")]


def _text(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def topics(hub: Listener) -> set[str]:
    """Give the feeds that a hub was told of."""
    return {parse_qs(each.body.decode())["hub.url"][0] for each in hub.heard}


@pytest.mark.timeout(900)
def test_a_reader_comes_reads_and_leaves(tmp_path: Path) -> None:
    """Signs up in a browser, confirms from the mail, gets what they follow, and leaves for good."""
    needs("newsboat")
    port = free_port()
    home = f"http://127.0.0.1:{port}/"
    with MailServer({}) as mails, listening(202) as hub:
        site = Site(tmp_path / "site")
        site.config(CONFIG.format(home=home, hub=hub.url, port=port, relay=mails.port))
        newsboat = tmp_path / "newsboat"
        newsboat.mkdir()
        (newsboat / "config").touch()
        (newsboat / "urls").write_text(f"{home}atom.xml\n")
        world = World(site, home, mails, hub, newsboat)
        world.save("Old", "C++")
        world.save("Other", "go", "lin")
        with started(site.root) as daemon:
            daemon.wait("listening")
            daemon.wait("digest skipped", digest="minutely")
            _signs_up(world)
            _publishes(world, daemon)
            mail = _gets_the_digest(world, daemon)
            _leaves(world, mail)

            assert 0 == daemon.end(signal.SIGTERM)

        with started(site.root) as daemon:
            daemon.wait("watching")
            world.save("Later", "C++")
            daemon.wait("built", posts=5)
            _slot(daemon)

            assert 0 == daemon.end(signal.SIGTERM)

    assert 2 == len(world.mails.taken)  # what asked for consent, and one digest
    assert READER not in (site.root / "run.log").read_text(encoding="utf-8")


def _signs_up(world: World) -> None:
    """By the form, following one tag and one author; a second look changes nothing."""
    subscribe: Sequence[Step] = (
        Step("go", f"{world.home}subscribe/"),
        Step("fill", "#address", READER),
        Step("check", "#some"),
        Step("check", "input[name=tag][value=cplusplus]"),
        Step("check", "input[name=author][value=lin]"),
        Step("click", "form.form button[type=submit]"),
    )
    *_, after = visit(subscribe)

    assert READER in after.text

    wait_until(lambda: world.mails.taken, "the mail that asks")
    (mail,) = world.messages()
    confirm = re.search(r"https?://\S+/confirm/\w+", _text(mail))
    assert confirm
    *_, done = visit((Step("go", confirm[0]), Step("click", "main form button")))

    assert world.asked("GET", urlsplit(confirm[0]).path[1:])[0] == 200
    assert "C++" in done.text


def _publishes(world: World, daemon: Process) -> None:
    """A post is saved: feed readers and the hub see it, and only where it is."""
    assert ["Old", "Other"] == world.reload()
    # Newsboat 2.21 keeps how a feed was marked once it knows the feed: at its second look.
    world.reload()
    wait_until(lambda: len(topics(world.hub)) == FEEDS, "the hub")
    world.hub.heard.clear()

    assert (0, 1) == _looks(world, ["Old", "Other"])

    world.save("News", "C++")
    world.save("Elsewhere", "rust")
    daemon.wait("built", posts=4)

    assert (1, 0) == _looks(world, ["Elsewhere", "News", "Old", "Other"])

    wait_until(lambda: f"{world.home}tags/rust/feed.json" in topics(world.hub), "the hub")
    assert f"{world.home}tags/cplusplus/atom.xml" in topics(world.hub)
    assert not {each for each in topics(world.hub) if "/go/" in each or "/lin/" in each}


def _looks(world: World, titles: list[str]) -> tuple[float, float]:
    """Have the feed reader look for what is new; give how often it got the feed, and a 304."""
    before = [world.metric(ANSWERED.format(status)) for status in (200, 304)]

    assert titles == world.reload()

    got, same = (world.metric(ANSWERED.format(status)) for status in (200, 304))
    return got - before[0], same - before[1]


def _gets_the_digest(world: World, daemon: Process) -> EmailMessage:
    """At its slot, with what they follow and nothing else."""
    wait_until(lambda: len(world.mails.taken) == 2, "the digest", patience=120)
    daemon.wait("delivered", digest="minutely", accepted=1)
    _, mail = world.messages()

    assert "News" in _text(mail)
    assert "Elsewhere" not in _text(mail)
    assert "Old" not in _text(mail)

    return mail


def _leaves(world: World, mail: EmailMessage) -> None:
    """By one click in the mail program; looking at the link would not have done it."""
    found = re.search(r"<(https?://[^>]+)>", str(mail["List-Unsubscribe"]))
    assert found
    path = urlsplit(found[1]).path[1:]

    assert 200 == world.asked("GET", path)[0]
    assert 1 == world.metric('feedpub_subscribers{state="active"}')
    assert 200 == world.asked("POST", path, ONE_CLICK)[0]
    assert 200 == world.asked("POST", path, ONE_CLICK)[0]
    assert 0 == world.metric('feedpub_subscribers{state="active"}')


def _slot(daemon: Process) -> None:
    """Wait until a digest was thought of again."""
    wait_until(
        lambda: [*daemon.events("digest planned"), *daemon.events("digest skipped")],
        "the next slot",
        patience=120,
    )
