"""Sends that are killed, and databases that go away: nobody is lost, and hardly anybody gets two.

Whoever is killed has at most one transaction of SMTP open on each connection. What was handed
over in it may go out again, or is held in doubt, as `mail.on_doubt` says; nothing else may.
"""

import os
import random
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import timedelta
from pathlib import Path

import postgres
import pytest
from newsletters import NOW, Copy, Newsletter, Sink, Worker, with_sink

READERS = 2_000
VARIANTS = 4  # on each database
MOMENTS = max(int(os.environ.get("MOMENTS", "8")) // VARIANTS, 1)
"""Kills in each variant: MOMENTS=40 in the environment makes 40 or more on each database."""
DELAY = 0.002  # seconds: else nobody would be killed while the server thinks
MESSAGE = 120  # octets that the sink notes for each, or so
LATER = timedelta(hours=1)  # after the leases of the dead
ROUNDS = 6  # of sending in peace, until all is settled
AWAY = 0.4  # seconds, twice
GONE = "the database is unavailable"

Away = Callable[[Newsletter], AbstractContextManager[None]]


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Server]:
    """Give a PostgreSQL to use, and to stop."""
    with postgres.started() as server:
        yield server


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[Sink]:
    """Give a mail server that writes down what it takes."""
    with with_sink(tmp_path, DELAY) as sink:
        yield sink


@pytest.fixture(params=["sqlite", "postgresql"])
def make(
    request: pytest.FixtureRequest, tmp_path: Path, sink: Sink
) -> Iterator[Callable[[str], Newsletter]]:
    """Give what makes a newsletter with its readers, once."""
    url, name = "", f"killed_{tmp_path.name}"[-60:]
    if request.param == "postgresql":
        url = request.getfixturevalue("server").create(name)

    def made(on_doubt: str) -> Newsletter:
        letter = Newsletter(tmp_path / "site", sink.relay, url, on_doubt)
        letter.subscribe(READERS)
        return letter

    yield made
    if url:
        request.getfixturevalue("server").drop(name)


@pytest.fixture
def away(request: pytest.FixtureRequest, make: Callable[[str], Newsletter]) -> Away:
    """Give what makes the database go away for a while: stopped, or locked by somebody else."""
    del make

    @contextmanager
    def locked(letter: Newsletter) -> Iterator[None]:
        path = letter.home / ".feedpub" / "newsletter.sqlite"
        with closing(sqlite3.connect(path, isolation_level=None, timeout=30)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
            other.execute("ROLLBACK")

    @contextmanager
    def stopped(letter: Newsletter) -> Iterator[None]:
        del letter
        with request.getfixturevalue("server").away():
            yield

    return stopped if "postgresql" in request.node.callspec.id else locked


def finish(letter: Newsletter, rounds: int) -> None:
    """Send in peace, an hour after what went before and then another, until all is settled."""
    for later in range(ROUNDS):
        now = NOW + LATER * (rounds + later + 1)

        assert "" == letter.start(now).end()

        if letter.state() == "done":
            return


def twice(copies: tuple[Copy, ...]) -> list[Copy]:
    """Give the copies that another one of the same message followed."""
    left = Counter(copy.message_id for copy in copies)
    found = []
    for copy in copies:
        left[copy.message_id] -= 1
        if left[copy.message_id]:
            found.append(copy)
    return found


def judge(letter: Newsletter, copies: tuple[Copy, ...], *, open_: int) -> None:
    """Hold what the database says against what the server took.

    `open_` is how many transactions may have been open when workers were killed.
    """
    deliveries = letter.deliveries()
    taken = {copy.recipient for copy in copies}
    states = Counter(each.state for each in deliveries.values())
    doubted = {each.address for each in deliveries.values() if each.state == "doubt"}
    tally = letter.tally()

    # Nobody is lost: each is accepted, and the server has the message, or is told to be in doubt.
    assert READERS == len(deliveries) == tally.audience
    assert {"accepted", "doubt"} >= states.keys()
    assert set() == {each.address for each in deliveries.values()} - taken - doubted
    assert (states["accepted"], states["doubt"]) == (tally.accepted, tally.doubt)
    # Every copy of a reader's is the same message, and the one that the database knows.
    assert set() == {(copy.recipient, copy.message_id) for copy in copies} - {
        (each.address, each.message_id) for each in deliveries.values()
    }
    # Only what was open when a worker was killed may be there twice: the last of a connection that
    # ended without a word.
    again = twice(copies)

    assert [] == [copy for copy in again if not (copy.is_last and copy.end == "cut")]
    assert open_ >= len(again) + states["doubt"]


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("on_doubt", ["hold", "resend"])
@pytest.mark.parametrize("number", [1, 3])
def test_kill_9_loses_nobody(
    make: Callable[[str], Newsletter], sink: Sink, number: int, on_doubt: str
) -> None:
    """However often workers are killed, in the end everybody has the message or is in doubt.

    One that is in doubt is left so with "hold", and nobody gets two copies; it is sent again with
    "resend", and then nobody is left in doubt.
    """
    chance = random.Random(f"{number} {on_doubt}")
    letter = make(on_doubt)
    moments = rounds = 0
    while moments < MOMENTS:
        workers = [letter.start(NOW + LATER * rounds) for _ in range(number)]
        if rounds == 0:
            time.sleep(chance.uniform(0.2, 1))  # while they read the site, and plan
        moments += killed(workers, sink, chance, first=rounds == 0)
        rounds += 1

        assert {""} == {worker.end() for worker in workers}
        assert letter.state() in {"", "sending"}

    finish(letter, rounds)
    copies = sink.copies()

    judge(letter, copies, open_=sink.cut())
    assert "done" == letter.state()
    if on_doubt == "resend":
        assert 0 == letter.tally().doubt
    else:
        assert [] == twice(copies)


def killed(workers: Sequence[Worker], sink: Sink, chance: random.Random, *, first: bool) -> int:
    """Kill workers, one or several at a moment, until all are dead; give how many moments."""
    alive, moments = list(workers), 0
    while alive:
        if not first:
            share = chance.randrange(READERS // (2 * MOMENTS)) * MESSAGE
            sink.wait(sink.octets() + 1 + share, alive)
            time.sleep(chance.uniform(0, 0.01))
        for victim in chance.sample(alive, chance.randint(1, len(alive))):
            alive.remove(victim)
            victim.kill()
        moments += 1
    return moments


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("number", [1, 3])
def test_a_database_that_goes_away_and_comes_back(
    make: Callable[[str], Newsletter], away: Away, sink: Sink, number: int
) -> None:
    """While it is away nothing is sent; then the workers go on by themselves, and nobody is lost.

    A worker that is killed meanwhile leaves no more in doubt than it had connections.
    """
    chance = random.Random(number)
    letter = make("hold")
    workers = [letter.start() for _ in range(number)]
    for _ in range(2):
        sink.wait(sink.octets() + chance.randrange(1, READERS // 8) * MESSAGE, workers)
        with away(letter):
            time.sleep(AWAY)
            before = sink.octets()
            time.sleep(AWAY)

            assert before == sink.octets()

    sink.wait(sink.octets() + chance.randrange(1, READERS // 8) * MESSAGE, workers)

    assert 0 == sink.cut()

    with away(letter):
        time.sleep(chance.uniform(0, AWAY))
        chance.choice(workers).kill()
    complaints = {worker.end() for worker in workers}

    # Some may not have begun to send, or just have ended: nobody waits before and after that.
    assert set() == {each for each in complaints if each and GONE not in each}

    finish(letter, 1)

    judge(letter, sink.copies(), open_=sink.cut())
    assert [] == twice(sink.copies())
    assert "done" == letter.state()
