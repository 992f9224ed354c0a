"""What systemd is told, over a real socket."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from feedpub.daemon.signals import SystemdNotifier


@contextmanager
def manager(address: str) -> Iterator[socket.socket]:
    """Listen as systemd does."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as wire:
        wire.settimeout(60)
        wire.bind(address)
        yield wire


def test_it_is_told_of_beginning_reloading_and_end(tmp_path: Path) -> None:
    """Each in a datagram; a status is one line."""
    path = str(tmp_path / "notify")
    with manager(path) as wire:
        systemd = SystemdNotifier({"NOTIFY_SOCKET": path})
        systemd.notify_ready()
        systemd.notify_reloading()
        systemd.notify_stopping()
        systemd.notify_status("3 posts,\nand more")
        systemd.ping_watchdog()
        told = [wire.recv(1000).decode() for _ in range(4)]
        wire.setblocking(False)  # noqa: FBT003 - it has no name

        with pytest.raises(BlockingIOError):  # no watchdog is wanted
            wire.recv(1000)

    assert ["READY=1", "STOPPING=1", "STATUS=3 posts, and more"] == [told[0], *told[2:]]
    assert told[1].startswith("RELOADING=1\nMONOTONIC_USEC=")


def test_the_watchdog_is_fed_as_often_as_it_wants(tmp_path: Path) -> None:
    """Twice in its time, however often we look; not where it is meant for another process."""
    path = str(tmp_path / "notify")
    environ = {"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "600000000"}
    with manager(path) as wire:
        other = SystemdNotifier({**environ, "WATCHDOG_PID": "1"})
        other.ping_watchdog()
        mine = SystemdNotifier({**environ, "WATCHDOG_PID": str(os.getpid())})
        mine.ping_watchdog()
        mine.ping_watchdog()
        mine.notify_stopping()

        assert [b"WATCHDOG=1", b"STOPPING=1"] == [wire.recv(1000), wire.recv(1000)]


def test_names_without_a_file_are_known() -> None:
    """Linux has sockets that are no files; systemd writes their names with an @."""
    name = f"feedpub-{os.getpid()}"
    with manager(f"\0{name}") as wire:
        SystemdNotifier({"NOTIFY_SOCKET": f"@{name}"}).notify_ready()

        assert b"READY=1" == wire.recv(1000)


def test_where_nobody_listens_nothing_is_said(tmp_path: Path) -> None:
    """Neither without systemd, nor where its socket is gone."""
    SystemdNotifier({}).notify_ready()
    SystemdNotifier(
        {"NOTIFY_SOCKET": str(tmp_path / "gone"), "WATCHDOG_USEC": "soon"}
    ).ping_watchdog()
    SystemdNotifier({"NOTIFY_SOCKET": str(tmp_path / "gone")}).notify_ready()
