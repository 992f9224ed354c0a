"""A site with a newsletter in a temporary folder, sent by processes of its own or by this one.

sink = with_sink(folder)                       # a server that writes down what it takes
letter = Newsletter(folder, sink.port)         # config, one post; no readers yet
letter.subscribe(2000)
worker = letter.start(now)                     # `feedpub digest send`, at a time of our choice
letter.deliveries()                            # what the database says became of each
"""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import sink
from sqlalchemy import select

from feedpub import storage
from feedpub.app import BuildRequest
from feedpub.delivery.mime import make_message_id
from feedpub.errors import FeedpubError
from feedpub.models.newsletter import Consent, IssueStats, Subscriber
from feedpub.newsletter import issues
from feedpub.storage import Store, rows, schema

NOW = datetime(2025, 6, 1, 12, 0, tzinfo=UTC)
_CONFIG = """
site: {{title: Example, url: "https://example.org/", author: {{name: Ann, email: ann@example.org}}}}
digests: [{{name: weekly}}]
mail:
  transport: smtp
  on_doubt: {on_doubt}
  relays: [{{{relay}}}]
subscribers: {{database: "{database}"}}
"""
# Forks of a process that has imported everything: of hundreds, none takes a second to begin.
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["feedpub.newsletter.api", "feedpub.site.scaffold"])


def _send(home: Path, now: datetime) -> None:
    """Send as the command does, but at a time of our choice; write down what it complains of."""
    try:
        issues.send_digests(request(home, now), "weekly", due=False, dry=False, backlog=True)
    except FeedpubError as error:
        (home / f"{os.getpid()}.faults").write_text(str(error), encoding="utf-8")
        sys.exit(1)


def request(home: Path, now: datetime) -> BuildRequest:
    """Say whose newsletter to send, and when."""
    return BuildRequest(
        config_path=home / "config.yaml",
        output=None,
        drafts=False,
        future=False,
        clean=False,
        now=now,
        environ=os.environ,
        progress=lambda *_: None,
    )


@dataclass(frozen=True, slots=True)
class Worker:
    """A process that sends."""

    home: Path
    process: ForkServerProcess

    @property
    def is_alive(self) -> bool:
        """Whether it still runs."""
        return self.process.is_alive()

    def kill(self) -> None:
        """Kill it with signal 9."""
        self.process.kill()
        self.process.join()

    def end(self) -> str:
        """Wait for its end; give what it complained of, "" where it ended well or was killed."""
        self.process.join(100)
        code, faults = self.process.exitcode, self.home / f"{self.process.pid}.faults"
        if code in {0, -signal.SIGKILL}:
            return ""
        return faults.read_text(encoding="utf-8") if faults.exists() else f"exit code {code}"


@dataclass(frozen=True, slots=True)
class Standing:
    """What the database says of one reader's copy."""

    address: str
    message_id: str
    state: str
    attempts: int
    code: int
    status: str
    text: str


@dataclass(frozen=True, slots=True)
class Newsletter:
    """A site with one post and a digest of it."""

    home: Path
    relay: str  # as in the configuration
    database: str = ""
    on_doubt: str = "hold"

    def __post_init__(self) -> None:
        (self.home / "content").mkdir(parents=True)
        post = "---\ntitle: Hello\ndate: 2025-05-30\n---\nText.\n"
        (self.home / "content" / "a.md").write_text(post, encoding="utf-8")
        self.configure(self.relay, self.on_doubt)

    def configure(self, relay: str, on_doubt: str) -> None:
        """Write the configuration."""
        text = _CONFIG.format(relay=relay, on_doubt=on_doubt, database=self.database)
        (self.home / "config.yaml").write_text(text, encoding="utf-8")

    def store(self) -> Store:
        """Open the database."""
        return storage.open_store(self.database, self.home / ".feedpub")

    def subscribe(self, readers: int | Sequence[str]) -> None:
        """Add active readers: these, or so many."""
        if isinstance(readers, int):
            readers = [f"reader{number}@example.org" for number in range(readers)]
        with closing(self.store()) as store:
            found = (
                Subscriber(0, address, Consent(NOW, "import"), state="active")
                for address in readers
            )
            store.import_subscribers(found, NOW)

    def start(self, now: datetime = NOW) -> Worker:
        """Begin to send in a process of its own."""
        process = _FORKS.Process(target=_send, args=(self.home, now))
        process.start()
        return Worker(self.home, process)

    def tally(self) -> IssueStats:
        """Give how the only issue stands."""
        with closing(self.store()) as store:
            (issue,) = store.list_issues("weekly")
            return store.get_issue_stats(issue.id)

    def state(self) -> str:
        """Give the state of the only issue; "" where there is none yet."""
        with closing(self.store()) as store:
            return next((issue.state for issue in store.list_issues("weekly")), "")

    def deliveries(self) -> dict[str, Standing]:
        """Give how the copy of each reader stands, by address."""
        table, reader, issue = schema.delivery.c, schema.subscriber.c, schema.issue.c
        query = (
            select(
                reader.address,
                table.state,
                table.attempts,
                table.code,
                table.status,
                table.text,
                issue.digest,
                issue.slot,
                issue.created,
                reader.id,
            )
            .join_from(schema.delivery, schema.subscriber, reader.id == table.subscriber)
            .join(schema.issue, issue.id == table.issue)
        )
        with closing(self.store()) as store, store._database.begin_read() as connection:
            return {
                address: Standing(
                    address, make_message_id(rows.make_message_key(*key), "example.org"), *told
                )
                for address, *rest in connection.execute(query)
                for told, key in [(rest[:5], rest[5:])]
            }


@dataclass(frozen=True, slots=True)
class Copy:
    """One time that a message came to the sink's final dot."""

    message_id: str
    recipient: str
    answered: bool
    is_last: bool  # of its connection: the sender may not have read the answer
    end: str  # of the connection: "quit", "cut", or "" while it is open


@dataclass(frozen=True, slots=True)
class Sink:
    """A server in a process of its own, and what it wrote down."""

    port: int
    log: Path

    @property
    def relay(self) -> str:
        """The server, for a configuration."""
        return f"host: 127.0.0.1, port: {self.port}, security: none"

    def octets(self) -> int:
        """Give how much is written down: grows with every event."""
        return self.log.stat().st_size

    def wait(self, octets: int, workers: Sequence[Worker]) -> None:
        """Wait until so much is written down, or until no worker is left."""
        while self.octets() < octets and any(each.is_alive for each in workers):
            time.sleep(0.001)

    def copies(self) -> tuple[Copy, ...]:
        """Give all that was taken, in order."""
        found: list[Copy] = []
        last: dict[str, int] = {}  # connection: place
        for line in self.log.read_text(encoding="utf-8").splitlines():
            connection, event, *what = line.split(" ")
            place = last.get(connection)
            if event == "taken":
                if place is not None:
                    found[place] = replace(found[place], is_last=False)
                last[connection] = len(found)
                found.append(Copy(what[0], what[1], answered=False, is_last=True, end=""))
            elif event == "answered" and place is not None:
                found[place] = replace(found[place], answered=True)
            elif event in {"cut", "quit"} and place is not None:
                found[place] = replace(found[place], end=event)
        return tuple(found)

    def cut(self) -> int:
        """Give how many connections ended without a word: each had at most one transaction."""
        return self.log.read_text(encoding="utf-8").count(" cut\n")


@contextmanager
def with_sink(folder: Path, delay: float) -> Iterator[Sink]:
    """Run a sink that takes so many seconds to answer the final dot."""
    port, log = folder / "sink.port", folder / "sink.log"
    log.touch()
    process = subprocess.Popen([sys.executable, sink.__file__, str(port), str(log), str(delay)])
    try:
        while not port.exists():
            assert process.poll() is None
            time.sleep(0.01)
        yield Sink(int(port.read_text(encoding="ascii")), log)
    finally:
        process.kill()
        process.wait()
