"""Serve one built folder with `feedpub serve` and with nginx by turns, and ask both for the same.

    python -m benchmarks.web --seconds 5 --rounds 3

Each round asks either for a feed whole, compressed and by its ETag, and for a page. The rates are
of one process each: nginx has one worker.
"""

import argparse
import os
import statistics
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from benchmarks import corpus, sites
from benchmarks.measure import MeasureError, held, run
from benchmarks.web import servers
from benchmarks.web.servers import Server

_GZIP = {"Accept-Encoding": "gzip"}


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked for, again and again."""

    title: str
    path: str
    headers: dict[str, str]
    known: bool = False  # it is asked for by the ETag it has: 304


QUESTIONS = (
    Question("feed, whole", "/rss.xml", {}),
    Question("feed, gzip", "/rss.xml", _GZIP),
    Question("feed, 304", "/rss.xml", {}, known=True),
    Question("page, gzip", "/archive/", _GZIP),
)


@dataclass(frozen=True, slots=True)
class Answered:
    """What one server did in one round."""

    rates: tuple[float, ...]  # answers a second, of each question
    memory: int  # bytes of PSS after all of them


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; the status is 1 where a server did not do its work."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.web", description=__doc__)
    parser.add_argument("--posts", type=int, default=500)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=int(os.environ.get("ROUNDS", "3")))
    parser.add_argument("--folder", default=os.environ.get("FOLDER", ".bench"))
    options = parser.parse_args(arguments)
    if servers.missing():
        print(servers.HOW)
        return 0
    os.environ["PYTHONPATH"] = str(Path(__file__).parents[2])  # for `python -m feedpub` elsewhere
    try:
        site = _built(Path(options.folder).resolve() / "web", options.posts)
        rounds = [
            (_asked(servers.feedpub, site, options), _asked(servers.nginx, site, options))
            for _ in range(options.rounds)
        ]
    except MeasureError as error:
        print(error, file=sys.stderr)
        return 1
    print(table(rounds))
    return 0


def table(rounds: Sequence[tuple[Answered, Answered]]) -> str:
    """Give medians, and the median of each round's ratio, as a table."""
    lines = ["| answers a second | feedpub | nginx | ratio |", "|---|---:|---:|---:|"]
    for number, question in enumerate(QUESTIONS):
        pairs = [(ours.rates[number], theirs.rates[number]) for ours, theirs in rounds]
        lines.append(_row(question.title, pairs, ""))
    memory = [(ours.memory / 2**20, theirs.memory / 2**20) for ours, theirs in rounds]
    return "\n".join([*lines, _row("memory", memory, " MiB")])


def _row(title: str, pairs: Sequence[tuple[float, float]], unit: str) -> str:
    ours, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(our / their for our, their in pairs)
    return f"| {title} | {ours:,.0f}{unit} | {theirs:,.0f}{unit} | {ratio:.2f} |"


def _built(folder: Path, posts: int) -> Path:
    """Build a site of the benchmark's corpus, compressed."""
    site = sites.feedpub(folder, "comrak", "rss, atom, json")
    config = folder / "config.yaml"
    config.write_text(f"{config.read_text()}output: {{compress: [gzip, br]}}\n")
    site.write(corpus.entries(posts))
    run(site.command, folder)
    return folder


def _asked(
    serving: Callable[[Path], AbstractContextManager[Server]],
    site: Path,
    options: argparse.Namespace,
) -> Answered:
    """Ask one server everything."""
    with serving(site) as server:
        rates = tuple(_rate(server, question, options.seconds) for question in QUESTIONS)
        return Answered(rates, held(server.session))


def _rate(server: Server, question: Question, seconds: int) -> float:
    headers = dict(question.headers)
    _, tag = _ask(server, question.path, headers)
    if question.known:
        headers["If-None-Match"] = tag
    status, _ = _ask(server, question.path, headers)
    if status != (304 if question.known else 200):
        raise MeasureError(f"{server.name}, {question.title}: {status}")
    rate = servers.load(server, question.path, headers, seconds)
    print(f"{server.name:8} {question.title:12} {rate:8,.0f}/s", flush=True)
    return rate


def _ask(server: Server, path: str, headers: dict[str, str]) -> tuple[int, str]:
    """Give the status and the ETag of one answer."""
    connection = HTTPConnection("127.0.0.1", server.port)
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    response.read()
    connection.close()
    return response.status, response.headers.get("etag", "")


if __name__ == "__main__":
    sys.exit(main())
