"""A command and what it is told → how it ended, and the last it said."""

import os
import shlex
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile

from feedpub.http import HttpResponse

TIMEOUT = 300.0
"""How long a command may take."""

_GOOD, _BAD = 200, 500  # as of an answer
_STEP = 0.05  # seconds between two looks
_TOLD = 200  # octets of its last words


def run_command(
    command: str,
    told: str,
    home: Path,
    environ: Mapping[str, str],
    stopping: Callable[[], bool],
    seconds: float = TIMEOUT,
) -> HttpResponse:
    """Run a command in a folder, without a shell, with what it is told as its standard input.

    It is ended, with all that it started, when it takes too long, or when feedpub is to stop.
    """
    # Files and not pipes: nobody has to read while the other side writes.
    with TemporaryFile() as given, TemporaryFile() as said:
        given.write(told.encode())
        given.seek(0)
        try:
            process = subprocess.Popen(  # noqa: S603 - the publisher's own words, and no shell
                shlex.split(command),
                cwd=home,
                env=dict(environ),
                stdin=given,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            return HttpResponse(0, f"cannot be run: {getattr(error, 'strerror', None) or error}")
        why = _wait(process, stopping, seconds)
        said.seek(max(0, said.seek(0, os.SEEK_END) - _TOLD))
        words = " ".join(said.read().decode("utf-8", "replace").split())
    if why:
        return HttpResponse(0, why)
    code = process.returncode
    return HttpResponse(_BAD if code else _GOOD, f"status {code}: {words}" if code else words)


def _wait(process: "subprocess.Popen[bytes]", stopping: Callable[[], bool], seconds: float) -> str:
    """Wait for the end of a command; say why it was ended before, "" where it was not."""
    began = time.monotonic()
    while process.poll() is None:
        late = time.monotonic() - began > seconds
        if late or stopping():
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return f"took longer than {seconds:.0f} s" if late else "ended, since feedpub stops"
        time.sleep(_STEP)
    return ""
