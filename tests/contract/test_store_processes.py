"""Several processes at once, some of them killed: nobody twice, nobody lost."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import postgres
import pytest
from mailings import LATER, LEASE, NOW, Place, planned, with_readers

from feedpub.models.newsletter import SUBSCRIBER_STATES
from feedpub.storage import Store

HEAD = """
import json, sys
from datetime import timedelta
from pathlib import Path
import feedpub.storage, feedpub.storage.errors
from feedpub.models.newsletter import SendResult, DeliveryUpdate
from mailings import ACCEPTED, LATER, LEASE, NOW, planned, reader, sent, settled
print("ready", flush=True)
sys.stdin.readline()
url, folder, name = sys.argv[1:]
store = feedpub.storage.open_store(url, Path(folder))
"""
OPENS = """
print(json.dumps(store.count_by_state()))
"""
SENDS = """
while claimed := store.claim_deliveries(name, 7, LEASE, NOW):
    granted = store.mark_in_doubt(name, [each.id for each in claimed], NOW)
    print(json.dumps(sorted(granted)))
    store.record_results(name, settled(claimed), NOW)
"""
DIES = """
claimed = store.claim_deliveries(name, 10, LEASE, NOW)
for each in claimed[:3]:
    store.mark_in_doubt(name, [each.id], NOW)
    print(json.dumps([each.id]), flush=True)
print(json.dumps([]), flush=True)
sys.stdin.readline()
"""
PLANS = """
ids = [each.id for each in store.iter_subscribers()]
for digest in ("weekly", name):
    try:
        print(json.dumps(planned(store, ids, "one", digest=digest).id))
    except feedpub.storage.errors.ConcurrentUpdateError:
        print(json.dumps(None))
"""
ADDS = """
for each in range(50):
    store.add_subscriber(reader(f"Reader{each}@example.org"), NOW)
found = [reader(f"reader{each}@example.org") for each in range(100)]
print(store.import_subscribers(found, NOW).held)
"""


def started(place: Place, work: str, name: str) -> "subprocess.Popen[str]":
    """Start a process that waits for a line, and then works on the database."""
    tests = str(Path(__file__).parent.parent)
    process = subprocess.Popen(
        [sys.executable, "-c", HEAD + work, place.url, str(place.folder), name],
        env={**os.environ, "PYTHONPATH": tests},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert "ready\n" == process.stdout.readline()
    return process


def at_once(place: Place, work: str, names: str) -> list[list[Any]]:
    """Let processes of these names do some work at the same time; give what each printed."""
    processes = [started(place, work, name) for name in names]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    printed = [process.communicate()[0] for process in processes]

    assert [0] * len(names) == [process.returncode for process in processes]
    return [[json.loads(line) for line in each.splitlines()] for each in printed]


def test_a_new_database_is_made_once(
    request: pytest.FixtureRequest, fresh: Callable[[], Place], tmp_path: Path
) -> None:
    """Four processes open one that is empty: one makes the tables, and all can use them."""
    if fresh().url:
        server: postgres.Server = request.getfixturevalue("server")
        place = Place(server.create(f"empty_{tmp_path.name}"[-60:]), tmp_path)
    else:
        place = Place("", tmp_path / "new")

    zeros = [[state, 0] for state in SUBSCRIBER_STATES]
    assert [[zeros]] * 4 == at_once(place, OPENS, "abcd")


def test_three_workers_share_one_issue(place: Place, store: Store) -> None:
    """Each delivery is granted to one of them, once."""
    issue = planned(store, with_readers(store, 300), "one")

    printed = at_once(place, SENDS, "abc")

    granted = Counter(each for worker in printed for line in worker for each in line)
    assert 300 == len(granted)
    assert {1} == set(granted.values())
    assert 300 == store.get_issue_stats(issue.id).accepted


def test_what_a_killed_worker_had_is_sent_by_others(place: Place, store: Store) -> None:
    """But for what it put in doubt, of which nobody can know: kill -9 does not undo that."""
    issue = planned(store, with_readers(store, 20), "one")
    with started(place, DIES, "a") as dying:
        assert dying.stdin is not None
        assert dying.stdout is not None
        dying.stdin.write("\n")
        dying.stdin.flush()
        doubtful = [json.loads(dying.stdout.readline()) for _ in range(4)]
        dying.send_signal(signal.SIGKILL)
    assert 10 == len(store.claim_deliveries("b", 99, LEASE, NOW))

    taken = store.claim_deliveries("c", 99, LEASE, LATER)

    assert 17 == len(taken)
    assert not {one for each in doubtful for one in each} & {each.id for each in taken}
    assert 3 == store.get_issue_stats(issue.id).doubt


def test_planners_who_meet_plan_once(place: Place, store: Store) -> None:
    """One issue for a slot; and of the digests with the same post for the same people, one."""
    with_readers(store, 200)

    printed = at_once(place, PLANS, "abcd")

    weekly = {first for first, _ in printed}
    assert 1 == len(store.list_issues()) == len(weekly - {None}), printed
    assert 200 == len(list(store.list_received_posts(["one"])))


def test_a_person_whom_many_add_is_one_row(place: Place, store: Store) -> None:
    """However they meet, alone and in imports."""
    printed = at_once(place, ADDS, "abcd")

    assert [[0]] * 4 == printed
    assert 100 == dict(store.count_by_state())["active"]
