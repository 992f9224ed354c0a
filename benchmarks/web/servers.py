"""A built folder → a server of it: feedpub's own, or nginx as one would set it up."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import MeasureError

HOW = "nginx and wrk are needed: `apt-get install nginx-light wrk`"

_NGINX = """\
daemon off;
{user}worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr error;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  types {{ text/html html; application/rss+xml xml; text/css css; }}
  server {{
    listen 127.0.0.1:{port};
    root {public};
    charset utf-8;
    gzip_static on;
    gzip_vary on;
    add_header Cache-Control "public, max-age=60";
    add_header X-Content-Type-Options nosniff;
    error_page 404 /404.html;
  }}
}}
"""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs."""

    name: str
    port: int
    session: int  # of its processes


@contextmanager
def feedpub(site: Path) -> Iterator[Server]:
    """Serve a site with `feedpub serve`."""
    command = [sys.executable, "-m", "feedpub", "serve", "--port", "0"]
    with _running(command, site) as process:
        assert process.stdout is not None  # noqa: S101 - it was asked for
        line = process.stdout.readline()
        found = re.search(r":([0-9]+)/", line)
        if not found:
            raise MeasureError(f"feedpub serve said: {line}")
        yield Server("feedpub", int(found[1]), process.pid)


@contextmanager
def nginx(site: Path) -> Iterator[Server]:
    """Serve the same with nginx: one worker, as feedpub is one process."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    folder = site / "nginx"
    folder.mkdir(exist_ok=True)
    user = "user root;\n" if os.geteuid() == 0 else ""
    text = _NGINX.format(folder=folder, port=port, public=site / "public", user=user)
    (folder / "nginx.conf").write_text(text, encoding="utf-8")
    command = [_program("nginx"), "-c", str(folder / "nginx.conf"), "-p", str(folder)]
    with _running(command, site) as process:
        _answers(port)
        yield Server("nginx", port, process.pid)


def load(server: Server, path: str, headers: dict[str, str], seconds: int) -> float:
    """Ask for a path over 32 connections, for some seconds; give the answers a second."""
    given = [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]
    url = f"http://127.0.0.1:{server.port}{path}"
    done = subprocess.run(
        [_program("wrk"), "-t1", "-c32", f"-d{seconds}s", *given, url],
        capture_output=True,
        text=True,
        check=True,
    )
    rate = re.search(r"Requests/sec:\s+([0-9.]+)", done.stdout)
    if not rate or "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        raise MeasureError(f"{server.name}, {path}: {done.stdout}")
    return float(rate[1])


def missing() -> bool:
    """Tell whether a program is missing."""
    return not all(shutil.which(name, path=_PATH) for name in ("nginx", "wrk"))


@contextmanager
def _running(command: list[str], folder: Path) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate()


def _program(name: str) -> str:
    return shutil.which(name, path=_PATH) or name


def _answers(port: int) -> None:
    """Wait until somebody listens."""
    for _ in range(200):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)


_PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
