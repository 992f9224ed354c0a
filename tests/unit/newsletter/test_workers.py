"""The processes that send: who is there, and who is no more."""

import os
import socket
from datetime import timedelta
from pathlib import Path
from threading import Event

from newsrooms import Newsroom, dead_worker

from feedpub import newsletter
from feedpub.newsletter.posting.workers import is_gone, name

HERE = socket.gethostname()


def test_every_round_has_a_name_of_its_own() -> None:
    """That tells the machine and the process."""
    assert name() != name()
    assert name().startswith(f"{HERE}-{os.getpid()}-")
    assert not is_gone(name())


def test_who_is_gone_was_here() -> None:
    """Of other machines, and of names that are none, nobody can tell."""
    gone = dead_worker()

    assert is_gone(gone)
    assert not is_gone(f"{HERE}-{os.getpid()}-0123abcd")
    assert not is_gone(gone.replace(HERE, f"{HERE}x"))
    assert not is_gone(gone.removesuffix("-0123abcd"))
    assert not is_gone("w")


def test_nobody_waits_for_the_lease_of_the_dead(tmp_path: Path) -> None:
    """What they had claimed is planned again at once; what the living have is theirs."""
    room = Newsroom(tmp_path)
    room.post("old.md")
    room.begin()
    room.reader("ann@example.org")
    room.reader("bob@example.org")
    room.write("one.md")
    room.now += timedelta(days=7)
    newsletter.plan(room.request())
    with room.desk() as desk:
        desk.store.claim(dead_worker(), 1, timedelta(hours=1), room.now)
        desk.store.claim("living", 1, timedelta(hours=1), room.now)

    assert 1 == newsletter.take_over(room.request())
    assert 0 == newsletter.take_over(room.request())

    newsletter.deliver(room.request(), Event())

    assert 1 == len(room.mailed())
