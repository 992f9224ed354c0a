"""Mutate posts, lists of readers, configurations, bounces and requests, and look for anything that
is not a plain answer: a traceback, a 5xx, or work that costs more than its budget.

Run `python -m benchmarks.fuzz`; POSTS, LISTS, CONFIGS, BOUNCES and REQUESTS say how many of each,
SEED where chance begins. Ends with 1 where something was found; its input is kept and named.
"""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from benchmarks.corpus import entries
from feedpub.config.load import parse_config
from feedpub.delivery import bounces
from feedpub.errors import FeedpubError
from feedpub.models.tokens import SigningKeys
from feedpub.subscribers import csv_import

BUDGET = 2.0  # seconds that a single input may cost
_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_BATCH = 3_000  # posts a site

_PIECES: Sequence[bytes] = (
    *(
        b"\x00",
        b"\xff\xfe",
        b"\r",
        b"\n",
        b"\n\n",
        b"---\n",
        b"+++\n",
        b"{",
        b"}",
        b"[",
        b"]",
        b"(",
        b")",
    ),
    *(
        b": ",
        b"- ",
        b"> " * 50,
        b"*" * 99,
        b"`" * 7,
        b"&a",
        b"*a",
        b"!!python/object:x",
        b"{{<",
        b">}}",
    ),
    *(
        b"{% raw %}",
        b"%}",
        b"<script>",
        b"<!--",
        b"-->",
        b"<svg><",
        b"&#0;",
        b"&#xD800;",
        b" " * 999,
    ),
    *(
        b"\xe2\x80\xae",
        b"\xf4\x8f\xa3\x90",
        b"\xef\xb7\x90",
        b"9" * 5000,
        b"2024-13-45",
        b'"',
        b"'",
        b";",
    ),
    *(
        b"javascript:alert(1)",
        b"data:text/html,x",
        b"=?utf-8?q?",
        b"\t",
        b"|",
        b"a@b.c",
        b"[^1]: ",
        b"$$",
    ),
)
_LISTS = (
    b"email,name,status,tags\nann@example.org,Ann,active,x\nbob@example.org,Bob,unsubscribed,\n",
    b"EMAIL;NAME;EMAIL_BLACKLISTED\nann@example.org;Ann;No\nbob@example.org;Bob;Yes\n",
    b"ann@example.org\nbob@example.org\n",
    "E-Mail\tVorname\tNachname\nann@example.org\tAnn\tLee\n".encode("utf-16"),
)
_CONFIGS = (
    b"site: {title: T, url: https://example.org/}\n",
    (
        b"site:\n  title: T\n  url: https://example.org/a/\n  language: en\ndigests:\n"
        b"  - {name: weekly, schedule: weekly mon 08:00}\nmail: {transport: folder}\n"
        b"feeds: {kinds: [site, tags], formats: [rss], extra: [{name: x, tags: [y]}]}\n"
    ),
)
_BOUNCES = (
    (
        b"From: MAILER-DAEMON@mx.example.org\nTo: bounces@example.net\nSubject: Undelivered\n"
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
        b"--b\n\nFailed.\n"
        b"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.org\n\n"
        b"Final-Recipient: rfc822; ann@example.org\nAction: failed\nStatus: 5.1.1\n"
        b"Diagnostic-Code: smtp; 550 5.1.1 no such user\n\n--b\nContent-Type: message/rfc822\n\n"
        b"From: news@example.net\nTo: ann@example.org\n\nText\n--b--\n"
    ),
    b"From: postmaster@example.org\nSubject: Delivery failure\n\nann@example.org: user unknown\n",
)
_REQUESTS = (
    (
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip, br;q=0.5\r\n"
        b"Connection: close\r\n\r\n"
    ),
    (
        b"GET /rss.xml HTTP/1.1\r\nHost: 127.0.0.1\r\nRange: bytes=0-10,20-30\r\n"
        b'If-None-Match: "a", W/"b"\r\nConnection: close\r\n\r\n'
    ),
    b"HEAD /posts/../feed.json HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
    (
        b"POST /subscribe HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n"
        b"Connection: close\r\n\r\nemail=a@b"
    ),
)


def _mutated(seed: bytes, chance: Random) -> bytes:
    """Cut, repeat, overwrite and insert, a few times."""
    data = bytearray(seed)
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(data) + 1)
        end = min(len(data), at + chance.randint(0, 40))
        match chance.randrange(4):
            case 0:
                del data[at:end]
            case 1:
                data[at:at] = data[at:end] * chance.randint(1, 20)
            case 2:
                data[at:at] = chance.choice(_PIECES)
            case _:
                data[at:end] = chance.randbytes(end - at)
    return bytes(data)


class _Findings:
    """What was found, and how long the slowest input of each kind took."""

    def __init__(self, folder: Path) -> None:
        self.count = 0
        self._folder = folder

    def add(self, kind: str, what: str, data: bytes) -> None:
        """Print a finding, and keep its input."""
        self.count += 1
        kept = self._folder / f"{kind}-{self.count}"
        kept.write_bytes(data)
        print(f"{kind}: {what} [{kept}]", flush=True)

    def run(self, kind: str, inputs: Iterator[bytes], call: Callable[[bytes], object]) -> None:
        """Call a function with each input; errors of a user are answers."""
        slowest, number = 0.0, 0
        for number, data in enumerate(inputs, 1):  # noqa: B007  # told below
            begun = time.process_time()
            try:
                call(data)
            except FeedpubError:
                pass
            except Exception as error:  # noqa: BLE001  # that is what is looked for
                self.add(kind, f"{type(error).__name__}: {error}", data)
            seconds = time.process_time() - begun
            slowest = max(slowest, seconds)
            if seconds > BUDGET:
                self.add(kind, f"took {seconds:.1f} s", data)
        print(f"{kind}: {number} tried, the slowest took {slowest:.2f} s", flush=True)


def _inputs(seeds: Sequence[bytes], number: int, chance: Random) -> Iterator[bytes]:
    for _ in range(number):
        yield _mutated(chance.choice(seeds), chance)


def _posts(number: int, chance: Random, findings: _Findings, folder: Path) -> None:
    """Build sites of mutated posts with the command that people type."""
    seeds = [
        f"---\ntitle: {entry.title}\ndate: 2024-01-01\ntags: [a, b]\n---\n{entry.body}".encode()
        for entry in entries(50)
    ]
    tried, seconds = 0, 0.0
    while tried < number:
        site = folder / f"site-{tried}"
        (site / "content").mkdir(parents=True)
        (site / "config.yaml").write_bytes(_CONFIGS[0])
        size = min(_BATCH, number - tried)
        for index, data in enumerate(_inputs(seeds, size, chance)):
            (site / "content" / f"p{index}.md").write_bytes(data)
        begun = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "feedpub", "build"], cwd=site, capture_output=True, check=False
        )
        seconds += time.monotonic() - begun
        if done.returncode not in (0, 1) or b"Traceback" in done.stderr:
            findings.add("posts", f"exit {done.returncode} in {site}", done.stderr[-2000:])
        tried += size
    print(f"posts: {tried} tried, {seconds / tried * 1000:.1f} ms each", flush=True)


def _requests(number: int, chance: Random, findings: _Findings, folder: Path) -> None:
    """Send mutated requests to `feedpub serve` on loopback."""
    site = folder / "served"
    (site / "content").mkdir(parents=True)
    (site / "config.yaml").write_bytes(_CONFIGS[0])
    (site / "content" / "a.md").write_bytes(b"---\ndate: 2024-01-01\n---\nA\n")
    command = [sys.executable, "-m", "feedpub"]
    subprocess.run([*command, "build"], cwd=site, check=True, capture_output=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [*command, "serve", "--port", str(port)],
        cwd=site,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    try:
        _wait(port)
        slowest = 0.0
        for data in _inputs(_REQUESTS, number, chance):
            begun = time.monotonic()
            answer = _ask(port, data)
            slowest = max(slowest, time.monotonic() - begun)
            if answer.startswith(b"HTTP/1.1 5"):
                findings.add("requests", answer[:40].decode("latin-1"), data)
        print(f"requests: {number} tried, the slowest took {slowest:.2f} s", flush=True)
    finally:
        server.terminate()
        _, said = server.communicate(timeout=30)
    if b"Traceback" in said:
        findings.add("requests", "a traceback", said[-2000:])


def _wait(port: int) -> None:
    for _ in range(100):
        if _ask(port, _REQUESTS[0]):
            return
        time.sleep(0.2)


def _ask(port: int, data: bytes) -> bytes:
    """Send a request and what follows it, and return how the answer begins."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            return connection.recv(200)
    except OSError:
        return b""


def main() -> int:
    """Try everything; return 1 where something was found."""
    number = {
        name: int(os.environ.get(name, default))
        for name, default in (
            *(("POSTS", "30000"), ("LISTS", "5000"), ("CONFIGS", "5000")),
            *(("BOUNCES", "5000"), ("REQUESTS", "20000"), ("SEED", "1")),
        )
    }
    chance = Random(number["SEED"])
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as work:
        findings = _Findings(Path(tempfile.mkdtemp(prefix="found-")))
        keys = SigningKeys(bytes(32))
        findings.run(
            "bounces",
            _inputs(_BOUNCES, number["BOUNCES"], chance),
            lambda data: bounces.parse_bounce(data, keys),
        )
        findings.run(
            "configs",
            _inputs(_CONFIGS, number["CONFIGS"], chance),
            lambda data: parse_config(data.decode("utf-8", "replace"), "config.yaml", {}),
        )
        findings.run("lists", _inputs(_LISTS, number["LISTS"], chance), _import)
        _requests(number["REQUESTS"], chance, findings, Path(work))
        _posts(number["POSTS"], chance, findings, Path(work))
    print(f"{findings.count} found")
    return 1 if findings.count else 0


def _import(data: bytes) -> None:
    """Read a list of readers as `feedpub subscribers import` does, up to the database."""
    lines = data.decode("utf-8", "surrogateescape").splitlines(keepends=True)
    try:
        layout = csv_import.detect_layout(lines, "list.csv")
    except csv_import.InvalidTableError:
        return
    list(csv_import.parse_rows(lines, layout, _NOW))


if __name__ == "__main__":
    raise SystemExit(main())
