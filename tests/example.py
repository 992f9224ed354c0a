"""The example site of the root: copied, built as a person builds it, served on loopback."""

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

import yaml

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Built:
    """A built site."""

    public: Path
    url: str  # of the site, as configured
    published: int  # posts, as `build --json` tells
    status: int
    problems: str  # what was printed for people

    def page(self, url: str) -> Path:
        """Where the page of this URL lies; the URL is one below the site's."""
        return self.public / unquote(url.removeprefix(self.url)) / "index.html"


def build(folder: Path, *changes: tuple[str, str]) -> Built:
    """Copy the example into the folder and build it with `python -m feedpub build`.

    `changes` are what its configuration says, and what it is to say instead.
    """
    text = (ROOT / "config.yaml").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (folder / "config.yaml").write_text(text, encoding="utf-8")
    shutil.copytree(ROOT / "content", folder / "content")
    done = subprocess.run(
        [sys.executable, "-m", "feedpub", "build", "--json"],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    config = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
    summary = json.loads(done.stdout or '{"published": 0}')
    return Built(
        public=folder / config.get("output", {}).get("folder", "public"),
        url=config["site"]["url"].rstrip("/") + "/",
        published=summary["published"],
        status=done.returncode,
        problems=done.stderr,
    )


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing: the test tells what went wrong."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve the folder on loopback; give its URL."""
    handler = partial(_Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()
