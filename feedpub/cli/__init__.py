"""The command `feedpub`: the arguments, the streams and the only clock."""

import io
import os
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, BinaryIO, TextIO

from feedpub.cli.session import main
from feedpub.cli.world import World

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from feedpub.cli.world import Daemon, Newsletter, Publish, Web
    from feedpub.newsletter.findings import Finding
    from feedpub.publish import Request

__all__ = ["World", "main", "run"]

_BROKEN_PIPE = 141  # what shells give a program whose reader went away


def run() -> int:
    """Do what was typed in the shell; give the exit status."""
    if sys.getfilesystemencoding() != "utf-8":  # pragma: no cover - this process is replaced
        # Names of files would be other names, and posts have other ids, by the locale: begin again.
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])  # noqa: S606
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # The configuration is UTF-8 wherever it is printed; no name of a file stops a command.
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    world = World(
        stdin=_input,
        stdout=sys.stdout,
        stderr=sys.stderr,
        environ=os.environ,
        now=lambda: datetime.now(UTC),
        clock=time.monotonic,
        columns=_columns(sys.stderr),
        publish=_publish,
        newsletter=_newsletter,
        doctor=doctor,
        web=_web,
        browse=browse,
        daemon=daemon,
        leave=os._exit,
    )
    try:
        status = main(sys.argv[1:], world)
        sys.stdout.flush()
    except BrokenPipeError:
        # Python would complain once more when it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _BROKEN_PIPE
    return status


def _publish() -> "Publish":
    from feedpub import publish  # noqa: PLC0415  `feedpub --help` does not wait for it

    return publish


def _newsletter() -> "Newsletter":
    from feedpub import newsletter  # noqa: PLC0415  `feedpub --help` does not wait for it

    return newsletter


def doctor() -> "Callable[[Request], tuple[Finding, ...]]":
    """Give what looks at all that a newsletter needs."""
    from feedpub.newsletter import doctor  # noqa: PLC0415  likewise

    return doctor.doctor


def _input() -> BinaryIO:
    """Give the octets that are piped in; none where standard input is closed."""
    return sys.stdin.buffer if sys.stdin else io.BytesIO()


def _web() -> "Web":
    from feedpub import web  # noqa: PLC0415  `feedpub --help` does not wait for it

    return web


def daemon() -> "Daemon":
    """Give what keeps a site running."""
    from feedpub import daemon  # noqa: PLC0415  likewise

    return daemon


def browse(path: "Path") -> bool:
    """Show a file in the browser; say whether there is one."""
    import webbrowser  # noqa: PLC0415  likewise

    return webbrowser.open(path.absolute().as_uri())


def _columns(stream: TextIO) -> int:
    """Give the width of the terminal; 80 where it is none."""
    try:
        return os.get_terminal_size(stream.fileno()).columns
    except OSError:
        return 80
