"""The command `feedpub`: the arguments, the streams and the only clock."""

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
        # Python would complain once more when it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _BROKEN_PIPE
    return status


def _load_publish() -> "PublishAPI":
    from feedpub.site import api  # noqa: PLC0415  `feedpub --help` does not wait for it

    return api


def _load_newsletter() -> "NewsletterAPI":
    from feedpub.newsletter import api as newsletter_api  # noqa: PLC0415  `feedpub --help` does not wait for it

    return newsletter_api


def load_doctor() -> "Callable[[BuildRequest], tuple[Finding, ...]]":
    """Give what looks at all that a newsletter needs."""
    from feedpub.newsletter import doctor  # noqa: PLC0415  likewise

    return doctor.run_checks


def _input() -> BinaryIO:
    """Give the octets that are piped in; none where standard input is closed."""
    return sys.stdin.buffer if sys.stdin else io.BytesIO()


def _load_web() -> "WebAPI":
    from feedpub.web import api as web_api  # noqa: PLC0415  `feedpub --help` does not wait for it

    return web_api


def load_daemon() -> "DaemonAPI":
    """Give what keeps a site running."""
    from feedpub.daemon import api as daemon_api  # noqa: PLC0415  likewise

    return daemon_api


def open_browser(path: "Path") -> bool:
    """Show a file in the browser; say whether there is one."""
    import webbrowser  # noqa: PLC0415  likewise

    return webbrowser.open(path.absolute().as_uri())


def _columns(stream: TextIO) -> int:
    """Give the width of the terminal; 80 where it is none."""
    try:
        return os.get_terminal_size(stream.fileno()).columns
    except OSError:
        return 80
