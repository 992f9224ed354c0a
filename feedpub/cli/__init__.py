"""The command line interface: `run` sets up streams and clock, and calls `session.main`."""

import io
import os
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, BinaryIO, TextIO

from feedpub.cli.context import AppContext
from feedpub.cli.session import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from feedpub.app import BuildRequest
    from feedpub.cli.context import DaemonAPI, NewsletterAPI, PublishAPI, WebAPI
    from feedpub.newsletter.dns_checks import Finding

_BROKEN_PIPE = 141  # 128 + SIGPIPE, as in shells


def run() -> int:
    """Run the command in sys.argv; return the exit status."""
    if sys.getfilesystemencoding() != "utf-8":  # pragma: no cover - replaces this process
        # File names, and so post ids, would depend on the locale: restart in UTF-8 mode.
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])  # noqa: S606
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Output is UTF-8 in every locale, and an undecodable file name must not fail a command.
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    world = AppContext(
        stdin=_input,
        stdout=sys.stdout,
        stderr=sys.stderr,
        environ=os.environ,
        now=lambda: datetime.now(UTC),
        monotonic=time.monotonic,
        terminal_width=_columns(sys.stderr),
        publish=_load_publish,
        newsletter=_load_newsletter,
        doctor=load_doctor,
        web=_load_web,
        open_browser=open_browser,
        daemon=load_daemon,
        exit=os._exit,
    )
    try:
        status = main(sys.argv[1:], world)
        sys.stdout.flush()
    except BrokenPipeError:
        # Otherwise Python would fail again when it flushes stdout at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _BROKEN_PIPE
    return status


def _load_publish() -> "PublishAPI":
    from feedpub.site import api  # noqa: PLC0415  keeps `feedpub --help` fast

    return api


def _load_newsletter() -> "NewsletterAPI":
    from feedpub.newsletter import api as newsletter_api  # noqa: PLC0415  keeps `feedpub --help` fast

    return newsletter_api


def load_doctor() -> "Callable[[BuildRequest], tuple[Finding, ...]]":
    """Return the function that runs all checks."""
    from feedpub.newsletter import doctor  # noqa: PLC0415  keeps `feedpub --help` fast

    return doctor.run_checks


def _input() -> BinaryIO:
    """Return binary standard input; an empty stream if it is closed."""
    return sys.stdin.buffer if sys.stdin else io.BytesIO()


def _load_web() -> "WebAPI":
    from feedpub.web import api as web_api  # noqa: PLC0415  keeps `feedpub --help` fast

    return web_api


def load_daemon() -> "DaemonAPI":
    """Return the daemon's API."""
    from feedpub.daemon import api as daemon_api  # noqa: PLC0415  keeps `feedpub --help` fast

    return daemon_api


def open_browser(path: "Path") -> bool:
    """Open a file in the browser; return whether there is one."""
    import webbrowser  # noqa: PLC0415  keeps `feedpub --help` fast

    return webbrowser.open(path.absolute().as_uri())


def _columns(stream: TextIO) -> int:
    """Return the width of the terminal; 80 if the stream is none."""
    try:
        return os.get_terminal_size(stream.fileno()).columns
    except OSError:
        return 80
