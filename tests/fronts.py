"""nginx and Caddy, run as deploy/ configures them, in front of a site and of feedpub.

with nginx(public, folder, behind=8000) as port:
    Answer(port, "atom.xml").status
"""

import re
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

from example import ROOT
from programs import needs
from webs import free_port

DEPLOY = ROOT / "deploy"


class Answer:
    """What a server answered."""

    def __init__(
        self, port: int, path: str, body: bytes | None = None, headers: Mapping[str, str] = {}
    ) -> None:
        """Ask for a path below the root; a body is POSTed as that of a form."""
        connection = HTTPConnection("127.0.0.1", port, timeout=300)
        form = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        try:
            connection.request("POST" if body else "GET", f"/{path}", body, {**headers, **form})
            answer = connection.getresponse()
            self.status = answer.status
            self.names = [name.lower() for name, _ in answer.getheaders()]
            self.headers = {name.lower(): value for name, value in answer.getheaders()}
            self.body = answer.read()
        finally:
            connection.close()


@contextmanager
def nginx(public: Path, folder: Path, behind: int, path: str = "/") -> Iterator[int]:
    """Run nginx with the documented configuration, for a site and a feedpub; give its port.

    `path` is that of the site's address.
    """
    program, port = needs("nginx"), free_port()
    site = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    for old in ("^/assets/", "^/(subscribe$", " /404.html"):
        assert old in site
        site = site.replace(old, old.replace("/", path, 1))
    site = site.replace("listen 80;", f"listen 127.0.0.1:{port};")
    site = site.replace("listen [::]:80;", f"listen [::1]:{port};" if _has_ipv6() else "")
    site = site.replace("/srv/blog/public", str(public))
    site = site.replace("127.0.0.1:8000", f"127.0.0.1:{behind}")
    (folder / "site.conf").write_text(site, encoding="utf-8")
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"pid {folder}/pid; daemon off; error_log {folder}/error.log; user root;\n"
        "events {} http { access_log off; include /etc/nginx/mime.types;\n"
        f"{temporary} include {folder}/site.conf; }}\n"
    )
    command = [program, "-p", str(folder), "-c", str(folder / "nginx.conf")]
    with _running(command, port, folder):
        yield port


@contextmanager
def caddy(public: Path, folder: Path, behind: int, path: str = "/") -> Iterator[int]:
    """Run Caddy with the documented configuration, for a site and a feedpub; give its port.

    `path` is that of the site's address.
    """
    program, port = needs("caddy"), free_port()
    site = (DEPLOY / "Caddyfile").read_text(encoding="utf-8")
    (readers,) = re.findall("@readers path (.*)", site)
    for old in (*readers.split(), "^/assets/", "/404.html"):
        assert f" {old}" in site
        site = site.replace(f" {old}", f" {old.replace('/', path, 1)}")
    site = site.replace("/srv/blog/public", str(public))
    site = re.sub("^example.org", f"http://127.0.0.1:{port}", site, flags=re.MULTILINE)
    (folder / "Caddyfile").write_text("{\n\tadmin off\n}\n" + site, encoding="utf-8")
    command = [program, "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]
    with _running(command, port, folder, {"FEEDPUB": f"127.0.0.1:{behind}"}):
        yield port


@contextmanager
def _running(
    command: list[str], port: int, folder: Path, environ: Mapping[str, str] = {}
) -> Iterator[None]:
    """Run a server in the foreground until it is not needed any more."""
    path = "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdout=log,
            stderr=log,
            env={"HOME": str(folder), "PATH": path, **environ},
        )
    try:
        while process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        assert process.poll() is None, (folder / "log").read_text()
        yield
    finally:
        process.terminate()
        process.wait(30)


def _has_ipv6() -> bool:
    """Tell whether this machine has the loopback of IPv6."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True
