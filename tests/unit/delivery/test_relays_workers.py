"""The processes that send: who is there, and who is no more."""

import os
import socket
from datetime import timedelta
from pathlib import Path
from threading import Event

from newsrooms import Newsroom, dead_worker

from feedpub.delivery.relays import create_worker_id, is_dead
from feedpub.newsletter import issues

HERE = socket.gethostname()


def test_every_round_has_a_name_of_its_own() -> None:
    """That tells the machine and the process."""
    assert create_worker_id() != create_worker_id()
    assert create_worker_id().startswith(f"{HERE}-{os.getpid()}-")
    assert not is_dead(create_worker_id())


def test_who_is_gone_was_here() -> None:
    """Of other machines, and of names that are none, nobody can tell."""
    gone = dead_worker()

    assert is_dead(gone)
    assert not is_dead(f"{HERE}-{os.getpid()}-0123abcd")
    assert not is_dead(gone.replace(HERE, f"{HERE}x"))
    assert not is_dead(gone.removesuffix("-0123abcd"))
    assert not is_dead("w")


def test_nobody_waits_for_the_lease_of_the_dead(tmp_path: Path) -> None:
    """What they had claimed is planned again at once; what the living have is theirs."""
    room = Newsroom(tmp_path)
    room.post("old.md")
    room.begin()
    room.reader("ann@example.org")
    room.reader("bob@example.org")
    room.write("one.md")
    room.now += timedelta(days=7)
    issues.plan_issues(room.request())
    with room.desk() as desk:
        desk.store.claim_deliveries(dead_worker(), 1, timedelta(hours=1), room.now)
        desk.store.claim_deliveries("living", 1, timedelta(hours=1), room.now)

    assert 1 == issues.release_stalled(room.request())
    assert 0 == issues.release_stalled(room.request())

    issues.deliver_issues(room.request(), Event())

    assert 1 == len(room.mailed())
