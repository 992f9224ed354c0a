"""`feedpub run` that is killed again and again, while people come, read and leave.

In the end the site is as if it never was: nobody is lost, nobody mailed twice, no hub in the dark.
"""

import os
import random
import re
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from urllib.parse import parse_qs, urlencode

import httpx
import pytest
from daemons import command, started
from listeners import Listener, listening
from mailservers import MailServer, Taken
from newsrooms import Newsroom
from watched import wait_until
from webs import free_port

MOMENTS = int(os.environ.get("MOMENTS", "3"))
"""At so many it is killed; somebody signs up and somebody leaves in each of its lives."""

READERS = 40
CONFIG = """
site:
  title: Example & Co
  url: http://127.0.0.1:{port}/
  author: {{name: Ann, email: ann@example.org}}
feeds: {{hub: "{hub}"}}
digests: [{{name: each, schedule: "each post"}}]
subscribers: {{form: true}}
web: {{port: {port}, proxies: [127.0.0.1]}}
mail: {{{mail}}}
"""
FILES = "transport: folder"
RELAY = (
    "transport: smtp, relays: [{{host: 127.0.0.1, port: {port}, security: none, connections: 2}}]"
)
LINK = re.compile(r"http://127\.0\.0\.1:\d+/((?:confirm|unsubscribe)/\w+)")
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}


@dataclass
class Wary:
    """A server that thinks for long about whom it does not know yet: so do many."""

    known: Counter[str] = field(default_factory=Counter)

    def __call__(self, argument: str) -> str:
        """Take a recipient after a while."""
        self.known[argument] += 1
        time.sleep(0.4 if "joiner" in argument and self.known[argument] == 1 else 0.01)
        return ""


def joiner(number: int) -> str:
    """Give the address of somebody who comes."""
    return f"joiner{number}@example.net"


def leaver(number: int) -> str:
    """Give the address of a reader who leaves."""
    return f"reader{number}@example.org"


@dataclass
class People:
    """Those who come and go; whoever gets no answer tries again, as people do."""

    port: int
    server: MailServer
    coming: list[str] = field(default_factory=list)
    leaving: list[str] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)
    joined: set[str] = field(default_factory=set)
    left: set[str] = field(default_factory=set)
    read: int = 0  # of the messages that came
    confirms: dict[str, str] = field(default_factory=dict)  # where each may confirm
    leaves: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def walking(self) -> Iterator[None]:
        """Let them do what they want to, until the end."""
        over = threading.Event()

        def walk() -> None:
            while not over.wait(0.02):
                self.step()

        thread = threading.Thread(target=walk)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def step(self) -> None:
        """Do what is to be done next, each of them."""
        self._look()
        for address in self.coming:
            if address not in self.asked and self._post("subscribe", address=address):
                self.asked.add(address)
            if address in self.confirms.keys() - self.joined and self._post(self.confirms[address]):
                self.joined.add(address)
        for address in self.leaving:
            if address in self.leaves.keys() - self.left and self._post(self.leaves[address]):
                self.left.add(address)

    def _look(self) -> None:
        """Read the mail that has come."""
        for taken in self.server.taken[self.read :]:
            self.read += 1
            mail = opened(taken)
            if leave := LINK.search(str(mail["List-Unsubscribe"])):
                self.leaves[taken.recipient] = leave[1]
            elif confirm := LINK.search(text(mail)):
                self.confirms[taken.recipient] = confirm[1]

    def _post(self, path: str, **fields: str) -> bool:
        """Send a form from a network of one's own; tell whether that was answered well."""
        network = {"X-Forwarded-For": f"198.51.{len(self.asked)}.1"}
        where = f"http://127.0.0.1:{self.port}/{path}"
        try:
            answer = httpx.post(where, content=urlencode(fields), headers={**FORM, **network})
        except httpx.TransportError:
            return False

        assert answer.status_code in {200, 503}  # it may still be reading the site

        return answer.status_code == 200


def opened(taken: Taken) -> EmailMessage:
    """Read a message."""
    found = message_from_bytes(taken.data, policy=default)

    assert isinstance(found, EmailMessage)

    return found


def text(mail: EmailMessage) -> str:
    """Give the text part of a mail."""
    part = mail.get_body(("plain",))

    assert part is not None

    return str(part.get_content())


def topics(hub: Listener) -> set[str]:
    """Give the feeds that a hub was told of."""
    return {parse_qs(each.body.decode())["hub.url"][0] for each in hub.heard}


@pytest.mark.timeout(1800)
def test_kill_9_at_any_moment_leaves_all_whole(tmp_path: Path) -> None:
    """Whoever wanted to be mailed is, whoever left is not; hubs know every feed that changed."""
    chance = random.Random(4)
    port = free_port()
    with MailServer({"RCPT": Wary()}) as server, listening(202) as hub:
        room = Newsroom(tmp_path)

        def configured(mail: str) -> None:
            room.config(CONFIG.format(port=port, hub=hub.url, mail=mail))

        configured(FILES)
        room.now = datetime.now(UTC)
        room.begin()
        for number in range(READERS):
            room.reader(leaver(number))
        configured(RELAY.format(port=server.port))
        people = People(port, server)
        for moment in range(MOMENTS):
            people.coming.append(joiner(moment))
            people.leaving.append(leaver(moment))
            with started(tmp_path) as daemon, people.walking():
                room.now = datetime.now(UTC)
                room.write(f"post{moment}.md", tags=f"t{moment}")
                time.sleep(chance.uniform(0.3, 4))
                os.killpg(daemon.process.pid, signal.SIGKILL)
        with started(tmp_path) as daemon:
            with people.walking():
                everybody(people)
            _settled(room, MOMENTS)
            room.now = datetime.now(UTC)
            room.write("last.md", tags="last")
            _settled(room, MOMENTS + 1)
            wait_until(lambda: "tags/last/rss.xml" in str(topics(hub)), "the hub")

            assert 0 == daemon.end()

    judge_site(room)
    judge_mail(people)
    wanted = {f"http://127.0.0.1:{port}/tags/t{n}/atom.xml" for n in range(MOMENTS)}
    assert set() == wanted - topics(hub)


def everybody(people: People) -> None:
    """Wait until everybody has come, and everybody has gone, who wants to."""
    wait_until(lambda: set(people.coming) == people.joined, "that all have joined")
    wait_until(lambda: set(people.leaving) == people.left, "that all have left")


def judge_site(room: Newsroom) -> None:
    """Hold the site against one that is made at once."""
    clean = room.root / "clean"
    subprocess.run(command("build", "--output", str(clean), "--clean"), cwd=room.root, check=True)

    assert _files(clean) == _files(room.public)


def _files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(".feedpub")
    }


def judge_mail(people: People) -> None:
    """Hold what came against what should have come."""
    taken = people.server.taken
    digests = [each for each in taken if opened(each)["List-Unsubscribe"]]
    copies = Counter((each.recipient, str(opened(each)["Message-ID"])) for each in digests)
    asking = Counter(each.recipient for each in taken if each not in digests)
    last = {each.recipient for each in digests if "last.md" in text(opened(each))}
    active = {leaver(n) for n in range(MOMENTS, READERS)} | set(people.coming)

    assert 1 == max(copies.values())
    assert active == last
    # What asks to confirm may come again where the transaction was open: once in each life.
    assert set(people.coming) == set(asking)
    assert MOMENTS >= sum(asking.values()) - len(asking)


def _settled(room: Newsroom, posts: int) -> None:
    """Wait until so many posts have gone out, and nothing waits but what is in doubt."""

    def done() -> bool:
        with room.desk() as desk:
            issues = [each for each in desk.store.list_issues() if each.posts]
            tallies = [desk.store.get_issue_stats(each.id) for each in issues]
        mailed = {post for each in issues for post in each.posts}
        waiting = sum(each.waiting + each.deferred for each in tallies)
        doubt = sum(each.doubt for each in tallies)
        return len(mailed) == posts and not waiting and doubt <= 2 * MOMENTS

    wait_until(done, "that all is settled")
