"""Postfix's smtp-sink and smtp-source: where they are, and how they are run."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

HOW = (
    "smtp-sink and smtp-source are missing. They are part of Postfix: `apt-get install postfix`, "
    "or without installing it: `apt-get download postfix && dpkg -x postfix_*.deb FOLDER`, then "
    "POSTFIX=FOLDER make bench-mail"
)
_PLACES = ("usr/sbin", "usr/libexec/postfix", "usr/lib/postfix/sbin", "usr/lib/postfix/bin")


@dataclass(frozen=True, slots=True)
class Tools:
    """Both programs."""

    sink: str
    source: str
    loader: tuple[str, ...]  # words before a command that find the libraries of an unpacked package


def found(folder: str) -> Tools | None:
    """Look for both in the system, or below a folder where a package was unpacked."""
    root = Path(folder or "/")
    path = os.pathsep.join(str(root / place) for place in _PLACES)
    sink, source = shutil.which("smtp-sink", path=path), shutil.which("smtp-source", path=path)
    if sink is None or source is None:
        return None
    loader = ("env", f"LD_LIBRARY_PATH={root / 'usr/lib/postfix'}") if folder else ()
    return Tools(sink, source, loader)


@contextmanager
def sinking(tools: Tools, log: Path) -> Iterator[int]:
    """Give the port of a smtp-sink, which takes all mail and throws it away."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*tools.loader, tools.sink, "-c", "-u", "nobody", f"127.0.0.1:{port}", "100"],
            stdout=output,
            stderr=output,
        )
    try:
        _answers(port)
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def taken(log: Path) -> int:
    """Give how many messages the smtp-sink of this log has taken: it shows its counts (-c)."""
    counts = log.read_text(errors="replace").replace("\n", "\r").split("\r")
    shown = [int(line.rpartition("mesg=")[2].split()[0]) for line in counts if "mesg=" in line]
    return max(shown, default=0)


def source(
    tools: Tools, port: int, number: int, size: int, connections: int, *, keep: bool
) -> tuple[str, ...]:
    """Give the command that sends as many messages, as large, over as many connections.

    With `keep` it sends all over the same connections; it does not unless told so (-d).
    """
    stays = ("-d",) if keep else ()
    counts = ("-s", str(connections), "-m", str(number), "-l", str(size))
    ends = ("-f", "news@bench.example", "-t", "reader@example.org")
    return (*tools.loader, tools.source, *stays, *counts, *ends, f"127.0.0.1:{port}")


def _answers(port: int) -> None:
    """Wait until somebody listens."""
    for _ in range(100):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as connection:
            connection.recv(100)
            return
        time.sleep(0.05)
